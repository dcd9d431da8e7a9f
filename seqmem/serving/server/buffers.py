"""What slow clients may make a server remember: all of it together, not each by itself."""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.responses import Response


class Holding:
    """The bytes kept for one request: of its body until it is whole, of its answer until it is sent."""

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.size: int = 0
        self.given_up: bool = False
        self.give_up: Callable[[], None] = give_up


class Buffers:
    """The bytes held for all requests. Where they are too many, the largest holding is given up.

    A client that sends little, or reads at once, so never pays for one that does not.

    Args:
        most: bytes.
    """

    def __init__(self, most: int) -> None:
        self._most, self._total = most, 0
        self._held: dict[int, Holding] = {}

    def grow(self, holding: Holding, size: int) -> None:
        """Hold so many bytes more for it; afterwards it may itself be the one that was given up."""
        self._held[id(holding)] = holding
        holding.size += size
        self._total += size
        while self._total > self._most:
            largest = max(self._held.values(), key=lambda each: each.size)
            self.release(largest)
            largest.given_up = True
            largest.give_up()

    def release(self, holding: Holding) -> None:
        """Hold nothing for it any more."""
        if self._held.pop(id(holding), None):
            self._total -= holding.size
            holding.size = 0


class Answer(Response):
    """An answer in pieces, each sent as the client has read those before; a client that stops is cut off.

    Args:
        pieces: of the body.
        buffers: what they count in.
        patience: seconds for one piece.
    """

    def __init__(self, pieces: list[bytes], status: int, buffers: Buffers, patience: float) -> None:
        super().__init__(None, status, media_type="application/json")
        self.headers["content-length"] = str(sum(map(len, pieces)))
        self._pieces, self._buffers, self._patience = pieces, buffers, patience

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it."""
        loop = asyncio.get_running_loop()
        holding = Holding(lambda: None)
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            self._buffers.grow(holding, sum(map(len, self._pieces)))
            for number, piece in enumerate(self._pieces):
                async with asyncio.timeout(self._patience) as deadline:
                    holding.give_up = lambda deadline=deadline: deadline.reschedule(loop.time())  # type: ignore[misc]
                    more = number + 1 < len(self._pieces)
                    await send({"type": "http.response.body", "body": piece, "more_body": more})
                if holding.given_up:
                    raise TimeoutError
        except TimeoutError:
            scope["seqmem.abort"]()
            await asyncio.sleep(0)  # until the connection is lost: nothing more is sent
        finally:
            self._buffers.release(holding)
