"""The embedded reference server: a child process that several commands share and that outlives each of them.

Theory of operation. A folder of the user's holds everything: `state/` (the server's own), `ready.json` (0600; what the
server says when it listens, by which later commands find it), `port` (taken again after a restart, so that a client
that watches rides through), `server.log`, and `start.lock`, held while somebody looks for the server and starts it: two
commands at once start one. The server ends by itself after a while without requests.
"""

from collections.abc import Mapping
from pathlib import Path

from maas_client.cli import _background as background
from maas_client.errors import ConfigurationError, ConnectError
from maas_client.testing.launch import Ready, log_tail, require_server

CLOCK = "scaled:100"
IDLE_SECONDS = 600
LOCAL_NAMES = ("00000000-0000-4000-8000-000000000000", "maas-local", "maas-local")
"""Subscription, resource group and workspace that a server names in its ready line: known before one runs."""
_LOOPBACK = ("http://127.0.0.1:", "http://[::1]:", "http://localhost:")


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
        with background.only_one(folder / "start.lock"):
            return find_local(folder) or _start(folder)
    except OSError as error:
        raise ConfigurationError(
            f"The folder of the local server, {folder}, cannot be used: {error.strerror or error}.",
            hint="Name another in MAAS_LOCAL_DIR.",
        ) from error


def find_local(folder: Path) -> Ready | None:
    """Return the server that the ready file names, if it is alive, answers, and is on this machine."""
    server = background.find(folder / "ready.json")
    return server if server is not None and server.url.startswith(_LOOPBACK) else None


def expected_local(folder: Path) -> tuple[str, tuple[str, str, str]]:
    """Tell where the local server is, or will be as far as that is known; and subscription, group and workspace."""
    running = find_local(folder)
    if running is None:
        return f"http://127.0.0.1:{_last_port(folder)}", LOCAL_NAMES
    return running.url, (running.subscription_id, running.resource_group, running.workspace)


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
    arguments = ["--port", str(port), "--state-dir", str(folder / "state")]
    arguments += ["--clock", CLOCK, "--ready-file", str(ready), "--idle-exit", str(IDLE_SECONDS)]
    return background.start(arguments, ready=ready, log=folder / "server.log")
