"""`maas-ft completion`."""

import click

from maas_client.cli._options import examples

_HOW = {
    "bash": 'eval "$(maas-ft completion bash)"        # in ~/.bashrc; bash 4.4 or later',
    "zsh": 'eval "$(maas-ft completion zsh)"         # in ~/.zshrc, after compinit',
    "fish": "maas-ft completion fish | source         # in ~/.config/fish/config.fish",
}


@click.command(
    short_help="Print a script that makes a shell complete commands and names.",
    epilog=examples('eval "$(maas-ft completion bash)"', "maas-ft completion fish | source"),
)
@click.argument("shell", type=click.Choice(list(_HOW)))
def completion(shell: str) -> None:
    """Print a script that makes a shell complete commands, options, and names.

    Names are those of models, profiles, runs, jobs and deployments. The last two are asked of the service, within half
    a second; what comes later is known at the next Tab. A Tab never starts a server, and never asks to sign in.
    """
    from click.shell_completion import get_completion_class

    from maas_client.cli._output import is_terminal

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has these three
    root = click.get_current_context().find_root()
    source = kind(root.command, {}, "maas-ft", "_MAAS_FT_COMPLETE").source()
    click.echo(source)
    import sys

    if is_terminal(sys.stdout):
        click.echo(f"# To use it: {_HOW[shell]}", err=True)
