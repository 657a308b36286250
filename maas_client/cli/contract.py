"""`maas-ft contract`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import profile_names
from maas_client.cli._options import Choice, examples, output_choice, yes_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.testing.contract import Bench, Outcome, Statement

_EXAMPLES = (
    "maas-ft contract",
    "maas-ft contract --base-url http://127.0.0.1:8800 --select jobs",
    "maas-ft contract --live --profile dev --without training --output junit",
)


@click.command(epilog=examples(*_EXAMPLES))
@click.option("--base-url", metavar="URL", help="Of a server on this machine; or, with --live, of a proxy.")
@click.option("--admin-token", metavar="T", envvar="MAAS_ADMIN_TOKEN", help="Of its ready line: moves its clock.")
@click.option("--live", is_flag=True, help="Try the real service, which bills for what is made.")
@yes_option
@click.option(
    "--profile", metavar="P", shell_complete=profile_names, help="With --live: take the settings from this profile."
)
@click.option("--subscription", metavar="ID", help="With --live: Azure subscription.")
@click.option("--resource-group", metavar="G", help="With --live: resource group of the workspace.")
@click.option("--workspace", metavar="W", help="Workspace; a new one each time where that costs nothing.")
@click.option("--cloud", metavar="C", help="With --live: the cloud.")
@click.option("--select", "selected", metavar="P", multiple=True, help="Only these: jobs, jobs.create, '*.create'.")
@click.option("--ignore", "ignored", metavar="P", multiple=True, help="Not these.")
@click.option(
    "--without",
    type=click.Choice(["files", "jobs", "training", "deployments"]),
    multiple=True,
    help="Leave out what makes these.",
)
@click.option("--patience", type=float, metavar="SECONDS", help="Give up waiting for a job after so long.")
@click.option("--list", "listing", is_flag=True, help="Show the statements and try none.")
@output_choice("text", "json", "junit", help="json, junit: one document on stdout.")
@click.pass_context
def contract(
    ctx: click.Context,
    /,
    *,
    base_url: str | None,
    admin_token: str | None,
    live: bool,
    yes: bool,
    profile: str | None,
    subscription: str | None,
    resource_group: str | None,
    workspace: str | None,
    cloud: str | None,
    selected: tuple[str, ...],
    ignored: tuple[str, ...],
    without: tuple[str, ...],
    patience: float | None,
    listing: bool,
    output: "Output",
) -> None:
    """Try statements about the wire at a base URL, and tell which hold.

    Without --base-url and --live a reference server is started for it. Exit code 0: all that were tried hold; 1: one
    does not, or something could not be cleaned up.
    """
    from maas_client.testing.contract import Makes, run, select
    from maas_client.testing.contract.report import as_json, as_junit, lines_of, summary

    statements = select(selected, ignored)
    if listing:
        _show(statements, output)
        return
    left_out = [Makes(word) for word in without]
    choice = Choice(False, profile, subscription, resource_group, workspace, cloud)
    if not live and choice._replace(workspace=None).is_given:
        raise click.UsageError("--profile, --subscription, --resource-group and --cloud go with --live.")
    if live:
        _ask(choice, base_url, [each for each in statements if not each.makes & set(left_out)], yes=yes)
    as_text = output.mode == "text"

    def tell(outcome: "Outcome") -> None:
        for line in lines_of(outcome) if as_text else ():
            output.text(line)

    with _bench(choice, base_url, admin_token, patience, live=live) as (bench, target):
        report = run(bench, statements, without=left_out, target=target, tell=tell)
    if output.is_json:
        output.document(as_json(report))
    elif as_text:
        for line in summary(report):
            output.text(line)
    else:
        output.text(as_junit(report))
    ctx.exit(0 if report.ok else 1)


def _show(statements: "list[Statement]", output: "Output") -> None:
    if output.is_json:
        keys = ("id", "text", "source")
        output.document(
            [{**{key: getattr(each, key) for key in keys}, "makes": sorted(each.makes)} for each in statements]
        )
        return
    for each in statements:
        output.text(f"{each.id}\n    {each.text}\n    source: {each.source}")


def _ask(choice: Choice, base_url: str | None, statements: "list[Statement]", *, yes: bool) -> None:
    """Say what will be made at the service, and ask.

    Raises:
        click.UsageError: Nobody can be asked, and `--yes` was not given.
        click.exceptions.Exit: The answer is no.
    """
    from maas_client.cli._output import can_ask, talk
    from maas_client.cli._target import find_target
    from maas_client.testing.contract.statement import WHAT_IS_MADE

    target = find_target(choice)
    target.check()
    made = [WHAT_IS_MADE[each] for each in WHAT_IS_MADE if any(each in statement.makes for statement in statements)]
    through = f" through {base_url}" if base_url else ""
    talk(f"{len(statements)} statements will be tried at {target.label}{through}. They make there:")
    for line in made or ["nothing"]:
        talk(f"  - {line}")
    if yes or not made:
        return
    if not can_ask():
        raise click.UsageError("Nobody can be asked here: add --yes if you mean it. Nothing was sent.")
    if not click.confirm("Try them?", err=True):
        talk("Nothing was sent.")
        raise click.exceptions.Exit(130)


@contextmanager
def _bench(
    choice: Choice, base_url: str | None, admin_token: str | None, patience: float | None, *, live: bool
) -> "Iterator[tuple[Bench, str]]":
    """Make the bench, and a server for it where none is named; with it comes what it is, for people."""
    import os
    import uuid
    from contextlib import ExitStack

    from maas_client.testing import serving
    from maas_client.testing.contract import bench_of

    with ExitStack() as stack:
        if live:
            from maas_client.cli._target import find_target

            target = find_target(choice)
            resolved = target.resolved
            assert resolved is not None  # noqa: S101 - there is no --local here
            settings = resolved.settings
            bench = bench_of(
                base_url=base_url or settings.base_url,
                subscription_id=settings.subscription_id,
                resource_group=settings.resource_group,
                workspace=settings.workspace,
                live=True,
                admin_token=admin_token,
                credential=settings.token,
                authority=settings.authority,
                cloud=settings.cloud,
                patience_seconds=patience,
            )
            yield stack.enter_context(bench), target.label
            return
        if base_url is None:
            server = stack.enter_context(serving())
            base_url, admin_token = server.url, server.ready.facts["admin_token"]
        bench = bench_of(
            base_url=base_url,
            # Any names make a workspace of a reference server.
            subscription_id="00000000-0000-4000-8000-000000000000",
            resource_group="maas-local",
            workspace=choice.workspace or f"contract-{uuid.uuid4().hex[:12]}",
            admin_token=admin_token,
            # Set where a server asks for tokens of its own: `maas-ft serve --print-env`.
            authority=os.environ.get("MAAS_AUTHORITY") or None,
            patience_seconds=patience,
        )
        yield stack.enter_context(bench), base_url
