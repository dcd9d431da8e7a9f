"""What a server bears."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The limits of a server.

    Args:
        max_request_bytes: a larger body is refused, before it is read where its length is told: 413.
        max_batch: rows in a request; more are refused: 400.
        concurrency: requests held at once, in whatever stage; more are refused: 429.
        max_connections: connections held at once; more are refused: 503.
        threads: requests that are parsed and computed at once.
        request_timeout: seconds for a request to arrive whole: 408.
        grace: seconds for running requests to end once the server is told to stop.
    """

    max_request_bytes: int = 8_000_000
    max_batch: int = 4096
    concurrency: int = 64
    max_connections: int = 1000
    threads: int = 2
    request_timeout: float = 10.0
    grace: float = 10.0
