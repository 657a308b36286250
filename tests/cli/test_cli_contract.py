"""`maas-ft contract`: against a server of its own, one that is named, and what is said before anything is made."""

import json
from xml.etree.ElementTree import fromstring

import pytest

from maas_client.testing import serving
from maas_client.testing.contract import STATEMENTS
from tests.unit.testing.altering import altering

LIVE = ("--live", "--subscription", "s-1", "--resource-group", "g-1", "--workspace", "ws-live")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture
def there(server):
    return ("--base-url", server.url, "--admin-token", server.ready.facts["admin_token"])


def broken(exchange):
    exchange.headers.pop("www-authenticate", None)


def test_alone_it_starts_a_server_and_lets_its_time_pass(invoke):
    result = invoke("contract", "--select", "jobs.cancel", "--select", "errors.no-token")
    assert result.exit_code == 0, result.output
    first, second, end = result.stdout.splitlines()
    assert [first.split(), second.split()] == [["holds", "errors.no-token"], ["holds", "jobs.cancel"]]
    assert "2 hold, 0 fail, 0 skipped" in end


def test_what_does_not_hold_is_told_and_is_the_exit_code(invoke, server):
    with altering(server.url, broken) as url:
        result = invoke("contract", "--base-url", url, "--select", "errors")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    place = lines.index("FAILS    errors.no-token")
    assert lines[place + 1].strip().startswith("A request without a token answers 401")
    assert "without the header WWW-Authenticate (request " in lines[place + 2]
    assert lines[place + 3].strip().startswith("source: ")
    assert "1 fails" in lines[-1]


def test_documents(invoke, there):
    chosen = ("--select", "errors", "--ignore", "errors.*version*", "--select", "jobs.create", "--without", "jobs")
    result = invoke("contract", *there, *chosen, "--output", "json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["ok"], report["target"]) == (0, True, there[1])
    skipped = [(each["id"], each["why"]) for each in report["statements"] if each["verdict"] == "skipped"]
    assert skipped == [("jobs.create", "it makes jobs")]
    result = invoke("contract", *there, "--select", "errors", "--output", "junit")
    assert result.exit_code == 0
    assert fromstring(result.stdout).attrib["failures"] == "0"


def test_statements_are_listed(invoke):
    text = invoke("contract", "--list")
    assert text.exit_code == 0
    assert text.stdout.count("    source: ") == len(STATEMENTS)
    found = json.loads(invoke("contract", "--list", "--select", "chat", "--output", "json").stdout)
    assert {tuple(each["makes"]) for each in found} == {("deployments",)}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--base-url", "https://management.azure.com"), 2, "is not on this machine"),
        (("--profile", "dev"), 2, "go with --live"),
        (("--select", "jobz"), 2, "Did you mean 'jobs'?"),
        (("--base-url", "http://127.0.0.1:9"), 10, "error:"),
        (("--live",), 2, "which workspace is meant"),
        (LIVE, 2, "add --yes if you mean it. Nothing was sent."),
    ],
)
def test_refusals(invoke, arguments, code, words):
    result = invoke("contract", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr


def test_live_says_what_it_makes_and_asks(invoke, server, monkeypatch):
    told: list[tuple[str, ...]] = []
    there = ("--base-url", server.url, "--admin-token", server.ready.facts["admin_token"])
    result = invoke("contract", *LIVE, *there, "--select", "errors", "--select", "jobs.create", "--yes")
    assert result.exit_code == 0, result.output
    assert f"11 statements will be tried at ws-live in g-1 (AzureCloud) through {server.url}" in result.stderr
    assert "- fine-tuning jobs, cancelled at once and deleted" in result.stderr
    assert "billed" not in result.stderr
    monkeypatch.setattr("maas_client.cli._output.can_ask", lambda: True)
    for answer in ("n\n", "y\n"):
        result = invoke("contract", *LIVE, *there, "--select", "jobs.create", text=answer)
        told.append((str(result.exit_code), *result.stdout.split()[:2]))
    assert told == [("130",), ("0", "holds", "jobs.create")]
    nothing = invoke("contract", *LIVE, *there, "--select", "errors")
    assert nothing.exit_code == 0
    assert "- nothing" in nothing.stderr


def test_a_server_that_looks_at_tokens_is_signed_in_to(invoke, tmp_path, monkeypatch):
    with serving(tmp_path / "strict", tls=True, auth="strict") as strict:
        there = ("contract", "--base-url", strict.url, "--select", "storage.workspace")
        monkeypatch.setenv("SSL_CERT_FILE", strict.ready.facts["ca_file"])
        assert "answered 401" in invoke(*there).stdout
        for name, value in strict.environment().items():
            monkeypatch.setenv(name, value)
        result = invoke(*there)
    assert (result.exit_code, result.stdout.split()[:2]) == (0, ["holds", "storage.workspace"])
