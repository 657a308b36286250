"""Read the hyperparameters of a run from the strings of the wire."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from maas_client.server.engine.failure import RunFailedError

MAX_EPOCHS = 1000
"""The simulation's own limit: the service's is not known."""

_MAX_INT = 1_000_000
_KNOWN = frozenset(
    {
        "num_train_epochs",
        "per_device_train_batch_size",
        "learning_rate",
        "max_seq_length",
        "gradient_accumulation_steps",
        "seed",
    }
)
_KINDS = {int: "a whole number", float: "a number"}
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """Checked values; `ignored` names what was sent and has no effect here."""

    epochs: int
    batch_size: int
    learning_rate: float
    max_seq_length: int
    accumulation: int
    ignored: tuple[str, ...]


def read_hyperparameters(sent: Mapping[str, str], model: str) -> Hyperparameters:
    """Read and check what was sent; what was not gets the training pipeline's default.

    Source: azureml-assets, `oss_chat_completion_pipeline` 0.0.29 (epochs 1, batch 1, learning rate 3e-4, sequence
    8192, accumulation 1) and `FtaasPipelineInputsValidator` (int, int, float; message "Invalid value set for ...").
    `max_seq_length` of -1 means the model's own limit: azureml-acft-contrib-hf-nlp 0.0.91, `max_seq_length` default.

    Raises:
        RunFailedError: A value is no number, or out of range.
    """
    length = -1
    if sent.get("max_seq_length", "-1").strip() != "-1":
        length = _read(sent, "max_seq_length", int, 8192, _MAX_INT)
    elif "max_seq_length" not in sent:
        length = 8192
    limit = _context(model)
    return Hyperparameters(
        epochs=_read(sent, "num_train_epochs", int, 1, MAX_EPOCHS),
        batch_size=_read(sent, "per_device_train_batch_size", int, 1, _MAX_INT),
        learning_rate=_read(sent, "learning_rate", float, 3e-4, 1.0),
        max_seq_length=limit if length == -1 else min(length, limit),
        accumulation=_read(sent, "gradient_accumulation_steps", int, 1, _MAX_INT),
        ignored=tuple(sorted(name for name in sent if name not in _KNOWN)),
    )


def _read(
    sent: Mapping[str, str], name: str, kind: Callable[[str], _Number], default: _Number, highest: _Number
) -> _Number:
    if name not in sent:
        return default
    shown = ascii(sent[name])[:80]
    try:
        value = kind(sent[name])
    except ValueError:
        raise RunFailedError(f"Invalid value set for {name}: {shown}. It must be {_KINDS[type(default)]}.") from None
    # Also refuses infinity and not-a-number.
    if not 0 < value <= highest:
        raise RunFailedError(
            f"Invalid value set for {name}: {shown}. It must be above 0 and at most {highest:g} on this server."
        )
    return value


def _context(model: str) -> int:
    """Return the context of a model in tokens by its name (`-4k-`), or 131072, the longest of the family."""
    match = re.search(r"-(\d{1,3})k\b", model)
    return 1024 * int(match[1]) if match else 131_072
