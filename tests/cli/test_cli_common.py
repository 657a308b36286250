"""What every command takes: --quiet and --debug, before its name and after it; and what is told of the environment."""

import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from platformdirs import user_state_path

from maas_client import __version__
from maas_client.cli._debug import write_log
from maas_client.cli.main import root
from maas_client.testing import Server, serving
from tests.cli.program import MODEL
from tests.cli.test_cli_schemas import leaves


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("state"), clock="scaled:5000") as running:
        yield running


@pytest.fixture
def place(server, monkeypatch):
    """Point commands at the server."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def logs():
    """Where debug logs come to lie."""
    return user_state_path("maas-client", appauthor=False) / "debug"


def test_every_command_takes_the_common_options_and_no_option_twice():
    for path, command in leaves(root):
        names = [name for parameter in command.params if isinstance(parameter, click.Option) for name in parameter.opts]
        assert {"--quiet", "-q", "--debug"} <= set(names), path
        assert len(names) == len(set(names)), path


@pytest.mark.parametrize("where", ["before", "after"])
def test_quiet_leaves_results_alone(invoke, place, data, where):
    arguments = ("submit", "--model", MODEL, "--train", data.name, "--name", f"quiet-{where}")
    result = invoke("--quiet", *arguments) if where == "before" else invoke(*arguments, "-q")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "succeeded" in result.stdout


def test_quiet_shows_a_plan_to_whoever_asked_for_it(invoke, place, data):
    described = ("--model", MODEL, "--train", data.name)
    for arguments in (("plan", *described, "--offline"), ("submit", *described, "--dry-run")):
        assert "training" in invoke(*arguments, "--quiet").stderr


def test_quiet_tells_errors_and_what_led_to_them(invoke, broken):
    result = invoke("submit", "--quiet", "--local", "--model", MODEL, "--train", broken.name)

    assert result.exit_code == 3
    assert "broken.jsonl:7:" in result.stderr
    assert "error: The data has 1 error" in result.stderr
    assert "hint: " in result.stderr
    assert "target" not in result.stderr


def test_quiet_keeps_findings_that_stop_nothing_back(invoke, data):
    arguments = ("data", "check", data.name, "--model", MODEL)
    loud, quiet = invoke(*arguments), invoke(*arguments, "--quiet")
    assert loud.stdout == quiet.stdout
    assert loud.stderr
    assert quiet.stderr == ""


@pytest.mark.parametrize("where", ["before", "after"])
def test_debug_writes_what_was_sent_for_its_user_alone(invoke, place, logs, where):
    arguments = ("jobs", "get", "absent")
    result = invoke("--debug", *arguments) if where == "before" else invoke(*arguments, "--debug", "--quiet")

    assert result.exit_code == 5
    (log,) = logs.iterdir()
    assert result.stderr.splitlines()[0] == f"Debug log: {log}"
    assert log.stat().st_mode & 0o777 == 0o600
    assert logs.stat().st_mode & 0o777 == 0o700
    text = log.read_text()
    assert text.startswith(f"# maas-ft {__version__}\n# python ")
    assert re.search(r"^\d{4}-\d\d-\d\dT[\d:.]+Z INFO maas_client.calls: Jobs_Get GET .*\b404\b", text, re.MULTILINE)
    assert "httpcore" in text
    assert "NotFoundError" in text
    assert "Traceback" in text


def test_what_others_log_is_written_without_what_opens_something(logs):
    with write_log() as path:
        logging.getLogger("maas_client.x").debug(
            "Bearer canary0123456789 \x1b[31m", exc_info=ValueError("sig=canary0123")
        )
        logging.getLogger("azure.identity.x").info("password=canary0123456789")
    logging.getLogger("maas_client.x").debug("afterwards")
    text = path.read_text()
    assert path.parent == logs
    assert text.count("REDACTED") == 3
    assert "canary" not in text
    assert "\x1b" not in text
    assert "afterwards" not in text


def test_without_debug_nothing_is_written(invoke, place, logs):
    invoke("--debug", "jobs", "list")
    before = [path.read_text() for path in logs.iterdir()]
    invoke("jobs", "list")
    assert [path.read_text() for path in logs.iterdir()] == before


def test_a_log_that_cannot_be_made_is_told(invoke, logs):
    logs.parent.mkdir(parents=True)
    logs.write_text("in the way")
    result = invoke("jobs", "list", "--local", "--debug")
    assert result.exit_code == 2
    assert "--debug: " in result.stderr


def test_the_environment_is_told_without_a_proxy_s_password(invoke, monkeypatch, tmp_path):
    monkeypatch.setenv("https_proxy", "http://user:canary@p@proxy.example:3128")
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/own.pem")
    document = json.loads(invoke("version", "--output", "json").stdout)
    text = invoke("version").stdout

    assert "canary" not in json.dumps(document) + text
    assert document["proxies"] == {"HTTPS_PROXY": "http://proxy.example:3128"}
    assert document["certificates"]["SSL_CERT_FILE"] == "/etc/own.pem"
    assert document["maas_client"] == __version__
    assert {"httpx", "click", "pydantic"} <= document["packages"].keys()
    assert None not in document["packages"].values()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", document["catalog"])
    assert document["config"] == {"path": str(tmp_path / "config.toml"), "exists": False, "profile": None}
    assert Path(document["journal"]) == Path(os.environ["MAAS_JOURNAL_DIR"])
    assert f"{tmp_path / 'config.toml'} (not there)" in text
    assert "variable  HTTPS_PROXY=http://proxy.example:3128\n" in text
    assert re.search(r"^packages  (aiohttp [\d.]+, )?ahocorasick-rs [\d.]+, ", text, re.MULTILINE)
