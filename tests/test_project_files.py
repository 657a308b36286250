"""Workflows, forms and the container: valid, pinned, with few rights, and naming what there is."""

import json
import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
BIN = Path(sys.executable).parent
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, timeout=100)


def workflow(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((GITHUB / "workflows" / f"{name}.yml").read_text())
    return found


def steps() -> list[dict[str, Any]]:
    return [
        step for path in WORKFLOWS for job in yaml.safe_load(path.read_text())["jobs"].values() for step in job["steps"]
    ]


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("vendor.github-workflows", "workflows/*.yml"),
        ("vendor.dependabot", "dependabot.yml"),
        ("vendor.github-issue-forms", "ISSUE_TEMPLATE/[!c]*.yml"),
        ("vendor.github-issue-config", "ISSUE_TEMPLATE/config.yml"),
    ],
)
def test_files_for_github_are_what_github_reads(schema: str, pattern: str) -> None:
    files = sorted(GITHUB.glob(pattern))
    assert files
    done = run(BIN / "check-jsonschema", "--builtin-schema", schema, *files)
    assert done.returncode == 0, done.stdout


def test_workflows_have_no_known_weakness() -> None:
    done = run(BIN / "zizmor", "--offline", "--no-progress", "--persona", "pedantic", GITHUB)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned_by_commit_with_its_version() -> None:
    lines = [line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses:" in line]
    assert len(lines) > 10
    assert [line for line in lines if not PINNED.search(line)] == []
    pins: dict[str, set[str]] = {}
    for line in lines:
        action, _, pin = line.partition("uses: ")[2].partition("@")
        pins.setdefault(action, set()).add(pin)
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


def test_rights_are_those_that_a_job_needs() -> None:
    for path in WORKFLOWS:
        found = yaml.safe_load(path.read_text())
        assert found["permissions"] == {}
        for name, job in found["jobs"].items():
            allowed = {"publish": {"id-token", "pages"}}.get(name, {"contents"})
            assert set(job["permissions"]) <= allowed
            assert name == "publish" or job["permissions"] == {"contents": "read"}
            assert job["timeout-minutes"] <= 60
    assert "secrets." not in "".join(path.read_text() for path in WORKFLOWS)


def test_what_ci_tries_is_what_the_package_promises() -> None:
    matrix = workflow("ci")["jobs"]["test"]["strategy"]["matrix"]
    classified = [
        version[1]
        for line in CONFIG["project"]["classifiers"]
        if (version := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line))
    ]
    assert matrix["python"] == classified
    assert [name.partition("-")[0] for name in matrix["os"]] == ["ubuntu", "macos", "windows"]


def test_what_ci_runs_is_there() -> None:
    lines = [line for step in steps() for line in step.get("run", "").splitlines()]
    tasks = [line.split()[-1] for line in lines if "poethepoet" in line]
    assert {"lint", "types", "docs", "test"} == set(tasks) <= set(CONFIG["tool"]["poe"]["tasks"])
    for line in lines:
        for path in re.findall(r"(?:requirements|examples|\.ci)/[\w./-]+", line):
            assert (ROOT / path).exists(), line


def test_the_container_is_made_of_all_that_the_wheel_is() -> None:
    build, final = DOCKERFILE.split("\nFROM ")[1:]
    copied = {
        word.removesuffix("/") for line in re.findall(r"^COPY (.+) \S+$", build, re.MULTILINE) for word in line.split()
    }
    shipped = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    wheel = CONFIG["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", CONFIG["project"]["readme"], *CONFIG["project"]["license-files"]}
    needed |= {*wheel["packages"], *wheel["force-include"]}
    assert copied == set(shipped) == needed
    assert all((ROOT / path).exists() for path in copied)
    assert final.index("\nUSER 10001") < final.index("\nENTRYPOINT")


def words_of(instruction: str) -> list[str]:
    found = re.search(rf"^{instruction} (?:--\S+ )*(?:CMD )?(\[.+\])$", DOCKERFILE, re.MULTILINE)
    assert found is not None
    words: list[str] = json.loads(found[1])
    return words


def test_the_container_s_commands_serve_and_see_whether_they_do(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])

    def here(words: list[str]) -> list[str]:
        """The same words for this machine: another folder, another port, this Python."""
        moved = [word.replace("/state", str(tmp_path)).replace("8443", port) for word in words]
        known = {"maas-ft": [sys.executable, "-m", "maas_client"], "python": [sys.executable]}
        return known.get(moved[0], moved[:1]) + moved[1:]

    health = here(words_of("HEALTHCHECK"))
    serve = here([*words_of("ENTRYPOINT"), *words_of("CMD")])
    with subprocess.Popen(
        serve, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as server:
        try:
            assert server.stdout is not None
            ready = json.loads(server.stdout.readline())
            assert ready["url"] == f"https://{socket.gethostname().lower()}:{port}"
            assert run(*health).returncode == 0
        finally:
            server.terminate()
    assert server.returncode == 0
    assert run(*health).returncode != 0
