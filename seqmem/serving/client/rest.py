"""TensorFlow Serving's REST, from a client's side, over urllib3."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import numpy as np
import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError, TimeoutError

from seqmem.serving.client.transport import BACKOFF, Model, ServerUnavailable, ServingError
from seqmem.serving.protocol.signatures import Signature, Spec
from seqmem.serving.protocol.tensors import DTYPES


class _Patience(urllib3.Retry):
    """Tries again, but not where the server works on it: asking twice makes it slower."""

    def increment(self, *args: Any, **more: Any) -> Any:
        if isinstance(error := more.get("error"), ReadTimeoutError):
            raise error
        return super().increment(*args, **more)


class Rest:
    """TensorFlow Serving's REST, in columns. Args as for `transport`."""

    def __init__(self, url: str, *, timeout: float, retries: int) -> None:
        patience = _Patience(
            retries,
            status_forcelist=(429, 503),
            allowed_methods=None,
            backoff_factor=BACKOFF,
            raise_on_status=False,
        )
        self._url = url.rstrip("/").removesuffix("/v1")
        self._pool = urllib3.PoolManager(timeout=timeout, retries=patience)
        self._timeout = timeout

    def predict(
        self, model: Model, name: str, found: Signature, inputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """What the signature `name` says of its inputs."""
        columns = {each: _to_json(values) for each, values in inputs.items()}
        answer = self._ask("POST", model, ":predict", {"signature_name": name, "inputs": columns})
        values = answer.get("outputs") if isinstance(answer, dict) else None
        if len(found.outputs) == 1:
            values = {next(iter(found.outputs)): values}
        if not isinstance(values, dict) or set(values) != set(found.outputs):
            raise ServingError(f"{self._url}: expected outputs {', '.join(found.outputs)} in the answer")
        return {each: _from_json(values[each], spec) for each, spec in found.outputs.items()}

    def signatures(self, model: Model) -> dict[str, Signature]:
        """The signatures of the model, by name."""
        answer = self._ask("GET", model, "/metadata")
        try:
            found = answer["metadata"]["signature_def"]["signature_def"]
            return {
                name: Signature(*(_specs(one[side]) for side in ("inputs", "outputs")))
                for name, one in found.items()
            }
        except (KeyError, TypeError, ValueError) as error:
            raise ServingError(f"{self._url}: no signatures in its metadata: {error!r}") from error

    def states(self, model: Model) -> dict[int, str]:
        """The state of each version: AVAILABLE, LOADING, ..."""
        found = self._ask("GET", model, "").get("model_version_status", [])
        return {int(one["version"]): one["state"] for one in found}

    def close(self) -> None:
        """Give up the connections."""
        self._pool.clear()

    def _ask(self, method: str, model: Model, what: str, body: Any = None) -> Any:
        url = f"{self._url}/v1/models/{quote(model.name, safe='')}"
        if model.version is not None:
            url += f"/versions/{model.version}"
        if model.label is not None:
            url += f"/labels/{quote(model.label, safe='')}"
        try:
            response = self._pool.request(method, url + what, **({} if body is None else {"json": body}))
        except TimeoutError as error:
            raise ServerUnavailable(f"{url}: no answer within {self._timeout:g} s") from error
        except HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise ServerUnavailable(f"{url}: cannot be reached: {reason}") from error
        try:
            answer = json.loads(response.data)
        except ValueError:
            answer = {"error": response.data[:200].decode(errors="replace") or "an empty answer"}
            if response.status == 200:
                raise ServingError(f"{url}: expected JSON. Received: {answer['error']}", 200) from None
        if response.status != 200:
            words = answer.get("error", answer) if isinstance(answer, dict) else answer
            kind = ServerUnavailable if response.status in (429, 503) else ServingError
            raise kind(f"{url}: {response.status}: {words}", response.status)
        return answer


def _specs(found: Mapping[str, Any]) -> dict[str, Spec]:
    """TensorInfo as JSON."""
    return {
        name: Spec(
            info["dtype"],
            None
            if info["tensor_shape"].get("unknown_rank")
            else tuple(int(dim["size"]) for dim in info["tensor_shape"].get("dim", ())),
        )
        for name, info in sorted(found.items())
    }


def _to_json(values: np.ndarray) -> Any:
    if values.dtype == object:
        return [one.decode() if isinstance(one, bytes) else one for one in values.tolist()]
    return values.tolist()


def _from_json(values: Any, spec: Spec) -> np.ndarray:
    found = np.array(values, DTYPES.get(spec.dtype))
    if spec.dtype != "DT_STRING":
        return found
    return np.array([one.encode() if isinstance(one, str) else one for one in found.ravel()], object).reshape(
        found.shape
    )
