"""What the client makes of a line that breaks below HTTP: the right error at once, and how it gets over it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from maas_client import AsyncMaaSClient, MaaSClient
from maas_client.errors import BrokenResponseError, ConnectError, RequestTimeoutError, StatusError
from maas_client.testing import FaultProxy, Server
from tests.contract.conftest import Both

MODEL = "Phi-3-mini-4k-instruct"
CLOSED = "closed or reset the connection before the answer was complete"
CUT = "closed the connection before the answer was complete"
RULES = "breaks the rules of HTTP"
FAULTS: list[tuple[Any, type[Exception], str]] = [
    ("reset", BrokenResponseError, CLOSED),
    ({"do": "reset", "up": 0}, BrokenResponseError, CLOSED),
    ({"do": "reset", "up": 50}, BrokenResponseError, CLOSED),
    ({"do": "reset", "down": 30}, BrokenResponseError, CLOSED),
    ({"do": "reset", "body": 30}, BrokenResponseError, CLOSED),
    ("close", BrokenResponseError, "closed the connection without an answer"),
    ({"do": "close", "down": 30}, BrokenResponseError, "closed the connection without an answer"),
    ({"do": "truncate", "body": 100}, BrokenResponseError, CUT),
    ({"do": "corrupt", "down": 2}, BrokenResponseError, "not HTTP"),
    ({"do": "corrupt", "body": 40}, BrokenResponseError, "JSON"),
    ("bad-chunk", BrokenResponseError, RULES),
    ("bad-gzip", BrokenResponseError, "not valid gzip"),
    ("header-flood", BrokenResponseError, RULES),
    ("duplicate-content-length", BrokenResponseError, RULES),
    ("ssh-banner", BrokenResponseError, "closed the connection without an answer"),
]
SLOW: list[Any] = [
    {"do": "stall", "body": 10},
    {"do": "stall", "up": 10},
    {"do": "drip", "bytes_per_second": 50},
    {"do": "drip-up", "bytes_per_second": 50},
    "1xx-flood",
]
HARMLESS: list[Any] = [
    "pass",
    "http-1.0",
    {"do": "1xx-flood", "count": 250},
    {"do": "latency", "seconds": 0.01},
    {"do": "drip", "bytes_per_second": 1_000_000},
]


@pytest.fixture
def proxy(server: Server) -> Iterator[FaultProxy]:
    with FaultProxy(server.url) as running:
        yield running


@pytest.fixture(params=["sync", "async"])
async def connect(request: pytest.FixtureRequest, server: Server, proxy: FaultProxy) -> Any:
    """Make clients that go through the proxy."""
    made: list[Any] = []

    def make(**options: Any) -> Both:
        kind = MaaSClient if request.param == "sync" else AsyncMaaSClient
        made.append(kind(**{**server.settings(), "base_url": proxy.url, **options}))
        return Both(made[-1])

    yield make
    for client in made:
        await Both(client).call(client.close() if request.param == "sync" else client.aclose())


@pytest.fixture(scope="module")
def job(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("data") / "train.jsonl"
    path.write_text('{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n' * 20)
    with MaaSClient(**server.settings()) as client:
        return client.jobs.create(MODEL, training_file=client.files.upload(path), name="over-the-line").name


@pytest.mark.parametrize(("fault", "error", "text"), FAULTS, ids=lambda value: str(value)[:60])
async def test_each_fault_has_its_error_and_a_read_gets_over_it(
    connect: Callable[..., Both], proxy: FaultProxy, job: str, fault: Any, error: type[Exception], text: str
) -> None:
    once, again = connect(max_retries=0), connect(max_retries=1)
    program = proxy.add(fault)
    with pytest.raises(error, match=text) as caught:
        await once.call(once.client.jobs.get(job))
    assert "127.0.0.1" in str(caught.value)
    assert program.completed
    proxy.add(fault)
    assert (await again.call(again.client.jobs.get(job))).name == job
    proxy.verify()


@pytest.mark.parametrize("fault", SLOW, ids=lambda value: str(value)[:60])
async def test_what_never_ends_ends_at_the_deadline(
    connect: Callable[..., Both], proxy: FaultProxy, job: str, fault: Any
) -> None:
    client = connect(max_retries=0, timeout=1.5)
    proxy.add(fault)
    with pytest.raises(RequestTimeoutError, match=r"No whole answer from 127\.0\.0\.1:\d+ within 1\.5 s"):
        await client.call(client.client.jobs.get(job))
    proxy.verify()


@pytest.mark.parametrize("fault", HARMLESS, ids=lambda value: str(value)[:60])
async def test_what_is_odd_but_right_is_read(
    connect: Callable[..., Both], proxy: FaultProxy, job: str, fault: Any
) -> None:
    once = connect(max_retries=0)
    proxy.add(fault)
    assert (await once.call(once.client.jobs.get(job))).name == job
    assert (await once.call(once.client.jobs.get(job))).name == job
    proxy.verify()


async def test_a_status_that_is_none(connect: Callable[..., Both], proxy: FaultProxy, job: str) -> None:
    client = connect()
    proxy.add("status")
    with pytest.raises(StatusError) as caught:
        await client.call(client.client.jobs.get(job))
    assert caught.value.status == 999
    proxy.verify()


async def test_an_early_refusal_of_an_upload_is_told(
    connect: Callable[..., Both], proxy: FaultProxy, tmp_path: Path, unique: Any
) -> None:
    path = tmp_path / f"{unique('large')}.jsonl"
    path.write_bytes(b'{"messages": []}\n' * 400_000)
    client = connect(max_retries=0)
    # Every request of an upload but that of the bytes themselves is smaller.
    proxy.add({"do": "early", "up": 100_000, "times": None})
    with pytest.raises(StatusError) as caught:
        await client.call(client.client.files.upload(path))
    assert caught.value.status == 413
    assert caught.value.operation == "Blob_Put"


async def test_refused_then_there(connect: Callable[..., Both], proxy: FaultProxy, job: str) -> None:
    once, patient = connect(max_retries=0), connect(max_retries=20)
    with proxy.refusing(), pytest.raises(ConnectError, match="refused the connection"):
        await once.call(once.client.jobs.get(job))
    proxy.add({"do": "refuse", "seconds": 0.3})
    assert (await patient.call(patient.client.jobs.get(job))).name == job
    proxy.verify()


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "reset", "up": 200},
        {"do": "reset", "down": 0},
        {"do": "truncate", "body": 20},
        {"do": "stall", "down": 0},
        "bad-gzip",
    ],
    ids=str,
)
async def test_a_job_whose_answer_is_lost_is_created_once(
    connect: Callable[..., Both], proxy: FaultProxy, server: Server, train: Path, unique: Any, fault: Any
) -> None:
    client = connect(timeout=3.0)
    name = unique("lost")
    file = await client.call(client.client.files.upload(train))
    proxy.add(fault)
    made = await client.call(client.client.jobs.create(MODEL, training_file=file, name=name))
    assert made.name == name
    assert [job.name for job in await client.collect(client.client.jobs.list()) if job.name == name] == [name]
    proxy.verify()


async def test_an_upload_that_breaks_on_the_way_arrives_whole(
    connect: Callable[..., Both], proxy: FaultProxy, train: Path, tmp_path: Path, unique: Any
) -> None:
    client = connect()
    path = tmp_path / f"{unique('train')}.jsonl"
    path.write_bytes(train.read_bytes() * 300 + unique("n").encode())
    proxy.add([{"do": "reset", "up": 100_000}, {"do": "corrupt", "down": 0}])
    file = await client.call(client.client.files.upload(path))
    assert file.bytes == path.stat().st_size
    assert (await client.call(client.client.files.upload(path))).reused
