"""The tokens of one conversation: how many, which of them are trained on, and what does not fit.

A text between special tokens is cut up on its own, without the white space that the special tokens around it take
along; special tokens that somebody typed into it count as such, as in the model's own tokenizer.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from maas_client.catalog import CatalogModel
from maas_client.dataset.measure import MeasurerFactory, RowMeasure
from maas_client.dataset.tokens.base import Tokenizer
from maas_client.dataset.tokens.estimate import Band
from maas_client.dataset.tokens.families import tokenizer_for
from maas_client.dataset.tokens.template import TEMPLATES, Atom, content_of, render
from maas_client.errors import ConfigurationError

DEFAULT_SEQUENCE_TOKENS = 8192
_SEQUENCE_TOKENS = {
    "Phi-3-medium": 4096,
    "Phi-3-small": 4096,
    "Phi-3.5": 16384,
}
"""By the beginning of a model's id. Source: azureml-assets@4b41f8c, `max_seq_length` of oss_chat_completion_pipeline
0.0.29 (8192) and of the models' `model_specific_defaults`."""


def sequence_limit(model: CatalogModel) -> int:
    """Return after how many tokens training cuts a row off: the pipeline's limit for the model, or its context."""
    own = (limit for name, limit in _SEQUENCE_TOKENS.items() if model.id.startswith(name))
    return min(next(own, DEFAULT_SEQUENCE_TOKENS), model.context_tokens)


class Stretch(NamedTuple):
    """A part of a rendered conversation that is one special token, or text between two.

    Attributes:
        text: The special token, or the text without what special tokens around it take along.
        special: True for a special token.
        trained: True if the loss counts it.
        swallowed: White space that a special token takes along.
    """

    text: str
    special: bool
    trained: bool
    swallowed: str = ""


class Conversations:
    """Measures the conversations of one model; may be made in every worker process.

    Args:
        model: The base model.
        tokenizer_json: The model's own tokenizer.json, if the user has it.

    Raises:
        ConfigurationError: The tokenizer.json cannot be used.
    """

    def __init__(self, model: CatalogModel, tokenizer_json: str | None = None) -> None:
        self.tokenizer: Tokenizer = tokenizer_for(model, tokenizer_json)
        self.limit: int = sequence_limit(model)
        self._family = model.chat_template
        self._marks = TEMPLATES[model.chat_template].marks

    def stretches(self, messages: Sequence[Mapping[str, Any]]) -> list[Stretch]:
        """Return the conversation as the model is given it, in order."""
        answer, question = self._marks
        found: list[Stretch] = []
        trained = False
        last: tuple[str, ...] = ()
        for text, special, swallowed in self._parts(render(self._family, messages)):
            last = (*last[-2:], text)
            if trained and last[-len(question) :] == question:
                trained = False
                # The mark itself is masked from its first token on.
                for at in range(1, len(question)):
                    found[-at] = found[-at]._replace(trained=False)
            found.append(Stretch(text, special, trained, swallowed))
            if last[-len(answer) :] == answer:
                trained = True
        return found

    def measure(self, messages: Sequence[Mapping[str, Any]], tools: object) -> RowMeasure:  # noqa: ARG002 - no template reads them
        """Count the tokens of a conversation."""
        count = self.tokenizer.vocabulary.count
        band = self.band(messages)
        # Of an estimate only what is certainly beyond the limit counts as cut.
        cut_at = self.limit if band is None else int(self.limit / band.low)
        total = trained = kept = 0
        for stretch in self.stretches(messages):
            length = 1 if stretch.special else count(stretch.text)
            if stretch.trained:
                trained += length
                kept += max(0, min(length, cut_at - total))
            total += length
        low, high = (total * band.low, total * band.high) if band is not None else (0.0, 0.0)
        return RowMeasure(total, trained, max(0, total - cut_at), trained - kept, low, high)

    def band(self, messages: Sequence[Mapping[str, Any]]) -> Band | None:
        """Return how far off the number of tokens of a conversation may be; `None` if it is exact."""
        bands = self.tokenizer.bands
        if bands is None:
            return None
        return bands.ascii if all(content_of(message).isascii() for message in messages) else bands.any

    def content_tokens(self, message: Mapping[str, Any]) -> int:
        """Count the tokens of what one message says, without the template around it."""
        return self.tokenizer.count(content_of(message))

    def left_out(self, messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        """Yield the roles of messages that the template does not render."""
        known = TEMPLATES[self._family].roles
        return (role for message in messages if (role := str(message.get("role"))) not in known)

    def _parts(self, atoms: list[Atom]) -> Iterator[tuple[str, bool, str]]:
        splitter = self.tokenizer.splitter
        takes = False  # the special token in front takes white space along
        waiting: str | None = None
        swallowed = ""
        for index, atom in enumerate(atoms):
            if atom.special:
                if waiting is not None:
                    yield waiting, True, swallowed
                waiting, swallowed, takes = atom.text, "", splitter.takes_behind(atom.text)
                continue
            text = splitter.without_start(atom.text) if takes else atom.text
            gone = atom.text[: len(atom.text) - len(text)]
            if waiting is not None:
                yield waiting, True, gone
                waiting = None
            ahead = atoms[index + 1].text if index + 1 < len(atoms) else ""
            if ahead and splitter.takes_in_front(ahead):
                text = splitter.without_end(text)
            if splitter.may_hold(text):
                yield from splitter.split(text)
            elif text:
                yield text, False, ""
        if waiting is not None:
            yield waiting, True, swallowed


def counter(model: CatalogModel | None, tokenizer_json: str | None = None) -> MeasurerFactory | None:
    """Return what makes the measurer of a model, for `check`; `None` if there is no model to count for.

    Raises:
        ConfigurationError: There is a tokenizer.json and no model, or it cannot be used.
    """
    if model is None:
        if tokenizer_json is not None:
            raise ConfigurationError("A tokenizer.json is that of a model.", hint="Name the model too: --model M.")
        return None
    if tokenizer_json is not None:
        tokenizer_for(model, tokenizer_json)
    return partial(Conversations, model, tokenizer_json)
