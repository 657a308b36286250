"""The whole test run held against the wire: every server checks itself, every scripted request is checked here.

Servers are told by variables of the environment, which their processes inherit; each process writes a file of its own
into the folder of the run. At the end the findings are counted, and a deviation that nothing explains fails the run.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from maas_client.server.checking import SPECS_VARIABLE, VARIABLE
from tests.conformance.tally import Tally

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"


def published() -> list[Path]:
    """Return the published documents that are at hand; none outside of a development machine."""
    return sorted(SPECS.glob("ml-*.derived.openapi31.json"))


class ConformanceOfRun:
    """Makes the folder of the run, and tells at its end what came of it."""

    def __init__(self, config: pytest.Config) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._tally = Tally()
        # A worker of a parallel run takes part in the run of its controller, whose environment it inherits.
        if not hasattr(config, "workerinput"):
            self._folder = tempfile.TemporaryDirectory(prefix="maas-conformance-")
            os.environ[VARIABLE] = self._folder.name
            os.environ[SPECS_VARIABLE] = os.pathsep.join(map(str, published()))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._folder is None:
            return
        self._tally = Tally.of(Path(self._folder.name))
        if self._tally.unexplained and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._folder is None or not self._tally.exchanges:
            return
        failed = bool(self._tally.unexplained)
        terminalreporter.section("conformance", red=failed, green=not failed, bold=True)
        for line in self._lines(quiet=terminalreporter.verbosity < 0):
            terminalreporter.write_line(line)

    def pytest_unconfigure(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            os.environ.pop(VARIABLE, None)
            os.environ.pop(SPECS_VARIABLE, None)

    def _lines(self, *, quiet: bool) -> Iterator[str]:
        if not quiet:
            yield from self._tally.table()
            if not published():
                yield f"published specifications: none at hand ({SPECS})"
        yield self._tally.headline()
        yield from self._tally.complaints()
