"""How much there is in a dataset: rows, turns, and tokens by role, counted as the model's tokenizer does."""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from maas_client.catalog import CatalogModel
from maas_client.dataset.measure import RowMeasure
from maas_client.dataset.paths import FilePaths
from maas_client.dataset.profile import Profile
from maas_client.dataset.row import Row
from maas_client.dataset.rows import read_rows
from maas_client.dataset.tokens import Conversations, Precision

BUCKETS = 12


@dataclass(frozen=True, slots=True)
class Spread:
    """How numbers are spread; all in tokens.

    Attributes:
        total: Their sum.
        least: The smallest.
        median: Half are not above it.
        p90: Nine of ten are not above it.
        most: The greatest.
        histogram: Triples of (from, to, how many), `to` included; ranges of one width.
    """

    total: int = 0
    least: int = 0
    median: int = 0
    p90: int = 0
    most: int = 0
    histogram: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Stats:
    """What a dataset holds.

    Attributes:
        rows: Rows that hold a conversation.
        unread: Rows that do not.
        messages: Messages.
        turns: How many rows have how many messages.
        roles: By role: the tokens of its messages, without the template.
        role_messages: By role: how many messages.
        tokens: By row, template included, before anything is cut off; `None` without a model.
        trained_tokens: Tokens that the loss counts, before anything is cut off.
        cut_rows: Rows that training cuts off.
        cut_tokens: Tokens that it leaves out.
        limit: Tokens of a row that training keeps.
        model: Id of the base model.
        tokenizer: Name of the tokenizer.
        precision: What the numbers are worth.
        confirmed: False if the vocabulary was not held against the model's own files.
        band: Of an estimate: the true number as a part of the number, at least and at most.
    """

    rows: int
    unread: int
    messages: int
    turns: dict[int, int]
    roles: dict[str, Spread]
    role_messages: dict[str, int]
    tokens: Spread | None = None
    trained_tokens: int = 0
    cut_rows: int = 0
    cut_tokens: int = 0
    limit: int | None = None
    model: str | None = None
    tokenizer: str | None = None
    precision: Precision | None = None
    confirmed: bool = True
    band: tuple[float, float] | None = None

    @property
    def kept_tokens(self) -> int:
        """Tokens of one pass over the rows, as far as they are kept."""
        return (self.tokens.total if self.tokens else 0) - self.cut_tokens

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-able values."""
        return {**asdict(self), "kept_tokens": self.kept_tokens}


@dataclass(slots=True)
class _Sums:
    unread: int = 0
    turns: Counter[int] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    roles: "dict[str, array[int]]" = field(default_factory=dict)
    rows: "array[int]" = field(default_factory=lambda: array("q"))
    measure: RowMeasure = field(default_factory=RowMeasure)
    cut_rows: int = 0


def stats(paths: FilePaths, *, model: CatalogModel | None = None, tokenizer_json: str | None = None) -> Stats:
    """Count what files hold; return when they were read to their ends. Numbers of tokens need a model.

    Args:
        paths: One or several files, as `check` takes them.
        model: The base model.
        tokenizer_json: The model's own tokenizer.json, for exact numbers.

    Raises:
        ConfigurationError: The tokenizer.json cannot be used.
        OSError: A file can no longer be read.
    """
    conversations = Conversations(model, tokenizer_json) if model is not None else None
    sums = _Sums()
    for read in read_rows(paths):
        row = Row(read.decoded.value, Profile(model=model)) if read.decoded.read else None
        messages = [message for _, message in row.messages()] if row is not None else []
        if not messages:
            sums.unread += 1
            continue
        _add(sums, messages, conversations)
    tokenizer = conversations.tokenizer if conversations else None
    return Stats(
        rows=sums.turns.total(),
        unread=sums.unread,
        messages=sums.messages.total(),
        turns=dict(sorted(sums.turns.items())),
        roles={role: spread(counts) for role, counts in sums.roles.items()} if conversations else {},
        role_messages=dict(sums.messages),
        tokens=spread(sums.rows) if conversations else None,
        trained_tokens=sums.measure.trained_tokens,
        cut_rows=sums.cut_rows,
        cut_tokens=sums.measure.cut_tokens,
        limit=conversations.limit if conversations else None,
        model=model.id if model else None,
        tokenizer=tokenizer.name if tokenizer else None,
        precision=tokenizer.precision if tokenizer else None,
        confirmed=tokenizer.confirmed if tokenizer else True,
        band=sums.measure.band,
    )


def _add(sums: _Sums, messages: list[dict[str, Any]], conversations: Conversations | None) -> None:
    sums.turns[len(messages)] += 1
    for message in messages:
        role = str(message.get("role"))[:40]
        sums.messages[role] += 1
        if conversations is not None:
            sums.roles.setdefault(role, array("q")).append(conversations.content_tokens(message))
    if conversations is not None:
        measure = conversations.measure(messages, None)
        sums.rows.append(measure.tokens)
        sums.measure += measure
        sums.cut_rows += measure.cut_tokens > 0


def spread(numbers: Sequence[int]) -> Spread:
    """Return how numbers are spread."""
    if not numbers:
        return Spread()
    ordered = sorted(numbers)
    last = len(ordered) - 1
    least, most = ordered[0], ordered[-1]
    width = max(1, -(-(most - least + 1) // BUCKETS))
    counts = Counter((number - least) // width for number in ordered)
    ranges = (
        (least + index * width, least + (index + 1) * width - 1, counts[index]) for index in range(max(counts) + 1)
    )
    return Spread(sum(ordered), least, ordered[last // 2], ordered[last * 9 // 10], most, tuple(ranges))
