"""Plans on the real server, with both clients: what is planned is what the server is asked, and twice is once."""

from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from maas_client.errors import PlanMovedError, PreflightError
from maas_client.testing import Faults, Requests, Server, Workspace
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


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_preflight_that_failed_stops_the_plan_unless_one_insists(
    server: Server, train: Path, kind: str
) -> None:
    workspace = Workspace.fresh(server, f"preflight-{kind}")
    faults = Faults(workspace)
    async with client_of(workspace, kind) as client:
        both = Both(client)
        options: dict[str, Any] = {"training_file": train, "name": "bot", "n_epochs": 1, "wait": False, "check": False}
        good: Plan = await both.call(client.plan(MODEL, preflight=True, **options))
        faults.on("Datastores_Get", {"do": "status", "status": 403})
        bad: Plan = await both.call(client.plan(MODEL, preflight=True, **options))
        faults.clear()
        with pytest.raises(PreflightError, match="storage: ") as caught:
            await both.call(client.apply(bad))
        Requests(workspace).verify("Jobs_CreateOrUpdate", times=0)
        submission = await both.call(client.apply(bad, ignore_preflight=True))
        await both.call(submission.run())
        same: Plan = await both.call(client.plan(MODEL, preflight=True, **options))
        other: Plan = await both.call(client.plan(MODEL, preflight=True, **{**options, "n_epochs": 2}))

    assert good.preflight is not None
    assert good.preflight.ok
    assert caught.value.report == bad.preflight
    assert same.preflight is not None
    assert same.preflight.ok
    assert other.preflight is not None
    assert [check.name for check in other.preflight.failed] == ["job_name"]
