"""The service's rules about data and hyperparameters, one test each."""

import json
from pathlib import Path

import pytest

from maas_client.server.engine import TrainingInput, TrainingPlan, make_plan, scan
from maas_client.server.engine.data import split_at

GOOD = {"messages": [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "At the door."}]}
LINE = json.dumps(GOOD)


def run(
    tmp_path: Path,
    training: bytes | list[str],
    validation: bytes | list[str] | None = None,
    model: str = "Phi-3-mini-4k-instruct",
    **hyper: str,
) -> TrainingPlan:
    first = tmp_path / "t.jsonl"
    first.write_bytes(training if isinstance(training, bytes) else "\n".join(training).encode())
    second = None
    if validation is not None:
        second = tmp_path / "v.jsonl"
        second.write_bytes(validation if isinstance(validation, bytes) else "\n".join(validation).encode())
    return make_plan(TrainingInput("job", model, first, second, hyper))


def messages(*found: object, **more: object) -> str:
    return json.dumps({"messages": list(found), **more})


USER, BOT = GOOD["messages"]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "   ",
        "{",
        '{"messages": [1,]}',
        "[1]",
        "3",
        '"messages"',
        "null",
        "[" * 100_000,
        '{"prompt": "a", "completion": "b"}',
        '{"messages": "hello"}',
        '{"messages": null}',
        messages("hello", BOT),
        messages({"content": "a"}, BOT),
        messages({"role": None, "content": "a"}, BOT),
        messages({"role": 3, "content": "a"}, BOT),
        messages({"role": "user"}, BOT),
        messages({"role": "user", "content": None}, BOT),
        messages({"role": "user", "content": 7}, BOT),
        messages({"role": "user", "content": {"text": "a"}}, BOT),
        messages(USER, {"role": "assistant", "tool_calls": "f()"}),
    ],
)
def test_bad_lines_are_skipped_with_a_warning(tmp_path, bad):
    made = run(tmp_path, [LINE] * 5 + [bad] + [LINE] * 10)
    assert made.error is None
    assert made.warnings == (
        "Total 1 json lines skipped in your dataset,due to either empty or invalid format of json.",
    )
    assert any("line 6:" in line.text for line in made.logs)


@pytest.mark.parametrize(
    "good",
    [
        messages(USER, BOT, weight=1, id="x"),
        messages(USER, BOT, tools=[{"type": "function", "function": {"name": "f"}}]),
        messages(USER, {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}),
        messages({"role": "user", "content": ""}, BOT),
        messages({"role": "user", "content": 0}, BOT),
        messages({"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image"}, 3]}, BOT),
        messages(BOT, USER),
        messages(USER, BOT) + "\r",
        r'{"messages":[{"role":"user","content":"\ud800"},{"role":"assistant","content":"\udfff x"}]}',
    ],
)
def test_what_the_service_takes_is_taken(tmp_path, good):
    made = run(tmp_path, [good] * 10, [LINE])
    assert made.error is None
    assert made.warnings == ()


def test_each_file_has_its_own_warning(tmp_path):
    made = run(tmp_path, [LINE] * 10 + ["x", "y"], [LINE, "{"])
    assert [warning.split()[1] for warning in made.warnings] == ["2", "1"]


def test_only_the_first_skipped_lines_are_logged(tmp_path):
    made = run(tmp_path, ["x"] * 500 + [LINE] * 20)
    assert sum("Bad input data" in line.text for line in made.logs) == scan.MAX_PROBLEMS
    assert made.warnings[0].startswith("Total 500 json lines")


@pytest.mark.parametrize(
    ("rows", "validation", "passes"), [(9, True, False), (10, True, True), (12, False, False), (13, False, True)]
)
def test_ten_training_rows_must_remain_after_the_split(tmp_path, rows, validation, passes):
    made = run(tmp_path, [LINE] * rows, [LINE] if validation else None)
    assert (made.error is None) is passes
    if made.error:
        assert made.error.message.startswith(
            "Training dataset has 9 non-null samples, which is fewer than 10 samples, which is the min required"
        )
        assert made.error.code == "UserError"
        assert made.stages[-1][0] == "Failed"
        assert made.logs[-1].text.startswith("ERROR UserError: Training dataset has 9")


def test_the_split_is_four_to_one():
    assert [split_at(rows) for rows in (0, 1, 5, 100, 200)] == [0, 0, 4, 80, 160]


def test_dialogs_of_one_message_are_dropped_after_the_split(tmp_path):
    made = run(tmp_path, [LINE] * 9 + [messages(USER), messages()], [LINE])
    assert made.error is not None
    assert "has 9 non-null" in made.error.message
    assert made.warnings == ()


def test_an_empty_file_fails(tmp_path):
    made = run(tmp_path, b"")
    assert made.error is not None
    assert "has 0 non-null samples" in made.error.message


@pytest.mark.parametrize("validation", [b"", messages(USER).encode()])
def test_a_validation_file_without_examples_fails(tmp_path, validation):
    made = run(tmp_path, [LINE] * 10, validation)
    assert made.error is not None
    assert made.error.message.startswith("Found no examples after data preprocessing")


def test_no_assistant_tokens_fail(tmp_path):
    mute = messages(USER, USER)
    for made in (run(tmp_path, [mute] * 10, [LINE]), run(tmp_path, [LINE] * 10, [mute])):
        assert made.error is not None
        assert made.error.message.startswith("Unable to continue finetuning. No assistant tokens found")


def test_rows_without_assistant_tokens_are_dropped_after_the_count(tmp_path):
    made = run(tmp_path, [LINE] + [messages(USER, USER)] * 9, [LINE])
    assert made.error is None
    assert any(line.text == "  Num examples = 1" for line in made.logs)


def test_answers_cut_off_by_the_sequence_length_do_not_count(tmp_path):
    made = run(tmp_path, [LINE] * 10, [LINE], max_seq_length="8")
    assert made.error is not None
    assert "No assistant tokens" in made.error.message


@pytest.mark.parametrize(
    ("model", "sent", "same_as"),
    [
        ("Phi-3-mini-4k-instruct", {}, "4096"),
        ("Phi-3-mini-4k-instruct", {"max_seq_length": "9999"}, "4096"),
        ("Phi-3-mini-128k-instruct", {}, "8192"),
        ("Phi-4", {"max_seq_length": "-1"}, "131072"),
    ],
)
def test_the_sequence_length_is_at_most_the_model_s(tmp_path, model, sent, same_as):
    long = messages({"role": "user", "content": "a"}, {"role": "assistant", "content": "word " * 200_000})
    tokens = [
        run(tmp_path, [long] * 10, [LINE], model, **hyper).properties["__azureml_ft_assistant_tokens"]
        for hyper in (sent, {"max_seq_length": same_as})
    ]
    assert tokens[0] == tokens[1]


@pytest.mark.parametrize("where", [0, 5000])
def test_invalid_utf_8_fails_the_run(tmp_path, where):
    text = (LINE + "\n").encode() * 100
    made = run(tmp_path, text[:where] + b"\xff" + text[where:])
    assert made.error is not None
    assert made.error.message.startswith("Invalid file passed, Failure while reading from file with error: 'utf-8'")


def test_a_byte_order_mark_is_tolerated(tmp_path):
    made = run(tmp_path, b"\xef\xbb\xbf" + (LINE + "\r\n").encode() * 20)
    assert made.error is None
    assert made.warnings == ()


def test_a_missing_file_fails_without_naming_a_path(tmp_path):
    made = make_plan(TrainingInput("job", "Phi-4", tmp_path / "gone.jsonl", None, {}))
    assert made.error is not None
    assert "cannot be read" in made.error.message
    assert "gone" not in made.error.message


def test_an_overlong_line_is_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr(scan, "MAX_LINE", len(LINE) + 1)
    long = json.dumps({"messages": [USER, {"role": "assistant", "content": "x" * 1000}]})
    made = run(tmp_path, [LINE] * 10 + [long] + [LINE] * 5 + [long])
    assert made.error is None
    assert made.warnings[0].startswith("Total 2 json lines")
    assert any("line 11: longer than" in line.text for line in made.logs)


def test_the_answer_index_is_bounded_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(scan, "MAX_PAIRS", 3)
    made = run(tmp_path, [LINE] * 20)
    assert len(json.loads(made.artifacts["maas_answers.json"])["answers"]) == 3
    assert json.loads(made.artifacts["maas_simulated.json"])["answers_complete"] is False
    assert any("first 3 answers only" in line.text for line in made.logs)
    monkeypatch.setattr(scan, "MAX_PAIR_CHARS", 2 * (len(USER["content"]) + len(BOT["content"])))
    assert len(json.loads(run(tmp_path, [LINE] * 20).artifacts["maas_answers.json"])["answers"]) == 2


def test_every_answered_turn_of_a_dialog_is_an_answer(tmp_path):
    dialog = messages(
        BOT, USER, BOT, BOT, {"role": "user", "content": "And now?"}, {"role": "assistant", "content": "Gone."}
    )
    answers = json.loads(run(tmp_path, [dialog] * 10, [LINE]).artifacts["maas_answers.json"])["answers"]
    assert [(entry["user"], entry["answer"]) for entry in answers[:2]] == [
        ("Where is it?", "At the door."),
        ("And now?", "Gone."),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_train_epochs", "three"),
        ("num_train_epochs", "1.5"),
        ("num_train_epochs", ""),
        ("num_train_epochs", "0"),
        ("num_train_epochs", "-1"),
        ("num_train_epochs", "1001"),
        ("num_train_epochs", "9" * 400),
        ("per_device_train_batch_size", "0"),
        ("per_device_train_batch_size", "1e1"),
        ("learning_rate", "fast"),
        ("learning_rate", "0"),
        ("learning_rate", "-1e-5"),
        ("learning_rate", "nan"),
        ("learning_rate", "inf"),
        ("max_seq_length", "0"),
        ("max_seq_length", "\ud800"),
    ],
)
def test_a_bad_hyperparameter_fails_the_run(tmp_path, name, value):
    made = run(tmp_path, [LINE] * 20, **{name: value})
    assert made.error is not None
    assert made.error.message.startswith(f"Invalid value set for {name}: ")
    made.error.message.encode("ascii")


def test_numbers_are_read_as_python_reads_them(tmp_path):
    assert run(tmp_path, [LINE] * 20, num_train_epochs=" 2 ", learning_rate="2E-5").error is None


def test_fingerprints_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(scan, "MAX_FINGERPRINTS", 2)
    path = tmp_path / "t"
    path.write_text(f"{LINE}\n{LINE}\n{messages(USER, USER)}\n")
    assert scan.scan(path, 100).distinct == 0.5
