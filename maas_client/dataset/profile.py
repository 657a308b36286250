"""Whose rules apply: a service, a base model and a method of training."""

from dataclasses import dataclass
from typing import Literal

from maas_client.catalog import CatalogModel

Service = Literal["azureml", "foundry"]
Method = Literal["supervised", "dpo"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a file is checked for; rules ask it how much a problem matters.

    Attributes:
        service: The service that would train.
        model: The base model, if known.
        method: How it would train.
    """

    service: Service = "azureml"
    model: CatalogModel | None = None
    method: Method = "supervised"


DEFAULT = Profile()
"""Any model, supervised, on Azure ML."""
