"""Rows to measure with: prose and code of the standard library, and chats full of personal data; seeded, made anew."""

import ast
import json
import random
import re
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Message = dict[str, str]


class Corpus:
    """Sentences and lines of code from the standard library of this Python."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.code: list[str] = []
        for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
            text = path.read_text(encoding="utf-8", errors="ignore")
            self.code += [line for line in text.splitlines() if line.strip()]
            self.sentences += _sentences(text)


def _sentences(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and (words := ast.get_docstring(node)):
            for sentence in re.split(r"(?<=[.:])\s+", words):
                if 30 <= len(sentence) <= 300:
                    yield sentence


def prose(corpus: Corpus, chance: random.Random) -> list[Message]:
    """Two to eight turns of shuffled sentences."""

    def text() -> str:
        return " ".join(chance.choices(corpus.sentences, k=chance.randint(2, 6)))

    return _turns(chance.randint(1, 4), text)


def code(corpus: Corpus, chance: random.Random) -> list[Message]:
    """A question, and snippets of code."""
    starts = [chance.randrange(len(corpus.code)) for _ in range(chance.randint(1, 10))]
    lines = "\n".join(line for start in starts for line in corpus.code[start : start + chance.randint(2, 8)])
    question = f"{chance.choice(corpus.sentences)} Write it, number {chance.randrange(10**9)}."
    return [{"role": "user", "content": question}, {"role": "assistant", "content": f"```python\n{lines}\n```"}]


def personal(corpus: Corpus, chance: random.Random) -> list[Message]:
    """Short turns, half of them with an e-mail address, a phone number, a card or an address of the network."""
    things: tuple[Callable[[], str], ...] = (
        lambda: f"mail {chance.choice('abcdef')}{chance.randrange(10**6)}@example.org please",
        lambda: f"call +1 202 555 {chance.randrange(10**4):04d} after six",
        lambda: f"the card is 4111 1111 1111 {chance.randrange(10**4):04d}, valid",
        lambda: f"from 192.168.{chance.randrange(256)}.{chance.randrange(256)}, I think",
    )

    def text() -> str:
        words = f"{chance.choice(corpus.sentences)} So says {chance.choice(corpus.sentences)}"
        return f"{words} {chance.choice(things)()}" if chance.random() < 0.5 else words

    return _turns(chance.randint(1, 3), text)


def _turns(count: int, text: Callable[[], str]) -> list[Message]:
    return [{"role": role, "content": text()} for _ in range(count) for role in ("user", "assistant")]


KINDS = {"prose": prose, "code": code, "personal": personal}


def write(path: Path, kind: str, size_bytes: int, *, seed: int = 7) -> None:
    """Write rows of a kind until the file has a size, unless it has it already."""
    if path.exists() and path.stat().st_size >= size_bytes:
        return
    corpus, chance = Corpus(), random.Random(f"{kind}{seed}")
    make: Callable[[Corpus, random.Random], Any] = KINDS[kind]
    done = 0
    with path.open("wb") as file:
        while done < size_bytes:
            done += file.write(json.dumps({"messages": make(corpus, chance)}, ensure_ascii=False).encode() + b"\n")
