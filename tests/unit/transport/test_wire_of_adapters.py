"""What the adapters hand to httpx, seen without a socket."""

import httpx
import pytest
import respx

from maas_client.core import stepping
from maas_client.core.io import Request
from maas_client.errors import BrokenResponseError, ConnectError, RequestTimeoutError
from maas_client.transport.httpx_async import AsyncIO
from maas_client.transport.httpx_sync import SyncIO

URL = "https://management.azure.com/subscriptions/s?api-version=2024-10-01-preview"
REQUEST = Request(operation="Jobs_Get", method="GET", url=URL)
HEADERS = {"accept": "application/json", "authorization": "Bearer secret"}


async def send(kind, request=REQUEST):
    if kind == "sync":
        port = SyncIO("t")
        try:
            return stepping.run(port.send(request, headers=HEADERS, timeout=5))
        finally:
            stepping.run(port.close())
    asynchronous = AsyncIO("t")
    try:
        return await asynchronous.send(request, headers=HEADERS, timeout=5)
    finally:
        await asynchronous.close()


@pytest.mark.parametrize("kind", ["sync", "async"])
@respx.mock
async def test_a_request_leaves_as_it_was_made_and_nothing_is_followed(kind):
    route = respx.get(URL).mock(
        httpx.Response(302, headers={"Location": "https://example.com/", "X-MS-Request-Id": "7"})
    )
    answer = await send(kind)
    assert (answer.status, answer.headers["location"]) == (302, "https://example.com/")
    assert answer.headers["x-ms-request-id"] == "7"
    assert route.call_count == 1
    sent = route.calls.last.request
    assert str(sent.url) == URL
    assert sent.headers["authorization"] == "Bearer secret"
    assert "cookie" not in sent.headers
    assert "transfer-encoding" not in sent.headers


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(
    ("cause", "error"),
    [
        (httpx.ConnectError("no route"), ConnectError),
        (httpx.ConnectTimeout("slow"), ConnectError),
        (httpx.ReadTimeout("slow"), RequestTimeoutError),
        (httpx.ReadError("reset"), BrokenResponseError),
        (httpx.RemoteProtocolError("what?"), BrokenResponseError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
@respx.mock
async def test_httpx_errors_become_ours(kind, cause, error):
    respx.get(URL).mock(side_effect=cause)
    with pytest.raises(error) as raised:
        await send(kind)
    assert "secret" not in str(raised.value)
    assert raised.value.operation == "Jobs_Get"
