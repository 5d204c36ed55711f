"""Kernels of the tests: all of them on sockets of their own; some forked, which is quicker.

A forked one comes from a process that has imported the SDKs, which takes most of a kernel's start.
It is for tests of what notebooks do. nbval's kernels start as a learner's do.
"""

import contextlib
import itertools
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from unittest.mock import patch

from jupyter_client.manager import KernelManager

IMPORTED = (
    "IPython.core.oinspect",
    "PIL.Image",
    "azure.ai.inference.aio",
    "azure.core.rest._aiohttp",
    "azure.core.rest._requests_basic",
    "azure.identity",
    "certificates",
    "dotenv",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipywidgets",
    "openai.resources.chat.chat",
    "openai.resources.responses.responses",
    "pygments.formatters.html",
    "pygments.lexers.python",
    "requests",
    "sqlite3",
    "stack_data",
    "wrapt",
    "yaml",
)


class Forked:
    """A kernel, with what the Jupyter client uses of `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, process: multiprocessing.Process):
        self._process, self.pid = process, process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def on_sockets_of_their_own() -> None:
    """Let kernels listen on files in place of ports, where the system can.

    Jupyter's client gives back the free ports that it finds before the kernel takes them: of
    several kernels that start at once, one then dies of "Address already in use".
    """
    if not hasattr(socket, "AF_UNIX"):
        return
    folder = tempfile.TemporaryDirectory(prefix="kernels-")  # short: 107 characters at most
    names = map(str, itertools.count())

    begin = KernelManager.__init__

    def begin_on_a_socket(manager: KernelManager, *args, **options) -> None:
        path = os.path.join(folder.name, next(names))
        begin(manager, *args, **{"transport": "ipc", "ip": path} | options)

    KernelManager.__init__ = begin_on_a_socket


@contextlib.contextmanager
def forked() -> Iterator[None]:
    """Fork the kernels of Jupyter's client; on Windows, leave them as they are."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        yield
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED))
    with patch.dict(os.environ, PYTHONPATH=os.path.dirname(__file__)):
        forkserver.ensure_running()
    with patch("jupyter_client.provisioning.local_provisioner.launch_kernel", _launch):
        yield


def _launch(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike | None = None,
    **_: object,
) -> Forked:
    """Start a kernel: `python -m ipykernel_launcher` with its arguments."""
    context = multiprocessing.get_context("forkserver")
    ready, here = context.Pipe(duplex=False)
    arguments = (here, list(command[3:]), dict(env or os.environ), str(cwd or os.getcwd()))
    process = context.Process(target=_kernel, args=arguments, daemon=True)
    process.start()
    ready.recv()  # by now, it is the head of its own group, which an interrupt is sent to
    return Forked(process)


def _kernel(here: Connection, arguments: list[str], env: dict[str, str], cwd: str) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    here.send(True)
    os.environ.clear()
    os.environ.update(env)
    os.environ["JPY_PARENT_PID"] = str(os.getppid())  # a kernel ends with its parent
    os.chdir(cwd)
    tests = os.path.dirname(__file__)
    sys.path[:] = [folder for folder in sys.path if folder and not folder.startswith(tests)]
    sys.argv = ["ipykernel_launcher", *arguments]
    from ipykernel import kernelapp
    from IPython.core.interactiveshell import InteractiveShell

    # IPython formats each error once more, for a history that no test asks for.
    InteractiveShell._format_exception_for_storage = lambda *_, **__: []
    kernelapp.launch_new_instance()
