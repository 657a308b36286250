"""Every program under examples/ runs, as its first lines say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from maas_client.testing import serving

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("state"), clock="scaled:2000") as server:
        yield server.url


@pytest.mark.parametrize("name", ["async_client.py", "sync_client.py"])
def test_programs_run_to_a_chat_answer(url: str, name: str) -> None:
    done = subprocess.run([sys.executable, name, url], cwd=EXAMPLES, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    assert "succeeded" in done.stdout
    assert len(done.stdout.splitlines()[-1]) > 3


def test_web_service_follows_a_job_and_stops_cleanly(url: str) -> None:
    program = (
        "import uvicorn, web_service\n"
        "class Server(uvicorn.Server):\n"
        "    async def startup(self, sockets=None):\n"
        "        await super().startup(sockets=sockets)\n"
        "        print(self.servers[0].sockets[0].getsockname()[1], flush=True)\n"
        "Server(uvicorn.Config(web_service.app, port=0, log_level='warning')).run()\n"
    )
    environ = os.environ | {"MAAS_EXAMPLE_URL": url}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command, cwd=EXAMPLES, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        with httpx.Client(base_url=f"http://127.0.0.1:{int(service.stdout.readline())}", timeout=20) as http:
            data = (EXAMPLES / "data" / "train.jsonl").read_bytes()
            made = http.post("/jobs", params={"name": "from-web"}, content=data)
            assert made.status_code == 202, made.text
            assert http.post("/jobs", params={"name": "no good name"}, content=data).status_code == 400
            while (seen := http.get("/jobs/from-web")).status_code == 404:
                pass
            assert seen.json()["name"] == "from-web"
        service.terminate()
        _, errors = service.communicate(timeout=20)
        assert service.returncode in {0, -15}
        assert "Traceback" not in errors
