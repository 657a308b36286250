"""What `maas-ft doctor` looks at beside the checks of the client, and how it shows all of them."""

import shlex
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from maas_client import errors
from maas_client.base.shown import clean
from maas_client.cli import _errors
from maas_client.cli._options import Choice
from maas_client.cli._output import Output, is_terminal, talk
from maas_client.cli._target import Target, find_target
from maas_client.types import CheckStatus, PreflightCheck, PreflightReport

if TYPE_CHECKING:
    from rich.console import Console

    from maas_client.catalog import CatalogModel
    from maas_client.client import MaaSClient

_STYLES = {
    CheckStatus.OK: "green",
    CheckStatus.WARNING: "yellow",
    CheckStatus.FAILED: "bold red",
    CheckStatus.SKIPPED: "dim",
}
_STATUS_WIDTH = 9
_NAME_WIDTH = 12
_NARROWEST = 30
"""Columns for a message; a terminal that has fewer breaks lines by itself."""


def examine(
    choice: Choice, screen: "Screen", *, model: str | None, name: str | None, deploy: str | None, data: Path | None
) -> Iterator[PreflightCheck]:
    """Make all checks, first those for which nothing is sent."""
    target, settings = _settings(choice)
    screen.begin(target)
    client: MaaSClient | None = None
    if target is not None:
        try:
            client = target.client()
        except errors.MaaSError as error:
            settings = _failure("settings" if target.resolved else "local_server", error)
    yield settings
    if data is not None:
        yield _data(data, model)
    if client is not None:
        with client:
            yield from client.preflight_checks(model, name=name, deploy=deploy)


def _settings(choice: Choice) -> tuple[Target | None, PreflightCheck]:
    try:
        target = find_target(choice)
        target.check()
    except errors.ConfigurationError as error:
        return None, _failure("settings", error)
    if target.resolved is None:
        return target, PreflightCheck(name="settings", status=CheckStatus.OK, message="The local server; none needed.")
    found = target.resolved.settings
    origins = dict.fromkeys(
        target.resolved.origins[name].origin for name in ("subscription_id", "resource_group", "workspace")
    )
    message = (
        f"Workspace {found.workspace} in {found.resource_group}, subscription {found.subscription_id} "
        f"(from: {', '.join(origins)})."
    )
    return target, PreflightCheck(name="settings", status=CheckStatus.OK, message=message)


def _data(path: Path, model: str | None) -> PreflightCheck:
    from maas_client.dataset import check

    try:
        report = check(path, model=_known(model))
        report.raise_for_errors()
    except errors.MaaSError as error:
        error.hint = f"See all of it, and how it is mended: maas-ft data check {shlex.quote(str(path))}"
        return _failure("data", error)
    rows = sum(file.valid_rows for file in report.files)
    message = f"{path.name} has {rows:,} rows and no errors."
    if report.warnings:
        return PreflightCheck(
            name="data",
            status=CheckStatus.WARNING,
            message=f"{message} Warnings: {report.warnings:,}.",
            hint=f"maas-ft data check {shlex.quote(str(path))}",
        )
    return PreflightCheck(name="data", status=CheckStatus.OK, message=message)


def _known(model: str | None) -> "CatalogModel | None":
    from maas_client import catalog

    try:
        return catalog.get(model) if model is not None else None
    except errors.ConfigurationError:
        return None  # a check of its own says so


def _failure(name: str, error: errors.MaaSError) -> PreflightCheck:
    return PreflightCheck(
        name=name,
        status=CheckStatus.FAILED,
        message=" ".join(str(error).split()),
        hint=error.hint,
        error=type(error).__name__,
    )


class Screen:
    """Where the checks are shown, one below the other as they come; with `--output json` all at the end."""

    def __init__(self, output: Output) -> None:
        """Take the command's output."""
        self._output = output
        self._checks: list[PreflightCheck] = []
        self._target: Target | None = None
        self._console = _console() if not output.is_json and is_terminal(sys.stdout) else None

    def begin(self, target: Target | None) -> None:
        """Say what is looked at."""
        self._target = target
        if not self._output.is_json and target is not None:
            for line in self._lines("", f"Looking at {target.label}."):
                talk(line)

    def show(self, check: PreflightCheck) -> None:
        """Show one check."""
        self._checks.append(check)
        if self._output.is_json:
            return
        head = f"{check.status.value.ljust(_STATUS_WIDTH)}{check.name.replace('_', '-').ljust(_NAME_WIDTH)}"
        lines = self._lines(head, check.message)
        if check.hint:
            lines += self._lines(" " * len(head), f"fix: {check.hint}")
        for line in lines:
            self._write(line, check.status)

    def end(self) -> int:
        """Sum it up; return the exit code."""
        report = PreflightReport(checks=tuple(self._checks))
        code = _exit_code(report)
        if self._output.is_json:
            place = self._target.to_dict() if self._target is not None else None
            checks = [check.model_dump(mode="json") for check in report.checks]
            self._output.document({"ok": report.ok, "exit_code": code, "target": place, "checks": checks})
        else:
            self._output.text(_summary(report))
        return code

    def _lines(self, head: str, text: str) -> list[str]:
        text = " ".join(clean(text).split())
        if self._console is None:
            return [head + text]
        width = max(self._console.width - len(head), _NARROWEST)
        pieces = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
        return [head + pieces[0], *(" " * len(head) + piece for piece in pieces[1:])]

    def _write(self, line: str, status: CheckStatus) -> None:
        if self._console is None:
            self._output.text(line)
            return
        from rich.text import Text

        shown = Text(line)
        if line.startswith(status.value):
            shown.stylize(_STYLES[status], 0, len(status.value))
        self._console.print(shown, soft_wrap=True)


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False)


def _exit_code(report: PreflightReport) -> int:
    if report.ok:
        return 0
    kind = getattr(errors, report.failed[0].error or "", errors.MaaSError)
    return _errors.exit_code_of(kind)


def _summary(report: PreflightReport) -> str:
    counted = Counter(check.status for check in report.checks)
    told = [f"{counted[status]} {status.value}" for status in CheckStatus if counted[status]]
    return f"{'Nothing failed' if report.ok else 'Not ready'}: {', '.join(told)}."
