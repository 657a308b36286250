"""`maas-ft jobs metrics`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import job_names
from maas_client.cli._options import Choice, examples, takes_choice

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.resources._job_metrics import MetricSource
    from maas_client.types import Metrics

MAIN_METRICS = ("epoch", "loss", "eval_loss", "train_loss", "learning_rate", "grad_norm")
"""What the table shows, in this order."""
FORMS = (".html", ".png", ".svg")


def _check_form(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.lower().endswith(FORMS):
        raise click.BadParameter(f"The name must end in {', '.join(FORMS)}.")
    return value


@click.command(
    epilog=examples(
        "maas-ft jobs metrics support-bot --local", "maas-ft jobs metrics support-bot --plot losses.html --local"
    )
)
@click.argument("name", shell_complete=job_names)
@click.option(
    "--source", type=click.Choice(["mlflow", "native"]), help="How to ask for them; MLflow first if left out."
)
@click.option(
    "--plot",
    metavar="FILE",
    callback=_check_form,
    help="Draw the curves into a file: .html and .svg stand alone, .png needs matplotlib.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@takes_choice
def metrics(
    choice: Choice, output: "Output", *, name: str, source: "MetricSource | None", plot: str | None, force: bool
) -> None:
    """Print what training reported, a step a line; or draw it."""
    from maas_client.cli._output import talk
    from maas_client.cli._target import open_client

    if force and plot is None:
        raise click.UsageError("--force is about the file of --plot.")
    if plot is not None:
        from maas_client.dataset.writing import check_new

        check_new(Path(plot), force=force)
    with open_client(choice) as client:
        job = client.jobs.get(name) if plot is not None else None
        points = client.jobs.metrics(name, source=source)
    if plot is not None and job is not None:
        from maas_client.cli._plot import write_plot

        write_plot(Path(plot), job, points, force=force)
        talk(f"{plot} written.")
    if output.is_json:
        output.document(points)
    elif plot is None:
        _table(points, output)


def _table(points: "Metrics", output: "Output") -> None:
    from maas_client.cli._output import talk

    reported = set(points.keys)
    keys = [key for key in MAIN_METRICS if key in reported] or sorted(reported)
    steps: dict[int, dict[str, str]] = {}
    for point in points:
        steps.setdefault(point.step, {})[point.key] = f"{point.value:.6g}"
    output.table(
        ("STEP", *keys), [(str(step), *(row.get(key, "-") for key in keys)) for step, row in sorted(steps.items())]
    )
    if hidden := sorted(reported - set(keys)):
        talk(f"With --output json also: {', '.join(hidden)}.")
