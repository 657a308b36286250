"""Everything about sign-in that a world has: who may, for how long, and what was revoked."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from maas_client.server.clock import Clock
from maas_client.server.entra.assertion import Certificate
from maas_client.server.entra.policy import Policy
from maas_client.server.entra.principal import CLIENT_ID, IDENTITY_ID, make_principal
from maas_client.server.entra.tokens import GENERATION, Tokens
from maas_client.server.store import Store

_GENERATION = "token_generation"


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was given out.

    Attributes:
        token: The token.
        seconds: How long it is good for.
        expires_on: When it ends by the wall clock, which its holder goes by; seconds since the epoch.
    """

    token: str
    seconds: int
    expires_on: int


class Identity:
    """Gives out tokens, takes them back, and knows whom to let in."""

    def __init__(self, folder: Path, secret: bytes, store: Store, clock: Clock, *, mode: str, lifetime: int) -> None:
        """Open what a state folder knows about sign-in.

        Args:
            folder: Where the keys are kept.
            secret: The folder's own secret.
            store: Remembers revocations.
            clock: Whose time tokens go by.
            mode: One of `policy.MODES`.
            lifetime: Of a token, in seconds.
        """
        self.principal = make_principal(secret)
        self.certificate = Certificate(folder)
        self.tokens = Tokens(folder)
        if mode == "strict":
            # Now, not with the first request: making a key takes a while.
            self.tokens.public_key()
        self.policy = Policy(mode, self.tokens, clock, int(store.meta(_GENERATION) or 0))
        self.sign_in = True
        self._store = store
        self._clock = clock
        self._lifetime = lifetime
        self._lock = threading.Lock()

    def issue(self, audience: str, *, managed: bool, capable: bool = False) -> Issued:
        """Give out a token.

        Args:
            audience: For whom it is, as it was asked for.
            managed: True for the managed identity, False for the application.
            capable: True if who asks can handle challenges with claims.
        """
        who = IDENTITY_ID if managed else CLIENT_ID
        now = self._clock.real()
        claims: dict[str, object] = {
            "aud": audience,
            "appid": who,
            "appidacr": "2" if managed else "1",
            "idtyp": "app",
            "oid": who,
            "sub": who,
            GENERATION: self.policy.generation,
            **({"xms_cc": ["CP1"]} if capable else {}),
        }
        token = self.tokens.issue(claims, now=now, seconds=self._lifetime)
        return Issued(token, self._lifetime, int(now - self._clock.skew) + self._lifetime)

    def revoke(self) -> Mapping[str, object]:
        """Take back every token that was given out before now, for good."""
        with self._lock:
            generation = self.policy.generation + 1
            self._store.set_meta(_GENERATION, generation)
            self.policy.generation = generation
        return self.state()

    def state(self) -> Mapping[str, object]:
        """Say what was revoked, and whether sign-in is allowed."""
        return {"revocations": self.policy.generation, "sign_in": self.sign_in}
