"""One exchange over a real socket, on every adapter: what is sent, what is made of answers, and of faults."""

import gzip
import os
import socket
import zlib
from contextlib import suppress
from time import monotonic

import pytest

from maas_client.core.io import Request
from maas_client.errors import (
    BrokenResponseError,
    ConfigurationError,
    ConnectError,
    RequestTimeoutError,
    UsageError,
)
from maas_client.transport import exchange

JSON = {"accept": "application/json"}


def get(url, **fields):
    return Request("Jobs_Get", "GET", url, **fields)


def send(io, request, headers=JSON, timeout=5.0):
    return io.send(request, headers=headers, timeout=timeout)


def test_a_request_and_its_answer(run, peer, answered):
    server = peer(answered(b'{"a":1}', "X-Ms-Request-Id: r1", "Warning: one", "Warning: two"))
    url = f"{server.url}/c/a%20b?sig=a%2Fb%3D%2B&api-version=1"

    async def body(io):
        return await send(io, get(url), {**JSON, "X-Custom": "yes", "Host": "forged"})

    response = run(body)
    assert response.status == 200
    assert response.body == b'{"a":1}'
    assert response.headers["x-ms-request-id"] == "r1"
    assert response.headers["warning"] == "one, two"
    assert response.url == url
    head = server.requests[0].decode()
    assert head.startswith("GET /c/a%20b?sig=a%2Fb%3D%2B&api-version=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n" in head
    assert "forged" not in head
    assert "Accept-Encoding: gzip, deflate\r\n" in head
    assert "X-Custom: yes\r\n" in head
    assert "content-length" not in head.lower()
    assert "cookie" not in head.lower()


def test_what_was_sent_over_a_kept_connection_that_ends_is_not_sent_again(run, peer, answered):
    def script(connection, head):
        if len(server.requests) == 2:
            connection.close()
            raise OSError
        connection.sendall(answered())

    server = peer(script)

    async def body(io):
        await send(io, get(server.url))
        with pytest.raises(BrokenResponseError):
            await send(io, get(server.url))
        return await send(io, get(server.url))

    assert run(body).status == 200
    assert len(server.requests) == 3


def test_cookies_are_not_kept(run, peer, answered):
    server = peer(answered(b"{}", "Set-Cookie: a=b"))

    async def body(io):
        for _ in range(2):
            await send(io, get(server.url))

    run(body)
    assert "cookie" not in server.requests[1].decode().lower()


def test_connections_are_used_again(run, peer, answered):
    server = peer(answered())

    async def body(io):
        for _ in range(3):
            await send(io, get(server.url))

    run(body)
    assert server.connections == 1
    assert len(server.requests) == 3


@pytest.mark.parametrize(("content", "length"), [(b"hello", 5), (None, 0), (b"", 0)])
def test_a_body_of_bytes_has_a_length(run, peer, answered, content, length):
    server = peer(answered())

    async def body(io):
        await send(io, Request("Op", "POST", server.url, body=content), {"accept": "text/plain"})

    run(body)
    head = server.requests[0]
    assert f"Content-Length: {length}\r\n".encode() in head
    assert b"Accept-Encoding: identity\r\n" in head
    assert b"chunked" not in head


def test_redirects_are_not_followed(run, peer, answered):
    target = peer(answered())
    server = peer(answered(b"", f"Location: {target.url}/x", "Set-Cookie: a=b", status="302 Found"))

    async def body(io):
        await send(io, get(server.url))
        return await send(io, get(server.url), {**JSON, "authorization": "Bearer t"})

    response = run(body)
    assert response.status == 302
    assert response.headers["location"] == f"{target.url}/x"
    assert target.connections == 0
    assert b"a=b" not in server.requests[1]


@pytest.mark.parametrize(
    ("encoding", "squeeze"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("identity", bytes),
    ],
)
def test_compressed_answers(run, peer, answered, encoding, squeeze):
    text = os.urandom(150_000).hex().encode()
    server = peer(answered(squeeze(text), f"Content-Encoding: {encoding}"))
    assert run(lambda io: send(io, get(server.url))).body == text


@pytest.mark.parametrize(
    ("encoding", "data", "text"),
    [
        ("gzip", b"not gzip at all", "not valid gzip"),
        ("deflate", b"\xff\xff\xff\xff", "not valid deflate"),
        ("gzip", gzip.compress(b"x" * 5000, mtime=0)[:-9], "cut short"),
        ("br", b"x", "encoding that was not asked for (br)"),
    ],
)
def test_answers_that_cannot_be_decompressed(run, peer, answered, encoding, data, text):
    server = peer(answered(data, f"Content-Encoding: {encoding}"))
    with pytest.raises(BrokenResponseError) as caught:
        run(lambda io: send(io, get(server.url)))
    assert text in str(caught.value)


def test_an_empty_answer_may_claim_to_be_compressed(run, peer, answered):
    server = peer(answered(b"", "Content-Encoding: gzip"))
    assert run(lambda io: send(io, get(server.url))).body == b""


def test_an_answer_that_is_too_large(run, peer):
    def flood(connection, head):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 1_000_000)

    server = peer(flood)
    with pytest.raises(BrokenResponseError, match="more than 16 MiB"):
        run(lambda io: send(io, get(server.url)))


def test_a_compressed_bomb_is_defused(run, peer, answered):
    bomb = gzip.compress(bytes(32 * 1024 * 1024), compresslevel=1)
    server = peer(answered(bomb, "Content-Encoding: gzip"))
    with pytest.raises(BrokenResponseError, match="more than 16 MiB"):
        run(lambda io: send(io, get(server.url)))


def test_a_bomb_is_inflated_in_small_pieces():
    decoder = exchange.Decoder(get("http://h/"), {"content-encoding": "gzip"})
    pieces = decoder.feed(gzip.compress(bytes(50 * 1024 * 1024)))
    assert len(next(pieces)) == exchange.INFLATED_PIECE_BYTES


def test_a_header_alone_inflates_to_nothing():
    decoder = exchange.Decoder(get("http://h/"), {"content-encoding": "gzip"})
    squeezed = gzip.compress(b"text")
    assert list(decoder.feed(squeezed[:10])) == []
    assert b"".join(decoder.feed(squeezed[10:])) == b"text"
    decoder.finish()


def test_refused(run):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ConnectError) as caught:
        run(lambda io: send(io, get(f"http://127.0.0.1:{port}/secret?sig=secret")))
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert caught.value.hint == f"Is the service running at 127.0.0.1:{port}?"
    assert "secret" not in str(caught.value)
    assert caught.value.operation == "Jobs_Get"
    assert not caught.value.permanent


def test_a_name_that_is_not_known(run, monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ConnectError, match=r"host\.invalid: its name is not known") as caught:
        run(lambda io: send(io, get("http://host.invalid/")))
    assert "DNS" in (caught.value.hint or "")


CUT = "before the answer was complete"


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"", "closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", CUT),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", CUT),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "breaks the rules of HTTP"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"x" * 800_000, "breaks the rules of HTTP"),
    ],
)
def test_connections_that_end_too_early_or_make_no_sense(run, peer, sent, text):
    def script(connection, head):
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)

    server = peer(script)
    with pytest.raises(BrokenResponseError) as caught:
        run(lambda io: send(io, get(f"{server.url}/?sig=secret")))
    assert text in str(caught.value)
    assert f"127.0.0.1:{server.port}" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"])
def test_connections_that_are_reset(run, peer, rst, sent):
    def script(connection, head):
        connection.sendall(sent)
        rst(connection)

    server = peer(script)
    with pytest.raises(BrokenResponseError, match="closed"):
        run(lambda io: send(io, get(server.url)))


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nA: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b""])
def test_an_answer_that_drips_ends_at_the_deadline(run, peer, start):
    def drip(connection, head):
        connection.sendall(start)
        connection.settimeout(0.02)
        while start:
            with suppress(TimeoutError):
                connection.recv(1)
                return
            connection.sendall(b"a")
        connection.settimeout(5)
        connection.recv(1)

    server = peer(drip)
    began = monotonic()
    with pytest.raises(RequestTimeoutError, match=r"within 0\.3 s"):
        run(lambda io: send(io, get(server.url), timeout=0.3))
    assert monotonic() - began < 10, "it went on dripping"
    assert server.ended.acquire(timeout=5), "the connection was left open"


def test_a_deadline_that_has_passed_sends_nothing(run, peer, answered):
    server = peer(answered())
    with pytest.raises((ConnectError, RequestTimeoutError)):
        run(lambda io: send(io, get(server.url), timeout=0.0))
    assert not server.requests


@pytest.mark.parametrize("value", ["Bearer a\nb", "Bearer \x00", " lead", "trail ", "Bearer sécret"])
def test_headers_that_cannot_be_sent(run, value):
    with pytest.raises(ConfigurationError) as caught:
        run(lambda io: send(io, get("http://127.0.0.1:1/"), {"authorization": value}))
    assert "'authorization'" in str(caught.value)
    assert value.strip() not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:99999999/?sig=secret",
        "ftp://127.0.0.1/?sig=secret",
        "http://h:secret/",
        "secret",
        "http:///secret",
    ],
)
def test_addresses_that_are_none(run, url):
    with pytest.raises(ConfigurationError) as caught:
        run(lambda io: send(io, get(url)))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_methods_that_cannot_be_sent(run, peer, answered):
    with pytest.raises(ConfigurationError, match="cannot be sent as HTTP"):
        run(lambda io: send(io, Request("Op", "BAD METHOD", peer(answered()).url)))


def test_a_closed_port_says_so(run, peer, answered):
    server = peer(answered())

    async def body(io):
        await send(io, get(server.url))
        await io.close()
        await io.close()
        for call in (lambda: send(io, get(server.url)), lambda: io.token("scope", None)):
            with pytest.raises(UsageError, match="closed"):
                await call()
        with pytest.raises(UsageError, match="closed"):
            async with io.stream(get(server.url), headers={}, timeout=1):
                pass

    run(body)
    assert server.ended.acquire(timeout=5)
