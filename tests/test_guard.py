"""Does the guard refuse what leaves this computer, let the rest through, and fail the test?"""

import asyncio
import http.client
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import guard
import outside
import pytest
import requests

ELSEWHERE = "192.0.2.1"  # an address that documentation may use and nobody has (RFC 5737)


@pytest.fixture
def refused():
    """Call it for what was refused so far. It takes it away, so that the guard passes the test."""

    def take() -> list[str]:
        file = Path(os.environ[outside.REFUSED])
        lines = file.read_text("utf-8").splitlines()
        file.write_text("", "utf-8")
        return lines

    yield take
    take()


def send_a_datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.sendto(b"hello", (ELSEWHERE, 53))


async def open_a_stream():
    await asyncio.open_connection("example.org", 443)


WAYS = {
    "address": lambda: socket.create_connection((ELSEWHERE, 443), timeout=1),
    "name": lambda: socket.create_connection(("example.org", 443), timeout=1),
    "bytes": lambda: socket.getaddrinfo(b"example.org", 443),
    "ipv6": lambda: socket.getaddrinfo("2001:db8::1", 443),
    "look-up": lambda: socket.gethostbyname("EXAMPLE.org."),
    "reverse look-up": lambda: socket.gethostbyaddr(ELSEWHERE),
    "datagram": send_a_datagram,
    "http.client": lambda: http.client.HTTPSConnection("example.org").request("GET", "/"),
    "urllib": lambda: urllib.request.urlopen("https://example.org"),
    "requests": lambda: requests.get("https://example.org"),
    "asyncio": lambda: asyncio.run(open_a_stream()),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_leaves_this_computer_is_refused(way, refused):
    with pytest.raises(OSError, match="tests reach only this computer"):
        WAYS[way]()
    lines = refused()
    assert lines and all(
        line.endswith((" example.org", ELSEWHERE, "2001:db8::1")) for line in lines
    )


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", b"localhost", None])
def test_loopback_is_let_through(host, refused):
    assert socket.getaddrinfo(host, 80)
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    assert not refused()


def test_a_name_under_invalid_is_not_found(refused):
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("nowhere.invalid", 443)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen("https://nowhere.invalid")
    assert not refused()


def test_a_process_that_a_test_starts_is_guarded(refused):
    code = "import socket; socket.create_connection(('example.org', 443))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "tests reach only this computer, not example.org" in done.stderr
    assert refused() == ["socket.getaddrinfo example.org"]


def test_the_sitecustomize_of_the_system_still_runs(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.brought = True", "utf-8")
    path = os.pathsep.join([guard.STARTUP, str(tmp_path)])
    code = "import sys; print(sys.brought, hasattr(sys, '_course_refuses'))"
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert (done.stdout.split(), done.stderr) == (["True", "True"], "")


def test_a_hidden_attempt_fails_the_test(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import contextlib, socket\n"
        "def test_hides():\n"
        "    with contextlib.suppress(OSError):\n"
        "        socket.getaddrinfo('example.org', 443)\n"
        "def test_stays():\n"
        "    pass\n",
        "utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(guard.__file__).parent)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "guard",
        "-p",
        "no:cacheprovider",
        "test_it.py",
    ]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "test_hides reached for another computer: socket.getaddrinfo example.org" in done.stdout
    assert "2 passed, 1 error" in done.stdout
