"""Tokens: asked for once, ahead of time, and once again after a refusal."""

from base64 import b64encode, urlsafe_b64encode

import anyio
import pytest

from maas_client.core.auth import REFRESH_AHEAD_SECONDS, TokenCache
from maas_client.core.io import Token
from maas_client.errors import AuthenticationError, CredentialError
from tests.unit.core.scripted import SCOPE, ScriptedIO, ScriptedStream, answer, caller, request

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'


def tokens(io: ScriptedIO, *values: str, seconds: float = 3600) -> list[Token | Exception]:
    return [Token(value, io.unix() + seconds) for value in values]


def signed_with(io: ScriptedIO) -> list[str]:
    return [headers["authorization"] for _, headers, _ in io.sent]


async def test_one_token_serves_many_calls():
    io = ScriptedIO([answer(), answer()])
    sender = caller(io)
    await sender.send(request(scope=SCOPE))
    await sender.send(request(scope=SCOPE))
    assert io.asked == [(SCOPE, None)]
    assert signed_with(io) == ["Bearer tok", "Bearer tok"]


async def test_each_scope_has_its_own():
    io = ScriptedIO()
    io.tokens = tokens(io, "a", "b")
    cache = TokenCache(io)
    assert [await cache.get("one"), await cache.get("two"), await cache.get("one")] == ["a", "b", "a"]


@pytest.mark.parametrize(
    ("left", "expected"), [(REFRESH_AHEAD_SECONDS + 1, "old"), (REFRESH_AHEAD_SECONDS, "new"), (-5, "new")]
)
async def test_refresh_ahead(left, expected):
    io = ScriptedIO()
    io.tokens = [*tokens(io, "old", seconds=3600), *tokens(io, "new", seconds=7200)]
    cache = TokenCache(io)
    await cache.get(SCOPE)
    io.clock = 3600 - left
    assert await cache.get(SCOPE) == expected


async def test_single_flight():
    class SlowTokens(ScriptedIO):
        async def token(self, scope, claims):
            await anyio.lowlevel.checkpoint()
            return await super().token(scope, claims)

    io = SlowTokens(lock_factory=anyio.Lock)
    io.tokens = tokens(io, "only")
    cache, got = TokenCache(io), []

    async def ask():
        got.append(await cache.get(SCOPE))

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(ask)
    assert got == ["only"] * 20
    assert len(io.asked) == 1


async def test_401_once_is_replayed_with_another_token():
    io = ScriptedIO([answer(401), answer(body=b"ok")])
    io.tokens = tokens(io, "old", "new")
    assert (await caller(io).send(request(scope=SCOPE))).body == b"ok"
    assert signed_with(io) == ["Bearer old", "Bearer new"]
    assert io.sleeps == []
    assert io.sent[0][1]["x-ms-client-request-id"] == io.sent[1][1]["x-ms-client-request-id"]


async def test_401_twice_is_an_error():
    io = ScriptedIO([answer(401), answer(401, b"still no"), answer()])
    io.tokens = tokens(io, "old", "new")
    with pytest.raises(AuthenticationError, match="still no"):
        await caller(io).send(request(scope=SCOPE))
    assert len(io.sent) == 2


async def test_401_is_not_replayed_with_the_same_token():
    io = ScriptedIO([answer(401)])
    io.tokens = tokens(io, "same", "same")
    with pytest.raises(AuthenticationError):
        await caller(io).send(request(scope=SCOPE))


async def test_401_of_a_key_asks_nobody():
    io = ScriptedIO([answer(401)])
    with pytest.raises(AuthenticationError):
        await caller(io).send(request(key="k1"))
    assert signed_with(io) == ["Bearer k1"]
    assert io.asked == []


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode, lambda data: b64encode(data).rstrip(b"=")])
async def test_claims_of_the_challenge_reach_the_credential(encode):
    challenge = f'Bearer realm="", error="insufficient_claims", claims="{encode(CLAIMS.encode()).decode()}"'
    io = ScriptedIO([answer(401, www_authenticate=challenge), answer()])
    io.tokens = tokens(io, "old", "new")
    await caller(io).send(request(scope=SCOPE))
    assert io.asked == [(SCOPE, None), (SCOPE, CLAIMS)]


@pytest.mark.parametrize("claims", ["A", "/w==", "\u00fc", ""])
async def test_unreadable_claims_are_left_out(claims):
    io = ScriptedIO([answer(401, www_authenticate=f'Bearer claims="{claims}"'), answer()])
    io.tokens = tokens(io, "old", "new")
    await caller(io).send(request(scope=SCOPE))
    assert io.asked[1] == (SCOPE, None)


async def test_a_token_that_another_call_renewed_is_used():
    io = ScriptedIO()
    io.tokens = tokens(io, "old", "new")
    cache = TokenCache(io)
    assert await cache.get(SCOPE) == "old"
    assert await cache.renew(SCOPE, "old", None) == "new"
    assert await cache.renew(SCOPE, "old", None) == "new"
    assert len(io.asked) == 2


async def test_credential_error_is_raised_before_anything_is_sent():
    io = ScriptedIO(tokens=[CredentialError("not signed in")])
    with pytest.raises(CredentialError):
        await caller(io).send(request(scope=SCOPE))
    assert io.sent == []


async def test_a_stream_is_signed_anew_too():
    io = ScriptedIO(streams=[ScriptedStream(401, {}, [b"old"]), ScriptedStream(200, {}, [b"x"])])
    io.tokens = tokens(io, "old", "new")
    async with caller(io).stream(request(scope=SCOPE)) as stream:
        assert [piece async for piece in stream.iter_bytes()] == [b"x"]
    assert signed_with(io) == ["Bearer old", "Bearer new"]
    assert io.closed_streams == [None, None]


async def test_secrets_stay_out_of_reprs():
    io = ScriptedIO()
    io.tokens = tokens(io, "s3cret-token")
    cache = TokenCache(io)
    await cache.get(SCOPE)
    assert "s3cret" not in repr(cache)
    assert "s3cret" not in repr(request(key="s3cret", url="https://h/p?sig=s3cret"))
