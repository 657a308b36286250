"""What a shell offers at a Tab, by click's protocol and in the shells themselves; what a wrong name may stand for."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from maas_client import MaaSClient
from maas_client.cli._names import learn
from maas_client.cli._options import Choice
from maas_client.cli.main import root
from maas_client.testing import Server, serving
from tests.cli.program import MODEL, environment, row

BIN = str(Path(sys.executable).parent)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two jobs, of which one has ended and is deployed."""
    folder = tmp_path_factory.mktemp("state")
    train = folder / "train.jsonl"
    train.write_text("".join(f"{row(index)}\n" for index in range(60)))
    with serving(folder / "server", clock="scaled:100000") as running:
        ready = running.ready
        with MaaSClient(
            base_url=running.url,
            emulator=True,
            subscription_id=ready.subscription_id,
            resource_group=ready.resource_group,
            workspace=ready.workspace,
            journal=folder / "journal",
        ) as client:
            file = client.files.upload(train)
            for name in ("support-bot", "sales-bot"):
                client.jobs.create(MODEL, training_file=file, name=name)
            model = client.jobs.wait("support-bot").fine_tuned_model
            assert model is not None
            client.deployments.begin_create("support-live", model=model).result()
        yield running


@pytest.fixture
def place(server, monkeypatch):
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)


def offered(*words: str) -> dict[str, str | None]:
    """Press Tab after these words; return what is offered, each with its help."""
    *before, incomplete = words
    items = ShellComplete(root, {}, "maas-ft", "_MAAS_FT_COMPLETE").get_completions(before, incomplete)
    return {item.value: item.help for item in items}


def test_commands_are_offered_with_what_they_do():
    found = offered("")
    assert {"submit", "jobs", "data", "completion"} <= found.keys()
    assert found["chat"] == "Ask a deployment."
    assert offered("jo").keys() == {"jobs"}
    assert {"get", "watch", "delete"} <= offered("jobs", "").keys()
    assert offered("jobs", "g").keys() == {"get"}
    assert {"--local", "--profile", "--quiet"} <= offered("jobs", "get", "--").keys()


@pytest.mark.parametrize(
    "words",
    [
        ("submit", "--model", "phi-4-mini-i"),
        ("data", "check", "F", "--model", "Phi-4-mini-i"),
        ("models", "get", "Phi-4-mini-i"),
        ("advise", "--model", "PHI-4-MINI-I"),
        ("deployments", "create", "x", "--model", "Phi-4-mini-i"),
    ],
    ids=" ".join,
)
def test_models_are_offered_from_the_catalog_whatever_the_case(words):
    assert offered(*words).keys() == {"Phi-4-mini-instruct"}


def test_profiles_are_offered(tmp_path):
    assert offered("jobs", "list", "--profile", "") == {}
    (tmp_path / "config.toml").write_text('[profiles.dev]\nworkspace = "w"\n[profiles.prod]\n')
    assert offered("jobs", "list", "--profile", "") == {"dev": "w", "prod": None}
    (tmp_path / "config.toml").write_text("broken")
    assert offered("jobs", "list", "--profile", "") == {}


def test_runs_are_offered_newest_first_and_once(tmp_path):
    def begin(name: str) -> str:
        with MaaSClient(
            base_url="http://127.0.0.1:9", emulator=True, subscription_id="s", resource_group="g", workspace="w"
        ) as client:
            return client.submissions.create(MODEL, training_file="azureml:train:1", name=name).id

    first, second = begin("one"), begin("two")
    assert list(offered("runs", "show", "").items()) == [(second, "two"), (first, "one")]
    assert offered("submit", "--resume", first[:4]) == {first: "one"}
    assert offered("runs", "forget", first, "") == {second: "two"}


def test_jobs_and_deployments_are_offered_as_the_service_has_them(place, tmp_path):
    learn("jobs", Choice())
    learn("deployments", Choice())

    assert offered("jobs", "get", "su").keys() == {"support-bot"}
    assert offered("jobs", "watch", "support-bot", "").keys() == {"sales-bot"}
    assert offered("jobs", "get", "support")["support-bot"] == "succeeded"
    assert offered("deployments", "create", "x", "--job", "sa").keys() == {"sales-bot"}
    for words in (("chat", ""), ("deployments", "keys", "")):
        assert offered(*words) == {"support-live": "succeeded"}
    kept = list((tmp_path / "home").rglob("*.json"))
    assert len(kept) == 2
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in kept} == {0o700}


def test_a_process_of_its_own_asks_the_service(place):
    done = subprocess.run(
        [sys.executable, "-m", "maas_client.cli._names", "jobs", json.dumps(Choice())],
        env=environment(),
        capture_output=True,
        timeout=50,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert offered("jobs", "get", "").keys() == {"support-bot", "sales-bot"}


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"MAAS_PROFILE": "absent"},
        {"MAAS_TIMEOUT": "nonsense"},
        {"MAAS_BASE_URL": "http://127.0.0.1:9", "MAAS_EMULATOR": "1", "MAAS_WORKSPACE": "w"},
    ],
    ids=["no workspace", "no profile", "wrong setting", "out of reach"],
)
def test_a_tab_never_says_anything_but_names(run, environ):
    place = {"MAAS_SUBSCRIPTION_ID": "s", "MAAS_RESOURCE_GROUP": "g"} if "MAAS_WORKSPACE" in environ else {}
    tab = {"_MAAS_FT_COMPLETE": "bash_complete", "COMP_WORDS": "maas-ft jobs get ", "COMP_CWORD": "3"}
    done = run(**environ, **place, **tab)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_a_tab_never_starts_the_local_server(own_folders):
    assert offered("jobs", "get", "--local", "") == {}
    assert not own_folders.exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed(invoke, shell):
    result = invoke("completion", shell)
    assert result.exit_code == 0
    assert f"_MAAS_FT_COMPLETE={shell}_complete" in result.stdout
    assert shell in invoke("completion", "--help").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there is no bash to rely on")
def test_bash_completes(place):
    learn("jobs", Choice())
    script = """
eval "$(maas-ft completion bash)"
complete -p maas-ft
tab() { COMPREPLY=(); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _maas_ft_completion maas-ft; echo "${COMPREPLY[*]}"; }
tab maas-ft jobs get su
tab maas-ft --quiet jobs wat
tab maas-ft submit --model Phi-4-mini-i
"""
    assert in_shell("bash", "--norc", "-c", script).splitlines()[1:] == ["support-bot", "watch", "Phi-4-mini-instruct"]


ZSH = r"""
_describe() { eval "print -rl -- \${$3[@]}" }
compdef() { }
eval "$(maas-ft completion zsh)"
words=(maas-ft jobs wat); CURRENT=3; _maas_ft_completion
words=(maas-ft submit --model Phi-4-mini-i); CURRENT=4; _maas_ft_completion
"""
FISH = """
maas-ft completion fish | source
complete -C "maas-ft jobs wat"
complete -C "maas-ft submit --model Phi-4-mini-i"
"""


@pytest.mark.parametrize(("shell", "options", "script"), [("zsh", "-fc", ZSH), ("fish", "-c", FISH)])
def test_the_other_shells_complete(shell, options, script):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    found = in_shell(shell, options, script).splitlines()
    assert [re.split("[:\t]", line) for line in found] == [
        ["watch", "Watch jobs to their end; with json an..."],
        ["Phi-4-mini-instruct", "128k tokens of context"],
    ]


def in_shell(*command: str) -> str:
    known = environment() | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, env=known, capture_output=True, text=True, timeout=50, check=True)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("jobs", "get", "suport-bot"), "hint: Did you mean support-bot?"),
        (("jobs", "cancel", "salesbot"), "hint: Did you mean sales-bot?"),
        (("jobs", "logs", "suport-bot"), "hint: Did you mean support-bot?"),
        (("jobs", "metrics", "suport-bot"), "hint: Did you mean support-bot?"),
        (("jobs", "watch", "sales-bot", "suport-bot"), "hint: Did you mean support-bot?"),
        (("deployments", "create", "x", "--job", "suport-bot"), "hint: Did you mean support-bot?"),
        (("deployments", "get", "support-life"), "hint: Did you mean support-live?"),
        (("chat", "supportlive", "Hello"), "hint: Did you mean support-live?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistyped_name_is_told_with_the_one_that_may_be_meant(invoke, place, arguments, words):
    result = invoke(*arguments)
    assert result.exit_code == 5
    assert words in result.stderr


def test_a_name_like_no_other_is_told_as_before(invoke, place):
    result = invoke("jobs", "get", "zzz")
    assert result.exit_code == 5
    assert "Did you mean" not in result.stderr
