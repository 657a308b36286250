"""Good data is left alone: less than one warning in 1,000 rows of prose, code, tables, many languages and emoji."""

import json
import random
import tomllib
from pathlib import Path

import pytest

from maas_client.dataset import check

ROOT = Path(__file__).parents[2]
ROWS = 2000

GOOD = tomllib.loads((ROOT / "tests/dataset_cases/good.toml").read_text(encoding="utf-8"))
WORDS = GOOD["words"].split()


def words(rng, count):
    return " ".join(rng.choice(WORDS) for _ in range(count))


def prose(rng):
    return f"{words(rng, 30).capitalize()}. {words(rng, 60)}: {words(rng, 10)}? {words(rng, 80)}!\n\n- {words(rng, 9)}"


def code(rng):
    names = {
        key: rng.choice(("value", "row_count", "handle_request", "x", "assert_that_it_is_so", "i")) for key in "abc"
    }
    pieces = [
        rng.choice(GOOD["code"]).format(**names, n=rng.randrange(10_000), h=f"{rng.getrandbits(28):07x}")
        for _ in range(4)
    ]
    return "```\n" + "\n".join(pieces) + "\n```"


def table(rng):
    lines = ["| date | amount | share | version | time |", "|---|---:|---:|---|---|"]
    for _ in range(12):
        day = f"{rng.randrange(1990, 2030)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
        amount = f"{rng.randrange(10**9):,}.{rng.randrange(100):02}"
        version = ".".join(str(rng.randrange(10)) for _ in range(4))
        clock = f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}.{rng.randrange(10**6):06}"
        lines.append(f"| {day} | {amount} | {rng.random():.12f} | v{version} | {clock} |")
    return "\n".join(lines)


def languages(rng):
    return "\n".join(rng.choice(GOOD["sentences"]) + f" {words(rng, 5)}" for _ in range(5))


def mixture(rng):
    return rng.choice((prose, code, table, languages))(rng)


@pytest.mark.parametrize("ascii_only", [False, True], ids=["plain", "escaped"])
@pytest.mark.parametrize("write", [prose, code, table, languages, mixture])
def test_generated_data(tmp_path, write, ascii_only):
    rng = random.Random(f"{write.__name__} 7")
    path = tmp_path / "train.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(ROWS):
            question = f"{number}: {words(rng, 12)}?"
            messages = [{"role": "user", "content": question}, {"role": "assistant", "content": write(rng)}]
            if number % 3 == 0:
                messages.insert(0, {"role": "system", "content": f"You help with {words(rng, 4)}."})
            if number % 5 == 0:
                messages += [{"role": "user", "content": words(rng, 6)}, {"role": "assistant", "content": write(rng)}]
            file.write(json.dumps({"messages": messages}, ensure_ascii=ascii_only) + "\n")
    report = check(path)
    assert report.errors == 0, [str(finding) for finding in report.findings if finding.severity == "error"]
    assert report.warnings < ROWS / 1000, [f"{finding} | {finding.excerpt}" for finding in report.findings]


@pytest.mark.parametrize("name", ["train.jsonl", "validation.jsonl"])
def test_the_examples(name):
    report = check(ROOT / "examples/data" / name)
    assert report.errors == 0
    assert [str(finding) for finding in report.findings if finding.severity == "warning"] == []
