"""What a watch remembers, and the text from which another process goes on.

The text names the job and what was told of it: words, steps, digests of warnings. It holds no secret and no URL.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from maas_client.errors import ConfigurationError
from maas_client.types import JobStatus
from maas_client.watch.progress import Track

TOKEN_VERSION = 1


@dataclass(frozen=True, slots=True)
class State:
    """What was told so far."""

    job_name: str = ""
    """Empty until the first look."""
    status: JobStatus | None = None
    raw_status: str = ""
    has_run: bool = False
    """True once training was seen to run; from then on it is never told as queued."""
    high_water: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Last step told of each metric."""
    settled_step: int = -1
    """Highest step that an earlier look saw: all metrics of steps up to it are there to be read by now."""
    warned: tuple[str, ...] = ()
    """Digests of the warnings told."""
    track: Track = field(default_factory=Track)

    @property
    def is_over(self) -> bool:
        """True once a terminal status was told."""
        return self.status is not None and self.status.is_terminal

    def to_token(self) -> str:
        """Write it down."""
        track = self.track
        document = {
            "v": TOKEN_VERSION,
            "job": self.job_name,
            "status": self.status,
            "raw": self.raw_status,
            "ran": self.has_run,
            "steps": dict(self.high_water),
            "settled": self.settled_step,
            "warned": self.warned,
            "track": [track.step, track.epoch, track.total_steps, track.recent],
        }
        return json.dumps(document, separators=(",", ":"))

    @classmethod
    def from_token(cls, token: str) -> "State":
        """Read it back.

        Raises:
            ConfigurationError: The text is not such a token, or one of a later version.
        """
        try:
            document = json.loads(token)
            version = document["v"]
            if version == TOKEN_VERSION:
                return _state_of(document)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise ConfigurationError(
                "This is not a resume token of a watch.",
                hint="Pass `event.resume_token` unchanged, or watch from the beginning without one.",
            ) from error
        raise ConfigurationError(
            f"This resume token has version {version!r}; this release reads version {TOKEN_VERSION}.",
            hint="Use the release that made it, or watch from the beginning without one.",
        )


def digest(warning: str) -> str:
    """Return a short digest by which a warning is known again."""
    return sha256(warning.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _state_of(document: dict[str, Any]) -> State:
    step, epoch, total, recent = document["track"]
    status = document["status"]
    return State(
        job_name=_text(document["job"]),
        status=None if status is None else JobStatus(status),
        raw_status=_text(document["raw"]),
        has_run=bool(document["ran"]),
        high_water=MappingProxyType({_text(key): int(last) for key, last in document["steps"].items()}),
        settled_step=int(document["settled"]),
        warned=tuple(_text(word) for word in document["warned"]),
        track=Track(
            step=int(step),
            epoch=None if epoch is None else float(epoch),
            total_steps=None if total is None else int(total),
            recent=tuple((float(at), int(reported)) for at, reported in recent),
        ),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
