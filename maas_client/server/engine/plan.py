"""The values of the engine: what it is given, and the whole future of a run that it gives back."""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Protocol, TextIO


class TextFile(Protocol):
    """Something that opens as text, such as a `pathlib.Path`."""

    def open(self, *, encoding: str) -> TextIO:
        """Open it for reading.

        Raises:
            OSError: It cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class TrainingInput:
    """What a run is made from.

    Attributes:
        job_name: Name of the job; part of the seed, so that two jobs on one file differ a little.
        model: Base model, by name or by registry URI.
        training: The uploaded training file, JSON lines.
        validation: The uploaded validation file, or None: the training file is split 80/20.
        hyperparameters: As on the wire, names and values: `num_train_epochs`, `per_device_train_batch_size`,
            `learning_rate`, `max_seq_length`.
    """

    job_name: str
    model: str
    training: TextFile
    validation: TextFile | None
    hyperparameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One value of a metric; `step` is the optimizer step, `offset` virtual seconds after the job was created."""

    key: str
    value: float
    step: int
    offset: float


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of `user_logs/std_log.txt`, without its newline; `offset` in virtual seconds after creation."""

    offset: float
    text: str


@dataclass(frozen=True, slots=True)
class PlanError:
    """Why the run fails: the `error` of its run history."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Everything that will happen in a run.

    Attributes:
        stages: (wire status, virtual seconds after creation), rising from `("NotStarted", 0.0)`; the last is
            `Completed` or `Failed`.
        metrics: In order of offset.
        logs: In order of offset.
        warnings: Run-level warnings.
        error: Set exactly when the last stage is `Failed`.
        properties: Added to the job's properties at the end.
        artifacts: Files of the output model by name; empty when the run fails.
    """

    stages: tuple[tuple[str, float], ...]
    metrics: tuple[MetricPoint, ...]
    logs: tuple[LogLine, ...]
    warnings: tuple[str, ...]
    error: PlanError | None
    properties: Mapping[str, str]
    artifacts: Mapping[str, bytes]

    def to_json(self) -> str:
        """Write the plan as ASCII JSON; equal plans give equal text."""
        document = {
            "stages": self.stages,
            "metrics": [[point.key, point.value, point.step, point.offset] for point in self.metrics],
            "logs": [[line.offset, line.text] for line in self.logs],
            "warnings": self.warnings,
            "error": None if self.error is None else asdict(self.error),
            "properties": dict(self.properties),
            "artifacts": {name: _pack(content) for name, content in self.artifacts.items()},
        }
        return json.dumps(document, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "TrainingPlan":
        """Read what `to_json` wrote.

        Raises:
            ValueError: The text is not such a plan.
        """
        try:
            document = json.loads(text)
            error = document["error"]
            return cls(
                stages=tuple((str(status), float(offset)) for status, offset in document["stages"]),
                metrics=tuple(MetricPoint(*point) for point in document["metrics"]),
                logs=tuple(LogLine(*line) for line in document["logs"]),
                warnings=tuple(document["warnings"]),
                error=None if error is None else PlanError(**error),
                properties=dict(document["properties"]),
                artifacts={name: _unpack(content) for name, content in document["artifacts"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as problem:
            raise ValueError(f"not a training plan: {problem!r}") from problem


def _pack(content: bytes) -> str:
    # The answer index is text of up to 16 MB: compressed, a stored plan stays a few megabytes.
    return base64.b64encode(zlib.compress(content)).decode("ascii")


def _unpack(content: str) -> bytes:
    return zlib.decompress(base64.b64decode(content, validate=True))
