"""Environments of foreign SDKs, each with its own versions: made once, kept in pytest's cache folder."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"
INSTALL_SECONDS = 300


class EnvironmentMissingError(Exception):
    """It cannot be made here; the text says why."""


def environment(cache: Path, name: str) -> Path:
    """Return the interpreter of an environment that has what `requirements/{name}.txt` pins.

    Raises:
        EnvironmentMissingError: There is no pip, or no registry that it can reach.
    """
    wanted = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    key = hashlib.sha256(f"{sys.version}\n{wanted}".encode()).hexdigest()[:12]
    folder = cache / f"{name}-{key}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        _install(python, REQUIREMENTS / f"{name}.txt")
        complete.touch()
    return python


def _install(python: Path, requirements: Path) -> None:
    # --no-deps: the file names everything, so that what is tested changes only with the file. --no-compile: of an SDK's
    # thousands of modules a run loads a part, which is compiled when it is loaded.
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-compile"]
    command += ["--disable-pip-version-check", "-r", str(requirements)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise EnvironmentMissingError(f"pip did not install {requirements.name} in {INSTALL_SECONDS} s") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr.strip()]
        raise EnvironmentMissingError(f"pip cannot install {requirements.name}: {said[-1]}")
