"""kill -9 of the client at every point of submit that its journal names, and going on: one job, one endpoint.

Nothing here knows the points: a first run, left alone, tells them.
"""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from maas_client.journal import SqliteJournal
from maas_client.resources._submission_record import describe
from maas_client.testing import Server, Workspace, serving
from maas_client.types import SubmissionState
from tests.cli.program import MODEL, environment, row

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows"),
    pytest.mark.slow,
    pytest.mark.timeout(300),
]
ROOT = Path(__file__).parents[2]
SUBMIT = ("submit", "--model", MODEL, "--train", "train.jsonl", "--validation", "valid.jsonl", "--deploy")
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), clock="scaled:50000") as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("client")
    for name, first in (("train", 0), ("valid", 1000)):
        (place / f"{name}.jsonl").write_text("".join(f"{row(first + index)}\n" for index in range(40)))
    with (place / "large.jsonl").open("wb") as file:
        file.truncate(65 * MEBIBYTE)
    return place


@pytest.fixture(scope="module")
def nursery(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.crash.nursery", str(folder / "train.jsonl")]
    # Its children end at once, and leave no coverage: they need not count lines.
    own = {name: value for name, value in environment().items() if name != "COVERAGE_PROCESS_CONFIG"}
    with subprocess.Popen(
        command, cwd=ROOT, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@dataclass
class Client:
    """A client's machine: its files, its journal, and a workspace of its own."""

    nursery: "subprocess.Popen[str]"
    folder: Path
    workspace: Workspace
    place: Path
    sent: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.workspace.name

    def run(self, *argv: str, **crash: int) -> int:
        log, out = self.place / "log", self.place / "out"
        log.unlink(missing_ok=True)
        own = {"MAAS_JOURNAL_DIR": str(self.place / "journal"), **self.workspace.environment()}
        run = {"argv": argv, "environment": own, "folder": str(self.folder), "log": str(log), "out": str(out), **crash}
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps(run) + "\n")
        self.nursery.stdin.flush()
        code: int = json.loads(self.nursery.stdout.readline())["code"]
        self.sent += [line.removeprefix("sent ") for line in self.lines() if line.startswith("sent ")]
        return code

    def lines(self) -> list[str]:
        log = self.place / "log"
        return log.read_text().splitlines() if log.exists() else []

    def points(self) -> list[str]:
        return [line.removeprefix("point ") for line in self.lines() if line.startswith("point ")]

    def go_on(self, *submit: str) -> int:
        """Do what a user does: go on with the run if there is one, else submit again."""
        return self.run("runs", "resume", self.name) if self.runs() else self.run(*submit)

    def runs(self) -> list[SubmissionState]:
        return [describe(record).state for record in SqliteJournal(self.place / "journal").records()]

    def told(self) -> str:
        return (self.place / "out").read_text()

    def found(self) -> tuple[list[str], list[str]]:
        with self.workspace.client() as client:
            jobs = [job.name for job in client.jobs.list(view="all")]
            return jobs, [deployment.name for deployment in client.deployments.list()]


@pytest.fixture
def make(nursery: Any, folder: Path, server: Server, tmp_path: Path) -> Any:
    def make_client(name: str) -> Client:
        place = tmp_path / name
        place.mkdir()
        return Client(nursery, folder, Workspace.fresh(server, name), place)

    return make_client


def test_killed_at_every_point_of_submit_there_is_one_of_each(make: Any) -> None:
    whole = make("whole")
    assert whole.run(*SUBMIT, "--name", whole.name) == 0, whole.told()
    points = whole.points()
    assert len(points) >= 25, points
    assert whole.found() == ([whole.name], [whole.name])

    for number, point in enumerate(points, start=1):
        client = make(f"p{number}")
        submit = (*SUBMIT, "--name", client.name)
        assert client.run(*submit, crash_at=number) == -signal.SIGKILL, (point, client.told())
        reached = client.points()
        # Which looks see which stages is a matter of time; the steps themselves are not.
        assert len(reached) == number, point
        assert client.go_on(*submit) == 0, (point, client.told())
        assert client.found() == ([client.name], [client.name]), point
        counts = Counter(client.sent)
        assert counts["Blob_Put"] <= 3, point  # of two files one may have been under way
        assert counts["Jobs_CreateOrUpdate"] <= 2, point
        assert counts["ServerlessEndpoints_CreateOrUpdate"] <= 2, point
        assert client.runs() == [SubmissionState.DONE], point
    print(f"{len(points)} points: {', '.join(points)}")


def test_killed_twice_there_is_still_one_of_each(make: Any) -> None:
    for first, second in ((6, 2), (9, 4), (12, 3), (14, 1), (20, 5)):
        client = make(f"p{first}-{second}")
        submit = (*SUBMIT, "--name", client.name)
        assert client.run(*submit, crash_at=first) == -signal.SIGKILL
        assert client.run("runs", "resume", client.name, crash_at=second) == -signal.SIGKILL
        assert client.go_on(*submit) == 0, client.told()
        assert client.found() == ([client.name], [client.name])


# Of 9 blocks and their commit, before the first is sent, between and after them, and when all are there.
@pytest.mark.parametrize("moment", [1, 2, 5, 9, 14, 18, 19, 20])
def test_killed_in_a_large_upload_no_block_is_sent_more_than_twice(make: Any, moment: int) -> None:
    client = make(f"m{moment}")
    upload = ("upload-and-create", "large.jsonl", client.name)
    assert client.run(*upload, crash_at_block=moment) == -signal.SIGKILL
    before = Counter(client.sent)
    assert client.run("runs", "resume", client.name) == 0, client.told()
    counts = Counter(client.sent)
    blocks = {name: count for name, count in counts.items() if name.startswith("Blob_PutBlock ")}

    assert len(blocks) == 9
    assert max(blocks.values()) <= 2
    # What the service had acknowledged is not sent again; in flight were four at most.
    assert sum(blocks.values()) - 9 <= 4
    assert counts["Blob_PutBlockList"] - before["Blob_PutBlockList"] <= 1
    assert client.found()[0] == [client.name]
