"""Numbers of each row that rules and totals need, such as its tokens; how to come by them is the caller's business."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from maas_client.dataset.profile import Profile


@dataclass(frozen=True, slots=True)
class RowMeasure:
    """The tokens of one row as the model would see it; numbers add up over rows.

    Attributes:
        tokens: All, template included, before anything is cut off.
        trained_tokens: Those of them that the loss counts.
        cut_tokens: Those beyond the limit of the model.
        cut_trained_tokens: Those of them that the loss would have counted.
        low: Of an estimate, the least that `tokens` may stand for; 0 if the number is exact.
        high: The greatest; 0 likewise.
    """

    tokens: int = 0
    trained_tokens: int = 0
    cut_tokens: int = 0
    cut_trained_tokens: int = 0
    low: float = 0.0
    high: float = 0.0

    @property
    def kept_tokens(self) -> int:
        """Tokens that training does not cut off."""
        return self.tokens - self.cut_tokens

    @property
    def band(self) -> tuple[float, float] | None:
        """The true number as a part of the number, at least and at most; `None` if it is exact."""
        return (round(self.low / self.tokens, 4), round(self.high / self.tokens, 4)) if self.high else None

    def __add__(self, other: "RowMeasure") -> "RowMeasure":
        return RowMeasure(
            self.tokens + other.tokens,
            self.trained_tokens + other.trained_tokens,
            self.cut_tokens + other.cut_tokens,
            self.cut_trained_tokens + other.cut_trained_tokens,
            self.low + other.low,
            self.high + other.high,
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """What rules about measured rows look at.

    Attributes:
        measure: The numbers.
        profile: What the row is checked for.
    """

    measure: RowMeasure
    profile: Profile


class Measurer(Protocol):
    """Measures rows; made once in every worker process, so it may keep a cache."""

    def measure(self, messages: Sequence[Mapping[str, Any]], tools: object) -> RowMeasure:
        """Measure one row in which no rule found an error.

        Args:
            messages: As they stand in the row.
            tools: As they stand in the row, `None` if there are none.
        """


MeasurerFactory = Callable[[], Measurer]
"""Makes a measurer; must be picklable, for workers make their own."""


NOTHING = RowMeasure()
"""Of no rows."""
