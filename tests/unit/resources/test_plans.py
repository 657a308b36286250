"""Plans: what they say is what is sent, to the byte; what moved is refused; and a file that was edited is no plan."""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from maas_client import MaaSClient, catalog
from maas_client.core import stepping
from maas_client.core.io import FileBody, Request, Response
from maas_client.core.journal import Record
from maas_client.dataset import Price
from maas_client.errors import ConfigurationError, CostLimitError, PermissionDeniedError, PlanMovedError
from maas_client.journal import SqliteJournal
from maas_client.resources.submissions import AsyncSubmissions, Submissions
from maas_client.types import Plan, PlannedDeployment, PlannedRequest
from tests.unit.resources.world import BEGIN, World, job, refusal, world

MODEL = "Phi-4-mini-instruct"
SCHEMA = Path(__file__).parents[3] / "schemas" / "plan.schema.json"
PRICES = """\
dated = 2026-11-01
currency = "USD"
source = "our agreement"
[training_per_1k_tokens]
"Phi-4-mini-instruct" = 0.5
"""
ROWS = [
    {"messages": [{"role": "user", "content": f"question {n} on topic {n}"}, {"role": "assistant", "content": f"{n}!"}]}
    for n in range(40)
]


@pytest.fixture
def at(tmp_path: Path) -> Callable[[World], Submissions]:
    """Give the submissions of a new process that talks to a world."""
    return lambda asked: Submissions(AsyncSubmissions(asked.session(), SqliteJournal(tmp_path / "journal")))


@pytest.fixture
def train(tmp_path: Path) -> str:
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return str(path)


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    return path


@pytest.fixture
def client(tmp_path: Path) -> Iterator[MaaSClient]:
    """A client that reads real files, and has nobody to send anything to."""
    names: dict[str, Any] = {"subscription_id": "s", "resource_group": "g", "workspace": "w", "credential": "t"}
    with MaaSClient(**names, journal=tmp_path / "journal") as opened:
        yield opened


def having(train: str, content: bytes | None = None) -> World:
    asked = world().on("Datastores_Get", {"properties": {"accountName": "acct", "containerName": "con"}})
    asked.on("Datastores_ListSecrets", {"sasToken": "sig=s"}).on("Blob_GetProperties", refusal(404))
    asked.on("Blob_GetBlockList", refusal(404)).on("Blob_Put", Response(201, {}, b""))
    asked.on("Blob_PutBlock", Response(201, {}, b"")).on("Blob_PutBlockList", Response(201, {}, b""))
    asked.on("Jobs_CreateOrUpdate", job("Completed"))
    asked.files[train] = Path(train).read_bytes() if content is None else content
    return asked


def as_planned(request: Request) -> PlannedRequest:
    """Write a request that was sent as a plan would."""
    body = request.body
    is_json = request.headers.get("content-type") == "application/json"
    return PlannedRequest(
        operation=request.operation,
        method=request.method,
        url=_with_capitals(request.url),
        headers={"accept": "application/json", **request.headers},
        signed_in_for=request.scope,
        body=None if not isinstance(body, bytes) else json.loads(body) if is_json else body.decode(),
    )


def _with_capitals(url: str) -> str:
    for told, known in {"acct.": "ACCOUNT.", "/con/": "/CONTAINER/", "sig=s": "SIGNATURE"}.items():
        url = url.replace(told, known)
    return url


def without_file(planned: PlannedRequest) -> PlannedRequest:
    return planned.model_copy(update={"file": None, "times": 1})


# What is planned is what is sent


def test_what_is_planned_is_what_is_sent(at, train):
    asked = having(train)
    plan = at(asked).plan(MODEL, training_file=train, name="bot", wait=False, check=False, tags={"b": "1", "a": "2"})
    assert asked.sent == []
    at(asked).apply(plan).run()

    assert [without_file(each) for each in plan.requests] == [as_planned(each) for each in asked.sent]
    assert [each.operation for each in plan.requests if each.file] == ["Blob_Put"]
    assert plan.requests[-1].body == plan.body


def test_a_deployment_is_planned_as_it_is_sent(at, train):
    model = "azureml://locations/eastus2/workspaces/w/models/bot/versions/1"
    asked = having(train).on("Jobs_Get", job("Completed")).on("ServerlessEndpoints_Get", refusal(404))
    asked.on("ModelVersions_List", {"value": [{"id": model, "name": "1", "properties": {}}]})
    asked.on("ServerlessEndpoints_CreateOrUpdate", refusal(403))
    session = asked.session()
    with pytest.raises(PermissionDeniedError):
        _deploy(session, model)
    wish = PlannedDeployment(name="bot", content_safety=False, tags={"a": "b"})
    plan = at(asked).plan(MODEL, training_file="azureml:train:1", name="bot", deploy=wish)
    planned = plan.requests[1:]

    assert [each.operation for each in planned] == [each.operation for each in asked.sent]
    said = json.dumps(planned[-1].model_dump(mode="json")).replace("MODEL", model).replace("LOCATION", "eastus2")
    assert json.loads(said) == as_planned(asked.sent[-1]).model_dump(mode="json")


def _deploy(session: Any, model: str) -> None:
    flow = session.dialect.deployments.begin_create("bot", model=model, tags={"a": "b"}, content_safety=False)
    stepping.run(session.run(flow))


def test_a_large_file_is_planned_in_blocks(at, train):
    asked = having(train, bytes(67 * 1024 * 1024))
    plan = at(asked).plan(MODEL, training_file=train, name="bot", check=False, wait=False)
    at(asked).apply(plan).run()
    blocks = [request for request in asked.sent if isinstance(request.body, FileBody)]
    planned = {each.operation: each for each in plan.requests}

    assert (planned["Blob_PutBlock"].times, planned["Blob_PutBlock"].file) == (len(blocks), train)
    assert planned["Blob_PutBlock"].url.replace("BLOCK", "") in _without_id(as_planned(blocks[0]).url)
    assert "<Latest>BLOCK</Latest>" in planned["Blob_PutBlockList"].body
    once = list(dict.fromkeys(request.operation for request in asked.sent))
    assert list(planned) == once


def _without_id(url: str) -> str:
    start, _, rest = url.partition("blockid=")
    return f"{start}blockid={rest[rest.index('&') :]}"


# What it says of data and cost


def test_it_says_what_was_found_and_what_it_costs(client, train, prices):
    plan = client.plan(MODEL, training_file=train, n_epochs=3, prices=prices, max_cost=1e6)
    cost = plan.cost

    assert plan.data is not None
    assert (plan.data.rows, plan.data.rules) == ({"training": 40}, {})
    assert cost is not None
    assert (cost.epochs, cost.epochs_chosen, cost.precision) == (3, True, "estimate")
    assert cost.billed_tokens == 3 * cost.training_tokens
    assert cost.least_tokens < cost.billed_tokens < cost.most_tokens
    assert cost.price is not None
    assert (cost.price.dated, cost.price.source) == (date(2026, 11, 1), "our agreement")
    assert cost.most_amount == cost.most_tokens * 0.5 / 1000
    assert cost.tokenizer.startswith("o200k-phi4-mini@")
    assert plan.planned_at is not None


def test_it_costs_what_data_cost_says(client, train, tmp_path, prices):
    from maas_client.dataset.cost import cost, read_prices

    held = tmp_path / "held.jsonl"
    held.write_text('{"messages": [{"role": "user", "content": "ähnlich?"}, {"role": "assistant", "content": "Ja"}]}\n')
    said = cost(train, model=(model := catalog.get(MODEL)), epochs=2, validation=held, price=read_prices(prices, model))
    plan = client.plan(MODEL, training_file=train, validation_file=held, n_epochs=2, prices=prices)

    assert plan.cost is not None
    assert said.amount == (plan.cost.least_amount, plan.cost.most_amount)
    assert (said.billed_tokens, said.least_tokens) == (plan.cost.billed_tokens, plan.cost.least_tokens)


def test_without_a_price_no_amount_is_made_up(client, train):
    cost = client.plan(MODEL, training_file=train).cost

    assert cost is not None
    assert (cost.price, cost.least_amount, cost.most_amount) == (None, None, None)
    assert (cost.epochs_chosen, cost.epochs) == (False, int(catalog.get(MODEL).hyperparameters["n_epochs"].default))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"n_epochs": 1}, "there is no price for Phi-4-mini-instruct"),
        ({"n_epochs": 1, "check": False, "prices": Price(0.5)}, "were not counted"),
        ({"prices": Price(0.5)}, "the number of epochs is left to the service"),
        (
            {"n_epochs": 1, "prices": Price(500.0, "EUR")},
            r"may cost [0-9,.]+ EUR, which is more than the limit",
        ),
        ({"n_epochs": 1, "training_file": "azureml:train:1", "prices": Price(0.5)}, "were not counted"),
    ],
)
def test_a_limit_is_kept_or_nothing_is_planned(client, train, options, why):
    with pytest.raises(CostLimitError, match=why) as caught:
        client.plan(MODEL, **{"training_file": train, "max_cost": 2.0, **options})
    assert caught.value.hint


@pytest.mark.parametrize("number", [-1.0, float("nan"), float("inf")])
def test_what_is_no_amount_is_neither_a_limit_nor_a_price(client, train, number):
    with pytest.raises(ConfigurationError, match="is no limit of cost"):
        client.plan(MODEL, training_file=train, check=False, max_cost=number)
    with pytest.raises(ConfigurationError, match="is no price"):
        client.plan(MODEL, training_file=train, check=False, prices=Price(number))


def test_a_limit_given_later_counts_too(client, train):
    plan = client.plan(MODEL, training_file=train, n_epochs=1, prices=Price(1.0), max_cost=100.0)
    assert plan.cost is not None
    assert plan.cost.most_amount is not None
    with pytest.raises(CostLimitError):
        client.apply(plan, max_cost=plan.cost.most_amount * 0.99)
    assert client.submissions.list() == ()
    assert client.apply(plan, max_cost=plan.cost.most_amount).plan == plan


# What moved


def moved(at: Any, asked: World, plan: Plan) -> tuple[str, ...]:
    with pytest.raises(PlanMovedError) as caught:
        at(asked).apply(plan)
    assert at(asked).list() == ()
    assert [request.method for request in asked.sent] == []
    return caught.value.moved


def test_data_that_moved_is_refused_and_data_that_was_touched_is_not(at, train):
    plan = at(having(train)).plan(MODEL, training_file=train, name="bot", wait=False, check=False)
    longer = Path(train).read_bytes() + b"\n"
    other = Path(train).read_bytes().replace(b"question 1 ", b"question 2 ")

    assert moved(at, having(train, longer), plan) == (
        f"{train} has {len(longer):,} bytes, and had {len(longer) - 1:,} when it was planned.",
    )
    assert moved(at, having(train, other), plan) == (f"{train} has another content than when it was planned.",)
    touched = plan.files[0].model_copy(update={"mtime_ns": 1, "inode": 2})
    assert at(having(train)).apply(plan.model_copy(update={"files": (touched,)})).run().job.name == "bot"


def test_a_file_that_is_gone_has_moved(client, train):
    plan = client.plan(MODEL, training_file=train, check=False)
    Path(train).unlink()
    with pytest.raises(PlanMovedError, match=r"train\.jsonl"):
        client.apply(plan)


def test_a_model_that_was_retired_meanwhile_is_refused(at, train, monkeypatch):
    base = catalog.get("Phi-4")
    plan = at(having(train)).plan("Phi-4", training_file=train, check=False)
    ends = BEGIN.date() - timedelta(days=1)
    retired = {**vars_of(base), "finetune": (ends, ends)}
    monkeypatch.setattr(catalog, "get", lambda _name: catalog.CatalogModel(**retired))

    (said,) = moved(at, having(train), plan)
    assert said == f"Azure retired fine-tuning of Phi-4 on {ends}."
    insisted = plan.model_copy(update={"allow_retired": True})
    assert at(having(train)).apply(insisted).plan.name == plan.name


def test_a_version_of_the_model_that_is_another_has_moved(at, train, monkeypatch):
    plan = at(having(train)).plan("Phi-4", training_file=train, check=False)
    newer = {**vars_of(catalog.get("Phi-4")), "version": "99"}
    monkeypatch.setattr(catalog, "get", lambda _name: catalog.CatalogModel(**newer))

    (said,) = moved(at, having(train), plan)
    assert said.endswith("/models/Phi-4/versions/99 now.")


def vars_of(model: catalog.CatalogModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in model.__dataclass_fields__}


def test_tokens_that_are_counted_otherwise_now_have_moved(client, train):
    plan = client.plan(MODEL, training_file=train)
    assert plan.cost is not None
    old = plan.cost.model_copy(update={"tokenizer": "o200k-phi4-mini@0", "template": "phi-4-mini@0"})
    with pytest.raises(PlanMovedError) as caught:
        client.apply(plan.model_copy(update={"cost": old}))
    assert [each.partition(" was ")[0] for each in caught.value.moved] == ["The tokenizer", "The chat template"]


def test_a_model_that_the_catalog_no_longer_knows_is_told_once(client, train):
    plan = client.plan(MODEL, training_file=train)
    with pytest.raises(PlanMovedError, match="Unknown model 'Phi-0'") as caught:
        client.apply(plan.model_copy(update={"model": "Phi-0"}))
    assert len(caught.value.moved) == 1


def test_a_plan_of_another_workspace_is_refused(at, train):
    plan = at(having(train)).plan(MODEL, training_file=train, check=False)
    with pytest.raises(ConfigurationError, match="planned for the workspace other"):
        at(having(train)).apply(plan.model_copy(update={"workspace": "other"}))


# Twice is once


def test_twice_is_once_while_it_is_open_and_after_its_end(at, train):
    asked = having(train)
    plan = at(asked).plan(MODEL, training_file=train, wait=False, check=False)
    first = at(asked).apply(plan, labels={"a": "b"})
    second = at(asked).apply(plan)
    assert first.id == second.id
    first.run()
    Path(train).unlink()
    sent = len(asked.sent)
    again = at(asked.on("Jobs_Get", job("Running"))).apply(plan)

    assert again.id == first.id
    assert again.run().job.name == "bot"
    assert [request.operation for request in asked.sent[sent:]] == ["Jobs_Get"]
    assert len(at(asked).list()) == 1


def test_one_that_was_begun_and_sent_nothing_is_held_against_the_data_again(at, train):
    plan = at(having(train)).plan(MODEL, training_file=train, name="bot", wait=False, check=False)
    at(having(train)).apply(plan)
    with pytest.raises(PlanMovedError):
        at(having(train, b"other")).apply(plan)


def test_a_journal_of_the_release_before_is_read_and_gone_on_with(at, tmp_path, train):
    asked = having(train)
    plan = at(asked).plan(MODEL, training_file=train, name="bot", wait=False, check=False)
    names = ("resource_manager", "subscription_id", "resource_group", "workspace", "emulator", "service", "name")
    old = plan.model_dump(mode="json", include={*names, "model", "body", "fingerprint", "files", "wait", "deployment"})
    SqliteJournal(tmp_path / "journal").begin(Record("older", BEGIN, {"version": 1, **old}, {}))

    known = at(asked).get("bot")
    assert (known.plan.version, known.plan.requests, known.plan.cost) == (1, (), None)
    same = at(asked).create(MODEL, training_file=train, name="bot", wait=False, check=False)
    assert same.id == "older"
    assert same.run().job.name == "bot"


# As a file


@pytest.fixture
def plan(client: MaaSClient, train: str) -> Plan:
    return client.plan(MODEL, training_file=train, name="bot", deploy="bot", prices=Price(0.5))


def test_a_plan_is_kept_whole(plan, tmp_path):
    path = tmp_path / "run.plan"
    plan.save(path)
    plan.save(str(path))

    assert Plan.load(path) == plan
    assert [each.name for each in tmp_path.iterdir() if "plan" in each.name] == ["run.plan"]
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(path.read_text()))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda document: document["plan"].update(max_cost=1.0), "its digest is another"),
        (lambda document: document["plan"]["body"]["properties"]["tags"].update(a="b"), "its digest is another"),
        (lambda document: document.update(version=3), "was written by a later release"),
        (lambda document: document.update(version=1), "its digest is another"),
        (lambda document: document.pop("plan"), "is damaged"),
        (lambda document: document.update(form="other"), "is no plan"),
    ],
)
def test_a_plan_that_was_edited_is_refused(plan, tmp_path, change, words):
    path = tmp_path / "run.plan"
    plan.save(path)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(ConfigurationError, match=words) as caught:
        Plan.load(path)
    assert caught.value.hint


def test_a_plan_with_wrong_fields_is_refused(plan, tmp_path):
    path = tmp_path / "run.plan"
    content = {"version": 2, "name": "bot"}
    digest = sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    path.write_text(
        json.dumps({"form": "maas-client plan", "version": 2, "digest": f"sha256:{digest}", "plan": content})
    )
    with pytest.raises(ConfigurationError, match="fields are wrong"):
        Plan.load(path)


@pytest.mark.parametrize("content", ["", "[1]", "not json", "[" * 100_000, '{"form": 1}'])
def test_what_is_no_plan_is_neither_read_nor_written_over(plan, tmp_path, content):
    path = tmp_path / "other"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match="is no plan"):
        Plan.load(path)
    with pytest.raises(ConfigurationError, match="is no plan; it was left alone"):
        plan.save(path)
    assert path.read_text() == content


def test_a_plan_that_cannot_be_written_leaves_nothing(plan, tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be written: No such file"):
        plan.save(tmp_path / "none" / "run.plan")
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        Plan.load(tmp_path / "run.plan")


def test_the_schema_is_that_of_the_form(generated):
    from maas_client.types._plan_file import plan_schema

    generated(SCHEMA, json.dumps(plan_schema(Plan.model_json_schema()), indent=2) + "\n")
