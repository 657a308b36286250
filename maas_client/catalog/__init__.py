"""Facts about models and clouds: data with sources, looked up by name.

The facts are in `models.toml` and `clouds.toml`; nothing here reads a clock or the network.
"""

from maas_client.catalog.clouds import Cloud, get_cloud
from maas_client.catalog.lifecycle import Lifecycle, check_finetune
from maas_client.catalog.models import CatalogModel, Range, Source, all_models, get, sources, uri
from maas_client.catalog.parameters import check_hyperparameters

__all__ = [
    "CatalogModel",
    "Cloud",
    "Lifecycle",
    "Range",
    "Source",
    "all_models",
    "check_finetune",
    "check_hyperparameters",
    "get",
    "get_cloud",
    "sources",
    "uri",
]
