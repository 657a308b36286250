"""Any sequence of submitting, applying plans, crashing, losing answers and going on: never a second job, none lost.

The server is a model of a few lines; the client, its journal on disk included, is the real one. A crash comes at any
point that the journal names or at any request, and leaves what a killed process leaves: the journal and the server.
`SUBMISSION_RUNS` sets the number of sequences: 100 by default.

`test_submission_machine.py` runs this in a process of its own: an audit hook is there for good, and while any is,
threads that begin at once may meet in `sys.settrace` (CPython 3.11), which coverage calls in each, and one dies.
"""

import json
import os
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from maas_client.core.io import FileBody, Request, Response
from maas_client.core.journal import Record
from maas_client.errors import BrokenResponseError, ConnectError, MaaSError, RequestTimeoutError
from maas_client.journal import SqliteJournal
from maas_client.resources.submissions import AsyncSubmissions, Submission, Submissions
from maas_client.types import Plan, StepState, SubmissionState
from tests.unit.resources.world import BEGIN, DATA, World, refusal

RUNS = int(os.environ.get("SUBMISSION_RUNS", "100"))
MODEL = "Phi-4-mini-instruct"
FILES = {"/data/a.jsonl": b'{"a": 1}\n', "/data/b.jsonl": b'{"b": 2}\n'}
LOST_AFTER = ("commit-then-drop", "commit-then-late", "commit-then-500")
KINDS = ("pass", "pass", "pass", *LOST_AFTER, "drop", "late", "refused", "503", "429", "stale")


pytestmark = pytest.mark.timeout(max(120, RUNS * 3))


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Fuse:
    """Counts points down, and kills."""

    left: int = 0

    def burn(self) -> None:
        if self.left > 0:
            self.left -= 1
            if self.left == 0:
                raise Killed


FUSE = Fuse()


def burn_at_points(event: str, _arguments: tuple[Any, ...]) -> None:
    if event == "maas_client.journal":
        FUSE.burn()


sys.addaudithook(burn_at_points)


@dataclass
class Service:
    """What is at the service, whoever talks to it."""

    clock: float = 0.0
    blobs: dict[str, tuple[int, str]] = field(default_factory=dict)
    jobs: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    endpoints: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)

    def answer(self, request: Request) -> Response:
        path = urlsplit(request.url).path
        name = path.rsplit("/", 1)[-1]
        handler = getattr(self, f"on_{request.operation.removesuffix('_Poll').lower()}", None)
        assert handler is not None, request
        answer: Response = handler(request, path if request.operation.startswith("Blob") else name)
        return answer

    def on_workspaces_get(self, _request: Request, _name: str) -> Response:
        return json_answer({"location": "eastus2", "properties": {"workspaceId": "w", "discoveryUrl": f"{DATA}/d"}})

    def on_discovery_get(self, _request: Request, _name: str) -> Response:
        return json_answer({"api": DATA})

    def on_datastores_get(self, _request: Request, _name: str) -> Response:
        return json_answer({"properties": {"accountName": "acct", "containerName": "con"}})

    def on_datastores_listsecrets(self, _request: Request, _name: str) -> Response:
        return json_answer({"sasToken": "sig=s"})

    def on_blob_getproperties(self, _request: Request, path: str) -> Response:
        if path not in self.blobs:
            return refusal(404)
        length, digest = self.blobs[path]
        headers = {"content-length": str(length), "x-ms-meta-sha256": digest, "x-ms-blob-type": "BlockBlob"}
        return Response(200, headers, b"")

    def on_blob_put(self, request: Request, path: str) -> Response:
        if path in self.blobs:
            return refusal(409, "BlobAlreadyExists")
        assert isinstance(request.body, FileBody)
        self.made[f"blob {path}"] += 1
        self.blobs[path] = request.body.length, request.headers["x-ms-meta-sha256"]
        return Response(201, {}, b"")

    def on_jobs_createorupdate(self, request: Request, name: str) -> Response:
        assert isinstance(request.body, bytes)
        if name not in self.jobs:
            self.made[f"job {name}"] += 1
            self.jobs[name] = request.body, self.clock
            return self._job(name, 201)
        if self.jobs[name][0] != request.body:
            return refusal(400, "UserError", "A job with this name already exists; its definition is immutable")
        return self._job(name, 200)

    def on_jobs_get(self, _request: Request, name: str) -> Response:
        return self._job(name, 200) if name in self.jobs else refusal(404)

    def _job(self, name: str, status: int) -> Response:
        body, since = self.jobs[name]
        age = self.clock - since
        word = "Queued" if age < 30 else "Running" if age < 120 else "Completed"
        properties = json.loads(body)["properties"]
        return json_answer({"name": name, "properties": {**properties, "status": word}}, status)

    def on_modelversions_list(self, request: Request, _name: str) -> Response:
        model = urlsplit(request.url).path.split("/")[-2]
        return json_answer({"value": [{"name": "1", "id": "x", "properties": {"jobName": model, "properties": {}}}]})

    def on_runhistory_getdetails(self, _request: Request, _name: str) -> Response:
        return json_answer({})

    def on_mlflow_getrun(self, _request: Request, _name: str) -> Response:
        return json_answer({})

    def on_serverlessendpoints_get(self, _request: Request, name: str) -> Response:
        return self._endpoint(name, 200) if name in self.endpoints else refusal(404)

    on_serverlessendpoints_createorupdate_poll = on_serverlessendpoints_get

    def on_serverlessendpoints_createorupdate(self, request: Request, name: str) -> Response:
        if request.method == "GET":
            return self.on_serverlessendpoints_get(request, name)
        assert isinstance(request.body, bytes)
        if name in self.endpoints:
            return self._endpoint(name, 200)
        self.made[f"endpoint {name}"] += 1
        self.endpoints[name] = request.body, self.clock
        return self._endpoint(name, 201)

    def _endpoint(self, name: str, status: int) -> Response:
        body, since = self.endpoints[name]
        document = json.loads(body)
        ready = {"provisioningState": "Succeeded", "inferenceEndpoint": {"uri": "https://x.models.ai.azure.com"}}
        state = ready if self.clock - since > 60 else {"provisioningState": "Creating"}
        return json_answer({**document, "name": name, "properties": {**document["properties"], **state}}, status)


def json_answer(body: object, status: int = 200) -> Response:
    return Response(status, {}, json.dumps(body).encode())


@dataclass
class Line(World):
    """One process's way to the service: it loses what it is told to lose."""

    service: Service = field(default_factory=Service)
    kinds: list[str] = field(default_factory=list)
    skew: float = 0.0

    async def send(self, request: Request, **_how: Any) -> Response:
        FUSE.burn()
        kind = self.kinds.pop(0) if self.kinds else "pass"
        if kind == "refused":
            raise ConnectError("refused", operation=request.operation)
        if kind in {"503", "429"}:
            return refusal(int(kind))
        if kind == "drop":
            raise BrokenResponseError("cut", operation=request.operation)
        if kind == "late":
            raise RequestTimeoutError("late", operation=request.operation)
        if kind == "stale" and request.operation in {"Jobs_Get", "ServerlessEndpoints_Get", "Blob_GetProperties"}:
            return refusal(404)  # a replica that has not heard of it yet
        answer = self.service.answer(request)
        FUSE.burn()
        if kind == "commit-then-drop":
            raise BrokenResponseError("cut", operation=request.operation)
        if kind == "commit-then-late":
            raise RequestTimeoutError("late", operation=request.operation)
        return refusal(500) if kind == "commit-then-500" else answer

    async def sleep(self, seconds: float) -> None:
        self.service.clock += seconds

    async def monotonic(self) -> float:
        return self.service.clock

    async def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.service.clock + self.skew)


TROUBLE = st.lists(st.sampled_from(KINDS), max_size=14)
CRASH = st.one_of(st.just(0), st.integers(1, 45))


class Machine(RuleBasedStateMachine):
    """One user, one journal, one workspace; a process for each thing that is done."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.service = Service()
        self.skew = 0.0
        self.refused = 0
        self.plans: list[Plan] = []

    def process(self, kinds: list[str]) -> Submissions:
        line = Line(service=self.service, kinds=list(kinds), skew=self.skew, files=dict(FILES))
        session = line.session(max_retries=2)
        return Submissions(AsyncSubmissions(session, self.journal()))

    def journal(self) -> SqliteJournal:
        return SqliteJournal(Path(self.folder.name) / "journal")

    def work(self, begin: Any, crash: int) -> None:
        """Live as a process lives: to the end, to an error, or until it is killed."""
        FUSE.left = crash
        try:
            with suppress(Killed, MaaSError):
                submission: Submission = begin()
                submission.run()
        finally:
            FUSE.left = 0

    @rule(
        file=st.sampled_from(sorted(FILES)),
        name=st.sampled_from([None, "bot", "other"]),
        deploy=st.booleans(),
        trouble=TROUBLE,
        crash=CRASH,
    )
    def submit(self, file: str, name: str | None, deploy: bool, trouble: list[str], crash: int) -> None:
        options: dict[str, Any] = {} if name is None else {"name": name}
        wish = f"d-{name or 'made-up'}-{file[6]}" if deploy else None
        found = self.process(trouble)
        may_exist = [run for run in self.unseen() if self.content(run) == (file, wish)]
        before = len(self.journal().records())
        self.work(lambda: found.create(MODEL, training_file=file, check=False, deploy=wish, **options), crash)
        if name is None and may_exist:
            assert len(self.journal().records()) == before, "a second job of what may exist already"

    @rule(file=st.sampled_from(sorted(FILES)), name=st.sampled_from([None, "bot", "other"]), deploy=st.booleans())
    def plan(self, file: str, name: str | None, deploy: bool) -> None:
        options: dict[str, Any] = {} if name is None else {"name": name}
        wish = f"d-{name or 'made-up'}-{file[6]}" if deploy else None
        with suppress(MaaSError):  # the clock may stand where the model is retired
            self.plans.append(self.process([]).plan(MODEL, training_file=file, check=False, deploy=wish, **options))

    @rule(choice=st.integers(0, 20), trouble=TROUBLE, crash=CRASH)
    def apply(self, choice: int, trouble: list[str], crash: int) -> None:
        if self.plans:
            plan = self.plans[choice % len(self.plans)]
            found = self.process(trouble)
            self.work(lambda: found.apply(plan), crash)

    def unseen(self) -> list[Record]:
        """Runs under made-up names whose job may exist."""
        runs = [run for run in self.journal().records() if run.plan["name"].startswith("ft-")]
        return [run for run in runs if run.step("create-job").state is StepState.SENT]

    def content(self, run: Record) -> tuple[str, str | None]:
        return run.plan["files"][0]["path"], (run.plan["deployment"] or {"name": None})["name"]

    @rule(choice=st.integers(0, 20), trouble=TROUBLE, crash=CRASH)
    def resume(self, choice: int, trouble: list[str], crash: int) -> None:
        known = self.journal().records()
        if known:
            run = known[choice % len(known)].id
            found = self.process(trouble)
            self.work(lambda: found.resume(run), crash)

    @rule(hours=st.sampled_from([-9000.0, -1.0, 1.0, 9000.0]))
    def set_the_clock(self, hours: float) -> None:
        self.skew += hours * 3600

    @rule(seconds=st.sampled_from([30.0, 700.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.service.clock += seconds

    @invariant()
    def nothing_is_made_twice_or_unplanned(self) -> None:
        assert all(count == 1 for count in self.service.made.values()), self.service.made
        planned = {record.plan["name"] for record in self.journal().records()}
        assert self.service.jobs.keys() <= planned

    @invariant()
    def what_the_journal_says_is_so(self) -> None:
        for record in self.journal().records():
            name = record.plan["name"]
            if record.step("create-job").state is StepState.DONE:
                assert name in self.service.jobs
            if record.step("create-job").state is StepState.PENDING and name not in {"bot", "other"}:
                assert name not in self.service.jobs, "it was sent before it was written down"

    def teardown(self) -> None:
        """Once nothing goes wrong any more, every run comes to its end, unless its name is another's."""
        try:
            self.nothing_is_made_twice_or_unplanned()
            for record in self.journal().records():
                submission = self.process([]).resume(record.id)
                try:
                    submission.run()
                except MaaSError as error:
                    taken = record.plan["name"] in {"bot", "other"} or "serves" in str(error)
                    assert taken, error  # noqa: PT017 - any other failure is one of ours
                else:
                    assert submission.info.state is SubmissionState.DONE
            self.nothing_is_made_twice_or_unplanned()
            made_up = [r.plan["name"] for r in self.journal().records() if r.plan["name"].startswith("ft-")]
            assert set(made_up) <= self.service.jobs.keys()
        finally:
            self.folder.cleanup()


Machine.TestCase.settings = settings(
    max_examples=RUNS,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TestSubmissions = Machine.TestCase
