"""What there is in a dataset: numbers, what they are worth, what they cost, and one row looked at."""

import json
from datetime import date

import pytest

from maas_client import catalog
from maas_client.dataset.cost import Price, cost, read_prices
from maas_client.dataset.preview import preview
from maas_client.dataset.stats import spread, stats
from maas_client.errors import ConfigurationError, DatasetError

MINI, PHI_4 = catalog.get("Phi-3-mini-4k-instruct"), catalog.get("Phi-4")


def row(question="What is 2 and 2?", answer="It is 4.", **extra):
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}], **extra}


def write(folder, *rows, name="train.jsonl"):
    path = folder / name
    path.write_text(
        "".join((each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)) + "\n" for each in rows)
    )
    return path


def test_rows_turns_and_roles_need_no_model(tmp_path):
    three = {"messages": [{"role": "system", "content": "s"}, *row()["messages"]]}
    found = stats(write(tmp_path, row(), three, "{", '{"text": "t"}', ""))
    assert (found.rows, found.unread, found.messages) == (2, 2, 5)
    assert found.turns == {2: 1, 3: 1}
    assert found.role_messages == {"user": 2, "assistant": 2, "system": 1}
    assert (found.tokens, found.precision, found.kept_tokens) == (None, None, 0)
    json.dumps(found.to_dict())


def test_tokens_of_rows_add_up(tmp_path):
    one = stats(write(tmp_path, row()), model=MINI)
    many = stats(write(tmp_path, *[row()] * 7), model=MINI)
    assert one.tokens is not None
    assert many.tokens is not None
    assert many.tokens.total == 7 * one.tokens.total == 7 * one.tokens.median
    assert many.trained_tokens == 7 * one.trained_tokens
    assert many.roles["user"].total + many.roles["assistant"].total < many.tokens.total
    assert (one.precision, one.tokenizer, one.limit, one.band) == ("exact", "llama-32k", 4096, None)


def test_what_training_cuts_off_is_not_kept(tmp_path):
    found = stats(write(tmp_path, row(), row(answer="word " * 5000)), model=MINI)
    assert found.tokens is not None
    assert found.cut_rows == 1
    assert found.kept_tokens == found.tokens.total - found.cut_tokens == found.tokens.least + 4096


def test_an_estimate_has_a_band_that_follows_the_text(tmp_path):
    plain = stats(write(tmp_path, row()), model=PHI_4)
    mixed = stats(write(tmp_path, row(answer="Es ist 4, natürlich. 四")), model=PHI_4)
    assert plain.precision == mixed.precision == "estimate"
    assert plain.band == (0.96, 1.04)
    assert mixed.band == (0.57, 1.48)


def test_a_spread_counts_every_number_once():
    found = spread([5, 1, 1, 100, 37])
    assert (found.total, found.least, found.median, found.most) == (144, 1, 5, 100)
    assert sum(count for _, _, count in found.histogram) == 5
    assert found.histogram[0][0] == 1
    assert found.histogram[-1][0] <= 100 <= found.histogram[-1][1]
    assert spread([]).histogram == ()
    assert spread([3]).histogram == ((3, 3, 1),)


def test_a_bill_is_tokens_times_epochs_and_money_only_with_a_price(tmp_path):
    train, held = write(tmp_path, *[row()] * 10), write(tmp_path, *[row()] * 2, name="held.jsonl")
    one = stats(write(tmp_path, row(), name="one.jsonl"), model=MINI).kept_tokens
    found = cost(train, model=MINI, epochs=3, validation=held)
    assert (found.training_tokens, found.validation_tokens) == (10 * one, 2 * one)
    assert found.billed_tokens == found.least_tokens == found.most_tokens == 36 * one
    assert (found.price, found.amount) == (None, None)
    priced = cost(train, model=MINI, epochs=1, price=Price(2.0, "USD"))
    assert priced.amount == (20 * one / 1000, 20 * one / 1000)
    rough = cost(train, model=PHI_4, epochs=2, price=Price(1.0))
    assert rough.amount is not None
    assert rough.amount[0] < rough.billed_tokens / 1000 < rough.amount[1]
    with pytest.raises(ConfigurationError, match="no number of epochs"):
        cost(train, model=MINI, epochs=0)


def test_prices_come_from_a_dated_list(tmp_path):
    path = tmp_path / "prices.toml"
    table = '[training_per_1k_tokens]\n"Phi-4" = 0.003\n"Phi-3-mini-4k-instruct" = "x"\n'
    path.write_text(f'dated = 2026-11-01\ncurrency = "USD"\n{table}')
    assert read_prices(path, PHI_4) == Price(0.003, "USD", date(2026, 11, 1))
    assert read_prices(path, catalog.get("Phi-4-mini-instruct")) is None
    for content, words in (
        (None, "is no number"), ("[training_per_1k_tokens]\n", "is no list of prices"), ("x = ", "is not TOML"),
    ):  # fmt: skip
        if content is not None:
            path.write_text(content)
        with pytest.raises(ConfigurationError, match=words):
            read_prices(path, MINI)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_prices(tmp_path / "none.toml", MINI)


def test_one_row_as_the_model_is_given_it(tmp_path):
    path = write(tmp_path, row(), "", {"messages": [{"role": "tool", "content": "t"}, *row("Hi", "Yo")["messages"]]})
    found = preview(path, model=MINI, row=2)
    assert (found.line, found.left_out, found.precision) == (3, ("tool",), "exact")
    assert "".join(token.text for token in found.tokens) == "<|user|>Hi<|end|><|assistant|>Yo<|end|><|endoftext|>"
    assert [token.text for token in found.tokens if token.trained] == ["Y", "o", "<|end|>", "<|endoftext|>"]
    assert not any(token.cut for token in found.tokens)


def test_a_row_that_cannot_be_shown(tmp_path):
    path = write(tmp_path, row(), "{")
    with pytest.raises(ConfigurationError, match="There is no row 9"):
        preview(path, model=MINI, row=9)
    with pytest.raises(DatasetError, match="holds no conversation"):
        preview(path, model=MINI, row=2)
