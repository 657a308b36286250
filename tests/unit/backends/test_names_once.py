"""Answers in which a name stands twice are refused, whatever stands in their texts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas_client.backends.azureml._wire import decode_object

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "text",
    [
        '{"properties": {"status": "Failed", "status": "Completed"}}',
        '{"a": 1, "\\u0061": 2}',
        '{"list": [{"b": {}, "b"\n\t : []}]}',
    ],
)
def test_a_name_that_stands_twice_is_an_error(text):
    with pytest.raises(ValueError, match="twice"):
        decode_object(text.encode())


@pytest.mark.parametrize("text", ['{"a": "x\\": 1, \\"a\\": 2"}', '{"a": {"b": 1}, "b": {"b": 1}}', '{"a": "\\":"}'])
def test_texts_that_look_like_names_are_none(text):
    assert decode_object(text.encode()) == json.loads(text)


@given(value=st.dictionaries(st.text(), VALUES, max_size=4), spaced=st.booleans(), escaped=st.booleans())
def test_what_json_writes_is_read_back(value, spaced, escaped):
    separators = (" , ", " : ") if spaced else (",", ":")
    assert decode_object(json.dumps(value, separators=separators, ensure_ascii=escaped).encode()) == value
