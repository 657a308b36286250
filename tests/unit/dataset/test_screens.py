"""The search for signs of rules: several texts at once, in windows."""

import re

import pytest

from maas_client.dataset.screens import WINDOW_BYTES, Search, shape, sign

LONG = sign("long word")
DIGITS = sign("00 00", shape=True, near=re.compile(rb"1[0-9]"))
SEARCH = Search(((LONG,), (DIGITS,), (LONG, DIGITS), (sign("word"),)))


def test_each_text_is_told_with_the_rules_that_have_to_read_it():
    assert SEARCH(["nothing", "a long word", "12-34", "22-34", "", "word"]) == [
        (1, 0), (1, 2), (1, 3), (2, 1), (2, 2), (5, 3),
    ]  # fmt: skip


def test_nothing_to_look_for_or_in():
    assert SEARCH([]) == []
    assert Search(())(["word"]) == []


def test_no_word_goes_over_two_texts():
    assert SEARCH(["a long", "word"]) == [(1, 3)]
    assert SEARCH(["a long ", "wor", "d"]) == []


@pytest.mark.parametrize("before", range(WINDOW_BYTES - 10, WINDOW_BYTES + 2))
def test_a_word_on_the_border_of_two_windows_is_found(before):
    assert SEARCH(["-" * before + "long word"]) == [(0, 0), (0, 2), (0, 3)]
    assert SEARCH(["x", "-" * (before - 2) + "12-34"]) == [(1, 1), (1, 2)]


@pytest.mark.parametrize(("digits", "shaped"), [(39, "0" * 39), (40, "0" * 19 + "_" * 21), (100, "0" * 19 + "_" * 81)])
def test_digits_that_go_on_and_on_are_not_each_the_beginning_of_a_number(digits, shaped):
    assert shape(f"A-{'7' * digits} 1".encode()) == f"A {shaped} 0".encode()
