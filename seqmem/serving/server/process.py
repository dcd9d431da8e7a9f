"""The server as a process: a port, a look for new versions now and then, a graceful stop."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from seqmem.serving.server.app import Application
from seqmem.serving.server.limits import Limits
from seqmem.serving.server.shelf import Shelf

__all__ = ["Limits", "serve"]
LOG = logging.getLogger(__name__)


def serve(
    path: str | Path, *, host: str, port: int, poll: float, limits: Limits, say: Callable[[str], None]
) -> None:
    """Serve a model, or a folder of models, until SIGTERM or SIGINT. Blocks.

    Args:
        path: ``saved_models/NAME``, or ``saved_models``.
        host: the address to listen on.
        port: 0 for any that is free.
        poll: seconds between looks for new versions.
        limits: what it bears.
        say: is told where it listens.

    Raises:
        FileNotFoundError: no model there.
        OSError: the port is taken.
    """
    logging.getLogger("tensorflow").setLevel(
        logging.ERROR
    )  # that a session is of old: TF Serving has one too
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    shelf = Shelf(Path(path))
    with _bound(host, port) as listener:  # a port that is taken is known before models are loaded
        shelf.look()
        app = Application(shelf, limits)
        stop = threading.Event()
        watcher = threading.Thread(target=_watch, args=(shelf, poll, stop), name="seqmem-watch")
        watcher.start()
        try:
            address = listener.getsockname()
            shown = f"[{address[0]}]" if ":" in address[0] else address[0]
            models = ", ".join(sorted(shelf.counts())) or "nothing yet"
            config = uvicorn.Config(
                app.asgi,
                http=_protocol(limits.request_timeout),
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=limits.max_connections,
                timeout_keep_alive=max(1, round(limits.request_timeout)),
                timeout_graceful_shutdown=max(1, round(limits.grace)),
            )
            with contextlib.suppress(
                KeyboardInterrupt
            ):  # uvicorn raises the signal again once it has stopped
                ready = f"serving {models} on http://{shown}:{address[1]}"
                _server(config, lambda: say(ready)).run(sockets=[listener])
        finally:
            stop.set()
            watcher.join()
            app.close()
            shelf.close()
    say("stopped")


def _server(config: uvicorn.Config, ready: Callable[[], None]) -> uvicorn.Server:
    """Uvicorn's server, which says when it listens."""

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    return Server(config)


def _watch(shelf: Shelf, poll: float, stop: threading.Event) -> None:
    while not stop.wait(poll):
        try:
            shelf.look()
        except Exception:  # a disk that is away for a moment must not end the looking
            LOG.exception("looking for new versions")


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


def _protocol(patience: float) -> type[H11Protocol]:
    """Uvicorn's protocol, which waits for the head of a request for ever, with an end to that."""

    class Protocol(H11Protocol):
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._await_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._forget()  # a request is there: its body is timed by the application
            elif self._timer is None:
                self._await_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget()
            super().connection_lost(exc)

        def _await_head(self) -> None:
            self._timer = self.loop.call_later(patience, self._give_up)

        def _give_up(self) -> None:
            self._timer = None
            if self.cycle is None or self.cycle.response_complete:
                self.transport.close()

        def _forget(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Protocol
