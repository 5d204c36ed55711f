"""The replay server as a process of its own, as a learner starts it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from notebooks import ROOT

COMMAND = (sys.executable, "-m", "helpers.replay.server")


@dataclass
class Served:
    """A running server.

    Attributes:
        address: scheme, host and port.
        process: the server; its channels are pipes.
    """

    address: str
    process: subprocess.Popen[str]


@contextmanager
def serving(*options: str | Path) -> Iterator[Served]:
    """A server at a free port, until the block ends."""
    command = [*COMMAND, "--port", "0", *map(str, options)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=pipe, stderr=pipe) as process:
        try:
            first = process.stdout.readline()
            address = re.search(r"https?://\S+:\d+", first)
            assert address, first + process.stderr.read()
            yield Served(address[0], process)
        finally:
            if process.poll() is None:
                process.kill()
