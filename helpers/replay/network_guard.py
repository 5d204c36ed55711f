"""No connection but to this computer: what makes "nothing is sent" true of every library."""

import ipaddress
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from .patching import replace

# Where the address is in the arguments of a socket's methods.
_PLACES_OF_ADDRESSES = {"connect": 0, "connect_ex": 0, "sendto": -1, "sendmsg": 3}


def is_loopback(host: Any) -> bool:
    """Whether a host, a name or an address, is this computer, or no host at all."""
    name = (host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")).lower()
    name = name.strip("[]").partition("%")[0].rstrip(".")
    if name in ("", "localhost") or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def guard(undo: ExitStack, refuse: Callable[[str], Exception]) -> None:
    """Refuse to look up or reach any other computer, until `undo` is closed.

    `refuse` makes the error from the host's name. Guards may be nested.
    """
    import socket

    def check(host: Any) -> None:
        if not is_loopback(host):
            raise refuse(host.decode("ascii", "replace") if isinstance(host, bytes) else str(host))

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
        if hasattr(socket, name):
            replace(undo, socket, name, _checked_look_up(getattr(socket, name), check))
    for name, place in _PLACES_OF_ADDRESSES.items():
        if hasattr(socket.socket, name):
            original = getattr(socket.socket, name)
            replace(undo, socket.socket, name, _checked_send(original, check, place))


def _checked_look_up(
    original: Callable[..., Any], check: Callable[[Any], None]
) -> Callable[..., Any]:
    def look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        check(host)
        return original(host, *arguments, **options)

    return look_up


def _checked_send(
    original: Callable[..., Any], check: Callable[[Any], None], place: int
) -> Callable[..., Any]:
    def send(self: Any, *arguments: Any) -> Any:
        for address in arguments[place:][:1]:
            if isinstance(address, tuple):  # any other is a path of this computer, or none
                check(address[0])
        return original(self, *arguments)

    return send
