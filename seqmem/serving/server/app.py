"""The ASGI application: paths, limits, and answers in TensorFlow Serving's form.

Source: https://www.tensorflow.org/tfx/serving/api_rest.
"""

import asyncio
import json
import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from seqmem.serving.server import codec
from seqmem.serving.server.errors import RequestError, invalid
from seqmem.serving.server.limits import Limits
from seqmem.serving.server.metrics import CONTENT_TYPE, Metrics
from seqmem.serving.server.versions import VersionManager

LOG = logging.getLogger(__name__)
_WHICH = r"/v1/models/([^/:]+)(?:/versions/(\d{1,18})|/labels/([^/:]+))?"
_PREDICT = re.compile(f"{_WHICH}:(predict|classify|regress)", re.IGNORECASE | re.ASCII)
_STATUS = re.compile(f"{_WHICH}(/metadata)?", re.IGNORECASE | re.ASCII)


class Application:
    """Answers requests from the versions of a shelf.

    Args:
        shelf: the models.
        limits: what it bears.
    """

    def __init__(self, shelf: VersionManager, limits: Limits) -> None:
        self._shelf, self._limits, self._metrics = shelf, limits, Metrics()
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="seqmem-run")
        self._held = 0
        methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
        self.asgi = Starlette(
            routes=[
                Route("/metrics", self._tell, methods=["GET"]),
                Route("/monitoring/prometheus/metrics", self._tell, methods=["GET"]),
                Route("/{path:path}", self._answer, methods=methods),
            ]
        )

    def close(self) -> None:
        """Let the running computations end."""
        self._threads.shutdown(wait=True)

    async def _tell(self, request: Request) -> Response:
        return Response(self._metrics.text(self._shelf.counts()), media_type=CONTENT_TYPE)

    async def _answer(self, request: Request) -> Response:
        began, labels = time.perf_counter(), ["", "other"]
        headers: dict[str, str] = {}
        status = 200
        if self._held >= self._limits.concurrency:
            return self._refuse(labels, RequestError(429, "too many requests at once", retry_after="1"))
        self._held += 1
        self._metrics.running.set(self._held)
        try:
            body = await self._respond(request, labels)
        except RequestError as error:
            body, status, headers = codec.error(str(error)), error.status, error.headers
        except ClientDisconnect:
            body, status = b"", 499  # nobody reads it
        except Exception:
            LOG.exception("%s %s", request.method, request.url.path)
            body, status = codec.error("Internal error; the server's log has it"), 500
        finally:
            self._held -= 1
            self._metrics.running.set(self._held)
        self._metrics.requests.labels(*labels, status).inc()
        self._metrics.seconds.labels(labels[1]).observe(time.perf_counter() - began)
        return Response(body, status, headers, media_type="application/json")

    def _refuse(self, labels: list[str], error: RequestError) -> Response:
        self._metrics.requests.labels(*labels, error.status).inc()
        return Response(codec.error(str(error)), error.status, error.headers, media_type="application/json")

    async def _respond(self, request: Request, labels: list[str]) -> bytes:
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").partition("?")[0]
        loop = asyncio.get_running_loop()
        if request.method == "POST" and (found := _PREDICT.fullmatch(path)):
            if found[4].lower() != "predict":
                raise RequestError(501, f"{found[4]} is not served here: use predict")
            which = _which(found)
            with self._shelf.version(*which):  # before the body is read: an unknown name costs nothing
                labels[:] = which[0], "predict"
            body = await self._read(request)
            return await loop.run_in_executor(self._threads, self._predict, which, body)
        if request.method in ("GET", "HEAD") and (found := _STATUS.fullmatch(path)):
            which = _which(found)
            states = self._shelf.status(*which)
            labels[:] = which[0], "metadata" if found[4] else "status"
            if found[4]:
                return self._metadata(which)
            return json.dumps({"model_version_status": states}, indent=1).encode()
        raise RequestError(
            400 if path.startswith("/v1/") else 404, f"Malformed request: {request.method} {path}"
        )

    async def _read(self, request: Request) -> bytes:
        """The body, if it is not too long and does not take too long.

        Raises:
            RequestError: it is, or does.
        """
        most = self._limits.max_request_bytes
        too_long = RequestError(
            413, f"the body is longer than {most} bytes (--max-request-bytes)", connection="close"
        )
        told = request.headers.get("content-length", "0")
        if not told.isdecimal() or int(told) > most:
            raise too_long
        if request.headers.get("content-encoding", "identity") != "identity":
            raise RequestError(415, "compressed bodies are not read")
        found = bytearray()
        try:
            async with asyncio.timeout(self._limits.request_timeout):
                async for chunk in request.stream():
                    found += chunk
                    if len(found) > most:
                        raise too_long
        except TimeoutError:
            words = f"the body did not arrive within {self._limits.request_timeout:g} s (--request-timeout)"
            raise RequestError(408, words, connection="close") from None
        return bytes(found)

    def _predict(self, which: tuple[str, int | None, str | None], body: bytes) -> bytes:
        """Runs in a thread: parsing a large body takes as long as the graph."""
        request = codec.read(body)
        with self._shelf.version(*which) as version:
            inputs = codec.arrays(request, version.signature(request.signature).inputs)
            rows = max((len(each) for each in inputs.values() if each.ndim), default=1)
            if rows > self._limits.max_batch:
                raise invalid(
                    f"{rows} rows: more than this server takes, {self._limits.max_batch} (--max-batch)"
                )
            outputs = version.run(request.signature, inputs)
        self._metrics.rows.labels(which[0]).inc(rows)
        return codec.write(outputs, rows=request.rows)

    def _metadata(self, which: tuple[str, int | None, str | None]) -> bytes:
        with self._shelf.version(*which) as version:
            spec = {"name": version.name, "signature_name": "", "version": str(version.number)}
            signatures = {"signature_def": {"signature_def": version.metadata()}}
            return json.dumps({"model_spec": spec, "metadata": signatures}, indent=1).encode()


def _which(found: Any) -> tuple[str, int | None, str | None]:
    """The model, its version and its label, as the path has them."""
    name, version, label = found[1], found[2], found[3]
    return unquote(name), int(version) if version else None, unquote(label) if label else None
