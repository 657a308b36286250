"""Large files in blocks, and whatever opens storage: the client against the real server."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from maas_client import MaaSClient
from maas_client.testing import serving
from tests.contract.conftest import Both, digest_of

SIZE = 70 * 2**20


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.jsonl"
    row = (
        b'{"messages": [{"role": "user", "content": "%08d"}, {"role": "assistant", "content": "'
        + b"a" * 900
        + b'"}]}\n'
    )
    with path.open("wb") as file:
        for number in range(SIZE // len(row % 0)):
            file.write(row % number)
    return path


async def test_a_file_in_blocks_is_the_file_and_is_not_sent_twice(both: Both, large: Path, unique: Any) -> None:
    path = large.with_name(f"{unique('large')}.jsonl")
    path.write_bytes(large.read_bytes() + f'{{"n": "{unique("n")}"}}\n'.encode())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    first = await both.call(both.client.files.upload(path))
    again = await both.call(both.client.files.upload(path))
    assert (first.reused, again.reused) == (False, True)
    assert (first.bytes, first.sha256, again.id) == (path.stat().st_size, digest, first.id)
    assert await digest_of(both, first.id) == digest


async def test_events_of_an_upload_lead_to_the_file(both: Both, large: Path, unique: Any) -> None:
    path = large.with_name(f"{unique('told')}.jsonl")
    path.write_bytes(large.read_bytes() + f'{{"n": "{unique("n")}"}}\n'.encode())
    *on_the_way, last = await both.collect(both.client.files.upload_events(path))
    assert on_the_way
    done = [event.done_bytes for event in on_the_way]
    assert done == sorted(done)
    assert (done[-1], last.done_bytes, last.total_bytes) == (path.stat().st_size,) * 3
    assert await digest_of(both, last.file.id) == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("way", ["key", "identity"])
def test_other_ways_into_storage(tmp_path: Path, train: Path, large: Path, way: str) -> None:
    with (
        serving(tmp_path / "state", clock="scaled:3000", datastore_auth=way) as server,
        MaaSClient(**server.settings()) as client,
    ):
        for path in (train, large):
            file = client.files.upload(path)
            assert (file.bytes, file.reused) == (path.stat().st_size, False)
            assert client.files.upload(path).reused
        file = client.files.upload(train)
        job = client.jobs.create("Phi-3-mini-4k-instruct", training_file=file, allow_retired=True)
        assert client.jobs.wait(job, timeout=60).fine_tuned_model
