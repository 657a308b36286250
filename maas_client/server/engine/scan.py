"""Read a whole file once, streaming: what is kept of it are numbers a row and a bounded sample of answers.

A file of hundreds of megabytes costs eight bytes a row here, plus the answers that the deployed model will give.
"""

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

from maas_client.server.engine.failure import RunFailedError
from maas_client.server.engine.plan import TextFile
from maas_client.server.engine.rows import RowError, measure, pairs, read_row
from maas_client.server.engine.text import encodable

MAX_LINE = 16 * 1024 * 1024
"""Characters; a longer line is skipped unread. The simulation's own limit."""

MAX_PAIRS = 20_000
MAX_PAIR_CHARS = 16_000_000
MAX_PROBLEMS = 20
MAX_FINGERPRINTS = 100_000


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its answer; `row` counts accepted lines from 0, `line` all lines from 1."""

    row: int
    line: int
    user: str
    answer: str


@dataclass(slots=True)
class Scan:
    """What one file holds.

    Attributes:
        tokens: Estimated tokens of every accepted line; 0 marks a dialog of one message or none, which is dropped.
        assistant: Estimated assistant tokens of every accepted line.
        skipped: Lines skipped.
        problems: Why, for the first of them.
        pairs: Answers in file order, at most `MAX_PAIRS` of `MAX_PAIR_CHARS` characters in all.
        complete: False when there were more answers than `pairs` holds.
        digest: Hex digest of the text.
    """

    tokens: "array[int]" = field(default_factory=lambda: array("I"))
    assistant: "array[int]" = field(default_factory=lambda: array("I"))
    skipped: int = 0
    problems: list[str] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    complete: bool = True
    digest: str = ""
    _chars: int = 0
    _fingerprints: set[bytes] = field(default_factory=set)
    _fingerprinted: int = 0

    @property
    def distinct(self) -> float:
        """The share of different lines among the (first) accepted ones, above 0 to 1."""
        return len(self._fingerprints) / self._fingerprinted if self._fingerprinted else 1.0

    def skip(self, number: int, reason: str) -> None:
        """Count a skipped line."""
        self.skipped += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(f"Bad input data on line {number}: {reason}, skipping..")

    def take(self, number: int, line: str, limit: int, keep_answers: bool) -> None:
        """Read a line and add it.

        Raises:
            RowError: It is to be skipped.
        """
        messages, tools = read_row(line)
        tokens, assistant = measure(messages, tools, limit) if len(messages) > 1 else (0, 0)
        if keep_answers and tokens:
            for user, answer in pairs(messages):
                self._keep(Pair(len(self.tokens), number, user, answer))
        if self._fingerprinted < MAX_FINGERPRINTS:
            self._fingerprinted += 1
            raw = line.strip().encode("utf-8", "surrogatepass")
            self._fingerprints.add(hashlib.blake2b(raw, digest_size=8).digest())
        self.tokens.append(tokens)
        self.assistant.append(assistant)

    def _keep(self, pair: Pair) -> None:
        size = len(pair.user) + len(pair.answer)
        if len(self.pairs) < MAX_PAIRS and self._chars + size <= MAX_PAIR_CHARS:
            self.pairs.append(pair)
            self._chars += size
        else:
            self.complete = False


def scan(path: TextFile, limit: int, *, keep_answers: bool = False) -> Scan:
    """Read a file by the service's rules.

    Args:
        path: The file; a byte order mark is tolerated.
        limit: Tokens a row is cut at.
        keep_answers: Keep (question, answer) pairs.

    Raises:
        RunFailedError: The file cannot be read, or is not UTF-8: that fails the run.

    Source: azureml-acft-contrib-hf-nlp 0.0.91, `filter_invalid_data_rows_for_jsonl`: opened as text with `UTF-8-sig`.
    """
    found = Scan()
    digest = hashlib.blake2b(digest_size=16)
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in _lines(file):
                digest.update(line.encode("utf-8", "surrogatepass"))
                if len(line) == MAX_LINE and not line.endswith("\n"):
                    found.skip(number, f"longer than {MAX_LINE} characters")
                    continue
                try:
                    found.take(number, line, limit, keep_answers)
                except RowError as error:
                    found.skip(number, str(error))
    except UnicodeDecodeError as error:
        raise RunFailedError(
            f"Invalid file passed, Failure while reading from file with error: {error}. The file must be UTF-8."
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunFailedError(f"The provided file cannot be read: {encodable(reason)}") from None
    found.digest = digest.hexdigest()
    return found


def _lines(file: TextIO) -> Iterator[tuple[int, str]]:
    """Yield numbered lines; of one that is too long, the first `MAX_LINE` characters."""
    number = 0
    while line := file.readline(MAX_LINE):
        number += 1
        rest = line
        while not rest.endswith("\n") and (rest := file.readline(MAX_LINE)):
            pass
        yield number, line
