"""The reference server for as long as a test, or a whole run of tests, lasts.

Theory of operation. The server is a process of its own, so that a test may kill it, and so that neither shares an event
loop or a lock with the other. It listens on a free loopback port and says so in one line on its stdout. Its stdin is a
pipe whose other end this process holds: however this process ends, kill -9 included, the pipe ends with it, and the
server stops. It is in a session of its own, so that Ctrl-C reaches the tests first and they can clean up.
"""

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self, TypedDict, Unpack

from maas_client.errors import ConnectError
from maas_client.testing.control import Control
from maas_client.testing.environment import environment
from maas_client.testing.launch import HOME, START_SECONDS, Ready, command, log_tail, require_server

if TYPE_CHECKING:
    from maas_client.client import AsyncMaaSClient, MaaSClient

STOP_SECONDS = 20.0
_PREFIXES = ("MAAS_", "AZURE_", "AZUREML_")
_KEPT = "MAAS_SERVER_"
"""Variables that are meant for servers, such as those that make them check their wire."""


class ServerOptions(TypedDict, total=False):
    """The options of `maas-ft serve`, by their names in Python."""

    host: str
    port: int
    clock: str
    log_level: str
    ready_file: Path
    idle_exit: float
    admin_token: str
    tls: bool
    conformance: Path
    conformance_specs: Sequence[Path]
    conformance_strict: bool
    datastore_auth: str
    regions: Sequence[str]
    faults: Sequence[str]
    auth: str
    api_key: str
    token_lifetime: int
    allow_remote: bool
    read_timeout: float


class ClientSettings(TypedDict):
    """What tells a client where a server is: arguments of `MaaSClient` and `AsyncMaaSClient`."""

    base_url: str
    emulator: bool
    subscription_id: str
    resource_group: str
    workspace: str


class Server:
    """A reference server that runs.

    Attributes:
        ready: What it said when it was ready.
        url: Its base URL.
        control: Its control routes.
        process: Its process, or None if somebody else started it.
    """

    def __init__(self, ready: Ready, process: "subprocess.Popen[bytes] | None" = None) -> None:
        """Take a server that is there already; `serving` starts one."""
        self.ready = ready
        self.url = ready.url
        self.control = Control(ready.url, ready.facts.get("admin_token"), ready.facts.get("ca_file"))
        self.process = process

    @classmethod
    def start(cls, state_dir: Path, *arguments: str, **options: Unpack[ServerOptions]) -> Self:
        """Start a server and wait until it is ready; it ends with this process if nobody stops it before.

        Args:
            state_dir: Folder of its state; `server.log` there has what it says on stderr.
            arguments: Further options, as on the command line.
            options: See `maas-ft serve --help`; the clock is manual if it is left out.

        Raises:
            ConfigurationError: The extra `server` is not installed.
            ConnectError: It did not start; the message has what it said.
        """
        require_server()
        state_dir = state_dir.absolute()
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        clock = options.pop("clock", "manual")
        given = ["--state-dir", str(state_dir), "--clock", clock, "--stop-at-eof", *to_arguments(options), *arguments]
        log = state_dir / "server.log"
        with log.open("ab") as said:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command(*given),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                cwd=HOME,
                env=_environment(os.environ),
                start_new_session=True,
            )
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        late = threading.Timer(START_SECONDS, process.kill)
        late.start()
        try:
            return cls(Ready.parse(process.stdout.readline()), process)
        except ValueError as error:
            _end(process)
            raise ConnectError(f"The server did not start: {log_tail(log)}", hint=f"Its log is {log}.") from error
        except BaseException:
            _end(process)
            raise
        finally:
            late.cancel()

    @classmethod
    def connect(cls, url: str, admin_token: str | None = None) -> Self:
        """Take a server that somebody else started.

        Args:
            url: Its base URL.
            admin_token: Of its ready line; without it there are no clock, no faults and no journal.

        Raises:
            ConfigurationError: This is not the URL of a server.
            ControlError: No reference server answers there.
        """
        url = url.rstrip("/")
        control = Control(url, admin_token, os.environ.get("SSL_CERT_FILE"))
        control.call("GET", "health")
        # Any names make a workspace; these are the ones that `maas-ft serve` names.
        facts = {"admin_token": admin_token, "ca_file": os.environ.get("SSL_CERT_FILE")}
        ready = Ready(url, 0, "00000000-0000-4000-8000-000000000000", "maas-local", "maas-local", facts)
        return cls(ready)

    def settings(self, workspace: str | None = None) -> ClientSettings:
        """Return the arguments of a client of one workspace; any valid name is a workspace, empty at first."""
        return {
            "base_url": self.url,
            "emulator": True,
            "subscription_id": self.ready.subscription_id,
            "resource_group": self.ready.resource_group,
            "workspace": workspace or self.ready.workspace,
        }

    def client(self, workspace: str | None = None) -> "MaaSClient":
        """Make a client of one workspace; whoever asks for it closes it."""
        from maas_client.client import MaaSClient

        return MaaSClient(**self.settings(workspace))

    def async_client(self, workspace: str | None = None) -> "AsyncMaaSClient":
        """Make an asynchronous client of one workspace; whoever asks for it closes it."""
        from maas_client.client import AsyncMaaSClient

        return AsyncMaaSClient(**self.settings(workspace))

    def environment(self, workspace: str | None = None) -> dict[str, str]:
        """Return the variables by which programs find one workspace of this server.

        `MaaSClient.from_env()` and `maas-ft` read them, and over https azure-identity and azure-ai-ml.
        """
        return environment(self.ready, workspace)

    def now(self, *, workspace: str | None = None) -> datetime:
        """Return the time of the server, or of one workspace."""
        return _instant(self.control.call("GET", "clock", workspace=self._scope(workspace)))

    def advance(self, seconds: float, *, workspace: str | None = None) -> datetime:
        """Move the server's time forward and return it.

        Args:
            seconds: How far; what becomes due on the way, such as the end of a job, has happened when this returns.
            workspace: Move the time of this workspace alone.
        """
        body: dict[str, float | str] = {"advance_seconds": seconds}
        if workspace is not None:
            body["workspace"] = self._scope(workspace) or ""
        return _instant(self.control.call("POST", "clock", body))

    def kill(self) -> None:
        """End the process at once, as kill -9 does, and wait until it is gone; for servers that `serving` started."""
        if self.process is not None:
            self.process.kill()
            _close(self.process)

    def stop(self) -> int:
        """Ask the process to end and wait for it; for servers that `serving` started.

        Returns:
            Its exit code; 0 is well.
        """
        return 0 if self.process is None else _end(self.process)

    def _scope(self, workspace: str | None) -> str | None:
        """Return the name of a workspace with its place, by which it is found before it is used."""
        place = self.ready
        return None if workspace is None else f"{place.subscription_id}/{place.resource_group}/{workspace}"


@contextmanager
def serving(state_dir: Path | None = None, *arguments: str, **options: Unpack[ServerOptions]) -> Iterator[Server]:
    """Run a reference server while the block runs.

    Args:
        state_dir: Folder of its state, kept; None takes one that goes with it.
        arguments: Further options, as on the command line.
        options: See `maas-ft serve --help`; the clock is manual if it is left out.

    Raises:
        ConfigurationError: The extra `server` is not installed.
        ConnectError: It did not start; the message has what it said.
    """
    with TemporaryDirectory(prefix="maas-server-", ignore_cleanup_errors=True) as folder:
        server = Server.start(state_dir or Path(folder), *arguments, **options)
        try:
            yield server
        finally:
            server.stop()


def to_arguments(options: ServerOptions) -> list[str]:
    """Write options as they are on the command line."""
    words: list[str] = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            words += [flag] if value else []
        elif isinstance(value, Sequence) and not isinstance(value, str):
            # On the command line the option is repeated, and most are named in the singular.
            each = flag if name == "faults" else flag.removesuffix("s")
            words += [word for item in value for word in (each, str(item))]
        else:
            words += [flag, str(value)]
    return words


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the process, without settings and credentials of whoever runs the tests."""
    return {name: value for name, value in environ.items() if name.startswith(_KEPT) or not name.startswith(_PREFIXES)}


def _instant(answer: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(answer["now"])


def _end(process: "subprocess.Popen[bytes]") -> int:
    process.terminate()
    return _close(process)


def _close(process: "subprocess.Popen[bytes]") -> int:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
