"""What each action does on the wire, byte by byte: with a socket, so that no HTTP library smooths it over."""

import json
import re
import socket
import ssl
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.unit.server.conftest import API, rows

LIST = f"/jobs?api-version={API}"


@dataclass
class Wire:
    """What came of one request."""

    status: int | None
    headers: dict[str, str]
    body: bytes
    end: str
    """How the connection ended: `closed`, `reset`, `open` (the answer was whole) or `silent` (nothing came)."""


def exchange(server, method, target, body=b"", *, headers=(), wait=None):
    """Send one request on a connection of its own and read what comes; `wait`: seconds after which it goes away."""
    head = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Authorization: Bearer t", *headers]
    if body or method in {"PUT", "POST"}:
        head += [f"Content-Length: {len(body)}"]
    with connect(server) as line:
        line.settimeout(wait or 20)
        got, end = b"", "closed"
        try:
            line.sendall("\r\n".join([*head, "", ""]).encode() + body)
            while piece := line.recv(65536):
                got += piece
                if is_whole(got):
                    end = "open"
                    break
        except ConnectionResetError:
            end = "reset"
        except BrokenPipeError:
            end = "reset"
        except TimeoutError:
            end = "silent"
    before, _, rest = got.partition(b"\r\n\r\n")
    lines = before.decode("latin-1").split("\r\n")
    found = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    return Wire(int(lines[0].split()[1]) if before else None, found, rest, end)


def connect(server):
    line = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    if server.ready["ca_file"] is None:
        return line
    return Tls(line, ssl.create_default_context(cafile=server.ready["ca_file"]))


class Tls:
    """TLS over a socket that stays ours: Python's own tells a reset as the end of the stream."""

    def __init__(self, line, trusting):
        self._line, self._in, self._out = line, ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = trusting.wrap_bio(self._in, self._out, server_hostname="127.0.0.1")
        self.settimeout = line.settimeout
        self._do(self._tls.do_handshake)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._line.close()

    def sendall(self, data):
        self._do(lambda: self._tls.write(data))

    def recv(self, size):
        return self._do(lambda: self._tls.read(size))

    def _do(self, step):
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._line.sendall(self._out.read())
                self._in.write(self._line.recv(65536))
            else:
                self._line.sendall(self._out.read())
                return result


def is_whole(got):
    head, end, body = got.partition(b"\r\n\r\n")
    if not end:
        return False
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if b" 204 " in head or (length and len(body) >= int(length[1])):
        return True
    return b"chunked" in head and body.endswith(b"0\r\n\r\n")


@dataclass
class Given:
    """A program of a test, for its workspace."""

    space: Any
    id: str

    @property
    def now(self):
        server = self.space.server
        headers = {"x-maas-admin-token": server.ready["admin_token"]}
        return server.send("GET", f"/_maas/faults/{self.id}", headers=headers).json


@pytest.fixture
def give(space):
    """Give programs for the workspace of a test; at the end they are taken back."""
    given = []
    headers = {"x-maas-admin-token": space.server.ready["admin_token"]}

    def give(*actions, operation="Jobs_List", **program):
        program = {"match": {"operation": operation, "workspace": space.name}, "actions": list(actions), **program}
        answer = space.server.send("POST", "/_maas/faults", program, headers)
        assert answer.status == 201, answer.content
        given.append(Given(space, answer.json["ids"][0]))
        return given[-1]

    yield give
    for each in given:
        space.server.send("DELETE", f"/_maas/faults/{each.id}", headers=headers)


def ask(space, path=LIST, method="GET", body=None, **more):
    content = b"" if body is None else json.dumps(body).encode()
    headers = ["Content-Type: application/json"] if content else []
    return exchange(space.server, method, space.arm_id + path, content, headers=headers, **more)


def submit(space, name="job-1"):
    training = space.upload(f"{name}.jsonl", rows(20))
    return lambda **more: ask(space, f"/jobs/{name}?api-version={API}", "PUT", space.definition(training), **more)


def exists(space, name="job-1"):
    return space.call("GET", f"/jobs/{name}").status == 200


def test_pass_lets_through(space, give):
    given = give("pass")
    assert (ask(space).status, given.now["fired"][0]["status"]) == (200, 200)


def test_a_status_with_everything(space, give):
    give(
        {"do": "status", "status": 503, "retry_after": 2.5, "headers": {"X-Odd": "é"}},
        {"do": "status", "status": 429, "retry_after": "date:+30", "retry_after_ms": 1500},
        {"do": "status", "status": 418, "body": {"a": [1]}},
        {"do": "status", "status": 400, "body": "plain", "retry_after": "abc"},
        {"do": "status", "status": 409, "code": "Odd", "message": "So."},
    )
    first, second, third, fourth, fifth = (ask(space) for _ in range(5))
    assert (first.status, first.headers["retry-after"], first.headers["x-odd"]) == (503, "2.5", "é")
    assert json.loads(first.body)["error"]["code"] == "ServiceUnavailable"
    moment, date = (parsedate_to_datetime(second.headers[name]) for name in ("retry-after", "date"))
    assert 29 <= (moment - date).total_seconds() <= 31
    assert second.headers["retry-after-ms"] == "1500"
    assert (third.status, third.body, third.headers["content-type"]) == (418, b'{"a": [1]}', "application/json")
    assert (fourth.body, fourth.headers["retry-after"]) == (b"plain", "abc")
    error = json.loads(fifth.body)["error"]
    assert (error["code"], error["message"]) == ("Odd", "So.")


def test_answers_that_are_no_errors(space, give):
    give({"do": "status", "status": 204}, {"do": "status", "status": 202, "headers": {"location": "/x"}})
    nothing, accepted = ask(space), ask(space)
    assert (nothing.status, nothing.body, "content-length" in nothing.headers) == (204, b"", False)
    assert (accepted.status, accepted.body, accepted.headers["location"]) == (202, b"", "/x")


def test_pages_of_something_in_between(space, give):
    give({"do": "html", "page": "captive-portal"}, "html")
    portal, gateway = ask(space), ask(space)
    assert (portal.status, gateway.status) == (200, 502)
    for each in (portal, gateway):
        assert each.headers["content-type"].startswith("text/html")
        assert each.body.startswith(b"<!DOCTYPE html>")


def test_refused_credentials(space, give):
    give("expired-token", "claims-challenge")
    expired, challenged = ask(space), ask(space)
    assert (expired.status, challenged.status) == (401, 401)
    assert json.loads(expired.body)["error"]["code"] == "ExpiredAuthenticationToken"
    assert 'error="invalid_token"' in expired.headers["www-authenticate"]
    assert re.search(r'error="insufficient_claims", .*claims="[A-Za-z0-9+/=]+"', challenged.headers["www-authenticate"])
    url = f"{space.blob_url('a')}?{space.sas()}"
    give("expired-sas", "expired-token", operation="Blob_Get")
    sas, token = space.server.send("GET", url), space.server.send("GET", url)
    assert (sas.status, sas.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")
    assert (token.status, token.headers["x-ms-error-code"]) == (401, "InvalidAuthenticationInfo")


def test_refusals_have_the_shape_of_sign_in(server):
    headers = {"x-maas-admin-token": server.ready["admin_token"]}
    actions = [{"do": "status", "status": 503}, {"do": "status", "status": 400}]
    program = {"match": {"operation": "Entra_GetToken", "session": "sign-in"}, "actions": actions}
    assert server.send("POST", "/_maas/faults", program, headers).status == 201
    busy, wrong = (
        server.send("POST", "/tenant/oauth2/v2.0/token", b"", {"x-maas-session": "sign-in"}).json for _ in range(2)
    )
    assert (busy["error"], busy["error_codes"]) == ("temporarily_unavailable", [90033])
    assert (wrong["error"], wrong["error_codes"]) == ("invalid_request", [90100])


def test_a_bucket_of_requests_fills_by_the_clock(space, give):
    give({"do": "throttle", "capacity": 2, "per_second": 0.1}, when={"every": 1})
    left = "x-ms-ratelimit-remaining-subscription-reads"
    answers = [ask(space) for _ in range(3)]
    assert [each.status for each in answers] == [200, 200, 429]
    assert [each.headers[left] for each in answers] == ["1", "0", "0"]
    assert answers[-1].headers["retry-after"] == "10"
    space.server.advance(9)
    assert (ask(space).status, ask(space).headers["retry-after"]) == (429, "1")
    space.server.advance(1)
    assert [ask(space).status for _ in range(2)] == [200, 429]


def test_a_bucket_for_each_operation(space, give):
    operations = ["Jobs_List", "Jobs_Delete"]
    give({"do": "throttle", "capacity": 1, "per_second": 1, "by": "operation"}, operation=operations, when={"every": 1})
    gone = f"/jobs/nothing?api-version={API}"
    found = [(ask(space).status, ask(space, gone, "DELETE").status) for _ in range(2)]
    assert found == [(200, 204), (429, 429)]


def test_a_delay_before_the_answer_comes_after_the_work(space, give):
    give({"do": "delay", "seconds": 600}, {"do": "delay", "seconds": 0.01}, operation="Jobs_CreateOrUpdate")
    put = submit(space)
    assert put(wait=0.5).end == "silent"
    assert exists(space)
    assert put().status == 200


def test_a_delay_before_the_request(space, give):
    give({"do": "delay", "seconds": 0.01, "at": "request"})
    assert ask(space).status == 200


@pytest.mark.parametrize(("action", "served"), [("stall", False), ("commit-then-stall", True)])
def test_silence(space, give, action, served):
    given = give(action, operation="Jobs_CreateOrUpdate")
    assert submit(space)(wait=0.5).end == "silent"
    assert exists(space) == served
    assert given.now["fired"][0]["status"] is None


@pytest.mark.parametrize(
    ("action", "end", "served"),
    [
        ("commit-then-drop", "closed", True),
        ({"do": "commit-then-drop", "reset": True}, "reset", True),
        ("drop-before-commit", "closed", False),
        ({"do": "drop-before-commit", "reset": True}, "reset", False),
        ({"do": "reset", "at": "request"}, "reset", False),
        ({"do": "reset", "at": "up", "bytes": 100}, "reset", False),
        ({"do": "reset", "at": "up", "bytes": 1_000_000}, "reset", False),
        ({"do": "reset"}, "reset", True),
    ],
    ids=str,
)
def test_an_answer_that_never_comes(space, give, action, end, served):
    given = give(action, operation="Jobs_CreateOrUpdate")
    answer = submit(space)()
    assert (answer.status, answer.body, answer.end) == (None, b"", end)
    assert exists(space) == served
    assert given.now["completed"]


def test_a_lost_answer_that_says_500(space, give):
    give({"do": "commit-then-500", "retry_after": 0}, operation="Jobs_CreateOrUpdate")
    answer = submit(space)()
    assert (answer.status, answer.headers["retry-after"], exists(space)) == (500, "0", True)


def test_a_reset_in_the_answer(space, give):
    give({"do": "reset", "at": "down", "bytes": 5})
    answer = ask(space)
    assert (answer.status, answer.body, answer.end) == (200, b'{"val', "reset")


def test_a_reset_before_a_body_that_is_not_there(space, give):
    give({"do": "reset", "at": "up"})
    assert ask(space).end == "reset"


def test_a_body_that_is_cut(space, give):
    whole = ask(space)
    give({"do": "truncate", "bytes": 7}, {"do": "truncate", "bytes": 10**9})
    short, longer = ask(space), ask(space)
    assert (short.body, longer.body) == (whole.body[:7], whole.body[:-1])
    for each in (short, longer):
        assert (each.status, each.end, int(each.headers["content-length"])) == (200, "closed", len(whole.body))


def test_a_slow_body_comes_whole_and_stops_when_nobody_reads(space, give):
    give({"do": "slow", "bytes_per_second": 1000}, {"do": "slow", "bytes_per_second": 1})
    assert json.loads(ask(space).body)["value"] == []
    drip = ask(space, wait=0.2)
    assert (drip.status, drip.end) == (200, "silent")


def test_answers_that_are_not_what_they_should_be(space, give):
    whole = ask(space)
    give("malformed-json", "empty-200", "content-type", {"do": "date-skew", "seconds": -3600})
    half, empty, kind, late = (ask(space) for _ in range(4))
    assert (half.body, half.headers["content-length"]) == (whole.body[: len(whole.body) // 2], str(len(half.body)))
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(half.body)
    assert (empty.status, empty.body) == (200, b"")
    assert (kind.headers["content-type"], kind.body) == ("text/plain", whole.body)
    skew = parsedate_to_datetime(late.headers["date"]) - parsedate_to_datetime(whole.headers["date"])
    assert -3601 <= skew.total_seconds() <= -3598


def test_headers_taken_set_and_added(space, give):
    changes = {"remove": ["x-ms-request-id", "content-type"], "set": {"Server": "odd"}, "add": {"X-Two": "2"}}
    give({"do": "headers", **changes})
    answer = ask(space)
    assert (answer.headers["server"], answer.headers["x-two"]) == ("odd", "2")
    assert "content-type" not in answer.headers
    assert json.loads(answer.body)["value"] == []
    assert "x-ms-request-id" not in answer.headers


def test_a_half_written_block_leaves_nothing(space, give):
    url = f"{space.blob_url('half.bin')}?{space.sas()}"
    give({"do": "reset", "at": "up", "bytes": 300_000}, operation="Blob_Put")
    target = url.removeprefix(space.server.ready["url"])
    answer = exchange(space.server, "PUT", target, bytes(1_000_000), headers=["x-ms-blob-type: BlockBlob"])
    assert answer.end == "reset"
    assert space.server.send("GET", url).status == 404


def test_a_fault_after_so_many_bytes_of_an_upload(space, give):
    url = f"{space.blob_url('blocks.bin')}?{space.sas()}&comp=block&blockid="
    given = give({"do": "status", "status": 503}, operation="Blob_PutBlock", after_bytes=2500)
    answers = [space.server.send("PUT", f"{url}YWFh{letter}A==", bytes(1000)).status for letter in "ABCD"]
    assert (answers, given.now["occurrences"]) == ([201, 201, 503, 201], 1)


def test_over_tls_a_reset_is_a_reset_too(start, tmp_path, space_of):
    space = space_of(start(tmp_path / "state", "--tls"))
    headers = {"x-maas-admin-token": space.server.ready["admin_token"]}
    actions = [{"do": "reset"}, {"do": "reset", "at": "down", "bytes": 5}, {"do": "truncate", "bytes": 5}]
    program = {"match": {"operation": "Jobs_List"}, "actions": actions}
    assert space.server.send("POST", "/_maas/faults", program, headers).status == 201
    before, within, cut = ask(space), ask(space), ask(space)
    assert (before.status, before.end) == (None, "reset")
    assert (within.body, within.end) == (b'{"val', "reset")
    assert (cut.body, cut.end) == (b'{"val', "closed")
