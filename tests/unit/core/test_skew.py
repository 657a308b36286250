"""A clock that is wrong is told of, once, and explains a refusal."""

import logging

import pytest

from maas_client.errors import AuthenticationError, NotFoundError, PermissionDeniedError
from tests.unit.core.scripted import ScriptedIO, answer, caller, request

ON_TIME, SLOW, FAST = "Sun, 01 Nov 2026 12:00:00 GMT", "Sun, 01 Nov 2026 12:20:00 GMT", "Sun, 01 Nov 2026 08:00:00 GMT"


def dated(status, date, body=b"{}"):
    return answer(status, body, **({"date": date} if date else {}))


@pytest.mark.parametrize(
    ("date", "words"),
    [(SLOW, "20 minutes behind the service's"), (FAST, "4 hours ahead of the service's")],
)
async def test_a_wrong_clock_is_warned_of_once_and_named_in_the_refusal(caplog, date, words):
    io = ScriptedIO([dated(200, date), dated(200, date), dated(401, date), dated(401, date)])
    calls = caller(io)
    with caplog.at_level(logging.WARNING, logger="maas_client"):
        await calls.send(request())
        await calls.send(request())
        with pytest.raises(AuthenticationError) as caught:
            await calls.send(request())
    assert [record.getMessage() for record in caplog.records] == [f"This machine's clock is {words}."]
    assert (caught.value.hint or "").startswith(f"This machine's clock is {words}. Set it first")
    assert "az login" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "date", [ON_TIME, "Sun, 01 Nov 2026 12:04:59 GMT", "", "nonsense", "Sun, 01 Nov 2026 12:20:00 -0000"]
)
async def test_a_clock_that_is_right_or_untold_is_not_spoken_of(caplog, date):
    io = ScriptedIO([dated(403, date)])
    with caplog.at_level(logging.WARNING, logger="maas_client"), pytest.raises(PermissionDeniedError) as caught:
        await caller(io).send(request())
    assert "clock" not in (caught.value.hint or "")
    assert not caplog.records


async def test_the_clock_has_nothing_to_do_with_what_is_missing():
    with pytest.raises(NotFoundError) as caught:
        await caller(ScriptedIO([dated(404, SLOW)])).send(request())
    assert "clock" not in (caught.value.hint or "")
