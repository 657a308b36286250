"""Requests that Schemathesis makes up from our own description of the wire: whatever is sent, the server keeps to it.

Schemathesis has an environment of its own. It holds every answer against the description. The check that servers of
tests make of themselves is off here: it holds our clients to the description too, and what is made up may say more.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from maas_client.server.checking import SPECS_VARIABLE, VARIABLE
from maas_client.server.ledger import rows
from maas_client.server.schemas import CONTRACT, schema_file
from maas_client.testing import Server, serving
from maas_client.testing.contract import bench_of
from tests.fuzz.narrowed import narrowed
from tests.referee.environments import EnvironmentMissingError, environment

WORKSPACE = "fuzzed"
KEY = "key-of-any-deployment"
ANSWERS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
METHODS = ("unsupported_method", "allow_header_conformance")
OPTIONS = (
    "--no-color",
    "--continue-on-failure",
    "--seed=20261127",
    "--header=Authorization: Bearer any",
    f"--header=api-key: {KEY}",
)
BLOBS = r"\.blob\."
RUNS = {
    # The borders of every schema, one after the other.
    "bodies": (
        *("--phases=coverage", f"--exclude-path-regex={BLOBS}", f"--checks={','.join(ANSWERS + METHODS)}"),
        *(f"--include-method={method}" for method in ("PUT", "PATCH", "POST")),
    ),
    "reads": (
        *("--phases=fuzzing", "--max-examples=5", f"--exclude-path-regex={BLOBS}"),
        *(f"--include-method={method}" for method in ("GET", "HEAD", "DELETE")),
        f"--checks={','.join(ANSWERS + METHODS)}",
    ),
    # Several operations at one path, told apart by the query: to Schemathesis the methods of the others look wrong.
    "blobs": (
        *("--phases=coverage,fuzzing", "--max-examples=10", f"--include-path-regex={BLOBS}"),
        f"--checks={','.join(ANSWERS)}",
    ),
}
"""By name: what is made up."""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def prepare(server: Server, folder: Path) -> dict[str, list[str]]:
    """Put things into the workspace that requests can meet; return values of parameters by their names."""
    train = folder / "there.jsonl"
    row = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]}
    train.write_text("".join(json.dumps(row) + "\n" for _ in range(20)))
    with server.client(WORKSPACE) as client:
        file = client.files.upload(train)
        client.data.create("data-1", file, version="1")
        client.jobs.create("Phi-4-mini-instruct", training_file=file, name="job-1")
        server.advance(400_000)
        job = client.jobs.wait("job-1")
        client.jobs.create("Phi-4-mini-instruct", training_file=file, name="job-2")
        poller = client.deployments.begin_create("bot-1", model=job.fine_tuned_model or "")
        server.advance(4000)
        deployment = poller.result()
    return {
        "subscriptionId": [server.ready.subscription_id],
        "resourceGroupName": [server.ready.resource_group],
        "workspaceName": [WORKSPACE],
        "api-version": ["2024-10-01-preview", "2024-01-01-preview"],
        "name": ["job-1", "job-2", "bot-1", "data-1", "new-1", "nobody", "workspaceblobstore", "Phi-4"],
        "version": ["1", "2"],
        "run_id": ["job-1", "job-2", "nobody"],
        "experiment": ["Default"],
        "registry": ["azureml"],
        "location": ["eastus2"],
        "endpoint": [(deployment.inference_uri or "").rpartition("/")[2], "nobody"],
    }


def describe(server: Server, folder: Path) -> Any:
    """Return our description of the wire, narrowed to what is there."""
    values = prepare(server, folder)
    with bench_of(
        base_url=server.url,
        subscription_id=server.ready.subscription_id,
        resource_group=server.ready.resource_group,
        workspace=WORKSPACE,
    ) as bench:
        bench.put_blob("folder/there.jsonl", b"there")
        store = bench.datastore()
        blobs = {
            "account": store["accountName"].rpartition("/")[2],
            "suffix": store["endpoint"],
            "container": store["containerName"],
            "signature": parse_qsl(bench.signature()),
        }
    contract = json.loads(schema_file(CONTRACT).read_text(encoding="utf-8"))
    absent = frozenset(row.name for row in rows() if row.status == "absent")
    return narrowed(contract, values, blobs, absent)


@pytest.fixture(scope="module")
def schemathesis(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache = request.config.cache
    folder = cache.mkdir("referee") if cache is not None else tmp_path_factory.mktemp("environment")
    try:
        return environment(folder, "schemathesis-4.32.5")
    except EnvironmentMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        for name in (VARIABLE, SPECS_VARIABLE):
            patch.delenv(name, raising=False)
        with serving(tmp_path_factory.mktemp("state"), api_key=KEY) as running:
            yield running


@pytest.fixture(scope="module")
def described(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("described")
    path = folder / "contract.json"
    path.write_text(json.dumps(describe(server, folder)))
    return path


@pytest.mark.parametrize("name", RUNS)
def test_whatever_is_sent_the_server_keeps_to_its_description(
    schemathesis: Path, server: Server, described: Path, tmp_path: Path, name: str
) -> None:
    command = [str(schemathesis.with_name("st")), "run", str(described), *OPTIONS, *RUNS[name], "--url", server.url]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=350)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert passed is not None, done.stdout
    assert int(passed[2]) >= 50
