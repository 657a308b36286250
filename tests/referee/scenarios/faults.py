"""azure-ai-ml: what it does when HTTP goes wrong, fault by fault; most of all, a lost answer makes no second job."""

import json
from typing import Any

from tests.referee.scenarios.azure_sdk import Credential, Session, carry_out
from tests.referee.scenarios.jobs import custom_job
from tests.referee.scenarios.operations import Scenario, raising
from tests.referee.scenarios.server import training_file

scenario = Scenario()
operation = scenario.operation

PUT, GET = "Jobs_CreateOrUpdate", "Jobs_Get"
LOST: dict[str, Any] = {
    "commit-then-drop": "commit-then-drop",
    "commit-then-500": "commit-then-500",
    "drop-before-commit": "drop-before-commit",
    "reset before the body": {"do": "reset", "at": "request"},
    "reset in the body": {"do": "reset", "at": "up", "bytes": 200},
    "reset before the answer": {"do": "reset", "at": "answer"},
    "status 503": {"do": "status", "status": 503},
    "status 429 with seconds": {"do": "status", "status": 429, "retry_after": 0},
    "status 429 with a date": {"do": "status", "status": 429, "retry_after": "date:+0"},
    "status 429 with milliseconds": {"do": "status", "status": 429, "retry_after_ms": 10},
    "html of a gateway": "html",
    "truncate": {"do": "truncate", "bytes": 20},
    "reset in the answer": {"do": "reset", "at": "down", "bytes": 20},
    "delay": {"do": "delay", "seconds": 0.01},
    "slow": {"do": "slow", "bytes_per_second": 100_000},
    "date-skew": {"do": "date-skew", "seconds": -7200},
    "headers": {"do": "headers", "remove": ["x-ms-request-id", "date"]},
}


def _one_job(name: str, action: Any) -> None:
    @operation(f"fault {name}: jobs.create_or_update makes one job")
    def check(session: Session) -> None:
        job = f"f-{name.replace(' ', '-')}"
        with session.server.fault(PUT, action):
            assert _submit(session, job).name == job


for _name, _action in LOST.items():
    _one_job(_name, _action)


def _submit(session: Session, name: str, client: Any = None) -> Any:
    from azure.ai.ml import Input

    data = Input(type="uri_file", path="azureml://datastores/workspaceblobstore/paths/train.jsonl")
    return (client or session.client).jobs.create_or_update(custom_job(session, name, training_data=data))


@operation("fault commit-then-stall: jobs.create_or_update gives up, asks again and makes one job")
def silence(session: Session) -> None:
    impatient = session.ml_client(workspace_name=session.workspace, read_timeout=1)
    with session.server.fault(PUT, "commit-then-stall"):
        assert _submit(session, "f-silence", impatient).name == "f-silence"


@operation("fault stall: jobs.get gives up and asks again")
def stall(session: Session) -> None:
    impatient = session.ml_client(workspace_name=session.workspace, read_timeout=1)
    with session.server.fault(GET, "stall"):
        assert impatient.jobs.get("f-silence").name == "f-silence"


@operation("fault content-type: jobs.get reads JSON all the same", since=(1, 35))
def kind(session: Session) -> None:
    with session.server.fault(GET, "content-type"):
        assert session.client.jobs.get("f-silence").name == "f-silence"


@operation("fault content-type: jobs.get raises DeserializationError", before=(1, 35))
def kind_before(session: Session) -> None:
    from azure.core.exceptions import DeserializationError

    with session.server.fault(GET, "content-type"), raising(DeserializationError):
        session.client.jobs.get("f-silence")


@operation("jobs.list: every job that met a fault is there once")
def once(session: Session) -> None:
    found = list(session.client.jobs.list())
    wanted = {f"f-{name.replace(' ', '-')}" for name in LOST} | {"f-silence"}
    assert len(found) == len(wanted)
    if session.version != "1.27.1":  # whose list gives None for every fine-tuning job
        assert {each.name for each in found} == wanted


@operation("fault html of a captive portal: jobs.get raises JSONDecodeError, an older one DeserializationError")
def portal(session: Session) -> None:
    from azure.core.exceptions import DeserializationError

    kind = DeserializationError if session.version == "1.27.1" else json.JSONDecodeError
    with session.server.fault(GET, {"do": "html", "page": "captive-portal"}), raising(kind):
        session.client.jobs.get("f-silence")


@operation("fault malformed-json: jobs.get raises DecodeError")
def malformed(session: Session) -> None:
    from azure.core.exceptions import DecodeError

    with session.server.fault(GET, "malformed-json"), raising(DecodeError, "JSON is invalid"):
        session.client.jobs.get("f-silence")


@operation("fault empty-200: jobs.get raises JSONDecodeError, an older one AttributeError")
def empty(session: Session) -> None:
    kind = AttributeError if session.version == "1.27.1" else json.JSONDecodeError
    with session.server.fault(GET, "empty-200"), raising(kind):
        session.client.jobs.get("f-silence")


@operation("fault status 400 with Retry-After: jobs.get asks again, as azure-core does whatever the status")
def hinted(session: Session) -> None:
    with session.server.fault(GET, {"do": "status", "status": 400, "retry_after": 0}):
        assert session.client.jobs.get("f-silence").name == "f-silence"


@operation("fault throttle: jobs.get waits until the bucket has filled up")
def throttled(session: Session) -> None:
    bucket = {"do": "throttle", "capacity": 1, "per_second": 1}
    with session.server.fault(GET, bucket, when={"every": 1}), session.server.time_flows():
        for _ in range(2):
            assert session.client.jobs.get("f-silence").name == "f-silence"


@operation("fault expired-token: jobs.get raises ClientAuthenticationError")
def expired(session: Session) -> None:
    from azure.core.exceptions import ClientAuthenticationError

    with session.server.fault(GET, "expired-token"), raising(ClientAuthenticationError, "ExpiredAuthenticationToken"):
        session.client.jobs.get("f-silence")


# Over http the policy that answers challenges is one of the two seams.
@operation("fault claims-challenge: jobs.get asks the credential for the claims and goes on", schemes=("https",))
def challenged(session: Session) -> None:
    asked: list[Any] = []

    class Asked(Credential):
        def get_token(self, *scopes: str, claims: str | None = None, **more: Any) -> Any:
            asked.append(claims)
            return super().get_token(*scopes, **more)

    client = session.ml_client(Asked(), workspace_name=session.workspace)
    client.jobs.get("f-silence")
    with session.server.fault(GET, "claims-challenge"):
        assert client.jobs.get("f-silence").name == "f-silence"
    assert any("nbf" in str(claims) for claims in asked)


@operation("fault expired-sas: data.create_or_update says that storage refused")
def signature(session: Session) -> None:
    from azure.ai.ml.entities import Data
    from azure.core.exceptions import ClientAuthenticationError

    path = training_file(session.path("faults"), "refused.jsonl", rows=11)
    refused = raising(ClientAuthenticationError, "AuthenticationFailed")
    with session.server.fault("Blob_*", "expired-sas", when={"every": 1}), refused:
        session.client.data.create_or_update(Data(name="refused", version="1", type="uri_file", path=str(path)))


if __name__ == "__main__":
    carry_out(scenario)
