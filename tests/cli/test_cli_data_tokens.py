"""`data stats`, `data preview`, `data cost` and the tokens of `data check` at the terminal."""

import json

import pytest

MINI = "Phi-3-mini-4k-instruct"


def test_stats_fit_eighty_columns_and_say_what_they_are_worth(invoke, data):
    plain = invoke("data", "stats", data.name)
    assert plain.exit_code == 0
    assert "not counted: name a model" in plain.stdout
    result = invoke("data", "stats", data.name, "--model", MINI)
    assert result.exit_code == 0
    assert "(exact, llama-32k)" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "estimate, -4% to +4%" in invoke("data", "stats", data.name, "--model", "Phi-4").stdout
    document = json.loads(invoke("data", "stats", data.name, "--model", MINI, "-o", "json").stdout)
    assert (document["rows"], document["precision"]) == (60, "exact")
    assert document["tokens"]["total"] > document["trained_tokens"] > 0


def test_a_preview_without_a_terminal_has_headings(invoke, data):
    result = invoke("data", "preview", data.name, "--row", "2", "--model", MINI)
    assert result.exit_code == 0
    masked, prompt, trained, answer = result.stdout.splitlines()
    assert masked.startswith("--- masked: ")
    assert prompt.startswith("<|user|>|What| is")
    assert trained.startswith("--- trained: ")
    assert answer.endswith("<|end|>|<|endoftext|>")
    assert "train.jsonl:2: " in result.stderr
    assert "trained on (exact)" in result.stderr
    document = json.loads(invoke("data", "preview", data.name, "--model", "Phi-4", "-o", "json").stdout)
    assert document["precision"] == "estimate"


def test_costs_are_tokens_until_there_is_a_price(invoke, data, tmp_path):
    result = invoke("data", "cost", data.name, "--model", MINI, "--epochs", "2")
    assert "price          unknown" in result.stdout
    assert "amount" not in result.stdout
    priced = invoke("data", "cost", data.name, "--model", MINI, "--price-per-1k-tokens", "1000")
    tokens = json.loads(invoke("data", "cost", data.name, "--model", MINI, "-o", "json").stdout)["billed_tokens"]
    assert f"amount         {tokens:,}.00" in priced.stdout
    (tmp_path / "prices.toml").write_text(
        'dated = 2026-11-01\ncurrency = "EUR"\n[training_per_1k_tokens]\n"Phi-4" = 1\n'
    )
    listed = invoke("data", "cost", data.name, "--model", "Phi-4", "--prices", "prices.toml").stdout
    assert "1 EUR per 1,000 tokens, as of 2026-11-01" in listed
    assert " to " in listed.splitlines()[-1]
    assert "has none for" in invoke("data", "cost", data.name, "--model", MINI, "--prices", "prices.toml").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("stats", "none.jsonl"), "none.jsonl: There is no such file."),
        (("stats", "train.jsonl", "--tokenizer", "t.json"), "add --model"),
        (("preview", "train.jsonl", "--model", MINI, "--row", "99"), "There is no row 99"),
        (("cost", "train.jsonl", "--model", MINI, "--prices", "a", "--price-per-1k-tokens", "1"), "not both"),
        (("check", "train.jsonl", "--tokenizer", "t.json"), "Name the model too"),
        (("check", "train.jsonl", "--model", MINI, "--tokenizer", "t.json"), "cannot be read as a tokenizer"),
        (("stats", "."), "This is a directory"),
    ],
)
def test_wrong_use(invoke, data, arguments, words):
    result = invoke("data", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


def test_the_check_counts_tokens_of_a_model_unless_told_not_to(invoke, data):
    counted = invoke("data", "check", data.name, "--model", MINI)
    assert " tokens (exact)" in counted.stderr
    assert " tokens" not in invoke("data", "check", data.name, "--model", MINI, "--no-tokens").stderr
    with data.open("a") as file:
        long = {"role": "assistant", "content": "word " * 5000}
        file.write(json.dumps({"messages": [{"role": "user", "content": "q"}, long]}) + "\n")
    result = invoke("data", "check", data.name, "--model", MINI, "--ignore", "LEN")
    assert result.exit_code == 3
    assert "error TOK001" in result.stdout
    refused = invoke("submit", "--local", "--model", MINI, "--train", data.name)
    assert refused.exit_code == 3
    assert "TOK001" in refused.stderr
