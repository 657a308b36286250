"""What a shell offers at a Tab. Imports nothing but click; if something goes wrong, nothing is offered or said."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]
Offers = Callable[[click.Context], Iterable[tuple[str, str]]]
"""Gives names, each with a word about it."""


def _completer(offers: Offers) -> Completer:
    def complete(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        try:
            found = list(offers(ctx))
        except Exception:  # noqa: BLE001 - at a Tab nobody can do anything about it
            return []
        wanted = incomplete.casefold()
        typed = _typed(ctx)
        return [
            CompletionItem(name, help=about or None)
            for name, about in found
            if name.casefold().startswith(wanted) and name not in typed
        ]

    return complete


def _typed(ctx: click.Context) -> set[str]:
    """Return names that stand on the command line already, where several may."""
    several = (value for value in ctx.params.values() if isinstance(value, tuple))
    return {word for value in several for word in value if isinstance(word, str)}


def _models(_ctx: click.Context) -> Iterable[tuple[str, str]]:
    from maas_client import catalog

    # No comma: click's script for fish takes what follows one for another field.
    return [(model.id, f"{model.context_tokens // 1024}k tokens of context") for model in catalog.all_models()]


def _profiles(_ctx: click.Context) -> Iterable[tuple[str, str]]:
    import os

    from maas_client.settings.files import default_config_path, read_profiles

    profiles, _ = read_profiles(default_config_path(os.environ))
    return [(name, str(profile.get("workspace", ""))) for name, profile in profiles.items()]


def _runs(ctx: click.Context) -> Iterable[tuple[str, str]]:
    from maas_client.cli._journal import journal_of
    from maas_client.cli._names import choice_in

    records = reversed(journal_of(choice_in(ctx)).records())
    return [pair for record in records for pair in ((record.id, str(record.plan.get("name", ""))),)]


def _jobs(ctx: click.Context) -> Iterable[tuple[str, str]]:
    from maas_client.cli._names import names_of

    return names_of("jobs", ctx)


def _deployments(ctx: click.Context) -> Iterable[tuple[str, str]]:
    from maas_client.cli._names import names_of

    return names_of("deployments", ctx)


def file_names(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Let the shell offer files, where a name that is no file may be given too."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


model_names = _completer(_models)
profile_names = _completer(_profiles)
run_names = _completer(_runs)
job_names = _completer(_jobs)
deployment_names = _completer(_deployments)
