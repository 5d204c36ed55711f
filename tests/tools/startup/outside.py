"""Refuse any connection or look-up of a name that leaves this computer, in this Python process.

Python reports each of them to audit hooks, on every system and below every library, so one hook
sees them all. It also adds what it refuses to the file that COURSE_REFUSED names, because a library
may catch the error and hide it.

Names under `.invalid` exist nowhere (RFC 6761): the hook answers as a resolver does, and adds
nothing to the file. Python does not report one kind of connection: asyncio on Windows, to an
address in figures.
"""

import ipaddress
import os
import socket
import sys

REFUSED = "COURSE_REFUSED"  # the variable with the path of the file
OWN_NAME = socket.gethostname().lower()
LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
SENDS = ("socket.connect", "socket.sendto", "socket.sendmsg")


class LeavesThisComputer(OSError):
    """A test asked for another computer."""


def stays_here(host: str) -> bool:
    """Whether a host is this computer: a loopback address, its own name, or no host at all."""
    own_names = ("localhost", OWN_NAME, f"{OWN_NAME}.local")
    if not host or host in own_names or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def host_of(event: str, arguments: tuple) -> str:
    """The host of an audit event, in small letters; empty where the event reaches for none."""
    host = None
    if event in LOOK_UPS:
        host = arguments[0]
    elif event in SENDS:
        connection, address = arguments
        if connection.family in (socket.AF_INET, socket.AF_INET6) and address:
            host = address[0]
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii", "replace")
    return (host or "").rstrip(".").lower()


def refuse(event: str, arguments: tuple) -> None:
    """The audit hook.

    Raises:
        LeavesThisComputer: the event reaches for another computer.
        socket.gaierror: the event looks up a name under `.invalid`.
    """
    if event not in LOOK_UPS and event not in SENDS:
        return
    host = host_of(event, arguments)
    if stays_here(host):
        return
    if host.endswith(".invalid"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if os.environ.get(REFUSED):
        with open(os.environ[REFUSED], "a", encoding="utf-8") as file:
            file.write(f"{event} {host}\n")
    raise LeavesThisComputer(f"tests reach only this computer, not {host}")


def install() -> None:
    """Add the hook, once: Python never removes one."""
    if not hasattr(sys, "_course_refuses"):
        sys._course_refuses = True
        sys.addaudithook(refuse)
