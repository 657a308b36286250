"""How to run the server: what its command line takes, for `maas-ft serve` and `python -m maas_client.server` alike.

Imports little but click: `--help` passes here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from maas_client.server.problem import OptionError

AUTHS = ("off", "any", "strict")
LEVELS = ("critical", "error", "warning", "info", "debug")

_F = TypeVar("_F", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How to run the server.

    Attributes:
        state_dir: Where its state is kept; created when missing.
        host: Address to listen on; one that is not a loopback address takes `allow_remote`, `tls` and a credential.
        port: 0 takes a free one.
        clock: `real`, `scaled:<factor>` or `manual`.
        log_level: Of the log on stderr.
        ready_file: Where the ready line is written too (0600), or None.
        idle_exit: Real seconds without a request after which the server ends by itself, or None.
        stop_at_eof: End when stdin ends: a program started it for itself.
        admin_token: Opens `/_maas/clock`; None makes a new one.
        tls: Serve https, with a certificate of the state folder's own authority.
        conformance: Check every exchange and write what came of it to this file, or to a file in this folder.
        conformance_specs: Published OpenAPI 3.1 documents to check against beside our own.
        conformance_strict: Answer 500 in the place of an answer that deviates.
        datastore_auth: How storage is opened: `sas`, `key` or `identity`.
        regions: Regions of new workspaces: `westus3` for all, `my-workspace=westus3` for one.
        faults: Fault programs to begin with: files of JSON, or names of classics.
        auth: Which credentials are asked for: `off`, `any` or `strict`.
        token_lifetime: Seconds that a token of this server is good for.
        api_key: Opens every deployment, beside its own keys; None: nothing does.
        allow_remote: Others may reach the server.
        read_timeout: Seconds in which the head of a request must be there, and some of a body must come.
    """

    state_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    clock: str = "real"
    log_level: str = "warning"
    ready_file: Path | None = None
    idle_exit: float | None = None
    stop_at_eof: bool = False
    admin_token: str | None = None
    tls: bool = False
    conformance: Path | None = None
    conformance_specs: Sequence[Path] = ()
    conformance_strict: bool = False
    datastore_auth: str = "sas"
    regions: Sequence[str] = ()
    faults: Sequence[str] = ()
    auth: str = "any"
    token_lifetime: int = 3600  # Source: Microsoft Learn, "Access token lifetime": 60 to 90 minutes
    api_key: str | None = None
    allow_remote: bool = False
    read_timeout: float = 30.0


_PARAMETERS = (
    click.option(
        "--host", default="127.0.0.1", show_default=True, help="127.0.0.1, ::1, localhost, others: --allow-remote."
    ),
    click.option("--port", type=int, default=0, show_default=True, help="0 takes a free one."),
    click.option("--state-dir", type=_PATH, metavar="D", help="Folder of its state."),
    click.option("--clock", default="real", show_default=True, metavar="C", help="real, scaled:<factor> or manual."),
    click.option(
        "--log-level", type=click.Choice(LEVELS), default="warning", show_default=True, help="Of the log on stderr."
    ),
    click.option("--ready-file", type=_PATH, metavar="F", help="Write the ready line there too."),
    click.option("--idle-exit", type=float, metavar="SECONDS", help="End after so long without a request."),
    click.option("--stop-at-eof", is_flag=True, help="End when stdin ends, as with whoever started it."),
    click.option("--admin-token", metavar="T", help="Opens the control routes; a new one by default."),
    click.option("--tls", is_flag=True, help="Serve https, with an authority of the state folder's own."),
    click.option("--conformance", type=_PATH, metavar="F", help="Check every exchange; findings go there."),
    click.option(
        "--conformance-spec",
        "conformance_specs",
        type=_PATH,
        multiple=True,
        metavar="F",
        help="Check against this OpenAPI 3.1 document too.",
    ),
    click.option("--conformance-strict", is_flag=True, help="Answer 500 where an answer deviates."),
    click.option(
        "--datastore-auth",
        type=click.Choice(["sas", "key", "identity"]),
        default="sas",
        show_default=True,
        help="What opens storage: signatures, the account key, or the caller's token.",
    ),
    click.option(
        "--region",
        "regions",
        multiple=True,
        metavar="R",
        help="Region of new workspaces, eastus2 by default; NAME=R for one of them.",
    ),
    click.option(
        "--faults", multiple=True, metavar="F", help="Fault program to begin with: a file, or a classic's name."
    ),
    click.option(
        "--auth",
        type=click.Choice(AUTHS),
        default="any",
        show_default=True,
        help="Credentials asked for: none, any token that has not ended, or tokens of this server alone.",
    ),
    click.option(
        "--token-lifetime",
        type=click.IntRange(1, 86_400),
        default=3600,
        show_default=True,
        metavar="SECONDS",
        help="How long a token of this server is good for.",
    ),
    click.option("--api-key", metavar="K", help="Opens every deployment, beside the keys of its own."),
    click.option(
        "--allow-remote", is_flag=True, help="Let others reach it at another --host; takes --tls and a credential."
    ),
    click.option(
        "--read-timeout",
        type=float,
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="In which a head must be there, and some of a body come.",
    ),
)


def server_parameters(command: _F) -> _F:
    """Give a command the options of the server; it is called with the names of `ServerOptions`, `state_dir` or None."""
    for option in reversed(_PARAMETERS):
        command = option(command)
    return command


def check(options: ServerOptions) -> None:
    """Refuse what cannot be.

    Raises:
        OptionError: An option is wrong.
    """
    from maas_client.server.hosts import check_remote  # here: it loads sockets, which no help needs

    check_remote(options.host, allowed=options.allow_remote, tls=options.tls, auth=options.auth)
    if not 0 <= options.port <= 65535:
        raise OptionError(f"--port {options.port} is not a port: 0 to 65535.")
    if options.log_level not in LEVELS:
        raise OptionError(f"--log-level {options.log_level} is none of {', '.join(LEVELS)}.")
    if options.idle_exit is not None and not options.idle_exit > 0:
        raise OptionError("--idle-exit must be more than 0 seconds.")
    for name, secret in (("--admin-token", options.admin_token), ("--api-key", options.api_key)):
        if secret is not None and not (secret.isascii() and secret.isprintable() and secret.strip()):
            raise OptionError(f"{name} must be printable ASCII, and not empty.")
    if options.auth not in AUTHS:
        raise OptionError(f"--auth {options.auth} is none of {', '.join(AUTHS)}.")
    if not 1 <= options.token_lifetime <= 86_400:
        raise OptionError("--token-lifetime must be 1 to 86400 seconds.")
    if not 0 < options.read_timeout <= 3600:
        raise OptionError("--read-timeout must be more than 0 and at most 3600 seconds.")
