"""Virtual time: of the server, of one workspace, across restarts; every duration goes by it."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

DAY = 86_400.0
BLOCK = base64.b64encode(b"block-1").decode()
PHI = "azureml://registries/azureml/models/Phi-4"


@pytest.fixture
def clock(server):
    def ask(method="GET", body=None, query="", of=server):
        token = {"x-maas-admin-token": of.ready["admin_token"]}
        return of.send(method, f"/_maas/clock{query}", body, token)

    return ask


def deploy(space, name, model=PHI):
    body = {"location": "eastus2", "properties": {"modelSettings": {"modelId": model}}}
    created = space.call("PUT", f"/serverlessEndpoints/{name}", body)
    assert created.status == 201
    return created


def test_one_workspace_moves_and_neither_the_server_nor_another_does(space, space_of, clock):
    other = space_of(space.server)
    operations = {}
    for each in (space, other):
        training = each.upload("x/train.jsonl", each.rows(20))
        assert each.submit("job", training).status == 201
        operations[each.name] = deploy(each, "bot").headers["Azure-AsyncOperation"]
    before = clock().json["now_seconds"]
    moved = clock("POST", {"advance_seconds": 400_000, "workspace": space.name})
    assert (moved.status, moved.json["workspace"]) == (200, f"sub-1/rg-1/{space.name}")
    assert moved.json["now_seconds"] - before == pytest.approx(400_000)
    assert moved.json["ahead_seconds"] == 400_000
    assert clock().json["now_seconds"] == before
    assert clock(query=f"?workspace={other.name}").json["ahead_seconds"] == 0
    assert (space.status("job"), other.status("job")) == ("Completed", "NotStarted")
    for each, state, word in ((space, "Online", "Succeeded"), (other, "Creating", "InProgress")):
        endpoint = each.call("GET", "/serverlessEndpoints/bot").json["properties"]
        assert endpoint["endpointState"] == state
        polled = each.server.send("GET", operations[each.name], headers={"Authorization": "Bearer x"})
        assert polled.json["status"] == word


def test_what_a_workspace_does_next_happens_in_its_own_time(space, clock):
    clock("POST", {"advance_seconds": 50 * DAY, "workspace": f"sub-1/rg-1/{space.name}"})
    now = datetime.fromisoformat(clock(query=f"?workspace={space.name}").json["now"])
    space.train("job")
    job = space.call("GET", "/jobs/job").json
    assert datetime.fromisoformat(job["systemData"]["createdAt"]) == pytest.approx(now, abs=timedelta(seconds=1))
    refused = space.call("GET", "/jobs/none").json
    stamps = [each["info"]["value"] for each in refused["error"]["additionalInfo"] if each["type"] == "Time"]
    assert [datetime.fromisoformat(stamp) >= now for stamp in stamps] == [True]
    written = space.server.send("HEAD", f"{space.blob_url('LocalUpload/job/train.jsonl')}?{space.sas()}")
    assert written.status == 200
    assert str(now.year) in written.headers["Last-Modified"]


def test_jobs_that_end_together_end_one_after_the_other_and_each_has_what_is_its_own(space, clock):
    training = space.upload("x/train.jsonl", space.rows(20))
    names = [f"job-{number:02}" for number in range(60)]
    for name in names:
        assert space.submit(name, training).status == 201
    assert clock("POST", {"advance_seconds": 400_000, "workspace": space.name}).status == 200
    assert {space.status(name) for name in names} == {"Completed"}
    models = space.call("GET", "/models/my-model/versions", query="&$top=100").json["value"]
    made = {int(each["name"]): each for each in models}
    assert sorted(made) == list(range(1, 61))
    assert {each["properties"]["jobName"] for each in models} == set(names)
    ended = [made[version]["systemData"]["createdAt"] for version in sorted(made)]
    assert ended == sorted(ended)
    store = "azureml"
    account = space.blob_url("", "workspaceartifactstore").partition(f"/{store}")[0]
    logs = set()
    for name in names:
        url = f"{account}/{store}/ExperimentRun/dcid.{name}/user_logs/std_log.txt"
        answer = space.server.send("GET", f"{url}?{space.sas('workspaceartifactstore')}")
        assert answer.status == 200
        logs.add(answer.content)
    assert len(logs) == 60


def test_signatures_go_by_the_time_of_their_workspace(space, space_of, clock):
    other = space_of(space.server)
    urls = []
    for each in (space, other):
        each.upload("a.txt", b"hello")
        each.submit("job", each.upload("x/train.jsonl", each.rows(20)))
        details = each.data("GET", "history/v1.0", "/runs/job/details").json
        urls.append((f"{each.blob_url('a.txt')}?{each.sas()}", next(iter(details["logFiles"].values()))))
    clock("POST", {"advance_seconds": 2 * DAY, "workspace": space.name})
    status = [[space.server.send("GET", url).status for url in pair] for pair in urls]
    assert status == [[403, 403], [200, 200]]
    assert space.server.send("GET", f"{space.blob_url('a.txt')}?{space.sas()}").content == b"hello"


def test_blocks_and_deployments_are_kept_by_the_time_of_their_workspace(space, space_of, clock):
    other = space_of(space.server)
    for each in (space, other):
        each.train("job")
        guid = each.call("GET", "").json["properties"]["workspaceId"]
        deploy(each, "bot", f"azureml://locations/eastus2/workspaces/{guid}/models/my-model/versions/1")
        put = each.server.send("PUT", f"{each.blob_url('a.bin')}?comp=block&blockid={BLOCK}&{each.sas()}", b"x")
        assert put.status == 201
    clock("POST", {"advance_seconds": 16 * DAY, "workspace": space.name})
    clock("POST", {"advance_seconds": 60, "workspace": space.name})
    for each, status in ((space, 404), (other, 200)):
        assert each.call("GET", "/serverlessEndpoints/bot").status == status
    committed = f"<BlockList><Latest>{BLOCK}</Latest></BlockList>".encode()
    for each, status in ((space, 400), (other, 201)):
        url = f"{each.blob_url('a.bin')}?comp=blocklist&{each.sas()}"
        assert each.server.send("PUT", url, committed, {"Content-Type": "application/xml"}).status == status


def test_tokens_go_by_the_time_of_the_server_whatever_workspace_they_are_used_in(space, clock):
    server = space.server
    form = {
        "grant_type": "client_credentials",
        "scope": "https://management.azure.com/.default",
        **{name: server.ready[name] for name in ("client_id", "client_secret")},
    }
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    tenant = server.ready["tenant_id"]
    given = server.send("POST", f"/{tenant}/oauth2/v2.0/token", urlencode(form).encode(), sent).json["access_token"]
    token = {"Authorization": f"Bearer {given}"}
    jobs = f"{space.arm_id}/jobs?api-version=2024-10-01-preview"
    assert server.send("GET", jobs, headers=token).status == 200
    clock("POST", {"advance_seconds": 3 * DAY, "workspace": space.name})
    assert server.send("GET", jobs, headers=token).status == 200
    server.advance(3 * DAY)
    assert server.send("GET", jobs, headers=token).status == 401


def test_rates_go_by_the_time_of_their_workspace(space, space_of, clock):
    other, server = space_of(space.server), space.server
    token = {"x-maas-admin-token": server.ready["admin_token"]}
    names = [space.name, other.name]
    program = {
        "match": {"operation": "Jobs_List", "workspace": f"sub-1/rg-1/ws-[{''.join({name[3] for name in names})}]*"},
        "when": {"every": 1},
        "actions": [{"do": "throttle", "capacity": 1, "per_second": 0.001, "by": "workspace"}],
    }
    identity = server.send("POST", "/_maas/faults", program, token).json["ids"][0]
    asked = [each.call("GET", "/jobs").status for each in (space, space, other, other)]
    clock("POST", {"advance_seconds": 2000, "workspace": space.name})
    asked += [each.call("GET", "/jobs").status for each in (space, other)]
    server.send("DELETE", f"/_maas/faults/{identity}", None, token)
    assert asked == [200, 429, 200, 429, 200, 429]


def test_time_moves_to_an_instant_and_never_back(space, clock):
    space.call("GET", "")
    now = clock("GET", query=f"?workspace={space.name}").json
    later = (datetime.fromisoformat(now["now"]) + timedelta(hours=3)).astimezone(UTC)
    moved = clock("POST", {"advance_to": later.strftime("%Y-%m-%dT%H:%M:%SZ"), "workspace": space.name}).json
    assert moved["now_seconds"] - now["now_seconds"] == pytest.approx(3 * 3600, abs=1)
    assert clock("POST", {"advance_to": moved["now"], "workspace": space.name}).json == moved
    past = clock("POST", {"advance_to": now["now"], "workspace": space.name})
    assert (past.status, past.error["code"]) == (409, "TimeIsPast")


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"advance_to": "tomorrow"}, "advance_to"),
        ({"advance_to": "2026-11-24T10:00:00"}, "advance_to"),
        ({"advance_to": 3}, "advance_to"),
        ({"advance_to": "2999-01-01T00:00:00Z"}, "advance_to"),
        ({"advance_to": "2999-01-01T00:00:00Z", "advance_seconds": 1}, "advance_to"),
        ({}, "advance_seconds"),
        ({"seconds": 3}, "seconds"),
        ({"advance_seconds": 1, "workspace": 3}, "workspace"),
        ({"advance_seconds": 1, "workspace": ""}, "workspace"),
        ({"clock": "fast"}, "clock"),
        ({"clock": None}, "clock"),
        ({"clock": "real", "workspace": "w"}, "clock"),
        ({"clock": "real", "advance_seconds": 1}, "clock"),
    ],
)
def test_what_moves_no_clock(clock, body, target):
    before = clock().json
    refused = clock("POST", body)
    assert (refused.status, refused.error["code"], refused.error["target"]) == (400, "UserError", target)
    assert clock().json == before


def test_a_workspace_is_found_by_its_name_or_named_in_full(server, space, clock):
    unused = clock(query=f"?workspace={space.name}")
    assert (unused.status, unused.error["code"]) == (404, "WorkspaceNotFound")
    full = clock(query=f"?workspace=sub-1/rg-1/{space.name}")
    assert full.status == 200
    assert clock(query=f"?workspace={space.arm_id}").json == full.json
    assert clock(query=f"?workspace={space.name.upper()}").json == full.json
    assert clock(query=f"?workspace=sub-2/rg-1/{space.name}").status == 200
    both = clock(query=f"?workspace={space.name}")
    assert (both.status, both.error["code"]) == (409, "AmbiguousWorkspace")
    assert f"sub-2/rg-1/{space.name}" in both.error["message"]
    assert clock(query="?workspace=a/b").status == 404
    assert clock(query="?workspace=a/b/c").status == 404


def test_the_clock_is_changed_and_time_goes_on_from_where_it_is(tmp_path, start, clock):
    running = start(tmp_path / "state")
    before = clock(of=running).json["now_seconds"]
    changed = clock("POST", {"clock": "scaled:1000000"}, of=running).json
    assert changed["clock"] == "scaled:1e+06"
    assert before <= changed["now_seconds"] < before + 86_400
    later = clock(of=running).json["now_seconds"]
    assert later > changed["now_seconds"]
    stopped = clock("POST", {"clock": "manual"}, of=running).json
    assert stopped["now_seconds"] > later
    assert clock(of=running).json == stopped
    running.kill()
    assert clock(of=start(tmp_path / "state")).json["now_seconds"] >= stopped["now_seconds"]


def test_time_of_workspaces_and_of_signatures_survives_kill_9(tmp_path, start, space_of, clock):
    first = start(tmp_path / "state")
    space, fresh = space_of(first), space_of(first)
    space.call("GET", "")
    link = f"{fresh.blob_url('none')}?{fresh.sas()}"
    clock("POST", {"advance_seconds": 5 * DAY, "workspace": space.name}, of=first)
    first.advance(2 * DAY)
    expired = first.send("GET", link).headers["x-ms-error-code"]
    before = clock(query=f"?workspace={space.name}", of=first).json
    first.kill()
    second = start(tmp_path / "state")
    assert clock(query=f"?workspace={space.name}", of=second).json == before
    assert expired == "AuthenticationFailed"
    moved = link.replace(first.ready["url"].partition("://")[2], second.ready["url"].partition("://")[2])
    assert second.send("GET", moved).headers["x-ms-error-code"] == expired
