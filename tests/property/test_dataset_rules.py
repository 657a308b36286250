"""Rules about rows: whatever the JSON value, they never raise and point at something; and no sign is overlooked."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maas_client import catalog
from maas_client.dataset.jsonl import Block
from maas_client.dataset.profile import Profile
from maas_client.dataset.row import Row, SomeTexts, Text
from maas_client.dataset.rule import Rule
from maas_client.dataset.rules import FOR_ROWS, FOR_TEXTS
from maas_client.dataset.scan import Room, Scanner
from maas_client.dataset.screens import Search
from maas_client.dataset.selection import Selection

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
MODELS = [None, catalog.get("Phi-3-medium-4k-instruct"), catalog.get("Phi-4-mini-instruct")]
PROFILES = [
    *(Profile("azureml", model) for model in MODELS),
    *(Profile("foundry", model) for model in MODELS),
    Profile("azureml", None, "dpo"),
    Profile("foundry", None, "dpo"),
]
RULES: tuple[Rule[Row], ...] = (*FOR_ROWS, *FOR_TEXTS)
SEARCH = Search(rule.screen for rule in FOR_TEXTS)
SCANNERS = [(profile, Scanner(Selection(profile))) for profile in PROFILES if profile.method == "supervised"]

# fmt: off
KEYS = st.sampled_from([
    "messages", "tools", "input", "preferred_output", "non_preferred_output", "role", "content", "tool_calls",
    "function", "name", "arguments", "id", "type", "text", "image_url", "url", "weight", "tool_call_id", "parameters",
    "prompt", "completion", "conversations", "instruction", "output", "contents", "custom_id", "body", "function_call",
    "mesages", "",
])
WORDS = st.sampled_from([
    "user", "assistant", "system", "tool", "User", " assistant", "gpt", "function", "text", "image_url", "{}", "[]",
    "{", "a", "", " ", '{"messages": []}', "\ud800", "x" * 50,
])
# fmt: on
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5))
MESSAGES = st.lists(st.dictionaries(KEYS, VALUES, max_size=5) | VALUES, max_size=4)
ROWS = VALUES | st.fixed_dictionaries(
    {},
    optional={
        "messages": MESSAGES,
        "tools": VALUES,
        "input": st.fixed_dictionaries({"messages": MESSAGES}) | VALUES,
        "preferred_output": MESSAGES,
        "non_preferred_output": MESSAGES,
        "id": VALUES,
    },
)


@settings(max_examples=500)
@given(ROWS, st.sampled_from(PROFILES))
def test_rules_never_raise_and_point_at_something(value, profile):
    for rule in RULES:
        for problem in rule.check(Row(value, profile)):
            assert problem.message
            found = value
            for key in problem.path:
                found = found[key]
            if problem.offset is not None:
                assert isinstance(found, str)
                assert 0 <= problem.offset < len(found)


# fmt: off
PIECES = [
    "\x07", "\x1b[31m", "\x7f", "\x85", "\x08", "\uffff", "\u200b", "a\u200db", "\ufeff", "\u2060", "\U000e0041",
    "\u202e", "\u2066", "Ã©", "\xe2\u20ac\u2122", "Â°", "\xf0\u0178\u02dc", "ï»¿", "ÐŸÑ€", "\ufffd", "<|end|>",
    "<|im_start|>", "<|/tool|>", "<s>", "</s>", "<unk>", "<|eot_id|>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>",
    "<start_of_turn>", "As an AI language model", "as an AI,", "Sorry, but I cannot", "I apologize, but I can\u2019t",
    "I'm sorry, but I am unable", "I can't assist with", "I can\u2019t assist with", "I cannot assist with",
    "my knowledge cutoff", "As of my last knowledge update", "<think>", "</think>", "<reasoning>",
    "sandbox:/mnt/data/a.png", ":contentReference[oaicite:0]", "\u301012\u2020source\u3011", "\ue200", "Assistant: ",
    "\nHuman: ", "\n### Response:", "AKIA" + "IOSFODNN7Q2X4ABC", "ghp_" + "a1B2" * 9, "github_pat_" + "A1b2C3d4E5" * 3,
    "glpat-" + "x1y2z3w4v5-_u6t7s8r9", "xoxb-" + "123456789012-abcdef", "AIza" + "Sy_-x" * 7,
    "sk-" + "proj-abc123DEF456ghi789", "sk_live_" + "a1b2c3d4e5f6g7h8", "hf_" + "aB3" * 11, "npm_" + "a1B2" * 9,
    "pypi-AgE" + "aB_-1" * 9, "SG." + "a1B2c3D4e5" * 2 + "xy." + "a1B2c3D4e5" * 4 + "xyz",
    "AccountKey=" + "aB1+/c2d" * 10 + "==", "SharedAccessKey=" + "aB1/c2d3" * 6 + "=",
    "?sig=" + "aB1%2Bc2d" * 6 + "%3D", "abc8Q~" + "aB1~.c2d" * 4, "-----BEGIN RSA PRIVATE KEY-----",
    "postgres://bob:hunter22@db", "https://é:\u00fcx&+y1@[::1]",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9Pl",
    'api_key = "q9X7z/3LmPw8+RtY"', "PASSWORD: 'c0rrect&H0rse!B4tt'", '"secret":"zX81kQ0pLm4w"',
    "auth_token=='aZ9/bY8_cX7~dW6'", "jane.doe@contoso.com", "a+b@x.io", "_@a.co", "+44 20 7946 0958",
    "+1 (555) 123-4567", "(425) 555-0100", "425-555-0100", "425.555.0100", "4111 1111 1111 1111", "4111-1111-1111-1111",
    "4111111111111111", "3782 822463 10005", "DE89370400440532013000", "GB82 WEST 1234 5698 7654 32", "078-05-1120",
    "52.174.10.25", "jane@example.com", "203.0.113.7",
]
# fmt: on
GLUE = st.sampled_from(["", " ", "\n", "\t", "\\", '"', "é", "x", "1", ".", "\\n", "\r\n", "你", "7" * 45])
TEXTS = st.lists(st.sampled_from(PIECES) | GLUE | st.text(max_size=3), min_size=1, max_size=6).map("".join)
SHORT = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\", "/": "\\/"}
# What a writer escapes: what it must, all but ASCII, what is special in HTML, slashes, anything at random.
STYLES = ("least", "ascii", "html", "slashes", "random")


@st.composite
def written(draw, text):
    """A text as one of the many writers of JSON would write it."""
    style = draw(st.sampled_from(STYLES))
    upper = draw(st.booleans())
    return '"' + "".join(_character(draw, character, style, upper=upper) for character in text) + '"'


def _character(draw, character, style, *, upper):
    wanted = {
        "ascii": character > "\x7e",
        "html": character in "<>&'+`\"",
        "random": style == "random" and draw(st.integers(0, 9)) == 0,
    }.get(style, False)
    if "\ud800" <= character <= "\udfff":
        wanted = True
    if character in SHORT and not wanted and (character != "/" or style == "slashes"):
        return SHORT[character]
    if not wanted and character >= " ":
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    digits = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    return "".join(f"\\u{unit.upper() if upper else unit}" for unit in digits)


def _row(text):
    return {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": text}]}


def _found(text, profile=PROFILES[0]):
    """The numbers of the rules that find something in a text."""
    texts = SomeTexts((Text(("messages", 1, "content"), "assistant", text),), profile)
    return {number for number, rule in enumerate(FOR_TEXTS) if any(True for _ in rule.check(texts))}


@settings(max_examples=1500)
@given(st.lists(TEXTS, max_size=3), st.sampled_from(PROFILES))
def test_no_sign_is_overlooked(texts, profile):
    asked = SEARCH(texts)
    assert asked == sorted(set(asked))
    assert {(number, rule) for number, text in enumerate(texts) for rule in _found(text, profile)} <= set(asked)


@settings(max_examples=500)
@given(st.data())
def test_the_same_is_found_however_a_text_is_written(data):
    text = data.draw(TEXTS)
    block = json.dumps(_row("@@")).replace('"@@"', data.draw(written(text))).encode()
    assert json.loads(block) == _row(text)
    profile, scanner = data.draw(st.sampled_from(SCANNERS))
    scanned = scanner.scan(Block(0, len(block), block), Room(0, 0))
    found = {*scanned.counts, *(rule for rule, _ in scanned.grouped)} & {rule.id for rule in FOR_TEXTS}
    assert found == {FOR_TEXTS[number].id for number in _found(text, profile)}


@pytest.mark.parametrize("number", range(len(FOR_TEXTS)), ids=[rule.id for rule in FOR_TEXTS])
def test_every_rule_about_texts_finds_one_of_the_pieces(number):
    assert any(number in _found(piece) for piece in PIECES)


def test_most_texts_show_no_sign():
    assert SEARCH(["Good morning! How can I help you?", "In 2024, at 10:30."]) == []


@pytest.mark.parametrize("piece", PIECES)
def test_every_piece_is_found_by_a_rule(piece):
    assert _found(piece)
