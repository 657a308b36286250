"""`maas-ft models`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import model_names
from maas_client.cli._lazy import Group
from maas_client.cli._options import Choice, examples, takes_choice

if TYPE_CHECKING:
    from maas_client.catalog import CatalogModel, Lifecycle
    from maas_client.cli._output import Output
    from maas_client.types import FineTunedModel, RegistryModel


@click.group(cls=Group, epilog=examples("maas-ft models list"))
def models() -> None:
    """Base models, and those that jobs made."""


@models.command(
    "list",
    short_help="List base models, or fine-tuned ones.",
    epilog=examples("maas-ft models list", "maas-ft models list --local"),
)
@click.option("--fine-tuned", is_flag=True, help="The workspace's fine-tuned models instead.")
@takes_choice
def list_models(choice: Choice, output: "Output", *, fine_tuned: bool) -> None:
    """List base models; with an option that names a service, its fine-tuned models."""
    if not fine_tuned and not choice.is_given:
        _list_base(output)
        return
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        found = list(client.models.list())
    if output.is_json:
        output.document(found)
        return
    output.table(
        ("NAME", "VERSION", "JOB", "BASE MODEL"),
        [(model.name, model.version, model.job_name or "", model.base_model or "") for model in found],
    )


@models.command(
    short_help="Show a base model or a fine-tuned one.",
    epilog=examples(
        "maas-ft models get Phi-4-mini-instruct",
        "maas-ft models get Phi-4-mini-instruct --registry azureml --profile prod",
        "maas-ft models get support-bot --local",
    ),
)
@click.argument("name", shell_complete=model_names)
@click.option("--version", metavar="V", help="The newest by default.")
@click.option("--registry", metavar="R", help="Ask this registry of base models, such as azureml.")
@takes_choice
def get(choice: Choice, output: "Output", *, name: str, version: str | None, registry: str | None) -> None:
    """Show a base model by its id, or a fine-tuned model of the workspace."""
    from maas_client import catalog
    from maas_client.errors import ConfigurationError

    if registry is not None:
        from maas_client.cli._target import open_client

        with open_client(choice) as client:
            _show_registered(client.models.get(name, version, registry=registry), output)
        return
    if version is None and not choice.is_given:
        known = {model.id.casefold(): model for model in catalog.all_models()}
        if name.casefold() in known:
            _show_base(known[name.casefold()], output)
            return
    from maas_client.cli._target import find_target

    target = find_target(choice)
    try:
        target.check()
    except ConfigurationError:
        if not choice.is_given:
            catalog.get(name)  # names near matches
        raise
    with target.client() as client:
        _show_tuned(client.models.get(name, version), output)


@models.command(
    short_help="Fetch the files of a fine-tuned model.",
    epilog=examples("maas-ft models download support-bot ./adapter --local"),
)
@click.argument("name")
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--version", metavar="V", help="The newest by default.")
@click.option("--overwrite", is_flag=True, help="Replace files of the same name that differ.")
@takes_choice
def download(choice: Choice, output: "Output", *, name: str, folder: str, version: str | None, overwrite: bool) -> None:
    """Fetch the files of a fine-tuned model; repeating it goes on where it stopped."""
    from maas_client.cli._download import show_download
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        show_download(client.models.download(name, folder, version=version, overwrite=overwrite), output)


def _list_base(output: "Output") -> None:
    from maas_client import catalog
    from maas_client.cli._clock import now

    found = catalog.all_models()
    if output.is_json:
        output.document([_base_facts(model) for model in found])
        return
    today = now().date()
    output.table(
        ("MODEL", "CONTEXT", "FINE-TUNE", "DEPLOY", "INSTEAD"),
        [
            (
                model.id,
                f"{model.context_tokens:,}",
                _standing(model.finetune_status(today), offered=model.can("serverless-finetune")),
                _standing(model.inference_status(today), offered=model.can("deploy")),
                model.replacement or "",
            )
            for model in found
        ],
    )


def _standing(life: "Lifecycle", *, offered: bool) -> str:
    if not offered:
        return "no"
    return "yes" if life.state == "current" else life.state


def _base_facts(model: "CatalogModel") -> dict[str, object]:
    from maas_client.cli._clock import now
    from maas_client.cli._output import plain

    today = now().date()
    facts: dict[str, object] = plain(model)
    facts["capabilities"] = sorted(model.capabilities)
    facts["finetune"] = plain(model.finetune_status(today))
    facts["inference"] = plain(model.inference_status(today))
    return facts


def _show_base(model: "CatalogModel", output: "Output") -> None:
    if output.is_json:
        output.document(_base_facts(model))
        return
    from maas_client.cli._clock import now

    today = now().date()
    tuning, hosting = model.finetune_status(today), model.inference_status(today)
    output.pairs(
        {
            "model": model.id,
            "version": model.version,
            "context": f"{model.context_tokens:,} tokens",
            "longest answer": f"{model.max_output_tokens:,} tokens" if model.max_output_tokens else None,
            "fine-tune": _dated(tuning, offered=model.can("serverless-finetune")),
            "on own compute": "yes" if model.can("compute-finetune") else "no",
            "deploy": _dated(hosting, offered=model.can("deploy")),
            "regions": ", ".join(model.finetune_regions) or None,
            "instead": model.replacement,
            "defaults": ", ".join(f"{name} {bounds.default:g}" for name, bounds in model.hyperparameters.items()),
        }
    )


def _dated(life: "Lifecycle", *, offered: bool) -> str:
    day = {"deprecated": life.deprecated, "retired": life.retired}.get(life.state)
    return _standing(life, offered=offered) + (f" since {day}" if offered and day else "")


@models.command(epilog=examples("maas-ft models versions Phi-4-mini-instruct --profile prod"))
@click.argument("name", shell_complete=model_names)
@click.option("--registry", metavar="R", default="azureml", show_default=True, help="Registry of base models.")
@takes_choice
def versions(choice: Choice, output: "Output", *, name: str, registry: str) -> None:
    """List the versions of a base model that its registry has now."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        found = list(client.models.versions(name, registry=registry))
    if output.is_json:
        output.document(found)
        return
    output.table(
        ("MODEL", "VERSION", "FINE-TUNE IN"),
        [
            (
                model.name,
                model.version + (" (archived)" if model.is_archived else ""),
                ", ".join(model.finetune_regions),
            )
            for model in found
        ],
    )


def _show_registered(model: "RegistryModel", output: "Output") -> None:
    if output.is_json:
        output.document(model)
        return
    output.pairs(
        {
            "model": model.id,
            "version": model.version,
            "type": model.type or None,
            "archived": "yes: retired models are" if model.is_archived else None,
            "regions": ", ".join(model.finetune_regions) or None,
            "description": model.description,
        }
    )


def _show_tuned(model: "FineTunedModel", output: "Output") -> None:
    if output.is_json:
        output.document(model)
        return
    output.pairs(
        {
            "model": model.id,
            "version": model.version,
            "job": model.job_name,
            "base model": model.base_model,
            "created": model.created_at,
            "simulated": "nothing was really trained" if model.simulated else None,
        }
    )
