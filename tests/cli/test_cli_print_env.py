"""`eval "$(maas-ft serve --print-env)"` in a shell, word for word, and what programs started from there find."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maas_client.testing.environment import CONDITIONAL
from tests.cli.program import environment

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")

IDENTITY = """
import os
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from maas_client import MaaSClient

for kind, options in ((DefaultAzureCredential, {"disable_instance_discovery": True}), (ManagedIdentityCredential, {})):
    with kind(**options) as credential, MaaSClient.from_env(credential=credential) as client:
        print(kind.__name__, len(list(client.jobs.list())))
"""


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Callable[[str], "subprocess.CompletedProcess[str]"]]:
    """Run a script in a folder of its own, with the programs of this interpreter; its server ends with the test."""

    def run(script: str) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "identity.py").write_text(IDENTITY)
        variables = {**environment(), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        return subprocess.run(
            ["sh", "-eu", "-c", script], cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=55
        )

    yield run
    for ready in tmp_path.glob("*/ready.json"):
        os.kill(int(json.loads(ready.read_text())["pid"]), signal.SIGKILL)


def test_a_strict_server_over_https(shell, tmp_path):
    done = shell(
        """
        eval "$(maas-ft serve --state-dir "it's here" --tls --auth strict --print-env)"
        maas-ft jobs list --output json
        python identity.py
        echo "$MAAS_SERVER_PID $AZURE_CLIENT_SECRET"
        eval "$(maas-ft serve --state-dir "it's here" --print-env)"
        echo "$MAAS_SERVER_PID"
        """
    )
    assert done.returncode == 0, done.stderr
    listed, default, managed, process, again = done.stdout.splitlines()
    assert json.loads(listed) == []
    assert (default, managed) == ("DefaultAzureCredential 0", "ManagedIdentityCredential 0")
    pid, secret = process.split()
    assert again == pid
    ready = tmp_path / "it's here" / "ready.json"
    facts = json.loads(ready.read_text())
    assert (str(facts["pid"]), facts["client_secret"]) == (pid, secret)
    for kept in ("ready.json", "server.log"):
        assert stat.S_IMODE((ready.parent / kept).stat().st_mode) == 0o600
    assert secret not in (ready.parent / "server.log").read_text()


def test_over_http_our_client_finds_it_and_stale_names_are_taken_away(shell, tmp_path):
    done = shell(
        """
        export MAAS_AUTHORITY=https://stale.example AZURE_AUTHORITY_HOST=https://stale.example
        eval "$(maas-ft serve --state-dir state --clock manual --print-env)"
        echo "${MAAS_AUTHORITY-none} ${AZURE_AUTHORITY_HOST-none} ${SSL_CERT_FILE-none}"
        maas-ft jobs list
        kill "$MAAS_SERVER_PID"
        while kill -0 "$MAAS_SERVER_PID" 2>/dev/null; do :; done
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "none none none"
    assert "azure-identity and azure-ai-ml want https" in done.stderr
    # It says that it ended by taking its ready file away.
    assert not (tmp_path / "state" / "ready.json").exists()


def test_a_server_with_other_options_is_not_handed_out(shell):
    done = shell(
        """
        maas-ft serve --state-dir state --port 0 --print-env >exports
        if maas-ft serve --state-dir state --tls --auth strict --clock manual --print-env; then exit 9; fi
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    for words in ("it has no TLS", "its --auth is any", "its --clock is real", "hint: Stop it first (`kill "):
        assert words in done.stderr


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("maas-ft serve --state-dir state --region nowhere! --print-env", "error: The server did not start: "),
        ("touch file; maas-ft serve --state-dir file/state --print-env", "error: The state folder "),
    ],
)
def test_what_cannot_start_is_said_and_nothing_is_printed(script, words, shell):
    done = shell(script)
    assert done.returncode != 0
    assert done.stdout == ""
    assert words in done.stderr
    assert "hint: " in done.stderr


def test_the_names_that_may_be_missing_are_all_told(tmp_path):
    from maas_client.testing.environment import environment as variables
    from maas_client.testing.launch import Ready

    plain = Ready("http://127.0.0.1:1", 1, "s", "g", "w", {"identity_header": "h"})
    secrets = dict.fromkeys(("tenant_id", "client_id", "client_secret", "identity_header"), "x")
    full = Ready("https://127.0.0.1:1", 1, "s", "g", "w", {"ca_file": "ca.pem", "auth": "strict", **secrets})
    assert set(variables(full)) - set(variables(plain)) == set(CONDITIONAL)
    assert variables(full)["MAAS_EMULATOR"] == "true"
    elsewhere = variables(Ready("https://192.0.2.1:1", 1, "s", "g", "w", {"ca_file": "ca.pem", "auth": "any"}))
    assert (elsewhere["MAAS_EMULATOR"], elsewhere["MAAS_AUTHORITY"]) == ("false", "https://192.0.2.1:1")
    assert variables(plain, "other")["MAAS_WORKSPACE"] == variables(plain, "other")["AZUREML_WORKSPACE_NAME"] == "other"
