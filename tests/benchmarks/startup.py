"""Start-up and size, against openai, together and azure-ai-ml: whole processes in turn, by CPU.

    python tests/benchmarks/startup.py [--peers FOLDER] [--rounds N]

Each package is in an environment of its own, ours from a wheel of this checkout; FOLDER keeps those of the peers. What
is asked for is answered on loopback: our commands and azure-ai-ml by the reference server, together by a stub. Ratios
are medians of the ratios within a round; `python -c pass` is that of our environment.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from maas_client.testing import serving

ROOT = Path(__file__).parents[2]
PEERS = ("openai", "together", "azure-ai-ml")
NOT_COUNTED = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence", "__pycache__")
TARGET = "subscription_id='s', resource_group='g', workspace='www'"
PASS = "python -c pass"
OPENAI = "openai.AsyncOpenAI()"
MOST = {"--help": 6.0, "jobs get": 24.0, "client": 0.45, "distributions": 36, "megabytes": 60.0}
"""What this package promises: times of `python -c pass`, share of openai's client, and the size of an installation."""

AZURE_AI_ML = """
import sys
from azure.ai.ml import MLClient
from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import SansIOHTTPPolicy
class Token:
    def get_token(self, *_, **__): return AccessToken("e30.e30.e30", 4102444800)
class Plain(SansIOHTTPPolicy):  # the one that azure-core has refuses plain http
    def on_request(self, request):
        request.context.options.pop("enforce_https", None)
        request.http_request.headers["Authorization"] = "Bearer e30.e30.e30"
url = sys.argv[1]
metadata = {"azure_portal": url, "resource_manager": url + "/", "active_directory": "https://login.microsoftonline.com/",
    "aml_resource_id": "https://ml.azure.com/", "storage_endpoint": "core.windows.net",
    "registry_discovery_endpoint": url}
client = MLClient(Token(), sys.argv[2], sys.argv[3], sys.argv[4], cloud="Local", cloud_metadata=metadata,
    authentication_policy=Plain(), enable_telemetry=False)
print(client.jobs.get("j").status)
"""


@dataclass
class Command:
    """A process to run again and again."""

    arguments: list[str]
    variables: Mapping[str, str] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = {**os.environ, **self.variables}
        done = subprocess.run(self.arguments, env=environment, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            raise RuntimeError(f"{self.arguments}: {done.stderr[-2000:]}")
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def environment(folder: Path, *packages: str) -> Path:
    """Return the folder of programs of an environment, made where it is not there yet."""
    programs = folder / "bin"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True, clear=True)
        quiet = ("--quiet", "--disable-pip-version-check")
        subprocess.run([programs / "python", "-m", "pip", "install", *quiet, *packages], check=True)
        (folder / "complete").touch()
    return programs


def wheel(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "build", "--wheel", "-o", folder, ROOT], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def size(programs: Path) -> tuple[int, float]:
    """Count what is installed beside ours, and all megabytes without byte code."""
    (library,) = programs.parent.glob("lib/*/site-packages")
    ours = ("maas_client", *NOT_COUNTED)
    distributions = [path for path in library.glob("*.dist-info") if not path.name.startswith(ours)]
    files = [
        path
        for path in library.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not path.relative_to(library).parts[0].startswith(NOT_COUNTED)
    ]
    return len(distributions), sum(path.stat().st_size for path in files) / 1e6


class Stub(BaseHTTPRequestHandler):
    """Answers together's client."""

    def do_GET(self) -> None:
        job = {
            "id": "ft-1", "object": "fine-tune", "status": "completed", "model": "m", "output_name": "o",
            "training_file": "file-1", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "n_epochs": 1, "batch_size": 1, "learning_rate": 1e-5, "job_id": "j", "events": [],
        }  # fmt: skip
        body = json.dumps(job).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def stub() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def helps(programs: Path) -> list[list[str]]:
    """Return every command with `--help`."""
    script = (
        "import click, json\nfrom maas_client.cli.main import root\n"
        "def walk(command, path):\n"
        "    yield path\n"
        "    if isinstance(command, click.Group):\n"
        "        context = click.Context(command)\n"
        "        for name in command.list_commands(context):\n"
        "            yield from walk(command.get_command(context, name), [*path, name])\n"
        "print(json.dumps(list(walk(root, []))))"
    )
    done = subprocess.run([programs / "python", "-c", script], check=True, capture_output=True, text=True)
    found: list[list[str]] = json.loads(done.stdout)
    return found


def commands(
    ours: Path, peers: Mapping[str, Path], served: Mapping[str, str], url: str, stub_url: str
) -> dict[str, Command]:
    python = str(ours / "python")
    found = {
        PASS: Command([python, "-c", "pass"]),
        "import maas_client": Command([python, "-c", "import maas_client"]),
        "AsyncMaaSClient()": Command([python, "-c", f"import maas_client; maas_client.AsyncMaaSClient({TARGET})"]),
        "MaaSClient()": Command([python, "-c", f"import maas_client; maas_client.MaaSClient({TARGET})"]),
        OPENAI: Command([str(peers["openai"] / "python"), "-c", "import openai; openai.AsyncOpenAI(api_key='x')"]),
        "maas-ft jobs get": Command([str(ours / "maas-ft"), "jobs", "get", "j"], served),
        "together fine-tuning retrieve": Command(
            [str(peers["together"] / "together"), "fine-tuning", "retrieve", "ft-1"],
            {"TOGETHER_API_KEY": "x", "TOGETHER_BASE_URL": stub_url},
        ),
        "azure-ai-ml script, jobs.get": Command(
            [str(peers["azure-ai-ml"] / "python"), "-W", "ignore", "-c", AZURE_AI_ML, url]
            + [served[f"MAAS_{name}"] for name in ("SUBSCRIPTION_ID", "RESOURCE_GROUP", "WORKSPACE")]
        ),
    }
    for path in helps(ours):
        found[" ".join(["maas-ft", *path, "--help"])] = Command([str(ours / "maas-ft"), *path, "--help"])
    return found


def measure(todo: Mapping[str, Command], rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in todo}
    for command in todo.values():
        command.cpu_seconds()  # writes the byte code
    for _ in range(rounds):
        for name, command in todo.items():
            times[name].append(command.cpu_seconds())
    return times


def report(times: Mapping[str, list[float]], rounds: int) -> dict[str, float]:
    print(f"{'process':<38}{'cpu ms':>9}{'x pass':>9}{'x openai':>10}   (medians of {rounds} rounds)")
    ratios = {}
    for name, values in times.items():
        ratios[name] = ratio(values, times[PASS])
        share = ratio(values, times[OPENAI])
        print(f"{name:<38}{statistics.median(values) * 1000:>9.1f}{ratios[name]:>9.2f}{share:>10.2f}")
    return ratios


def ratio(values: list[float], base: list[float]) -> float:
    return statistics.median(value / under for value, under in zip(values, base, strict=True))


def verdicts(times: Mapping[str, list[float]], ratios: Mapping[str, float], counted: int, megabytes: float) -> None:
    slowest = max((name for name in ratios if name.endswith("--help")), key=lambda name: ratios[name])
    clients = [ratio(times[name], times[OPENAI]) for name in ("AsyncMaaSClient()", "MaaSClient()")]
    for what, value, most in (
        (f"slowest help, x pass ({slowest})", ratios[slowest], MOST["--help"]),
        ("maas-ft jobs get, x pass", ratios["maas-ft jobs get"], MOST["jobs get"]),
        ("a constructed client, x openai's", max(clients), MOST["client"]),
        ("distributions beside ours", counted, MOST["distributions"]),
        ("megabytes without byte code", megabytes, MOST["megabytes"]),
    ):
        print(f"{'ok  ' if value <= most else 'OVER'} {what}: {value:.2f}, at most {most:g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="folder of the peers' environments; made when missing")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        kept = options.peers or folder / "peers"
        peers = {name: environment(kept / name, name) for name in PEERS}
        ours = environment(folder / "ours", str(wheel(folder)))
        counted, megabytes = size(ours)
        with serving(folder / "state", clock="scaled:3000") as server, stub() as stub_url:
            train = folder / "train.jsonl"
            train.write_bytes((ROOT / "examples" / "data" / "train.jsonl").read_bytes())
            with server.client() as client:
                file = client.files.upload(train)
                client.jobs.wait(client.jobs.create("Phi-3-mini-4k-instruct", training_file=file, name="j"))
            todo = commands(ours, peers, server.environment(), server.url, stub_url)
            times = measure(todo, options.rounds)
        verdicts(times, report(times, options.rounds), counted, megabytes)


if __name__ == "__main__":
    main()
