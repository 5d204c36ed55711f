"""Nothing is sent: other libraries are refused with the message of a miss; loopback works."""

import asyncio
import http.client
import socket
import threading
import urllib.request
from contextlib import ExitStack

import pytest
import urllib3

from helpers.replay import NoRecording, Request, Session, replay
from helpers.replay.network_guard import guard, is_loopback

HOST, ADDRESS, ADDRESS_6 = (
    "example.invalid",
    "192.0.2.1",
    "2001:db8::1",
)  # of documentation, never reached


@pytest.fixture(autouse=True)
def session():
    session = Session([], advice="What to do.")
    with replay(session):
        yield session


def by_asyncio(host: str):
    async def connect():
        await asyncio.open_connection(host, 80)

    asyncio.run(connect())


def by_urllib3(host: str):
    urllib3.PoolManager(retries=False).request("GET", f"http://{host}/")


def by_http_client(host: str):
    http.client.HTTPConnection(host).request("GET", "/")


def by_udp(host: str):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(b"a question", (host, 53))


def by_udp_with_flags(host: str):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(b"a question", 0, (host, 53))


def by_udp_in_parts(host: str):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendmsg((b"a ", b"question"), [], 0, (host, 53))


def by_socket(method: str):
    def connect(host: str):
        with socket.socket() as tcp:
            getattr(tcp, method)((host, 80))

    return connect


WAYS = {
    "urllib": lambda host: urllib.request.urlopen(f"http://{host}/"),
    "urllib, TLS": lambda host: urllib.request.urlopen(f"https://{host}/"),
    "http.client": by_http_client,
    "urllib3": by_urllib3,
    "socket": by_socket("connect"),
    "socket, connect_ex": by_socket("connect_ex"),
    "socket, create_connection": lambda host: socket.create_connection((host, 80)),
    "asyncio": by_asyncio,
    "UDP": by_udp,
    "UDP with flags": by_udp_with_flags,
}
if hasattr(socket.socket, "sendmsg"):  # Windows has none
    WAYS["UDP in parts"] = by_udp_in_parts


@pytest.mark.parametrize("host", [HOST, ADDRESS])
@pytest.mark.parametrize("way", WAYS)
def test_a_library_that_replay_does_not_answer_is_told_like_a_miss(session, way, host):
    with pytest.raises(NoRecording) as caught:
        WAYS[way](host)
    message = str(caught.value)
    with pytest.raises(NoRecording) as miss:
        session.answer(Request("GET", "/"))
    assert message.split("\n")[0] == str(miss.value).split("\n")[0]
    assert host in message and message.endswith("\n\nWhat to do.")
    assert type(caught.value) is NoRecording


@pytest.mark.parametrize("look_up", ["gethostbyname", "gethostbyname_ex", "gethostbyaddr"])
def test_no_name_server_is_asked(look_up):
    with pytest.raises(NoRecording, match=HOST):
        getattr(socket, look_up)(HOST)
    for host in (HOST, HOST.encode()):
        with pytest.raises(NoRecording, match=HOST):
            socket.getaddrinfo(host, 80)


def test_an_address_of_version_6_is_refused():
    with socket.socket(socket.AF_INET6) as tcp, pytest.raises(NoRecording, match=ADDRESS_6):
        tcp.connect((ADDRESS_6, 80, 0, 0))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_server_on_this_computer_is_reached(host):
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    try:
        server = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip("this computer has no such address")

    def answer_three() -> None:
        for _ in range(3):
            connection, _address = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    port = server.getsockname()[1]
    thread = threading.Thread(target=answer_three, daemon=True)
    with server:
        thread.start()
        name = f"[{host}]" if ":" in host else host
        assert urllib.request.urlopen(f"http://{name}:{port}/", timeout=5).read() == b"hi"
        assert urllib3.request("GET", f"http://{name}:{port}/", timeout=5).data == b"hi"

        async def by_streams():
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer

        assert asyncio.run(by_streams()).endswith(b"hi")
        thread.join(5)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets with a path here")
def test_a_socket_with_a_path_is_reached(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # such a path is short
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("a")
        server.listen()
        client.connect("a")
        assert client.sendmsg((b"a ", b"question")) == 10  # parts are no address


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]", "::1%lo",
     "0.0.0.0", "::", "::ffff:127.0.0.1", b"localhost", "", None],
)  # fmt: skip
def test_this_computer(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["example.org", "localhost.example.org", "notlocalhost", "127.0.0.1.example.org",
     "10.0.0.1", "192.168.1.1", "169.254.169.254",
     "::2", "fe80::1", "::ffff:8.8.8.8", b"example.org", "b\xfccher.example"],
)  # fmt: skip
def test_another_computer(host):
    assert not is_loopback(host)


def test_guards_may_be_nested():
    def refuse(kind):
        return lambda host: kind(host)

    outer, inner = ExitStack(), ExitStack()
    guard(outer, refuse(KeyError))
    guard(inner, refuse(IndexError))
    with pytest.raises(IndexError):
        socket.getaddrinfo(HOST, 80)
    inner.close()
    with pytest.raises(KeyError):
        socket.getaddrinfo(HOST, 80)
    outer.close()
    with pytest.raises(NoRecording):
        socket.getaddrinfo(HOST, 80)
