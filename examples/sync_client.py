"""The same as `async_client.py`, without `await`.

Against a local reference server:   maas-ft serve --clock scaled:100    then    python sync_client.py URL
"""

import sys
import uuid
from pathlib import Path

from maas_client import MaaSClient
from maas_client.errors import ConflictError, JobFailedError, WaitTimeoutError

DATA = Path(__file__).parent / "data"


def main(url: str) -> None:
    name = f"support-bot-{uuid.uuid4().hex[:6]}"
    with MaaSClient(
        subscription_id="00000000-0000-0000-0000-000000000000",
        resource_group="local",
        workspace="local",
        base_url=url,
        emulator=True,
    ) as client:
        training = client.files.upload(DATA / "train.jsonl")
        try:
            job = client.jobs.create("Phi-3-mini-4k-instruct", training_file=training, n_epochs=2, name=name)
            job = client.jobs.wait(job, timeout=600)
        except ConflictError as error:
            raise SystemExit(f"{error} {error.hint}") from None
        except JobFailedError as error:
            raise SystemExit(f"training failed: {error}") from None
        except WaitTimeoutError as error:
            raise SystemExit(f"still running: {error.hint}") from None
        losses = [point.value for point in client.jobs.metrics(job) if point.key == "loss"]
        print(f"{job.name}: {job.status}, loss {losses[0]:.2f} -> {losses[-1]:.2f}, {job.trained_tokens} tokens")

        assert job.fine_tuned_model is not None
        deployment = client.deployments.begin_create(name, model=job.fine_tuned_model).result(timeout=1800)
        reply = client.chat.create(
            deployment,
            messages=[{"role": "user", "content": "How do I add an MX record?"}],
            max_tokens=200,
        )
        print(reply.text)
        for finished in client.jobs.list(status="succeeded"):
            print(finished.name, finished.model)
        client.deployments.begin_delete(name).result(timeout=600)


if __name__ == "__main__":
    main(sys.argv[1])
