"""Who is let in: what `--auth` says, a request at a time.

`off` asks for nothing. `any` takes every bearer token that is not an expired JWT, so that real credentials, made-up
words and tokens of this server all work. `strict` takes only tokens that this server signed, for the right resource.

Source: wire of the resource manager, `ExpiredAuthenticationToken` reported in terraform-provider-azurerm#20867;
`insufficient_claims` and its claims: Microsoft Learn, "Claims challenges", azure-cli#31777, and azure-core 1.41, what
`BearerTokenCredentialPolicy.on_challenge` reads. `InvalidAuthenticationToken*` are codes that the resource manager's
users report; the descriptions that go with them here are ours.
"""

import json
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from maas_client.server.clock import Clock
from maas_client.server.entra.audiences import same
from maas_client.server.entra.principal import TENANT_ID
from maas_client.server.entra.tokens import GENERATION, ISSUER, Tokens

MODES = ("off", "any", "strict")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a bearer token is refused, with 401.

    Attributes:
        code: Of the resource manager's error.
        message: Of its error.
        error: Of the challenge.
        claims: What a new token must have, as JSON; empty: nothing, a new token is not asked for.
    """

    code: str
    message: str
    error: str = "invalid_token"
    claims: str = ""

    def challenge(self, authority: str) -> str:
        """Return the `WWW-Authenticate` of the resource manager.

        Args:
            authority: URL where one signs in.
        """
        parts = {"authorization_uri": authority, "error": self.error, "error_description": self.message}
        if self.claims:
            parts["claims"] = b64encode(self.claims.encode()).decode()
        return "Bearer " + ", ".join(f'{name}="{_quotable(value)}"' for name, value in parts.items())


MISSING = Problem("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
_SCHEME = Problem("AuthenticationFailed", "Authentication failed. The 'Authorization' header is not a bearer token.")
_INVALID = Problem("InvalidAuthenticationToken", "The access token is invalid.")


class Policy:
    """Decides about bearer tokens."""

    def __init__(self, mode: str, tokens: Tokens, clock: Clock, generation: int) -> None:
        """Set how strict to be.

        Args:
            mode: One of `MODES`.
            tokens: What checks signatures.
            clock: Whose time tokens of this server go by.
            generation: How often tokens were revoked before now.
        """
        self.mode = mode
        self.generation = generation
        self._tokens = tokens
        self._clock = clock

    @property
    def off(self) -> bool:
        """True if no credential is asked for, of whatever kind."""
        return self.mode == "off"

    def problem(self, authorization: str, audiences: Collection[str]) -> Problem | None:
        """Say why a request is not let in, or None if it is.

        Args:
            authorization: Its `Authorization`, empty if it has none.
            audiences: For whom its token may be, in the form of `audiences.same`.
        """
        if self.off:
            return None
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if not authorization.strip():
            return MISSING
        if scheme.lower() != "bearer" or not token:
            return _SCHEME
        if self.mode == "any":
            claims = self._tokens.unverified(token)
            return None if claims is None else self._over(claims)
        signed = self._tokens.verified(token)
        if signed is None:
            return _INVALID
        return _not_for(signed, audiences) or self._over(signed)

    def _over(self, claims: Mapping[str, Any]) -> Problem | None:
        """Say that a token has ended, by the clock of whoever made it."""
        own = claims.get("iss") == ISSUER
        wall = self._clock.real() - self._clock.skew
        now = self._clock.real() if own else wall
        ends = claims.get("exp")
        if not isinstance(ends, int | float) or isinstance(ends, bool):
            return None
        if now >= ends:
            return expired(ends, now, skipped=wall < ends)
        if own and claims.get(GENERATION) != self.generation:
            return revoked(now)
        return None


def _not_for(claims: Mapping[str, Any], audiences: Collection[str]) -> Problem | None:
    if claims.get("iss") != ISSUER:
        message = (
            f"The access token is from the wrong issuer '{str(claims.get('iss'))[:128]}'. It must match the tenant "
            f"'{ISSUER}' associated with this subscription."
        )
        return Problem("InvalidAuthenticationTokenTenant", message)
    if claims.get("tid") != TENANT_ID:
        return _INVALID
    audience = str(claims.get("aud", ""))
    if same(audience) not in audiences:
        message = (
            f"The access token has been obtained for wrong audience or resource '{audience[:128]}'. It should exactly "
            f"match with one of the allowed audiences '{','.join(sorted(audiences))}'."
        )
        return Problem("InvalidAuthenticationTokenAudience", message)
    return None


def expired(ends: float, now: float, *, skipped: bool) -> Problem:
    """Return the refusal of a token that ended.

    Args:
        ends: When it did, in seconds since the epoch.
        now: The time by the clock of whoever made it.
        skipped: By the wall clock it is still good.
    """
    message = f"The access token expiry UTC time '{_moment(ends)}' is earlier than current UTC time '{_moment(now)}'."
    # Whoever goes by the wall clock believes that such a token is good, and would send it for ever: asked for claims,
    # credentials fetch another. The service itself, whose clock never jumps, asks for none.
    return (
        Problem("ExpiredAuthenticationToken", message, "insufficient_claims", _not_before(now))
        if skipped
        else Problem("ExpiredAuthenticationToken", message)
    )


def revoked(now: float) -> Problem:
    """Return the refusal of a token that was taken back; it asks for one that is not older than `now`."""
    message = (
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
        "TokenIssuedBeforeRevocationTimestamp"
    )
    return Problem("TokenIssuedBeforeRevocationTimestamp", message, "insufficient_claims", _not_before(now))


def _not_before(now: float) -> str:
    return json.dumps({"access_token": {"nbf": {"essential": True, "value": str(int(now))}}}, separators=(",", ":"))


def _moment(seconds: float) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return str(seconds)
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment:%M:%S} {half}"


def _quotable(text: str) -> str:
    return "".join(character if " " <= character <= "~" and character not in '"\\' else "'" for character in text)
