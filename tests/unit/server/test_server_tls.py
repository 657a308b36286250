"""https: who is trusted, what is kept, and that every URL in an answer has the scheme of the server."""

import http.client
import json
import os
import re
import ssl
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from maas_client import MaaSClient
from maas_client.errors import ConnectError
from maas_client.server.tls import RENEW_DAYS, VALID_DAYS, tls_files
from tests.unit.server.conftest import start_server

NOW = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
DAY = 86_400


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    running = start_server(tmp_path_factory.mktemp("tls") / "state", "--tls")
    yield running
    assert running.stop() == 0


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_authority_opens_every_name_of_this_machine(secure, name):
    trusting = ssl.create_default_context(cafile=secure.ready["ca_file"])
    # What Python 3.13 asks of certificates by default.
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    connection = http.client.HTTPSConnection(name, secure.port, timeout=30, context=trusting)
    connection.request("GET", "/_maas/health")
    assert json.loads(connection.getresponse().read())["status"] == "ok"
    connection.close()


def test_nobody_trusts_it_unasked(secure):
    connection = http.client.HTTPSConnection("127.0.0.1", secure.port, timeout=30, context=ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/_maas/health")
    connection.close()


def test_every_url_has_the_scheme_of_the_server(secure, space_of):
    space = space_of(secure)
    space.train("job")
    for index in range(11):
        assert space.submit(f"more-{index}", "azureml://datastores/workspaceblobstore/paths/none.jsonl").status == 201
    model = {"modelSettings": {"modelId": "azureml://registries/azureml/models/Phi-4-mini-instruct"}}
    created = space.call("PUT", f"/serverlessEndpoints/e{space.name}", {"location": "eastus2", "properties": model})
    secure.advance(60)
    answers = [
        space.call("GET", ""),
        secure.send("GET", "/discovery"),
        space.call("GET", "/datastores"),
        space.call("GET", "/jobs"),
        space.call("GET", f"/serverlessEndpoints/e{space.name}"),
        space.data("GET", "history/v1.0", "/runs/job/details"),
    ]
    texts = [answer.content.decode() for answer in answers] + [str(created.headers)]
    urls = [url for text in texts for url in re.findall(r"https?://[^\"\s]+", text)]
    assert len(urls) >= 8
    assert {url for url in urls if not url.startswith(secure.ready["url"])} == set()
    log = answers[-1].json["logFiles"]["user_logs/std_log.txt"]
    assert secure.send("GET", log).status == 200


def test_only_its_own_origin_may_ask(secure):
    own, plain = secure.ready["url"], secure.ready["url"].replace("https", "http")
    assert secure.send("GET", "/_maas/health", headers={"Origin": own}).status == 200
    assert secure.send("GET", "/_maas/health", headers={"Origin": plain}).status == 403
    assert secure.send("GET", "/_maas/health", headers={"Host": "example.com"}).status == 403


def test_nobody_says_which_scheme_was_spoken(server):
    answer = server.send("GET", "/discovery", headers={"X-Forwarded-Proto": "https"})
    assert answer.json["api"] == server.ready["url"]


def test_our_client_with_the_authority_in_ssl_cert_file(secure, monkeypatch, tmp_path, space_of):
    training = tmp_path / "train.jsonl"
    training.write_bytes(space_of(secure).rows(20))
    names = {name: secure.ready[name] for name in ("subscription_id", "resource_group", "workspace")}
    arguments = {"base_url": secure.ready["url"], "emulator": True, "max_retries": 0, **names}
    with MaaSClient(**arguments) as client, pytest.raises(ConnectError, match="certificate"):
        client.jobs.get("x")
    monkeypatch.setenv("SSL_CERT_FILE", secure.ready["ca_file"])
    with MaaSClient(**arguments) as client:
        job = client.jobs.create("Phi-4-mini-instruct", training_file=client.files.upload(training), name="tls")
        assert client.jobs.get(job).name == "tls"


def test_files_are_private_and_kept_over_a_restart(tmp_path, start):
    state = tmp_path / "state"
    first = start(state, "--tls")
    before = Path(first.ready["ca_file"]).read_bytes()
    first.kill()
    assert Path(start(state, "--tls").ready["ca_file"]).read_bytes() == before
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in state.glob("*.pem")} == {0o600}
    # The authority's own key is nowhere: what is left is the server's, and the certificate to sign in with.
    kept = {path.name for path in state.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()}
    assert kept == {"server.pem", "client.pem"}


def test_the_line_for_the_shell_is_one_that_the_shell_understands(tmp_path):
    state = tmp_path / "a folder's state"
    process = subprocess.Popen(
        [sys.executable, "-m", "maas_client.server", "--state-dir", str(state), "--tls"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    process.terminate()
    _, talk = process.communicate(timeout=20)
    script = f'{talk}\nprintf "%s|%s" "$REQUESTS_CA_BUNDLE" "$SSL_CERT_FILE"'
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout == f"{ready['ca_file']}|{ready['ca_file']}"


def test_a_certificate_is_used_until_a_week_before_its_end(tmp_path):
    def authority(now: float) -> bytes:
        return tls_files(tmp_path, now).authority.read_bytes()

    first = authority(NOW)
    assert authority(NOW + (VALID_DAYS - RENEW_DAYS) * DAY - 1) == first
    assert authority(NOW + (VALID_DAYS - RENEW_DAYS) * DAY + 1) != first


def test_files_that_cannot_be_used_are_made_anew(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    foreign = tls_files(other, NOW)
    for spoil in (
        lambda files: files.authority.write_bytes(foreign.authority.read_bytes()),
        lambda files: files.server.write_text("nothing"),
        lambda files: files.server.unlink(),
        lambda files: files.server.write_bytes(
            foreign.server.read_bytes().partition(b"-----BEGIN CERT")[0]
            + b"-----BEGIN CERT"
            + files.server.read_bytes().partition(b"-----BEGIN CERT")[2]
        ),
    ):
        spoil(tls_files(tmp_path, NOW))
        files = tls_files(tmp_path, NOW)
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(files.server)
        authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
        x509.load_pem_x509_certificate(files.server.read_bytes()).verify_directly_issued_by(authority)


def test_the_authority_may_vouch_for_this_machine_only(tmp_path):
    authority = x509.load_pem_x509_certificate(tls_files(tmp_path, NOW).authority.read_bytes())
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    allowed = {str(name.value) for name in limits.value.permitted_subtrees or ()}
    assert allowed == {"localhost", "127.0.0.1/32", "::1/128"}
