"""`maas-ft advise`: asked by options and by questions, in text and in JSON."""

import json

import pytest

from tests.cli.screens import masked, on_screen

OPTIONS = (
    "--goal",
    "qa",
    "--model",
    "Phi-4",
    "--gpus",
    "2",
    "--gpu-memory",
    "8",
    "--priority",
    "cost",
    "--rows",
    "800",
)


def test_options_answer_every_question(invoke):
    result = invoke("advise", *OPTIONS)

    assert (result.exit_code, result.stderr) == (0, "")
    answer = " ".join(result.stdout.partition("\n\n")[0].split())
    assert answer == (
        "Train Phi-4 by hosted fine-tuning, with LoRA, as the service does it. On your own GPUs: QLoRA with ZeRO-3."
    )
    assert "$ maas-ft submit --model Phi-4 --train train.jsonl" in result.stdout
    table = result.stdout.partition("TECHNIQUE")[2].splitlines()
    assert [line.split("  ")[0] for line in table if line.endswith("try this first")] == ["QLoRA with ZeRO-3"]
    cited = result.stdout.partition("\nsources\n")[2]
    assert [f"[{number}]" in cited for number in (1, 6, 9)] == [True, True, False]


def test_json_is_the_whole_advice(invoke):
    document = json.loads(invoke("advise", *OPTIONS, "--output", "json").stdout)

    assert (document["model"], document["goal"], document["priorities"]) == ("Phi-4", "qa", ["cost"])
    assert [place["key"] for place in document["places"] if place["recommended"]] == ["hosted"]
    assert [each["name"] for each in document["methods"] if each["recommended"]] == ["QLoRA with ZeRO-3"]
    assert document["sources"]["peft-quantization"]["retrieved"] == "2026-11-27"


def test_techniques_are_shown_to_whom_they_concern(invoke):
    assert "TECHNIQUE" not in invoke("advise", "--goal", "chat").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing option '--goal'"),
        (("--goal", "chart"), "Invalid value for '--goal'"),
        (("--goal", "chat", "--model", "Phi-5"), "Unknown model 'Phi-5'"),
        (("--goal", "chat", "--gpu-memory", "0"), "Invalid value for '--gpu-memory'"),
    ],
)
def test_wrong_use(invoke, arguments, words):
    result = invoke("advise", *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_is_asked(same_screen, columns):
    with on_screen("advise", columns=columns, rows=100) as shown:
        for question, answer in (
            ("Goal (", "qa"),
            ("Priority (", "memory"),
            ("Rows of training data", "800"),
            ("GPUs of your own", "1"),
            ("GB of memory of each", "8"),
        ):
            shown.read(question)
            shown.press(f"{answer}\r")
        assert shown.end() == 0

    same_screen(f"advise-{columns}", masked(shown.text))


def test_enter_is_an_answer_to_every_question():
    with on_screen("advise", "--priority", "cost", rows=60) as shown:
        for question in ("Goal (", "Rows of training data", "GPUs of your own"):
            shown.read(question)
            shown.press("\r")
        assert shown.end() == 0

    assert "Priority (" not in shown.text
    assert "hosted fine-tuning: try this first" in shown.text
