"""The tables of `docs/pages/how-to/faults.md` are made of the actions and the classics themselves."""

from pathlib import Path

import pytest

from maas_client.server.crash import POINTS
from maas_client.server.faults import answers, changes, cuts, throttle
from maas_client.server.faults.classics import classics
from maas_client.server.faults.kinds import KINDS
from maas_client.server.faults.schema import make_schema

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "pages" / "how-to" / "faults.md"


def of_actions() -> str:
    definitions = make_schema()["$defs"]
    lines = ["| action | | fields | done |", "|---|---|---|---|"]
    for name, kind in KINDS.items():
        schema = definitions[kind.__name__]
        fields = [
            f"{'**' if field in schema['required'] else ''}`{field}`{'**' if field in schema['required'] else ''}"
            f"{choices(value)}: {value['description'].rstrip('.')}"
            for field, value in schema["properties"].items()
            if field not in {"do", "times"}
        ]
        lines.append(f"| `{name}` | {schema['description']} | {'; '.join(fields)} | {kind.served} |")
    return "\n".join(lines)


def choices(value: dict) -> str:
    return f" ({', '.join(value['enum'])})" if 0 < len(value.get("enum", [])) < 6 else ""


def of_classics() -> str:
    rows = [f"| `{name}` | {each['about']} |" for name, each in classics().items()]
    return "\n".join(["| name | |", "|---|---|", *rows])


def of_points() -> str:
    return "\n".join(["| point | |", "|---|---|", *(f"| `{name}` | {what} |" for name, what in POINTS.items())])


def test_the_tables_say_what_there_is(generated):
    page = PAGE.read_text(encoding="utf-8")
    for name, table in (("actions", of_actions()), ("classics", of_classics()), ("points", of_points())):
        before, rest = page.split(f"<!-- {name} -->\n")
        page = f"{before}<!-- {name} -->\n\n{table}\n\n<!-- end -->{rest.partition('<!-- end -->')[2]}"
    generated(PAGE, page)


def test_every_action_says_what_it_does_and_whether_the_work_is_done():
    for name, kind in KINDS.items():
        assert (kind.__doc__ or "").strip(), name
        assert kind.served, name


@pytest.mark.parametrize("met_by", ["tests/contract/test_faults_of_http.py", "tests/referee/scenarios/faults.py"])
def test_every_action_of_http_is_met_by_our_client_and_by_microsofts(met_by):
    text = (ROOT / met_by).read_text(encoding="utf-8")
    kinds = [*answers.ACTIONS, *throttle.ACTIONS, *changes.ACTIONS, *cuts.ACTIONS]
    names = {kind.name() for kind in kinds} - {"pass", "commit-then-status"} | {"commit-then-500"}
    assert sorted(name for name in names if f'"{name}"' not in text) == []
