"""No connection but to this computer: what makes "nothing is sent" true of every library."""

import ipaddress
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any


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
    return address.is_loopback or address.is_unspecified


def guard(undo: ExitStack, refuse: Callable[[str], Exception]) -> None:
    """Refuse to look up or connect to any other computer, with the error that `refuse` makes, until `undo` is closed."""
    import socket

    look_up, connect, connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex

    def guarded_look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        if not is_loopback(host):
            raise refuse(host.decode() if isinstance(host, bytes) else str(host))
        return look_up(host, *arguments, **options)

    def checked(address: Any) -> None:
        if isinstance(address, tuple) and not is_loopback(address[0]):  # a str is a path of this computer
            raise refuse(str(address[0]))

    def guarded_connect(self: socket.socket, address: Any) -> None:
        checked(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        checked(address)
        return connect_ex(self, address)

    # `connect` belongs to the C class below socket.socket, so undoing means taking ours away.
    socket.getaddrinfo = guarded_look_up
    socket.socket.connect = guarded_connect
    socket.socket.connect_ex = guarded_connect_ex

    def undone() -> None:
        socket.getaddrinfo = look_up
        for name in ("connect", "connect_ex"):
            delattr(socket.socket, name)

    undo.callback(undone)
