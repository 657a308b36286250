"""`plan` and `apply`: what is decided is looked at before anything is sent, and done as it was, or not at all."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from maas_client.cli import _local
from maas_client.testing import Faults, Requests
from maas_client.types import Plan
from tests.cli.program import MODEL
from tests.cli.screens import Terminal, masked, on_screen

REAL = ("--subscription", "s", "--resource-group", "g", "--workspace", "w")
PHI4 = ("--model", "Phi-4", "--train", "train.jsonl")
PHI3 = ("--model", MODEL, "--train", "train.jsonl")
PRICES = """\
dated = 2026-11-01
currency = "USD"
source = "our agreement of October"
[training_per_1k_tokens]
"Phi-4" = 0.5
"Phi-3-mini-4k-instruct" = 0.25
"""
MASKS = (
    (r"(?<=@)[0-9a-f]{12}", "0" * 12),
    (r"(?<=-)[0-9a-f]{8}\b", "0" * 8),
    (r"(?<=resume )[0-9a-f]{8}", "0" * 8),
    (r"(?<=job/)\S+", "x"),
)


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    return path


# Offline


def test_a_plan_without_network_says_everything_but_the_preflight(invoke, data, prices):
    done = invoke("plan", "--offline", *REAL, *PHI4, "--epochs", "3", "--prices", prices.name, "-o", "run.plan")

    assert (done.exit_code, done.stdout) == (0, "")
    assert "train.jsonl  60 rows  " in done.stderr
    assert re.search(r"tokens +[\d,]+ x 3 epochs = [\d,]+ \(estimate: [\d,]+ to [\d,]+\)", done.stderr)
    assert "USD (0.5 USD per 1,000 tokens, as of 2026-11-01; our agreement of October)" in done.stderr
    assert "preflight     not done" in done.stderr
    assert "Blob_Put, Jobs_CreateOrUpdate, and 3 that only ask" in done.stderr
    assert done.stderr.endswith("Do it: maas-ft apply run.plan\n")
    plan = Plan.load("run.plan")
    assert (plan.workspace, plan.emulator, plan.preflight) == ("w", False, None)


def test_json_is_the_plan_and_what_was_found(invoke, data):
    done = invoke("plan", "--offline", *PHI4, "--output", "json")

    document = json.loads(done.stdout)
    assert set(document) == {"file", "plan", "target", "findings"}
    assert (document["file"], document["plan"]["model"]) == (None, "Phi-4")
    assert document["target"]["workspace"] is None
    assert "price unknown" in done.stderr
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "plan.schema.json").read_text())
    Draft202012Validator({**schema["$defs"]["Plan"], "$defs": schema["$defs"]}).validate(document["plan"])


def test_a_plan_is_kept_for_a_workspace_that_is_known(invoke, data):
    for arguments in (("plan", *PHI4, "--offline", "-o", "run.plan"), ("plan", *PHI4)):
        done = invoke(*arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "It is not known which workspace is meant" in done.stderr
    assert not Path("run.plan").exists()


def test_the_local_server_is_planned_for_without_starting_it(invoke, data, own_folders):
    done = invoke("plan", "--offline", "--local", *PHI3, "-o", "run.plan")

    assert done.exit_code == 0
    assert not own_folders.exists()
    plan = Plan.load("run.plan")
    assert (plan.emulator, plan.labels) == (True, {"local": "yes"})
    assert (plan.subscription_id, plan.resource_group, plan.workspace) == _local.LOCAL_NAMES


def test_the_names_of_the_local_workspace_are_those_that_a_server_says(server):
    ready = server.ready
    assert (ready.subscription_id, ready.resource_group, ready.workspace) == _local.LOCAL_NAMES


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("--epochs", "1", "--max-cost", "0.01", "--prices", "prices.toml"),
            "more than the limit of 0.01 USD",
        ),
        (("--epochs", "1", "--max-cost", "100"), "there is no price for Phi-4"),
        (("--max-cost", "100", "--prices", "prices.toml"), "the number of epochs is left to the service"),
    ],
)
@pytest.mark.parametrize("command", [("plan", "--offline", "-o", "run.plan"), ("submit", "--yes")])
def test_over_the_limit_nothing_is_kept_and_nothing_is_sent(invoke, data, prices, command, arguments, words):
    done = invoke(*command, *REAL, *PHI4, *arguments)

    assert (done.exit_code, done.stdout) == (11, "")
    assert "  limit  " in done.stderr
    assert words in done.stderr
    assert "\nhint: " in done.stderr
    assert not Path("run.plan").exists()


def test_deploying_needs_the_end(invoke, data):
    done = invoke("plan", "--offline", *REAL, *PHI4, "--deploy", "--no-watch")
    assert done.exit_code == 2
    assert "--deploy needs the job's end" in done.stderr


def test_what_is_no_plan_is_not_applied(invoke, data):
    done = invoke("apply", data.name)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "train.jsonl is no plan." in done.stderr
    assert invoke("plan", "--offline", *REAL, *PHI4, "-o", data.name).exit_code == 2
    assert data.read_text().startswith('{"messages"')


# On a server


def test_applied_twice_it_is_one_job_and_nobody_is_asked(invoke, data, place, prices):
    planned = invoke("plan", *PHI3, "--name", "bot", "--epochs", "1", "--prices", prices.name, "-o", "run.plan")
    assert planned.exit_code == 0, planned.stderr
    assert re.search(r"preflight +\d+ ok", planned.stderr)
    Requests(place).verify("*_CreateOrUpdate", times=0)
    first = invoke("apply", "run.plan", "--max-cost", "100", "--output", "json")
    again = invoke("apply", "run.plan", "--output", "json")

    assert (first.exit_code, again.exit_code) == (0, 0), again.stderr
    assert json.loads(first.stdout)["job"]["status"] == "succeeded"
    assert json.loads(again.stdout)["run"] == json.loads(first.stdout)["run"]
    Requests(place).verify("Jobs_CreateOrUpdate", times=1)
    Requests(place).verify("Blob_Put", times=1, status="2xx")
    other = invoke("apply", "run.plan", "--workspace", "another")
    assert other.exit_code == 2
    assert "hint: Use a client, or the options, of that workspace." in other.stderr
    over = invoke("apply", "run.plan", "--max-cost", "0.01")
    assert over.exit_code == 11


def test_what_moved_is_named_and_not_applied(invoke, data, place):
    assert invoke("plan", *PHI3, "-o", "run.plan").exit_code == 0
    data.write_text(data.read_text().replace("What is 1 plus", "What is 2 plus"))
    done = invoke("apply", "run.plan", "--output", "json")

    assert done.exit_code == 2
    error = json.loads(done.stdout)["error"]
    assert error["type"] == "PlanMovedError"
    assert "train.jsonl has another content than when it was planned." in error["message"]
    assert "Plan again" in error["hint"]
    Requests(place).verify("*_CreateOrUpdate", times=0)


def test_a_plan_that_was_edited_is_not_applied(invoke, data, place):
    assert invoke("plan", *PHI3, "--offline", "-o", "run.plan").exit_code == 0
    Path("run.plan").write_text(Path("run.plan").read_text().replace('"wait": true', '"wait": false'))
    done = invoke("apply", "run.plan")
    assert done.exit_code == 2
    assert "run.plan is not as it was written" in done.stderr


def test_a_preflight_that_failed_is_the_end_unless_one_insists(invoke, data, place):
    faults = Faults(place)
    faults.on("Datastores_Get", {"do": "status", "status": 403})
    planned = invoke("plan", *PHI3, "--name", "bot", "--epochs", "1", "-o", "run.plan")
    refused = invoke("apply", "run.plan")

    assert (planned.exit_code, refused.exit_code) == (4, 4), planned.stderr
    assert re.search(r"^    failed +storage: ", planned.stderr, re.MULTILINE)
    assert "Plan run.plan written." in planned.stderr
    assert "error: The preflight of this plan failed: storage: " in refused.stderr
    Requests(place).verify("Jobs_CreateOrUpdate", times=0)
    faults.clear()
    assert invoke("apply", "run.plan", "--ignore-preflight").exit_code == 0
    Requests(place).verify("Jobs_CreateOrUpdate", times=1)


def test_a_name_that_this_very_job_has_is_free(invoke, data, place):
    arguments = (*PHI3, "--name", "bot", "--epochs", "1")
    assert invoke("submit", *arguments, "--yes", "--no-watch").exit_code == 0
    same = invoke("plan", *arguments)
    other = invoke("plan", *PHI3, "--name", "bot", "--epochs", "2")

    assert same.exit_code == 0, same.stderr
    assert other.exit_code == 6
    assert "failed      job-name: A job named bot exists" in other.stderr


def test_submit_looks_first_if_it_is_told_to(invoke, data, place):
    faults = Faults(place)
    faults.on("Datastores_Get", {"do": "status", "status": 403})
    done = invoke("submit", *PHI3, "--preflight", "--yes")

    assert done.exit_code == 4
    assert "error: The preflight of this plan failed: storage: " in done.stderr
    Requests(place).verify("Blob_Put", times=0)
    faults.clear()


# Screens


def screen(stderr: str, columns: int) -> str:
    """Show what a command wrote, as a terminal of so many columns does."""
    terminal = Terminal(columns, rows=80)
    terminal.write(stderr.replace("\n", "\r\n").encode())
    return masked(terminal.text, *MASKS)


@pytest.fixture(params=[80, 120])
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The columns of a terminal that commands take for theirs."""
    monkeypatch.setenv("COLUMNS", str(request.param))
    monkeypatch.setattr("maas_client.cli._plan_screen.is_terminal", lambda _stream: True)
    return int(request.param)


@pytest.fixture
def same(same_screen: Callable[[str, str], None], columns: int) -> Callable[[str, str], None]:
    return lambda name, stderr: same_screen(f"{name}-{columns}", screen(stderr, columns))


def test_the_screen_of_a_plan(invoke, data, prices, same):
    arguments = ("--epochs", "3", "--prices", prices.name, "--max-cost", "25", "--name", "bot", "--deploy")
    done = invoke("plan", "--offline", *REAL, *PHI4, *arguments, "-o", "run.plan")
    same("plan", done.stderr)


def test_the_screen_of_a_plan_whose_data_has_errors(invoke, broken, same):
    done = invoke("plan", "--offline", *REAL, "--model", "Phi-4", "--train", broken.name, "-o", "run.plan")
    same("plan-data-errors", done.stderr)


def test_the_screen_of_a_plan_over_its_limit(invoke, data, prices, same):
    arguments = ("--epochs", "3", "--prices", prices.name, "--max-cost", "0.5")
    done = invoke("plan", "--offline", *REAL, *PHI4, *arguments, "-o", "run.plan")
    same("plan-over-limit", done.stderr)


def test_the_screen_of_a_plan_that_moved(invoke, data, same):
    assert invoke("plan", "--offline", *REAL, *PHI4, "--name", "bot", "-o", "run.plan").exit_code == 0
    data.write_text(data.read_text().replace("What is 1 plus", "What is 2 plus"))
    same("apply-moved", invoke("apply", "run.plan").stderr.replace(str(data), "/data/train.jsonl"))


@pytest.mark.parametrize("width", [80, 120])
def test_the_screens_of_applying_stopping_and_going_on(invoke, data, place, same_screen, width):
    faults = Faults(place)
    faults.on("Jobs_CreateOrUpdate", "commit-then-stall")
    assert invoke("plan", *PHI3, "--offline", "--name", "bot", "--epochs", "1", "-o", "run.plan").exit_code == 0
    with on_screen("apply", "run.plan", columns=width, NO_COLOR="1") as shown:
        with place.client() as client:
            while "bot" not in [job.name for job in client.jobs.list()]:
                assert shown.process.poll() is None
        shown.read(until="train.jsonl: uploaded.")
        shown.press("\x03")
        assert shown.end() == 130
        same_screen(f"apply-stopped-{width}", masked(shown.text, *MASKS))
    with on_screen("apply", "run.plan", columns=width, rows=60, NO_COLOR="1") as shown:
        assert shown.end() == 0
        before, after = re.split(r"^  bot .*(?=^job )", shown.text, flags=re.MULTILINE | re.DOTALL)
        same_screen(f"apply-resumed-{width}", masked(f"{before}  (the job is watched)\n{after}", *MASKS))
    Requests(place).verify("Jobs_CreateOrUpdate", times=1)
