"""The contract suite holds on the reference server, and finds what is broken on purpose, there and nowhere else."""

import json
import re
import uuid
from xml.etree.ElementTree import fromstring

import pytest

from maas_client.errors import ConfigurationError, ConnectError
from maas_client.testing import serving
from maas_client.testing.contract import STATEMENTS, Makes, Verdict, bench_of, run, select
from maas_client.testing.contract.report import as_json, as_junit, lines_of, summary
from tests.unit.testing.altering import altering

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture(scope="module")
def try_at(server):
    def go(url, *patterns, **options):
        bench = bench_of(
            base_url=url,
            subscription_id="s-1",
            resource_group="g-1",
            workspace=f"c-{uuid.uuid4().hex[:12]}",
            admin_token=options.pop("admin_token", server.ready.facts["admin_token"]),
            patience_seconds=20,
        )
        with bench as made:
            return run(made, select(patterns), target=url, **options)

    return go


@pytest.fixture(scope="module")
def whole(server, try_at):
    return try_at(server.url)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.id)
def test_it_holds_on_the_reference_server(statement, whole):
    (outcome,) = [each for each in whole.outcomes if each.statement is statement]
    assert (outcome.verdict, outcome.why) == (Verdict.HOLDS, "")


def test_nothing_is_left_behind(whole):
    assert whole.ok
    assert whole.left_behind == ()


def test_statements_are_sentences_with_a_source():
    assert len(STATEMENTS) >= 80
    assert len({statement.id for statement in STATEMENTS}) == len(STATEMENTS)
    for statement in STATEMENTS:
        assert re.fullmatch(r"[A-Za-z].*\.", statement.text), statement.id
        assert len(statement.source) > 5
        assert re.fullmatch(r"[a-z]+\.[a-z0-9-]+", statement.id)


def change(exchange, edit):
    """Change the JSON of an answer."""
    value = json.loads(exchange.body)
    edit(value)
    exchange.body = json.dumps(value).encode()


def is_job(exchange, method="GET"):
    return exchange.method == method and re.search(r"/jobs/[^/?]+\?", exchange.path)


def second_put_says_created(exchange):
    if is_job(exchange, "PUT") and exchange.status == 200:
        exchange.status = 201


def tags_merge(exchange):
    if is_job(exchange) and exchange.status == 200:
        change(exchange, lambda job: job["properties"]["tags"].update(old="1"))


def not_found_is_a_page(exchange):
    if exchange.status == 404 and "/jobs/" in exchange.path:
        exchange.headers["content-type"], exchange.body = "text/html", b"<h1>404</h1>"


def unknown_status(exchange):
    if is_job(exchange, "PUT") and exchange.status == 201:
        change(exchange, lambda job: job["properties"].update(status="Done"))


def no_challenge(exchange):
    exchange.headers.pop("www-authenticate", None)


def one_request_id(exchange):
    exchange.headers["x-ms-request-id"] = "the-same"


def relative_links(exchange):
    if re.search(r"/jobs\?", exchange.path):
        change(exchange, lambda page: page.update(nextLink=page["nextLink"] and "/jobs?page=2"))


def last_page_again(exchange):
    if re.search(r"/jobs\?.*skip", exchange.path):
        change(exchange, lambda page: page.update(value=page["value"][:-1], nextLink=None))


def ranges_are_ignored(exchange):
    if exchange.status == 206:
        exchange.status = 200


def blob_errors_without_a_code(exchange):
    if exchange.status == 404 and ".blob." in exchange.path:
        del exchange.headers["x-ms-error-code"]


def secrets_are_shown(exchange):
    if exchange.path.split("?")[0].endswith("/datastores/workspaceblobstore"):
        change(exchange, lambda store: store["properties"].update(credentials={"key": "a-key"}))


def no_operation_header(exchange):
    exchange.headers.pop("azure-asyncoperation", None)


def deleting_says_ok(exchange):
    if exchange.method == "DELETE" and "/serverlessEndpoints/" in exchange.path:
        exchange.status = 200


def tokens_do_not_add_up(exchange):
    if "/chat/completions" in exchange.path and exchange.status == 200 and b"usage" in exchange.body[:2000]:
        exchange.body = re.sub(rb'"total_tokens": ?(\d+)', rb'"total_tokens":1\1', exchange.body)


def stream_without_an_end(exchange):
    exchange.body = exchange.body.replace(b"data: [DONE]\n\n", b"")


def any_key_opens(exchange):
    if "/chat/completions" in exchange.path and exchange.status == 401:
        exchange.status = 200


def losses_go_back(exchange):
    if exchange.path.split("?")[0].endswith("/full"):
        change(exchange, lambda found: found["value"].reverse())


BROKEN = [
    (second_put_says_created, "jobs.repeated-put jobs.case-of-task jobs.create", "jobs.repeated-put jobs.case-of-task"),
    (tags_merge, "jobs.tags-replace jobs.create", "jobs.tags-replace"),
    (not_found_is_a_page, "jobs.*unknown* errors.not-found", "errors.not-found jobs.cancel-unknown"),
    (unknown_status, "jobs.create jobs.repeated-put", "jobs.create"),
    (no_challenge, "errors", "errors.no-token"),
    (one_request_id, "errors", "errors.request-ids"),
    (relative_links, "lists.pages lists.shape", "lists.pages"),
    (last_page_again, "lists", "lists.pages"),
    (ranges_are_ignored, "storage", "storage.blob-range"),
    (blob_errors_without_a_code, "storage", "storage.unknown-blob"),
    (secrets_are_shown, "storage.datastore storage.secrets", "storage.datastore"),
    (no_operation_header, "deployments", "deployments.create deployments.operation"),
    (deleting_says_ok, "deployments endings", "deployments.delete-unknown endings.delete-deployment"),
    (tokens_do_not_add_up, "chat.answer chat.v1 chat.stream", "chat.answer"),
    (stream_without_an_end, "chat.answer chat.stream", "chat.stream"),
    (any_key_opens, "chat.wrong-key chat.answer", "chat.wrong-key"),
    (losses_go_back, "runs.metrics runs.metrics-by-mlflow runs.logs", "runs.metrics"),
]


@pytest.mark.parametrize(("alter", "tried", "wanted"), BROKEN, ids=[each[0].__name__ for each in BROKEN])
def test_what_is_broken_fails_there_and_nowhere_else(server, try_at, alter, tried, wanted):
    with altering(server.url, alter) as url:
        report = try_at(url, *tried.split())
    assert {each.statement.id: each.why for each in report.of(Verdict.FAILS)}.keys() == set(wanted.split())
    assert not report.ok
    assert report.of(Verdict.HOLDS)


def test_through_a_proxy_that_changes_nothing_all_hold(server, try_at):
    with altering(server.url, lambda _: None) as url:
        report = try_at(url, "errors", "storage", "assets", "lists.shape", "deployments", "chat.answer", "endings")
    assert [lines for each in report.of(Verdict.FAILS) for lines in lines_of(each)] == []
    assert report.ok


def test_what_is_needed_and_cannot_be_made_is_told_once(server, try_at):
    def no_jobs(exchange):
        if is_job(exchange, "PUT"):
            exchange.status, exchange.body = 500, b'{"error": {"code": "Internal", "message": "sorry"}}'

    with altering(server.url, no_jobs) as url:
        report = try_at(url, "jobs.read-back", "jobs.enriched", "jobs.objects")
    verdicts = [(each.statement.id, each.verdict) for each in report.outcomes]
    assert verdicts == [("jobs.read-back", "fails"), ("jobs.enriched", "skipped"), ("jobs.objects", "skipped")]
    first, second = report.outcomes[0].why, report.outcomes[1].why
    assert "answered 500 (Internal: sorry) instead of 201" in first
    assert "needs the job, which could not be made" in second
    assert report.outcomes[0].request_id


def test_what_cannot_be_cleaned_up_is_told(server, try_at):
    def stubborn(exchange):
        if exchange.method == "DELETE":
            exchange.status, exchange.body = 409, b'{"error": {"code": "Conflict", "message": "in use"}}'

    with altering(server.url, stubborn) as url:
        report = try_at(url, "jobs.create")
    (left,) = report.left_behind
    assert left.startswith("job maas-contract-")
    assert "in use" in left
    assert not report.ok
    assert any(line.startswith("left behind: job") for line in summary(report))


def test_links_that_lead_elsewhere_are_not_followed(server, try_at):
    def away(exchange):
        if "discoveryUrl" in exchange.body.decode("latin-1"):
            change(exchange, lambda found: found["properties"].update(discoveryUrl="https://evil.example/discovery"))

    with altering(server.url, away) as url:
        (outcome,) = try_at(url, "storage.discovery").outcomes
    assert outcome.verdict == "fails"
    assert "evil.example" in outcome.why


def test_statements_can_be_left_out_by_what_they_make(server, try_at):
    without = [Makes.TRAINING, Makes.DEPLOYMENTS]
    report = try_at(server.url, "runs.unknown", "runs.metrics", "endings.deploy-fine-tuned", without=without)
    told = {each.statement.id: (each.verdict, each.why) for each in report.outcomes}
    assert told == {
        "runs.unknown": ("holds", ""),
        "runs.metrics": ("skipped", "it makes training"),
        "endings.deploy-fine-tuned": ("skipped", "it makes deployments, training"),
    }


def test_without_the_admin_token_a_manual_clock_is_the_likely_cause(server):
    with bench_of(
        base_url=server.url, subscription_id="s-1", resource_group="g-1", workspace="still", patience_seconds=0.2
    ) as bench:
        report = run(bench, select(["jobs.cancel"]))
    assert "if its clock is manual, --admin-token" in report.outcomes[0].why
    assert report.left_behind


@pytest.mark.parametrize("base_url", [None, "https://management.azure.com", "https://example.com"])
def test_the_real_service_is_never_meant_by_accident(base_url):
    with (
        pytest.raises(ConfigurationError, match="is not on this machine") as refused,
        bench_of(base_url=base_url, subscription_id="s", resource_group="g", workspace="www"),
    ):
        pass
    assert "--live" in (refused.value.hint or "")


def test_patterns_that_fit_nothing_are_refused():
    with pytest.raises(ConfigurationError, match=r"no statement 'jobs\.creat'") as refused:
        select(["jobs.creat"])
    assert refused.value.hint == "Did you mean 'jobs.create'?"
    assert [each.id for each in select(["jobs.c*"], ["jobs.ca*"])] == ["jobs.create", "jobs.created-at"]


def test_where_nobody_listens_nothing_is_tried(try_at):
    with pytest.raises(ConnectError):
        try_at("http://127.0.0.1:9", "jobs.cancel")


def test_reports(server, try_at):
    with altering(server.url, no_challenge) as url:
        report = try_at(url, "errors.no-token", "errors.not-found", "runs.metrics", without=[Makes.TRAINING])
    whole = as_json(report)
    assert whole["counts"] == {"holds": 1, "fails": 1, "skipped": 1}
    assert [each["id"] for each in whole["statements"]] == ["errors.no-token", "errors.not-found", "runs.metrics"]
    suite = fromstring(as_junit(report))
    assert suite.attrib["tests"] == "3"
    assert (suite.attrib["failures"], suite.attrib["skipped"]) == ("1", "1")
    assert [case[0].tag if len(case) else None for case in suite] == ["failure", None, "skipped"]
    text = "\n".join([line for outcome in report.outcomes for line in lines_of(outcome)] + list(summary(report)))
    assert "FAILS    errors.no-token" in text
    assert "source: Microsoft Learn" in text
    assert "1 hold, 1 fails, 1 skipped" in text
