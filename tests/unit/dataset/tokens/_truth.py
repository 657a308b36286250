"""The models' own tokenizers and templates, and texts to hold ours against them."""

import gettext
import json
import os
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

TRUTH = Path(__file__).parents[4].parent / "shared" / "tokenizers"
needs_truth = pytest.mark.skipif(
    not TRUTH.is_dir(), reason="the models' own tokenizer files are not beside this checkout"
)
MODELS = {"Phi-3-mini-4k-instruct": "phi-3-mini", "Phi-3-medium-4k-instruct": "phi-3-medium"}
SPECIAL = ["<s>", "</s>", "<unk>", "<|user|>", "<|end|>", "<|assistant|>", "<|endoftext|>", "<|system|>"]
PARTS = [
    *[
        " ",
        "  ",
        "\n",
        "\t",
        "\r",
        "\r\n",
        "\x00",
        "\x07",
        "\x1c",
        "\x7f",
        "\x85",
        "\xa0",
        "\u2028",
        "\u200b",
        "\u3000",
    ],
    *[
        "\u2581",
        "\u2581the",
        "é",
        "e\u0301",
        "ß",
        "😀",
        "👩\u200d👩\u200d👧",
        "中",
        "文字",
        "اردو",
        "ہے",
        "العربية",
        "абв",
        "हिन्दी",
        "ﷺ",
    ],
    *["a", "b", "the", "ing", "curses", "return", "A", "_", "1", "23", ".", ",", '"', "\\", "\ufffd", "\U0010ffff"],
    *["<0x0A>", "<|", "|>", "<", "<|placeholder1|>", *SPECIAL],
]


@cache
def truth(name: str) -> Tokenizer:
    return Tokenizer.from_file(str(TRUTH / name / "tokenizer.json"))


@cache
def configuration(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((TRUTH / name / "tokenizer_config.json").read_text(encoding="utf-8"))
    return document


def _pieces_of(texts, chance, count):
    for _ in range(count):
        text = chance.choice(texts)
        start = chance.randrange(len(text) + 1)
        yield text[start : start + chance.randrange(1, 500)]


def source_code(chance, count):
    folder = Path(os.__file__).parent
    files = chance.sample(sorted(folder.glob("*.py")) + sorted(folder.glob("*/*.py")), 150)
    yield from _pieces_of([file.read_text(encoding="utf-8", errors="replace") for file in files], chance, count)


def program_messages(chance, count):
    """Messages of installed programs in many languages; none where there are no translations."""
    catalogs = sorted(Path("/usr/share/locale").glob("*/LC_MESSAGES/*.mo"))
    messages: list[str] = []
    for path in chance.sample(catalogs, min(200, len(catalogs))):
        try:
            with path.open("rb") as file:
                catalog = vars(gettext.GNUTranslations(file))["_catalog"]
        except (OSError, ValueError, UnicodeDecodeError):
            continue
        messages += [text for text in catalog.values() if isinstance(text, str) and text]
    if messages:
        yield from _pieces_of(messages, chance, count)


def mixed(chance, count):
    for _ in range(count):
        yield "".join(chance.choices(PARTS, k=chance.randrange(1, 40)))


def texts(seed, count):
    """English, code, many scripts, control characters, runs of spaces, special tokens."""
    chance = random.Random(seed)
    found = [*source_code(chance, count // 4), *program_messages(chance, count // 4)]
    found.extend(mixed(chance, count - len(found)))
    return found
