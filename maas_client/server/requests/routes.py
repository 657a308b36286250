"""`/_maas/requests`: what was asked of the server, and whether it is what should have been."""

from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route

from maas_client.server.admin import Admin
from maas_client.server.azureml.dispatch import read_json
from maas_client.server.azureml.wire import Reply
from maas_client.server.requests.entry import Entry
from maas_client.server.requests.journal import RequestJournal
from maas_client.server.requests.wanted import Asked, Assertion, Filter, read
from maas_client.server.service.errors import ServiceError
from maas_client.server.service.world import World

SHOWN: Final = 100
"""Requests that the answer to an assertion shows."""


def request_routes(journal: RequestJournal, world: World, admin: Admin) -> list[Route]:
    """Return the routes."""

    async def requests(request: Request) -> Reply:
        """GET requests, DELETE them; the query says which."""
        if request.method == "DELETE":
            return await _delete(request)
        asked = read(Asked, _query(request), text=True)
        last, entries = journal.last, journal.entries()
        found = await run_in_threadpool(_taken, asked, entries, world)
        shown = await run_in_threadpool(_as_json, found[-asked.limit :], world)
        incomplete = await run_in_threadpool(_incomplete, asked, journal, world)
        return Reply(200, {"requests": shown, "found": len(found), "last": last, "complete": incomplete is None})

    async def _delete(request: Request) -> Reply:
        wanted = read(Filter, _query(request), text=True)
        if wanted == Filter():
            return Reply(200, {"removed": journal.remove(None)})
        numbers = {entry.number for entry in await run_in_threadpool(_taken, wanted, journal.entries(), world)}
        return Reply(200, {"removed": journal.remove(lambda entry: entry.number in numbers)})

    async def verify(request: Request) -> Reply:
        """POST what must hold; 200 says whether it does."""
        assertion = read(Assertion, await read_json(request))
        if assertion.times is None and assertion.at_least is None and assertion.at_most is None:
            message = "times, at_least or at_most is required: how many requests there must be."
            raise ServiceError(400, "UserError", message, target="times")
        entries = journal.entries()
        return await run_in_threadpool(_verified, assertion, entries, journal, world)

    return [
        Route("/_maas/requests", admin(requests), methods=["GET", "DELETE"]),
        Route("/_maas/requests/verify", admin(verify), methods=["POST"]),
    ]


def _verified(assertion: Assertion, entries: list[Entry], journal: RequestJournal, world: World) -> Reply:
    taken = _taken(assertion, entries, world)
    found = assertion.counted(taken, world)
    problem = assertion.problem(found)
    if problem is None and not (assertion.times is None and assertion.at_most is None):
        # What was forgotten might have counted, so that there were more.
        problem = _incomplete(assertion, journal, world)
    body = {"ok": problem is None, "found": found, "why": problem, "requests": _as_json(taken[-SHOWN:], world)}
    return Reply(200, body)


def _incomplete(wanted: Filter, journal: RequestJournal, world: World) -> str | None:
    lost = journal.lost(wanted.about(world))
    if lost <= wanted.since:
        return None
    return (
        f"The journal has no room for more than the last requests: number {lost} and others before it are forgotten. "
        "Ask for those since a number, or of a workspace."
    )


def _taken(wanted: Filter, entries: list[Entry], world: World) -> list[Entry]:
    return [entry for entry in entries if wanted.takes(entry, world)]


def _as_json(entries: list[Entry], world: World) -> list[dict[str, Any]]:
    return [entry.as_json(world) for entry in entries]


def _query(request: Request) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in given:
            before = given[name]
            given[name] = [*(before if isinstance(before, list) else [before]), value]
        else:
            given[name] = value
    return given
