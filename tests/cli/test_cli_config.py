"""Profiles: asked for, tried, written, shown; and the journal that a profile may have of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import maas_client
from maas_client import MaaSClient
from maas_client.settings.files import read_profiles
from maas_client.testing import Server, serving
from tests.cli.screens import masked, on_screen

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
on_a_terminal = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
REAL = ("--subscription", SUBSCRIPTION, "--resource-group", "g", "--workspace", "w")
TOML = """default_profile = "dev"

[profiles.dev]
subscription_id = "s"
resource_group = "g"
workspace = "w"

[profiles.box]
base_url = "http://127.0.0.1:1"
emulator = true
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("state"), clock="manual") as running:
        yield running


@pytest.fixture
def path(tmp_path):
    return tmp_path / "config.toml"


@pytest.fixture
def az(tmp_path, monkeypatch):
    """What `az login` and `az configure --defaults` leave behind."""
    folder = tmp_path / "az"
    folder.mkdir()
    known = [
        {"id": f"{n}" * 8 + SUBSCRIPTION[8:], "name": name, "state": "Enabled", "isDefault": n == 2}
        for n, name in ((1, "Sandbox"), (2, "Production"))
    ]
    (folder / "azureProfile.json").write_text(json.dumps({"subscriptions": known}), encoding="utf-8-sig")
    (folder / "config").write_text("[defaults]\ngroup = ml-prod\n")
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(folder))
    return folder


def test_a_profile_is_tried_and_written(invoke, server, path):
    local = ("--base-url", server.url, "--emulator")
    result = invoke("config", "init", "box", *local, "--output", "json")

    assert result.exit_code == 0, result.stderr
    assert result.stderr.splitlines()[0] == "maas-local answers."
    document = json.loads(result.stdout)
    assert (document["profile"], document["default"], document["verified"]) == ("box", True, True)
    assert read_profiles(path) == ({"box": document["settings"]}, "box")
    assert path.stat().st_mode & 0o777 == 0o600
    assert invoke("jobs", "list").exit_code == 0
    assert invoke("jobs", "list", "--profile", "box").exit_code == 0


def test_a_workspace_that_is_not_there_is_not_written(invoke, server, path):
    result = invoke("config", "init", "box", "--base-url", server.url, "--emulator", "--workspace", "w")

    assert (result.exit_code, path.exists()) == (5, False)
    assert "workspaces/w'" in result.stderr


def test_what_does_not_answer_is_not_written(invoke, path, monkeypatch):
    monkeypatch.setenv("MAAS_MAX_RETRIES", "0")
    arguments = ("config", "init", "box", "--base-url", "http://127.0.0.1:9", "--emulator", "--workspace", "w")
    result = invoke(*arguments)

    assert (result.exit_code, path.exists()) == (10, False)
    assert "--no-verify writes the profile all the same" in result.stderr
    assert invoke(*arguments, "--no-verify").exit_code == 0
    again = invoke(*arguments, "--no-verify")
    assert again.exit_code == 2
    assert "--force replaces it" in again.stderr
    assert invoke(*arguments, "--no-verify", "--force").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give PROFILE"),
        (("dev",), "give --subscription"),
        (("dev", "--subscription", "s"), "give --resource-group"),
        (("dev", "--subscription", "s", "--resource-group", "g"), "give --workspace"),
        (("dev", *REAL, "--cloud", "AzureClod"), "Unknown cloud"),
        (("dev", *REAL, "--base-url", "http://example.com"), "plain http"),
        ((" dev", *REAL), "no name for a profile"),
    ],
)
def test_without_a_terminal_everything_must_be_given(invoke, path, arguments, words):
    result = invoke("config", "init", *arguments)

    assert (result.exit_code, path.exists()) == (2, False)
    assert words in result.stderr


def test_a_subscription_may_be_named(invoke, path, az):
    arguments = ("--resource-group", "g", "--workspace", "w", "--no-verify", "--no-default")
    assert invoke("config", "init", "a", "--subscription", "sandbox", *arguments).exit_code == 0
    profiles, default = read_profiles(path)
    assert profiles["a"]["subscription_id"] == "1" * 8 + SUBSCRIPTION[8:]
    assert default is None


@on_a_terminal
@pytest.mark.parametrize("columns", [80, 120])
def test_what_is_missing_is_asked_for(same_screen, path, az, columns):
    with on_screen("config", "init", "--no-verify", columns=columns, MAAS_CONFIG="config.toml") as shown:
        shown.read("Name of the profile")
        shown.press("\r")
        shown.read("Subscription [")
        shown.press("2\r")
        shown.read("Resource group [")
        shown.press("\r")
        shown.read("Workspace:")
        shown.press("  \r")
        shown.read("Error")
        shown.press("support\r")
        shown.read("no profile is named?")
        shown.press("\r")
        assert shown.end() == 0
        same_screen(f"config-init-{columns}", masked(shown.text))

    profiles, default = read_profiles(path)
    assert default == "default"
    assert profiles["default"] == {
        "subscription_id": "1" * 8 + SUBSCRIPTION[8:],
        "resource_group": "ml-prod",
        "workspace": "support",
    }


@on_a_terminal
def test_ctrl_c_at_a_question_writes_nothing(path):
    with on_screen("config", "init") as shown:
        shown.read("Name of the profile")
        # Until readline waits for a key, Python lets a Ctrl-C wait too: press it as somebody would, until it is heard.
        while shown.process.poll() is None:
            shown.press("\x03")
            with suppress(subprocess.TimeoutExpired):
                shown.process.wait(1)
        assert shown.process.returncode == 130
    assert not path.exists()


def test_the_default_profile_is_shown_with_where_it_comes_from(invoke, path, monkeypatch):
    path.write_text(TOML)
    text = invoke("config", "show")
    assert text.stdout.splitlines()[1].split() == ["profile", "dev", "default_profile", "in", str(path)]
    document = json.loads(invoke("config", "show", "-o", "json").stdout)
    assert (document["profile"], document["profile_from"]) == ("dev", f"default_profile in {path}")
    monkeypatch.setenv("MAAS_WORKSPACE", "other")
    assert "'dev' does not count" in invoke("config", "show").stderr


def test_a_variable_that_means_nothing_is_told_with_what_may_be_meant(invoke, monkeypatch):
    monkeypatch.setenv("MAAS_WORKSPCE", "w")
    monkeypatch.setenv("MAAS_XYZ", "w")
    notes = invoke("config", "show").stderr.splitlines()
    assert notes == [
        "note: MAAS_WORKSPCE has no meaning here. Did you mean MAAS_WORKSPACE?",
        "note: MAAS_XYZ has no meaning here.",
    ]


def test_a_mistyped_variable_is_named_where_it_is_missed(invoke, monkeypatch):
    monkeypatch.setenv("MAAS_WORKSPCE", "w")
    assert "hint: MAAS_WORKSPCE has no meaning here. Did you mean MAAS_WORKSPACE? " in invoke("jobs", "list").stderr


def test_profiles_are_listed(invoke, path):
    assert invoke("config", "list").stderr.startswith(f"{path} has no profiles.")
    assert json.loads(invoke("config", "path", "-o", "json").stdout) == {"path": str(path), "exists": False}
    path.write_text(TOML)
    rows = [line.split() for line in invoke("config", "list").stdout.splitlines()]
    assert rows[1:] == [["dev", "yes", "w", "g", "s"], ["box"]]
    document = json.loads(invoke("config", "list", "-o", "json").stdout)
    assert [(each["name"], each["default"]) for each in document["profiles"]] == [("dev", True), ("box", False)]
    assert invoke("config", "path").stdout == f"{path}\n"


def test_every_variable_of_the_program_is_known(invoke, monkeypatch):
    package = Path(maas_client.__file__).parent
    used = {name for file in package.rglob("*.py") for name in re.findall(r"\bMAAS_[A-Z_]+[A-Z]\b", file.read_text())}
    for name in used:
        monkeypatch.setenv(name, os.environ.get(name, ""))
    assert [note for note in invoke("config", "show").stderr.splitlines() if "has no meaning" in note] == []


def begun(journal: Path, name: str) -> str:
    """Write down a submission, of which nothing is sent."""
    with MaaSClient(
        base_url="http://127.0.0.1:9",
        emulator=True,
        subscription_id="s",
        resource_group="g",
        workspace="w",
        journal=journal,
    ) as client:
        return client.submissions.create("Phi-4-mini-instruct", training_file="azureml:train:1", name=name).id


def test_a_profile_may_have_a_journal_of_its_own(invoke, path, tmp_path):
    path.write_text(TOML.replace('workspace = "w"\n', f'workspace = "w"\njournal_dir = "{tmp_path}/own"\n'))
    run = begun(tmp_path / "own", "of-dev")
    local = begun(tmp_path / "journal", "local")

    def listed(*arguments: str) -> list[str]:
        return [info["id"] for info in json.loads(invoke("runs", "list", *arguments, "-o", "json").stdout)]

    assert listed() == listed("--profile", "dev") == [run]
    assert listed("--profile", "box") == listed("--local") == [local]
    assert invoke("runs", "show", "of-dev", "--profile", "box").exit_code == 2
    assert invoke("runs", "show", "of-dev").exit_code == 0
    assert invoke("runs", "list", "--local", "--profile", "dev").exit_code == 2
    assert invoke("runs", "forget", "local", "--local").exit_code == 0
    assert listed("--local") == []
