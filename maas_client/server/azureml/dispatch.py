"""From an HTTP request to a row of the route table and back."""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import cast
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from maas_client.server.azureml.errors import envelope, mlflow_error
from maas_client.server.azureml.routes import match
from maas_client.server.azureml.wire import Call, Handler, Json, Operation, Reply
from maas_client.server.depth import MAX_DEPTH, too_deep
from maas_client.server.entra.audiences import ARM, MACHINE_LEARNING, same
from maas_client.server.entra.principal import TENANT_ID
from maas_client.server.jsontext import dump
from maas_client.server.service import fates
from maas_client.server.service.errors import ServiceError, not_implemented
from maas_client.server.service.settle import due, settle
from maas_client.server.service.training import Trainer
from maas_client.server.service.world import Workspace, World, known_workspace, workspace

MAX_JSON_BYTES = 1024 * 1024
_JSON = re.compile(r"(application|text)/([\w.-]+\+)?json")
"""Content types of JSON. Source: azure-ai-ml 1.27.1, data-plane clients, which send `application/json-patch+json`."""
_LOG = logging.getLogger(__name__)


async def arm_endpoint(request: Request, world: World, trainer: Trainer) -> Response:
    """Answer one request of the ARM dialect or its data plane.

    Raises:
        ServiceError: It is refused.
    """
    operation, handler, path = _find(request, world)
    body = await read_json(request)
    reply = _at_once(handler, request, world, trainer, path) if operation.small else None
    if reply is None:
        reply = await run_in_threadpool(_run, handler, request, world, trainer, path, body)
    return json_response(reply)


def refusal(request: Request, error: ServiceError, now: float) -> Response:
    """Return the ARM envelope of a refusal, or what MLflow's clients read."""
    if request.scope["path"].lower().startswith("/mlflow/"):
        return json_response(Reply(error.status, mlflow_error(error), error.headers))
    ids: Mapping[str, str] = request.scope["maas.ids"]
    return json_response(Reply(error.status, envelope(error, ids["request"], ids["correlation"], now), error.headers))


def unexpected(request: Request, now: float) -> Response:
    """Log an unexpected exception with the request id, and return a 500 without a word about its cause."""
    ids: Mapping[str, str] = request.scope["maas.ids"]
    _LOG.exception("request %s failed", ids["request"])
    message = f"An internal error occurred. The server's log has the cause under request id {ids['request']}."
    return refusal(request, ServiceError(500, "ServiceError", message), now)


def json_response(reply: Reply) -> Response:
    """Return an answer."""
    if reply.body is None:
        return Response(status_code=reply.status, headers=dict(reply.headers))
    return Response(dump(reply.body), reply.status, dict(reply.headers), media_type="application/json")


def _find(request: Request, world: World) -> tuple[Operation, Handler, Mapping[str, str]]:
    """Find the operation and check what does not need the body: credential, api-version."""
    operation, path, methods = match(request.method, request.scope["path"])
    if not (operation and operation.public):
        _check_bearer(request, world)
    if operation is None:
        if methods:
            allowed = ", ".join(methods)
            raise ServiceError(
                405,
                "MethodNotAllowed",
                f"{request.method} is not allowed here; allowed: {allowed}.",
                headers={"Allow": allowed},
            )
        raise ServiceError(404, "NotFound", f"No operation of this server has the path {request.scope['path']}.")
    if operation.versions is not None:
        _check_version(request, operation.versions)
    if operation.handler is None:
        raise not_implemented(operation.name)
    return operation, operation.handler, path


def _check_bearer(request: Request, world: World) -> None:
    base = f"{request.scope['scheme']}://{request.headers['host']}"
    problem = world.identity.policy.problem(request.headers.get("authorization", ""), _audiences(base))
    if problem:
        headers = {"WWW-Authenticate": problem.challenge(f"{base}/{TENANT_ID}")}
        raise ServiceError(401, problem.code, problem.message, headers=headers)


@lru_cache(maxsize=16)
def _audiences(base: str) -> frozenset[str]:
    # The data plane takes the resource manager's tokens too; source: azure-ai-ml 1.35.2, `credential_scopes`.
    return ARM | MACHINE_LEARNING | {same(base)}


def query_of(request: Request) -> Mapping[str, str]:
    """Return the query parameters of a request; of a repeated one, the last."""
    return _query(request.scope["query_string"])


@lru_cache(maxsize=256)
def _query(text: bytes) -> Mapping[str, str]:
    return dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True))


def _check_version(request: Request, versions: frozenset[str]) -> None:
    version = query_of(request).get("api-version")
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise ServiceError(400, "MissingApiVersionParameter", message)
    if version not in versions:
        known = ", ".join(sorted(versions))
        message = f"The api-version '{version[:64]}' is not supported for this operation. Supported: {known}."
        raise ServiceError(400, "UnsupportedApiVersion", message, target="api-version")


def _run(
    handler: Handler, request: Request, world: World, trainer: Trainer, path: Mapping[str, str], body: Json
) -> Reply:
    # Before the store's lock is taken: the clock may have to store a lease of its own.
    now = world.clock.now()
    with world.store.lock:
        settle(world, now)
        where = workspace(world, path["sub"], path["rg"], path["ws"]) if "ws" in path else None
        call = _call(request, world, now, path, body, where)
        reply = _read(call, handler, request) if request.method == "GET" else _write(call, handler, request)
        trainer.start_missing()
    return reply


def _at_once(
    handler: Handler, request: Request, world: World, trainer: Trainer, path: Mapping[str, str]
) -> Reply | None:
    """Answer on the event loop what is read in less time than it takes to wake a thread.

    Returns:
        None where something would have to be written first.
    """
    now = world.clock.at_once()
    if world.clock.low:
        _ = asyncio.get_running_loop().run_in_executor(None, world.clock.extend)
    if now is None or due(world, now) or trainer.behind:
        return None
    with world.store.aside():
        where = known_workspace(world, path["sub"], path["rg"], path["ws"]) if "ws" in path else None
        if where is None and "ws" in path:
            return None
        return _read(_call(request, world, now, path, {}, where), handler, request)


def _call(
    request: Request, world: World, now: float, path: Mapping[str, str], body: Json, where: Workspace | None
) -> Call:
    base = f"{request.scope['scheme']}://{request.headers['host']}"
    if where is not None:
        now = request.scope["maas.now"] = where.time(now)
    given = request.scope.get("maas.fate")
    fate = fates.NONE if given is None else fates.of(given)
    return Call(world, now, base, path, query_of(request), body, where, fate)


def _read(call: Call, handler: Handler, request: Request) -> Reply:
    """Answer a GET, or as it was answered before a write that a fault program keeps from it."""
    lag, path = call.world.lag, request.scope["path"].rstrip("/")
    before = lag.before(path)
    if isinstance(before, ServiceError):
        raise before
    if isinstance(before, Reply):
        return before
    reply = handler(call)
    hidden = lag.hidden(path, call.now)
    if hidden and isinstance(reply.body, dict):
        shown = [each for each in reply.body.get("value", []) if each["name"] not in hidden]
        return replace(reply, body={**reply.body, "value": shown})
    return reply


def _write(call: Call, handler: Handler, request: Request) -> Reply:
    """Answer a write, and note what of it is not seen yet."""
    lag, path = call.world.lag, request.scope["path"].rstrip("/").removesuffix("/cancel")
    if call.fate.do == "stale-reads":
        before = _as_it_is(call, path)
        reply = handler(call)
        lag.keep(path, before, call.fate.fields["reads"])
        return reply
    reply = handler(call)
    if call.fate.do == "list-lag":
        seconds = call.fate.fields["seconds"]
        lag.hide(path, None if seconds else call.fate.fields["lists"], call.now + (seconds or 0.0))
    return reply


def _as_it_is(call: Call, path: str) -> Reply | ServiceError:
    """Return what a GET of a resource is answered now."""
    operation, named, _ = match("GET", path)
    if operation is None or operation.handler is None:
        raise LookupError(path)
    try:
        return operation.handler(replace(call, path=named, body={}))
    except ServiceError as error:
        return error


async def read_json(request: Request) -> Json:
    """Read a JSON object, or nothing.

    Raises:
        ServiceError: 400, 413 or 415.
    """
    if "content-length" not in request.headers and "transfer-encoding" not in request.headers:
        return {}
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        # Nothing is unpacked here: a small body must not become a large one.
        message = "A Content-Encoding is not supported; send the request body as it is."
        raise ServiceError(415, "UnsupportedMediaType", message, headers={"Connection": "close"})
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_JSON_BYTES:
            message = f"The request body is larger than {MAX_JSON_BYTES} bytes."
            raise ServiceError(413, "RequestEntityTooLarge", message, headers={"Connection": "close"})
    if not data.strip():
        return {}
    if not _JSON.fullmatch(request.headers.get("content-type", "").partition(";")[0].strip().lower()):
        raise ServiceError(415, "UnsupportedMediaType", "The Content-Type must be application/json.")
    try:
        value = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        message = "The request content was invalid and could not be deserialized"
        detail = f": {error}." if isinstance(error, json.JSONDecodeError) else "."
        raise ServiceError(400, "InvalidRequestContent", message + detail) from error
    if not isinstance(value, dict) or too_deep(value):
        raise ServiceError(
            400, "InvalidRequestContent", f"The request content must be a JSON object at most {MAX_DEPTH} deep."
        )
    return cast("Json", value)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
