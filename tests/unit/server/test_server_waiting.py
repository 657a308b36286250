"""Who waits for whom: a read for nobody who writes."""

import sqlite3
import threading
from pathlib import Path


def test_a_job_is_read_while_somebody_waits_for_the_disk(start, space_of, tmp_path):
    running = start(tmp_path)
    space = space_of(running)
    training = space.upload("a/train.jsonl", space.rows(20))
    assert space.submit("first", training).status == 201
    running.advance(0)  # its plan is made
    assert space.status("first") == "NotStarted"
    answers = []
    disk = sqlite3.connect(Path(running.ready["state_dir"]) / "state.db", isolation_level=None)
    disk.execute("BEGIN IMMEDIATE")
    try:
        writer = threading.Thread(target=lambda: answers.append(space.submit("second", training).status))
        writer.start()
        for _ in range(20):
            assert space.status("first") == "NotStarted"
        assert answers == []
    finally:
        disk.execute("ROLLBACK")
        disk.close()
    writer.join(30)
    assert answers == [201]
    assert space.status("second") == "NotStarted"


def test_what_is_written_is_read_by_whoever_asks_next(space):
    training = space.upload("a/train.jsonl", space.rows(20))
    for number in range(10):
        name = f"job-{number}"
        assert space.submit(name, training).status == 201
        assert space.call("GET", f"/jobs/{name}").json["properties"]["tags"] == {"team": "a"}
        assert space.submit(name, training, tags={"team": str(number)}).status == 200
        assert space.call("GET", f"/jobs/{name}").json["properties"]["tags"] == {"team": str(number)}
