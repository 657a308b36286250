"""Reset, snapshot, restore: of one workspace or of all, at once or not at all, over restarts."""

import base64
import os
import sqlite3
import threading
from contextlib import closing

import pytest

PHI = "azureml://registries/azureml/models/Phi-4"
BLOCK = base64.b64encode(b"block-1").decode()
XML = {"Content-Type": "application/xml"}


@pytest.fixture
def control(server):
    def ask(method, path, body=None, of=server):
        return of.send(method, f"/_maas/{path}", body, {"x-maas-admin-token": of.ready["admin_token"]})

    return ask


def advance(space, seconds):
    token = {"x-maas-admin-token": space.server.ready["admin_token"]}
    body = {"advance_seconds": seconds, "workspace": space.name}
    assert space.server.send("POST", "/_maas/clock", body, token).status == 200


def fill(space):
    """Give a workspace one of everything; return the address of its endpoint, and a key of it."""
    training = space.upload("data/train.jsonl", space.rows(20))
    space.call("PUT", "/data/train/versions/1", {"properties": {"dataType": "uri_file", "dataUri": training}})
    assert space.submit("done", training).status == 201
    advance(space, 400_000)
    guid = space.call("GET", "").json["properties"]["workspaceId"]
    model = f"azureml://locations/eastus2/workspaces/{guid}/models/my-model/versions/1"
    body = {"location": "eastus2", "properties": {"modelSettings": {"modelId": model}}}
    assert space.call("PUT", "/serverlessEndpoints/bot", body).status == 201
    advance(space, 60)
    plan = {"properties": {"modelId": "azureml://registries/azureml-other/models/x"}}
    assert space.call("PUT", "/marketplaceSubscriptions/plan", plan).status == 201
    assert space.submit("going", training).status == 201
    put = space.server.send("PUT", f"{space.blob_url('part.bin')}?comp=block&blockid={BLOCK}&{space.sas()}", b"x")
    assert put.status == 201
    key = space.call("POST", "/serverlessEndpoints/bot/listKeys").json["primaryKey"]
    return space.call("GET", "/serverlessEndpoints/bot").json["properties"]["inferenceEndpoint"]["uri"], key


LISTS = ("/jobs", "/data", "/models", "/serverlessEndpoints", "/marketplaceSubscriptions")


def holds(space):
    """Return everything that can be seen of a workspace."""
    seen = [space.call("GET", path).json["value"] for path in LISTS]
    blobs = [
        space.server.send("GET", f"{space.blob_url('', store)}?restype=container&comp=list&{space.sas(store)}").content
        for store in ("workspaceblobstore", "workspaceartifactstore")
    ]
    return [*seen, space.call("GET", "").json, *blobs]


def chat(space, uri, key):
    ask = {"messages": [{"role": "user", "content": "How do I reset device number 3?"}]}
    answer = space.server.send("POST", f"{uri}/chat/completions", ask, {"api-key": key})
    return answer.json["choices"][0]["message"]["content"] if answer.status == 200 else answer.status


def commit(space):
    body = f"<BlockList><Uncommitted>{BLOCK}</Uncommitted></BlockList>".encode()
    url = f"{space.blob_url('part.bin')}?comp=blocklist&{space.sas()}"
    return space.server.send("PUT", url, body, XML).status


def test_a_workspace_is_emptied_and_no_other_is(space, space_of, control):
    other = space_of(space.server)
    (uri, key), (kept, kept_key) = fill(space), fill(other)
    before, identity, link = (
        holds(other),
        space.call("GET", "").json,
        f"{space.blob_url('data/train.jsonl')}?{space.sas()}",
    )
    time_before = control("GET", f"clock?workspace={space.name}").json["now_seconds"]
    answer = control("POST", "reset", {"workspace": space.name})
    assert (answer.status, answer.json["workspace"]) == (200, f"sub-1/rg-1/{space.name}")
    assert answer.json["removed"]["jobs"] == 2
    assert [space.call("GET", path).json["value"] for path in LISTS] == [[]] * len(LISTS)
    assert space.server.send("GET", link).status == 404
    assert chat(space, uri, key) == 404
    assert commit(space) == 400
    assert holds(other) == before
    assert chat(other, kept, kept_key) == "Hold the button of device 3 for 6 seconds."
    # What it is stays: its ids, its signatures, its time.
    assert space.call("GET", "").json == identity
    assert control("GET", f"clock?workspace={space.name}").json["now_seconds"] == time_before
    assert space.server.send("PUT", link, b"again", {"x-ms-blob-type": "BlockBlob"}).status == 201
    assert fill(space)[0] == uri
    assert [model["properties"]["latestVersion"] for model in space.call("GET", "/models").json["value"]] == ["1"]


def test_what_was_held_comes_back_as_it_was(space, space_of, control):
    other = space_of(space.server)
    uri, key = fill(space)
    before = holds(space)
    taken = control("POST", "snapshot", {"name": "filled", "workspace": space.name})
    assert (taken.status, taken.json["name"]) == (201, "filled")
    other.upload("later.txt", b"x")
    there = holds(other)
    assert commit(space) == 201
    assert space.call("DELETE", "/serverlessEndpoints/bot").status == 202
    assert space.submit("more", space.upload("more.jsonl", space.rows(30))).status == 201
    assert (
        space.server.send(
            "PUT", f"{space.blob_url('data/train.jsonl')}?{space.sas()}", b"", {"x-ms-blob-type": "BlockBlob"}
        ).status
        == 201
    )
    assert holds(space) != before
    for _ in range(2):
        restored = control("POST", "restore", {"name": "filled", "workspace": space.name})
        assert (restored.status, restored.json) == (200, taken.json)
        assert holds(space) == before
        assert chat(space, uri, key) == "Hold the button of device 3 for 6 seconds."
        assert commit(space) == 201
    assert holds(other) == there


def test_time_goes_on_and_what_was_left_of_a_job_is_left_of_it(space, control):
    training = space.upload("train.jsonl", space.rows(20))
    space.submit("job", training)
    advance(space, 100)
    then, status = control("GET", f"clock?workspace={space.name}").json["now_seconds"], space.status("job")
    assert status not in ("NotStarted", "Completed")
    control("POST", "snapshot", {"name": "half", "workspace": space.name})
    advance(space, 400_000)
    assert space.status("job") == "Completed"
    assert control("POST", "restore", {"name": "half", "workspace": space.name}).status == 200
    now = control("GET", f"clock?workspace={space.name}").json["now_seconds"]
    assert now >= then + 400_000
    assert space.status("job") == status
    assert space.call("GET", "/models").json["value"] == []
    advance(space, 400_000)
    assert space.status("job") == "Completed"


def test_deployments_and_blocks_are_as_old_as_they_were(space, control):
    fill(space)
    control("POST", "snapshot", {"name": "young", "workspace": space.name})
    advance(space, 40 * 86_400)
    advance(space, 60)
    assert space.call("GET", "/serverlessEndpoints/bot").status == 404
    assert commit(space) == 400
    control("POST", "restore", {"name": "young", "workspace": space.name})
    advance(space, 60)
    assert space.call("GET", "/serverlessEndpoints/bot").status == 200
    assert commit(space) == 201


def test_snapshots_are_named_kept_apart_replaced_and_removed(space, space_of, control):
    other = space_of(space.server)
    for each in (space, other):
        each.upload(f"{each.name}.txt", b"x")
        assert control("POST", "snapshot", {"name": "same", "workspace": each.name}).status == 201
    before = holds(other)
    space.upload("second.txt", b"y")
    second = holds(space)
    assert control("POST", "snapshot", {"name": "same", "workspace": space.name}).status == 201
    listed = [each["workspace"] for each in control("GET", "snapshots").json["snapshots"] if each["name"] == "same"]
    assert {f"sub-1/rg-1/{space.name}", f"sub-1/rg-1/{other.name}"} <= set(listed)
    for each in (space, other):
        control("POST", "reset", {"workspace": each.name})
        assert control("POST", "restore", {"name": "same", "workspace": each.name}).status == 200
    assert (holds(space), holds(other)) == (second, before)
    one = f"snapshots/same?workspace={space.name}"
    assert control("GET", one).json["workspace"] == f"sub-1/rg-1/{space.name}"
    assert [control("DELETE", one).status, control("DELETE", one).status, control("GET", one).status] == [204, 204, 404]
    assert control("GET", f"snapshots/same?workspace={other.name}").status == 200
    missing = control("POST", "restore", {"name": "same"})
    assert (missing.status, missing.error["target"]) == (404, "name")


@pytest.mark.parametrize(
    ("path", "body", "target"),
    [
        ("snapshot", {}, "name"),
        ("snapshot", {"name": 3}, "name"),
        ("snapshot", {"name": "../up"}, "name"),
        ("snapshot", {"name": ""}, "name"),
        ("snapshot", {"name": "a", "of": "b"}, "of"),
        ("restore", {"workspace": "b"}, "name"),
        ("reset", {"name": "b"}, "name"),
    ],
)
def test_what_is_refused(control, path, body, target):
    refused = control("POST", path, body)
    assert (refused.status, refused.error["target"]) == (400, target)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "reset"), ("POST", "snapshot"), ("POST", "restore"), ("GET", "snapshots"), ("DELETE", "snapshots/a")],
)
def test_they_ask_for_the_admin_token(server, method, path):
    assert server.send(method, f"/_maas/{path}", {} if method == "POST" else None).status == 401


def test_the_whole_server_comes_back_after_kill_9_and_is_emptied(tmp_path, start, space_of, control):
    first = start(tmp_path / "state")
    space, late = space_of(first), space_of(first)
    uri, key = fill(space)
    before = holds(space)
    assert control("POST", "snapshot", {"name": "all"}, of=first).json["workspace"] is None
    late.upload("late.txt", b"x")
    assert control("POST", "reset", {}, of=first).json["workspace"] is None
    assert space.call("GET", "/jobs").json["value"] == []
    left = tmp_path / "state" / "snapshots" / "incoming-snapshot-1.db"
    left.write_bytes(b"half")
    first.kill()
    second = start(tmp_path / "state")
    assert not left.exists()
    space.server = late.server = second
    assert [each["name"] for each in control("GET", "snapshots", of=second).json["snapshots"]] == ["all"]
    assert control("POST", "restore", {"name": "all"}, of=second).status == 200
    port = first.ready["url"].partition("://")[2], second.ready["url"].partition("://")[2]
    assert repr(holds(space)) == repr(before).replace(*port)
    assert chat(space, uri.replace(*port), key) == "Hold the button of device 3 for 6 seconds."
    assert late.server.send("GET", f"{late.blob_url('late.txt')}?{late.sas()}").status == 404
    assert commit(space) == 201


def test_snapshots_are_taken_read_and_removed_at_the_same_time(space, space_of, control):
    places = [space, space_of(space.server)]
    for each in places:
        each.upload("a.txt", b"x")
    seen: set[tuple[str, int]] = set()

    def use(place):
        for _ in range(15):
            for method, path, body in (
                ("POST", "snapshot", {"name": "s", "workspace": place.name}),
                ("GET", "snapshots", None),
                ("POST", "restore", {"name": "s", "workspace": place.name}),
                ("DELETE", f"snapshots/s?workspace={place.name}", None),
            ):
                seen.add((f"{method} {path.partition('/')[0]}", control(method, path, body).status))

    threads = [threading.Thread(target=use, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {("POST snapshot", 201), ("GET snapshots", 200), ("POST restore", 200), ("DELETE snapshots", 204)}


def test_a_damaged_snapshot_changes_nothing_and_keeps_no_server_from_starting(tmp_path, start, space_of, control):
    first = start(tmp_path / "state")
    space = space_of(first)
    space.upload("a.txt", b"x")
    control("POST", "snapshot", {"name": "gone"}, of=first)
    before = holds(space)
    (file,) = (tmp_path / "state" / "snapshots").glob("snapshot-*")
    whole = file.read_bytes()
    with closing(sqlite3.connect(file)) as db:
        db.executescript("DROP TABLE pieces")
    refused = control("POST", "restore", {"name": "gone"}, of=first)
    assert (refused.status, refused.error["code"]) == (409, "SnapshotUnreadable")
    assert holds(space) == before
    file.write_bytes(b"not a database, but long enough to be one" * 100)
    refused = control("POST", "restore", {"name": "gone"}, of=first)
    assert (refused.status, refused.error["code"]) == (409, "SnapshotUnreadable")
    assert str(file) in refused.error["message"]
    assert control("GET", "snapshots", of=first).status == 409
    first.kill()
    second = start(tmp_path / "state")
    space.server = second
    assert space.server.send("GET", f"{space.blob_url('a.txt')}?{space.sas()}").content == b"x"
    file.write_bytes(whole)
    assert control("POST", "restore", {"name": "gone"}, of=second).status == 200


def test_contents_go_when_nothing_names_them_and_they_are_old(tmp_path, start, space_of, control):
    state = tmp_path / "state"
    running = start(state)
    space = space_of(running)
    folder = state / "blobs"
    space.upload("kept.txt", b"kept")
    assert (
        space.server.send(
            "PUT", f"{space.blob_url('part.bin')}?comp=block&blockid={BLOCK}&{space.sas()}", b"part"
        ).status
        == 201
    )
    control("POST", "snapshot", {"name": "first"}, of=running)
    space.upload("young.txt", b"young")
    space.upload("old.txt", b"old")
    (old,) = [path for path in folder.iterdir() if path.read_bytes() == b"old"]
    os.utime(old, (1e9, 1e9))
    control("POST", "reset", {}, of=running)
    assert sorted(path.read_bytes() for path in folder.iterdir()) == [b"kept", b"part", b"young"]
    running.kill()
    running = start(state)
    assert sorted(path.read_bytes() for path in folder.iterdir()) == [b"kept", b"part"]
    space.server = running
    assert control("POST", "restore", {"name": "first"}, of=running).status == 200
    assert commit(space) == 201
    control("POST", "reset", {}, of=running)
    for path in folder.iterdir():
        os.utime(path, (1e9, 1e9))
    control("DELETE", "snapshots/first", of=running)
    assert list(folder.iterdir()) == []
