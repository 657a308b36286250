"""The table of exit codes, and how errors are told."""

import json

import click
import pytest

from maas_client import errors
from maas_client.cli import _errors
from maas_client.cli._output import Output
from maas_client.types import CheckStatus, PreflightCheck, PreflightReport

EXPECTED = {
    "AmbiguousWriteError": 9,
    "AuthenticationError": 4,
    "BadRequestError": 6,
    "BrokenResponseError": 10,
    "ConfigurationError": 2,
    "ConflictError": 6,
    "ConnectError": 10,
    "ContentFilterError": 6,
    "CostLimitError": 11,
    "CredentialError": 4,
    "DatasetError": 3,
    "DeploymentFailedError": 7,
    "JobCancelledError": 7,
    "JobFailedError": 7,
    "JournalBusyError": 2,
    "JournalError": 2,
    "MaaSError": 1,
    "NotFoundError": 5,
    "OperationError": 7,
    "PermissionDeniedError": 4,
    "PlanMovedError": 2,
    "PreconditionFailedError": 6,
    "PreflightError": 6,
    "RateLimitError": 10,
    "RequestTimeoutError": 10,
    "ResponseError": 1,
    "ServerError": 10,
    "StatusError": 6,
    "TransportError": 10,
    "UnprocessableError": 6,
    "UnsupportedByServiceError": 2,
    "UsageError": 1,
    "WaitTimeoutError": 8,
}


def test_every_error_has_its_exit_code():
    assert {name: _errors.exit_code(_bare(getattr(errors, name))) for name in errors.__all__} == EXPECTED


def test_a_preflight_that_failed_has_the_code_of_what_failed():
    for error, code in (("CredentialError", 4), ("ConnectError", 10), ("ConfigurationError", 2), (None, 6)):
        check = PreflightCheck(name="sign_in", status=CheckStatus.FAILED, message="", error=error)
        report = PreflightReport(checks=(check,))
        assert _errors.exit_code(errors.PreflightError("", report=report)) == code


def test_other_exceptions_have_one_too():
    assert _errors.exit_code(KeyError("x")) == 1
    assert _errors.exit_code(click.UsageError("x")) == 2
    assert _errors.exit_code(click.ClickException("x")) == 1


def _bare(kind: type[Exception]) -> Exception:
    bare = kind.__new__(kind)
    if isinstance(bare, errors.PreflightError):
        bare.report = PreflightReport(checks=())
    return bare


def test_an_error_is_told_with_its_hint(capsys):
    code = _errors.tell(errors.ConfigurationError("Bad \x1b[31mname.", hint="Use another."), Output("text"))

    assert code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: Bad \\x1b[31mname.\nhint: Use another.\n"


def test_with_json_the_error_is_the_document_unless_there_is_one(capsys):
    output = Output("json")

    _errors.tell(errors.NotFoundError("No job.", status=404, hint="Look."), output)
    _errors.tell(errors.NotFoundError("No job.", status=404), output)

    document = json.loads(capsys.readouterr().out)
    assert document["error"] == {
        "exit_code": 5,
        "type": "NotFoundError",
        "message": "No job. (HTTP 404)",
        "hint": "Look.",
    }


def test_what_nobody_meant_to_raise_is_one_line_without_secrets(capsys):
    code = _errors.tell(RuntimeError("sent\nBearer abcdefghijkl"), None)

    assert code == 1
    error, hint = capsys.readouterr().err.splitlines()
    assert error == "error: unexpected RuntimeError: sent Bearer REDACTED"
    assert "--debug" in hint


def test_a_traceback_only_when_asked_for(capsys, monkeypatch):
    monkeypatch.setenv("MAAS_DEBUG", "1")
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError("api_key=abcdef0123")
    _errors.tell(caught.value, None)

    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "abcdef0123" not in told


def test_the_top_turns_exceptions_into_exit_codes(invoke, monkeypatch):
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("maas_client.catalog.all_models", explode)
    result = invoke("models", "list", "--output", "json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["type"] == "RuntimeError"
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), pytest.param("terminated", id="terminated")])
def test_an_interruption_ends_with_its_code(invoke, monkeypatch, stop):
    from maas_client.cli.main import Terminated

    raised = Terminated() if stop == "terminated" else KeyboardInterrupt()

    def explode() -> None:
        raise raised

    monkeypatch.setattr("maas_client.catalog.all_models", explode)
    result = invoke("models", "list")

    assert result.exit_code == (143 if stop == "terminated" else 130)
    assert result.stderr == "Interrupted.\n"
