"""Answers that are read piece by piece, on every adapter."""

import gzip
import socket
import threading

import pytest

from maas_client.core.io import Request
from maas_client.errors import BrokenResponseError, ConnectError, RequestTimeoutError, UsageError

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n"
# Leaving a stream early drops httpcore's own generators, which trio mentions.
LEAVES_EARLY = pytest.mark.filterwarnings("ignore:Async generator:ResourceWarning")


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def open_stream(io, server, timeout=5.0):
    request = Request("Chat_Stream", "GET", f"{server.url}/?sig=secret")
    return io.stream(request, headers={"accept": "text/event-stream"}, timeout=timeout)


def test_pieces_come_as_they_arrive(run, peer):
    seen = [threading.Event(), threading.Event()]

    def script(connection, head):
        connection.sendall(CHUNKED + chunk(b"one"))
        assert seen[0].wait(5)
        connection.sendall(chunk(b"two"))
        assert seen[1].wait(5)
        connection.sendall(b"0\r\n\r\n")

    server = peer(script)

    async def body(io):
        pieces = []
        async with open_stream(io, server) as answer:
            assert answer.status == 200
            assert answer.headers["x-a"] == "b"
            async for piece in answer.iter_bytes():
                pieces.append(piece)
                seen[len(pieces) - 1].set()
        return pieces

    assert run(body) == [b"one", b"two"]


def test_a_stream_is_read_once(run, peer, answered):
    server = peer(answered(gzip.compress(b"text"), "Content-Encoding: gzip"))

    async def body(io):
        async with open_stream(io, server) as answer:
            pieces = [piece async for piece in answer.iter_bytes()]
            with pytest.raises(UsageError, match="read already"):
                answer.iter_bytes()
        return pieces

    assert run(body) == [b"text"]
    assert b"Accept-Encoding: identity\r\n" in server.requests[0]


def test_a_silent_stream_ends(run, peer):
    def script(connection, head):
        connection.sendall(CHUNKED + chunk(b"one"))
        connection.recv(1)

    server = peer(script)

    async def body(io):
        async with open_stream(io, server, timeout=0.2) as answer:
            async for piece in answer.iter_bytes():
                assert piece == b"one"

    with pytest.raises(RequestTimeoutError):
        run(body)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nA"])
def test_a_stream_that_never_begins(run, peer, start):
    def script(connection, head):
        connection.sendall(start)
        connection.recv(1)

    server = peer(script)

    async def body(io):
        async with open_stream(io, server, timeout=0.2):
            pytest.fail("it began")

    with pytest.raises(RequestTimeoutError):
        run(body)
    assert server.ended.acquire(timeout=5), "the connection was left open"


def test_a_stream_that_is_cut_off(run, peer):
    def script(connection, head):
        connection.sendall(CHUNKED + chunk(b"one"))
        connection.shutdown(socket.SHUT_WR)

    server = peer(script)

    async def body(io):
        async with open_stream(io, server) as answer:
            async for piece in answer.iter_bytes():
                assert piece == b"one"

    with pytest.raises(BrokenResponseError) as caught:
        run(body)
    assert "secret" not in str(caught.value)


@LEAVES_EARLY
def test_leaving_early_closes_the_connection(run, peer):
    def script(connection, head):
        connection.sendall(CHUNKED + chunk(b"one"))
        connection.recv(1)

    server = peer(script)

    async def body(io):
        async with open_stream(io, server) as answer:
            pieces = answer.iter_bytes()
            assert await anext(pieces) == b"one"
            await pieces.aclose()
        assert server.ended.acquire(timeout=5)

    run(body)


def test_a_service_that_is_not_there(run):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def body(io):
        async with io.stream(Request("Op", "GET", f"http://127.0.0.1:{port}"), headers={}, timeout=1):
            pytest.fail("it opened")

    with pytest.raises(ConnectError, match="refused"):
        run(body)


@LEAVES_EARLY
def test_streams_and_calls_go_together(run, peer, answered):
    def script(connection, head):
        connection.sendall(CHUNKED + chunk(b"one") if b"/stream" in head else answered(b"{}"))

    server = peer(script)

    async def body(io):
        request = Request("Op", "GET", f"{server.url}/stream")
        async with io.stream(request, headers={}, timeout=5) as answer:
            pieces = answer.iter_bytes()
            assert await anext(pieces) == b"one"
            whole = await io.send(Request("Op", "GET", server.url), headers={}, timeout=5)
            await pieces.aclose()
        return whole.status

    assert run(body) == 200
