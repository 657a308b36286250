"""kill -9 of the server while a job runs: what was there is there, and a client that watches rides through."""

import threading
from pathlib import Path
from urllib.parse import urlsplit

from maas_client import MaaSClient
from maas_client.testing import serving
from maas_client.types import JobStatus

MODEL = "Phi-3-mini-4k-instruct"


def test_kill_and_restart_while_a_client_watches(tmp_path: Path, train: Path) -> None:
    state = tmp_path / "state"
    with serving(state, clock="scaled:300") as first:
        port = urlsplit(first.url).port or 0
        arguments = first.settings()
        with MaaSClient(**arguments, max_retries=0) as client:
            file = client.files.upload(train)
            done = client.jobs.wait(client.jobs.create(MODEL, training_file=file, name="before"), timeout=60)
            assert done.fine_tuned_model is not None
            client.deployments.begin_create("before", model=done.fine_tuned_model).result(timeout=60)
            client.jobs.create(MODEL, training_file=file, n_epochs=3, name="during")
            events = []
            begun, lost = threading.Event(), threading.Event()

            def watch() -> None:
                for event in client.jobs.watch("during"):
                    events.append(event)
                    begun.set()
                    if "Connection lost" in event.message:
                        lost.set()

            for event in client.jobs.watch("during"):
                if event.status is JobStatus.RUNNING:
                    break
            watching = threading.Thread(target=watch)
            watching.start()
            assert begun.wait(20)
            first.kill()
            assert lost.wait(20)
            with serving(state, clock="scaled:300", port=port) as second:
                assert second.settings() == arguments
                watching.join(50)
                assert not watching.is_alive()
                assert [job.name for job in client.jobs.list()] == ["during", "before"]
                assert client.jobs.get("before") == done
                assert client.files.upload(train).reused
                assert client.deployments.get("before").is_ready
                question = client.chat.create(
                    "before", messages=[{"role": "user", "content": "question 3 about topic3"}]
                )
                assert question.text == "answer 3"
    messages = [event.message for event in events]
    assert sum("Connection lost" in message for message in messages) == 1
    assert messages.count("Connected again.") == 1
    assert events[-1].status is JobStatus.SUCCEEDED
    told = [(event.raw_status, event.progress and event.progress.step) for event in events if event.type != "message"]
    assert len(told) == len(set(told))
