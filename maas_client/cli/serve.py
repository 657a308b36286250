"""`maas-ft serve`."""

import os
from pathlib import Path
from typing import Any

import click

from maas_client.cli._options import examples
from maas_client.server.options import ServerOptions, server_parameters

_CONFORMANCE = "MAAS_SERVER_CONFORMANCE"
"""Names the file of findings too, for servers that a program starts."""


@click.command(
    epilog=examples(
        "maas-ft serve --port 8800 --state-dir ./state --clock scaled:100", 'eval "$(maas-ft serve --tls --print-env)"'
    )
)
@server_parameters
@click.option("--print-env", is_flag=True, help="Run it in the background; print what a shell is to eval, and return.")
@click.pass_context
def serve(ctx: click.Context, /, *, state_dir: Path | None, print_env: bool, **given: Any) -> None:  # noqa: ANN401 - `ServerOptions` has the types
    """Run the local reference server; one JSON line on stdout says when it is ready. Ctrl-C stops it."""
    try:
        from maas_client.server.main import run
    except ModuleNotFoundError as error:
        from maas_client.testing.launch import extra_missing

        if error.name is None or error.name.startswith("maas_client"):
            raise
        raise extra_missing([error.name]) from None
    asked = given["conformance_specs"] or given["conformance_strict"]
    if asked and given["conformance"] is None and not os.environ.get(_CONFORMANCE):
        raise click.UsageError("--conformance-spec and --conformance-strict need --conformance F, where findings go.")
    if state_dir is None:
        from platformdirs import user_state_path

        state_dir = user_state_path("maas-client", appauthor=False) / "serve"
    if print_env:
        from maas_client.cli._output import talk
        from maas_client.cli._print_env import print_env as lines

        click.echo(lines(ctx, state_dir))
        if not given["tls"]:
            talk("# azure-identity and azure-ai-ml want https: add --tls for them.")
        return
    ctx.exit(run(ServerOptions(state_dir=state_dir, **given)))
