"""`maas-ft serve`."""

import os
from pathlib import Path

import click

from maas_client.cli._options import examples

_CONFORMANCE = "MAAS_SERVER_CONFORMANCE"
"""Names the file of findings too, for servers that a program starts."""


@click.command(epilog=examples("maas-ft serve --port 8800 --state-dir ./state --clock scaled:100"))
@click.option("--host", default="127.0.0.1", show_default=True, help="127.0.0.1, ::1 or localhost.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free one.")
@click.option("--state-dir", type=click.Path(path_type=Path), metavar="D", help="Folder of its state.")
@click.option("--clock", default="real", show_default=True, metavar="C", help="real, scaled:<factor> or manual.")
@click.option(
    "--log-level",
    type=click.Choice(["critical", "error", "warning", "info", "debug"]),
    default="warning",
    show_default=True,
    help="Of the log on stderr.",
)
@click.option("--ready-file", type=click.Path(path_type=Path), metavar="F", help="Write the ready line there too.")
@click.option("--idle-exit", type=float, metavar="SECONDS", help="End after so long without a request.")
@click.option("--admin-token", metavar="T", help="Opens the control routes; a new one by default.")
@click.option("--tls", is_flag=True, help="Serve https, with an authority of the state folder's own.")
@click.option(
    "--conformance", type=click.Path(path_type=Path), metavar="F", help="Check every exchange; findings go there."
)
@click.option(
    "--conformance-spec",
    "conformance_specs",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="F",
    help="Check against this OpenAPI 3.1 document too.",
)
@click.option("--conformance-strict", is_flag=True, help="Answer 500 where an answer deviates.")
@click.option(
    "--datastore-auth",
    type=click.Choice(["sas", "key", "identity"]),
    default="sas",
    show_default=True,
    help="What opens storage: signatures, the account key, or the caller's token.",
)
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="R",
    help="Region of new workspaces, eastus2 by default; NAME=R for one of them.",
)
@click.pass_context
def serve(
    ctx: click.Context,
    *,
    host: str,
    port: int,
    state_dir: Path | None,
    clock: str,
    log_level: str,
    ready_file: Path | None,
    idle_exit: float | None,
    admin_token: str | None,
    tls: bool,
    conformance: Path | None,
    conformance_specs: tuple[Path, ...],
    conformance_strict: bool,
    datastore_auth: str,
    regions: tuple[str, ...],
) -> None:
    """Run the local reference server; one JSON line on stdout says when it is ready. Ctrl-C stops it."""
    try:
        from maas_client.server.main import ServerOptions, run
    except ModuleNotFoundError as error:
        from maas_client.cli._local import extra_missing

        if error.name is None or error.name.startswith("maas_client"):
            raise
        raise extra_missing([error.name]) from None
    if (conformance_specs or conformance_strict) and conformance is None and not os.environ.get(_CONFORMANCE):
        raise click.UsageError("--conformance-spec and --conformance-strict need --conformance F, where findings go.")
    if state_dir is None:
        from platformdirs import user_state_path

        state_dir = user_state_path("maas-client", appauthor=False) / "serve"
    options = ServerOptions(
        state_dir=state_dir,
        host=host,
        port=port,
        clock=clock,
        log_level=log_level,
        ready_file=ready_file,
        idle_exit=idle_exit,
        admin_token=admin_token,
        tls=tls,
        conformance=conformance,
        conformance_specs=conformance_specs,
        conformance_strict=conformance_strict,
        datastore_auth=datastore_auth,
        regions=regions,
    )
    ctx.exit(run(options))
