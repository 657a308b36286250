"""The catalogue of faults is whole: every case is shown by tests that exist, or says why it cannot be."""

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "cases.toml").read_text(encoding="utf-8"))["case"]
CASES_AT_LEAST = 177
SHOWN_AT_LEAST = 120


@cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["number"]))
def test_a_case_is_shown_or_says_why_not(case: dict[str, Any]) -> None:
    assert bool(case["tests"]) != bool(case.get("why_not")), "either tests or why_not"
    assert not case["tests"] or case["result"]
    for test in case["tests"]:
        file, _, function = test.partition("::")
        assert function.startswith("test_") or file.endswith(".toml"), test
        assert file.endswith(".toml") or function in functions(file), f"there is no test {test}"


def test_the_catalogue_is_whole() -> None:
    assert [case["number"] for case in CASES] == list(range(1, len(CASES) + 1))
    assert len(CASES) >= CASES_AT_LEAST
    assert sum(bool(case["tests"]) for case in CASES) >= SHOWN_AT_LEAST


def test_the_page_is_current(generated: Any) -> None:
    generated(ROOT / "docs" / "pages" / "reference" / "fault-catalogue.md", page())


def page() -> str:
    shown = sum(bool(case["tests"]) for case in CASES)
    lines = [
        "# Catalogue of faults",
        "",
        "What can go wrong between a program, its machine and the service, and what this client makes of it. Every",
        "case is shown by tests, with both clients where they differ, or says why it cannot be. Generated from",
        "`tests/catalogue/cases.toml` (`pytest tests/catalogue --update-generated`).",
        "",
        f"{len(CASES)} cases: {shown} shown, {len(CASES) - shown} not.",
    ]
    group = ""
    for case in CASES:
        if case["group"] != group:
            group = case["group"]
            lines += ["", f"## {group}", "", "| | what happens | what comes of it | shown by |", "|---|---|---|---|"]
        by = ", ".join(f"`{test.partition('::')[2]}`" for test in case["tests"]) or f"not shown: {case['why_not']}"
        lines.append(f"| {case['number']} | {case['title']} | {case['result']} | {by} |")
    return "\n".join(lines) + "\n"
