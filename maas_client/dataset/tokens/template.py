"""A conversation as the model is given it: its chat template applied, as special tokens and the text between them.

Sources: the chat templates in tokenizer_config.json of Phi-3-mini, Phi-3-medium, Phi-4 and Phi-4-mini
(microsoft/onnxruntime-extensions@319f8d2) and of Phi-3-small (huggingface.co/microsoft), as the catalog states; a test
holds the first four against their own Jinja templates. Which template the service applies is not documented.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Message = Mapping[str, Any]


class Atom(NamedTuple):
    """One special token, or a stretch of text.

    Attributes:
        text: As the template writes it.
        special: True for a special token of the template; one that somebody typed is part of a text.
    """

    text: str
    special: bool = False


class Marks(NamedTuple):
    """Between which atoms answers are trained on: behind `answer` until the next `question`.

    Source: azureml-acft-contrib-hf-nlp 0.0.91, CustomCollatorForCompletionOnlyLM, with the markers of the template.
    """

    answer: tuple[str, ...]
    question: tuple[str, ...]


class Template(NamedTuple):
    """The chat template of a family of models.

    Attributes:
        atoms: Renders messages, adjacent texts not yet joined.
        marks: What begins an answer and a question.
        roles: Roles that are rendered; messages of others are left out.
    """

    atoms: Callable[[Sequence[Message]], Iterator[Atom]]
    marks: Marks
    roles: frozenset[str]


def content_of(message: Message) -> str:
    """Return what a message says: parts joined, and nothing for what is no text."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _special(name: str) -> Atom:
    return Atom(f"<|{name}|>", special=True)


_END, _END_OF_TEXT = _special("end"), _special("endoftext")
_LINE = Atom("\n")


def _phi_3(messages: Sequence[Message]) -> Iterator[Atom]:
    for message in messages:
        role = message.get("role")
        if role in ("system", "user", "assistant"):
            yield from (_special(str(role)), Atom("\n" + content_of(message)), _END, _LINE)
    yield _END_OF_TEXT


def _phi_3_medium(messages: Sequence[Message]) -> Iterator[Atom]:
    for message in messages:
        role = message.get("role")
        if role == "user":
            yield from (_special("user"), Atom("\n" + content_of(message)), _END, _LINE, _special("assistant"), _LINE)
        elif role == "assistant":
            yield from (Atom(content_of(message)), _END, _LINE)


def _phi_3_small(messages: Sequence[Message]) -> Iterator[Atom]:
    yield _END_OF_TEXT
    for message in messages:
        role = str(message.get("role"))
        yield from (_special(role), Atom("\n" + content_of(message)), _END, _LINE)
    yield _END_OF_TEXT


def _phi_4(messages: Sequence[Message]) -> Iterator[Atom]:
    for message in messages:
        role = message.get("role")
        if role in ("system", "user", "assistant"):
            yield from (_special("im_start"), Atom(str(role)), _special("im_sep"))
            yield from (Atom(content_of(message)), _special("im_end"))


def _phi_4_mini(messages: Sequence[Message]) -> Iterator[Atom]:
    for message in messages:
        yield from (_special(str(message.get("role"))), Atom(content_of(message)))
        tools = message.get("tools")
        if message.get("role") == "system" and isinstance(tools, str):
            yield from (_special("tool"), Atom(tools), _special("/tool"))
        yield _END
    yield _END_OF_TEXT


_MARKS = Marks(("<|assistant|>",), ("<|user|>",))
_IM_MARKS = Marks(("<|im_start|>", "assistant", "<|im_sep|>"), ("<|im_start|>", "user", "<|im_sep|>"))
_THREE = frozenset(("system", "user", "assistant"))
_FOUR = _THREE | {"tool"}

TEMPLATES: Mapping[str, Template] = {
    "phi-3": Template(_phi_3, _MARKS, _THREE),
    "phi-3-medium": Template(_phi_3_medium, _MARKS, frozenset(("user", "assistant"))),
    "phi-3-small": Template(_phi_3_small, _MARKS, _FOUR),
    "phi-4": Template(_phi_4, _IM_MARKS, _THREE),
    "phi-4-mini": Template(_phi_4_mini, _MARKS, _FOUR),
}


def render(family: str, messages: Sequence[Message]) -> list[Atom]:
    """Apply the chat template of a family; adjacent texts are one atom, empty ones are left out.

    Args:
        family: `chat_template` of the catalog.
        messages: The conversation; contents in parts are joined, what is no text counts as none.
    """
    return _joined(TEMPLATES[family].atoms(messages))


def _joined(atoms: Iterable[Atom]) -> list[Atom]:
    joined: list[Atom] = []
    held = ""
    for atom in atoms:
        if not atom.special:
            held += atom.text
            continue
        if held:
            joined.append(Atom(held))
            held = ""
        joined.append(atom)
    if held:
        joined.append(Atom(held))
    return joined
