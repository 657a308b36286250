"""The options that describe a job, and what it may cost: of `plan` and `submit`. Imports nothing but click."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from maas_client.cli._complete import file_names, model_names
from maas_client.cli._options import content_safety_option, property_option, tag_option

F = TypeVar("F", bound=Callable[..., Any])

_TIERS = click.Choice(["Spot", "Basic", "Standard", "Premium"])
_OPTIONS = (
    click.option("--model", metavar="M", shell_complete=model_names, help="Base model; see `maas-ft models list`."),
    click.option(
        "--train",
        "training_file",
        metavar="F",
        shell_complete=file_names,
        help="Training file (.jsonl), or its id at the service.",
    ),
    click.option(
        "--validation", "validation_file", metavar="F", shell_complete=file_names, help="Validation file, likewise."
    ),
    click.option(
        "-f",
        "--file",
        "job_file",
        metavar="JOB.YAML",
        shell_complete=file_names,
        help="Read the job from a file; options come before it.",
    ),
    click.option("--name", metavar="N", help="Job name; repeating it with the same job is harmless."),
    click.option("--epochs", "n_epochs", type=int, metavar="N", help="Passes over the training file."),
    click.option("--batch-size", type=int, metavar="N", help="Rows a step and device."),
    click.option("--learning-rate", type=float, metavar="X", help="Peak learning rate, such as 2e-5."),
    click.option("--output-model", metavar="N", help="Name of the fine-tuned model; the job's by default."),
    click.option(
        "--instance-type", "instance_types", metavar="SIZE", multiple=True, help="Train on such a VM of yours."
    ),
    click.option("--tier", type=_TIERS, help="Its place in the queue."),
    tag_option,
    property_option,
    click.option("--deploy", is_flag=False, flag_value="@job", metavar="[NAME]", help="Deploy the model afterwards."),
    content_safety_option,
)
_WISHES = (
    click.option("--prices", type=click.Path(path_type=Path), metavar="F", help="Take the price from this list."),
    click.option("--max-cost", type=click.FloatRange(min=0), metavar="X", help="Refuse if training may cost more."),
    click.option("--allow-retired", is_flag=True, help="Try a model that the service has retired."),
)


def job_options(function: F) -> F:
    """Give a command the options that describe a job."""
    return _with(_OPTIONS, function)


def wish_options(function: F) -> F:
    """Give a command the options that say on which terms a job is sent."""
    return _with(_WISHES, function)


def _with(options: tuple[Callable[[Any], Any], ...], function: F) -> F:
    for option in reversed(options):
        function = option(function)
    return function
