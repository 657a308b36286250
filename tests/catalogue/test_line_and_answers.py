"""Cases of the catalogue that need a peer of their own: addresses, silence, redirects, odd answers."""

import json
import socket
import threading
from contextlib import suppress

import pytest

from maas_client.core import lro
from maas_client.core.io import Request, Response
from maas_client.errors import BrokenResponseError, ConflictError, ConnectError, MaaSError, ResponseError, StatusError

JSON = {"accept": "application/json"}
JSON_ONCE = ("Content-Type: application/json", "Connection: close")
JOB = {"name": "j", "properties": {"jobType": "FineTuning", "status": "Running"}}


def send(io, url, timeout=5.0, **fields):
    return io.send(Request("Jobs_Get", "GET", url, **fields), headers=JSON, timeout=timeout)


def resolving(monkeypatch, *addresses):
    """Answer for the resolver of the system: `service.localhost` has these addresses, in this order."""
    real = socket.getaddrinfo

    def looked_up(host, port, *rest, **more):
        if host not in ("service.localhost", b"service.localhost"):
            return real(host, port, *rest, **more)
        return [found for address in addresses for found in real(address, port, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)


def test_a_host_that_swallows_everything_is_given_up(run):
    """Case 4. A listener whose queue is full lets no further connection come about."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(listener.getsockname())
        with pytest.raises(ConnectError, match="in time"):
            run(lambda io: send(io, f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.6))
        for one in waiting:
            one.close()


def test_the_next_address_is_used_where_the_first_is_dead(run, peer, answered, monkeypatch):
    """Case 5."""
    server = peer(answered(b"{}", "Connection: close"))
    resolving(monkeypatch, "::1", "127.0.0.1")
    assert run(lambda io: send(io, f"http://service.localhost:{server.port}")).status == 200


def test_a_resolver_that_does_not_answer_ends_at_the_deadline(run, monkeypatch):
    """Case 2. The thread that waits for the system's resolver is left behind."""
    answer = threading.Event()
    real = socket.getaddrinfo

    def slow(host, *rest, **more):
        answer.wait(20)
        return real("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    async def body(io):
        try:
            await send(io, "http://service.localhost:9", timeout=0.4)
        finally:
            answer.set()

    with pytest.raises(MaaSError, match=r"in time|within"):
        run(body)


@pytest.fixture
def six():
    """A peer on ::1 alone."""
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")

    def serve():
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


@pytest.mark.parametrize("host", ["[::1]", "service.localhost"])
def test_a_service_on_ipv6(run, six, host, monkeypatch):
    """Cases 16 and 17: an address in brackets, and a name that is ::1 alone."""
    resolving(monkeypatch, "::1")
    assert run(lambda io: send(io, f"http://{host}:{six}")).body == b"{}"


def test_nothing_has_no_body(run, peer):
    """Case 32."""
    server = peer(b"HTTP/1.1 204 No Content\r\n\r\nwhat is this")

    async def body(io):
        return await send(io, server.url)

    if run.kind == "aiohttp":
        # It reads on at once, and takes what follows for another answer.
        with pytest.raises(BrokenResponseError, match="not HTTP"):
            run(body)
        return
    response = run(body)
    assert (response.status, response.body) == (204, b"")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(
    "location",
    ["other", "itself", "http://management.azure.com/x", "file:///etc/passwd", "http://169.254.169.254/latest", "//["],
)
def test_a_redirect_leads_nowhere(client_of, peer, answered, location, status):
    """Cases 86 to 89: with the credential on it a request goes where it was sent, and nowhere else."""
    other = peer(answered(b"{}"))

    def script(connection, _head):
        to = {"other": other.url, "itself": server.url}.get(location, location)
        connection.sendall(answered(b"", f"Location: {to}", "Connection: close", status=f"{status} Elsewhere"))

    server = peer(script)
    with pytest.raises(StatusError) as caught:
        client_of(server).jobs.get("j")
    assert caught.value.status == status
    assert (len(server.requests), other.connections) == (1, 0)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"error": {"code": "InternalError", "message": "no"}}', id="an error inside (41)"),
        pytest.param(b'{"name": "j", "properties": {"x": ' + b"9" * 5000 + b"}}", id="5,000 digits (48)"),
        pytest.param(b"", id="nothing (40)"),
        pytest.param(b'{"name": "\xe4"}', id="latin-1 (44)"),
        pytest.param(b'{"name": ' + b"[" * 100_000, id="deep (47)"),
        pytest.param(b'{"properties": {"status": "Failed", "status": "Completed"}, "name": "j"}', id="twice (46)"),
        pytest.param(b'{"properties": {}}', id="without what must be there (51)"),
    ],
)
def test_an_answer_that_is_none_is_told_as_one(client_of, peer, answered, body):
    with pytest.raises((ResponseError, BrokenResponseError)) as caught:
        client_of(peer(answered(body, *JSON_ONCE)), max_retries=0).jobs.get("j")
    assert len(str(caught.value)) < 500


def test_a_next_page_elsewhere_is_not_asked_for(client_of, peer, answered):
    """Case 57."""
    other = peer(answered(b"{}"))
    page = {"value": [JOB], "nextLink": f"{other.url}/next"}
    server = peer(answered(json.dumps(page).encode(), *JSON_ONCE))
    pager = client_of(server).jobs.list()
    with pytest.raises(ResponseError, match="points to"):
        list(pager)
    assert other.connections == 0


def test_a_subscription_that_is_not_registered_is_told_what_to_do(client_of, peer, answered):
    """Case 72."""
    error = {"error": {"code": "MissingSubscriptionRegistration", "message": "The subscription is not registered."}}
    server = peer(answered(json.dumps(error).encode(), *JSON_ONCE, status="409 Conflict"))
    with pytest.raises(ConflictError) as caught:
        client_of(server).jobs.cancel("j")
    assert "az provider register --namespace Microsoft.MachineLearningServices" in (caught.value.hint or "")
    assert all(b"/cancel" in head.split(b"\r\n")[0] or head.startswith(b"GET") for head in server.requests)


def test_an_operation_s_address_of_four_thousand_characters_is_followed():
    """Case 159."""
    url = f"https://management.azure.com/operations/{'x' * 4096}?api-version=2024-10-01-preview&t={'y' * 512}"
    begun = Request("Op", "PUT", "https://management.azure.com/a", scope="s")
    operation = lro.begin(begun, Response(202, {"azure-asyncoperation": url}, b"{}"))
    assert lro.poll(lro.Lro.from_token(operation.to_token())).url == url
