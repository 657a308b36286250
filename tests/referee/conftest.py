"""Runs of foreign SDKs, all of them begun at once, and the report at the end."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import cast

import pytest

from tests.referee.environments import environment
from tests.referee.runs import Run, run

Key = tuple[tuple[str, ...], str, str, str]
"""Modules of the scenarios in order, name of the environment, version of the SDK, scheme."""


class Runs:
    """Every run that the selected tests need; an environment is made once."""

    def __init__(self, cache: Path, folder: Path, keys: list[Key]) -> None:
        self._cache = cache
        self._folder = folder
        self._made: defaultdict[str, Lock] = defaultdict(Lock)
        for _, name, _, _ in keys:
            self._made[name]
        self._pool = ThreadPoolExecutor(4)
        self._futures: dict[Key, Future[Run]] = {key: self._pool.submit(self._run, key) for key in keys}

    def result(self, key: Key) -> Run:
        """Wait for a run.

        Raises:
            EnvironmentMissingError: Its environment cannot be made here.
        """
        return self._futures[key].result()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _run(self, key: Key) -> Run:
        modules, name, version, scheme = key
        with self._made[name]:
            python = environment(self._cache, name)
        return run(python, modules, version, scheme, self._folder / f"{modules[-1]}-{name}-{scheme}")


@pytest.fixture(scope="session")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    keys = {key for item in request.session.items if (key := _key(item)) is not None}
    cache = request.config.cache
    folder = cache.mkdir("referee") if cache is not None else tmp_path_factory.mktemp("environments")
    made = Runs(folder, tmp_path_factory.mktemp("referee"), sorted(keys))
    yield made
    made.close()


@pytest.fixture
def carried_out(runs: Runs, record_property: Callable[[str, object], None]) -> Callable[[Key, str], str | None]:
    """Say what went wrong with an operation, or None; for the report, note that it was asked."""

    def ask(key: Key, operation: str) -> str | None:
        record_property("referee", (*key, operation))
        found = runs.result(key)
        return found.outcomes.get(operation, f"it was not reached; {found.ending}")

    return ask


def _key(item: pytest.Item) -> Key | None:
    if not item.path.is_relative_to(Path(__file__).parent) or not isinstance(item, pytest.Function):
        return None
    return cast("Key | None", item.callspec.params.get("key")) if hasattr(item, "callspec") else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(lambda: {"passed": 0, "failed": 0})
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", []):
                if name == "referee":
                    _, environment_name, _, scheme = value[:4]
                    counts[environment_name, scheme][outcome] += 1
    if not counts:
        return
    terminalreporter.section("referee report")
    how = {"https": "https, as it is", "http": "http, two seams patched"}
    terminalreporter.line(f"{'SDK':30}{'how':26}{'operations':>10}{'passed':>8}{'failed':>8}")
    for (name, scheme), count in sorted(counts.items()):
        total = count["passed"] + count["failed"]
        line = f"{name:30}{how[scheme]:26}{total:>10}{count['passed']:>8}{count['failed']:>8}"
        terminalreporter.line(line, red=count["failed"] > 0, green=count["failed"] == 0)
