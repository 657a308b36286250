"""Local files, and requests whose body is one, on every adapter."""

import base64
import hashlib
import os
import threading

import pytest

from maas_client.core.io import FileBody, Request
from maas_client.errors import BrokenResponseError, ConfigurationError
from maas_client.transport.exchange import read_piece

MIB = 1024 * 1024


@pytest.fixture
def local(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(os.urandom(5 * MIB + 17))
    return path


def test_reading(run, local):
    data = local.read_bytes()

    async def body(io):
        source = await io.open_file(str(local))
        assert source.name == "train.jsonl"
        assert source.size == len(data)
        assert source.mtime_ns == local.stat().st_mtime_ns
        assert source.inode == local.stat().st_ino
        assert "train.jsonl" in repr(source)
        assert await source.pread(5, 10) == data[5:15]
        assert await source.pread(len(data) - 3, 100) == data[-3:]
        assert await source.pread(len(data), 100) == b""
        assert await source.sha256() == hashlib.sha256(data).hexdigest()
        assert not await source.changed()
        await source.close()
        await source.close()

    run(body)


def test_digests_of_a_part(run, local):
    data = local.read_bytes()

    async def body(io):
        source = await io.open_file(str(local))
        whole = hashlib.sha256()
        part = await source.digest(0, 2 * MIB, whole)
        rest = await source.digest(2 * MIB, source.size - 2 * MIB, whole)
        assert (part.sha256, part.md5) == (
            hashlib.sha256(data[: 2 * MIB]).hexdigest(),
            base64.b64encode(hashlib.md5(data[: 2 * MIB]).digest()).decode(),
        )
        assert rest.sha256 == hashlib.sha256(data[2 * MIB :]).hexdigest()
        assert whole.hexdigest() == hashlib.sha256(data).hexdigest()
        await source.close()

    run(body)


def test_reading_where_there_is_no_pread(run, local, monkeypatch):
    monkeypatch.delattr(os, "pread")
    data = local.read_bytes()

    async def body(io):
        source = await io.open_file(str(local))
        assert await source.pread(7, 9) == data[7:16]
        assert await source.sha256() == hashlib.sha256(data).hexdigest()
        await source.close()

    run(body)


def test_short_reads_are_made_whole(run, local, monkeypatch):
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, length, offset: real(fd, min(length, 4), offset))

    async def body(io):
        source = await io.open_file(str(local))
        assert await source.pread(0, 10) == local.read_bytes()[:10]
        assert len(await source.pread(source.size - 6, 10)) == 6
        await source.close()

    run(body)


def rewrite(path):
    os.utime(path, ns=(1, 1))


def replace(path):
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


def grow(path):
    with path.open("ab") as file:
        file.write(b"x")


@pytest.mark.parametrize("change", [rewrite, replace, grow, os.remove])
def test_changes_are_noticed(run, local, change):
    async def body(io):
        source = await io.open_file(str(local))
        change(local)
        assert await source.changed()
        await source.close()

    run(body)


@pytest.mark.parametrize("change", [rewrite, replace, grow])
def test_the_last_piece_of_a_file_that_changed_is_kept_back(run, local, change):
    async def body(io):
        source = await io.open_file(str(local))
        whole = FileBody(source, source.size)
        half = source.size // 2
        assert await read_piece(whole, 0, half) == local.read_bytes()[:half]
        change(local)
        with pytest.raises(ConfigurationError, match="nothing was stored"):
            await read_piece(whole, half, source.size)
        await source.close()

    run(body)


def test_a_file_that_shrinks_cannot_be_hashed(run, local):
    async def body(io):
        source = await io.open_file(str(local))
        os.truncate(local, 10)
        with pytest.raises(ConfigurationError, match="become shorter"):
            await source.sha256()
        await source.close()

    run(body)


def test_a_disk_that_goes_away(run, local, monkeypatch):
    def gone(fd, length, offset):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pread", gone)

    async def body(io):
        source = await io.open_file(str(local))
        with pytest.raises(ConfigurationError, match="Input/output error") as caught:
            await source.pread(0, 1)
        assert isinstance(caught.value.__cause__, OSError)
        await source.close()

    run(body)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("missing.jsonl", "There is no file"),
        (".", "is a folder"),
        ("pipe", "not a regular file"),
        ("nul\0", "cannot be opened"),
        ("loop", "cannot be opened"),
    ],
)
def test_what_is_no_regular_file(run, tmp_path, name, text):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ConfigurationError, match=text) as caught:
        run(lambda io: io.open_file(f"{tmp_path}/{name}"))
    assert caught.value.hint


@pytest.mark.parametrize(("folder", "text"), [(False, "may not be read"), (True, "is a folder")])
def test_what_may_not_be_read(run, tmp_path, monkeypatch, folder, text):
    def refuse(path, flags):
        raise PermissionError(13, "Permission denied")

    path = tmp_path if folder else tmp_path / "f"
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ConfigurationError, match=text):
        run(lambda io: io.open_file(str(path)))


def absorb(answer):
    received = []

    def script(connection, head):
        head, _, body = head.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            piece = connection.recv(MIB)
            if not piece:
                return
            body += piece
        received.append(body)
        connection.sendall(answer)

    return script, received


def test_a_file_is_sent_whole_and_again(run, peer, answered, local):
    script, received = absorb(answered(status="201 Created"))
    server = peer(script)

    async def body(io):
        source = await io.open_file(str(local))
        request = Request("Blob_Put", "PUT", server.url, body=FileBody(source, source.size))
        for _ in range(2):
            response = await io.send(request, headers={"x-ms-blob-type": "BlockBlob"}, timeout=10)
            assert response.status == 201
        await source.close()

    run(body)
    assert received == [local.read_bytes()] * 2
    assert f"Content-Length: {local.stat().st_size}\r\n".encode() in server.requests[0]
    assert b"chunked" not in server.requests[0]


def test_a_part_of_a_file_is_sent(run, peer, answered, local):
    script, received = absorb(answered(status="201 Created"))
    server = peer(script)

    async def body(io):
        source = await io.open_file(str(local))
        part = FileBody(source, length=4 * MIB + 3, offset=9)
        for _ in range(2):
            await io.send(Request("Blob_PutBlock", "PUT", server.url, body=part), headers={}, timeout=10)
        await source.close()

    run(body)
    assert received == [local.read_bytes()[9 : 9 + 4 * MIB + 3]] * 2


def test_a_file_that_shrinks_is_not_sent(run, peer, answered, local):
    script, received = absorb(answered())
    server = peer(script)

    async def body(io):
        source = await io.open_file(str(local))
        os.truncate(local, MIB)
        try:
            request = Request("Blob_Put", "PUT", server.url, body=FileBody(source, source.size))
            await io.send(request, headers={}, timeout=10)
        finally:
            await source.close()

    with pytest.raises(ConfigurationError, match=r"'train\.jsonl' changed while it was read"):
        run(body)
    assert not received
    assert server.ended.acquire(timeout=5), "the connection was left open"


def test_an_early_refusal_is_seen(run, peer, answered, local):
    local.write_bytes(bytes(16 * MIB))

    def script(connection, head):
        connection.sendall(answered(b"too large", "Connection: close", status="413 Too Large"))
        connection.close()

    server = peer(script)

    async def body(io):
        source = await io.open_file(str(local))
        request = Request("Blob_Put", "PUT", server.url, body=FileBody(source, source.size))
        try:
            return await io.send(request, headers={}, timeout=5)
        finally:
            await source.close()

    # Whether the answer outruns the reset that follows it is the kernel's choice.
    try:
        response = run(body)
    except BrokenResponseError:
        return
    assert response.status == 413


def test_a_server_that_stops_reading_meets_the_deadline(run, peer, local):
    release = threading.Event()
    local.write_bytes(bytes(16 * MIB))
    server = peer(lambda connection, head: release.wait(10))

    async def body(io):
        source = await io.open_file(str(local))
        request = Request("Blob_Put", "PUT", server.url, body=FileBody(source, source.size))
        try:
            await io.send(request, headers={}, timeout=0.3)
        finally:
            release.set()
            await source.close()

    with pytest.raises(TimeoutError, match="No whole answer"):
        run(body)
