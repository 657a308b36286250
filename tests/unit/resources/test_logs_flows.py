"""A job's log: as it is, and followed to the job's end through whatever happens meanwhile."""

from typing import Any

import pytest

from maas_client.core.io import Request
from maas_client.errors import BrokenResponseError, ConnectError, NotFoundError, PermissionDeniedError
from maas_client.resources._job_logs import LARGEST_PIECE_BYTES
from maas_client.resources.jobs import AsyncJobs, Jobs
from tests.unit.resources.world import Stream, World, job, refusal, world

LOG = b"one\ntwo\r\nGr\xc3\xbc\xc3\x9fe\nlast"
LINES = ["one", "two", "Gr\u00fc\u00dfe", "last"]


def log(name: str) -> str:
    return f"https://stacct.blob.core.windows.net/con/{name}?sig=s"


def jobs(asked: World) -> Jobs:
    return Jobs(AsyncJobs(asked.session()))


# As it is now


def test_logs_are_those_for_users_in_whole_lines_however_they_are_cut():
    files = {"user_logs/std_log.txt": log("1"), "system_logs/x.log": log("2")}
    asked = world().on("RunHistory_GetDetails", {"logFiles": files})
    asked.on(
        "Log_Read", Stream(200, {}, ["Gr\u00fc".encode()[:3], "\u00fc\u00df".encode()[1:], b"e\r", b"\nend", b"\xff"])
    )
    assert list(jobs(asked).logs("bot")) == ["Gr\u00fc\u00dfe", "end\ufffd"]
    assert asked.bearers[-1] == ""
    assert asked.operations().count("Log_Read") == 1


def test_logs_that_are_gone_are_left_out_and_others_shown_if_there_are_none_for_users():
    asked = world().on("RunHistory_GetDetails", {"logFiles": {"b.log": log("b"), "a.log": log("a")}})
    asked.on("Log_Read", Stream(404, {}, [b"<Error/>"]), Stream(200, {}, [b"one\ntwo\n"]))
    assert list(jobs(asked).logs("bot")) == ["one", "two"]


# Followed


def growing(*looks: tuple[str, int], ranges: bool = True) -> World:
    """A job that stands so, with so many bytes of `LOG` written, at each look; each look signs the URL anew."""
    asked = world()
    written = 0

    def details(status: str, length: int, number: int) -> Any:
        def answer(_: Request) -> dict[str, Any]:
            nonlocal written
            written = length
            return {"status": status, "logFiles": {"user_logs/std_log.txt": f"{log('1')}{number}"}}

        return answer

    def read(request: Request) -> Stream:
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        if start and start >= written:
            return Stream(416 if ranges else 200, {}, [b"" if ranges else LOG[:written]])
        rest = LOG[start:written] if ranges else LOG[:written]
        return Stream(206 if ranges and start else 200, {}, [rest[:3], rest[3:]])

    return asked.on("RunHistory_GetDetails", *(details(*look, n) for n, look in enumerate(looks))).on("Log_Read", read)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_log_is_followed_line_by_line_to_the_end_of_the_job(ranges):
    asked = growing(("Queued", 0), ("Running", 6), ("Running", 6), ("Finalizing", 14), ("Completed", 99), ranges=ranges)
    assert list(jobs(asked).logs("bot", follow=True)) == LINES
    urls = [request.url for request in asked.sent if request.operation == "Log_Read"]
    assert len({*urls}) == 5
    assert len(asked.sleeps) == 4
    assert set(asked.bearers) <= {"", "Bearer tok"}


async def test_a_log_is_followed_with_await():
    asked = growing(("Running", 6), ("Failed", 99))
    assert [line async for line in AsyncJobs(asked.session()).logs("bot", follow=True)] == LINES


def test_lines_come_while_the_job_runs():
    lines = jobs(growing(("Running", 9), ("Completed", 99))).logs("bot", follow=True)
    assert [next(lines), next(lines)] == ["one", "two"]
    lines.close()


def test_following_rides_through_outages_and_expired_urls():
    asked = growing(("Running", 6), ("Running", 14), ("Running", 14), ("Running", 20), ("Completed", 99))
    details, read = list(asked.steps["RunHistory_GetDetails"]), asked.steps["Log_Read"][0]
    asked.on("RunHistory_GetDetails", details[0], refusal(503), ConnectError("down"), *details[1:])
    cut = Stream(206, {}, [LOG[4:6], BrokenResponseError("cut")])
    refused, broken = Stream(403, {}, [b"<Error/>"]), Stream(206, {}, [BrokenResponseError("cut")])
    asked.on("Log_Read", Stream(200, {}, [LOG[:4]]), cut, Stream(416, {}, []), refused, broken, ConnectError("x"), read)
    assert list(jobs(asked).logs("bot", follow=True)) == LINES


def test_a_url_that_is_refused_again_when_signed_anew_ends_it():
    asked = growing(("Running", 6)).on("Log_Read", Stream(403, {}, [b"<Error/>"]))
    with pytest.raises(PermissionDeniedError):
        list(jobs(asked).logs("bot", follow=True))
    assert len(asked.sleeps) == 1


def test_a_log_that_stays_out_of_reach_ends_it_even_if_the_job_can_be_asked():
    asked = growing(("Completed", 6)).on("Log_Read", ConnectError("down"))
    with pytest.raises(ConnectError):
        list(jobs(asked).logs("bot", follow=True))
    assert 800 < asked.clock < 1100


def test_following_a_job_whose_run_comes_later_and_one_that_is_not_there():
    asked = growing(("Completed", 99))
    asked.on("RunHistory_GetDetails", refusal(404), *asked.steps["RunHistory_GetDetails"])
    asked.on("Jobs_Get", job("NotStarted"))
    assert list(jobs(asked).logs("bot", follow=True)) == LINES
    asked.on("RunHistory_GetDetails", refusal(404)).on("Jobs_Get", refusal(404, message="Job bot not found."))
    with pytest.raises(NotFoundError, match="Job bot not found"):
        list(jobs(asked).logs("bot", follow=True))


def test_a_file_that_comes_later_and_one_that_goes_are_no_failure():
    two = {"user_logs/a.txt": log("a"), "user_logs/b.txt": log("b")}
    asked = world().on(
        "RunHistory_GetDetails",
        {"status": "Running", "logFiles": {"user_logs/b.txt": log("b")}},
        {"status": "Completed", "logFiles": two},
    )

    def read(request: Request) -> Stream:
        if "range" in request.headers:
            return Stream(416, {}, [])
        return Stream(404, {}, [b"<Error/>"]) if "/b?" in request.url else Stream(200, {}, [b"of a"])

    assert list(jobs(asked.on("Log_Read", read)).logs("bot", follow=True)) == ["of a"]


def test_a_log_that_is_large_already_is_held_in_pieces():
    line = b"x" * 1023 + b"\n"
    lines = 2 * LARGEST_PIECE_BYTES // len(line) + 5
    asked = world().on("RunHistory_GetDetails", {"status": "Completed", "logFiles": {"user_logs/a.txt": log("a")}})

    def read(request: Request) -> Stream:
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        left = lines - start // len(line)
        return Stream(206, {}, [line] * left) if left else Stream(416, {}, [])

    assert sum(1 for _ in jobs(asked.on("Log_Read", read)).logs("bot", follow=True)) == lines
    assert asked.operations().count("Log_Read") == 4
