"""The page on choosing a technique is the catalog's data, written out."""
# ruff: noqa: E501 - sentences of the page stand as they do there

from collections.abc import Iterable, Iterator
from pathlib import Path

from maas_client import catalog
from maas_client.catalog.matrix import limits, places

PAGE = Path(__file__).parents[3] / "docs" / "pages" / "explanation" / "choosing-a-technique.md"

HEAD = """# Choosing a technique

LoRA, QLoRA, PEFT, DeepSpeed, ZeRO, DoRA: the names stand side by side and are not of one kind. LoRA, QLoRA and DoRA train something small beside the
model, PEFT is their family and the library that has them, ZeRO parts a training among GPUs, and DeepSpeed is the library of ZeRO. One of the first three and
ZeRO can be had together.

Where the model is trained as a service there is nothing to choose: the service trains LoRA. What follows matters to whoever has GPUs, or asks what they
would gain by them. `maas-ft advise` says it for one case, with reasons, and asks what it needs to know:

<!-- not run: asks questions; tests/cli/test_cli_advise.py runs the same -->
```console
$ maas-ft advise
```

With the answers as options it asks nothing:

```console
$ maas-ft advise --goal qa --rows 800 --gpus 1 --gpu-memory 8 --priority cost
$ maas-ft advise --goal chat --model Phi-4 --gpus 4 --gpu-memory 24 --priority gpus --output json
```

```python
from datetime import date

from maas_client import catalog

advice = catalog.advise("qa", today=date.today(), model="Phi-4", rows=800, gpus=1, gpu_gigabytes=24)
print(advice.answer)
for place in advice.places:
    print(place.title, place.possible, [reason.text for reason in place.reasons])
```

This page is generated from `maas_client/catalog/techniques.toml` and `models.toml`; a test holds it against them. Numbers in brackets are
[sources](#sources).
"""


def page() -> str:
    numbers: dict[str | None, int] = {
        key: number for number, key in enumerate((*catalog.technique_sources(), *SIZES), 1)
    }
    return (
        "\n".join(
            [HEAD, *matrix(numbers), *techniques(numbers), *where(numbers), *memory(numbers), *decides(), *sources()]
        )
        + "\n"
    )


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    header = list(header)
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def matrix(numbers: dict[str | None, int]) -> Iterator[str]:
    names = list(catalog.techniques())
    yield "## The scenario matrix\n"
    yield f"From the Phi Cookbook [{numbers['matrix']}], whose authors corrected it later [{numbers['matrix-corrected']}]: where a cell shows an arrow, they did. "
    yield "They added that LoRA, QLoRA, PEFT and DoRA are parameter-efficient methods, DeepSpeed and ZeRO ones of distributed training and of saving memory.\n"
    rows = []
    for need in catalog.needs().values():
        cells = []
        for name in names:
            first, corrected = ("Yes" if name in yes else "No" for yes in (need.first, need.corrected))
            cells.append(first if first == corrected else f"{first} → **{corrected}**")
        rows.append([f"`{need.key}`", need.scenario, *cells])
    yield from table(["", "scenario", *names], rows)
    yield '\nThe first five rows are goals, and answer "Yes" throughout: what a model is to learn does not decide how. The last four are priorities.\n'
    yield "What the documentation of the libraries says to the cells that changed:\n"
    for need in catalog.needs().values():
        for name, said in need.documented.items():
            yield f"- `{need.key}`, {name}: {said.text} [{numbers[said.source]}]"


def techniques(numbers: dict[str | None, int]) -> Iterator[str]:
    yield "\n## The techniques\n"
    rows = (
        [
            each.name,
            each.kind,
            each.library,
            f"`{each.how}`",
            " ".join(f"{said.text} [{numbers[said.source]}]" for said in each.says),
        ]
        for each in catalog.techniques().values()
    )
    yield from table(["technique", "kind", "library", "switched on by", "what is said of it"], rows)


def where(numbers: dict[str | None, int]) -> Iterator[str]:
    yield "\n## Where it can be trained\n"
    for place in places().values():
        said = " ".join(f"{each.text} [{numbers[each.source]}]" for each in place.says)
        yield f"- **{place.title[0].upper()}{place.title[1:]}.** {said}"
    yield "\nOf these this client does the first two: `maas-ft submit`, and `maas-ft submit --instance-type`. For the third it checks, splits and converts the data and counts"
    yield "its tokens; it does not train there. Whether the model is still offered is a question of its day: `maas-ft models list`."


SIZES = dict.fromkeys(
    model.facts["parameters_billion"] for model in catalog.all_models() if model.parameters_billion is not None
)


def memory(numbers: dict[str | None, int]) -> Iterator[str]:
    yield "\n## What it takes of a GPU\n"
    adapters = {
        each.name: each.bytes_per_parameter
        for each in catalog.techniques().values()
        if each.bytes_per_parameter is not None
    }
    everything = limits()["all-parameters"]
    activations = limits()["activations"]
    yield "GB of 10^9 bytes, the least on one GPU: the base model's parameters times the bytes that each takes, 2 in 16 bits and half a byte in 4. Adapters are small beside it and left out."
    yield f"{activations.says.text} [{numbers[activations.says.source]}] ZeRO-3 divides by the number of GPUs.\n"
    yield f"{everything.says.text} [{numbers[everything.says.source]}]\n"
    by_size: dict[tuple[float, str], list[str]] = {}
    for model in catalog.all_models():
        if model.parameters_billion is not None:
            by_size.setdefault((model.parameters_billion, model.facts["parameters_billion"]), []).append(model.id)
    rows = (
        [
            f"{', '.join(names)} [{numbers[source]}]",
            f"{billions:g}",
            *(f"{billions * each:.1f}" for each in adapters.values()),
            f"{billions * everything.value:.1f}",
        ]
        for (billions, source), names in by_size.items()
    )
    yield from table(["model", "parameters, 10^9", *adapters, "all parameters"], rows)
    unsaid = [model.id for model in catalog.all_models() if model.parameters_billion is None]
    yield f"\nNo source states a total for {', '.join(unsaid)}."


def decides() -> Iterator[str]:
    yield "\n## How `maas-ft advise` decides\n"
    yield "1. What the service has withdrawn on that day, never offered, or would fail for want of rows is out. Of what is left comes first what nobody has to manage (the"
    yield "   service), then GPUs of your own, then machines in the workspace. With the priority `gpus`, GPUs of your own come first."
    yield "2. For these, a technique is out if its least does not fit, or if a priority's corrected row names none of its parts. What fits twice fits well; less is tight."
    yield "3. Of what fits well, else of what is tight: LoRA, LoRA with ZeRO-3, QLoRA, QLoRA with ZeRO-3; with the priority `memory` QLoRA comes before LoRA. DoRA and the training"
    yield "   of all parameters are shown for comparison and never advised first."
    yield "4. What is not known (the memory of your GPUs, the size of a model) rules nothing out, and is told as unknown. Prices are in no source, so none is weighed."


def sources() -> Iterator[str]:
    yield "\n## Sources\n"
    known = {**catalog.sources(), **catalog.technique_sources()}
    for number, key in enumerate((*catalog.technique_sources(), *SIZES), 1):
        yield f"{number}. {known[key].title}. Read {known[key].retrieved}."


def test_the_page_is_the_catalog(generated):
    generated(PAGE, page())
