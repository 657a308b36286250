"""Every kind of credential, on every adapter."""

import base64
import json
import sys
import types
from math import inf

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from maas_client.errors import ConfigurationError, CredentialError
from maas_client.transport.credentials import TokenSource, expiry_of
from maas_client.transport.files import inline
from maas_client.transport.httpx_async import AsyncIO
from maas_client.transport.httpx_sync import SyncIO

SCOPE = "https://management.azure.com/.default"
FORBIDDEN = "eyJhbGciOiJub25lIn0.c2VjcmV0.c2ln"


def jwt(payload):
    if not isinstance(payload, bytes):
        payload = json.dumps(payload).encode()
    middle = base64.urlsafe_b64encode(payload).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{middle}.sig"


def ask(run, credential, claims=None, **options):
    options.setdefault("emulator", False)
    return run(lambda io: io.token(SCOPE, claims), credential=credential, **options)


class Blocking:
    def __init__(self):
        self.asked = []
        self.closed = False

    def get_token(self, *scopes, **options):
        self.asked.append((scopes, options))
        return AccessToken("from-blocking", 2_000_000_000)

    def close(self):
        self.closed = True


class Suspending(Blocking):
    async def get_token(self, *scopes, **options):
        return super().get_token(*scopes, **options)


class WithoutClaims(Blocking):
    def get_token(self, scope):
        return super().get_token(scope)


class Unsigned(Blocking):
    """Its `get_token` has no signature to look at."""

    @property
    def get_token(self):
        found = super().get_token

        class Odd:
            __signature__ = "none"

            def __call__(self, *scopes, **options):
                return found(*scopes, **options)

        return Odd()


def test_a_text(run):
    token = ask(run, "opaque-token\n")
    assert (token.value, token.expires_at) == ("opaque-token", inf)
    token = ask(run, jwt({"exp": 1234}))
    assert token.expires_at == 1234.0


@pytest.mark.parametrize(
    "payload", [b"\xff\xfe", b"not json", [1], {}, {"exp": "soon"}, {"exp": True}, b"[" * 100_000, {"exp": None}]
)
def test_texts_that_do_not_say_when_they_end(payload):
    assert expiry_of(jwt(payload)) == inf


def test_texts_that_are_no_jwt():
    assert expiry_of("a.b") == inf
    assert expiry_of("a.b!.c") == inf


@pytest.mark.parametrize("text", ["", "  ", "Bearer abc", "a\nb", "ключ", "a\x00b"])
@pytest.mark.parametrize("make", [AsyncIO, SyncIO])
def test_texts_that_are_no_token(make, text):
    with pytest.raises(ConfigurationError) as caught:
        make(text)
    assert text.strip() == "" or text not in str(caught.value)


@pytest.mark.parametrize("credential", [42, b"bytes", object(), ["a"], {"token": "a"}])
@pytest.mark.parametrize("make", [AsyncIO, SyncIO])
def test_things_that_are_no_credential(make, credential):
    with pytest.raises(ConfigurationError, match="is not a credential") as caught:
        make(credential)
    assert "TokenCredential" in (caught.value.hint or "")


def test_a_function(run):
    answers = iter(["one\n", jwt({"exp": 99})])
    token = ask(run, lambda: next(answers))
    assert (token.value, token.expires_at) == ("one", inf)
    assert ask(run, lambda: next(answers)).expires_at == 99.0


async def give():
    return "from-async"


class Giver:
    async def __call__(self):
        return "from-async"


@pytest.mark.parametrize("credential", [give, Giver(), lambda: give()])
def test_an_asynchronous_function(run, credential):
    if run.kind == "sync":
        with pytest.raises(ConfigurationError, match="asynchronous") as caught:
            ask(run, credential)
        assert "AsyncMaaSClient" in (caught.value.hint or "")
    else:
        assert ask(run, credential).value == "from-async"


def test_an_awaitable_that_is_no_coroutine_is_refused_without_a_loop():
    class Future:
        def __await__(self):
            raise AssertionError

    io = SyncIO(Future)
    with pytest.raises(ConfigurationError, match="asynchronous"):
        io.token(SCOPE, None).send(None)


def test_a_token_credential(run):
    credential = Blocking()
    token = ask(run, credential)
    assert (token.value, token.expires_at) == ("from-blocking", 2_000_000_000.0)
    assert credential.asked == [((SCOPE,), {})]
    assert not credential.closed, "it belongs to the caller"


def test_an_asynchronous_token_credential(run):
    credential = Suspending()
    if run.kind == "sync":
        with pytest.raises(ConfigurationError, match="Suspending"):
            ask(run, credential)
    else:
        assert ask(run, credential, "{}").value == "from-blocking"
        assert credential.asked == [((SCOPE,), {"claims": "{}"})]


@pytest.mark.parametrize(
    ("kind", "options"), [(Blocking, {"claims": "{}"}), (WithoutClaims, {}), (Unsigned, {"claims": "{}"})]
)
def test_claims_are_passed_where_they_are_understood(run, kind, options):
    credential = kind()
    ask(run, credential, "{}")
    assert credential.asked == [((SCOPE,), options)]


@pytest.mark.parametrize("answer", [None, 42, "", " ", AccessToken(None, 1)])  # type: ignore[arg-type]
def test_a_credential_that_gives_nothing(run, answer):
    with pytest.raises(CredentialError, match="gave no token"):
        ask(run, lambda: answer)


def test_a_credential_that_fails(run):
    def fail():
        lines = [f"line {number}\n\n" for number in range(50)]
        raise ClientAuthenticationError("Sign in first.\nIt sent Bearer " + FORBIDDEN + "\n" + "".join(lines))

    with pytest.raises(CredentialError) as caught:
        ask(run, fail)
    text = str(caught.value)
    assert text.startswith("No token could be had. Sign in first.\n")
    assert FORBIDDEN not in text
    assert "line 1" in text
    assert "line 2" not in text
    assert isinstance(caught.value.__cause__, ClientAuthenticationError)
    assert "az login" in (caught.value.hint or "")


def test_a_failure_of_the_default_is_told_shortly(run):
    def fail():
        raise ClientAuthenticationError("Default failed.\nAttempted credentials:\n\tEnvironment: not set\nTo mitigate")

    with pytest.raises(CredentialError, match=r"^No token could be had\. Default failed\.$"):
        ask(run, fail)


def test_a_failure_without_words_is_named(run):
    def fail():
        raise KeyError

    with pytest.raises(CredentialError, match="KeyError"):
        ask(run, fail)


def test_our_own_errors_pass(run):
    def fail():
        raise CredentialError("mine")

    with pytest.raises(CredentialError, match=r"^mine$"):
        ask(run, fail)


def test_an_emulator_needs_no_secret(run):
    token = ask(run, None, emulator=True)
    assert (token.value, token.expires_at) == ("emulator", inf)
    assert ask(run, "given", emulator=True).value == "given"


@pytest.mark.parametrize("closes", [True, False])
def test_the_default_is_made_once_and_closed(run, monkeypatch, closes):
    made = []

    class Default(Blocking):
        def __init__(self):  # without an authority: azure-identity knows its own
            super().__init__()
            made.append(self)
            if not closes:
                self.close = None  # type: ignore[assignment, method-assign]

    fake = types.ModuleType("azure.identity")
    fake.DefaultAzureCredential = Default  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "azure.identity", fake)

    async def body(io):
        assert not made
        first = await io.token(SCOPE, None)
        await io.token(SCOPE, "{}")
        return first

    assert run(body, emulator=False).value == "from-blocking"
    assert len(made) == 1
    assert made[0].asked == [((SCOPE,), {}), ((SCOPE,), {"claims": "{}"})]
    assert made[0].closed is closes


def test_no_secret_in_reprs(run):
    token = ask(run, "sekret-token")
    assert "sekret" not in repr(token)
    source = TokenSource("sekret-token", emulator=False, offload=inline, may_await=False)
    assert "sekret" not in repr(source)
    assert "sekret" not in repr(SyncIO("sekret-token"))
