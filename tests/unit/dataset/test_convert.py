"""Other formats to conversations."""

import json

import pytest

from maas_client.dataset.convert import Columns, convert, format_of
from maas_client.errors import ConfigurationError


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def converted(path, **arguments):
    rows = list(convert(path, **arguments))
    assert [row.problem for row in rows if row.text is None] == []
    return [json.loads(row.text or "") for row in rows]


def chat(*pairs):
    return {"messages": [{"role": role, "content": text} for role, text in pairs]}


def test_csv_with_quotes_line_feeds_and_a_mark(tmp_path):
    path = write(
        tmp_path, "faq.csv", b'\xef\xbb\xbfQuestion,Answer\r\n"a, b?","one\r\ntwo ""q"""\r\n\r\nc,\xc3\xa4\r\n'
    )
    assert converted(path) == [
        chat(("user", "a, b?"), ("assistant", 'one\r\ntwo "q"')),
        chat(("user", "c"), ("assistant", "ä")),
    ]


def test_tsv_and_columns_of_other_names(tmp_path):
    path = write(tmp_path, "faq.tsv", "id\tasks\tsays\n1\tq\ta\n")
    with pytest.raises(ConfigurationError) as caught:
        list(convert(path))
    assert "no column called prompt" in str(caught.value)
    assert "'asks'" in str(caught.value.hint)
    columns = Columns(prompt="asks", completion="says", system="Be brief.")
    assert converted(path, columns=columns) == [chat(("system", "Be brief."), ("user", "q"), ("assistant", "a"))]
    with pytest.raises(ConfigurationError, match="has no column 'nope'"):
        list(convert(path, columns=Columns(prompt="nope")))


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"prompt": "p", "completion": " c"}, chat(("user", "p"), ("assistant", "c"))),
        ({"prompt": "p", "completion": "    indented"}, chat(("user", "p"), ("assistant", "   indented"))),
        ({"instruction": "i", "input": "x", "output": "o"}, chat(("user", "i\n\nx"), ("assistant", "o"))),
        (
            {"instruction": "i", "input": "", "output": "o", "system": "s", "history": [["a", "b"]]},
            chat(("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "i"), ("assistant", "o")),
        ),
        (
            {"conversations": [{"from": "human", "value": "h"}, {"from": "gpt", "value": "g"}], "id": "1"},
            chat(("user", "h"), ("assistant", "g")),
        ),
        (
            {"system": "s", "conversations": [{"role": "User", "content": "h"}, {"from": "bot", "value": "g"}]},
            chat(("system", "s"), ("user", "h"), ("assistant", "g")),
        ),
        ({"question": "q", "answer": "\ud800"}, chat(("user", "q"), ("assistant", "\ud800"))),
        (chat(("user", "u"), ("assistant", "a")), chat(("user", "u"), ("assistant", "a"))),
    ],
)
def test_shapes_of_json(tmp_path, row, wanted):
    path = write(tmp_path, "rows.jsonl", json.dumps(row) + "\n\n")
    assert converted(path) == [wanted]
    array = write(tmp_path, "rows.json", json.dumps([row, row], indent=1))
    assert converted(array) == [wanted, wanted]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("[1]", "it is no object"),
        ("{", "it is not JSON"),
        ('{"text": "t"}', "none of its fields ('text') is called prompt"),
        ('{"prompt": "p"}', "none of its fields ('prompt') is called completion"),
        ('{"prompt": " ", "completion": "c"}', "its 'prompt' is empty"),
        ('{"prompt": 1, "completion": "c"}', "its 'prompt' is no text"),
        ('{"instruction": "i", "output": "o", "history": [1]}', "its 'history' is not a list"),
        ('{"instruction": "i", "output": "o", "system": 1}', "its 'system' is no text"),
        ('{"conversations": [{"from": "oracle", "value": "v"}]}', "turn 1 is of 'oracle'"),
        ('{"conversations": [{"from": "gpt"}]}', "turn 1 has no text"),
        ('{"conversations": [3]}', "turn 1 is of None"),
    ],
)
def test_a_row_that_cannot_be_converted_says_why(tmp_path, line, problem):
    good = '{"prompt": "p", "completion": "c"}'
    path = write(tmp_path, "rows.jsonl", f"{good}\n{line}\n{good}\n")
    rows = list(convert(path))
    assert [row.line for row in rows] == [1, 2, 3]
    assert rows[1].text is None
    assert rows[1].problem.startswith(problem)
    assert rows[0].text == rows[2].text


def test_broken_cells_and_bytes_are_rows_with_a_problem(tmp_path):
    rows = list(convert(write(tmp_path, "a.csv", "prompt,completion\na,b,c\nd,e\n")))
    assert [(row.line, row.problem) for row in rows] == [(2, "it has 3 cells, the header 2"), (3, "")]
    rows = list(convert(write(tmp_path, "b.jsonl", b'{"prompt": "\xff"}\n')))
    assert rows[0].problem == "it is not UTF-8 (byte 0xff)"


@pytest.mark.parametrize("name", ["a.csv", "a.json"])
def test_a_file_of_another_encoding_is_refused(tmp_path, name):
    path = write(tmp_path, name, b'[{"prompt,completion": "\xe4"}]\n')
    with pytest.raises(ConfigurationError, match="is not UTF-8"):
        list(convert(path))


def test_files_that_are_not_there_empty_or_no_json(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        list(convert(tmp_path / "none.csv"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        list(convert(tmp_path / "none.jsonl"))
    with pytest.raises(ConfigurationError, match="is empty"):
        list(convert(write(tmp_path, "e.csv", "")))
    with pytest.raises(ConfigurationError, match="is not JSON"):
        list(convert(write(tmp_path, "e.json", "[1,")))
    assert list(convert(write(tmp_path, "e.jsonl", "\n"))) == []


def test_the_format_is_told_by_ending_and_beginning(tmp_path):
    assert format_of(write(tmp_path, "a.CSV", "x")) == "csv"
    assert format_of(write(tmp_path, "a.tab", "x")) == "tsv"
    assert format_of(write(tmp_path, "a.jsonl", '\ufeff \n[{"a": 1}]')) == "json"
    assert format_of(write(tmp_path, "b.jsonl", '{\n "a": 1}')) == "json"
    assert format_of(write(tmp_path, "c.jsonl", '{"a": 1}')) == "jsonl"


def test_an_answer_longer_than_csv_reads_by_itself(tmp_path):
    long = "x" * 200_000
    [row] = converted(write(tmp_path, "a.csv", f"prompt,completion\np,{long}\n"))
    assert row["messages"][1]["content"] == long
