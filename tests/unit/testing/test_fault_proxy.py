"""The proxy in front of a plain TCP target: bytes pass as they are, and break where a program says."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from maas_client.errors import ConfigurationError, UsageError
from maas_client.testing import FaultProxy

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Encoding: identity\r\n\r\n0123456789"


class Target:
    """Answers each head with the same bytes, and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.ended = threading.Semaphore(0)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection = self.listener.accept()[0]
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        data = b""
        with connection, suppress(OSError):
            while piece := connection.recv(65536):
                data += piece
                while b"\r\n\r\n" in data:
                    head, _, data = data.partition(b"\r\n\r\n")
                    self.got.append(head)
                    connection.sendall(ANSWER)
        self.ended.release()


@pytest.fixture
def target() -> Iterator[Target]:
    made = Target()
    yield made
    made.listener.close()


@pytest.fixture
def proxy(target: Target) -> Iterator[FaultProxy]:
    with FaultProxy(target.url) as running:
        yield running


def connected(proxy: FaultProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def ask(
    connection: socket.socket, size: int = len(ANSWER), text: bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
) -> bytes:
    connection.sendall(text)
    return read(connection, size)


def read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (piece := connection.recv(size - len(data))):
        data += piece
    return data


def test_bytes_pass_as_they_are(proxy: FaultProxy, target: Target) -> None:
    with connected(proxy) as connection:
        assert ask(connection) == ANSWER
        assert ask(connection) == ANSWER
    assert target.got == [b"GET / HTTP/1.1\r\nHost: a"] * 2
    assert proxy.connections == 1
    assert proxy.url.startswith("http://127.0.0.1:")


def test_a_connection_half_closed_by_the_client_is_answered(proxy: FaultProxy) -> None:
    with connected(proxy) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert read(connection, 10_000) == ANSWER


@pytest.mark.parametrize("at", [0, 1, 30, len(ANSWER) - 1])
def test_a_reset_comes_after_exactly_so_many_bytes(proxy: FaultProxy, target: Target, at: int) -> None:
    program = proxy.add({"do": "reset", "down": at})
    with connected(proxy) as connection:
        assert ask(connection, at) == ANSWER[:at]
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert program.completed
    assert len(target.got) == 1
    assert target.ended.acquire(timeout=5)


@pytest.mark.parametrize("at", [0, 10])
def test_what_is_reset_on_the_way_up_goes_no_further(proxy: FaultProxy, target: Target, at: int) -> None:
    proxy.add({"do": "reset", "up": at})
    with connected(proxy) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert target.ended.acquire(timeout=5)
    assert target.got == []


def test_a_close_is_one_although_the_client_still_sends(proxy: FaultProxy) -> None:
    proxy.add({"do": "truncate", "body": 4})
    with connected(proxy) as connection:
        assert ask(connection, 10_000) == ANSWER[:-6]
        connection.sendall(b"more")
        assert connection.recv(1) == b""


def test_a_stall_keeps_the_connection_open(proxy: FaultProxy, target: Target) -> None:
    proxy.add({"do": "stall", "body": 3})
    with connected(proxy) as connection:
        assert ask(connection, len(ANSWER) - 7) == ANSWER[:-7]
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert target.ended.acquire(timeout=5)
    proxy.verify()


def test_an_answer_before_the_request_is_whole(proxy: FaultProxy, target: Target) -> None:
    proxy.add({"do": "early", "up": 10, "status": 503})
    with connected(proxy) as connection:
        answer = b"HTTP/1.1 503 Early\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        assert ask(connection, 10_000, b"PUT / HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n") == answer
    assert target.ended.acquire(timeout=5)
    assert target.got == []
    proxy.verify()


def test_a_byte_is_turned(proxy: FaultProxy) -> None:
    proxy.add([{"do": "corrupt", "body": 2}, {"do": "corrupt", "up": 4}])
    with connected(proxy) as connection:
        assert ask(connection) == ANSWER[:-8] + b"\xcd" + ANSWER[-7:]
    with connected(proxy) as connection:
        ask(connection)


def test_what_is_written_into_a_head(proxy: FaultProxy, target: Target) -> None:
    proxy.add(["bad-gzip", "status", "http-1.0", "duplicate-content-length", {"do": "header-flood", "bytes": 5}])
    found = []
    for _ in range(5):
        with connected(proxy) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            found.append(read(connection, 10_000))
    rest = b"\r\nContent-Length: 10\r\nContent-Encoding: identity\r\n\r\n0123456789"
    assert found == [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Encoding: gzip\r\n\r\n\xcf123456789",
        b"HTTP/1.1 999 OK" + rest,
        b"HTTP/1.0 200 OK\r\nContent-Encoding: identity\r\n\r\n0123456789",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n0123456789",
        b"HTTP/1.1 200 OK" + rest.replace(b"\r\n\r\n", b"\r\nX-Flood: xxxxx\r\n\r\n"),
    ]
    assert target.got[2] == b"GET / HTTP/1.0"
    proxy.verify()


def test_an_idle_connection_is_closed_when_a_program_is_added(proxy: FaultProxy) -> None:
    with connected(proxy) as connection:
        assert ask(connection) == ANSWER
        proxy.add("reset")
        assert connection.recv(1) == b""


def test_each_request_can_have_a_connection_of_its_own(target: Target) -> None:
    with FaultProxy(target.url, keep_alive=False) as proxy, connected(proxy) as connection:
        ask(connection, text=b"GET / HTTP/1.1\r\nconnection: keep-alive\r\nHost: a\r\n\r\n")
    assert target.got == [b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close"]


def test_two_programs_share_the_connections(proxy: FaultProxy) -> None:
    second = proxy.add({"name": "second", "when": {"nth": 2}, "actions": ["close"]})
    every = proxy.add({"name": "every", "when": {"every": 2}, "actions": [{"do": "reset", "times": None}]})
    ends = []
    for _ in range(4):
        with connected(proxy) as connection:
            try:
                ends.append(len(ask(connection)))
            except ConnectionResetError:
                ends.append(-1)
    assert ends == [len(ANSWER), 0, len(ANSWER), -1]
    assert [event.connection for event in second.fired] == [2]
    assert every.account() == {
        "name": "every", "remaining": None, "completed": False, "fired": [{"connection": 4, "action": "reset"}],
        "missed": [],
    }  # fmt: skip
    assert list(proxy.programs) == [second, every]
    proxy.verify()
    proxy.clear()
    assert not proxy.programs


def test_what_did_not_happen_fails_the_check(proxy: FaultProxy, target: Target) -> None:
    proxy.add({"name": "late", "actions": [{"do": "reset", "down": 5000}, "reset"]})
    with connected(proxy) as connection:
        ask(connection)
    assert target.ended.acquire(timeout=5)
    with pytest.raises(AssertionError, match="late: 1 to come, fired nothing, missed") as caught:
        proxy.verify()
    assert "Not every fault" in str(caught.value)


def test_a_port_that_is_closed_for_a_while(proxy: FaultProxy) -> None:
    with connected(proxy) as idle:
        ask(idle)
        with proxy.refusing():
            with pytest.raises(ConnectionRefusedError):
                connected(proxy)
            assert idle.recv(1) == b""
    with connected(proxy) as connection:
        assert ask(connection) == ANSWER


def test_a_target_that_is_not_there_resets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with FaultProxy(f"127.0.0.1:{port}", programs=["latency"]) as proxy:
        assert proxy.url.startswith("tcp://127.0.0.1:")
        with pytest.raises(ConnectionResetError), connected(proxy) as connection:
            connection.recv(1)


@pytest.mark.parametrize("wrong", ["127.0.0.1", "tcp://127.0.0.1", "http://", ""])
def test_a_target_that_is_none(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="names no host and port"):
        FaultProxy(wrong)


def test_nothing_is_left_open_at_its_end(target: Target) -> None:
    with FaultProxy(target.url, programs=["close", "stall", "pass"]) as proxy:
        ends = [connected(proxy) for _ in range(3)]
        for connection in ends:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert read(ends[2], len(ANSWER)) == ANSWER
    for connection in ends:
        with connection, suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    for _ in ends:
        assert target.ended.acquire(timeout=5)


def test_outside_of_its_block_it_says_so(target: Target) -> None:
    proxy = FaultProxy(target.url)
    with pytest.raises(UsageError, match="not running"):
        proxy.add("reset")
    with proxy, connected(proxy) as connection:
        ask(connection)
    with pytest.raises(UsageError, match="not running"):
        proxy.clear()
