"""Failures of the HTTP library, in our words, where no socket produces them on demand."""

import errno
import socket
import ssl

import httpcore
import httpx
import pytest

from maas_client.core.io import Request
from maas_client.errors import BrokenResponseError, ConnectError, RequestTimeoutError
from maas_client.transport.deadline import DeadlineBackend
from maas_client.transport.errors import host_of, translate

REQUEST = Request("Jobs_Get", "GET", "https://user:sekret@h.example:8443/p?sig=sekret")


def ours(error, cause=None):
    error.__cause__ = cause
    found = translate(error, REQUEST, seconds=9)
    assert "sekret" not in str(found)
    return found


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (httpx.PoolTimeout(""), ConnectError, "connections of this client were busy"),
        (httpx.ConnectTimeout(""), ConnectError, "No connection to h.example:8443 in time"),
        (httpx.ReadTimeout(""), RequestTimeoutError, "within 9 s"),
        (httpx.WriteTimeout(""), RequestTimeoutError, "within 9 s"),
        (httpx.WriteError(""), BrokenResponseError, "closed or reset"),
        (httpx.CloseError(""), BrokenResponseError, "closed or reset"),
        (httpx.ConnectError(""), ConnectError, "no reason given"),
        (httpx.ConnectError("Bearer abcdefgh"), ConnectError, "Bearer REDACTED"),
        (UnicodeError("label too long"), ConnectError, "name is not known"),
        (OSError(errno.EMFILE, "Too many open files"), ConnectError, "too many open files"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), ConnectError, "Network is unreachable"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), ConnectError, "it reset the connection"),
    ],
)
def test_kinds(error, kind, text):
    found = ours(error)
    assert type(found) is kind
    assert text in str(found)
    assert found.operation == "Jobs_Get"
    assert not getattr(found, "permanent", False)


def tls(kind, reason=None):
    error = kind(1, "sekret")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("cause", "text", "permanent"),
    [
        (tls(ssl.SSLEOFError), "ended the connection during the TLS handshake", False),
        (tls(ssl.SSLError, "WRONG_VERSION_NUMBER"), "does not speak TLS", True),
        (tls(ssl.SSLError, "TLSV1_ALERT_INTERNAL_ERROR"), "TLSV1_ALERT_INTERNAL_ERROR", False),
        (tls(ssl.SSLError), "TLS failed", False),
        (tls(ssl.SSLCertVerificationError), "verification failed", True),
    ],
)
def test_tls(cause, text, permanent):
    found = ours(httpx.ConnectError("x"), cause)
    assert isinstance(found, ConnectError)
    assert text in str(found)
    assert found.permanent is permanent


def test_causes_are_found_in_groups_and_circles():
    refused = ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    group = OSError("all attempts failed")
    group.__cause__ = ExceptionGroup("two", [OSError(errno.EHOSTUNREACH, "no route"), refused])
    refused.__context__ = group
    assert "refused the connection" in str(ours(httpx.ConnectError("x"), group))


def test_a_url_without_a_host():
    assert host_of(Request("Op", "GET", "/relative")) == "the service"


def test_deadlines_bound_each_operation():
    backend = DeadlineBackend()
    assert backend.left(5, httpcore.ReadTimeout) == 5
    assert backend.left(None, httpcore.ReadTimeout) is None
    with backend.within(2):
        assert 1 < (backend.left(None, httpcore.ReadTimeout) or 0) <= 2
        assert backend.left(0.5, httpcore.ReadTimeout) == 0.5
        assert 1 < (backend.left(5, httpcore.ReadTimeout) or 0) <= 2
    with backend.within(0), pytest.raises(httpcore.ReadTimeout):
        backend.left(5, httpcore.ReadTimeout)


def test_a_stream_of_the_backend_is_bounded(peer):
    server = peer(b"")
    backend = DeadlineBackend()
    stream = backend.connect_tcp("127.0.0.1", server.port, 5)
    assert isinstance(stream.get_extra_info("socket"), socket.socket)
    with backend.within(0):
        with pytest.raises(httpcore.WriteTimeout):
            stream.write(b"x", 5)
        with pytest.raises(httpcore.ReadTimeout):
            stream.read(1, 5)
        with pytest.raises(httpcore.ConnectTimeout):
            stream.start_tls(ssl.create_default_context(), "h", 5)
        with pytest.raises(httpcore.ConnectTimeout):
            backend.connect_tcp("127.0.0.1", server.port, 5)
    stream.close()
