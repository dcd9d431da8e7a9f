"""Ctrl-C and SIGTERM at a moment when they can be obeyed."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C and SIGTERM until the yielded function is called; it then raises KeyboardInterrupt.

    An interrupt that lands in a destructor or inside TensorFlow's tracing is swallowed, or taken for the
    failure of a trial. A second one is not held. Outside the main thread nothing is changed.
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
    before = {number: signal.signal(number, hold) for number in SIGNALS}
    try:
        yield check
    finally:
        for number, old in before.items():
            signal.signal(number, old)
    check()
