"""Secrets that really travel, and everything that is written meanwhile: nothing of them is found.

The canaries are not guessed: a port in between takes down each credential that leaves, header and query alike, and each
key that the service hands out. The whole line is walked with every logger at DEBUG, with errors that repeat what was
sent; then all that was written or could be printed is searched for them, as they are and percent-encoded.
"""

import io
import json
import logging
import os
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest

from maas_client import AsyncMaaSClient, MaaSClient
from maas_client.errors import MaaSError
from maas_client.testing import Faults, Server, Workspace, serving
from tests.contract.conftest import Both

MODEL, BASE = "Phi-3-mini-4k-instruct", "Phi-4-mini-instruct"
BEARER = "canaryBearer0a1b2c3d4e5f6a7b8c9d"
RUN = "canaryRun9f8e7d6c5b4a39281706"
ECHOED_KEY = "k9" * 43 + "=="
SIGNED = "https://elsewhere.example/operations/1?sig=canarySignature1a2b3c4d5e&t=1"
TEXT = "canary of the training text 5151"
LOGGERS = ("", "maas_client", "httpx", "httpcore", "azure", "msal", "urllib3", "asyncio")


class Heard:
    """A port that takes down what opens something, and passes everything on."""

    def __init__(self, port: Any, secrets: dict[str, str]) -> None:
        self._port = port
        self._secrets = secrets

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    async def send(self, request: Any, *, headers: Mapping[str, str], timeout: float) -> Any:
        self._hear(request, headers)
        answer = await self._port.send(request, headers=headers, timeout=timeout)
        if request.operation in {"Datastores_ListSecrets", "ServerlessEndpoints_ListKeys"}:
            told = json.loads(answer.body)
            self._secrets |= {f"{request.operation} {key}": told[key] for key in told if key != "secretsType"}
        return answer

    def stream(self, request: Any, *, headers: Mapping[str, str], timeout: float) -> Any:
        self._hear(request, headers)
        return self._port.stream(request, headers=headers, timeout=timeout)

    def _hear(self, request: Any, headers: Mapping[str, str]) -> None:
        sent = headers.get("authorization", "").rpartition(" ")[2].rpartition(":")[2]
        if sent:
            self._secrets[f"authorization of {request.operation}"] = sent
        for name, value in parse_qsl(urlsplit(request.url).query):
            if name.lower() in {"sig", "skoid", "sktid"}:
                self._secrets[f"{name} of {request.operation}"] = value


class Trial(Both):
    """A client that is heard, and everything that it wrote or could have printed."""

    def __init__(self, client: Any, faults: Faults) -> None:
        super().__init__(client)
        self.faults = faults
        self.secrets: dict[str, str] = {"bearer": BEARER}
        self.written: dict[str, str] = {}
        session = client._session
        session.caller.io = Heard(session.caller.io, self.secrets)

    def keep(self, what: str, *things: object) -> None:
        for thing in things:
            self.written[f"{what} {len(self.written)}"] = f"{thing}\n{thing!r}"

    async def fails(self, value: Callable[[], Any]) -> None:
        with pytest.raises(MaaSError) as caught:
            await self.call(value())
        error = caught.value
        self.keep("error", error, error.hint, vars(error), "".join(traceback.format_exception(error)))
        logging.getLogger("program").error("failed", exc_info=error)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module", params=["sas", "key"])
def server(state: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    folder = state / request.param
    with serving(folder, clock="scaled:3000", datastore_auth=request.param, log_level="debug") as running:
        yield running


@pytest.fixture(params=["sync", "async"])
async def trial(request: pytest.FixtureRequest, server: Server) -> Any:
    workspace = Workspace.fresh(server, request.node.name)
    faults = Faults(workspace)
    settings: Any = workspace.settings()
    if request.param == "sync":
        with MaaSClient(credential=BEARER, max_retries=1, **settings) as client:
            yield Trial(client, faults)
    else:
        async with AsyncMaaSClient(credential=BEARER, max_retries=1, **settings) as client:
            yield Trial(client, faults)
    assert faults.complaints() == []
    faults.clear()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Every logger at DEBUG, with all that a record holds."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)r %(pathname)s"))
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield said
    logging.getLogger().removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def reprs(root: object) -> Iterator[str]:
    """Print every object of ours that can be reached."""
    seen: set[int] = set()
    todo = [root]
    while todo:
        found = todo.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, Mapping):
            todo += [*found.values()]
        elif isinstance(found, list | tuple | set | frozenset):
            todo += [*found]
        elif type(found).__module__.startswith("maas_client"):
            yield f"{found!r} {found}"
            names = [name for kind in type(found).__mro__ for name in getattr(kind, "__slots__", ())]
            todo += [getattr(found, name) for name in names if hasattr(found, name)]
            todo += [*getattr(found, "__dict__", {}).values()]


def forms(secret: str) -> set[str]:
    plain = unquote(secret)
    return {secret, plain, quote(plain, safe=""), quote(plain), json.dumps(plain)[1:-1], plain.replace("/", "\\/")}


def found_in(text: str, secrets: Mapping[str, str]) -> list[str]:
    leaked = [
        f"{what}: ...{text[max(0, text.index(form) - 40) :][:60]}"
        for what, secret in secrets.items()
        for form in forms(secret)
        if form in text
    ]
    return leaked[:3] + re.findall(r"(?i)\b(?:sig|se|skoid)(?:=|%3D)(?!REDACTED)[^\s\"'&]{4,}", text)


async def walk(trial: Trial, train: Path) -> None:
    """Go from the file to the answer, and keep every token and value on the way."""
    client = trial.client
    submission = await trial.call(client.submissions.create(MODEL, training_file=train, name="job", deploy="bot"))
    events = await trial.collect(submission.watch())
    result = await trial.call(submission.run())
    trial.keep("submission", submission, submission.token, submission.info, submission.plan, result)
    trial.keep("events", *events, *(event.resume_token for event in events))
    file = await trial.call(client.files.upload(train))
    lines = await trial.collect(client.jobs.logs("job"))
    artifacts = await trial.collect(client.jobs.artifacts("job"))
    trial.keep("values", file, lines, artifacts, *await trial.collect(client.jobs.list()))
    poller = await trial.call(client.deployments.begin_create("other", model=BASE))
    trial.keep("poller", poller, poller.resume_token, vars(poller))
    await trial.call(poller.result(timeout=30))
    keys = await trial.call(client.deployments.keys("bot"))
    trial.secrets |= {"primary": keys.primary.get_secret_value(), "secondary": keys.secondary.get_secret_value()}
    trial.keep("keys", keys, f"{keys.primary}", keys.model_dump(), keys.model_dump_json())
    reply = await trial.call(client.chat.create("bot", messages=[{"role": "user", "content": "Hello"}]))
    trial.keep("reply", reply)


def echo(status: int, *sent: str) -> dict[str, Any]:
    """Return a refusal that repeats what was sent to whoever refuses, as it is and as others write it."""
    shapes = [f"Authorization: Bearer {value}" for value in sent]
    shapes += [f"sig={quote(value, safe='')}&se=2026-11-27T22%3A00%3A00Z&skoid=0b1c" for value in sent]
    shapes += [f"DefaultEndpointsProtocol=https;AccountName=st;AccountKey={ECHOED_KEY};EndpointSuffix=core.windows.net"]
    told = " ".join([*(f"Access denied due to invalid key {value}." for value in sent), *shapes])
    headers = {"Location": SIGNED}
    return {"do": "status", "status": status, "code": "".join(sent), "message": told, "headers": headers}


def shapes_alone(fault: dict[str, Any]) -> str:
    """Return the message but for its first sentence: what has no shape is known only where it was sent."""
    message: str = fault["message"]
    return message.partition(". ")[2]


async def stumble(trial: Trial, train: Path) -> None:
    """Meet errors that repeat what was sent."""
    client, faults = trial.client, trial.faults
    trial.secrets["account key of the echo"] = ECHOED_KEY
    faults.on("Jobs_Get", echo(403, BEARER))
    await trial.fails(lambda: client.jobs.get("job"))
    page = echo(403, BEARER)
    faults.on("Jobs_List", {**page, "body": f"<html>{page['message']}</html>"})
    await trial.fails(lambda: trial.collect(client.jobs.list()))
    key = trial.secrets["primary"]
    question: list[Any] = [{"role": "user", "content": "Hello"}]
    # Its interface repeats a code in a header too, which httpcore logs at DEBUG: codes are not keys there.
    faults.on("Chat_Complete*", {**echo(403, key), "code": "unauthorized"})
    await trial.fails(lambda: client.chat.create("bot", messages=question))
    faults.on("Chat_Complete*", {**echo(400, key), "code": "unauthorized"})
    await trial.fails(lambda: trial.collect(client.chat.stream("bot", messages=question)))
    trial.secrets["what the run says"] = RUN
    reason = shapes_alone(echo(400, RUN))
    faults.on("Jobs_CreateOrUpdate", {"do": "run-fails", "stage": "training", "message": reason})
    file = await trial.call(client.files.upload(train))
    failing = await trial.call(client.jobs.create(MODEL, training_file=file, name="failing"))
    trial.keep("events of a failure", *await trial.collect(client.jobs.watch(failing)))
    await trial.fails(lambda: client.jobs.wait(failing, timeout=30))
    train.write_text(train.read_text().replace("about", "on"))
    sent = next(value for what, value in trial.secrets.items() if "Blob" in what)
    refused = echo(403, sent)
    faults.on("Blob_*", *[{**refused, "code": "AuthenticationFailed", "message": shapes_alone(refused)}] * 3)
    await trial.fails(lambda: client.files.upload(train))
    faults.clear()
    faults.on("Datastores_Get", *["reset"] * 9, must_fire=False)
    await trial.fails(lambda: client.files.upload(train))
    faults.clear()


async def test_nothing_that_opens_something_is_written_anywhere(
    trial: Trial, train: Path, state: Path, log: io.StringIO, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    train.write_text(train.read_text().replace("question", TEXT))
    with trial.client.raw_responses() as responses:
        await walk(trial, train)
        await stumble(trial, train)
    trial.keep("responses", responses, *responses, *(response.url for response in responses))
    trial.keep("refusals", *(f"{response.status} {response.request_id}" for response in responses))

    kinds = {what.partition(" of ")[0] for what in trial.secrets}
    assert {"bearer", "authorization", "primary"} <= kinds
    assert any(what.startswith("sig of ") for what in trial.secrets)
    journal = Path(os.environ["MAAS_JOURNAL_DIR"])
    trial.written |= {str(path): path.read_bytes().decode("latin-1") for path in journal.rglob("*") if path.is_file()}
    trial.written |= {f"repr {number}": text for number, text in enumerate(reprs(trial.client))}
    trial.written |= {"log": log.getvalue(), "stdout and stderr": "".join(capfd.readouterr())}
    assert "httpcore" in trial.written["log"]
    assert '"messages": [{"role": "user", "content": "REDACTED"}]' in trial.written["log"]
    assert '"primaryKey": "REDACTED"' in trial.written["log"]
    assert any(trial.secrets["primary"].encode() in (response.body or b"") for response in responses)
    assert "Traceback" in trial.written["log"]
    leaks = {what: found for what, text in trial.written.items() if (found := found_in(text, trial.secrets))}
    assert leaks == {}
    assert [what for what in trial.written if TEXT in trial.written[what]] == []
    # What the server has made itself, such as its keys, it must keep; what it was sent it must not.
    sent = {what: secret for what, secret in trial.secrets.items() if "authorization" in what or "sig of" in what}
    kept = {path: path.read_bytes().decode("latin-1") for path in state.rglob("*") if path.is_file()}
    made = {trial.secrets["primary"], trial.secrets["secondary"]}
    sent = {what: secret for what, secret in sent.items() if secret not in made}
    assert [path for path in kept if path.name == "server.log"]
    stored = {path: [what for what, secret in sent.items() if secret in text] for path, text in kept.items()}
    assert {path: what for path, what in stored.items() if what} == {}
