"""What the README says of peers: how large each is, and what it does when the answer to "create a job" is lost.

    python tests/benchmarks/peers.py --peers FOLDER

FOLDER keeps an environment for each of them, made with pip when it is not there. Prints one line of JSON for each.
"""

import argparse
import json
import subprocess
import threading
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from maas_client import MaaSClient
from maas_client.testing import serving

ROOT = Path(__file__).parents[2]
PEERS = ("openai", "together", "azure-ai-ml")
NOT_COUNTED = ("pip", "setuptools", "_distutils_hack")

CREATE = {
    "openai": "import openai; openai.OpenAI(base_url=URL + '/v1', api_key='x').fine_tuning.jobs"
    ".create(model='m', training_file='file-1')",
    "together": "import together; together.Together(base_url=URL, api_key='x').fine_tuning"
    ".create(model='m', training_file='file-1')",
}
ASYNCHRONOUS = {
    "openai": "from openai import AsyncOpenAI",
    "together": "from together import AsyncTogether",
    "azure-ai-ml": "import azure.ai.ml.aio",
}
JOBS = ("/fine_tuning/jobs", "/fine-tunes")


def python_of(folder: Path, wanted: str) -> Path:
    """Return the interpreter of an environment that has a distribution, without byte code."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", wanted]
        subprocess.run(pip, check=True)
    return python


def size_of(folder: Path, name: str) -> dict[str, Any]:
    """Count distributions, itself among them, and MB of 10^6 bytes of what is installed, byte code left out."""
    site = next(folder.glob("lib/python*/site-packages"))
    found = [path.name.split("-")[0] for path in site.glob("*.dist-info")]
    version = next(path.name.split("-")[1] for path in site.glob(f"{name.replace('-', '_')}-*.dist-info"))
    size = sum(
        path.stat().st_size
        for path in site.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.relative_to(site).parts[0].split("-")[0] not in NOT_COUNTED
    )
    commands = sorted(path.name for path in (folder / "bin").iterdir() if path.name in {name, "maas-ft", "together"})
    return {
        "version": version.removesuffix(".dist"),
        "distributions": len([each for each in found if each not in NOT_COUNTED]),
        "megabytes": round(size / 1e6, 1),
        "command": commands,
    }


@contextmanager
def losing() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve an API that takes whatever it is sent, and gives no answer to the first job that is created."""
    created: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.command == "POST" and self.path.endswith(JOBS):
                created.append({"to": self.path, "key": self.headers.get("idempotency-key")})
                if len(created) == 1:
                    self.close_connection = True
                    return
            body = json.dumps(
                {"id": f"job-{len(created)}", "object": "fine_tuning.job", "status": "queued", "created_at": 1}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - names of http.server

        def log_message(self, *_what: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", created
        server.shutdown()


def jobs_of_peer(python: Path, program: str) -> dict[str, Any]:
    """Create a job by a peer, whose first answer is lost."""
    with losing() as (url, created):
        done = subprocess.run(
            [str(python), "-c", f"URL = {url!r}\n{program}"], capture_output=True, text=True, check=False
        )
    return {"created": len(created), "keys": [each["key"] for each in created], "ended": done.returncode}


def jobs_of_ours() -> dict[str, Any]:
    """Do the same here, against the reference server: it does the work and drops the connection."""
    with serving(faults=["lost-answer"]) as server, MaaSClient(**server.settings()) as client:
        data = client.files.upload(ROOT / "examples" / "data" / "train.jsonl")
        job = client.jobs.create("Phi-3-mini-4k-instruct", training_file=data)
        found = [each.name for each in client.jobs.list()]
        assert found == [job.name], found
        return {"created": len(found), "keys": [job.name], "ended": 0}


def offline(python: Path) -> int:
    """Check a good file with `together files check` where nothing can be reached; return its exit code."""
    data = ROOT / "examples" / "data" / "train.jsonl"
    command = [str(python.parent / "together"), "files", "check", str(data)]
    nowhere = {"TOGETHER_API_KEY": "x", "TOGETHER_BASE_URL": "http://127.0.0.1:9", "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=nowhere, capture_output=True, check=False).returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, required=True, help="folder of their environments")
    folder = parser.parse_args().peers
    for name in PEERS:
        python = python_of(folder / name, name)
        row: dict[str, Any] = {"peer": name, **size_of(folder / name, name)}
        tried = subprocess.run([str(python), "-c", ASYNCHRONOUS[name]], capture_output=True, check=False)
        row["asynchronous"] = tried.returncode == 0
        if name in CREATE:
            row["lost answer"] = jobs_of_peer(python, CREATE[name])
        if name == "together":
            row["check without a network"] = offline(python)
        print(json.dumps(row), flush=True)
    python_of(folder / "maas-client", str(ROOT))
    row = {"peer": "maas-client", **size_of(folder / "maas-client", "maas-client"), "lost answer": jobs_of_ours()}
    print(json.dumps(row))


if __name__ == "__main__":
    main()
