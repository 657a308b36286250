"""What a hostile client cannot do: raw sockets against the server, and what is left behind."""

import contextlib
import json
import os
import socket
import ssl
import stat
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from maas_client.server.connection import MAX_CONNECTIONS
from maas_client.server.guard import MAX_HEADER_BYTES, MAX_HEADERS, MAX_PATH_BYTES
from tests.unit.server.conftest import Running, start_server

HEAD = b"Host: 127.0.0.1\r\nAuthorization: Bearer t\r\n"
JOB = "/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/ws1/jobs/a"
VERSION = "?api-version=2024-10-01-preview"


@pytest.fixture(scope="module", params=["httptools", "h11"])
def hasty(request, tmp_path_factory):
    """A server that waits for one second; once more without the compiled parser."""
    state = tmp_path_factory.mktemp("hasty") / "state"
    if request.param == "httptools":
        running = start_server(state, "--read-timeout", "1")
    else:
        running = wrapped(state, "sys.modules['httptools'] = None", "--read-timeout", "1")
    yield running
    assert running.stop() == 0


def wrapped(state: Path, first: str, *arguments: str) -> Running:
    """Start a server whose process does something else first."""
    code = f"import sys\n{first}\nfrom maas_client.server.main import main\nmain()"
    command = [sys.executable, "-c", code, "--state-dir", str(state), "--clock", "manual", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(process.communicate())
    return Running(process, json.loads(line))


def converse(running: Running, *parts: bytes) -> bytes:
    """Send bytes and return whatever comes until the server closes; it is the server that ends this."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        said = b""
        with contextlib.suppress(ConnectionError):
            for part in parts:
                connection.sendall(part)
            while chunk := connection.recv(65536):
                said += chunk
        return said


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def headers(count: int, size: int) -> bytes:
    return b"".join(b"x-%d: %s\r\n" % (index, b"a" * size) for index in range(count))


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (b"G",),
        (b"GET /_maas/health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-",),
        (f"PUT {JOB}{VERSION} HTTP/1.1\r\n".encode() + HEAD + b"Content-Length: 9\r\n\r\n{",),
        (f"PUT {JOB}{VERSION} HTTP/1.1\r\n".encode() + HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",),
    ],
    ids=["nothing", "a letter", "half a head", "half a body", "half a chunked body"],
)
def test_who_does_not_go_on_is_put_off(parts, hasty):
    assert status(converse(hasty, *parts)) == 408


def test_a_second_request_that_does_not_end_is_put_off_too(hasty):
    said = converse(hasty, b"GET /_maas/health HTTP/1.1\r\n" + HEAD + b"\r\n", b"GET /_maas")
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in said


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (headers(MAX_HEADERS - 3, 1), 200),
        (headers(MAX_HEADERS, 1), 431),
        (headers(30, MAX_HEADER_BYTES // 30), 431),
        (headers(60, 1000), None),
        (b"x: " + b"a" * 100_000, None),
    ],
    ids=["many", "too many", "too long", "much too long", "without end"],
)
def test_headers_are_bounded(head, expected, hasty):
    closing = b"Connection: close\r\n"
    said = converse(hasty, b"GET /_maas/health HTTP/1.1\r\n" + HEAD + closing + head + b"\r\n")
    # Long before it is whole a head is refused, by h11 as a bad request; who still sends may see no more than the end.
    assert (status(said) == expected) if expected else (not said or status(said) in (400, 431))


def test_a_path_is_bounded(hasty):
    for size, expected in ((MAX_PATH_BYTES, 404), (MAX_PATH_BYTES + 1, 414)):
        path = "/_maas/" + "a" * (size - 7)
        assert hasty.send("GET", path).status == expected


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /_maas/clock HTTP/1.1\r\n" + HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /_maas/clock HTTP/1.1\r\n" + HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
        b"GET /_maas/health HTTP/1.1\r\n" + HEAD + b"x y: z\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["two lengths", "contradicting lengths", "a blank in a name", "TLS"],
)
def test_what_two_servers_could_read_differently_is_refused(sent, hasty):
    assert status(converse(hasty, sent)) == 400


def test_connections_are_bounded(hasty):
    with contextlib.ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            stack.enter_context(socket.create_connection(("127.0.0.1", hasty.port), timeout=20))
        assert status(converse(hasty, b"GET /_maas/health HTTP/1.1\r\n" + HEAD + b"\r\n")) == 503
    # They are gone, or soon put off: the server answers again.
    answers = (hasty.send("GET", "/_maas/health").status for _ in range(2000))
    assert 200 in answers


PATHS = (
    "/_maas/health",
    "/_maas/clock",
    JOB + VERSION,
    "/msi/token",
    "/t/oauth2/v2.0/token",
    "/serverless/a/info",
    "/logs/a/b",
    "/stmaas0123456789ab/c/d",
    "/metadata/identity/oauth2/token",
    "/nothing",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "foreign",
    [
        {"Host": "attacker.example"},
        {"Host": "127.0.0.1.attacker.example"},
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=lambda value: "-".join(value.values()),
)
def test_a_page_of_a_browser_reaches_nothing(path, foreign, server):
    for method in ("GET", "OPTIONS"):
        answer = server.send(method, path, headers={"x-maas-admin-token": server.ready["admin_token"], **foreign})
        assert answer.status == 403
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_nothing_is_unpacked(server, space):
    for target in (f"{space.arm_id}/jobs/a{VERSION}", "/_maas/clock"):
        sent = {"Authorization": "Bearer t", "Content-Type": "application/json", "Content-Encoding": "gzip"}
        sent["x-maas-admin-token"] = server.ready["admin_token"]
        assert server.send("PUT" if "jobs" in target else "POST", target, b"\x1f\x8b\x08\x00", sent).status == 415


def test_json_is_bounded_in_depth_and_size(server, space):
    for body, expected in ((nested(64), 400), (nested(65), 400), (b"{" + b" " * 1024 * 1024 + b"}", 413)):
        sent = {"Authorization": "Bearer t", "Content-Type": "application/json"}
        answer = server.send("PUT", f"{space.arm_id}/jobs/deep{VERSION}", body, sent)
        assert answer.status == expected
        assert ("at most 64 deep" in answer.error["message"]) == (body == nested(65))


def nested(depth: int) -> bytes:
    return b'{"properties":' + b"[" * (depth - 1) + b"1" + b"]" * (depth - 1) + b"}"


NAMES = (
    "../../../../etc/passwd",
    "..%2f..%2fx",
    "/etc/passwd",
    "a\x00b",
    "..",
    "~/x",
    "C:\\x",
    "con",
    "a/../b",
    "\u20ac",
)


def test_names_of_blobs_never_become_paths(tmp_path, start, space_of):
    running = start(tmp_path / "state")
    space = space_of(running)
    base, sas = space.blob_url(""), space.sas()
    kind = {"x-ms-blob-type": "BlockBlob"}
    for index, name in enumerate(NAMES):
        target = f"{base}/{quote(name, safe='')}?{sas}"
        content = f"content {index}".encode()
        assert running.send("PUT", target, content, kind).status == 201, name
        assert running.send("GET", target).content == content
    for size, expected in ((1024, 201), (1025, 400)):
        assert running.send("PUT", f"{base}/{'n' * size}?{sas}", b"x", kind).status == expected
    raw = f"PUT {base.removeprefix(running.ready['url'])}/../../../up?{sas} HTTP/1.1\r\n".encode()
    assert status(
        converse(running, raw + HEAD + b"x-ms-blob-type: BlockBlob\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
    )
    assert {path.name for path in tmp_path.iterdir()} == {"state"}
    below = {path.relative_to(tmp_path / "state").parts[0] for path in (tmp_path / "state").rglob("*")}
    assert below <= {"blobs", "lock.db", "lock.db-journal", "ready.json", "state.db", "state.db-shm", "state.db-wal"}
    stored = [path.name for path in (tmp_path / "state" / "blobs").rglob("*") if path.is_file()]
    assert stored
    assert all(set(name) <= set("0123456789abcdef.-_") for name in stored), stored


def test_a_server_asks_nobody_anything(tmp_path, space_of):
    watched = """import os
sys.modules['uvloop'] = None  # its own connections would not be heard
def hear(event, arguments):
    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.gethostbyname', 'socket.sendto', 'socket.sendmsg'):
        os.write(2, f'OUTBOUND {event} {arguments}'.encode())
        os._exit(97)
sys.addaudithook(hear)"""
    running = wrapped(tmp_path / "state", watched, "--tls", "--auth", "any", "--log-level", "debug")
    space = space_of(running)
    space.train("job")
    guid = space.call("GET", "").json["properties"]["workspaceId"]
    model = f"azureml://locations/eastus2/workspaces/{guid}/models/my-model/versions/1"
    body = {"location": "eastus2", "properties": {"modelSettings": {"modelId": model}}}
    assert space.call("PUT", "/serverlessEndpoints/bot", body).status == 201
    running.advance(60)
    endpoint = space.call("GET", "/serverlessEndpoints/bot").json["properties"]["inferenceEndpoint"]["uri"]
    key = space.call("POST", "/serverlessEndpoints/bot/listKeys").json["primaryKey"]
    ask = {"messages": [{"role": "user", "content": "How do I reset device number 3?"}]}
    assert running.send("POST", f"{endpoint}/chat/completions", ask, {"Authorization": f"Bearer {key}"}).status == 200
    query = urlencode({"api-version": "2018-02-01", "resource": "https://management.azure.com"})
    assert running.send("GET", f"/metadata/identity/oauth2/token?{query}", headers={"Metadata": "true"}).status == 200
    running.process.terminate()
    _, said = running.process.communicate(timeout=20)
    assert running.process.returncode == 0, said
    assert "OUTBOUND" not in said


def test_the_watch_over_connections_hears_one(tmp_path):
    heard = "import socket\nsys.addaudithook(lambda event, _: event == 'socket.connect' and sys.exit(97))\n"
    code = f"import sys\n{heard}socket.create_connection(('127.0.0.1', 9))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 97


CANARY = "CANARY0123456789abcdefCANARY"


def test_secrets_that_are_sent_are_kept_nowhere(tmp_path):
    state, findings = tmp_path / "state", tmp_path / "findings.jsonl"
    running = start_server(state, "--log-level", "debug", "--conformance", str(findings))
    ready = running.ready
    form = {"grant_type": "client_credentials", "client_id": ready["client_id"], "client_secret": CANARY, "scope": "x"}
    path = f"/{ready['tenant_id']}/oauth2/v2.0/token"
    urlencoded = {"Content-Type": "application/x-www-form-urlencoded"}
    key = b64encode(CANARY.encode()).decode()
    for method, target, body, sent in (
        ("GET", JOB.rpartition("/jobs")[0] + VERSION, None, {"Authorization": f"Bearer {CANARY}"}),
        ("GET", f"/stmaas0123456789ab/c/d?sig={CANARY}", None, {}),
        ("GET", "/stmaas0123456789ab.blob.core.windows.net/c/d", None, {"Authorization": f"SharedKey a:{key}"}),
        ("GET", f"/logs/a/b?sig={CANARY}", None, {}),
        ("GET", "/serverless/none/info", None, {"api-key": CANARY}),
        ("GET", "/_maas/clock", None, {"x-maas-admin-token": CANARY}),
        ("GET", "/msi/token?api-version=2019-08-01&resource=x", None, {"X-IDENTITY-HEADER": CANARY}),
        ("POST", path, urlencode(form).encode(), urlencoded),
    ):
        answer = running.send(method, target, body, sent)
        assert answer.status < 500
        assert CANARY.encode() not in answer.content
    told = running.send("GET", "/_maas/requests", headers={"x-maas-admin-token": ready["admin_token"]})
    assert len(told.json["requests"]) >= 6
    for secret in (CANARY, key, ready["client_secret"], ready["admin_token"]):
        assert secret.encode() not in told.content
    running.process.terminate()
    _, said = running.process.communicate(timeout=20)
    kept = [path.read_bytes() for path in (*state.rglob("*"), findings) if path.is_file()]
    own = [ready[name] for name in ("admin_token", "client_secret", "identity_header")]
    for secret in (CANARY, key, *own):
        assert secret not in said
        assert not any(secret.encode() in content for content in kept), secret
    # While it runs, its ready file has its own secrets, and nobody else may read it.
    again = start_server(state, "--admin-token", own[0])
    assert stat.S_IMODE((state / "ready.json").stat().st_mode) == 0o600
    assert own[1] in (state / "ready.json").read_text()
    assert again.stop() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is no address of the machine")
@pytest.mark.allow_hosts(["127.0.0.1", "127.0.0.2"])
def test_another_address_takes_tls_and_is_named_by_the_certificate(tmp_path):
    state = tmp_path / "state"
    running = start_server(state, "--host", "127.0.0.2", "--allow-remote", "--tls")
    assert running.ready["url"] == f"https://127.0.0.2:{running.port}"
    trusting = ssl.create_default_context(cafile=running.ready["ca_file"])
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT

    def ask(host: str) -> int:
        plain = socket.create_connection(("127.0.0.2", running.port), timeout=20)
        with trusting.wrap_socket(plain, server_hostname="127.0.0.2") as connection:
            connection.sendall(f"GET /_maas/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return status(connection.recv(65536))

    assert ask(f"127.0.0.2:{running.port}") == 200
    assert ask("127.0.0.1") == 200
    assert ask("127.0.0.3") == 403
    before = (state / "ca.pem").read_bytes()
    assert running.stop() == 0
    again = start_server(state, "--tls")
    # Another name is another certificate, and an authority that vouches for no more than it has to.
    assert (state / "ca.pem").read_bytes() != before
    assert again.send("GET", "/_maas/health").status == 200
    assert again.stop() == 0


@pytest.mark.parametrize(
    ("options", "code", "error", "hint"),
    [
        (["--host", "192.0.2.1"], 2, "--host 192.0.2.1 is not a loopback address", "add --allow-remote and --tls"),
        (["--host", "192.0.2.1", "--tls"], 2, "is not a loopback address", "add --allow-remote;"),
        (["--host", "0.0.0.0", "--allow-remote", "--tls", "--auth", "off"], 2, "--auth off at --host", "--auth any"),
        (["--host", "192.0.2.1", "--allow-remote", "--tls"], 1, "Cannot listen on 192.0.2.1:0: ", "Choose another"),
        (["--port", "70000"], 2, "--port 70000 is not a port", "maas-ft serve --help"),
        (["--clock", "cuckoo"], 2, "not a clock: 'cuckoo'", "maas-ft serve --help"),
        (["--read-timeout", "0"], 2, "--read-timeout must be", "maas-ft serve --help"),
        (["--conformance", "f", "--conformance-spec", "/none.json"], 2, "/none.json cannot be used", "--conformance"),
        (["--conformance", "/none/f"], 2, "/none/f cannot be used for the check of the wire: No such file", "--confor"),
    ],
)  # fmt: skip
def test_what_keeps_a_server_from_starting_is_told_with_a_next_step(options, code, error, hint, tmp_path):
    command = [sys.executable, "-m", "maas_client", "serve", "--state-dir", str(tmp_path / "state"), *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=50, env={**os.environ})
    assert done.returncode == code, done.stderr
    said = done.stderr.splitlines()
    assert len(said) == 2, said
    assert said[0].startswith("error: ")
    assert error in said[0]
    assert said[1].startswith("hint: ")
    assert hint in said[1]
