"""The routes of a serverless endpoint, to be mounted at `/serverless/{endpoint}`."""

import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from maas_client.server.depth import MAX_DEPTH, too_deep
from maas_client.server.inference.endpoint import EndpointView, authorized
from maas_client.server.inference.index import AnswerShelf
from maas_client.server.inference.problems import InferenceError, refused, unauthorized
from maas_client.server.inference.reply import make_reply
from maas_client.server.inference.request import read_request
from maas_client.server.inference.wire import completion, dump, events

MAX_BODY = 1024 * 1024
"""Bytes of a request body."""

Lookup = Callable[[str], EndpointView | None]
_Handler = Callable[[Request, EndpointView], Awaitable[Response]]


def routes(lookup: Lookup, *, now: Callable[[], float] | None = None) -> list[BaseRoute]:
    """Return `POST /chat/completions`, `POST /v1/chat/completions` and `GET /info`.

    Args:
        lookup: Finds an endpoint that is online by its name, the path parameter `endpoint` of the mount.
        now: Seconds since the epoch for `created`; without it, when the endpoint was created.

    Source: Microsoft Learn, "Model inference API reference" (first and last, with `api-version`); azureml-examples,
    fine-tuning notebook (`/v1`, without).
    """
    shelf = AnswerShelf()

    async def chat(request: Request, view: EndpointView) -> Response:
        body = await _read_body(request)
        asked = read_request(body, request.headers.get("extra-parameters", "error").strip().lower())
        reply = await run_in_threadpool(make_reply, view, asked, shelf)
        identity, created = f"chatcmpl-{uuid.uuid4().hex}", int(view.created if now is None else now())
        if not asked.stream:
            return _json(200, completion(reply, identity, created, view.model_name))
        stream = events(reply, identity, created, view.model_name, asked.include_usage)
        return StreamingResponse(_each(stream), media_type="text/event-stream")

    return [
        Route("/chat/completions", _guarded(chat, lookup), methods=["POST"]),
        Route("/v1/chat/completions", _guarded(chat, lookup), methods=["POST"]),
        Route("/info", _guarded(_info, lookup), methods=["GET"]),
        Route("/{route:path}", _guarded(_no_route, lookup), methods=["DELETE", "GET", "PATCH", "POST", "PUT"]),
    ]


async def _no_route(request: Request, view: EndpointView) -> Response:
    """Refuse what a chat model has no route for, such as embeddings, and other methods of the routes it has."""
    raise refused(404, "NotFound", f"The model {view.model_name} does not support {request.method} of this route.")


async def _info(_: Request, view: EndpointView) -> Response:
    facts = {"model_name": view.model_name, "model_type": "chat-completion", "model_provider_name": "Microsoft"}
    return _json(200, {**facts, "maas_simulated": True})


def _guarded(handler: _Handler, lookup: Lookup) -> Callable[[Request], Awaitable[Response]]:
    """Find the endpoint, check the key, turn refusals into answers, and mark every answer."""

    async def handle(request: Request) -> Response:
        try:
            view = lookup(request.path_params["endpoint"])
            if view is None:
                raise refused(404, "NotFound", "There is no endpoint of this name that is online.")
            if not authorized(view, request.headers):
                raise unauthorized()
            response = await handler(request, view)
        except InferenceError as error:
            response = _json(error.status, dict(error.body))
            response.headers["x-ms-error-code"] = error.code
        identity = str(uuid.uuid4())
        response.headers["x-request-id"] = identity
        response.headers["apim-request-id"] = identity
        response.headers["x-maas-simulated"] = "true"
        return response

    return handle


async def _each(stream: Iterator[bytes]) -> AsyncIterator[bytes]:
    # The events are in memory already: given as they are, Starlette would fetch each from a thread.
    for event in stream:
        yield event


async def _read_body(request: Request) -> object:
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise refused(415, "UnsupportedMediaType", "A Content-Encoding is not supported; send the body as it is.")
    raw = bytearray()
    async with aclosing(request.stream()) as chunks:
        async for chunk in chunks:
            raw += chunk
            if len(raw) > MAX_BODY:
                raise refused(413, "RequestEntityTooLarge", f"The body is over {MAX_BODY} bytes.")
    try:
        value: object = json.loads(bytes(raw))
    except (ValueError, RecursionError) as error:
        raise refused(400, "bad_request", f"The body is not JSON ({type(error).__name__}).") from None
    if too_deep(value):
        raise refused(400, "bad_request", f"The body is nested deeper than {MAX_DEPTH}.")
    return value


def _json(status: int, document: dict[str, object]) -> Response:
    return Response(dump(document), status, media_type="application/json")
