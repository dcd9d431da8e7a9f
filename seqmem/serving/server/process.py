"""The server as a process: a port, a look for new versions now and then, a graceful stop."""

import contextlib
import ctypes
import gc
import itertools
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

import uvicorn

from seqmem.serving.server.app import Application
from seqmem.serving.server.connections import protocol
from seqmem.serving.server.forecast_log import ForecastLog
from seqmem.serving.server.hosts import Hosts, is_loopback
from seqmem.serving.server.limits import Limits
from seqmem.serving.server.metrics import Metrics
from seqmem.serving.server.versions import VersionManager

__all__ = ["Limits", "serve"]
LOG = logging.getLogger(__name__)
COLLECT = 10.0  # seconds between looks for memory that can be freed


def serve(
    path: str | Path,
    *,
    host: str,
    port: int,
    poll: float,
    limits: Limits,
    say: Callable[[str], None],
    allow_hosts: Iterable[str] = (),
    lenient: bool = False,
    log: str | Path | None = None,
    log_bytes: int = 256_000_000,
) -> None:
    """Serve a model, or a folder of models, until SIGTERM or SIGINT. Blocks.

    It owns the process: where a computation or a disk does not end within the grace, it exits all the same.

    Args:
        path: ``saved_models/NAME``, or ``saved_models``.
        host: the address to listen on.
        port: 0 for any that is free.
        poll: seconds between looks for new versions.
        limits: what it bears.
        say: is told where it listens.
        allow_hosts: further names that requests may have in their Host header; ``*`` for any.
        lenient: take any Content-Type for JSON.
        log: a folder for a log of all forecasts, in Parquet; None: none is kept.
        log_bytes: of that log; where it has more, the oldest file goes.

    Raises:
        FileNotFoundError: no model there.
        OSError: the port is taken.
    """
    # That a session is a thing of old is no news: TensorFlow Serving runs one too.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    sys.setswitchinterval(0.001)  # status and metrics wait for one of these where all threads compute
    manager = VersionManager(Path(path), load_timeout=limits.load_timeout)
    busy = 0
    with contextlib.suppress(_Stopped), _bound(host, port) as listener, _stoppable():
        _watch(manager, poll).wait(limits.load_timeout + 1)
        made = None if log is None else partial(_log, Path(log), log_bytes)
        app = Application(manager, limits, Hosts(host, allow_hosts), lenient=lenient, log=made)
        address = listener.getsockname()
        shown = f"[{address[0]}]" if ":" in address[0] else address[0]
        ready = (
            f"serving {', '.join(sorted(manager.counts())) or 'nothing yet'} on http://{shown}:{address[1]}"
        )
        if not is_loopback(address[0]):
            LOG.warning(
                "%s is not this machine alone, and here is no login and no TLS: "
                "docs/serving.md has a proxy that has both",
                shown,
            )
        config = uvicorn.Config(
            app.asgi,
            http=protocol(limits.request_timeout),
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=limits.max_connections,
            timeout_keep_alive=max(1, round(limits.request_timeout)),
            timeout_graceful_shutdown=max(1, round(limits.grace)),
        )
        try:
            _server(config, lambda: say(ready), limits.grace).run(sockets=[listener])
        finally:
            busy = app.close()
    say("stopped")
    _leave(busy)


def _log(folder: Path, most_bytes: int, metrics: Metrics) -> ForecastLog:
    written, dropped = metrics.log_rows.inc, metrics.log_dropped.inc
    return ForecastLog(folder, most_bytes=most_bytes, on_written=written, on_dropped=dropped)


def _leave(busy: int = 0) -> NoReturn:
    """Exit past what cannot be stopped: a thread in a graph, or before a disk that hangs.

    And past what takes seconds: nothing of ours is unwritten, and the system frees the memory.
    """
    if busy:
        LOG.warning("%d requests were not answered within --grace", busy)
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


class _Stopped(BaseException):
    """SIGTERM or Ctrl-C."""


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Make signals an exception: Uvicorn sends them again once it has stopped; SIGTERM would end us there."""
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        if not stopped:  # a second Ctrl-C must not leave half of the end undone
            stopped = True
            raise _Stopped

    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _watch(manager: VersionManager, poll: float) -> threading.Event:
    """Look for new versions now and then, in a thread that ends with the process; its event: it has."""
    looked = threading.Event()

    def watch() -> None:
        complaint = ""
        for turn in itertools.count():
            try:
                manager.poll()
                complaint = ""
            except Exception as error:  # a disk that is away for a moment must not end the looking
                if str(error) != complaint:
                    LOG.exception("looking for new versions")
                complaint = str(error)
            if not turn:
                gc.freeze()  # what is there by now stays, and is not looked through again
                gc.disable()  # or a large request is looked through while all others wait
            elif turn % max(1, round(COLLECT / poll)) == 0:
                gc.collect()
                give_back()
            looked.set()
            time.sleep(poll)

    threading.Thread(target=watch, name="seqmem-watch", daemon=True).start()
    return looked


def give_back() -> None:
    """Give memory that large requests have left free back to the system, where glibc can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _server(config: uvicorn.Config, ready: Callable[[], None], grace: float) -> uvicorn.Server:
    """Uvicorn's server, which says when it listens, and is gone when the grace is over."""

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not self.should_exit:
                end = threading.Timer(grace + 0.7, _leave)
                end.daemon = True
                end.start()
            super().handle_exit(sig, frame)

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
