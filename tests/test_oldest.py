"""The oldest versions that `pyproject.toml` admits: what an environment with old pins gets, end to end."""

import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.test_wheel import ROOT, install, run

EXTRAS = ("server", "aiohttp", "tokens", "plot")
PROGRAM = """
import asyncio, pathlib, sys
from maas_client import AsyncMaaSClient, MaaSClient
from maas_client.dataset import check
from maas_client.testing import serving

def ended(job):
    assert (job.status, job.fine_tuned_model is not None) == ("succeeded", True), job

async def main(settings, file, http):
    async with AsyncMaaSClient(**settings, http=http) as client:
        job = await client.jobs.create("Phi-4-mini-instruct", training_file=await client.files.upload(file), name=http)
        assert [event async for event in client.jobs.watch(job)]
        ended(await client.jobs.get(http))
        assert (await client.jobs.metrics(http)).keys

data = pathlib.Path(sys.argv[1])
assert check(data).ok
with serving(pathlib.Path("state"), clock="scaled:3000") as server:
    for http in ("httpx", "aiohttp"):
        asyncio.run(main(server.settings(), data, http))
    with MaaSClient(**server.settings()) as client:
        job = client.jobs.create("Phi-4-mini-instruct", training_file=client.files.upload(data), name="sync")
        ended(client.jobs.wait(job))
        client.deployments.begin_create("oldest", model=client.jobs.get("sync").fine_tuned_model).result()
        print(client.chat.create("oldest", messages=[{"role": "user", "content": "How?"}]).text)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the oldest versions have no wheels for later Pythons"),
]


def oldest() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(text for extra in EXTRAS for text in project["optional-dependencies"][extra])]
    found = []
    for requirement in map(Requirement, asked):
        (lowest,) = [each.version for each in requirement.specifier if each.operator == ">="]
        found.append(f"{requirement.name}=={lowest}" + (f"; {requirement.marker}" if requirement.marker else ""))
    return found


def test_all_works_with_the_oldest_versions(wheel: Path, tmp_path: Path) -> None:
    pins = tmp_path / "oldest.txt"
    pins.write_text("\n".join(oldest()))
    scripts = install(
        tmp_path / "environment", f"maas-client[{','.join(EXTRAS)}] @ {wheel.as_uri()}", "--constraint", str(pins)
    )
    data = ROOT / "examples" / "data" / "train.jsonl"
    done = run([scripts / "python", "-X", "utf8", "-c", PROGRAM, data], tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert len(done.stdout.strip()) > 20
    told = run([scripts / "maas-ft", "data", "stats", data], tmp_path)
    assert told.returncode == 0, told.stderr
