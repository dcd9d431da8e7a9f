"""Ctrl-C at a moment when it can be obeyed."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C until the yielded function is called; it raises KeyboardInterrupt if there was one.

    An interrupt that lands in a destructor or inside TensorFlow's tracing is swallowed, or taken for the
    failure of a trial. A second Ctrl-C is not held. Outside the main thread nothing is changed.
    """
    caught = False

    def hold(number: int, frame: Any) -> None:
        nonlocal caught
        if caught:
            raise KeyboardInterrupt
        caught = True

    def check() -> None:
        if caught:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    before = signal.signal(signal.SIGINT, hold)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
    check()
