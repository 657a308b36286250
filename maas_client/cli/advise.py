"""`maas-ft advise`."""

from typing import TYPE_CHECKING, Any

import click

from maas_client.cli._complete import model_names
from maas_client.cli._options import examples, output_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maas_client.catalog import Advice, Statement
    from maas_client.cli._output import Output

GOALS = ("domain", "nlp", "qa", "chat", "creative")
PRIORITIES = ("cost", "memory", "parameters", "gpus")
_NONE = "none"


@click.command(
    epilog=examples(
        "maas-ft advise",
        "maas-ft advise --goal chat --rows 800",
        "maas-ft advise --goal qa --gpus 1 --gpu-memory 8 --priority cost",
    ),
)
@click.option("--goal", type=click.Choice(GOALS), help="What the model is to learn; asked for if left out.")
@click.option("--priority", "priorities", type=click.Choice(PRIORITIES), multiple=True, help="May be repeated.")
@click.option(
    "--model",
    metavar="M",
    shell_complete=model_names,
    default="Phi-4-mini-instruct",
    show_default=True,
    help="Base model.",
)
@click.option("--rows", metavar="N", type=click.IntRange(0), help="Rows of the training file.")
@click.option("--gpus", metavar="N", type=click.IntRange(0), help="GPUs of your own that can train.")
@click.option(
    "--gpu-memory", "gpu_gigabytes", metavar="GB", type=click.FloatRange(0, min_open=True), help="Memory of each."
)
@output_option
def advise(
    output: "Output",
    *,
    goal: str | None,
    priorities: tuple[str, ...],
    model: str,
    rows: int | None,
    gpus: int | None,
    gpu_gigabytes: float | None,
) -> None:
    """Say where to train, and by which technique.

    The answer rests on the scenario matrix of the Phi Cookbook, its correction,
    the documentation of the libraries and the catalog of models; nothing is
    sent. Reasons carry their sources.
    """
    from maas_client import catalog
    from maas_client.cli._clock import now

    answers: dict[str, Any] = {
        "goal": goal,
        "priorities": priorities,
        "rows": rows,
        "gpus": gpus or 0,
        "gpu_gigabytes": gpu_gigabytes,
    }
    if goal is None:
        answers = _ask(answers, gpus_known=gpus is not None)
    found = catalog.advise(answers.pop("goal"), model=model, today=now().date(), **answers)
    if output.is_json:
        output.document(found)
        return
    _show(found, output, gpus=answers["gpus"])


def _ask(answers: dict[str, Any], *, gpus_known: bool) -> dict[str, Any]:
    """Ask for what was not typed."""
    from maas_client.cli._output import can_ask, talk

    if not can_ask():
        raise click.UsageError("Missing option '--goal': there is nobody to ask.")
    _explain("What is the model to learn?", GOALS)
    answers["goal"] = click.prompt("Goal", type=click.Choice(GOALS), default="chat", err=True)
    if not answers["priorities"]:
        _explain("\nWhat matters most?", PRIORITIES)
        choice = click.Choice((*PRIORITIES, _NONE))
        wanted = click.prompt("Priority", type=choice, default=_NONE, err=True)
        answers["priorities"] = () if wanted == _NONE else (wanted,)
    talk()
    if answers["rows"] is None:
        rows = click.prompt("Rows of training data (-1: unknown)", type=click.IntRange(-1), default=-1, err=True)
        answers["rows"] = None if rows < 0 else rows
    if not gpus_known:
        answers["gpus"] = click.prompt("GPUs of your own", type=click.IntRange(0), default=0, err=True)
    if answers["gpus"] and answers["gpu_gigabytes"] is None:
        memory = click.prompt("GB of memory of each (0: unknown)", type=click.FloatRange(0), default=0.0, err=True)
        answers["gpu_gigabytes"] = memory or None
    talk()
    return answers


def _explain(question: str, keys: "Sequence[str]") -> None:
    from maas_client import catalog
    from maas_client.cli._output import complain

    complain(question)
    for key in keys:
        complain(_fill(catalog.needs()[key].scenario, f"  {key:11} "))


def _show(found: "Advice", output: "Output", *, gpus: int) -> None:
    cited: list[str] = []
    _write(output, found.answer)
    for place in found.places:
        mark = "try this first" if place.recommended else "possible" if place.possible else "not possible"
        output.text(f"\n{place.title}: {mark}")
        _write_reasons(output, place.reasons, cited)
        if place.possible:
            output.text(f"  $ {place.command}")
    if gpus:
        output.text("")
        _show_methods(found, output, cited)
    output.text("\nsources")
    for number, key in enumerate(cited, 1):
        source = found.sources[key]
        _write(output, f"{source.title} (read {source.retrieved})", f"  [{number}] ")


def _show_methods(found: "Advice", output: "Output", cited: list[str]) -> None:
    output.table(
        ("TECHNIQUE", "GB PER GPU, AT LEAST", "FITS", ""),
        [
            (
                method.name,
                "unknown" if method.gigabytes is None else f"{method.gigabytes:g}",
                method.fit,
                "try this first" if method.recommended else "",
            )
            for method in found.methods
        ],
    )
    for method in found.methods:
        if method.recommended:
            output.text(f"\n{method.name}")
            _write_reasons(output, method.reasons, cited)


def _write_reasons(output: "Output", reasons: "Sequence[Statement]", cited: list[str]) -> None:
    """Write reasons with the numbers of their sources, which count up as they come."""
    for reason in reasons:
        if reason.source and reason.source not in cited:
            cited.append(reason.source)
        mark = f" [{cited.index(reason.source) + 1}]" if reason.source else ""
        _write(output, f"{reason.text}{mark}", "  - ")


def _write(output: "Output", text: str, indent: str = "") -> None:
    output.text(_fill(text, indent))


def _fill(text: str, start: str) -> str:
    """Break text at the width of the terminal; lines after the first stand below its text."""
    import shutil
    import textwrap

    width = min(100, shutil.get_terminal_size((80, 24)).columns)
    return textwrap.fill(text, width, initial_indent=start, subsequent_indent=" " * len(start))
