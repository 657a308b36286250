"""Count the findings of a run."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONTRACT = "contract"
_SHOWN = 40


@dataclass
class Count:
    """What was seen of one operation; sides are counted by (document, side)."""

    exchanges: int = 0
    sides: Counter[tuple[str, str]] = field(default_factory=Counter)
    known: int = 0
    unexplained: int = 0

    def checked(self, side: str, *, published: bool) -> int:
        return sum(
            count for (name, each), count in self.sides.items() if each == side and (name != CONTRACT) == published
        )


@dataclass
class Tally:
    """What came of every exchange of a run."""

    operations: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    known: Counter[str] = field(default_factory=Counter)
    unexplained: Counter[str] = field(default_factory=Counter)
    exchanges: int = 0

    @classmethod
    def of(cls, folder: Path) -> "Tally":
        """Read every record of a folder."""
        tally = cls()
        for path in sorted(folder.glob("*.jsonl")):
            for line in path.read_text(encoding="ascii").splitlines():
                tally.add(json.loads(line))
        return tally

    def add(self, line: dict[str, Any]) -> None:
        """Count one finding."""
        self.exchanges += 1
        count = self.operations[line["operation"] or "(no operation)"]
        count.exchanges += 1
        count.sides.update((name, side) for name, sides in line["checked"].items() for side in sides)
        for each in line["deviations"]:
            if each["known"]:
                count.known += 1
                self.known[each["known"]] += 1
            else:
                count.unexplained += 1
                self.unexplained[_words(line, each)] += 1

    def table(self) -> Iterator[str]:
        """Yield the operations: sides checked against our contract, against published documents, deviations."""
        sides = f"{'request':>8} {'response':>8}"
        yield f"{'':56} {'--- contract ---':>17} {'--- published ---':>17} {'deviations':>16}"
        yield f"{'operation':46} {'exchanges':>9} {sides} {sides} {'known':>8} {'other':>7}"
        for name, count in sorted(self.operations.items()):
            numbers = [
                count.checked(side, published=published)
                for published in (False, True)
                for side in ("request", "response")
            ]
            cells = "".join(f" {number or '-':>8}" for number in numbers)
            yield f"{name:46} {count.exchanges:>9}{cells} {count.known or '-':>8} {count.unexplained or '-':>7}"

    def headline(self) -> str:
        """Return the run in one line."""
        known = ", ".join(f"{count} {name}" for name, count in sorted(self.known.items()))
        wrong = sum(self.unexplained.values())
        return f"{self.exchanges} exchanges; known deviations: {known or 'none'}; unexplained: {wrong}"

    def complaints(self) -> Iterator[str]:
        """Yield what nothing explains, the most frequent first."""
        for text, count in self.unexplained.most_common(_SHOWN):
            yield f"{count:>5} x {text}"
        if len(self.unexplained) > _SHOWN:
            yield f"      and {len(self.unexplained) - _SHOWN} more"


def _words(line: dict[str, Any], deviation: dict[str, Any]) -> str:
    what = line["operation"] or line["path"]
    place = re.sub(r"\.\d+(?=\.|$)", ".*", deviation["where"])
    where = f"{deviation['side']}, {place}: {deviation['message']} ({deviation['document']})"
    said = (line["method"], what, line["api_version"], line["status"], where, line.get("test"))
    return " ".join(str(word) for word in said if word)
