"""The server as a process: a port, a look for new versions now and then, a graceful stop."""

import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from seqmem.serving.server.app import Application
from seqmem.serving.server.header_timeout import impatient
from seqmem.serving.server.limits import Limits
from seqmem.serving.server.versions import VersionManager

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
    # That a session is a thing of old is no news: TensorFlow Serving runs one too.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    shelf = VersionManager(Path(path))
    # A port that is taken is known before models are loaded.
    with (
        contextlib.suppress(_Stopped),
        _bound(host, port) as listener,
        _stoppable(),
        contextlib.ExitStack() as ends,
    ):
        ends.callback(shelf.close)
        shelf.look()
        app = Application(shelf, limits)
        ends.callback(app.close)
        ends.enter_context(_watched(shelf, poll))
        ends.callback(_deaf)  # first of all ends: a second Ctrl-C must not leave half of them undone
        address = listener.getsockname()
        shown = f"[{address[0]}]" if ":" in address[0] else address[0]
        ready = f"serving {', '.join(sorted(shelf.counts())) or 'nothing yet'} on http://{shown}:{address[1]}"
        config = uvicorn.Config(
            app.asgi,
            http=impatient(limits.request_timeout),
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=limits.max_connections,
            timeout_keep_alive=max(1, round(limits.request_timeout)),
            timeout_graceful_shutdown=max(1, round(limits.grace)),
        )
        _server(config, lambda: say(ready)).run(sockets=[listener])
    say("stopped")


class _Stopped(BaseException):
    """SIGTERM or Ctrl-C."""


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Make signals an exception: Uvicorn sends them again once it has stopped; SIGTERM would end us there."""

    def stop(*_: object) -> None:
        raise _Stopped

    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _deaf() -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)


@contextlib.contextmanager
def _watched(shelf: VersionManager, poll: float) -> Iterator[None]:
    """Look for new versions now and then, in a thread."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(poll):
            try:
                shelf.look()
            except Exception:  # a disk that is away for a moment must not end the looking
                LOG.exception("looking for new versions")

    watcher = threading.Thread(target=watch, name="seqmem-watch")
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def _server(config: uvicorn.Config, ready: Callable[[], None]) -> uvicorn.Server:
    """Uvicorn's server, which says when it listens."""

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    return Server(config)


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
