"""The models: lookup, lifecycle and hyperparameter ranges, from `models.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from maas_client.catalog._near import near
from maas_client.catalog.lifecycle import Lifecycle
from maas_client.errors import ConfigurationError

Capability = Literal["serverless-finetune", "compute-finetune", "deploy", "chat"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read.

    Attributes:
        key: Name used in `CatalogModel.facts`.
        title: Document, with commit or path.
        retrieved: The day it was read.
        dated: The day of the document itself, if it says.
    """

    key: str
    title: str
    retrieved: date
    dated: date | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """Default and bounds of a hyperparameter; a bound that no source states is `None`."""

    default: float
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class CatalogModel:
    """What is known of one base model.

    Attributes:
        id: The registry's spelling, such as `Phi-3-mini-4k-instruct`.
        registry: Registry that holds it.
        version: Last registry version that a source shows.
        family: `phi-3`, `phi-3.5` or `phi-4`.
        context_tokens: Input and output together, in tokens.
        parameters_billion: Parameters of the model, in billions; `None` if no source says.
        max_output_tokens: Longest answer as a hosted service, in tokens; `None` if no source says.
        tokenizer: Tokenizer name, explained at the top of `models.toml`.
        chat_template: Template family, explained there too.
        system_role: False if the published chat template does not render system messages.
        capabilities: What can be done with it as a service.
        finetune_regions: Azure regions that offer, or offered, serverless fine-tuning.
        replacement: Model to use instead once this one is retired.
        finetune: Days on which fine-tuning was or will be withdrawn.
        inference: The same of hosted inference.
        hyperparameters: `n_epochs`, `batch_size` and `learning_rate`.
        facts: Fact to source key; see `sources`.
    """

    id: str
    registry: str
    version: str
    family: str
    context_tokens: int
    parameters_billion: float | None
    max_output_tokens: int | None
    tokenizer: str
    chat_template: str
    system_role: bool
    capabilities: frozenset[str]
    finetune_regions: tuple[str, ...]
    replacement: str | None
    finetune: tuple[date | None, date | None]
    inference: tuple[date | None, date | None]
    hyperparameters: Mapping[str, Range]
    facts: Mapping[str, str]

    def finetune_status(self, today: date) -> Lifecycle:
        """Return whether the real service still fine-tunes this model on a day (UTC)."""
        return Lifecycle.on(today, *self.finetune)

    def inference_status(self, today: date) -> Lifecycle:
        """Return whether the real service still hosts this model on a day (UTC)."""
        return Lifecycle.on(today, *self.inference)

    def can(self, capability: Capability) -> bool:
        """Tell whether the service offers something for this model, its retirement aside."""
        return capability in self.capabilities


@cache
def _document() -> dict[str, Any]:
    import tomllib

    return tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8"))


def _model(row: dict[str, Any]) -> CatalogModel:
    life = row["lifecycle"]
    return CatalogModel(
        id=row["id"],
        registry=row["registry"],
        version=row["version"],
        family=row["family"],
        context_tokens=row["context_tokens"],
        parameters_billion=row.get("parameters_billion"),
        max_output_tokens=row.get("max_output_tokens"),
        tokenizer=row["tokenizer"],
        chat_template=row["chat_template"],
        system_role=row["system_role"],
        capabilities=frozenset(row["capabilities"]),
        finetune_regions=tuple(row["finetune_regions"]),
        replacement=row.get("replacement"),
        finetune=(life.get("finetune_deprecated"), life.get("finetune_retired")),
        inference=(life.get("inference_deprecated"), life.get("inference_retired")),
        hyperparameters={name: Range(**bounds) for name, bounds in row["hyperparameters"].items()},
        facts=row["facts"],
    )


@cache
def _by_fold() -> dict[str, CatalogModel]:
    return {row["id"].casefold(): _model(row) for row in _document()["model"]}


@cache
def sources() -> Mapping[str, Source]:
    """Return every source, by the key that `CatalogModel.facts` uses."""
    return {key: Source(key=key, **row) for key, row in _document()["sources"].items()}


def all_models() -> tuple[CatalogModel, ...]:
    """Return every model, oldest family first."""
    return tuple(_by_fold().values())


def get(model_id: str) -> CatalogModel:
    """Return a model by its whole id; case does not count.

    Raises:
        ConfigurationError: There is no such model; the message names near matches.
    """
    model = _by_fold().get(model_id.casefold())
    if model is None:
        guesses = near(model_id, [known.id for known in all_models()])
        raise ConfigurationError(
            f"Unknown model {model_id!r}." + (f" Did you mean {' or '.join(guesses)}?" if guesses else ""),
            hint="See the models with `maas-ft models list`.",
        )
    return model


def uri(model: CatalogModel, version: str | None = None) -> str:
    """Return the registry address of a model, its last known version unless another is named.

    Source: azure-ai-ml 1.35.2, recorded (`fineTuningDetails.model.uri`).
    """
    return f"azureml://registries/{model.registry}/models/{model.id}/versions/{version or model.version}"
