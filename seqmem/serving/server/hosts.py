"""Whom a server answers: requests for a name that is its own.

A page in a browser can have its own name point here (DNS rebinding) and read what we answer; what it cannot
send is another name, or a plain address.
"""

import ipaddress
from collections.abc import Iterable

ANY = "*"


class Hosts:
    """The names in a Host header that are ours.

    Args:
        listening: the address or name that we listen on.
        also: further names; ``*`` for any.

    >>> hosts = Hosts("0.0.0.0", ["models.example"])
    >>> [hosts.allows(each) for each in ("127.0.0.1:8501", "[::1]", "models.example:80", "evil.example", "")]
    [True, True, True, False, False]
    """

    def __init__(self, listening: str, also: Iterable[str] = ()) -> None:
        self._names = {name.lower().rstrip(".") for name in ("localhost", listening, *also)}

    def allows(self, header: str) -> bool:
        """Whether it is an address, or one of the names."""
        name = _name(header)
        return ANY in self._names or name in self._names or _is_address(name)


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to it."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _name(header: str) -> str:
    """The host of a Host header: without its port, without brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.rpartition(":")[0].lower().rstrip(".") if ":" in header else header.lower().rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
