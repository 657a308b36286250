"""What holds for every request: signing in, versions, ids, the form of refusals."""

from maas_client.testing.contract.bench import Bench
from maas_client.testing.contract.statement import Group, holds

ERRORS = Group("errors")
_ENVELOPE = "azure-rest-api-specs, common-types v3, ErrorResponse"
_ARM = "Microsoft Learn, Azure Resource Manager: request headers, api-version and common errors"


@ERRORS.states("A request without a token answers 401 and a challenge that names the Bearer scheme.", source=_ARM)
def no_token(bench: Bench) -> None:
    answer = bench.arm("GET", "", signed_in=False)
    answer.refusal(401)
    holds(
        answer.header("WWW-Authenticate").lower().startswith("bearer"), f"{answer} with a challenge that is not Bearer"
    )


@ERRORS.states("What is not there answers 404 with an error that has a code and a message.", source=_ENVELOPE)
def not_found(bench: Bench) -> None:
    bench.arm("GET", f"/jobs/{bench.name('nobody')}").refusal(404)


@ERRORS.states("A request without api-version answers 400 and says so.", source=_ARM)
def no_version(bench: Bench) -> None:
    error = bench.arm("GET", "", api=None).refusal(400)
    holds("api-version" in error["message"], f"the message does not name api-version: {error['message']}")


@ERRORS.states("An api-version that does not exist answers 400 and names it.", source=_ARM)
def unknown_version(bench: Bench) -> None:
    error = bench.arm("GET", "", api="2001-01-01").refusal(400)
    holds("2001-01-01" in error["message"], f"the message does not name the version: {error['message']}")


@ERRORS.states(
    "jobType FineTuning does not exist in 2025-12-01: the PUT of a job answers 400.",
    source="azure-ai-ml 1.35.2, _job_operations.py: FineTuning was removed at api-version 2025-12-01",
)
def version_without_fine_tuning(bench: Bench) -> None:
    body = {"properties": {"jobType": "FineTuning"}}
    bench.arm("PUT", f"/jobs/{bench.name()}", body, api="2025-12-01").refusal(400)


@ERRORS.states("A body that is not JSON answers 400.", source=_ENVELOPE)
def broken_json(bench: Bench) -> None:
    headers = {"content-type": "application/json"}
    bench.arm("PUT", f"/jobs/{bench.name()}", b'{"properties": ', headers=headers).refusal(400)


@ERRORS.states("Names of resource types and providers in a path are compared without case.", source=_ARM)
def case_of_paths(bench: Bench) -> None:
    path = bench.scope.replace("resourceGroups", "RESOURCEGROUPS").replace("/workspaces/", "/Workspaces/")
    bench.follow("GET", f"{bench.wire.target.arm}{path}?api-version=2024-10-01-preview").expect(200)


@ERRORS.states("Every answer has an x-ms-request-id, and no two the same.", source=_ARM)
def request_ids(bench: Bench) -> None:
    answers = [bench.arm("GET", ""), bench.arm("GET", ""), bench.arm("GET", f"/jobs/{bench.name('nobody')}")]
    found = {answer.header("x-ms-request-id") for answer in answers}
    holds(len(found) == len(answers), f"{len(answers)} answers have {len(found)} different request ids")


@ERRORS.states("A client's own request id comes back where it is asked for.", source=_ARM)
def client_request_id(bench: Bench) -> None:
    sent = {"x-ms-client-request-id": bench.name("id"), "x-ms-return-client-request-id": "true"}
    answer = bench.arm("GET", "", headers=sent)
    holds(
        answer.headers.get("x-ms-client-request-id") == sent["x-ms-client-request-id"],
        f"{answer} with the client request id {answer.headers.get('x-ms-client-request-id')!r}",
    )


@ERRORS.states("A path that nothing answers is a 404, not a 500.", source=_ARM)
def unknown_path(bench: Bench) -> None:
    bench.arm("GET", "/nothingOfThisName").expect(404)
