"""`maas-ft doctor`: its screens with a fault each, its exit codes, and its JSON."""

import base64
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import certifi
import pytest

from maas_client.testing import Faults, Server, Workspace, serving
from tests.cli.program import row
from tests.cli.screens import masked, on_screen

MODEL = "Phi-4-mini-instruct"
RETIRED = "Phi-3-mini-4k-instruct"
NOT_AUTHORIZED = "This request is not authorized to perform this operation using this permission."
READER = {"value": [{"actions": ["*/read"], "notActions": []}], "nextLink": None}
MASKS = (
    (r"\bt-[\w-]*[0-9a-f]{8}\b", "ws-support"),
    (r"\b\d\d:\d\d UTC", "00:00 UTC"),
    (r"(60|59) minutes", "60 minutes"),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of https, which the command takes for the service itself: not said to be an emulator."""
    with serving(tls=True) as running:
        yield running


@pytest.fixture
def workspace(server: Server, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace, and the settings of whoever works in it."""
    place = Workspace.fresh(server)
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MAAS_EMULATOR")
    # By a name that is as long everywhere: screens show it.
    shutil.copy(os.environ["SSL_CERT_FILE"], "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", "ca.pem")
    monkeypatch.setenv("MAAS_TOKEN", token(upn="ada@contoso.example", exp=time.time() + 3600.5))
    return place


def token(**claims: object) -> str:
    claims = {"tid": "72f988bf-0000-4000-8000-000000000000", "aud": "https://management.azure.com"} | claims
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.c2ln"


def create(workspace: Workspace, name: str) -> None:
    with workspace.client() as client:
        client.jobs.create(MODEL, training_file="azureml://datastores/workspaceblobstore/paths/none.jsonl", name=name)


# Screens

on_every_width = pytest.mark.parametrize("columns", [80, 120])
no_terminals = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")


def screen(name: str, columns: int, *arguments: str, same_screen: Callable[[str, str], None]) -> int:
    with on_screen("doctor", *arguments, columns=columns, rows=60) as shown:
        code = shown.end()
    same_screen(f"doctor-{name}-{columns}", masked(shown.text, *MASKS))
    return code


@no_terminals
def test_screen_of_all_is_well(workspace, data, same_screen):
    arguments = ("--model", MODEL, "--name", "support-bot", "--deploy", "support-bot", "--data", data.name)
    assert screen("ready", 80, *arguments, same_screen=same_screen) == 0


@no_terminals
@on_every_width
def test_screen_of_a_role_that_reads_alone(workspace, columns, same_screen):
    Faults(workspace).on("Permissions_ListForResource", {"do": "status", "status": 200, "body": READER})
    Faults(workspace).on("Datastores_ListSecrets", {"do": "status", "status": 403, "code": "AuthorizationFailed"})
    refusal = {"do": "status", "status": 403, "code": "AuthorizationPermissionMismatch", "message": NOT_AUTHORIZED}
    Faults(workspace).on("Blob_Put", refusal)
    assert screen("role", columns, "--deploy", "support-bot", same_screen=same_screen) == 4


@no_terminals
@on_every_width
def test_screen_of_a_wrong_clock(server, workspace, columns, same_screen):
    program = {"match": {"operation": "Metadata_Get"}, "actions": [{"do": "date-skew", "seconds": 4020}]}
    server.control.call("POST", "faults", program)
    refusal = {"do": "status", "status": 401, "code": "ExpiredAuthenticationToken", "message": "It has expired."}
    refusal["headers"] = {"Date": format_datetime(datetime.now(UTC) + timedelta(seconds=4020), usegmt=True)}
    Faults(workspace).on("Workspaces_Get", refusal)
    assert screen("clock", columns, same_screen=same_screen) == 4


@no_terminals
def test_screen_of_a_retired_model_and_a_name_that_is_taken(workspace, same_screen):
    create(workspace, "support-bot")
    assert screen("model", 80, "--model", RETIRED, "--name", "support-bot", same_screen=same_screen) == 2


@no_terminals
@on_every_width
def test_screen_of_a_connection_that_is_opened_on_the_way(workspace, columns, same_screen, monkeypatch):
    shutil.copy(certifi.where(), "public.pem")
    monkeypatch.setenv("SSL_CERT_FILE", "public.pem")
    assert screen("inspected", columns, "--model", MODEL, same_screen=same_screen) == 10


@no_terminals
def test_screen_without_any_settings(same_screen):
    assert screen("no-settings", 80, same_screen=same_screen) == 2


# Elsewhere than on a terminal


def test_each_check_is_one_line(workspace, invoke):
    result = invoke("doctor", "--model", MODEL)

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["ok", "settings"], ["ok", "proxy"]]
    assert lines[-1].startswith("Nothing failed: 12 ok")
    assert "Looking at " in result.stderr
    assert "c2ln" not in result.output


def test_json_is_one_document(workspace, invoke):
    create(workspace, "taken")
    result = invoke("doctor", "--name", "taken", "--output", "json")

    assert result.exit_code == 6
    document = json.loads(result.stdout)
    assert document["ok"] is False
    assert document["exit_code"] == 6
    assert document["target"]["workspace"] == workspace.name
    assert document["checks"][0]["name"] == "settings"
    (failed,) = [check for check in document["checks"] if check["status"] == "failed"]
    assert failed["error"] == "ConflictError"
    assert failed["hint"]
    assert result.stderr == ""


def test_settings_that_are_wrong_are_a_failed_check(invoke, monkeypatch):
    monkeypatch.setenv("MAAS_TIMEOUT", "soon")
    result = invoke("doctor", "--output", "json")

    assert result.exit_code == 2
    (check,) = json.loads(result.stdout)["checks"]
    assert check["message"] == "timeout must be a number of seconds above 0, not 'soon'."


def test_settings_that_contradict_each_other_are_a_failed_check(workspace, data, invoke, monkeypatch):
    monkeypatch.setenv("MAAS_AUTHORITY", "http://login.example")
    result = invoke("doctor", "--data", data.name)

    assert result.exit_code == 2
    assert result.stdout.splitlines() == [
        "failed   settings    The authority http://login.example is not https.",
        "                     fix: Secrets are sent there: use https.",
        "ok       data        train.jsonl has 60 rows and no errors.",
        "Not ready: 1 ok, 1 failed.",
    ]


def test_data_with_errors_is_a_failed_check_and_the_rest_goes_on(workspace, broken, invoke):
    result = invoke("doctor", "--data", broken.name)

    assert result.exit_code == 3
    assert "failed   data" in result.stdout
    assert "maas-ft data check broken.jsonl" in result.stdout
    assert "ok       storage" in result.stdout


def test_data_with_warnings_is_a_warning(workspace, tmp_path, invoke):
    path = tmp_path / "twice.jsonl"
    path.write_text("".join(f"{row(index % 30)}\n" for index in range(60)))
    result = invoke("doctor", "--data", path.name, "--model", "Phi-0")

    assert "warning  data        twice.jsonl has 60 rows and no errors. Warnings: " in result.stdout
    assert "failed   lifecycle   Unknown model 'Phi-0'." in result.stdout


def test_a_server_of_this_machine_needs_no_settings(invoke):
    result = invoke("doctor", "--local", "--model", RETIRED)

    assert result.exit_code == 0
    assert "The local server; none needed." in result.stdout
    assert "the emulator tunes it, although Azure retired that on 2025-08-30" in result.stdout
