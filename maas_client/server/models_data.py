"""The server's own reader of the model catalog (a TOML data file that travels in the package)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class BaseModel:
    """What the server needs to know of a base model.

    Attributes:
        name: Id in the registry, such as `Phi-3-mini-4k-instruct`.
        registry: The registry that holds it.
        version: The last version seen there.
        capabilities: Such as `serverless-finetune`, `deploy`, `chat`.
        finetune_regions: Where it can be, or could be, tuned serverless.
    """

    name: str
    registry: str
    version: str
    capabilities: frozenset[str]
    finetune_regions: tuple[str, ...] = ()


def read_models(text: str) -> dict[str, BaseModel]:
    """Read the `[[model]]` rows of a catalog file.

    Raises:
        ValueError: The text is not TOML, or a row lacks a field.
    """
    try:
        rows = tomllib.loads(text)["model"]
        models = [_model(row) for row in rows]
    except (KeyError, TypeError) as error:
        raise ValueError(f"the model catalog lacks {error}") from error
    return {model.name: model for model in models}


def _model(row: Mapping[str, Any]) -> BaseModel:
    regions = tuple(row.get("finetune_regions", ()))
    return BaseModel(row["id"], row["registry"], row["version"], frozenset(row["capabilities"]), regions)


@cache
def shipped_models() -> Mapping[str, BaseModel]:
    """Return the models of the catalog that travels with the package, by id."""
    return read_models(files("maas_client").joinpath("catalog", "models.toml").read_text(encoding="utf-8"))
