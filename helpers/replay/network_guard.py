"""No connection but to this computer: what makes "nothing is sent" true of every library."""

import ipaddress
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from .patching import replace


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

    def guarded_look_up(original: Callable[..., Any]) -> Callable[..., Any]:
        def look_up(host: Any, *arguments: Any, **options: Any) -> Any:
            check(host)
            return original(host, *arguments, **options)

        return look_up

    def guarded_send(original: Callable[..., Any]) -> Callable[..., Any]:
        def send(self: socket.socket, *arguments: Any) -> Any:
            address = arguments[-1]
            if isinstance(address, tuple):  # any other is a path of this computer, or none
                check(address[0])
            return original(self, *arguments)

        return send

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        if hasattr(socket, name):
            replace(undo, socket, name, guarded_look_up(getattr(socket, name)))
    for name in ("connect", "connect_ex", "sendto"):
        if hasattr(socket.socket, name):
            replace(undo, socket.socket, name, guarded_send(getattr(socket.socket, name)))
