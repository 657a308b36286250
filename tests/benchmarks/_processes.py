"""Servers in processes of their own, how soon each answers, and what it takes. Linux: it reads `/proc`."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Served:
    """A server that answers."""

    pid: int
    port: int
    ready_seconds: float
    ready_cpu: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def memory(self, what: str = "VmRSS") -> float:
        """Return MiB: `VmRSS` now, `VmHWM` at most."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(what)) / 1024

    def cpu(self) -> float:
        """Return the seconds of CPU that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def served(
    command: Sequence[str], port: int, path: str, headers: Mapping[str, str], given: bytes = b""
) -> Iterator[Served]:
    """Start a server, wait for its first 200, and end it."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(given)
            process.stdin.close()
            while not _answers(port, path, headers):
                if process.poll() is not None or time.perf_counter() - started > 60:
                    raise RuntimeError(f"does not answer: {command}")
                time.sleep(0.002)
            server = Served(process.pid, port, time.perf_counter() - started)
            server.ready_cpu = server.cpu()
            yield server
        finally:
            process.terminate()


def _answers(port: int, path: str, headers: Mapping[str, str]) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=dict(headers))
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def reference(*options: str) -> Iterator[Served]:
    """Start the reference server on a fresh state."""
    with tempfile.TemporaryDirectory() as state:
        port = free_port()
        command = [sys.executable, "-m", "maas_client.server", "--state-dir", state, "--port", str(port), *options]
        with served(command, port, "/_maas/health", {}) as server:
            yield server


@contextlib.contextmanager
def bare(python: str, row: bytes) -> Iterator[Served]:
    """Start bare Starlette on uvicorn with uvloop and httptools."""
    port = free_port()
    command = [python, str(Path(__file__).with_name("_bare.py")), str(port)]
    with served(command, port, "/jobs/j", {}, row) as server:
        yield server


@contextlib.contextmanager
def moto(python: str) -> Iterator[Served]:
    """Start moto's server."""
    port = free_port()
    with served([python, "-m", "moto.server", "-p", str(port)], port, "/", {}) as server:
        yield server
