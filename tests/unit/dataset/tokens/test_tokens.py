"""Counts and tokens, held against the models' own tokenizers."""

import hashlib
import inspect
import re
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiktoken_ext import openai_public  # type: ignore[import-untyped]

from maas_client import catalog
from maas_client.dataset.tokens import tokenizer_for
from maas_client.dataset.tokens.load import unpacked
from maas_client.dataset.tokens.pieces import MAX_CACHED_CHARACTERS, Pieces
from maas_client.dataset.tokens.ranks import _PATTERN
from maas_client.errors import ConfigurationError
from tests.unit.dataset.tokens._truth import MODELS, PARTS, TRUTH, needs_truth, texts, truth

ALL = [model.id for model in catalog.all_models()]
hostile = st.text(st.characters()) | st.lists(st.sampled_from(PARTS)).map("".join)


def tokenizer(model, **given):
    return tokenizer_for(catalog.get(model), **given)


@needs_truth
@pytest.mark.parametrize("model", MODELS)
def test_counts_are_the_models_own_on_twenty_thousand_texts(model):
    ours, own = tokenizer(model), truth(MODELS[model])
    corpus = texts(seed=model, count=20_000)
    assert len(corpus) == 20_000
    encodings = own.encode_batch_fast(corpus, add_special_tokens=False)
    wrong = [text for text, encoding in zip(corpus, encodings, strict=True) if ours.count(text) != len(encoding.ids)]
    assert wrong == []


@needs_truth
@pytest.mark.parametrize("model", MODELS)
@given(text=st.text(st.characters(exclude_categories=["Cs"])) | st.lists(st.sampled_from(PARTS)).map("".join))
def test_counts_are_the_models_own_on_any_text(model, text):
    assert tokenizer(model).count(text) == len(truth(MODELS[model]).encode(text, add_special_tokens=False).ids)


@needs_truth
@pytest.mark.parametrize("model", MODELS)
def test_the_tokens_shown_are_the_models_own(model):
    ours, own = tokenizer(model), truth(MODELS[model])
    for text in texts(seed=1, count=2_000):
        shown = ours.tokens(text)
        encoding = own.encode(text, add_special_tokens=False)
        assert len(shown) == len(encoding.tokens)
        assert [token.text for token in shown if token.special] == [
            token.rstrip()  # with the white space that it takes along
            for token, number in zip(encoding.tokens, encoding.ids, strict=True)
            if number < 3 or number >= 32_000
        ]


def test_no_token_reaches_from_a_word_into_a_space_or_across_a_line_feed():
    from maas_client.dataset.tokens.pieces import _model

    model = _model()
    pieces = [model.id_to_piece(number) for number in range(model.get_piece_size())]
    assert len(pieces) == 32_000
    assert not [piece for piece in pieces if "\u2581" in piece.lstrip("\u2581") or "\n" in piece]


def test_a_cache_that_overflows_changes_no_count(monkeypatch):
    monkeypatch.setattr("maas_client.dataset.tokens.pieces.MAX_CACHED", 3)
    pieces, fresh = Pieces(), Pieces()
    for text in ["one two three four five", "six " * 9, "x" * (MAX_CACHED_CHARACTERS + 1), "two three"] * 3:
        assert pieces.count(text) == len(fresh.tokens(text))


def test_vocabularies_are_what_was_packed():
    assert hashlib.sha256(unpacked("cl100k_base.tiktoken")).hexdigest() == (
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
    )
    assert len(unpacked("llama-32k.model")) == 562_957


@needs_truth
def test_the_ranks_are_the_models_own():
    assert unpacked("cl100k_base.tiktoken") == (TRUTH / "phi-3-small" / "cl100k_base.tiktoken").read_bytes()


def test_cl100k_cuts_as_tiktoken_does_where_its_documents_say():
    # Known counts: "tiktoken is great!" has six, the others follow from the pattern.
    ours = tokenizer("Phi-3-small-8k-instruct")
    assert [token.text for token in ours.tokens("tiktoken is great!")] == ["t", "ik", "token", " is", " great", "!"]
    assert [token.text for token in ours.tokens("12345\n\n")] == ["123", "45", "\n\n"]
    assert ours.count("<|user|>\nHi<|end|>\n") == 5


def test_cl100k_is_cut_by_the_pattern_of_tiktoken_itself():
    """Phi-3-small's own tokenizer is tiktoken with these ranks; ours differs in where the ranks come from only."""
    source = inspect.getsource(openai_public)
    pattern = re.search(r"""cl100k_base\(\).*?"pat_str": r\"\"\"(.*?)\"\"\"""", source, re.DOTALL)
    assert pattern is not None
    assert pattern[1] == _PATTERN


@pytest.mark.parametrize("model", ALL)
@given(text=hostile)
def test_nothing_is_raised_and_tokens_are_as_many_as_counted(model, text):
    ours = tokenizer(model)
    count = ours.count(text)
    assert (count > 0) == bool(text)
    if model != "Phi-4-mini-instruct":
        assert len(ours.tokens(text)) == count


@pytest.mark.parametrize(
    ("model", "precision", "confirmed"),
    [
        ("Phi-3-mini-4k-instruct", "exact", True),
        ("Phi-3-medium-128k-instruct", "exact", True),
        ("Phi-3-small-8k-instruct", "exact", True),
        ("Phi-3.5-mini-instruct", "exact", False),
        ("Phi-4", "estimate", True),
        ("Phi-4-mini-instruct", "estimate", True),
    ],
)
def test_every_count_says_what_it_is_worth(model, precision, confirmed):
    ours = tokenizer(model)
    assert (ours.precision, ours.confirmed, ours.bands is None) == (precision, confirmed, precision == "exact")


def test_an_estimate_has_a_band():
    bands = tokenizer("Phi-4-mini-instruct").bands
    assert bands is not None
    assert bands.ascii.around(1000) == (780, 1040)
    assert bands.any.around(1000) == (570, 1480)


@needs_truth
def test_a_given_tokenizer_json_makes_it_exact():
    path = TRUTH / "phi-3-mini" / "tokenizer.json"
    ours = tokenizer("Phi-4", tokenizer_json=path)
    assert (ours.precision, ours.name) == ("exact", "tokenizer.json")
    own = truth("phi-3-mini")
    for text in texts(seed=3, count=1_000):
        assert ours.count(text) == len(own.encode(text, add_special_tokens=False).ids)
        assert len(ours.tokens(text)) == ours.count(text)
    assert ours.count("\ud800") > 0


@pytest.mark.parametrize("content", [None, "{}", "no JSON", "[1]"])
def test_a_file_that_is_no_tokenizer_is_refused(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match="cannot be read as a tokenizer"):
        tokenizer("Phi-4", tokenizer_json=path)


def test_no_tokenizer_reaches_for_the_network(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    for model in ALL:
        assert tokenizer(model).count("Hello") >= 1


def test_a_damaged_vocabulary_is_noticed(tmp_path, monkeypatch):
    import lzma

    (tmp_path / "cl100k_base.tiktoken.xz").write_bytes(lzma.compress(b"something else"))
    (tmp_path / "SHA256SUMS").write_text("0  cl100k_base.tiktoken\n")
    monkeypatch.setattr("maas_client.dataset.tokens.load._DATA", tmp_path)
    with pytest.raises(ValueError, match="damaged"):
        unpacked("cl100k_base.tiktoken")
