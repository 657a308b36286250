"""Cut a file in two: rows to train on, and rows to validate with.

Rows that share a prompt stay together, so that nothing that is trained on is asked again in the validation. Which rows
go where follows from the seed and the rows themselves: not from the machine, and not from the order of the rows.
"""

import hashlib
import json
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from maas_client.dataset.jsonl import Line, lines
from maas_client.dataset.source import Probe, Source, open_source
from maas_client.dataset.writing import check_new, writing
from maas_client.errors import ConfigurationError, DatasetError

Together = Literal["prompt", "row"]
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Split:
    """What became of a file.

    Attributes:
        training: The file with the rows to train on.
        validation: The file with the others.
        training_rows: Rows in the first.
        validation_rows: Rows in the second.
        groups: Groups of rows that were kept together.
        seed: As it was given.
    """

    training: Path
    validation: Path
    training_rows: int
    validation_rows: int
    groups: int
    seed: int


def split(
    path: str | Path,
    *,
    validation: float,
    seed: int = 0,
    training_out: str | Path | None = None,
    validation_out: str | Path | None = None,
    together: Together = "prompt",
    force: bool = False,
) -> Split:
    """Write a file's rows to two new files; return when both are complete. Rows are copied to the byte.

    Args:
        path: JSON lines.
        validation: Share of the rows for the validation file, above 0 and below 1. As many rows as come closest to it
            without going above, at least one.
        seed: Another number takes other rows.
        training_out: Where to write; `train.jsonl` becomes `train.train.jsonl` by default.
        validation_out: Where to write; `train.validation.jsonl` by default.
        together: `prompt` keeps rows together whose first question is the same but for case, spaces and punctuation;
            `row` only rows that are the same so.
        force: Write over files that are there.

    Raises:
        ConfigurationError: The share is none, or a file cannot be read or written.
        DatasetError: A line is no JSON, or the rows cannot be parted.
    """
    if not 0 < validation < 1:
        raise ConfigurationError(
            f"{validation} is no share of the rows.", hint="Give one between 0 and 1, such as 0.1."
        )
    file = Path(path)
    first = Path(training_out or file.with_name(f"{file.stem}.train.jsonl"))
    second = Path(validation_out or file.with_name(f"{file.stem}.validation.jsonl"))
    for target in (first, second):
        check_new(target, force=force)
        if target.resolve() == file.resolve() or first.resolve() == second.resolve():
            raise ConfigurationError(f"{target} would be written over while it is read.", hint="Name another file.")
    keys = array("Q", (_key(row, line, together) for line, row in _rows(file)))
    chosen, groups = _choose(keys, validation, seed)
    counts = _copy(file, keys, chosen, (first, second), force=force)
    return Split(first, second, counts[0], counts[1], groups, seed)


def _choose(keys: "array[int]", share: float, seed: int) -> tuple[frozenset[int], int]:
    """Return the keys whose rows go to the validation file, and how many keys there are."""
    sizes = Counter(keys)
    left = max(1, int(share * len(keys)))
    chosen: set[int] = set()
    for key in sorted(sizes, key=lambda key: _mixed(key, seed)):
        if sizes[key] <= left:
            chosen.add(key)
            left -= sizes[key]
        if left == 0:
            break
    if not chosen or len(chosen) == len(sizes):
        raise DatasetError(
            f"The {len(keys):,} rows cannot be parted: they fall into {len(sizes)} "
            f"group{'' if len(sizes) == 1 else 's'} with the same prompt.",
            hint="Add rows, or keep only identical rows together: --together row.",
        )
    return frozenset(chosen), len(sizes)


def _mixed(key: int, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()


def _copy(
    file: Path, keys: "array[int]", chosen: frozenset[int], targets: tuple[Path, Path], *, force: bool
) -> list[int]:
    counts = [0, 0]
    with ExitStack() as stack:
        outs = [stack.enter_context(writing(target, force=force)) for target in targets]
        for key, (line, _) in zip(keys, _rows(file), strict=True):
            side = int(key in chosen)
            outs[side].write((line.data or b"") + b"\n")
            counts[side] += 1
    return counts


def _rows(file: Path) -> Iterator[tuple[Line, Any]]:
    source = open_source(file)
    if isinstance(source, Probe):
        what = {"missing": "does not exist", "file": "is empty"}.get(source.kind, f"cannot be read ({source.kind})")
        raise ConfigurationError(f"{file} {what}.", hint="Name a file of JSON lines.")
    with source:
        for line in lines(source.blocks()):
            if line.data is None or line.data.strip():
                yield line, _decoded(file, line)
        _same(file, source)


def _same(file: Path, source: Source) -> None:
    if source.changed():
        raise DatasetError(f"{file} was written to while it was read.", hint="Wait until it is complete; then repeat.")


def _decoded(file: Path, line: Line) -> object:
    try:
        return json.loads(line.data or b"")
    except (ValueError, RecursionError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise DatasetError(
            f"{file}:{line.number}: not a row: {why}. Nothing was written.", hint=f"See: maas-ft data check {file}"
        ) from None


def _key(row: object, line: Line, together: Together) -> int:
    text = _prompt(row) if together == "prompt" else ""
    plain = " ".join(_WORD.findall(unicodedata.normalize("NFKC", text or _text(row)).casefold()))
    data = plain.encode("utf-8", "surrogatepass") if plain else (line.data or b"")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def _prompt(row: object) -> str:
    """Return what is asked before the first answer; of a preference pair too."""
    value = row if isinstance(row, dict) else {}
    holder = value if "messages" in value else value.get("input")
    messages = holder.get("messages") if isinstance(holder, dict) else None
    asked: list[str] = []
    for message in messages if isinstance(messages, list) else ():
        role = message.get("role") if isinstance(message, dict) else None
        if role == "assistant":
            break
        if role != "system":
            asked.append(_text(message))
    return "\n".join(asked)


def _text(value: object) -> str:
    """Return every text in a value, one a line; names and roles left out."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(map(_text, value))
    if isinstance(value, dict):
        return "\n".join(_text(item) for key, item in value.items() if key not in ("role", "name", "type"))
    return "" if value is None else str(value)
