"""Find the training row that is nearest to a question: cosine of tf-idf weights, over an inverted index.

Theory of operation. The file of a model holds questions and answers only. On first use its words get weights (rare ones
more, those of an answer less than those of a question, for an answer often holds the word that the asker uses) and
every word a list of the rows that have it; a question then touches only rows that share a word with it. The
same question as in a row, but for case and outer space, finds that row first: several rows may have the same words.
"""

import json
import math
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Sequence
from pathlib import Path

from maas_client.server.engine.text import words

KEPT = 8
"""Indexes held in memory."""
ANSWER_WEIGHT = 0.3
"""Of a word in the answer, where one in the question weighs 1; tried out on the example data."""


class AnswerIndex:
    """The answers of one model."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._answers = [answer for _, answer in pairs]
        self._exact: dict[str, int] = {}
        frequencies = [_frequencies(user, answer) for user, answer in pairs]
        seen_in = Counter(word for frequency in frequencies for word in frequency)
        self._idf = {word: math.log(1 + len(frequencies) / rows) for word, rows in seen_in.items()}
        self._rows: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        for row, (frequency, (user, _)) in enumerate(zip(frequencies, pairs, strict=True)):
            self._exact.setdefault(_plain(user), row)
            weights = {word: weight * self._idf[word] for word, weight in frequency.items()}
            length = math.sqrt(sum(weight * weight for weight in weights.values()))
            for word, weight in weights.items():
                self._rows[word].append((row, weight / length))

    def nearest(self, question: str) -> str | None:
        """Return the answer of the nearest row (of equally near ones the first); None when no word is shared."""
        same = self._exact.get(_plain(question))
        if same is not None:
            return self._answers[same]
        scores: defaultdict[int, float] = defaultdict(float)
        for word, times in Counter(words(question)).items():
            if word in self._idf:
                weight = (1 + math.log(times)) * self._idf[word]
                for row, share in self._rows[word]:
                    scores[row] += weight * share
        if not scores:
            return None
        return self._answers[max(scores, key=lambda row: (scores[row], -row))]


def _frequencies(user: str, answer: str) -> dict[str, float]:
    found = {word: 1 + math.log(times) for word, times in Counter(words(user)).items()}
    for word, times in Counter(words(answer)).items():
        found[word] = found.get(word, 0.0) + ANSWER_WEIGHT * (1 + math.log(times))
    return found


def _plain(text: str) -> str:
    return text.strip().casefold()


class AnswerShelf:
    """Loads indexes and keeps the last few used. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int, int], AnswerIndex] = OrderedDict()

    def get(self, path: Path) -> AnswerIndex:
        """Return the index of a file; read again only when the file changed.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is no answer file.
        """
        stat = path.stat()
        key = (str(path), stat.st_mtime_ns, stat.st_size)
        with self._lock:
            index = self._kept.get(key)
            if index is None:
                index = self._kept[key] = _load(path)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return index


def _load(path: Path) -> AnswerIndex:
    document = json.loads(path.read_bytes())
    try:
        return AnswerIndex([(str(row["user"]), str(row["answer"])) for row in document["answers"]])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an answer file: {error!r}") from error
