"""Compare an exchange with what a document says of its operation."""

from collections.abc import Iterator, Mapping
from typing import Any

from maas_client.server.conformance import bodies
from maas_client.server.conformance.deviation import Deviation, deviations
from maas_client.server.conformance.documents import Document, Node, Operation
from maas_client.server.conformance.exchange import Exchange, media_type

_JSON, _EVENTS = "application/json", "text/event-stream"
_FORM = "application/x-www-form-urlencoded"
_XML = ("application/xml", "text/xml")


def check_request(
    document: Document, operation: Operation, path: Mapping[str, str], exchange: Exchange, *, closed: bool
) -> Iterator[Deviation]:
    """Yield where a request differs.

    Args:
        document: The document.
        operation: The operation of the request.
        path: Path parameters.
        exchange: The request.
        closed: Query parameters that the document does not name are deviations.
    """
    query = exchange.parameters()
    given: dict[str, Mapping[str, str]] = {"path": path, "query": query, "header": exchange.headers or {}}
    named: set[str] = set()
    for parameter in operation.parameters:
        facts = parameter.value
        if facts["in"] == "query":
            named |= _query_names(facts)
        elsewhere = facts["in"] == "path" and facts["name"] not in path
        if facts["schema"].get("type") != "object" and not elsewhere:
            yield from _parameter(document, parameter, given[facts["in"]])
    if closed:
        for name in sorted(set(query) - named):
            yield Deviation("request", f"query {name}", "additionalProperties", "is not in the contract")
    yield from _request_body(document, operation, exchange)


def check_answer(document: Document, operation: Operation, exchange: Exchange) -> Iterator[Deviation]:
    """Yield where an answer differs."""
    responses = operation.node.child("responses")
    found = responses.get(str(exchange.status))
    if found is None and exchange.refused:
        found = responses.get("default")
    if found is None:
        said = ", ".join(responses.value)
        yield Deviation("response", "status", "status", f"expected {said}, found {exchange.status}")
        return
    response, headers = document.resolve(found), exchange.answer_headers or {}
    for name, header in response.members("headers").items():
        yield from _header(document, document.resolve(header), str(name), headers)
    if exchange.method != "HEAD":
        yield from _body("response", document, response, headers, exchange.answer)


def _query_names(facts: Mapping[str, Any]) -> set[str]:
    """Return the names that a query parameter goes by: one that is an object is sent as its members."""
    members = facts["schema"].get("properties") if facts["schema"].get("type") == "object" else None
    return set(members) if members else {facts["name"]}


def _parameter(document: Document, parameter: Node, given: Mapping[str, str]) -> Iterator[Deviation]:
    facts = parameter.value
    where = f"{facts['in']} {facts['name']}"
    value = given.get(facts["name"].lower() if facts["in"] == "header" else facts["name"])
    if value is None:
        if facts.get("required"):
            yield Deviation("request", where, "required", "is required")
        return
    yield from _text("request", where, document, parameter.child("schema"), value)


def _header(document: Document, header: Node, name: str, given: Mapping[str, str]) -> Iterator[Deviation]:
    value = given.get(name.lower())
    if value is not None:
        yield from _text("response", f"header {name}", document, header.child("schema"), value)
    elif header.value.get("required"):
        yield Deviation("response", f"header {name}", "required", "is required")


def _text(side: str, where: str, document: Document, schema: Node, text: str) -> Iterator[Deviation]:
    kind = document.resolve(schema).value.get("type")
    whole = kind == "integer" and text.removeprefix("-").isdecimal() and text.isascii()
    yield from deviations(side, where, document.validator(schema).iter_errors(int(text) if whole else text))


def _request_body(document: Document, operation: Operation, exchange: Exchange) -> Iterator[Deviation]:
    found = operation.node.get("requestBody")
    if found is None:
        if exchange.body:
            yield Deviation("request", "body", "body", "no body is expected")
        return
    described = document.resolve(found)
    if exchange.body == b"" or (exchange.body is None and not exchange.headers):
        if described.value.get("required") and exchange.body is not None and _JSON in described.value["content"]:
            yield Deviation("request", "body", "required", "a body is required")
        return
    yield from _body("request", document, described, exchange.headers or {}, exchange.body)


def _body(
    side: str, document: Document, described: Node, headers: Mapping[str, str], data: bytes | None
) -> Iterator[Deviation]:
    content = described.get("content")
    if content is None:
        if data:
            yield Deviation(side, "body", "body", "no body is expected")
        return
    kind = media_type(headers)
    media = content.get(kind) or content.get("*/*")
    if media is None:
        if "application/octet-stream" not in content.value:
            yield Deviation(side, "content-type", "content-type", f"expected {' or '.join(content.value)}")
        return
    schema = media.get("schema")
    if schema is not None and data is not None and kind != "text/plain":
        yield from _decoded(side, document, schema, kind, data)


def _decoded(side: str, document: Document, schema: Node, kind: str, data: bytes) -> Iterator[Deviation]:
    try:
        if kind == _EVENTS:
            values = list(bodies.from_events(data))
        elif kind == _FORM:
            values = [bodies.from_form(data)]
        elif kind in _XML:
            values = [bodies.from_xml(document, schema, data)]
        else:
            values = [bodies.from_json(data)]
    except (ValueError, RecursionError) as error:
        # The text of a decoder's error may quote the body; ours does not.
        text = str(error) if type(error) is ValueError else type(error).__name__
        yield Deviation(side, "$", "format", f"cannot be read as {kind}: {text}")
        return
    validator = document.validator(schema)
    for value in values:
        yield from deviations(side, "$", validator.iter_errors(value))
