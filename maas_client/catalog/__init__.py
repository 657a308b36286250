"""Facts about models and clouds: data with sources, looked up by name.

The facts are in `models.toml`, `clouds.toml` and `techniques.toml`; nothing here reads a clock or the network.
Techniques and the advice made of them are loaded when they are first used: every command passes here, few ask.
"""

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
    "Advice": "advice",
    "Need": "matrix",
    "Statement": "matrix",
    "Technique": "matrix",
    "TrainingMethod": "training_methods",
    "TrainingPlace": "advice",
    "advise": "advice",
    "needs": "matrix",
    "technique_sources": "matrix",
    "techniques": "matrix",
}


if not TYPE_CHECKING:  # a checker that saw it would take a misspelt name for one that is there

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
