"""Start and stop the reference server."""

import logging
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import uvicorn
from starlette.types import ASGIApp

from maas_client.server.app import build_app
from maas_client.server.checking import checker, chosen
from maas_client.server.clock import monotonic, parse_clock
from maas_client.server.connection import MAX_CONNECTIONS, MAX_HEAD_BYTES, protocol
from maas_client.server.engine import make_plan
from maas_client.server.faults import Faults, ProgramError, read_source
from maas_client.server.folder import lock_folder, write_private
from maas_client.server.hosts import bind, names, written
from maas_client.server.models_data import shipped_models
from maas_client.server.options import ServerOptions, check, server_parameters
from maas_client.server.parent import when_stdin_ends
from maas_client.server.problem import HELP, OptionError, StartError, lines
from maas_client.server.ready import READY, ready_line, trust_line, version
from maas_client.server.service import sweep
from maas_client.server.service.options import read_options
from maas_client.server.service.world import World, open_world

if TYPE_CHECKING:
    from maas_client.server.tls import TlsFiles


@click.command()
@server_parameters
@click.pass_context
def main(ctx: click.Context, /, *, state_dir: Path | None, **given: Any) -> None:  # noqa: ANN401 - `ServerOptions` has the types
    """Run the local reference server of Azure ML fine-tuning."""
    if state_dir is None:
        raise click.UsageError("--state-dir is needed: the folder of the server's state.")
    ctx.exit(run(ServerOptions(state_dir=state_dir, **given)))


def run(options: ServerOptions) -> int:
    """Run the server until it is stopped.

    Returns:
        0: stopped by SIGTERM, Ctrl-C or idleness. 1: it could not start. 2: the options are wrong. Errors are two lines
        on stderr: what happened, and what to do next.
    """
    try:
        setting = parse_clock(options.clock)
        check(options)
        checking = chosen(options.conformance, options.conformance_specs, strict=options.conformance_strict)
        around = checker(checking)
        faults = _faults(options.faults)
        service = read_options(
            options.datastore_auth,
            options.regions,
            auth=options.auth,
            token_lifetime=options.token_lifetime,
            api_key=options.api_key,
        )
    except OptionError as error:
        return _fail(error.message, error.hint, 2)
    except ValueError as error:
        return _fail(str(error), HELP, 2)
    except OSError as error:
        what = f"{error.filename} cannot be used for the check of the wire: {error.strerror}."
        return _fail(what, "Look at --conformance (a file that can be written) and --conformance-spec.", 2)
    logging.basicConfig(
        level=options.log_level.upper(), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        with lock_folder(options.state_dir), bind(options.host, options.port) as listener:
            world = open_world(options.state_dir, setting, shipped_models(), make_plan, service)
            try:
                sweep.at_start(world)
                _serve(options, world, listener, faults, around)
            finally:
                world.close()
    except StartError as error:
        return _fail(error.message, error.hint, 1)
    except OSError as error:
        what = f"The server cannot start: {error.filename or options.state_dir}: {error.strerror or error}."
        return _fail(what, "Look at the folder of --state-dir: can it be written, and is there room?", 1)
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


def _serve(
    options: ServerOptions,
    world: World,
    listener: socket.socket,
    faults: Faults,
    around: Callable[[ASGIApp], ASGIApp],
) -> None:
    port = listener.getsockname()[1]
    token = options.admin_token or secrets.token_urlsafe(32)
    idleness = _Idleness(options.idle_exit)
    tls = _tls(options, world)
    own_file = options.state_dir / READY

    def tick() -> None:
        if idleness.over():
            server.should_exit = True

    def ready() -> None:
        line = ready_line(options, world, port, token, tls)
        for file in (own_file, options.ready_file):
            if file is not None:
                write_private(file, line + "\n")
        print(line, flush=True)  # noqa: T201 (the ready line is the server's output)
        if tls is not None:
            print(trust_line(tls.authority), file=sys.stderr, flush=True)  # noqa: T201 (talk goes to stderr)

    app = build_app(
        world,
        names=[written(name) for name in names(options.host)],
        port=port,
        admin_token=token,
        version=version(),
        begin=idleness.begin,
        end=idleness.end,
        tick=tick,
        faults=faults,
        around=around,
    )
    config = uvicorn.Config(
        app,
        # httptools and uvloop, both compiled: more than twice the rate of the pure Python that answers without them.
        http=protocol(options.read_timeout),
        limit_concurrency=MAX_CONNECTIONS,
        # Without httptools: it keeps a head until it is whole.
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        loop="auto",
        ws="none",
        lifespan="on",
        log_config=None,
        # Access lines would show signatures.
        access_log=False,
        server_header=False,
        # The guard writes it, so that a fault can write another.
        date_header=False,
        # There is no proxy in front: nobody may say which scheme was spoken.
        proxy_headers=False,
        ssl_certfile=None if tls is None else tls.server,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config, ready)

    def stop() -> None:
        server.should_exit = True

    if options.stop_at_eof:
        when_stdin_ends(stop)
    try:
        with _quiet_signals():
            server.run(sockets=[listener])
    finally:
        own_file.unlink(missing_ok=True)


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


def _faults(sources: Sequence[str]) -> Faults:
    faults = Faults()
    for source in sources:
        try:
            faults.add(read_source(source))
        except ProgramError as error:
            raise ValueError(f"--faults {error}") from None
    return faults


def _tls(options: ServerOptions, world: World) -> "TlsFiles | None":
    if not options.tls:
        return None
    # Imported here: cryptography costs a tenth of a second that only https needs.
    from maas_client.server.tls import tls_files

    now = world.clock.real() - world.clock.skew
    # Signing in takes https, so this is when a certificate to sign in with is of use.
    world.identity.certificate.make(now)
    return tls_files(options.state_dir.resolve(), now, names(options.host))


def _fail(message: str, hint: str, code: int) -> int:
    print(lines(message, hint), file=sys.stderr, flush=True)  # noqa: T201 (talk goes to stderr)
    return code
