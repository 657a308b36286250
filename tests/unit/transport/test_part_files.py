"""Files in the making: below one folder, never through a link, whole or not there, on every adapter."""

import base64
import hashlib
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas_client.core import stepping
from maas_client.errors import ConfigurationError
from maas_client.transport.files import inline
from maas_client.transport.part_files import _bad_on_windows, create_local


def make(io, folder, path="model/a.bin", version="1", overwrite=False):
    return io.create_file(str(folder), path, version=version, overwrite=overwrite)


def parts(folder):
    return sorted(path for path in folder.rglob("*.part"))


def test_a_file_gets_its_name_when_it_is_whole(run, tmp_path):
    folder = tmp_path / "new" / "folder"

    async def body(io):
        target = await make(io, folder)
        await target.append(b"hello ")
        assert not (folder / "model" / "a.bin").exists()
        await target.append(b"world")
        assert target.size == 11
        assert "a.bin" in repr(target)
        assert await target.md5() == base64.b64encode(hashlib.md5(b"hello world").digest()).decode()
        await target.append(b"!")
        await target.finish(1_000_000_000.0)
        await target.close()
        return await io.find_file(str(folder), "model/a.bin")

    found = run(body)
    assert (folder / "model" / "a.bin").read_bytes() == b"hello world!"
    assert (found.size, found.modified) == (12, 1_000_000_000.0)
    assert parts(folder) == []


def test_an_attempt_goes_on_at_the_same_version_only(run, tmp_path):
    async def body(io):
        first = await make(io, tmp_path)
        await first.append(b"12345")
        await first.close()
        again, other = await make(io, tmp_path), await make(io, tmp_path, version="2")
        assert (again.size, other.size) == (5, 0)
        await again.append(b"678")
        await again.finish(None)
        await other.discard()
        await other.close()

    run(body)
    assert (tmp_path / "model" / "a.bin").read_bytes() == b"12345678"
    assert parts(tmp_path) == []


def test_nothing_is_overwritten_without_saying(run, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "a.bin").write_bytes(b"mine")

    async def body(io):
        target = await make(io, tmp_path)
        await target.append(b"theirs")
        with pytest.raises(ConfigurationError, match="is there already"):
            await target.finish(None)
        assert (tmp_path / "model" / "a.bin").read_bytes() == b"mine"
        target = await make(io, tmp_path, overwrite=True)
        await target.finish(None)

    run(body)
    assert (tmp_path / "model" / "a.bin").read_bytes() == b"theirs"


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../a", "a/../../b", "a//b", "a/./b", "a\\b", "..\\b", "a\0b", "a\nb", "a/", ".", ".."]
)
def test_paths_that_lead_elsewhere_are_refused(run, tmp_path, path):
    folder = tmp_path / "in"

    async def body(io):
        with pytest.raises(ConfigurationError, match="below one folder"):
            await make(io, folder, path)
        with pytest.raises(ConfigurationError, match="below one folder"):
            await io.find_file(str(folder), path)

    run(body)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("name", ["C:", "a:b", "nul", "COM1.txt", "a.", "a ", "a?", "..", "a\\b"])
def test_names_that_windows_reads_otherwise(name):
    assert _bad_on_windows(name)


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "console.txt", "null", "a b"])
def test_names_that_windows_takes(name):
    assert not _bad_on_windows(name)


def test_links_are_not_followed(run, tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "in"
    outside.mkdir()
    folder.mkdir()
    (outside / "a.bin").write_bytes(b"outside")
    (folder / "model").symlink_to(outside, target_is_directory=True)
    (folder / "b.bin").symlink_to(outside / "a.bin")

    async def body(io):
        with pytest.raises(ConfigurationError, match="is a link"):
            await make(io, folder, overwrite=True)
        with pytest.raises(ConfigurationError, match="is a link"):
            await io.find_file(str(folder), "model/a.bin")
        with pytest.raises(ConfigurationError, match="is a link"):
            await io.find_file(str(folder), "b.bin")
        target = await make(io, folder, "b.bin", overwrite=True)
        await target.append(b"inside")
        await target.finish(None)

    run(body)
    assert sorted(path.name for path in outside.iterdir()) == ["a.bin"]
    assert (outside / "a.bin").read_bytes() == b"outside"
    assert not (folder / "b.bin").is_symlink()


def test_a_part_that_is_a_link_or_a_pipe_is_refused(run, tmp_path):
    async def name(io):
        target = await make(io, tmp_path, "a.bin")
        await target.close()

    run(name)
    (part,) = parts(tmp_path)
    part.unlink()
    part.symlink_to(tmp_path / "elsewhere")

    async def refused(io):
        with pytest.raises(ConfigurationError):
            await make(io, tmp_path, "a.bin")

    run(refused)
    assert not (tmp_path / "elsewhere").exists()
    part.unlink()
    os.mkfifo(part)
    run(refused)


def test_what_is_in_the_way_is_told(run, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "model" / "a.bin").mkdir(parents=True)

    async def body(io):
        with pytest.raises(ConfigurationError, match="is no folder"):
            await make(io, tmp_path, "file/a.bin")
        with pytest.raises(ConfigurationError, match="is no folder"):
            await io.find_file(str(tmp_path), "file/a.bin")
        with pytest.raises(ConfigurationError, match="is no file"):
            await io.find_file(str(tmp_path), "model/a.bin")
        with pytest.raises(ConfigurationError, match="cannot be written"):
            await make(io, tmp_path / "file", "a.bin")
        target = await make(io, tmp_path, overwrite=True)
        with pytest.raises(ConfigurationError, match="cannot be written"):
            await target.finish(None)
        assert await io.find_file(str(tmp_path / "none"), "a/b.bin") is None
        assert await io.find_file(str(tmp_path / "file"), "a.bin") is None

    run(body)


def test_a_full_disk_keeps_what_was_written(run, tmp_path, monkeypatch):
    real = os.write

    def full(fd, data):
        if len(data) <= 4:
            raise OSError(28, "No space left on device")
        return real(fd, data[:4])

    async def body(io):
        target = await make(io, tmp_path)
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(ConfigurationError, match="No space left"):
            await target.append(b"12345678")
        monkeypatch.setattr(os, "write", real)
        await target.close()
        again = await make(io, tmp_path)
        assert again.size == 4
        await again.append(b"5678")
        await again.finish(None)

    run(body)
    assert (tmp_path / "model" / "a.bin").read_bytes() == b"12345678"


def test_files_follow_the_users_mask(run, tmp_path):
    async def body(io):
        target = await make(io, tmp_path, "a.bin")
        await target.finish(None)

    before = os.umask(0o027)
    try:
        run(body)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o640


@given(path=st.text(alphabet="./\\ab\0:", max_size=12))
def test_nothing_is_ever_written_outside(tmp_path_factory, path):
    base = tmp_path_factory.mktemp("any")
    folder = base / "in"
    try:
        target = stepping.run(create_local(str(folder), path, version="1", overwrite=False, offload=inline))
        stepping.run(target.finish(None))
    except ConfigurationError:
        assert not [found for found in base.rglob("*") if found.is_file()]
        return
    written = [found for found in base.rglob("*") if found.is_file()]
    assert [found.relative_to(folder).as_posix() for found in written] == [path]
