"""Fault programs: what is taken, what is refused and how, and what the control routes tell of them."""

import json
from pathlib import Path

import jsonschema
import pytest

from maas_client.server.faults import ProgramError, read_programs
from maas_client.server.faults.classics import classics
from maas_client.server.faults.schema import make_schema
from maas_client.server.main import run
from maas_client.server.options import ServerOptions

SCHEMA = Path(__file__).resolve().parents[3] / "schemas" / "faults.schema.json"
UNAVAILABLE = {"do": "status", "status": 503}

GOOD = [
    {"actions": ["pass"]},
    {"actions": [{"do": "pass", "times": 3}, UNAVAILABLE], "name": "two kinds", "seed": 7, "after_bytes": 10},
    {"actions": [UNAVAILABLE], "when": {"nth": 2}},
    {"actions": [UNAVAILABLE], "when": {"nth": [2, 5]}},
    {"actions": [UNAVAILABLE], "when": {"first": 3}},
    {"actions": [UNAVAILABLE], "when": {"every": 2}},
    {"actions": [UNAVAILABLE], "when": {"probability": 0.5, "limit": 4}},
    {"actions": ["pass"], "match": {"operation": ["Jobs_*", "Blob_Put"], "method": "put", "path": "*/jobs/*"}},
    {"actions": ["pass"], "match": {"workspace": "ws-*", "session": "a"}},
    {"classic": "lost-answer"},
    {
        "classic": "throttled",
        "operation": "Jobs_Get",
        "name": "mine",
        "match": {"workspace": "w"},
        "when": {"first": 4},
    },
    {"programs": [{"classic": "outage", "seed": 1}]},
    {"programs": [{"actions": ["pass"]}, {"actions": [UNAVAILABLE | {"retry_after": "date:+30"}]}]},
]

WRONG = [
    ([], "a program is a JSON object, not a list", True),
    ({}, "1 to 1000 actions", True),
    ({"actions": ["pas"]}, "actions[0].do: no action 'pas'; the nearest is 'pass'", True),
    ({"actions": ["status"]}, "actions[0]: Object missing required field `status`", True),
    ({"actions": [3]}, "actions[0]: an action is its name or an object with `do`, not a number", True),
    ({"actions": ["pass"], "macth": {}}, "no field 'macth'; the nearest is 'match'", True),
    ({"actions": [{"do": "status", "stauts": 500}]}, "actions[0]: no field 'stauts'; the nearest is 'status'", True),
    ({"actions": [{"do": "status", "status": 999}]}, "actions[0].status: Expected `int` <= 599", True),
    ({"actions": [UNAVAILABLE | {"times": 0}]}, "actions[0].times: Expected `int` >= 1", True),
    ({"actions": [UNAVAILABLE | {"retry_after": "date:x"}]}, "retry_after 'date:x' is no date", False),
    ({"actions": [{"do": "status", "status": 204, "body": 1}]}, "an answer of 204 has no body", False),
    ({"actions": [{"do": "headers", "set": {"Content-Length": "9"}}]}, "use truncate, or the proxy", False),
    ({"actions": [{"do": "headers", "set": {"a b": "9"}}]}, "'a b' is no name of a header", False),
    ({"actions": [{"do": "html", "headers": {"a": "\n"}}]}, "'\\n' is no value of a header", False),
    ({"actions": [{"do": "headers"}]}, "one of remove, set and add is needed", False),
    ({"actions": ["pass"], "when": {}}, "when: one of nth, first, every and probability is needed, not none", True),
    ({"actions": ["pass"], "when": {"nth": 1, "every": 2}}, "not nth and every", True),
    ({"actions": ["pass"], "when": {"nth": []}}, "when.nth: Expected `array` of length >= 1", True),
    ({"actions": ["pass"], "when": {"nth": [0]}}, "when.nth[0]: Expected `int` >= 1", True),
    (
        {"actions": ["pass"], "when": {"nth": 1, "limit": 2}},
        "limit goes with every or probability, not with nth",
        False,
    ),
    ({"actions": ["pass", "pass"], "when": {"nth": 1}}, "2 actions, but `when` picks 1", False),
    ({"actions": ["pass"], "match": {"operation": "Job_Get"}}, "no operation 'Job_Get'; the nearest is", False),
    ({"actions": ["pass"], "match": {"operation": ["Jobs_*", "Nix_*"]}}, "no operation 'Nix_*'; GET /_maas/", False),
    ({"classic": "lost-anser"}, "classic: no classic 'lost-anser'; the nearest is 'lost-answer'", True),
    ({"classic": "outage", "actions": ["pass"]}, "no field 'actions'; the nearest is", True),
    ({"classic": "outage", "operation": "Job_Get"}, "match.operation: no operation 'Job_Get'", False),
    ({"programs": []}, "programs: a list of 1 to 100 programs is expected", True),
    ({"programs": [{"actions": ["pass"]}, {"actions": 1}]}, "programs[1].actions: a list is expected", True),
    ({"programs": [{"actions": ["pass"]}], "name": "x"}, "no field 'name'", True),
]


@pytest.fixture(scope="module")
def check():
    return jsonschema.Draft202012Validator(make_schema()).is_valid


@pytest.mark.parametrize("document", GOOD, ids=json.dumps)
def test_good_programs_are_read_and_fit_the_schema(document, check):
    assert read_programs(document)
    assert check(document)


@pytest.mark.parametrize(("document", "words", "by_schema"), WRONG, ids=lambda value: json.dumps(value)[:60])
def test_wrong_programs_are_refused_with_place_and_remedy(document, words, by_schema, check):
    with pytest.raises(ProgramError) as refused:
        read_programs(document)
    assert words in str(refused.value)
    # What depends on two fields or on the ledger is not said by the schema.
    assert check(document) is not by_schema


def test_the_schema_is_what_the_classes_say(generated):
    jsonschema.Draft202012Validator.check_schema(make_schema())
    generated(SCHEMA, json.dumps(make_schema(), indent=2) + "\n")


@pytest.mark.parametrize("name", classics())
def test_every_classic_is_a_program_and_has_a_sentence(name, check):
    (program,) = read_programs({"classic": name})
    assert program.name == name
    assert check(classics()[name]["program"])
    assert classics()[name]["about"].endswith(".")


def test_what_is_given_with_a_classic_comes_first():
    (kept,) = read_programs({"classic": "lost-answer", "match": {"workspace": "w"}})
    (named,) = read_programs({"classic": "lost-answer", "operation": "Jobs_Cancel"})
    (by_path,) = read_programs({"classic": "slow-body", "match": {"path": "/x"}})
    assert (kept.match.operation, kept.match.workspace) == ("*_CreateOrUpdate", "w")
    assert named.match.operation == "Jobs_Cancel"
    assert (by_path.match.method, by_path.match.path) == ("GET", "/x")


def admin(server):
    return {"x-maas-admin-token": server.ready["admin_token"]}


def test_a_program_from_giving_to_taking_back(space, space_of):
    server, headers = space.server, admin(space.server)
    program = {
        "name": "two refusals",
        "match": {"operation": "Jobs_List", "workspace": space.name},
        "actions": [{"do": "status", "status": 503, "times": 2}],
    }
    given = server.send("POST", "/_maas/faults", program, headers)
    assert given.status == 201
    (identity,) = given.json["ids"]
    other = space_of(server)
    assert [other.call("GET", "/jobs").status, space.call("GET", "/jobs").status] == [200, 503]
    half = server.send("GET", f"/_maas/faults/{identity}", headers=headers).json
    assert (half["name"], half["match"]) == (program["name"], program["match"])
    assert (half["occurrences"], half["remaining"], half["completed"], half["fired_count"]) == (1, 1, False, 1)
    refused, served = space.call("GET", "/jobs"), space.call("GET", "/jobs")
    assert (refused.status, refused.error["code"], served.status) == (503, "ServiceUnavailable", 200)
    done = server.send("GET", f"/_maas/faults/{identity}", headers=headers).json
    assert (done["remaining"], done["completed"]) == (0, True)
    assert done["fired"][-1] | {"at": ""} == {
        "at": "",
        "operation": "Jobs_List",
        "action": "status",
        "request_id": refused.headers["x-ms-request-id"],
        "status": 503,
    }
    assert identity in [each["id"] for each in server.send("GET", "/_maas/faults", headers=headers).json["programs"]]
    assert server.send("DELETE", f"/_maas/faults/{identity}", headers=headers).status == 204
    for method in ("GET", "DELETE"):
        gone = server.send(method, f"/_maas/faults/{identity}", headers=headers)
        assert (gone.status, "a restart forgets them" in gone.error["message"]) == (404, True)


def test_the_routes_ask_for_the_token_and_say_what_is_wrong(space):
    server, headers = space.server, admin(space.server)
    for method, path in (
        ("GET", "/classics"),
        ("GET", ""),
        ("POST", ""),
        ("DELETE", ""),
        ("GET", "/x"),
        ("DELETE", "/x"),
    ):
        assert server.send(method, f"/_maas/faults{path}").status == 401
    wrong = server.send("POST", "/_maas/faults", {"actions": ["pas"]}, headers)
    assert (wrong.status, wrong.error["code"], wrong.error["target"]) == (400, "InvalidFaultProgram", "actions[0].do")
    assert "the nearest is 'pass'" in wrong.error["message"]


def test_a_blob_an_endpoint_and_a_session_are_told_apart(space):
    server, headers = space.server, admin(space.server)
    refusal = {"do": "status", "status": 503}
    by_session = {"match": {"path": "/serverless/x/info", "session": "mine"}, "actions": [refusal | {"code": "Odd"}]}
    by_workspace = {"match": {"operation": "Blob_*", "workspace": f"*/{space.name}"}, "actions": [refusal]}
    ids = server.send("POST", "/_maas/faults", {"programs": [by_session, by_workspace]}, headers).json["ids"]
    url = f"{space.blob_url('a.txt')}?{space.sas()}"
    busy = server.send("GET", url)
    assert (busy.status, busy.headers["x-ms-error-code"], b"ServerBusy" in busy.content) == (503, "ServerBusy", True)
    assert server.send("GET", url).status == 404
    assert server.send("GET", "/serverless/x/info").status == 404
    odd = server.send("GET", "/serverless/x/info", headers={"x-maas-session": "mine"})
    assert (odd.status, odd.json["code"]) == (503, "Odd")
    for identity in ids:
        assert server.send("GET", f"/_maas/faults/{identity}", headers=headers).json["completed"]
        server.send("DELETE", f"/_maas/faults/{identity}", headers=headers)


def test_the_classics_are_listed(server):
    listed = server.send("GET", "/_maas/faults/classics", headers=admin(server)).json["classics"]
    assert [each["name"] for each in listed] == list(classics())
    assert all(set(each) == {"name", "about", "program"} for each in listed)


def test_a_server_begins_with_faults_of_files_and_classics(start, tmp_path, space_of):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"name": "mine", "actions": [UNAVAILABLE], "match": {"operation": "Jobs_List"}}))
    server = start(tmp_path / "state", "--faults", str(file), "--faults", "captive-portal")
    programs = server.send("GET", "/_maas/faults", headers=admin(server)).json["programs"]
    assert [each["name"] for each in programs] == ["mine", "captive-portal"]
    space = space_of(server)
    answers = [space.call("GET", "/jobs") for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 200, 200]
    assert b"guest network" in answers[1].content


@pytest.mark.parametrize(
    ("source", "text", "words"),
    [
        ("lost-anser", None, "--faults lost-anser: no file, and no classic; the nearest is 'lost-answer'"),
        ("./gone.json", None, "--faults ./gone.json: No such file or directory; give a file or the name of a classic"),
        ("odd.json", "{", "--faults odd.json: not JSON"),
        (
            "odd.json",
            '{"actions": ["pas"]}',
            "--faults odd.json: actions[0].do: no action 'pas'; the nearest is 'pass'",
        ),
    ],
)
def test_wrong_faults_keep_a_server_from_starting(source, text, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path(source).write_text(text)
    assert run(ServerOptions(state_dir=tmp_path / "state", faults=[source])) == 2
    assert words in capsys.readouterr().err
