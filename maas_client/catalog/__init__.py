"""Facts about models and clouds: data with sources, looked up by name.

The facts are in `models.toml`, `clouds.toml` and `techniques.toml`; nothing here reads a clock or the network.
Techniques and the advice made of them are loaded when they are first used: every command passes here, few ask.
"""

from maas_client.base.lazy import loads
from maas_client.catalog.clouds import Cloud, get_cloud
from maas_client.catalog.lifecycle import Lifecycle, check_finetune
from maas_client.catalog.models import CatalogModel, Range, Source, all_models, get, sources, uri
from maas_client.catalog.parameters import check_hyperparameters

TYPE_CHECKING = False  # what typing calls so; importing typing would cost more

if TYPE_CHECKING:
    from maas_client.catalog.advice import Advice, TrainingPlace, advise
    from maas_client.catalog.matrix import Need, Statement, Technique, needs, technique_sources, techniques
    from maas_client.catalog.training_methods import TrainingMethod

__all__ = [
    "Advice",
    "CatalogModel",
    "Cloud",
    "Lifecycle",
    "Need",
    "Range",
    "Source",
    "Statement",
    "Technique",
    "TrainingMethod",
    "TrainingPlace",
    "advise",
    "all_models",
    "check_finetune",
    "check_hyperparameters",
    "get",
    "get_cloud",
    "needs",
    "sources",
    "technique_sources",
    "techniques",
    "uri",
]

_HOMES = {
    "Advice": "maas_client.catalog.advice",
    "Need": "maas_client.catalog.matrix",
    "Statement": "maas_client.catalog.matrix",
    "Technique": "maas_client.catalog.matrix",
    "TrainingMethod": "maas_client.catalog.training_methods",
    "TrainingPlace": "maas_client.catalog.advice",
    "advise": "maas_client.catalog.advice",
    "needs": "maas_client.catalog.matrix",
    "technique_sources": "maas_client.catalog.matrix",
    "techniques": "maas_client.catalog.matrix",
}


if not TYPE_CHECKING:  # a checker that saw it would take a misspelt name for one that is there
    __getattr__ = loads(__name__, _HOMES)
