"""Our description of the wire: whole, sound, and the same set of operations as the server's tables."""

import fnmatch
import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from maas_client.server import fidelity, ledger
from maas_client.server.conformance.documents import Document, contract
from maas_client.server.conformance.known import read_known
from maas_client.server.schemas import CONTRACT, DEVIATIONS, schema_file
from tests.conformance.of_run import published

DOCUMENT = json.loads(schema_file(CONTRACT).read_text(encoding="utf-8"))
UNSOURCED = """[[deviation]]
id = "a"
documents = "*"
operations = []
side = "*"
where = []
keywords = []
why = "so"
source = " "
"""
LEDGER = Path(__file__).parents[2] / "docs" / "pages" / "reference" / "ledger.md"


def references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_every_reference_leads_somewhere_and_everything_shared_is_used():
    used = set(references(DOCUMENT))
    for pointer in used:
        place = DOCUMENT
        for word in pointer.removeprefix("#/").split("/"):
            place = place[word.replace("~1", "/").replace("~0", "~")]
    shared = {f"#/components/{kind}/{name}" for kind, named in DOCUMENT["components"].items() for name in named}
    assert shared - used == set()


def test_every_schema_is_one():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert not isinstance(schema, dict) or set(schema.get("required", ())) <= set(schema.get("properties", ())), (
            name
        )


def test_every_operation_names_its_source_and_says_how_it_refuses():
    for operation in contract().operations():
        assert operation.node.value["x-source"].strip(), operation.name
        assert "default" in operation.node.value["responses"], operation.name


def test_every_parameter_of_a_path_is_described():
    for operation in contract().operations():
        described = {each.value["name"] for each in operation.parameters if each.value["in"] == "path"}
        assert set(re.findall(r"\{(\w+)\}", operation.template)) <= described, operation.template


@pytest.mark.parametrize("row", list(ledger.rows()), ids=lambda row: f"{row.name}-{row.path[:12]}")
def test_every_row_of_the_server_is_described(row):
    path, _, query = row.path.partition("?")
    path = re.sub(r"\{\w+\}", "name", path.replace("{account}.blob.{suffix}", "acct.blob.core.windows.net"))
    found = contract().find(row.method, path, query)
    assert found is not None
    assert found[0].name == row.name


def test_every_operation_described_is_a_row_of_the_server():
    assert {operation.name for operation in contract().operations()} == {row.name for row in ledger.rows()}


def test_the_ledger_is_up_to_date(generated):
    generated(LEDGER, ledger.as_markdown())


@pytest.mark.parametrize("name", sorted({row.name for row in ledger.rows()}))
def test_every_operation_says_what_it_rests_on(name):
    assert fidelity.sources_of(name)


def test_every_behaviour_is_of_operations_that_exist_and_told_once():
    names = {row.name for row in ledger.rows()}
    every = fidelity.behaviours()
    for behaviour in every:
        assert behaviour.evidence.strip(), behaviour.what
        for pattern in behaviour.operations:
            assert fnmatch.filter(names, pattern), (behaviour.what, pattern)
    assert len({behaviour.what for behaviour in every}) == len(every)


def test_what_is_simulated_rests_on_no_exchange():
    # Nobody can have recorded what this server makes up.
    assert not [
        each.what for each in fidelity.behaviours() if each.simulated and each.source in {"recorded", "sdk-code"}
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"source": "hearsay"}, "hearsay"),
        ({"evidence": None}, "evidence"),
        ({"operations": None}, "operations"),
        ({"sauce": "guess"}, "sauce"),
    ],
)
def test_a_behaviour_that_rests_on_nothing_known_is_refused(row, problem):
    given = {"area": "a", "operations": ["*"], "what": "w", "source": "guess", "evidence": "e", **row}
    text = "[[behaviour]]\n" + "\n".join(f"{name} = {json.dumps(value)}" for name, value in given.items() if value)
    with pytest.raises(ValueError, match=problem):
        fidelity.read_behaviours(text)


def test_known_deviations_are_of_operations_that_exist():
    names = {operation.name for operation in contract().operations()} | {"*"}
    rows = read_known(schema_file(DEVIATIONS))
    assert len({row.id for row in rows}) == len(rows)
    assert {name for row in rows for name in row.operations} <= names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[deviation]]\nid = "a"', "missing"),
        ('[[deviation]]\nid = "a"\nnonsense = 1', "nonsense"),
        (
            UNSOURCED,
            "a must say why and name a source",
        ),
    ],
)
def test_a_known_deviation_without_source_is_refused(tmp_path, text, words):
    path = tmp_path / "known.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_known(path)


@pytest.mark.parametrize(
    ("text", "words"), [("[]", "has no paths"), ("{", "is no JSON"), ('{"paths": {}}', "has no paths")]
)
def test_what_is_no_openapi_document_is_refused(tmp_path, text, words):
    path = tmp_path / "openapi.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        Document.load(path)


def test_published_documents_describe_operations_of_ours():
    if not published():
        pytest.skip("the published specifications are not at hand")
    ours = {operation.name for operation in contract().operations()}
    for path in published():
        assert {operation.name for operation in Document.load(path).operations()} <= ours
