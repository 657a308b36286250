"""Until when the service offers a model, and the refusal of what it no longer offers."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from maas_client.errors import ConfigurationError

if TYPE_CHECKING:
    from maas_client.catalog.models import CatalogModel


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Where a model stands on some day.

    Attributes:
        state: `deprecated` still works and has an end; `retired` is refused by the service.
        deprecated: First day of deprecation, if announced.
        retired: First day of retirement, if announced.
    """

    state: Literal["current", "deprecated", "retired"]
    deprecated: date | None
    retired: date | None

    @classmethod
    def on(cls, today: date, deprecated: date | None, retired: date | None) -> "Lifecycle":
        """Return the standing on a day; the announced day itself counts as the new state."""
        if retired is not None and today >= retired:
            return cls("retired", deprecated, retired)
        if deprecated is not None and today >= deprecated:
            return cls("deprecated", deprecated, retired)
        return cls("current", deprecated, retired)


def check_finetune(
    model: "CatalogModel", *, today: date, emulator: bool, allow_retired: bool, compute: bool = False
) -> list[str]:
    """Refuse a model that the target does not fine-tune; return warnings about one that it soon will not.

    Args:
        model: The base model.
        today: The day (UTC) on which the job would be created.
        emulator: True for a local server, which trains retired models too.
        allow_retired: True to send the job all the same and let the service decide.
        compute: True to train on compute of the user's own, false to train as a service.

    Returns:
        Warnings, each a sentence; empty when there is nothing to say.

    Raises:
        ConfigurationError: The service never offered this, or has withdrawn it.
    """
    if not model.can("compute-finetune" if compute else "serverless-finetune"):
        raise _never_offered(model, compute=compute)
    status = model.finetune_status(today)
    if emulator or status.state == "current":
        return []
    instead = f"Use {model.replacement}" if model.replacement else "Use another model"
    if status.state == "deprecated":
        end = f" and ends on {status.retired}" if status.retired else ""
        return [f"Fine-tuning of {model.id} is deprecated since {status.deprecated}{end}. {instead}."]
    if allow_retired:
        return [f"Fine-tuning of {model.id} was retired on {status.retired}; the service is likely to refuse the job."]
    raise ConfigurationError(
        f"Azure retired fine-tuning of {model.id} on {status.retired}.",
        hint=f"{instead}, train locally with `--local`, or send it all the same with `--allow-retired`.",
    )


def _never_offered(model: "CatalogModel", *, compute: bool) -> ConfigurationError:
    if compute:
        return ConfigurationError(
            f"{model.id} cannot be fine-tuned on compute of your own.",
            hint="Leave compute out: it is tuned as a service.",
        )
    if model.can("compute-finetune"):
        return ConfigurationError(
            f"{model.id} cannot be fine-tuned as a service.",
            hint="Tune it on compute of your own (compute=Compute(...), or --instance-type), or use another model.",
        )
    return ConfigurationError(
        f"{model.id} cannot be fine-tuned as a service.",
        hint=f"Use {model.replacement or 'another model'} (see `maas-ft models list`).",
    )
