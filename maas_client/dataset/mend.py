"""Write what `fix` yields: the mended file, a map back to the lines it came from, or a diff."""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from maas_client.dataset.fix import FixedLine, fixed_lines
from maas_client.dataset.selection import Selection
from maas_client.dataset.writing import check_new, writing
from maas_client.errors import ConfigurationError

MAP_VERSION = 1


@dataclass(slots=True)
class Mended:
    """What became of a file.

    Attributes:
        out: The mended file.
        map: The map from its lines to those of the source.
        backup: The source as it was, if it was replaced.
        lines: Lines of the source.
        changed: Of them, written otherwise.
        removed: Of them, left out.
        rules: How many lines were mended for each rule.
    """

    out: Path
    map: Path
    backup: Path | None = None
    lines: int = 0
    changed: int = 0
    removed: int = 0
    rules: dict[str, int] = field(default_factory=dict)


def mend(path: str | Path, out: str | Path, *, selection: Selection | None = None, force: bool = False) -> Mended:
    """Write a mended copy of a file, and `OUT.map.json` beside it; return when both are complete.

    The map has runs of lines: `{"source": 5, "fixed": 4, "count": 10, "rules": []}` says that the ten lines of the copy
    from line 4 came from line 5 and the following; `fixed` is null for lines that were left out, `rules` says why.

    Args:
        path: The source.
        out: The copy.
        selection: The rules whose findings are mended, of those that are fixable.
        force: Write over files that are there.

    Raises:
        ConfigurationError: A file cannot be read or written, or is there already.
    """
    source, target = Path(path), Path(out)
    if source.resolve() == target.resolve():
        raise ConfigurationError(f"{source} would be written over while it is read.", hint="Use --in-place.")
    done = Mended(target, _map_path(target))
    check_new(done.map, force=force)
    with writing(target, force=force) as file:
        _write(source, file, done, selection, force=force)
    return done


def mend_in_place(path: str | Path, *, selection: Selection | None = None, force: bool = False) -> Mended:
    """Replace a file by its mended copy at once; what it was before is kept as `PATH.bak`.

    Args:
        path: The file.
        selection: The rules whose findings are mended, of those that are fixable.
        force: Write over a backup and a map that are there.

    Raises:
        ConfigurationError: A file cannot be read or written, or the backup is there already.
    """
    source = Path(path)
    backup = source.with_name(f"{source.name}.bak")
    done = Mended(source, _map_path(source), backup)
    for target in (backup, done.map):
        check_new(target, force=force)
    with writing(source, force=True) as file:
        _write(source, file, done, selection, force=force)
        _keep(source, backup, force=force)
    return done


def diff(path: str | Path, selection: Selection | None = None) -> Iterator[str]:
    """Yield the lines of a unified diff without context, headed by the rules that ask for each change."""
    shift = 0
    yield f"--- {path}"
    yield f"+++ {path} (fixed)"
    for line in fixed_lines(path, selection):
        if not line.rules:
            continue
        count = len(line.after)
        at = line.number + shift - (0 if count else 1)
        yield f"@@ -{line.number} +{at}{'' if count == 1 else f',{count}'} @@ {' '.join(line.rules)}"
        yield f"-{_shown(line.before or b'')}"
        yield from (f"+{_shown(text)}" for text in line.after)
        shift += count - 1


def _shown(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _map_path(target: Path) -> Path:
    return target.with_name(f"{target.name}.map.json")


def _keep(source: Path, backup: Path, *, force: bool) -> None:
    """Make the backup: a second name for the same file where the file system has that, else a copy."""
    if force:
        backup.unlink(missing_ok=True)
    try:
        os.link(source, backup)
    except OSError:
        shutil.copy2(source, backup)


def _write(source: Path, file: BinaryIO, done: Mended, selection: Selection | None, *, force: bool) -> None:
    counts: Counter[str] = Counter()
    digest = hashlib.sha256()
    with writing(done.map, force=force) as map_file:
        map_file.write(f'{{"version": {MAP_VERSION}, "source": {json.dumps(str(source))}, "runs": ['.encode())
        runs = _Runs(map_file)
        for line in fixed_lines(source, selection):
            if line.before is None:
                raise ConfigurationError(
                    f"{source}:{line.number}: the line is too long to be read.", hint="Part it, or remove it."
                )
            for text in line.after:
                file.write(text + b"\n")
                digest.update(text + b"\n")
            runs.add(line)
            counts.update(line.rules)
            done.lines += 1
            done.removed += not line.after
            done.changed += bool(line.after and line.rules)
        runs.end()
        map_file.write(f'], "fixed_sha256": "{digest.hexdigest()}"}}\n'.encode())
    done.rules = dict(sorted(counts.items()))


class _Runs:
    """Writes runs of lines that were treated alike, one after the other."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._run: tuple[int, int | None, int, tuple[str, ...]] | None = None
        self._written = 0
        self._any = False

    def add(self, line: FixedLine) -> None:
        for index in range(max(1, len(line.after))):
            fixed = self._written + 1 + index if line.after else None
            self._add(line.number, fixed, line.rules)
        self._written += len(line.after)

    def _add(self, source: int, fixed: int | None, rules: tuple[str, ...]) -> None:
        if self._run is not None:
            first, start, count, same = self._run
            follows = fixed is None if start is None else fixed == start + count
            if follows and source == first + count and rules == same:
                self._run = (first, start, count + 1, same)
                return
            self.end()
        self._run = (source, fixed, 1, rules)

    def end(self) -> None:
        """Write the run in the making."""
        if self._run is not None:
            names = ("source", "fixed", "count", "rules")
            text = json.dumps(dict(zip(names, self._run, strict=True)))
            self._file.write((f",\n{text}" if self._any else f"\n{text}").encode())
            self._run, self._any = None, True
