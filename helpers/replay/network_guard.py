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

    _replace(undo, socket, "getaddrinfo", guarded_look_up)
    _replace(undo, socket.socket, "connect", guarded_connect)
    _replace(undo, socket.socket, "connect_ex", guarded_connect_ex)


def _replace(undo: ExitStack, owner: Any, name: str, value: Any) -> None:
    own = vars(owner).get(name)  # `connect` is the C class's until a guard puts its own in
    setattr(owner, name, value)
    undo.callback(lambda: delattr(owner, name) if own is None else setattr(owner, name, own))
