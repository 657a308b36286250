"""Which technique fits, and where to train: the matrix, the memory that training takes, and what is offered today.

A goal never decides: the matrix says "Yes" to every technique for each of them. Where to train: what nobody has to
manage comes first, then GPUs that are there, then machines in the workspace; who wants the memory of all their GPUs
together gets these first. What the service has withdrawn, or would fail, is out. Which technique is the matter of
`training_methods.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from maas_client.catalog.matrix import Statement, get_need, limits, places, technique_sources
from maas_client.catalog.models import Source, get, sources
from maas_client.catalog.training_methods import Asked, TrainingMethod, training_methods
from maas_client.errors import ConfigurationError

_DEFAULT_MODEL = "Phi-4-mini-instruct"
_WHAT_WE_DO_THERE = Statement(
    "This client does not train there: it checks the data, counts its tokens and shows what is trained on."
)


@dataclass(frozen=True, slots=True)
class TrainingPlace:
    """Where the model can be trained, and whether it can be there.

    Attributes:
        key: `hosted`, `own-compute` or `own-program`.
        title: The same in words.
        possible: False if something stands against it; the reasons say what.
        recommended: True for the one to try first.
        reasons: Why, or why not.
        command: How this client does it, or helps.
    """

    key: str
    title: str
    possible: bool
    recommended: bool
    reasons: tuple[Statement, ...]
    command: str


@dataclass(frozen=True, slots=True)
class Advice:
    """Where to train and by which technique, and why.

    Attributes:
        model: Id of the base model.
        goal: Key of the goal, such as `chat`.
        priorities: Keys of the priorities, such as `memory`.
        answer: The advice in a sentence or two.
        places: Where it can be trained, best first.
        methods: Techniques for a program of one's own, in the order of what they ask for.
        sources: What the reasons rest on, by key.
    """

    model: str
    goal: str
    priorities: tuple[str, ...]
    answer: str
    places: tuple[TrainingPlace, ...]
    methods: tuple[TrainingMethod, ...]
    sources: Mapping[str, Source]


def advise(
    goal: str,
    *,
    today: date,
    model: str = _DEFAULT_MODEL,
    priorities: Sequence[str] = (),
    rows: int | None = None,
    gpus: int = 0,
    gpu_gigabytes: float | None = None,
) -> Advice:
    """Say where to train a model and by which technique, with reasons and their sources.

    Args:
        goal: What it is to learn: `domain`, `nlp`, `qa`, `chat` or `creative`.
        today: The day (UTC) for which lifecycles are read.
        model: Base model as the catalog spells it.
        priorities: What must be respected: any of `cost`, `memory`, `parameters`, `gpus`.
        rows: Rows of the training file, if known.
        gpus: GPUs of your own that can train; 0 for none.
        gpu_gigabytes: Memory of each, in GB of 10^9 bytes, if known.

    Returns:
        The advice. Nothing is asked of any service.

    Raises:
        ConfigurationError: A goal, priority or model is unknown, or a number is impossible.
    """
    if (rows is not None and rows < 0) or gpus < 0 or (gpu_gigabytes is not None and not gpu_gigabytes > 0):
        raise ConfigurationError(
            "rows and gpus must be at least 0, and the memory of a GPU above 0.", hint="Leave out what you do not know."
        )
    asked = Asked(
        model=get(model),
        goal=get_need(goal, "goal"),
        priorities=tuple(get_need(key, "priority") for key in dict.fromkeys(priorities)),
        rows=rows,
        gpus=gpus,
        gpu_gigabytes=gpu_gigabytes,
        today=today,
    )
    methods = tuple(training_methods(asked))
    found = _places(asked, methods)
    said = [*(place.reasons for place in found), *(method.reasons for method in methods)]
    cited = {statement.source for reasons in said for statement in reasons}
    known = {**sources(), **technique_sources()}
    return Advice(
        model=asked.model.id,
        goal=asked.goal.key,
        priorities=tuple(need.key for need in asked.priorities),
        answer=_answer(asked, found, methods),
        places=found,
        methods=methods,
        sources={key: known[key] for key in sorted(key for key in cited if key)},
    )


def _places(asked: Asked, methods: tuple[TrainingMethod, ...]) -> tuple[TrainingPlace, ...]:
    drafts = [_hosted(asked), _own_compute(asked), _own_program(asked, methods)]
    # Who wants the memory of all GPUs that are there wants them used; else nothing to manage comes first.
    first = ["own-program", "hosted", "own-compute"] if asked.has("gpus") else ["hosted", "own-program", "own-compute"]
    best = next((key for key in first for key_, possible, _, _ in drafts if key == key_ and possible), None)
    made = [
        TrainingPlace(key, places()[key].title, possible, key == best, reasons, command)
        for key, possible, reasons, command in drafts
    ]
    return tuple(sorted(made, key=lambda each: (not each.recommended, not each.possible)))


_Draft = tuple[str, bool, tuple[Statement, ...], str]


def _hosted(asked: Asked) -> _Draft:
    against = [*_withdrawn(asked, "serverless-finetune"), *_too_few(asked)]
    reasons = [*(against or (*_few(asked), *places()["hosted"].says))]
    if not against and asked.has("cost"):
        reasons.append(
            Statement("No source names its price; what is deployed is billed by the hour until it is deleted.")
        )
    return "hosted", not against, tuple(reasons), f"maas-ft submit --model {asked.model.id} --train train.jsonl"


def _own_compute(asked: Asked) -> _Draft:
    against = [*_withdrawn(asked, "compute-finetune"), *_too_few(asked)]
    command = f"maas-ft submit --model {asked.model.id} --train train.jsonl --instance-type Standard_NC24ads_A100_v4"
    return "own-compute", not against, tuple(against or (*_few(asked), *places()["own-compute"].says)), command


def _own_program(asked: Asked, methods: tuple[TrainingMethod, ...]) -> _Draft:
    against = []
    if not asked.gpus:
        against.append(Statement("No GPUs of your own were named."))
    elif asked.gpus == 1 and asked.has("gpus"):
        against.append(Statement("One GPU was named: there is no other to share the training with."))
    elif not any(method.recommended for method in methods):
        against.append(Statement("Nothing that the matrix names fits into the memory of the GPUs that were named."))
    command = f"maas-ft data check train.jsonl --model {asked.model.id}"
    return "own-program", not against, tuple(against or (_WHAT_WE_DO_THERE, *places()["own-program"].says)), command


def _withdrawn(asked: Asked, capability: Literal["serverless-finetune", "compute-finetune"]) -> Iterator[Statement]:
    model = asked.model
    if not model.can(capability):
        yield Statement(f"It is not offered for {model.id}.", model.facts["capabilities"])
        return
    life = model.finetune_status(asked.today)
    if life.state == "retired":
        instead = f" Its replacement is {model.replacement}." if model.replacement else ""
        yield Statement(f"Azure retired it for {model.id} on {life.retired}.{instead}", model.facts["lifecycle"])


def _too_few(asked: Asked) -> Iterator[Statement]:
    limit = limits()["rows"]
    if asked.rows is not None and asked.rows < limit.value:
        yield limit.says


def _few(asked: Asked) -> Iterator[Statement]:
    """Say what comes near to failing: rows that are enough with a validation file alone."""
    limit = limits()["rows-to-split"]
    if asked.rows is not None and asked.rows < limit.value:
        yield limit.says


def _answer(asked: Asked, found: tuple[TrainingPlace, ...], methods: tuple[TrainingMethod, ...]) -> str:
    best = found[0]
    own = next((method.name for method in methods if method.recommended), None)
    if not best.recommended:
        hosted = next(place for place in found if place.key == "hosted")
        return f"Nothing fits {asked.model.id} as things stand. {hosted.reasons[0].text}"
    if best.key == "own-program":
        return f"Train {asked.model.id} in {best.title}, with {own}."
    if best.key == "own-compute":
        return f"Train {asked.model.id} on {best.title}; by which technique, the service decides."
    return f"Train {asked.model.id} by {best.title}, with LoRA, as the service does it." + (
        f" On your own GPUs: {own}." if own else ""
    )
