"""The recorded answers over HTTP, for any program in any language.

    python -m helpers.replay.server --port 8765

It listens on this computer alone unless told otherwise, and ends with Ctrl-C.
"""

import argparse
import asyncio
import errno
import os
import re
import socket
import ssl
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from .errors import CourseError
from .recording import Recording
from .recording_file import load
from .server_rules import Rules, load_rules

PORT = 8765
LOOPBACK = ("127.0.0.1", "::1")  # what "localhost" means: some clients take the first, some both


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C. Returns 0, or 2 with one message where it cannot start."""
    try:
        _serve(*_options(arguments))
    except CourseError as error:
        print(f"The replay server cannot start: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # before it listens: to start takes a moment
        pass
    _say("Stopped.")
    return 0


def _serve(options: argparse.Namespace, rules: Rules) -> None:
    recordings = read_recordings(options.files or rules.files(), options.only, rules.unit)
    context = tls_context(options.certificate, options.private_key)
    sockets = listening_sockets(options.host, options.port)
    from aiohttp import web

    from .web_application import ServedSession, serve

    session = ServedSession(recordings, rules, options.pace)
    scheme, port = "https" if context else "http", sockets[0].getsockname()[1]
    host = f"[{options.host}]" if ":" in options.host else options.host
    _say(f"Replay server: {scheme}://{host}:{port}, {len(recordings)} recorded answers.")
    if rules.bases:
        _say(f"Base paths: {'  '.join(rules.bases)}")
    _say("Any key works. Press Ctrl-C to stop.")
    with suppress(KeyboardInterrupt, web.GracefulExit):
        asyncio.run(serve(session, sockets, context))


def _say(line: str) -> None:
    """Print a line at once, for as long as somebody reads: `| head -1` closes the output."""
    try:
        print(line, flush=True)
    except BrokenPipeError:  # what is left of it would fail at the end again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def read_recordings(
    files: Sequence[str | os.PathLike[str]], only: Sequence[str], unit: str
) -> list[Recording]:
    """The recordings of files, in their order, each named after its file as well.

    Args:
        files: what to read.
        only: names of files without their endings, or unique beginnings; all files if empty.
        unit: what a file is called.

    Raises:
        CourseError: a file cannot be read, or a name fits none or several.
    """
    paths = [Path(file) for file in files]
    chosen = [_file_named(name, paths, unit) for name in only] if only else paths
    return [
        replace(recording, name=f"{file.stem}: {recording.name}")
        for file in sorted(set(chosen), key=paths.index)
        for recording in load(file).recordings
    ]


def _file_named(name: str, files: Sequence[Path], unit: str) -> Path:
    fitting = [file for file in files if file.stem == name]
    fitting = fitting or [file for file in files if name and file.stem.startswith(name)]
    if len(fitting) != 1:
        known = ", ".join(file.stem for file in files)
        raise CourseError(f"{name!r} is not the name of one {unit}. Known: {known}.")
    return fitting[0]


def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen at each address of a host; port 0 takes any that is free.

    Raises:
        CourseError: the port is in use or not allowed, or the host is empty or not this computer's.
    """
    if not host.strip():  # to a socket, "" means every address of this computer
        raise CourseError(
            "--host is empty. Leave it out to answer this computer alone. To answer others too, "
            "write --host 0.0.0.0."
        )
    sockets: list[socket.socket] = []
    try:
        for address in LOOPBACK if host == "localhost" else _addresses(host):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            number = sockets[0].getsockname()[1] if sockets else port
            try:
                sockets.append(socket.create_server((address, number), family=family, backlog=256))
            except OSError as error:
                if not sockets or error.errno == errno.EADDRINUSE:
                    raise
                # This computer has no IPv6.
    except OSError as error:
        for each in sockets:
            each.close()
        raise CourseError(_why_not(error, host, port)) from None
    return sockets


def _addresses(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except UnicodeError:  # what a name too long raises
        raise OSError(errno.EADDRNOTAVAIL, "it is no host's name") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use. Choose another one: --port {port % 65535 + 1}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} needs more rights. Choose one above 1023: --port {PORT}"
    return f"{host!r} is not an address of this computer ({error.strerror or error})."


def tls_context(certificate: Path | None, private_key: Path | None) -> ssl.SSLContext | None:
    """What https needs; None without a certificate.

    Args:
        certificate: a PEM file, which may hold the private key as well.
        private_key: a PEM file with the key, where the first has none.

    Raises:
        CourseError: the files cannot be used.
    """
    if certificate is None:
        if private_key is not None:
            raise CourseError("--private-key needs --certificate.")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, private_key)
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror or error
        raise CourseError(
            f"the certificate or its key cannot be used: {reason}. --certificate takes a PEM file. "
            "The private key is in the same file, or in that of --private-key."
        ) from None
    return context


def _options(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, Rules]:
    """The command's options, and the rules, which give one of them its name."""
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--rules", default="", metavar="MODULE:NAME", help="where endpoints differ")
    rules = load_rules(first.parse_known_args(arguments)[0].rules)
    parser = argparse.ArgumentParser(
        prog="python -m helpers.replay.server",
        parents=[first],
        description="Answer HTTP requests from recordings. If two recordings have the same "
        f"request, the one of the first {rules.unit} answers.",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="files of recordings")
    parser.add_argument(
        f"--{rules.unit}",
        dest="only",
        action="append",
        default=[],
        metavar="NAME",
        help=f"serve this {rules.unit} alone; may be repeated",
    )
    parser.add_argument("--host", default="localhost", help="default: localhost, this computer")
    parser.add_argument("--port", type=_port, default=PORT, help=f"default: {PORT}; 0: a free one")
    parser.add_argument("--pace", type=_pace, default=1.0, help="of streams; 0: all at once")
    parser.add_argument("--certificate", type=Path, help="serve https: a PEM file")
    parser.add_argument("--private-key", type=Path, help="its key, if not in the same file")
    return parser.parse_args(arguments), rules


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def _pace(text: str) -> float:
    if not (re.fullmatch(r"[0-9]*\.?[0-9]+", text) and float(text) <= 1000):
        raise argparse.ArgumentTypeError(f"a pace is a number from 0 to 1000, not {text!r}")
    return float(text)


if __name__ == "__main__":
    sys.exit(main())
