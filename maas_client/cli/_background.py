"""Servers in the background: found by the file that they write when they are ready, started once, outliving us."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from maas_client.cli._clock import monotonic
from maas_client.errors import ConnectError
from maas_client.testing.launch import HOME, START_SECONDS, Ready, command

_LOOK_SECONDS = 0.02
_HEALTH_SECONDS = 2.0


def find(ready: Path) -> Ready | None:
    """Return the server that a ready file names, if it is alive and answers."""
    server = _read(ready)
    return server if server is not None and _is_alive(server.pid) and _is_healthy(server) else None


@contextmanager
def only_one(path: Path) -> Iterator[None]:
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


def start(arguments: list[str], *, ready: Path, log: Path) -> Ready | None:
    """Start a server and wait until it is ready; None: it did not start, and the log says why.

    Args:
        arguments: Its options; by them it writes the ready file.
        ready: That file.
        log: Where it says what is wrong (0600, begun anew).
    """
    ready.unlink(missing_ok=True)
    child = _spawn(arguments, log)
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline:
        try:
            child.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            server = _read(ready)
            if server is None:
                continue
            child.returncode = 0  # it outlives this process on purpose; Python would warn that it was not waited for
            return server
        return None
    child.kill()
    child.wait()
    return None


def _read(path: Path) -> Ready | None:
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


def _is_healthy(server: Ready) -> bool:
    from http.client import HTTPConnection, HTTPException, HTTPSConnection
    from urllib.parse import urlsplit

    parts = urlsplit(server.url)
    if parts.hostname is None or parts.port is None:
        return False
    authority = server.facts.get("ca_file")
    try:
        if authority is None:
            connection = HTTPConnection(parts.hostname, parts.port, timeout=_HEALTH_SECONDS)
        else:
            import ssl

            trusting = ssl.create_default_context(cafile=authority)
            connection = HTTPSConnection(parts.hostname, parts.port, timeout=_HEALTH_SECONDS, context=trusting)
        with closing(connection):
            connection.request("GET", "/_maas/health")
            response = connection.getresponse()
            return response.status == 200 and json.loads(response.read()).get("status") == "ok"
    except (OSError, HTTPException, ValueError):
        return False


def _spawn(arguments: list[str], log: Path) -> "subprocess.Popen[bytes]":
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the ready line has secrets in it; the ready file says the same
            stderr=said,
            cwd=HOME,
            # A session of its own: Ctrl-C at this terminal is not meant for it.
            start_new_session=True,
            creationflags=flags,
        )
    finally:
        os.close(said)
