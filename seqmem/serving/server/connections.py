"""Uvicorn's protocol waits for ever: for the head of a request, for a client to read. An end to both."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


def protocol(patience: float) -> type[H11Protocol]:
    """The protocol that ends a connection on which nothing goes on for so many seconds."""

    class Protocol(H11Protocol):
        _head: asyncio.TimerHandle | None = None
        _reader: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            inner = self.app

            async def app(scope: Any, receive: Any, send: Any) -> None:
                scope["seqmem.abort"] = transport.abort  # for an answer that nobody reads
                await inner(scope, receive, send)

            self.app = app
            super().connection_made(transport)
            self._await_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._head = _cancel(self._head)  # a request is there: its body is timed by the application
            elif self._head is None:
                self._await_head()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._reader = self.loop.call_later(patience, self.transport.abort)

        def resume_writing(self) -> None:
            self._reader = _cancel(self._reader)
            super().resume_writing()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head, self._reader = _cancel(self._head), _cancel(self._reader)
            super().connection_lost(exc)

        def timeout_keep_alive_handler(self) -> None:
            super().timeout_keep_alive_handler()
            self._end()

        def _await_head(self) -> None:
            self._head = self.loop.call_later(patience, self._give_up)

        def _give_up(self) -> None:
            self._head = None
            if self.cycle is None or self.cycle.response_complete:
                self._end()

        def _end(self) -> None:
            """Close, which waits for what is still to be sent: for one period more, not for ever."""
            self.transport.close()
            self.loop.call_later(patience, self.transport.abort)

    return Protocol


def _cancel(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    if timer is not None:
        timer.cancel()
    return None
