"""Cases of the catalogue about files, clocks, processes and what may be written where."""

import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from maas_client import AsyncMaaSClient, MaaSClient
from maas_client.cli.main import COMMANDS, root
from maas_client.core import stepping
from maas_client.core.io import FileBody, Request, Token
from maas_client.errors import ConfigurationError, ConnectError, MaaSError, PermissionDeniedError
from maas_client.resources.jobs import AsyncJobs, Jobs
from maas_client.testing import Faults, Workspace
from tests.unit.core.scripted import SCOPE, ScriptedIO, answer, caller
from tests.unit.core.scripted import request as call
from tests.unit.resources.world import World, job, world

MODEL = "Phi-3-mini-4k-instruct"


async def test_a_token_that_is_refused_in_the_middle_of_an_upload_is_replaced():
    """Case 103: a block that was refused goes out again, whole, with another token."""
    io = ScriptedIO([answer(401), answer(201)], tokens=[Token("old", 2e9), Token("new", 2e9)])
    await caller(io).send(call(method="PUT", body=b"block", scope=SCOPE, expect=(201,)))
    assert [headers["authorization"] for _, headers, _ in io.sent] == ["Bearer old", "Bearer new"]
    assert {sent.body for sent, _, _ in io.sent} == {b"block"}


async def test_a_signature_that_was_tampered_with_is_told_and_opens_nothing(both, server, train):
    """Case 107: storage refuses it, and what is told names the refusal and not the signature."""
    faults = Faults(Workspace.fresh(server, "tampered"))
    kind = MaaSClient if isinstance(both.client, MaaSClient) else AsyncMaaSClient
    client = kind(**faults.workspace.settings())
    refusal = {"do": "status", "status": 403, "headers": {"x-ms-error-code": "AuthenticationFailed"}}
    faults.on("Blob_*", {**refusal, "times": 4})
    with pytest.raises(PermissionDeniedError) as caught:
        await both.call(client.files.upload(train))
    assert (caught.value.code, "sig=" in str(caught.value)) == ("AuthenticationFailed", False)
    faults.clear()
    assert await both.call(client.files.upload(train))
    if isinstance(client, MaaSClient):
        client.close()
    else:
        await client.aclose()


def test_a_file_that_is_deleted_while_it_is_read_is_told(run, peer, answered, tmp_path):
    """Case 114: what was opened stays readable, but its last piece is kept back."""
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"x" * 100)
    server = peer(answered(b"", "Connection: close"))

    async def body(io):
        source = await io.open_file(str(path))
        path.unlink()
        sent = Request("Blob_Put", "PUT", server.url, body=FileBody(source, 100))
        try:
            return (await io.send(sent, headers={}, timeout=5)).status
        except ConfigurationError as error:
            return error
        finally:
            await source.close()

    result = run(body)
    assert "changed while it was read; nothing was stored" in str(result)


def test_links_are_followed_and_circles_told(run, tmp_path):
    """Case 120."""
    file, link, circle = tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "c.jsonl"
    file.write_bytes(b"{}\n")
    link.symlink_to(file)
    circle.symlink_to(circle)

    async def size(io, path):
        source = await io.open_file(str(path))
        try:
            return source.size
        finally:
            await source.close()

    assert run(lambda io: size(io, link)) == 3
    with pytest.raises(MaaSError, match=r"c\.jsonl"):
        run(lambda io: size(io, circle))


def test_a_file_of_a_terabyte_is_read_in_pieces(run, tmp_path):
    """Case 122: its holes cost nothing on disk, and reading a part of it holds that part alone."""
    path = tmp_path / "sparse.jsonl"
    with path.open("wb") as file:
        try:
            file.truncate(2**40)
        except OSError:
            pytest.skip("this file system has no sparse files of that size")

    async def body(io):
        source = await io.open_file(str(path))
        try:
            return source.size, await source.pread(2**39, 4096)
        finally:
            await source.close()

    assert run(body) == (2**40, bytes(4096))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
async def test_a_name_that_is_no_utf8_is_uploaded_and_printed(both, train):
    """Case 130."""
    odd = Path(os.fsdecode(os.fsencode(train.parent) + b"/tr\xe4in.jsonl"))
    odd.write_bytes(train.read_bytes())
    file = await both.call(both.client.files.upload(odd))
    assert str(file).encode("utf-8")
    assert file.id.isascii()


async def test_two_who_watch_one_job_see_the_same(both, train):
    """Case 143."""
    file = await both.call(both.client.files.upload(train))
    job = await both.call(both.client.jobs.create(MODEL, training_file=file))
    first = await both.collect(both.client.jobs.watch(job))
    second = await both.collect(both.client.jobs.watch(job))
    told = [[event.metrics for event in events if event.type == "metrics"] for events in (first, second)]
    assert told[0] == told[1] != []
    assert first[-1].status == second[-1].status


def test_times_are_utc_wherever_one_is(run, monkeypatch):
    """Case 146."""

    async def moment(io):
        return await io.now()

    seen = []
    for zone in ("UTC", "America/New_York", "Asia/Kathmandu"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        seen.append(run(moment))
    monkeypatch.delenv("TZ")
    time.tzset()
    assert {found.utcoffset() for found in seen} == {seen[0].utcoffset()}
    assert (seen[-1] - seen[0]).total_seconds() < 60


@pytest.mark.parametrize(
    "arguments", [("models", "list"), ("jobs", "get", "größe-日本"), ("data", "check", "größe.jsonl")]
)
def test_a_terminal_that_knows_only_ascii_is_written_to(arguments, tmp_path):
    """Case 147."""
    variables = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "maas_client", *arguments],
        env={**variables, "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert b"UnicodeEncodeError" not in done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_client_made_before_a_fork_works_on_both_sides(server):
    """Case 150: each process has connections of its own."""
    with MaaSClient(**server.settings()) as client:
        list(client.jobs.list())
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(writing, str(len(list(client.deployments.list()))).encode() or b"-")
            finally:
                os._exit(0)
        os.close(writing)
        here = str(len(list(client.deployments.list())))
        with os.fdopen(reading) as told:
            assert told.read() == here
        assert os.waitpid(child, 0)[1] == 0
        list(client.jobs.list())


def _options() -> Iterator[tuple[str, click.Parameter]]:
    def below(path: str, command: click.Command) -> Iterator[tuple[str, click.Parameter]]:
        yield from ((path, parameter) for parameter in command.params)
        if isinstance(command, click.Group):
            for name in command.list_commands(click.Context(command)):
                child = command.get_command(click.Context(command), name)
                assert child is not None
                yield from below(f"{path} {name}", child)

    for name in COMMANDS:
        command = root.get_command(click.Context(root), name)
        assert command is not None
        yield from below(name, command)


NO_SECRETS = {"price_per_1k_tokens", "tokenizer_json", "max_tokens", "resume_token"}
OPEN_NOTHING_BUT_A_LOCAL_SERVER = {
    ("contract", "admin_token"),
    ("serve", "admin_token"),
    ("serve", "token_lifetime"),
    ("serve", "api_key"),
}


def test_no_secret_is_taken_on_the_command_line():
    """Case 175: what stands there is seen by every user of the machine."""
    words = ("key", "token", "secret", "password", "credential", "connection_string")
    taken = {
        (path, parameter.name or "")
        for path, parameter in _options()
        if any(word in (parameter.name or "") for word in words) and not getattr(parameter, "is_flag", False)
    }
    harmless = {
        found for found in taken if found[1] in {"price_per_1k_tokens", "tokenizer_json", "max_tokens", "resume_token"}
    }
    assert taken - harmless - OPEN_NOTHING_BUT_A_LOCAL_SERVER == set()


async def test_nothing_of_the_data_and_no_secret_is_logged(both, train, caplog, tmp_path):
    """Case 176, and 168 to 170 where the program logs everything."""
    word = "canary4711"
    path = tmp_path / "secret.jsonl"
    rows = [json.loads(line) for line in train.read_text().splitlines()]
    for row in rows:
        row["messages"][0]["content"] += f" {word}"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with caplog.at_level(logging.DEBUG):
        file = await both.call(both.client.files.upload(path))
        job = await both.call(both.client.jobs.create(MODEL, training_file=file))
        job = await both.call(both.client.jobs.wait(job))
        poller = await both.call(
            both.client.deployments.begin_create(f"log-{job.name[-8:]}", model=job.fine_tuned_model)
        )
        deployment = await both.call(poller.result())
        keys = await both.call(both.client.deployments.keys(deployment))
        await both.call(
            both.client.chat.create(deployment, messages=[{"role": "user", "content": f"tell me of {word}"}])
        )
    logged = caplog.text + "".join(repr(record.args) for record in caplog.records)
    assert "Jobs_CreateOrUpdate" in logged
    assert not re.search(r"sig=(?!REDACTED)|Bearer (?!REDACTED)", logged)
    assert word not in logged
    assert keys.primary.get_secret_value() not in logged


class Waking(ScriptedIO):
    """A machine that sleeps for hours in the middle of a wait, and whose wall clock is set meanwhile."""

    def __init__(self, script: list[Any], *, asleep: float = 0.0, set_by: float = 0.0) -> None:
        super().__init__(script)
        self.asleep, self.set_by = asleep, set_by

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.clock += self.asleep

    async def now(self) -> Any:
        self.set_by = -self.set_by
        return await super().now() + timedelta(seconds=self.set_by)


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_wall_clock_that_jumps_changes_no_wait_and_no_token(jump):
    """Case 144."""
    io = Waking([answer(503), answer(200)], set_by=jump)
    assert stepping.run(caller(io).send(call())).status == 200
    assert io.sleeps[0] <= 8


def test_two_threads_that_create_the_same_make_one_job(server, train):
    """Case 96."""
    with MaaSClient(**Workspace.fresh(server, "threads").settings()) as client:
        file = client.files.upload(train)

        def create(_number: int) -> str:
            return client.jobs.create(MODEL, training_file=file, name="once").name

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(create, range(6))) == {"once"}
        assert [job.name for job in client.jobs.list()] == ["once"]


@dataclass
class Sleeping(World):
    """A machine whose lid is closed in the middle of each wait."""

    asleep: float = 8 * 3600.0

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.clock += self.asleep


def test_a_machine_that_slept_goes_on_watching():
    """Case 145: the network is not there yet when it wakes; that was no outage of eight hours."""
    down = ConnectError("Nobody answers at management.azure.com.")
    asked = Sleeping(steps=dict(world().steps))
    asked.on("ModelVersions_List", {"value": [{"name": "1", "properties": {"jobName": "bot"}}]})
    asked.on("Jobs_Get", job("Queued"), down, down, job("Running"), job("Completed"))
    asked.on("MLflow_GetRun", {})
    asked.on("RunHistory_GetDetails", {})
    events = list(Jobs(AsyncJobs(asked.session())).watch("bot"))
    assert [event.status.value for event in events if event.type == "status"] == ["queued", "running", "succeeded"]
    assert sum("Connection lost" in event.message for event in events) == 1
