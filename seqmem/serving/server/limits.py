"""What a server bears."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The limits of a server.

    Args:
        max_request_bytes: a larger body is refused, before it is read where its length is told: 413.
        max_batch: rows in a request; more are refused: 400.
        max_answer: numbers in an answer, known before it is computed; more are refused: 400.
        max_held_bytes: of all bodies that are not whole and answers that are not sent yet; beyond it the
            largest of them is given up, a body with 429.
        concurrency: whole requests held at once, waiting or computed; more are refused: 429.
        max_connections: connections held at once; more are refused: 503.
        threads: requests that are parsed and computed at once.
        request_timeout: seconds for a request to arrive whole (408), and for a client to read on.
        grace: seconds for running requests to end once the server is told to stop.
        load_timeout: seconds for a version to load before the others are looked at.
    """

    max_request_bytes: int = 8_000_000
    max_batch: int = 4096
    max_answer: int = 1_000_000
    max_held_bytes: int = 128_000_000
    concurrency: int = 64
    max_connections: int = 1000
    threads: int = 2
    request_timeout: float = 10.0
    grace: float = 10.0
    load_timeout: float = 60.0
