"""Start and stop the reference server."""

import argparse
import json
import logging
import os
import secrets
import shlex
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp

from maas_client.server.app import build_app
from maas_client.server.checking import checker, chosen
from maas_client.server.clock import monotonic, parse_clock
from maas_client.server.engine import make_plan
from maas_client.server.folder import FolderError, lock_folder, write_private
from maas_client.server.models_data import shipped_models
from maas_client.server.service import blocks
from maas_client.server.service.options import DATASTORE_AUTHS, read_options
from maas_client.server.service.world import World, open_world
from maas_client.server.store import StoreError

if TYPE_CHECKING:
    from maas_client.server.tls import TlsFiles

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_LEVELS = ("critical", "error", "warning", "info", "debug")


class StartError(Exception):
    """The server cannot start; the text says why in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How to run the server.

    Attributes:
        state_dir: Where its state is kept; created when missing.
        host: 127.0.0.1, ::1 or localhost.
        port: 0 takes a free one.
        clock: `real`, `scaled:<factor>` or `manual`.
        log_level: Of the log on stderr.
        ready_file: Where the ready line is written too (0600), or None.
        idle_exit: Real seconds without a request after which the server ends by itself, or None.
        admin_token: Opens `/_maas/clock`; None makes a new one.
        tls: Serve https, with a certificate of the state folder's own authority.
        conformance: Check every exchange and write what came of it to this file, or to a file in this folder.
        conformance_specs: Published OpenAPI 3.1 documents to check against beside our own.
        conformance_strict: Answer 500 in the place of an answer that deviates.
        datastore_auth: How storage is opened: `sas`, `key` or `identity`.
        regions: Regions of new workspaces: `westus3` for all, `my-workspace=westus3` for one.
    """

    state_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    clock: str = "real"
    log_level: str = "warning"
    ready_file: Path | None = None
    idle_exit: float | None = None
    admin_token: str | None = None
    tls: bool = False
    conformance: Path | None = None
    conformance_specs: Sequence[Path] = ()
    conformance_strict: bool = False
    datastore_auth: str = "sas"
    regions: Sequence[str] = ()


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and run; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="maas-ft serve", description="The local reference server of Azure ML fine-tuning."
    )
    parser.add_argument("--host", default="127.0.0.1", help="127.0.0.1, ::1 or localhost")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--state-dir", type=Path, required=True, help="folder of the server's state")
    parser.add_argument("--clock", default="real", help="real, scaled:<factor> or manual")
    parser.add_argument("--log-level", default="warning", choices=_LEVELS)
    parser.add_argument("--ready-file", type=Path, help="write the ready line to this file too")
    parser.add_argument("--idle-exit", type=float, metavar="SECONDS", help="end after this long without a request")
    parser.add_argument("--admin-token", help="token of the control routes; a new one when not given")
    parser.add_argument("--tls", action="store_true", help="serve https, with an authority made for this folder")
    parser.add_argument("--conformance", type=Path, metavar="FILE", help="check every exchange; findings go there")
    parser.add_argument(
        "--conformance-spec",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        dest="conformance_specs",
        help="check against this OpenAPI 3.1 document too",
    )
    parser.add_argument("--conformance-strict", action="store_true", help="answer 500 where an answer deviates")
    parser.add_argument("--datastore-auth", default="sas", choices=DATASTORE_AUTHS, help="how storage is opened")
    parser.add_argument(
        "--region",
        action="append",
        default=[],
        dest="regions",
        metavar="REGION",
        help="of new workspaces; NAME=REGION for one",
    )
    return run(ServerOptions(**vars(parser.parse_args(argv))))


def run(options: ServerOptions) -> int:
    """Run the server until it is stopped.

    Returns:
        0: stopped by SIGTERM, Ctrl-C or idleness. 1: it could not start. 2: the options are wrong. Errors are one line
        on stderr.
    """
    try:
        setting = parse_clock(options.clock)
        _check(options)
        checking = chosen(options.conformance, options.conformance_specs, strict=options.conformance_strict)
        around = checker(checking)
        service = read_options(options.datastore_auth, options.regions)
    except ValueError as error:
        return _fail(str(error), 2)
    except OSError as error:
        return _fail(f"cannot check: {error}", 2)
    logging.basicConfig(
        level=options.log_level.upper(), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        with lock_folder(options.state_dir), _bind(options) as listener:
            world = open_world(options.state_dir, setting, shipped_models(), make_plan, service)
            try:
                blocks.sweep(world)
                _serve(options, world, listener, around)
            finally:
                world.close()
    except (FolderError, StartError, StoreError) as error:
        return _fail(str(error), 1)
    except OSError as error:
        return _fail(f"cannot start: {error.strerror or error}", 1)
    return 0


class _Server(uvicorn.Server):
    """uvicorn that says when it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, then say so."""
        await super().startup(sockets)
        self._on_ready()


class _Idleness:
    """Real time since the last request began or ended, while none is in hand."""

    def __init__(self, limit: float | None) -> None:
        self._limit = limit
        self._last = monotonic()
        self._open = 0

    def begin(self) -> None:
        """Note that a request began."""
        self._open += 1

    def end(self) -> None:
        """Note that a request was answered."""
        self._open -= 1
        self._last = monotonic()

    def over(self) -> bool:
        """Say whether the server has been idle for long enough to end."""
        return self._limit is not None and self._open == 0 and monotonic() - self._last >= self._limit


def _serve(options: ServerOptions, world: World, listener: socket.socket, around: Callable[[ASGIApp], ASGIApp]) -> None:
    port = listener.getsockname()[1]
    token = options.admin_token or secrets.token_urlsafe(32)
    idleness = _Idleness(options.idle_exit)
    tls = _tls(options, world)

    def tick() -> None:
        if idleness.over():
            server.should_exit = True

    def ready() -> None:
        line = _ready_line(options, world, port, token, tls)
        if options.ready_file is not None:
            write_private(options.ready_file, line + "\n")
        print(line, flush=True)  # noqa: T201 (the ready line is the server's output)
        if tls is not None:
            print(_trust_line(tls.authority), file=sys.stderr, flush=True)  # noqa: T201 (talk goes to stderr)

    app = build_app(
        world,
        port=port,
        admin_token=token,
        version=_version(),
        begin=idleness.begin,
        end=idleness.end,
        tick=tick,
        around=around,
    )
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        # Access lines would show signatures.
        access_log=False,
        server_header=False,
        # There is no proxy in front: nobody may say which scheme was spoken.
        proxy_headers=False,
        ssl_certfile=None if tls is None else tls.server,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config, ready)
    with _quiet_signals():
        server.run(sockets=[listener])


@contextmanager
def _quiet_signals() -> Iterator[None]:
    """Make SIGTERM and Ctrl-C end the process with 0: uvicorn raises them again after its clean stop."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tls(options: ServerOptions, world: World) -> "TlsFiles | None":
    if not options.tls:
        return None
    # Imported here: cryptography costs a tenth of a second that only https needs.
    from maas_client.server.tls import tls_files

    return tls_files(options.state_dir.resolve(), world.clock.real())


def _trust_line(authority: Path) -> str:
    path = shlex.quote(str(authority))
    return f"export REQUESTS_CA_BUNDLE={path} SSL_CERT_FILE={path}"


def _ready_line(options: ServerOptions, world: World, port: int, token: str, tls: "TlsFiles | None") -> str:
    host = "[::1]" if options.host == "::1" else options.host
    facts = {
        "event": "ready",
        "url": f"{'http' if tls is None else 'https'}://{host}:{port}",
        "ca_file": None if tls is None else str(tls.authority),
        "pid": os.getpid(),
        "state_dir": str(options.state_dir.resolve()),
        "clock": str(world.clock.setting),
        "admin_token": token,
        "version": _version(),
        "simulated": True,
        "subscription_id": "00000000-0000-4000-8000-000000000000",
        "resource_group": "maas-local",
        "workspace": "maas-local",
    }
    return json.dumps(facts)


def _bind(options: ServerOptions) -> socket.socket:
    family = socket.AF_INET6 if options.host == "::1" else socket.AF_INET
    # Named as TCP, or asyncio does not turn Nagle's algorithm off and every answer takes 40 ms more.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1" if options.host == "localhost" else options.host, options.port))
    except OSError as error:
        listener.close()
        raise StartError(f"cannot listen on {options.host}:{options.port}: {error.strerror or error}") from error
    return listener


def _check(options: ServerOptions) -> None:
    if options.host not in LOOPBACK:
        raise ValueError(
            f"--host {options.host} is not a loopback address: this server listens on {', '.join(LOOPBACK)} only"
        )
    if not 0 <= options.port <= 65535:
        raise ValueError(f"--port {options.port} is not a port: 0 to 65535")
    if options.log_level not in _LEVELS:
        raise ValueError(f"--log-level {options.log_level} is none of {', '.join(_LEVELS)}")
    if options.idle_exit is not None and not options.idle_exit > 0:
        raise ValueError("--idle-exit must be more than 0 seconds")
    if options.admin_token is not None and not (options.admin_token.isascii() and options.admin_token.isprintable()):
        raise ValueError("--admin-token must be printable ASCII")


def _version() -> str:
    try:
        return installed_version("maas-client")
    except PackageNotFoundError:
        return "0+unknown"


def _fail(message: str, code: int) -> int:
    print(f"maas-ft serve: {message}", file=sys.stderr, flush=True)  # noqa: T201 (talk goes to stderr)
    return code
