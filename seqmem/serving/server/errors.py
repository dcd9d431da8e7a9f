"""What can go wrong with a request, and the HTTP status that TensorFlow Serving has for it."""


class RequestError(Exception):
    """An answer that is an error: its status, and its words for the client."""

    def __init__(self, status: int, words: str, **headers: str) -> None:
        super().__init__(words)
        self.status = status
        self.headers: dict[str, str] = {name.replace("_", "-"): value for name, value in headers.items()}


def invalid(words: str) -> RequestError:
    """The request is wrong in itself: 400."""
    return RequestError(400, words)


def missing(words: str) -> RequestError:
    """It names something that is not there: 404."""
    return RequestError(404, words)


# TensorFlow's numbers of its errors: any other is 500
STATUSES = {
    1: 499,  # cancelled
    3: 400,  # invalid argument
    4: 504,  # deadline exceeded
    5: 404,  # not found
    6: 409,  # already exists
    7: 403,  # permission denied
    8: 503,  # resource exhausted
    9: 400,  # failed precondition
    11: 400,  # out of range
    12: 501,  # unimplemented
    14: 503,  # unavailable
}
