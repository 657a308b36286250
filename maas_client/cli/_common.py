"""Options that every command takes, before the command's name and after it. Imports nothing but click."""

import click

_QUIET = "maas_client.quiet"
_DEBUG = "maas_client.debug"


def is_quiet() -> bool:
    """Tell whether the command that runs was asked for results and errors only."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_QUIET))


def common_options() -> list[click.Option]:
    """Make the options; what they say counts for the whole command line."""
    return [
        click.Option(
            ["--quiet", "-q"],
            is_flag=True,
            expose_value=False,
            callback=_be_quiet,
            help="Results and errors only: no progress, notes or warnings.",
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            callback=_debug,
            help="Write requests, answers and retries to a file; its path is told.",
        ),
    ]


def give_common_options(command: click.Command) -> None:
    """Give a command that was loaded the common options, and those below it too; once."""
    if isinstance(command, click.Group):
        for child in command.commands.values():
            give_common_options(child)
    elif not any(parameter.name == "quiet" for parameter in command.params):
        command.params.extend(common_options())


def _be_quiet(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001, RUF100 - click's own
    if value:
        ctx.meta[_QUIET] = True


def _debug(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001, RUF100 - click's own
    if not value or ctx.resilient_parsing or ctx.meta.get(_DEBUG):
        return
    from maas_client.cli._debug import write_log

    ctx.meta[_DEBUG] = True
    ctx.find_root().with_resource(write_log())
