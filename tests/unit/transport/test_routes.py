"""Proxies and certificates: which way a URL goes, on every adapter, over real sockets."""

import datetime as dt
import ipaddress
import socket
import ssl

import httpx
import pytest
import truststore
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from maas_client.core.io import Request
from maas_client.core.surroundings import Way
from maas_client.errors import BrokenResponseError, ConfigurationError, ConnectError
from maas_client.transport.routes import Routes, is_this_machine

DAY = dt.timedelta(days=1)


def get(url):
    return Request("Jobs_Get", "GET", url)


def send(io, url):
    return io.send(get(url), headers={"accept": "application/json"}, timeout=5)


class Authority:
    """A certificate authority, and the server certificates that it signs."""

    def __init__(self, folder):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self.certificate = (
            self.builder(self.name, self.key.public_key(), 1)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.path = folder / "ca.pem"
        self.path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def builder(self, name, public_key, days):
        now = dt.datetime.now(dt.UTC)
        identifier = x509.SubjectKeyIdentifier.from_public_key(public_key)
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 3 * DAY if days < 1 else now - DAY + (days - 1) * DAY)
            .not_valid_after(now + days * DAY)
            .add_extension(identifier, critical=False)
            .add_extension(own, critical=False)
        )

    def wrap(self, address="127.0.0.1", days=1):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "server")])
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        certificate = (
            self.builder(name, key.public_key(), days)
            .add_extension(alternative, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        path = self.folder / f"server{address}{days}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return lambda connection: context.wrap_socket(connection, server_side=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


def secure(server):
    return server.url.replace("http:", "https:")


def test_certificates_of_a_known_authority(run, peer, answered, authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    server = peer(answered(b'{"a":1}'), wrap=authority.wrap())

    async def body(io):
        await send(io, secure(server))
        return await send(io, secure(server))

    assert run(body).body == b'{"a":1}'
    assert server.connections == 1


@pytest.mark.parametrize(
    ("options", "text", "hint"),
    [
        ({"address": "127.0.0.2"}, "for another host", "spelling"),
        ({"days": -1}, "has expired", "clock"),
        ({"days": 9}, "not valid yet", "clock"),
    ],
)
def test_certificates_that_do_not_fit(run, peer, answered, authority, monkeypatch, options, text, hint):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    server = peer(answered(), wrap=authority.wrap(**options))
    with pytest.raises(ConnectError, match=text) as caught:
        run(lambda io: send(io, secure(server)))
    assert caught.value.permanent
    assert hint in (caught.value.hint or "")
    assert not server.requests


def test_certificates_of_an_unknown_authority(run, peer, answered, authority, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    server = peer(answered(), wrap=authority.wrap())
    with pytest.raises(ConnectError, match="cannot be verified") as caught:
        run(lambda io: send(io, secure(server)))
    assert caught.value.permanent
    assert "SSL_CERT_FILE" in (caught.value.hint or "")


def test_a_port_that_does_not_speak_tls(run, peer):
    def script(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        return connection

    server = peer(b"", wrap=script)
    with pytest.raises(ConnectError, match="does not speak TLS") as caught:
        run(lambda io: send(io, secure(server)))
    assert caught.value.permanent
    assert "http://" in (caught.value.hint or "")


def test_a_handshake_that_is_reset_may_be_repeated(run, peer, rst):
    def script(connection):
        connection.recv(1)
        rst(connection)
        return connection

    server = peer(b"", wrap=script)
    with pytest.raises(ConnectError) as caught:
        run(lambda io: send(io, secure(server)))
    assert not caught.value.permanent


def test_a_handshake_that_is_closed_may_be_repeated(run, peer):
    def script(connection):
        connection.recv(65536)
        connection.shutdown(socket.SHUT_RDWR)
        return connection

    server = peer(b"", wrap=script)
    with pytest.raises(ConnectError) as caught:
        run(lambda io: send(io, secure(server)))
    assert not caught.value.permanent


@pytest.mark.parametrize("content", [None, "no certificates here"])
def test_certificate_files_that_cannot_be_read(run, tmp_path, monkeypatch, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(ConfigurationError, match="CA certificates") as caught:
        run(lambda io: send(io, "https://127.0.0.1:1/"))
    assert "SSL_CERT_FILE" in (caught.value.hint or "")


def test_a_proxy_is_not_used_for_this_machine(run, peer, answered, monkeypatch):
    proxy, server = peer(answered(status="500 Proxy")), peer(answered())
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    assert run(lambda io: send(io, server.url)).status == 200
    assert proxy.connections == 0


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_is_used_for_other_hosts(run, peer, answered, monkeypatch, variable, scheme):
    proxy = peer(answered())
    monkeypatch.setenv(variable, f"{scheme}user:pass@127.0.0.1:{proxy.port}")
    assert run(lambda io: send(io, "http://service.invalid:81/a?b=c")).status == 200
    assert proxy.requests[0].startswith(b"GET http://service.invalid:81/a?b=c HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNz" in proxy.requests[0]


def test_hosts_without_a_proxy(run, peer, monkeypatch):
    proxy = peer(b"")
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "service.invalid")

    def unknown(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ConnectError, match="not known"):
        run(lambda io: send(io, "http://service.invalid/"))
    assert proxy.connections == 0


def test_a_proxy_that_wants_a_login(run, peer, answered, monkeypatch):
    proxy = peer(answered(status="407 Proxy Authentication Required"))
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass@127.0.0.1:{proxy.port}")
    with pytest.raises(ConnectError, match="407") as caught:
        run(lambda io: send(io, "https://service.invalid/"))
    assert caught.value.permanent
    assert "HTTPS_PROXY" in (caught.value.hint or "")
    assert f"proxy 127.0.0.1:{proxy.port}" in str(caught.value)
    assert "pass" not in str(caught.value)


def test_a_proxy_that_fails(run, peer, answered, monkeypatch):
    proxy = peer(answered(status="502 Bad Gateway"))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with pytest.raises(ConnectError, match="502") as caught:
        run(lambda io: send(io, "https://service.invalid/"))
    assert not caught.value.permanent


def test_a_proxy_that_is_not_there(run, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    with pytest.raises(ConnectError, match=rf"service\.invalid \(through the proxy 127\.0\.0\.1:{port}\)"):
        run(lambda io: send(io, "http://service.invalid/"))


def test_a_proxy_over_tls(run, peer, answered, authority, monkeypatch):
    proxy = peer(answered(), wrap=authority.wrap())
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    monkeypatch.setenv("HTTP_PROXY", secure(proxy))
    assert run(lambda io: send(io, "http://service.invalid/")).status == 200


def test_a_tunnel_through_a_proxy_ends_at_the_deadline(run, peer, monkeypatch):
    def script(connection, head):
        assert head.startswith(b"CONNECT service.invalid:443")
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.recv(65536)
        connection.recv(1)

    monkeypatch.setenv("HTTPS_PROXY", peer(script).url)
    with pytest.raises((ConnectError, TimeoutError)):
        run(lambda io: io.send(get("https://service.invalid/"), headers={}, timeout=0.3))


@pytest.mark.parametrize("value", ["http://:sekret", "http://[sekret", "quic://sekret:1", "http://h:sekret"])
def test_proxies_that_are_none(run, monkeypatch, value):
    monkeypatch.setenv("HTTP_PROXY", value)
    with pytest.raises(ConfigurationError, match="HTTP_PROXY") as caught:
        run(lambda io: send(io, "http://service.invalid/"))
    assert "sekret" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_socks_proxy_needs_its_extra(run, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(ConfigurationError, match="SOCKS") as caught:
        run(lambda io: send(io, "http://service.invalid/"))
    assert ("http='aiohttp'" if run.kind == "aiohttp" else "httpx[socks]") in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("a.localhost", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("x", False)],
)
def test_what_is_this_machine(host, expected):
    assert is_this_machine(host) is expected


def test_pools_are_made_once(monkeypatch):
    made = []

    def make(context, proxy):
        made.append((context.verify_mode, proxy))
        return len(made)

    routes = Routes(make)
    for url in ("http://127.0.0.1:1/", "http://127.0.0.1:1/b", "http://[::1]:2/", "https://a.invalid/"):
        routes.find(httpx.URL(url))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3")
    assert routes.find(httpx.URL("https://[2001:db8::1]:4/")).proxy == "127.0.0.1:3"
    assert routes.transports() == [1, 2, 3]
    assert all(mode is ssl.CERT_REQUIRED for mode, _ in made)


def test_an_ssh_server_behind_a_proxy_is_not_http(run, peer, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", peer(b"SSH-2.0-x\r\n\r\n").url)
    with pytest.raises(BrokenResponseError, match="not HTTP"):
        run(lambda io: send(io, "http://service.invalid/"))


def test_what_the_system_trusts_counts_unless_a_file_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    contexts = []
    routes = Routes(lambda context, proxy: contexts.append(context))
    routes.find(httpx.URL("https://management.example"))
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path).path))
    Routes(lambda context, proxy: contexts.append(context)).find(httpx.URL("https://management.example"))
    system, named = contexts
    assert isinstance(system, truststore.SSLContext)
    assert (system.verify_mode, system.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert not isinstance(named, truststore.SSLContext)
    assert len(named.get_ca_certs()) == 1


def test_who_signed_a_certificate_that_is_not_believed(run, peer, answered, authority):
    server = peer(answered(), wrap=authority.wrap())
    assert run(lambda io: io.issuer(secure(server))) == "Test CA"
    assert not server.requests


def test_nobody_signed_what_is_not_there_or_speaks_no_tls(run, peer):
    nothing = peer(b"")
    nothing.close()
    assert run(lambda io: io.issuer(secure(nothing))) == ""


def test_the_way_of_a_url(run, monkeypatch, authority):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "near.example")
    far = run(lambda io: io.way("https://far.example"))
    near = run(lambda io: io.way("https://near.example"))
    here = run(lambda io: io.way("http://127.0.0.1:1"))

    assert far == Way("proxy.example:3128", "HTTPS_PROXY", f"those of SSL_CERT_FILE ({authority.path})")
    assert (near.proxy, near.proxy_variable) == ("", "")
    assert here == Way()


def test_a_bundle_that_only_other_programs_read_is_told(run, monkeypatch, authority):
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
    way = run(lambda io: io.way("https://far.example"))

    assert way.ignored_bundle == str(authority.path)
    assert way.authorities == "those of the operating system, and the usual public ones"
