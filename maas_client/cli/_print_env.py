"""`maas-ft serve --print-env`: a server in the background, and the variables by which programs find it."""

import os
import shlex
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from maas_client.cli import _background as background
from maas_client.errors import ConfigurationError, ConnectError
from maas_client.testing.environment import CONDITIONAL, environment
from maas_client.testing.launch import Ready, log_tail, require_server

READY = "ready.json"
"""What every server keeps in its state folder while it runs."""


def print_env(ctx: click.Context, state_dir: Path) -> str:
    """Return the lines for the shell; the server of the folder is started if it does not run.

    Args:
        ctx: Of the command; has the options that the server is started with.
        state_dir: The server's state folder.

    Raises:
        ConfigurationError: The extra `server` is not installed, the folder cannot be used, or a server with other
            options runs there.
        ConnectError: It did not start.
    """
    require_server()
    state_dir = state_dir.expanduser().absolute()
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with background.only_one(state_dir / "start.lock"):
            server = background.find(state_dir / READY)
            if server is None:
                server = _start(_arguments(ctx), state_dir)
            else:
                _check_same(ctx, server)
    except OSError as error:
        raise ConfigurationError(
            f"The state folder {state_dir} cannot be used: {error.strerror or error}.",
            hint="Name another with --state-dir.",
        ) from error
    variables = {**environment(server), "MAAS_SERVER_PID": str(server.pid)}
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    # What another server left in the shell would lead there.
    stale = " ".join(name for name in CONDITIONAL if name not in variables)
    return "\n".join([*([f"unset {stale}"] if stale else []), *exports])


def _start(arguments: list[str], state_dir: Path) -> Ready:
    log = state_dir / "server.log"
    server = background.start([*arguments, "--state-dir", str(state_dir)], ready=state_dir / READY, log=log)
    if server is None:
        raise ConnectError(f"The server did not start: {log_tail(log)}", hint=f"Its log is {log}.")
    return server


def _arguments(ctx: click.Context) -> list[str]:
    """Write the options down again, but for the folder and the one that led here."""
    words: list[str] = []
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if name in ("state_dir", "print_env", "stop_at_eof") or not _is_given(ctx, name):
            continue
        value, flag = ctx.params[name], parameter.opts[0]
        if value is True:
            words.append(flag)
            continue
        for item in value if isinstance(value, tuple) else (value,):
            words += [flag, _text(item)]
    return words


def _text(value: Any) -> str:  # noqa: ANN401 - whatever click made of it
    # The server runs in a folder of its own; a fault program is a file or a name.
    return str(Path(value).absolute()) if isinstance(value, Path) or Path(str(value)).is_file() else str(value)


def _is_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _check_same(ctx: click.Context, server: Ready) -> None:
    """Refuse to hand out a server that is not the one asked for."""
    facts, wrong = server.facts, []
    if ctx.params["tls"] and facts.get("ca_file") is None:
        wrong.append("it has no TLS")
    for name, running in (("auth", facts.get("auth")), ("clock", facts.get("clock"))):
        if _is_given(ctx, name) and ctx.params[name] != running:
            wrong.append(f"its --{name} is {running}")
    if wrong:
        stop = f"taskkill /PID {server.pid}" if os.name == "nt" else f"kill {server.pid}"
        raise ConfigurationError(
            f"A server with other options runs in {facts.get('state_dir')} already: {', '.join(wrong)}.",
            hint=f"Stop it first (`{stop}`), or name another folder with --state-dir.",
        )
