"""Tokens: one cached per scope, asked for ahead of time, and only once however many calls need it."""

import re
from base64 import urlsafe_b64decode
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from maas_client.core.io import IO, Token

REFRESH_AHEAD_SECONDS = 300.0
"""Source: azure-core 1.41.0, DEFAULT_REFRESH_WINDOW_SECONDS."""

_CLAIMS = re.compile(r'claims="([^"]+)"')


@dataclass(slots=True)
class TokenCache:
    """The tokens of one client."""

    io: IO
    _tokens: dict[str, Token] = field(default_factory=dict, repr=False)
    _locks: dict[str, AbstractAsyncContextManager[None]] = field(default_factory=dict, repr=False)

    async def get(self, scope: str) -> str:
        """Return a token for `scope` that is good for minutes to come.

        Raises:
            CredentialError: The credential gave none.
        """
        cached = self._tokens.get(scope)
        if cached is not None and cached.expires_at - await self._unix_now() > REFRESH_AHEAD_SECONDS:
            return cached.value
        return await self._fetch(scope, stale=cached, claims=None)

    async def renew(self, scope: str, refused: str, challenge: str | None) -> str:
        """Return a token other than `refused`, honouring the claims of a 401's `WWW-Authenticate`.

        Source: learn.microsoft.com, continuous access evaluation; claims are base64 in the challenge.
        """
        cached = self._tokens.get(scope)
        stale = cached if cached is not None and cached.value == refused else None
        return await self._fetch(scope, stale=stale, claims=_claims_of(challenge))

    async def _fetch(self, scope: str, *, stale: Token | None, claims: str | None) -> str:
        lock = self._locks.get(scope) or self._locks.setdefault(scope, await self.io.lock())
        async with lock:
            cached = self._tokens.get(scope)
            if cached is not None and cached is not stale:
                return cached.value
            token = await self.io.token(scope, claims)
            self._tokens[scope] = token
            return token.value

    async def _unix_now(self) -> float:
        return (await self.io.now()).timestamp()


def _claims_of(challenge: str | None) -> str | None:
    match = _CLAIMS.search(challenge or "")
    if match is None:
        return None

    encoded = match.group(1)
    try:
        return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return None
