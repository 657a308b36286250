"""Requests that go to scripted ports instead of a server: held against the wire all the same."""

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from maas_client.core.io import FileBody, Request, Response
from maas_client.server.checking import VARIABLE
from maas_client.server.conformance.examine import Examiner
from maas_client.server.conformance.exchange import Exchange
from maas_client.server.conformance.record import Record
from tests.conformance.of_run import published

INFERENCE = ("/chat/completions", "/v1/chat/completions", "/info")


@cache
def examiner() -> Examiner:
    return Examiner(published())


@cache
def _record() -> Record:
    return Record(Path(os.environ[VARIABLE]))


def local_path(url: str) -> str:
    """Return the path under which the reference server serves what the service has on a host of its own."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path)
    if ".blob." in host:
        return f"/{host}{path}"
    if path in INFERENCE:
        return f"/serverless/{host.partition('.')[0]}{path}"
    return path


def exchange_of(request: Request, response: Response | None = None) -> Exchange:
    """Return a request of the client, and its answer, as the check takes them."""
    return Exchange(
        method=request.method,
        path=local_path(request.url),
        query=urlsplit(request.url).query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=None if isinstance(request.body, FileBody) else request.body or b"",
        status=None if response is None else response.status,
        answer_headers=None if response is None else _headers(response),
        answer=None if response is None else response.body,
    )


def record(request: Request, response: Response | None = None, *, told: Iterable[str] = ()) -> None:
    """Check a request that the client sends to a script, and its answer if that claims to be the service's.

    Args:
        request: The request.
        response: Its answer.
        told: Texts that the script answered before. A link in it is followed as it is: the script may have made it up.
    """
    finding = examiner().examine(exchange_of(request, response), strict_request=True)
    if finding.operation or not any(request.url in text for text in told):
        _record().write({**finding.line(), "test": os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]})


def words_of(response: Response) -> str:
    """Return the text of an answer, in which links are looked for."""
    return "\n".join((*response.headers.values(), response.body.decode("utf-8", "replace"), ""))


def _headers(response: Response) -> dict[str, str]:
    """Return the headers of an answer; golden ones leave out the type of a body that shows it."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    for beginning, kind in ((b"{", "json"), (b"[", "json"), (b"<?xml", "xml")):
        if response.body.startswith(beginning):
            headers.setdefault("content-type", f"application/{kind}")
    return headers
