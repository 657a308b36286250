"""A server that checks its wire: what it writes, and what it does when it is wrong."""

import asyncio
import json
import os
import stat
import sys
from operator import itemgetter

import pytest

from maas_client.server.checking import SPECS_VARIABLE, STRICT_VARIABLE, VARIABLE, checker, chosen
from maas_client.server.conformance.examine import Examiner
from maas_client.server.conformance.middleware import MAX_KEPT_BYTES, Conformance
from maas_client.server.conformance.record import Record
from maas_client.server.schemas import CONTRACT, schema_file
from tests.unit.server.conftest import Space, start_server

JSON = [(b"content-type", b"application/json")]


@pytest.fixture
def doctored(tmp_path):
    """Our own description as a published one, in which workspaces have a colour: so every workspace deviates."""
    content = json.loads(schema_file(CONTRACT).read_text(encoding="utf-8"))
    content["components"]["schemas"]["Workspace"]["required"].append("colour")
    path = tmp_path / "doctored.json"
    path.write_text(json.dumps(content))
    return path


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def stopped(running):
    """Stop a server; return what it logged."""
    running.process.terminate()
    return running.process.communicate(timeout=20)[1]


@pytest.fixture
def own(tmp_path, doctored):
    """Start a server with a record of its own: its deviations are meant."""
    begun = []

    def start(*options):
        arguments = ("--conformance", str(tmp_path / "record.jsonl"), "--conformance-spec", str(doctored), *options)
        begun.append(start_server(tmp_path / "state", *arguments))
        return begun[-1]

    yield start
    for running in begun:
        if running.process.poll() is None:
            running.kill()


def test_a_wrong_answer_is_an_error_on_a_strict_server(own, tmp_path):
    running = own("--conformance-strict")
    answer = Space(running).call("GET", "")
    assert (answer.status, answer.error["code"]) == (500, "ConformanceViolation")
    assert "'colour' is a required property" in answer.error["message"]
    assert Space(running).call("GET", "/jobs").status == 200
    assert "colour" in stopped(running)


def test_a_wrong_answer_is_logged_and_written_and_goes_out_otherwise(own, tmp_path):
    running = own()
    space = Space(running)
    assert space.call("GET", "").status == 200
    log = stopped(running)
    assert "ERROR" in log
    assert "'colour' is a required property" in log
    line = lines_of(tmp_path / "record.jsonl")[0]
    assert (line["operation"], line["method"], line["status"]) == ("Workspaces_Get", "GET", 200)
    assert line["api_version"] == "2024-10-01-preview"
    assert line["checked"] == {"contract": ["request", "response"], "published 1": ["request", "response"]}
    assert [(each["document"], each["where"], each["known"]) for each in line["deviations"]] == [
        ("published 1", "$", None)
    ]


def test_secrets_do_not_reach_the_record(own, tmp_path):
    running = own()
    space = Space(running)
    signature = space.sas()
    url = f"{space.blob_url('train.jsonl')}?{signature}"
    assert running.send("PUT", url, b"content-of-a-row", {"x-ms-blob-type": "BlockBlob"}).status == 201
    stopped(running)
    record = tmp_path / "record.jsonl"
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert [line["operation"] for line in lines_of(record)][-1] == "Blob_Put"
    text = record.read_text()
    for secret in (signature, signature.rpartition("sig=")[2], "test-token", "content-of-a-row"):
        assert secret not in text


def test_a_folder_takes_a_file_of_each_process(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    running = start_server(tmp_path / "state")
    assert Space(running).call("GET", "").status == 200
    assert running.stop() == 0
    assert [line["operation"] for line in lines_of(tmp_path / f"conformance-{running.process.pid}.jsonl")] == [
        "Workspaces_Get"
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--conformance", "{}/none/record"], "cannot be used for the check of the wire"),
        (
            ["--conformance", "{}/record", "--conformance-spec", "{}/none.json"],
            "cannot be used for the check of the wire",
        ),
        (["--conformance", "{}/record", "--conformance-spec", "{}/bad.json"], "is no JSON"),
    ],
)
def test_what_cannot_be_read_or_written_is_said_with_a_next_step(tmp_path, options, words, capfd):
    from maas_client.server.main import main

    (tmp_path / "bad.json").write_text("{")
    named = [option.replace("{}", str(tmp_path)) for option in options]
    with pytest.raises(SystemExit) as ended:
        main(["--state-dir", str(tmp_path / "state"), *named])
    assert ended.value.code == 2
    said = capfd.readouterr().err
    assert words in said
    assert said.startswith("error: ")
    assert said.splitlines()[1].startswith("hint: ")


def test_options_win_over_the_environment(tmp_path):
    specs = os.pathsep.join(("a.json", "b.json"))
    environ = {VARIABLE: "named", SPECS_VARIABLE: specs, STRICT_VARIABLE: "1"}
    found = chosen(None, (), strict=False, environ=environ)
    assert found is not None
    assert (str(found.record), [str(path) for path in found.specs], found.strict) == (
        "named",
        ["a.json", "b.json"],
        True,
    )
    found = chosen(tmp_path, [tmp_path], strict=False, environ={VARIABLE: "named", SPECS_VARIABLE: specs})
    assert found is not None
    assert (found.record, found.specs, found.strict) == (tmp_path, (tmp_path,), False)
    assert chosen(None, (), strict=True, environ={}) is None


def test_a_server_that_does_not_check_loads_nothing_for_it():
    app = object()
    assert checker(None)(app) is app  # type: ignore[arg-type]
    import subprocess

    code = "import sys, maas_client.server.main; sys.exit('jsonschema' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def watched(tmp_path, app, path, *, gone=False, body=b""):
    """Send one request through the middleware to an app; return what was sent back and the lines written."""
    record = tmp_path / "watched.jsonl"
    sent = []

    async def receive():
        return {"type": "http.disconnect"} if gone else {"type": "http.request", "body": body}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    asyncio.run(Conformance(app, Examiner(), Record(record), strict=True)(scope, receive, send))
    return sent, lines_of(record)


def answering(headers, *pieces):
    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for index, piece in enumerate(pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": index + 1 < len(pieces)})

    return app


def test_an_answer_in_pieces_is_checked_whole(tmp_path):
    sent, (line,) = watched(tmp_path, answering(JSON, b'{"api": ', b'"https://h"}'), "/discovery")
    assert b"".join(message.get("body", b"") for message in sent) == b'{"api": "https://h"}'
    assert (line["operation"], line["deviations"]) == ("Discovery_Get", [])


def test_a_body_that_is_too_long_passes_and_is_checked_by_its_headers(tmp_path):
    sent, (line,) = watched(tmp_path, answering(JSON, b'["', b"x" * MAX_KEPT_BYTES, b'"]'), "/discovery")
    assert sum(len(message.get("body", b"")) for message in sent) == MAX_KEPT_BYTES + 4
    assert line["deviations"] == []


def test_what_is_no_operation_is_said_unless_it_is_refused(tmp_path):
    _, (line,) = watched(tmp_path, answering(JSON, b"{}"), "/nowhere")
    assert line["operation"] is None
    assert [each["keyword"] for each in line["deviations"]] == ["operation"]


def test_a_client_that_went_away_leaves_no_line(tmp_path):
    async def app(scope, receive, send):
        await receive()

    assert watched(tmp_path, app, "/discovery", gone=True) == ([], [])


def test_the_control_routes_tell_the_description_and_the_ledger(server):
    description = server.send("GET", "/_maas/openapi.json")
    assert description.json["openapi"] == "3.1.0"
    assert description.content == schema_file(CONTRACT).read_bytes()
    rows = {row["name"]: row for row in server.send("GET", "/_maas/ledger").json["operations"]}
    assert rows["Jobs_CreateOrUpdate"]["status"] == "implemented"
    assert "2024-10-01-preview" in rows["Jobs_CreateOrUpdate"]["versions"]
    assert rows["Jobs_CreateOrUpdate"]["sources"] == ["specification", "recorded", "documentation", "guess"]


def test_the_control_routes_tell_what_everything_rests_on(server):
    told = server.send("GET", "/_maas/fidelity").json
    assert told["verified_against_the_live_service"] is False
    assert sum(told["counts"].values()) == len(told["behaviours"])
    assert set(told["counts"]) == set(told["sources"]) == {*map(itemgetter("source"), told["behaviours"])}
    concerned = {name for behaviour in told["behaviours"] for name in behaviour["operations"]}
    assert concerned == {row["name"] for row in server.send("GET", "/_maas/ledger").json["operations"]}


def test_an_absent_operation_of_the_ledger_answers_501_with_its_name(server):
    space = Space(server)
    absent = [row for row in server.send("GET", "/_maas/ledger").json["operations"] if row["status"] == "absent"]
    assert absent
    for row in absent:
        if row["name"].startswith("Blob_"):
            continue
        path = row["path"].replace("/subscriptions/{sub}/resourceGroups/{rg}", "/subscriptions/s/resourceGroups/g")
        path = path.replace("{ws}", space.name).replace("{", "").replace("}", "")
        version = f"?api-version={row['versions'][-1]}" if row["versions"] else ""
        answer = server.send(row["method"], path + version, None, {"Authorization": "Bearer t"})
        assert (answer.status, row["name"] in answer.error["message"]) == (501, True), row
