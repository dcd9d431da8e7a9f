"""How a client reaches TensorFlow Serving: REST over urllib3, or gRPC over grpcio. No TensorFlow."""

from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import numpy as np

from seqmem.serving.protocol.signatures import Signature

BACKOFF = 0.1  # seconds before the second retry, doubled with each

_REST, _GRPC = ("seqmem.serving.client.rest", "Rest"), ("seqmem.serving.client.grpc", "Grpc")
_WAYS = {"http": _REST, "https": _REST, "grpc": _GRPC, "grpcs": _GRPC}  # only the one in use is imported


class ServingError(ValueError):
    """A server that answered with an error: its words, and its status (HTTP's number or gRPC's name)."""

    def __init__(self, words: str, status: int | str = "") -> None:
        super().__init__(words)
        self.status = status


class ServerUnavailable(ServingError, ConnectionError):
    """No answer: nobody listens, the server is busy or stops, or it took too long."""


class Model(NamedTuple):
    """Which model is asked: by its version, its label, or neither, for the newest."""

    name: str
    version: int | None = None
    label: str | None = None


class Transport(Protocol):
    """What a client needs of a server."""

    def predict(
        self, model: Model, name: str, found: Signature, inputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """What the signature `name` says of its inputs."""

    def signatures(self, model: Model) -> dict[str, Signature]:
        """The signatures of the model, by name."""

    def states(self, model: Model) -> dict[int, str]:
        """The state of each version: AVAILABLE, LOADING, ..."""

    def close(self) -> None:
        """Give up the connections."""


def transport(url: str, *, timeout: float, retries: int) -> Transport:
    """The way to a server.

    Args:
        url: ``http://``, ``https://``, ``grpc://`` or ``grpcs://`` with host and port.
        timeout: seconds for an attempt.
        retries: attempts after the first, on connection errors and where the server says that it is busy.

    Raises:
        ValueError: another kind of URL, or gRPC where grpcio is not installed.
    """
    parts = urlsplit(url)
    if parts.scheme not in _WAYS or not parts.hostname:
        raise ValueError(f"Client: expected http(s)://HOST:PORT or grpc(s)://HOST:PORT. Received: {url!r}")
    module, way = _WAYS[parts.scheme]
    try:
        found: Transport = getattr(import_module(module), way)(url, timeout=timeout, retries=retries)
    except ModuleNotFoundError as error:
        if error.name != "grpc":
            raise
        raise ValueError(f"Client: {url} needs grpcio: pip install grpcio") from error
    return found
