"""The ASGI application: paths, limits, and answers in TensorFlow Serving's form.

Source: https://www.tensorflow.org/tfx/serving/api_rest.
"""

import asyncio
import json
import logging
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from seqmem.serving.server import codec
from seqmem.serving.server.buffers import Answer, Buffers, Holding
from seqmem.serving.server.errors import RequestError, invalid
from seqmem.serving.server.forecast_log import ForecastLog
from seqmem.serving.server.hosts import Hosts
from seqmem.serving.server.limits import Limits
from seqmem.serving.server.metrics import CONTENT_TYPE, Metrics
from seqmem.serving.server.version import size_of
from seqmem.serving.server.versions import VersionManager

JSON = "application/json"
METRICS = ("/metrics", "/monitoring/prometheus/metrics")  # the second is TensorFlow Serving's
Which = tuple[str, int | None, str | None]  # model, version, label
LOG = logging.getLogger(__name__)
_WHICH = r"/v1/models/([^/:]+)(?:/versions/(\d{1,18})|/labels/([^/:]+))?"
_PREDICT = re.compile(f"{_WHICH}:(predict|classify|regress)", re.IGNORECASE | re.ASCII)
_STATUS = re.compile(f"{_WHICH}(/metadata)?", re.IGNORECASE | re.ASCII)


class Application:
    """Answers requests from the versions of the models.

    Args:
        manager: of the versions.
        limits: what it bears.
        hosts: the names that it answers to.
        lenient: take any Content-Type for JSON.
        log: makes the log of forecasts, which tells the metrics what it writes; None: none is kept.
    """

    def __init__(
        self,
        manager: VersionManager,
        limits: Limits,
        hosts: Hosts,
        *,
        lenient: bool = False,
        log: Callable[[Metrics], ForecastLog] | None = None,
    ) -> None:
        self._manager, self._limits, self._metrics = manager, limits, Metrics()
        self._log = None if log is None else log(self._metrics)
        self._hosts, self._lenient = hosts, lenient
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="seqmem-run")
        self._buffers = Buffers(limits.max_held_bytes)
        self._held = 0
        methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
        self.asgi: Starlette = Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)])

    def close(self) -> int:
        """Begin nothing more; how many requests are still held, in computations that cannot be stopped."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._log is not None:
            self._log.close()
        return self._held

    async def _answer(self, request: Request) -> Response:
        began, labels = time.perf_counter(), ["", "other"]
        try:
            response = await self._respond(request, labels)
        except RequestError as error:
            response = self._error(str(error), error.status, error.headers)
        except ClientDisconnect:
            response = Response(b"", 499)  # nobody reads it
        except Exception:
            LOG.exception("%s %s", request.method, request.url.path[:200])
            response = self._error("Internal error; the server's log has it", 500)
        self._metrics.requests.labels(*labels, response.status_code).inc()
        self._metrics.seconds.labels(labels[1]).observe(time.perf_counter() - began)
        return response

    def _error(self, words: str, status: int, headers: dict[str, str] | None = None) -> Response:
        return Response(codec.error(words), status, headers, media_type=JSON)

    async def _respond(self, request: Request, labels: list[str]) -> Response:
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").partition("?")[0]
        host = request.headers.get("host")
        if host is not None and not self._hosts.allows(host):  # a browser always sends one
            raise RequestError(403, f"host {host[:100]!r} is not answered here (seqmem serve --allow-host)")
        if path in METRICS and request.method == "GET":
            labels[1] = "metrics"
            return Response(self._metrics.text(self._manager.counts()), media_type=CONTENT_TYPE)
        if request.method == "POST" and (found := _PREDICT.fullmatch(path)):
            if found[4].lower() != "predict":
                raise RequestError(501, f"{found[4]} is not served here: use predict")
            which = _which(found)
            with self._manager.version(*which):  # before the body is read: an unknown name costs nothing
                labels[:] = which[0], "predict"
            pieces = await self._compute(request, which, await self._read(request))
            return Answer(pieces, 200, self._buffers, self._limits.request_timeout)
        if request.method in ("GET", "HEAD") and (found := _STATUS.fullmatch(path)):
            which = _which(found)
            states = self._manager.status(*which)
            labels[:] = which[0], "metadata" if found[4] else "status"
            if found[4]:
                return Response(self._metadata(which), media_type=JSON)
            return Response(json.dumps({"model_version_status": states}, indent=1), media_type=JSON)
        raise RequestError(
            400 if path.startswith("/v1/") else 404, f"Malformed request: {request.method} {path[:200]}"
        )

    async def _read(self, request: Request) -> bytearray:
        """The body, if it is JSON, is not too long and does not take too long.

        Raises:
            RequestError: it is not, is, or does.
        """
        most, kind = self._limits.max_request_bytes, request.headers.get("content-type", "")
        too_long = RequestError(
            413, f"the body is longer than {most} bytes (--max-request-bytes)", connection="close"
        )
        told = request.headers.get("content-length", "0")
        if not told.isdecimal() or int(told) > most:
            raise too_long
        if not self._lenient and kind.partition(";")[0].strip().lower() != JSON:
            # What a page may send to any address without being asked is never called JSON.
            raise RequestError(
                415, f"expected Content-Type: {JSON} (--lenient takes any). Received: {kind[:100]!r}"
            )
        if request.headers.get("content-encoding", "identity") != "identity":
            raise RequestError(415, "compressed bodies are not read")
        found, loop = bytearray(), asyncio.get_running_loop()
        holding = Holding(lambda: None)
        try:
            async with asyncio.timeout(self._limits.request_timeout) as deadline:
                holding.give_up = lambda: deadline.reschedule(loop.time())
                async for chunk in request.stream():
                    found += chunk
                    if len(found) > most:
                        raise too_long
                    self._buffers.grow(holding, len(chunk))
                    if holding.given_up:
                        raise TimeoutError
        except TimeoutError:
            if holding.given_up:
                words = "too many long bodies at once (--max-held-bytes)"
                raise RequestError(429, words, retry_after="1", connection="close") from None
            words = f"the body did not arrive within {self._limits.request_timeout:g} s (--request-timeout)"
            raise RequestError(408, words, connection="close") from None
        finally:
            self._buffers.release(holding)
        return found

    async def _compute(self, request: Request, which: Which, body: bytearray) -> list[bytes]:
        """The answer, by a thread; not begun, and not written, where the client has gone meanwhile."""
        if self._held >= self._limits.concurrency:
            raise RequestError(429, "too many requests at once", retry_after="1")
        self._hold(1)
        gone = threading.Event()
        loop = asyncio.get_running_loop()
        future = self._threads.submit(self._predict, which, body, gone)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._hold, -1))
        work: asyncio.Future[Any] = asyncio.wrap_future(future)
        left: asyncio.Future[Any] = asyncio.ensure_future(request.receive())
        try:
            await asyncio.wait({work, left}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                gone.set()
                future.cancel()
                raise ClientDisconnect
            return work.result()
        finally:
            left.cancel()

    def _hold(self, more: int) -> None:
        self._held += more
        self._metrics.running.set(self._held)

    def _predict(self, which: Which, body: bytearray, gone: threading.Event) -> list[bytes]:
        """Runs in a thread: parsing a large body takes as long as the graph."""
        request = codec.read(body)
        with self._manager.version(*which) as version:
            inputs = codec.arrays(request, version.signature(request.signature).inputs)
            rows = max((len(each) for each in inputs.values() if each.ndim), default=1)
            if rows > self._limits.max_batch:
                raise invalid(
                    f"{rows} rows: more than this server takes, {self._limits.max_batch} (--max-batch)"
                )
            if gone.is_set():
                return []
            self._check_size(version.answer_size(request.signature, inputs), rows)
            outputs = version.run(request.signature, inputs)
            if self._log is not None and set(outputs) == version.forecast_names:
                self._log.note(version.name, version.number, inputs, outputs)
        self._check_size(size_of(outputs), rows)
        self._metrics.rows.labels(which[0]).inc(rows)
        return [] if gone.is_set() else list(codec.pieces(outputs, rows=request.rows))

    def _check_size(self, numbers: int, rows: int) -> None:
        if numbers > self._limits.max_answer:
            raise invalid(
                f"{rows} rows would be answered with {numbers} numbers: more than this server gives, "
                f"{self._limits.max_answer} (--max-answer); ask for fewer at once"
            )

    def _metadata(self, which: Which) -> bytes:
        with self._manager.version(*which) as version:
            spec = {"name": version.name, "signature_name": "", "version": str(version.number)}
            signatures = {"signature_def": {"signature_def": version.metadata()}}
            return json.dumps({"model_spec": spec, "metadata": signatures}, indent=1).encode()


def _which(found: Any) -> Which:
    """The model, its version and its label, as the path has them."""
    name, version, label = found[1], found[2], found[3]
    return unquote(name), int(version) if version else None, unquote(label) if label else None
