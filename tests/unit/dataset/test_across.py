"""Rows beside other rows: copies, leakage, contradictions, proportion; with one process and with several."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap

import pytest

from maas_client.dataset import check, parallel
from maas_client.dataset.repeats import repeats
from maas_client.dataset.sketch import said, sketch

FIRST, LAST = ("kal", "tem", "bor", "nis", "vud", "gam"), ("a", "emo", "ir", "ust", "olm")
WORDS = [f"{first}{last}" for first in FIRST for last in LAST]


def words(seed, count=120):
    return " ".join(random.Random(seed).choices(WORDS, k=count))


def row(prompt, answer="", **extra):
    messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer or f"to {prompt}"}]
    return json.dumps({"messages": [*extra.pop("before", []), *messages], **extra})


GOOD = [row(words(seed)) for seed in range(30)]


@pytest.fixture
def found(tmp_path):
    """The findings for rows behind 30 good ones, by line; for validation rows if they are given."""

    def run(lines, validation=None, **arguments):
        path, other = tmp_path / "train.jsonl", tmp_path / "held-out.jsonl"
        path.write_text("\n".join([*GOOD, *lines]) + "\n")
        if validation is not None:
            other.write_text("\n".join(validation) + "\n")
        report = check(path, validation=other if validation is not None else None, **arguments)
        return [(finding.rule, finding.line, finding.message) for finding in report.findings]

    return run


def test_good_rows_have_no_findings(found):
    assert found([]) == []
    assert found([], [row(words(seed)) for seed in range(100, 110)]) == []


@pytest.mark.parametrize(
    ("lines", "rule", "message"),
    [
        ([GOOD[3]], "DUP001", "The same conversation as line 4."),
        ([GOOD[3].replace(": ", ":")], "DUP001", "line 4."),
        ([row(words(3).upper() + " !", "to  " + words(3))], "DUP002", "line 4."),
        ([row("Straße ①", "Ja"), row("STRASSE 1", "ja.")], "DUP002", "line 31."),
        ([row(words(3) + " indeed")], "DUP003", "line 4 (some"),
        ([row("Who?", "I."), row("who", "You")], "DUP004", "2 answers to one prompt: this, and that of line 31."),
        ([row("long", words(5, 20_000))], "LEN002", "holds"),
    ],
)
def test_copies_and_contradictions(found, lines, rule, message):
    [(name, line, text)] = found(lines)
    assert (name, line) == (rule, 30 + len(lines))
    assert message in text


@pytest.mark.parametrize(
    ("validation", "rule", "message"),
    [
        (GOOD[3], "LEK001", "line 4 of"),
        (row(words(3).upper(), "TO " + words(3)), "LEK002", "line 4 of"),
        (row(words(3) + " indeed"), "LEK003", "line 4 of"),
        (row(words(3), words(555, 300)), "LEK004", "line 4 of"),
    ],
)
def test_leakage_from_training_into_validation(found, validation, rule, message):
    [(name, line, text)] = found([], [row(words(99)), validation])
    assert (name, line) == (rule, 2)
    assert message in text


def test_exact_leakage_is_an_error_whatever_stands_before_it(found):
    first, second = row("Same question", "Same answer"), row("same question!", "same answer")
    assert [(name, line) for name, line, _ in found([first, second], [second])] == [("DUP002", 32), ("LEK001", 1)]


@pytest.mark.parametrize(
    "pair",
    [
        (row("2+2", "4"), row("22", "22")),
        (row("x > y", "a"), row("x < y", "b")),
        (row("really?", "\U0001f44d"), row("truly?", "\U0001f44e")),
        (row("price 1.5", "a"), row("price 15", "b")),
        (row("sum", "a", before=[{"role": "system", "content": "one"}]),
         row("sum", "b", before=[{"role": "system", "content": "two"}])),
        (row(words(50, 8)), row(words(50, 8) + " more")),
    ],
)  # fmt: skip
def test_what_differs_is_no_copy(found, pair):
    assert found(pair) == []


def test_a_template_shared_by_rows_makes_them_no_copies(found):
    lines = [row(f"{words(7, 200)} {words(seed, 60)}") for seed in range(200, 280)]
    assert found(lines) == []


def test_many_rows_alike_are_told_of_once(found):
    lines = [row(f"{words(seed % 15, 200)} {seed}", words(seed, 5)) for seed in range(200, 320)]
    [(name, _, message)] = found(lines)
    assert name == "DUP006"
    assert "nearly the same as an earlier one" in message


def test_one_answer_to_everything(found):
    assert found([row(words(seed), "No.") for seed in range(100, 600)])[0][0] == "DUP005"
    assert found([row(words(seed), "No.") for seed in range(100, 200)]) == []


def test_a_row_out_of_proportion(found):
    lines = [row(words(seed)) for seed in range(100, 1300)]
    [(name, line, message)] = found([*lines, row("long", words(5, 3000))])
    assert (name, line) == ("LEN001", 1231)
    assert "times the usual" in message


def test_rows_in_other_forms_are_compared_too(found):
    tool = {"tools": [{"type": "function", "function": {"name": "f"}}]}
    assert found([row("ask", "say", **tool), row("ask", "say", **tool)])[0][:2] == ("DUP001", 32)
    parts = [{"role": "user", "content": [{"type": "text", "text": "a"}]}, {"role": "assistant", "content": "b"}]
    lines = [json.dumps({"messages": parts})] * 2
    assert ("DUP001", 32) in [finding[:2] for finding in found(lines)]


def test_what_cannot_be_compared():
    assert said([1]) is None
    asked = said({"input": {"a": 1}, "preferred_output": [2]})
    assert asked is not None
    assert asked.texts == ['{"a": 1}', '{"preferred_output": [2]}']
    assert list(sketch([3], [None]).near) == [0] * 4
    assert said({"messages": ["x"]}) == (("None",), ["null"])


def test_repeats_in_passes(monkeypatch):
    numbers = [random.Random(7).randrange(1, 400) << 40 for _ in range(1000)] + [0, 0]
    first: dict[int, int] = {}
    expected = [(place, first[number]) for place, number in enumerate(numbers)
                if number and first.setdefault(number, place) != place]  # fmt: skip

    def chunks():
        return [numbers[:300], numbers[300:]]

    assert list(repeats(chunks, len(numbers))) == expected
    monkeypatch.setattr("maas_client.dataset.repeats.MAX_PASS_CANDIDATES", 50)
    monkeypatch.setattr("maas_client.dataset.repeats.MAX_PASS_NUMBERS", 500)
    assert sorted(repeats(chunks, len(numbers))) == expected


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Some 4 MB with all kinds of findings spread over it."""
    chance = random.Random(7)
    lines = [row(words(seed, 40)) for seed in range(6000)]
    for odd in ("{}", "", "nope", row("a", "b"), row("a", "c"), lines[5], '{"messages": "\xff"}', lines[9] + "\r"):
        for _ in range(5):
            lines.insert(chance.randrange(len(lines)), odd)
    path = tmp_path_factory.mktemp("large") / "train.jsonl"
    path.write_bytes("\n".join(lines).encode("latin-1"))
    return path


@pytest.mark.parametrize("limit", [10, 1000])
def test_findings_do_not_depend_on_the_number_of_processes(large, limit):
    alone = check(large, jobs=1, limit=limit)
    assert len(alone.findings) > 9
    assert check(large, jobs=2, limit=limit) == alone
    assert check([large, large], validation=large, jobs=3) == check([large, large], validation=large, jobs=1)


class Failing:
    def measure(self, messages, tools):
        raise ValueError("not today")


def test_what_a_worker_raises_is_raised_here(large):
    with pytest.raises(ValueError, match="not today"):
        check(large, jobs=2, tokens=Failing)


def test_small_files_need_no_other_process():
    assert parallel.jobs_for(1000) == 1
    assert parallel.jobs_for(10**9) == min(len(os.sched_getaffinity(0)), parallel.MAX_JOBS)


SCRIPT = """
import sys
from maas_client.dataset import check, Progress
def told(progress):
    print("reading", flush=True)
check("-", jobs=2, progress=told)
"""


def workers_of(pid):
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in listed.stdout.split()]


def is_running(pid):
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_die_with_their_parent(large, number):
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    with parent:
        assert parent.stdin
        assert parent.stdout
        parent.stdin.write(large.read_bytes() * 4)
        parent.stdin.flush()
        assert parent.stdout.readline() == b"reading\n"
        workers = workers_of(parent.pid)
        assert len(workers) == 2
        parent.send_signal(number)
        parent.stdin.close()
        assert parent.wait(20) != 0
        errors = parent.stderr.read().decode() if parent.stderr else ""
        assert errors.count("Traceback") <= (number == signal.SIGINT)
    for _ in range(2000):
        if not any(map(is_running, workers)):
            break
    else:
        pytest.fail("workers are still there")
