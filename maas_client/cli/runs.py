"""`maas-ft runs`: what `submit` began on this machine, and going on with it."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import run_names
from maas_client.cli._lazy import Group
from maas_client.cli._options import Choice, examples, takes_choice, takes_journal, watch_timeout_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.core.journal import Record
    from maas_client.journal import SqliteJournal
    from maas_client.types import SubmissionInfo


@click.group(cls=Group, epilog=examples("maas-ft runs list"))
def runs() -> None:
    """Runs of `submit`, as the journal on this machine has them."""


@runs.command("list", epilog=examples("maas-ft runs list --all"))
@click.option("--all", "show_all", is_flag=True, help="Those that are over too.")
@takes_journal
def list_runs(choice: Choice, output: "Output", *, show_all: bool) -> None:
    """List runs that can be gone on with."""
    from maas_client.resources._submission_record import describe
    from maas_client.types import SubmissionState

    known = sorted(map(describe, _journal(choice).records()), key=lambda info: info.changed_at, reverse=True)
    found = [info for info in known if show_all or info.state is SubmissionState.OPEN]
    if output.is_json:
        output.document(found)
        return
    rows = [
        (info.id, info.plan.name, info.state.value, _next(info), f"{info.changed_at:%Y-%m-%d %H:%M}", _where(info))
        for info in found
    ]
    output.table(("RUN", "JOB", "STATE", "NEXT STEP", "CHANGED", "WORKSPACE"), rows)


@runs.command(epilog=examples("maas-ft runs show 1f3a9c2e"))
@click.argument("run", shell_complete=run_names)
@takes_journal
def show(choice: Choice, output: "Output", *, run: str) -> None:
    """Show a run, by its id or its job's name."""
    info = _info(_find(run, choice))
    if output.is_json:
        output.document(info)
        return
    plan = info.plan
    output.pairs(
        {
            "run": info.id,
            "state": info.state.value,
            "job": plan.name,
            "base model": plan.model,
            **{f"{file.part} file": file.path for file in plan.files},
            "deployment": plan.deployment.name if plan.deployment else None,
            "workspace": _where(info),
            "begun": info.begun_at,
        }
    )
    output.text("")
    rows = [
        (step.name, step.state.value, str(step.attempts), step.at.isoformat(timespec="seconds") if step.at else "",
         step.error or "")
        for step in info.steps
    ]  # fmt: skip
    output.table(("STEP", "STATE", "ATTEMPTS", "CHANGED", "ERROR"), rows)


@runs.command(epilog=examples("maas-ft runs resume", "maas-ft runs resume 1f3a9c2e"))
@click.argument("run", required=False, shell_complete=run_names)
@watch_timeout_option
@takes_choice
def resume(choice: Choice, output: "Output", *, run: str | None, timeout: float | None) -> None:
    """Go on with a run; the newest that is open, if none is named."""
    go_on(run, choice, output, timeout=timeout)


@runs.command(epilog=examples("maas-ft runs forget 1f3a9c2e", "maas-ft runs forget --over"))
@click.argument("names", metavar="RUN...", nargs=-1, shell_complete=run_names)
@click.option("--over", is_flag=True, help="All that are over: done, or their job has failed.")
@click.option("--yes", "-y", is_flag=True, help="Also those whose job may exist unseen.")
@takes_journal
def forget(choice: Choice, output: "Output", *, names: tuple[str, ...], over: bool, yes: bool) -> None:
    """Remove runs from the journal; at the service nothing changes."""
    from maas_client.cli._output import talk
    from maas_client.errors import ConfigurationError
    from maas_client.types import StepState, SubmissionState

    if bool(names) is over:
        raise click.UsageError("Name runs, or give --over.")
    found = [_find(name, choice) for name in names]
    if over:
        found = [record for record in _journal(choice).records() if _info(record).state is not SubmissionState.OPEN]
    for record in found:
        if record.step("create-job").state is StepState.SENT and not yes:
            job = record.plan["name"]
            raise ConfigurationError(
                f"The run {record.id} was cut off while it created the job {job}, which may exist.",
                hint=f"Nothing was forgotten. Look first: maas-ft runs resume {record.id} . To forget it, add --yes.",
            )
    for record in found:
        _journal(choice).forget(record.id)
        talk(f"Run {record.id} (job {record.plan['name']}) forgotten.")
    if output.is_json:
        output.document({"forgotten": [record.id for record in found]})


def go_on(run: str | None, choice: Choice, output: "Output", *, timeout: float | None = None) -> None:
    """Take a run up where it stopped, and carry it out to its end; watch its job for `timeout` seconds at most."""
    from maas_client.cli._carry_out import Stage, carry_out, choice_of, resumable
    from maas_client.cli._output import talk
    from maas_client.cli._target import find_target

    info = _info(_newest(choice) if run is None else _find(run, choice))
    step = info.next_step
    what = f"next is {step.name}" if step is not None else "everything is done"
    talk(f"Run {info.id}: job {info.plan.name}, {what}.")
    target = find_target(choice if choice.is_given else choice_of(info))
    target.check()
    stage = Stage(target, output)
    with resumable(stage), target.client(journal=_journal(choice).folder) as client:
        carry_out(client, stage, client.submissions.resume(info.id), timeout=timeout)


def _journal(choice: Choice) -> "SqliteJournal":
    from maas_client.cli._journal import journal_of

    return journal_of(choice)


def _info(record: "Record") -> "SubmissionInfo":
    from maas_client.resources._submission_record import describe

    return describe(record)


def _find(run: str, choice: Choice) -> "Record":
    from maas_client.resources._submission_find import find_record

    return find_record(_journal(choice).records(), run)


def _newest(choice: Choice) -> "Record":
    """Find the run that was worked at last, of those that can be gone on with.

    Raises:
        ConfigurationError: There is none.
    """
    from maas_client.errors import ConfigurationError
    from maas_client.types import SubmissionState

    records = [record for record in _journal(choice).records() if _info(record).state is SubmissionState.OPEN]
    if not records:
        raise ConfigurationError("There is no run to go on with.", hint="See all of them: maas-ft runs list --all")
    return max(records, key=lambda record: record.changed_at)


def _next(info: "SubmissionInfo") -> str:
    step = info.next_step
    return "" if step is None else f"{step.name} ({step.state.value})"


def _where(info: "SubmissionInfo") -> str:
    if info.labels.get("local"):
        return "local server"
    return info.plan.workspace if not info.plan.emulator else f"{info.plan.workspace} (emulator)"
