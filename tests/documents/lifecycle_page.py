# ruff: noqa: E501 - sentences of the page stand as they do there
"""The page of what becomes of the Phi models, from the catalog."""

from datetime import date

from maas_client import catalog
from maas_client.catalog import CatalogModel
from tests.documents.tables import table

HEAD = """# What became of the Phi models

Models of a service end. A pipeline that fine-tunes one must know when, and what comes after it. This page is generated from the catalog, `maas_client/catalog/models.toml`, where each fact
names its source; `maas-ft models list` tells the same of today, and `maas-ft models get NAME` everything of one.

- **Deprecated** still works, and has an end. `maas-ft` warns, and names the model to go on with.
- **Retired** is refused by the service. `maas-ft` refuses before anything is uploaded; `--allow-retired` sends the job all the same and lets the service decide.
- **On the reference server** every model can still be trained and deployed, in simulation: pipelines and tests that were written for Phi-3 go on running. The wire is the one that
  Phi-4 is tuned on; only the model's URI differs.

"""
CAPABILITIES = {
    "serverless-finetune": "as a service",
    "compute-finetune": "on your compute",
}


def page() -> str:
    """Write the page."""
    models = catalog.all_models()
    days = ((f"`{each.id}`", *_days(each), _instead(each)) for each in models)
    used = sorted({key for model in models for key in model.facts.values()})
    read = map(catalog.sources().__getitem__, used)
    return "".join(
        (
            f"{HEAD}## When\n\n",
            table(DAYS, days),
            "\n`-`: no source names a day.\n\n## What could be done with each\n\n",
            table(ABILITIES, map(_abilities, models)),
            f"\n## Moving on\n\n{MOVING}\n## Sources\n\n",
            table(("source", "dated", "read"), ((each.title, each.dated or "-", each.retrieved) for each in read)),
        )
    )


DAYS = ("model", "fine-tuning deprecated", "retired", "hosting deprecated", "retired", "instead")
ABILITIES = (
    "model",
    "fine-tuning",
    "regions",
    "deployed",
    "context, tokens",
    "system message",
    "learning rate by default",
)
MOVING = """1. Change `--model`, and nothing else of the job: names, data and hyperparameters have the same form.
2. Check the data again, with the new model named: other special tokens, another chat template, another length at which rows are cut
   (`maas-ft data check train.jsonl --model Phi-4-mini-instruct`).
3. Choose the learning rate anew: the defaults differ, as the table above shows, and what suited one model need not suit the next.
4. Give the job another name. A name is a key: the old one stays with the old definition.
5. Compare both on rows that neither was trained on (`maas-ft data split` keeps some back).
"""


def _days(model: CatalogModel) -> list[date | str]:
    return [day or "-" for day in (*model.finetune, *model.inference)]


def _instead(model: CatalogModel) -> str:
    return f"`{model.replacement}`" if model.replacement else "-"


def _abilities(model: CatalogModel) -> tuple[object, ...]:
    ways = [said for key, said in CAPABILITIES.items() if key in model.capabilities]
    return (
        f"`{model.id}`",
        ", ".join(ways) or "no",
        ", ".join(model.finetune_regions) or "-",
        "yes" if "deploy" in model.capabilities else "no",
        f"{model.context_tokens:,}",
        "rendered" if model.system_role else "left out by its template",
        f"{model.hyperparameters['learning_rate'].default:g}",
    )
