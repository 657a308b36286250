"""The embedded reference server: a child process that several commands share and that outlives each of them.

Theory of operation. A folder of the user's holds everything: `state/` (the server's own), `ready.json` (0600; what the
server says when it listens, by which later commands find it), `port` (taken again after a restart, so that a client
that watches rides through), `server.log`, and `start.lock`, held while somebody looks for the server and starts it: two
commands at once start one. The server ends by itself after a while without requests.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from maas_client.cli._clock import monotonic
from maas_client.errors import ConfigurationError, ConnectError
from maas_client.testing.launch import HOME, START_SECONDS, Ready, command, log_tail, require_server

CLOCK = "scaled:100"
IDLE_SECONDS = 600
_LOOK_SECONDS = 0.02
_HEALTH_SECONDS = 2.0


def local_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of the local server: `MAAS_LOCAL_DIR`, or `local` in the user's state folder."""
    if named := environ.get("MAAS_LOCAL_DIR"):
        return Path(named).expanduser().absolute()
    from platformdirs import user_state_path

    return user_state_path("maas-client", appauthor=False) / "local"


def ensure_local(folder: Path) -> Ready:
    """Return the running local server; start it if there is none.

    Raises:
        ConfigurationError: The extra `server` is not installed, or the folder cannot be used.
        ConnectError: It did not start.
    """
    running = find_local(folder)
    if running is not None:
        return running
    require_server()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _only_one(folder / "start.lock"):
            return find_local(folder) or _start(folder)
    except OSError as error:
        raise ConfigurationError(
            f"The folder of the local server, {folder}, cannot be used: {error.strerror or error}.",
            hint="Name another in MAAS_LOCAL_DIR.",
        ) from error


def find_local(folder: Path) -> Ready | None:
    """Return the server that the ready file names, if it is alive and answers."""
    server = _read_ready(folder / "ready.json")
    return server if server is not None and _is_alive(server.pid) and _is_healthy(server.url) else None


def _read_ready(path: Path) -> Ready | None:
    try:
        return Ready.parse(path.read_bytes())
    except (OSError, ValueError):
        return None


def _is_alive(pid: int) -> bool:
    if os.name != "posix":
        return True  # there is no harmless signal there; the health route decides
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _is_healthy(url: str) -> bool:
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.hostname not in {"127.0.0.1", "::1", "localhost"} or parts.port is None:
        return False
    with closing(HTTPConnection(parts.hostname, parts.port, timeout=_HEALTH_SECONDS)) as connection:
        try:
            connection.request("GET", "/_maas/health")
            response = connection.getresponse()
            return response.status == 200 and json.loads(response.read()).get("status") == "ok"
        except (OSError, HTTPException, ValueError):
            return False


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold a lock that the system lets go of however the process ends; wait for it as long as a start may take."""
    import sqlite3

    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(path, timeout=2 * START_SECONDS, isolation_level=None)) as database:
        try:
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            raise ConnectError(
                f"Another command has been starting the local server for long: {path} is held."
            ) from error
        yield


def _start(folder: Path) -> Ready:
    port = _last_port(folder)
    server = _try_start(folder, port)
    if server is None and port:
        server = _try_start(folder, 0)  # somebody else has the port now
    if server is None:
        raise ConnectError(
            f"The local server did not start: {log_tail(folder / 'server.log')}",
            hint=f"Its log is {folder / 'server.log'}.",
        )
    (folder / "port").write_text(server.url.rpartition(":")[2], encoding="ascii")
    return server


def _last_port(folder: Path) -> int:
    try:
        port = int((folder / "port").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
    return port if 0 < port < 65536 else 0


def _try_start(folder: Path, port: int) -> Ready | None:
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    child = _spawn(folder, port, ready)
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline:
        try:
            child.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            server = _read_ready(ready)
            if server is None:
                continue
            child.returncode = 0  # it outlives this process on purpose; Python would warn that it was not waited for
            return server
        return None
    child.kill()
    child.wait()
    return None


def _spawn(folder: Path, port: int, ready: Path) -> "subprocess.Popen[bytes]":
    arguments = ["--port", str(port), "--state-dir", str(folder / "state")]
    arguments += ["--clock", CLOCK, "--ready-file", str(ready), "--idle-exit", str(IDLE_SECONDS)]
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    log = os.open(folder / "server.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the ready line has a secret in it; the ready file says the same
            stderr=log,
            cwd=HOME,
            # A session of its own: Ctrl-C at this terminal is not meant for it.
            start_new_session=True,
            creationflags=flags,
        )
    finally:
        os.close(log)
