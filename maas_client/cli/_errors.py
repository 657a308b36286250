"""Exceptions to exit codes and to words: the one table."""

import logging
import os

import click

from maas_client import errors
from maas_client.cli._output import Output, complain

# The first class that fits counts, so the special ones stand before the general ones.
CODES: tuple[tuple[type[Exception], int], ...] = (
    (errors.DatasetError, 3),
    (errors.ConfigurationError, 2),
    (errors.PlanMovedError, 2),
    (errors.CostLimitError, 11),
    (errors.PreflightError, 6),
    (errors.UnsupportedByServiceError, 2),
    (errors.JournalError, 2),
    (errors.CredentialError, 4),
    (errors.AuthenticationError, 4),
    (errors.PermissionDeniedError, 4),
    (errors.NotFoundError, 5),
    (errors.RateLimitError, 10),
    (errors.ServerError, 10),
    (errors.StatusError, 6),
    (errors.WaitTimeoutError, 8),
    (errors.OperationError, 7),
    (errors.AmbiguousWriteError, 9),
    (errors.TransportError, 10),
    (errors.MaaSError, 1),
    (click.UsageError, 2),
    (click.ClickException, 1),
)


def exit_code(error: Exception) -> int:
    """Return the exit code of an exception; 1 for one that nobody meant to raise."""
    if isinstance(error, errors.PreflightError) and error.report.failed:
        # What stopped the preflight would have stopped the job: it ends with the same code.
        return exit_code_of(getattr(errors, error.report.failed[0].error or "", errors.PreflightError))
    return exit_code_of(type(error))


def exit_code_of(kind: type[Exception]) -> int:
    """Return the exit code of a class of exceptions."""
    return next((code for known, code in CODES if issubclass(kind, known)), 1)


def tell(error: Exception, output: Output | None) -> int:
    """Say what went wrong and what to do; return the exit code.

    With `--output json` the error is the document on stdout too, if there is none yet. click's own errors are left for
    click's caller to say.
    """
    code = exit_code(error)
    message, hint = _words(error)
    logging.getLogger("maas_client.cli").debug("exit code %d", code, exc_info=error)
    if os.environ.get("MAAS_DEBUG") == "1":
        import traceback

        from maas_client.core.redact import redact_text

        complain(redact_text("".join(traceback.format_exception(error))).rstrip())
    if not isinstance(error, click.ClickException):
        complain(f"error: {message}")
        if hint:
            complain(f"hint: {hint}")
    if output is not None and output.is_json and not output.documented:
        output.document({"error": describe(error)})
    return code


def describe(error: Exception) -> dict[str, object]:
    """Return what JSON output says of an error."""
    message, hint = _words(error)
    facts: dict[str, object] = {
        "exit_code": exit_code(error),
        "type": type(error).__name__,
        "message": message,
        "hint": hint,
    }
    if isinstance(error, errors.DatasetError) and error.report is not None:
        facts["report"] = error.report.to_dict()
    return facts


def _words(error: Exception) -> tuple[str, str | None]:
    if isinstance(error, errors.MaaSError):
        return str(error), error.hint
    if isinstance(error, click.ClickException):
        return error.format_message(), None
    from maas_client.core.redact import redact_text

    text = redact_text(" ".join(f"{type(error).__name__}: {error}".split()))
    return f"unexpected {text}", "Please report this, with the file that --debug writes when you repeat the command."
