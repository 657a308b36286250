"""What the page on reliability says of repeating is what the code does, status by status and number by number."""

import re
from pathlib import Path

import pytest

from maas_client.core.call import SLOWEST_UPLOAD_BYTES_PER_SECOND, Caller
from maas_client.core.retry import (
    LONGEST_HINT_SECONDS,
    SHORTEST_ATTEMPT_SECONDS,
    RetryBudget,
    RetryPolicy,
    backoff_seconds,
    is_repeatable,
    parse_retry_after,
)
from maas_client.errors import BrokenResponseError, ConnectError, CredentialError, RequestTimeoutError, StatusError
from tests.unit.core.scripted import answer, error_from, request

PAGE = (Path(__file__).parents[3] / "docs" / "pages" / "explanation" / "reliability.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## What is tried again\n")[1].split("\n## ")[0]
FAILURES, NUMBERS = (
    [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()[2:]]
    for table in re.findall(r"(?:^\|.*\n)+", SECTION, re.MULTILINE)
)
VERDICTS = {"always": (True, True), "if harmless": (True, False), "never": (False, False)}


def verdict(failure: str) -> tuple[bool, bool]:
    """What the page says of a failure: tried again if harmless, and if not."""
    (said,) = (said for told, said in FAILURES if re.search(rf"(?<!\w){failure}(?!\w)", told))
    return VERDICTS[said.partition(":")[0]]


def tried_again(error: BaseException) -> tuple[bool, bool]:
    return is_repeatable(error, request()), is_repeatable(error, request(idempotent=False))


def certificate() -> ConnectError:
    error = ConnectError("certificate")
    error.permanent = True
    return error


def refusal(status: int, code: str = "") -> StatusError:
    error = error_from(request(), answer(status))
    error.code = code
    return error


@pytest.mark.parametrize("status", [*range(300, 401), *range(402, 600)])
def test_each_status_is_tried_again_as_the_page_says(status):
    told = {status for failure, _ in FAILURES if "code" not in failure for status in re.findall(r"\d{3}", failure)}
    assert tried_again(refusal(status)) == verdict(str(status) if str(status) in told else "any other status")


@pytest.mark.parametrize("code", ["AnotherOperationInProgress", "OperationInProgress", "TransientConflict", "Exists"])
def test_each_conflict_is_tried_again_as_the_page_says(code):
    told = re.findall(r"`(\w+)`", next(failure for failure, _ in FAILURES if failure.startswith("409")))
    assert tried_again(refusal(409, code)) == verdict("409" if code in told else "any other status")


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        ("never reached the service", ConnectError("refused")),
        ("no answer in time", RequestTimeoutError("late")),
        ("an answer that is cut off", BrokenResponseError("cut")),
        ("failed TLS verification", certificate()),
        ("no token", CredentialError("none")),
    ],
)
def test_each_failure_without_an_answer_is_tried_again_as_the_page_says(failure, error):
    assert tried_again(error) == verdict(failure)


def longest_wait(policy: RetryPolicy, attempt: int, status: int, monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr("maas_client.core.retry.random.uniform", lambda _low, high: high)
    return backoff_seconds(policy, attempt, refusal(status))


def cost(error: BaseException) -> int:
    budget = RetryBudget()
    budget.spend(error)
    return budget.capacity - budget.left


def test_the_numbers_of_the_page_are_those_of_the_code(monkeypatch):
    policy = RetryPolicy()
    parts = policy.for_parts()
    budget = RetryBudget(left=0)
    budget.reward()
    assert parts.throttled_cap_seconds == parts.cap_seconds
    assert [float(number) for _, number in NUMBERS] == [
        policy.max_attempts,
        Caller.__dataclass_fields__["timeout_seconds"].default,
        policy.total_seconds,
        SHORTEST_ATTEMPT_SECONDS,
        longest_wait(policy, 0, 503, monkeypatch),
        longest_wait(policy, 30, 503, monkeypatch),
        longest_wait(policy, 0, 429, monkeypatch),
        longest_wait(policy, 30, 429, monkeypatch),
        LONGEST_HINT_SECONDS,
        budget.capacity,
        cost(ConnectError("refused")),
        cost(RequestTimeoutError("late")),
        budget.left,
        parts.max_attempts,
        longest_wait(parts, 30, 503, monkeypatch),
        parts.total_seconds,
        SLOWEST_UPLOAD_BYTES_PER_SECOND,
    ]


def test_hints_count_in_the_order_of_the_page():
    told = re.findall(r"^ +\d\. `([a-z-]+)`(.*)", SECTION, re.MULTILINE)
    date = "Sun, 01 Nov 2026 12:00:00 GMT"
    values = {("retry-after-ms", ""): ("1000", 1.0), ("x-ms-retry-after-ms", ""): ("2000", 2.0)}
    values["retry-after", " in seconds"] = ("3", 3.0)
    values["retry-after", " as a date"] = ("Sun, 01 Nov 2026 12:00:04 GMT", 4.0)
    order = [(name, rest.partition(",")[0]) for name, rest in told]
    assert len(order) == len(values)
    for position, first in enumerate(order):
        later = {name: values[name, kind][0] for name, kind in reversed(order[position:])}
        assert parse_retry_after({"date": date, **later}) == values[first][1]
