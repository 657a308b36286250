"""Parting a file: a partition, the same everywhere, and prompts stay together."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas_client.dataset.split import split
from maas_client.errors import ConfigurationError, DatasetError


def row(question, answer="yes", **extra):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": messages, **extra}, ensure_ascii=False)


def write(folder, lines, name="all.jsonl"):
    path = folder / name
    path.write_bytes("\n".join(lines).encode() + b"\n")
    return path


def parts(done):
    return [file.read_bytes().splitlines() for file in (done.training, done.validation)]


def test_the_parts_are_the_rows_byte_for_byte(tmp_path):
    lines = [row(f"question {n} ä\u2028") for n in range(100)]
    path = write(tmp_path, lines)
    done = split(path, validation=0.1, seed=7)
    assert (done.training_rows, done.validation_rows, done.groups) == (90, 10, 100)
    training, validation = (file.read_bytes().split(b"\n")[:-1] for file in (done.training, done.validation))
    assert sorted(training + validation) == sorted(line.encode() for line in lines)
    order = [line.encode() for line in lines]
    assert training == [line for line in order if line in set(training)]


def test_seed_and_rows_alone_decide(tmp_path):
    lines = [row(f"question {n}") for n in range(60)]
    first = split(write(tmp_path, lines, "a.jsonl"), validation=0.2, seed=1)
    turned = split(write(tmp_path, lines[::-1], "b.jsonl"), validation=0.2, seed=1)
    other = split(write(tmp_path, lines, "c.jsonl"), validation=0.2, seed=2)
    assert set(parts(first)[1]) == set(parts(turned)[1])
    assert set(parts(first)[1]) != set(parts(other)[1])


def test_the_same_prompt_stays_on_one_side(tmp_path):
    lines = [row(f"Is {n // 4} even?" if n % 2 else f"  is {n // 4} EVEN", f"answer {n}") for n in range(200)]
    done = split(write(tmp_path, lines), validation=0.25, seed=3)
    training, validation = (
        {json.loads(line)["messages"][0]["content"].split()[1] for line in part} for part in parts(done)
    )
    assert done.groups == 50
    assert done.validation_rows == 48
    assert not training & validation


def test_rows_may_be_parted_where_only_identical_ones_must_not(tmp_path):
    lines = [row("the same question", f"answer {n % 10}") for n in range(20)]
    path = write(tmp_path, lines)
    with pytest.raises(DatasetError, match="1 group with the same prompt"):
        split(path, validation=0.2)
    done = split(path, validation=0.2, together="row")
    assert (done.training_rows, done.validation_rows) == (16, 4)
    assert not set(parts(done)[0]) & set(parts(done)[1])


def test_preference_rows_and_rows_of_other_shapes_are_parted_too(tmp_path):
    pair = {
        "input": {"messages": [{"role": "user", "content": "why"}]},
        "preferred_output": [],
        "non_preferred_output": [],
    }
    lines = [json.dumps(pair), json.dumps({**pair, "n": 1}), *(json.dumps({"prompt": n}) for n in range(8))]
    done = split(write(tmp_path, lines), validation=0.5, seed=5)
    assert done.groups == 9
    assert sum(b"why" in line for line in parts(done)[0]) in (0, 2)


def test_what_cannot_be_done_is_told_and_leaves_nothing(tmp_path):
    good = [row(f"q{n}") for n in range(10)]
    path = write(tmp_path, [*good, '{"messages": '])
    for share in (0, 1, -0.1, 1.5, float("nan")):
        with pytest.raises(ConfigurationError, match="no share"):
            split(path, validation=share)
    with pytest.raises(DatasetError, match=r"all\.jsonl:11: not a row"):
        split(path, validation=0.1)
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ConfigurationError, match="does not exist"):
        split(tmp_path / "none.jsonl", validation=0.1)
    with pytest.raises(ConfigurationError, match="written over while it is read"):
        split(path, validation=0.1, training_out=path, force=True)


def test_nothing_is_written_over_unless_asked(tmp_path):
    path = write(tmp_path, [row(f"q{n}") for n in range(10)])
    taken = tmp_path / "all.validation.jsonl"
    taken.write_text("mine")
    with pytest.raises(ConfigurationError, match="is there already"):
        split(path, validation=0.1)
    assert taken.read_text() == "mine"
    assert not (tmp_path / "all.train.jsonl").exists()
    assert split(path, validation=0.1, force=True).validation_rows == 1
    assert taken.read_text() != "mine"


@given(
    questions=st.lists(st.text(max_size=8), min_size=2, max_size=40),
    share=st.floats(0.01, 0.99),
    seed=st.integers(),
)
def test_a_split_is_a_partition(tmp_path_factory, questions, share, seed):
    folder = tmp_path_factory.mktemp("split")
    lines = [json.dumps({"messages": [{"role": "user", "content": text}]}).encode() for text in questions]
    path = folder / "all.jsonl"
    path.write_bytes(b"\n".join(lines))
    try:
        done = split(path, validation=share, seed=seed)
    except DatasetError:
        assert len(list(folder.iterdir())) == 1
        return
    training, validation = parts(done)
    assert sorted(training + validation) == sorted(lines)
    assert 1 <= done.validation_rows <= max(1, share * len(lines))
    assert not set(training) & set(validation)
