"""Options of `data` commands that judge rows."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from maas_client.cli._complete import model_names

F = TypeVar("F", bound=Callable[..., Any])


def _words(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Read repeated or comma-separated words."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def profile_options(function: F) -> F:
    """Give a command `--model`, `--service` and `--method`."""
    for option in (
        click.option(
            "--method",
            type=click.Choice(["supervised", "dpo"]),
            default="supervised",
            show_default=True,
            help="How it would train.",
        ),
        click.option(
            "--service",
            type=click.Choice(["azureml", "foundry"]),
            default="azureml",
            show_default=True,
            help="The service that would train.",
        ),
        click.option(
            "--model",
            "model_id",
            metavar="M",
            shell_complete=model_names,
            help="Apply the rules of this base model too.",
        ),
    ):
        function = option(function)
    return function


def selection_options(function: F) -> F:
    """Give a command `--select` and `--ignore`."""
    for option in (
        click.option("--ignore", multiple=True, callback=_words, metavar="RULES", help="Leave these rules out."),
        click.option(
            "--select", multiple=True, callback=_words, metavar="RULES", help="Only these: SCH001,ENC or names."
        ),
    ):
        function = option(function)
    return function


def token_options(function: F) -> F:
    """Give a command `--tokenizer` and `--no-tokens`."""
    for option in (
        click.option("--no-tokens", is_flag=True, help="Do not count tokens."),
        click.option(
            "--tokenizer", "tokenizer_json", metavar="F", help="The model's own tokenizer.json, for exact counts."
        ),
    ):
        function = option(function)
    return function
