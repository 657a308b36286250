"""A run fails by a deviation although each of its tests passed, and says which."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.tally import Tally

ROOT = Path(__file__).parents[2]


def line(**changes):
    deviation = {
        "document": "contract",
        "side": "response",
        "where": "$.a",
        "keyword": "type",
        "message": "no",
        "known": None,
    }
    fields = {"operation": "Jobs_Get", "method": "GET", "path": "/p", "api_version": "v", "status": 200}
    return {
        **fields,
        "checked": {"contract": ["request"], "published v": ["request"]},
        "deviations": [{**deviation, **changes}],
    }


def test_known_deviations_are_counted_and_do_not_fail():
    tally = Tally()
    tally.add(line(known="as-reported"))
    assert not tally.unexplained
    assert tally.headline() == "1 exchanges; known deviations: 1 as-reported; unexplained: 0"
    assert list(tally.table())[-1].split() == ["Jobs_Get", "1", "1", "-", "1", "-", "1", "-"]


@pytest.mark.parametrize("processes", [(), ("-n", "2")])
def test_a_run_with_a_deviation_fails_and_says_where(processes):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAAS_", "PYTEST_", "COV"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/conformance/wrong_on_purpose.py"]
    command += processes
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1
    assert "unexplained: 1" in done.stdout
    assert "/jobz soon request, path: no operation of the contract" in done.stdout
    assert "wrong_on_purpose.py::test_that_passes_by_itself" in done.stdout
