"""Options that commands share. Imports nothing but click: `--help` passes here."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from maas_client.cli._complete import profile_names

if TYPE_CHECKING:
    from maas_client.cli._output import Output

OUTPUT_KEY = "maas_client.output"
"""Where `click.Context.meta` holds the command's `Output`, once `--output` was read."""

F = TypeVar("F", bound=Callable[..., Any])


class Choice(NamedTuple):
    """Which service the user asked for, as typed; `None` leaves it to profile, environment and files."""

    local: bool = False
    profile: str | None = None
    subscription_id: str | None = None
    resource_group: str | None = None
    workspace: str | None = None
    cloud: str | None = None

    @property
    def is_given(self) -> bool:
        """True if any option was used."""
        return self != Choice()

    @property
    def overrides(self) -> dict[str, str]:
        """The settings among them, by the names that settings have."""
        named = self._asdict()
        return {key: named[key] for key in ("subscription_id", "resource_group", "workspace", "cloud") if named[key]}

    @property
    def flags(self) -> str:
        """The same options for another command line, with a space before them."""
        import shlex

        if self.local:
            return " --local"
        typed = ("--profile", self.profile), ("--subscription", self.subscription_id)
        typed += ("--resource-group", self.resource_group), ("--workspace", self.workspace)  # type: ignore[assignment]
        typed += (("--cloud", self.cloud),)  # type: ignore[assignment]
        words = [word for option, value in typed if value for word in (option, value)]
        return f" {shlex.join(words)}" if words else ""


def examples(*lines: str) -> str:
    """Return the end of a help page that shows how to call the command."""
    # The backspace keeps click from joining the lines.
    return "\b\n" + "\n".join(("Example:", *(f"  {line}" for line in lines)))


def _make_output(ctx: click.Context, _parameter: click.Parameter, value: str) -> "Output":
    from maas_client.cli._output import Output

    output = Output(value)
    ctx.meta[OUTPUT_KEY] = output
    return output


def output_choice(*modes: str, help: str, short: bool = True) -> Callable[[F], F]:  # noqa: A002 - as click names it
    """Return the option `--output` with these modes; `-o` too, unless that names a file."""
    return click.option(
        "--output",
        *(("-o",) if short else ()),
        type=click.Choice(modes),
        default="text",
        show_default=True,
        callback=_make_output,
        help=help,
    )


output_option = output_choice("text", "json", help="json: one document on stdout.")
long_output_option = output_choice("text", "json", help="json: one document on stdout.", short=False)


def takes_choice(function: F) -> F:
    """Give a command `--local`, `--profile` and the rest as one parameter `choice`; must stand next to the function."""
    return _with_choice(function, output_option)


def takes_choice_and_file(function: F) -> F:
    """As `takes_choice`, for a command whose `-o` names a file."""
    return _with_choice(function, long_output_option)


def _with_choice(function: F, output: Callable[[Any], Any]) -> F:
    @functools.wraps(function)
    def command(
        *args: object,
        local: bool,
        profile: str | None,
        subscription: str | None,
        resource_group: str | None,
        workspace: str | None,
        cloud: str | None,
        **kwargs: object,
    ) -> object:
        choice = Choice(local, profile, subscription, resource_group, workspace, cloud)
        if local and choice != Choice(local=True):
            raise click.UsageError("--local is a workspace of its own: leave out --profile and the like.")
        try:
            return function(*args, choice=choice, **kwargs)
        except Exception as error:
            _name_what_is_near(error, choice)
            raise

    for option in (
        output,
        click.option("--cloud", metavar="C", help="AzureCloud, AzureChinaCloud or AzureUSGovernment."),
        click.option("--workspace", metavar="W", help="Workspace or hub project."),
        click.option("--resource-group", metavar="G", help="Resource group of the workspace."),
        click.option("--subscription", metavar="ID", help="Azure subscription."),
        click.option(
            "--profile", metavar="P", shell_complete=profile_names, help="Take the settings from this profile."
        ),
        click.option("--local", is_flag=True, help="Use the local reference server; it is started if need be."),
    ):
        command = option(command)
    return command  # type: ignore[return-value] # the same function to click, with one parameter for five


def _name_what_is_near(error: Exception, choice: Choice) -> None:
    from maas_client.errors import NotFoundError

    if isinstance(error, NotFoundError):
        from maas_client.cli._names import add_near_names

        add_near_names(error, choice)


def takes_journal(function: F) -> F:
    """Give a command that reads the journal alone `--local` and `--profile` as `choice`; must stand next to it."""

    @functools.wraps(function)
    def command(*args: object, local: bool, profile: str | None, **kwargs: object) -> object:
        if local and profile:
            raise click.UsageError("--local has a journal of its own: leave out --profile.")
        return function(*args, choice=Choice(local, profile), **kwargs)

    for option in (
        output_option,
        click.option("--profile", metavar="P", shell_complete=profile_names, help="In the journal of this profile."),
        click.option("--local", is_flag=True, help="In the journal of the local reference server."),
    ):
        command = option(command)
    return command  # type: ignore[return-value] # the same function to click, with one parameter for two


def parse_tags(_ctx: click.Context, _parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """Read repeated `k=v`."""
    tags = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"{pair!r} is not of the form key=value.")
        tags[key] = value
    return tags


def parse_filters(_ctx: click.Context, _parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str | None]:
    """Read repeated `k` or `k=v`."""
    split = (pair.partition("=") for pair in pairs)
    return {key: value if equals else None for key, equals, value in split}


def parse_fields(ctx: click.Context, parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, Any]:
    """Read repeated `k=v`, where `v` is JSON if it can be read as that, else text."""
    import json

    fields: dict[str, Any] = parse_tags(ctx, parameter, pairs)
    for key, value in fields.items():
        try:
            fields[key] = json.loads(value)
        except ValueError:
            continue
    return fields


tag_option = click.option(
    "--tag", "tags", metavar="K=V", multiple=True, callback=parse_tags, help="Tag it; may be repeated."
)
property_option = click.option(
    "--property",
    "properties",
    metavar="K=V",
    multiple=True,
    callback=parse_tags,
    help="Add a property; may be repeated.",
)
content_safety_option = click.option(
    "--content-safety/--no-content-safety",
    default=None,
    help="Filter prompts and answers, or not; the service does if left out.",
)
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask before spending money or deleting.")
until_option = click.option(
    "--until",
    type=click.Choice(["running", "completed"]),
    default="completed",
    show_default=True,
    help="How far to watch; a job that fails ends it too.",
)
watch_timeout_option = click.option(
    "--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Stop watching after so long (exit code 8)."
)
