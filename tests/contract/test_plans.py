"""Plans on the real server, with both clients: what is planned is what the server is asked, and twice is once."""

from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from maas_client.errors import PlanMovedError
from maas_client.testing import Requests, Server, Workspace
from maas_client.types import Plan
from tests.contract.conftest import Both, client_of

MODEL = "Phi-3-mini-4k-instruct"


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_what_is_planned_is_what_the_server_is_asked(
    server: Server, train: Path, tmp_path: Path, kind: str
) -> None:
    workspace = Workspace.fresh(server, f"planned-{kind}")
    async with client_of(workspace, kind) as client:
        both = Both(client)
        plan: Plan = await both.call(client.plan(MODEL, training_file=train, name="bot", n_epochs=1, wait=False))
        assert Requests(workspace).list() == []
        plan.save(tmp_path / "run.plan")
        submission = await both.call(client.apply(Plan.load(tmp_path / "run.plan")))
        result = await both.call(submission.run())
        asked = Requests(workspace).list()

        assert (result.job.name, plan.emulator) == ("bot", True)
        assert [(each.operation, each.method) for each in plan.requests] == [
            (each["operation"], each["method"]) for each in asked
        ]
        for planned, sent in zip(plan.requests, asked, strict=True):
            folder = "/CONTAINER/"
            path = urlsplit(planned.url).path
            assert sent["path"].endswith(path.partition(folder)[2] if folder in path else path)
            if planned.operation == "Jobs_CreateOrUpdate":
                body = msgspec.json.encode(planned.body)
                assert (sent["body"]["size"], sent["body"]["sha256"]) == (len(body), sha256(body).hexdigest())
        again = await both.call(client.apply(plan))
        assert (await both.call(again.run())).job.created_at == result.job.created_at
        assert again.id == submission.id
        Requests(workspace).verify("Jobs_CreateOrUpdate", times=1)

        train.write_text(train.read_text().replace("question 1 ", "question 2 "))
        other = plan.model_copy(update={"name": "other"})
        with pytest.raises(PlanMovedError, match="has another content"):
            await both.call(client.apply(other))
        Requests(workspace).verify("Jobs_CreateOrUpdate", times=1)
