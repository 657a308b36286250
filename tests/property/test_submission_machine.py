"""Sequences of submitting, crashing and going on, as `submission_machine.py` has them: in a process of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

MACHINE = Path(__file__).with_name("submission_machine.py")


@pytest.mark.slow
@pytest.mark.timeout(0)  # it has a bound of its own
def test_no_sequence_makes_a_second_job_or_loses_one(pytestconfig: pytest.Config) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(MACHINE)]
    done = subprocess.run(command, cwd=pytestconfig.rootpath, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
