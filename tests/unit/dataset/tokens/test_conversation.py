"""Conversations as the models are given them: templates, masks, what is cut off."""

import json
import random
from functools import cache

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas_client import catalog
from maas_client.dataset import check
from maas_client.dataset.tokens import Conversations, sequence_limit
from maas_client.dataset.tokens.template import TEMPLATES, render
from tests.unit.dataset.tokens._truth import MODELS, PARTS, configuration, needs_truth, texts, truth

FAMILIES = {"phi-3": "phi-3-mini", "phi-3-medium": "phi-3-medium", "phi-4": "phi-4", "phi-4-mini": "phi-4-mini"}
MINI = catalog.get("Phi-3-mini-4k-instruct")
contents = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.lists(st.sampled_from(PARTS)).map(
    "".join
)
conversations = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": contents}), max_size=6
)


def dialogue(*pairs):
    return [{"role": role, "content": text} for role, text in pairs]


@cache
def template(family):
    return jinja2.Environment(trim_blocks=False).from_string(configuration(FAMILIES[family])["chat_template"])


def rendered(family, messages):
    eos = configuration(FAMILIES[family])["eos_token"]
    return template(family).render(messages=messages, eos_token=eos, add_generation_prompt=False)


@needs_truth
@pytest.mark.parametrize("family", FAMILIES)
@given(messages=conversations)
def test_templates_are_the_models_own(family, messages):
    assert "".join(atom.text for atom in render(family, messages)) == rendered(family, messages)


@needs_truth
def test_tools_of_a_system_message_are_rendered_as_phi_4_mini_does():
    messages = [{"role": "system", "content": "s", "tools": '[{"name": "f"}]'}, *dialogue(("user", "u"), ("tool", "t"))]
    assert "".join(atom.text for atom in render("phi-4-mini", messages)) == rendered("phi-4-mini", messages)


@needs_truth
@pytest.mark.parametrize("model", MODELS)
def test_whole_conversations_have_the_models_own_number_of_tokens(model):
    chosen = catalog.get(model)
    ours, own = Conversations(chosen), truth(MODELS[model])
    chance = random.Random(model)
    corpus = texts(seed=9, count=8_000)
    for _ in range(2_000):
        turns = [("system", chance.choice(corpus))] if chance.random() < 0.3 else []
        for _ in range(chance.randrange(1, 4)):
            turns += [("user", chance.choice(corpus)), ("assistant", chance.choice(corpus))]
        text = rendered(chosen.chat_template, dialogue(*turns))
        assert ours.measure(dialogue(*turns), None).tokens == len(own.encode(text, add_special_tokens=False).ids)


@needs_truth
@pytest.mark.parametrize("model", MODELS)
@given(messages=conversations)
def test_any_conversation_has_the_models_own_number_of_tokens(model, messages):
    chosen = catalog.get(model)
    text = rendered(chosen.chat_template, messages)
    count = len(truth(MODELS[model]).encode(text, add_special_tokens=False).ids)
    assert Conversations(chosen).measure(messages, None).tokens == count


def trained(model, messages):
    return "".join(stretch.text for stretch in Conversations(catalog.get(model)).stretches(messages) if stretch.trained)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("Phi-3-mini-4k-instruct", "one<|end|>two<|end|><|endoftext|>"),
        ("Phi-3-medium-4k-instruct", "one<|end|>two<|end|>"),
        ("Phi-3-small-8k-instruct", "\none<|end|>\n\ntwo<|end|>\n<|endoftext|>"),
        ("Phi-4", "one<|im_end|>two<|im_end|>"),
        ("Phi-4-mini-instruct", "one<|end|>two<|end|><|endoftext|>"),
    ],
)
def test_only_answers_are_trained_on(model, expected):
    turns = dialogue(("system", "s"), ("user", "u"), ("assistant", "one"), ("user", "v"), ("assistant", "two"))
    assert trained(model, turns) == expected


def test_special_tokens_take_white_space_along():
    counts = {
        text: Conversations(MINI).measure(dialogue(("user", "q"), ("assistant", text)), None).tokens
        for text in ("a", "\n\n a", "a\n", "")
    }
    assert counts["\n\n a"] == counts["a"]
    assert counts["a\n"] == counts["a"] + 1
    assert counts[""] < counts["a"]


def test_contents_that_are_no_text_count_as_none():
    parts = [{"type": "text", "text": "a b"}, {"type": "text", "text": " c"}, "odd"]
    whole = Conversations(MINI).measure(dialogue(("user", "a b c")), None)
    assert Conversations(MINI).measure([{"role": "user", "content": parts}], None) == whole
    empty = Conversations(MINI).measure(dialogue(("user", "")), None)
    assert Conversations(MINI).measure([{"role": "user", "content": None}], None) == empty


@pytest.mark.parametrize("family", TEMPLATES)
def test_every_model_has_a_template_and_a_limit(family):
    models = [model for model in catalog.all_models() if model.chat_template == family]
    assert models
    assert all(0 < sequence_limit(model) <= model.context_tokens for model in models)


def test_limits_of_training():
    limits = {model.id: sequence_limit(model) for model in catalog.all_models()}
    assert limits["Phi-3-mini-4k-instruct"] == 4096
    assert limits["Phi-3-mini-128k-instruct"] == limits["Phi-4"] == limits["Phi-4-mini-instruct"] == 8192
    assert limits["Phi-3-medium-128k-instruct"] == limits["Phi-3-small-128k-instruct"] == 4096
    assert limits["Phi-3.5-mini-instruct"] == 16384


def test_what_is_cut_off_is_counted():
    long = "word " * 5000
    cut = Conversations(MINI).measure(dialogue(("user", "q"), ("assistant", long)), None)
    assert cut.tokens - 4096 == cut.cut_tokens == cut.cut_trained_tokens > 0
    late = Conversations(MINI).measure(dialogue(("user", long), ("assistant", "a")), None)
    assert late.cut_trained_tokens == late.trained_tokens == 3
    prompt = Conversations(MINI).measure(dialogue(("user", "q"), ("assistant", "a"), ("user", long)), None)
    assert prompt.cut_tokens > 0


def test_of_an_estimate_only_what_is_certain_is_cut():
    fits_perhaps = "word " * 8400
    measure = Conversations(catalog.get("Phi-4")).measure(dialogue(("user", "q"), ("assistant", fits_perhaps)), None)
    assert measure.tokens > 8192
    assert measure.cut_tokens == 0


def test_the_check_tells_what_training_would_cut(tmp_path):
    def row(*pairs):
        return json.dumps({"messages": dialogue(*pairs)})

    long = "word " * 5000
    lines = [row(("user", f"q {n}"), ("assistant", f"a {n}")) for n in range(30)]
    lines[4] = row(("user", "first"), ("assistant", long))
    lines[8] = row(("user", long), ("assistant", "a"))
    lines[12] = row(("user", "q"), ("assistant", "a"), ("user", long))
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(lines) + "\n")
    report = check(path, model=MINI, tokens=lambda: Conversations(MINI), select=("TOK",), jobs=1)
    assert [(finding.line, finding.rule) for finding in report.findings] == [
        (5, "TOK001"),
        (9, "TOK002"),
        (13, "TOK003"),
    ]
    assert report.files[0].measure is not None
    assert report.files[0].measure.tokens > 10_000
