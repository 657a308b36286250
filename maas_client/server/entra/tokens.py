"""The tokens of this server: made, read, checked.

They look as those of Entra do (version 1.0) and are signed with a key of the state folder. What a token is good for is
decided in `policy`.

Source: Microsoft Learn, "Access tokens in the Microsoft identity platform" and "Access token claims reference",
version 1.0 tokens; RFC 7515, RFC 7517, RFC 7638.
"""

import json
import threading
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maas_client.server.entra.principal import TENANT_ID
from maas_client.server.folder import write_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from jwt.types import Options

ISSUER = f"https://sts.windows.net/{TENANT_ID}/"
GENERATION = "maas_generation"
"""The claim by which a token that was given out before a revocation is known, to the instant and on any clock."""
_BITS = 2048
_REMEMBERED = 256
"""Tokens whose claims are kept in memory."""


@dataclass(frozen=True, slots=True)
class _Key:
    private: "RSAPrivateKey"
    kid: str
    jwk: Mapping[str, Any]


class Tokens:
    """Makes and checks tokens; the key is made, and cryptography imported, when the first token is asked for."""

    def __init__(self, folder: Path) -> None:
        """Use the key of a state folder."""
        self._path = folder / "token-key.pem"
        self._lock = threading.Lock()
        self._made: _Key | None = None
        self._read: dict[bytes, Mapping[str, Any] | None] = {}

    def issue(self, claims: Mapping[str, Any], *, now: float, seconds: int) -> str:
        """Return a signed token.

        Args:
            claims: Whom it is for, and by whom it was asked for.
            now: Seconds since the epoch.
            seconds: How long it is good for.
        """
        import jwt

        key = self._key()
        begin = int(now)
        # `nbf` lies back a little, as Entra's does, for clocks that lag behind.
        times = {"iat": begin, "nbf": begin - 300, "exp": begin + seconds}
        facts = {"iss": ISSUER, "tid": TENANT_ID, "uti": uuid.uuid4().hex[:22], "ver": "1.0", "maas_simulated": True}
        return jwt.encode({**facts, **times, **claims}, key.private, "RS256", {"kid": key.kid, "x5t": key.kid})

    def verified(self, token: str) -> Mapping[str, Any] | None:
        """Return the claims of a token that this server signed, or None; its times are not looked at."""
        return self._remembered(b"verified", token, self._verified)

    def unverified(self, token: str) -> Mapping[str, Any] | None:
        """Read the claims of a JWT without checking anything; None for what is none."""
        return self._remembered(b"unverified", token, unverified)

    def _remembered(
        self, how: bytes, token: str, read: Callable[[str], Mapping[str, Any] | None]
    ) -> Mapping[str, Any] | None:
        """Read a token once: a client sends the same one for an hour. Only its hash is kept."""
        key = sha256(how + token.encode("utf-8", "replace")).digest()
        try:
            return self._read[key]
        except KeyError:
            claims = read(token)
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            self._read[key] = claims
            return claims

    def _verified(self, token: str) -> Mapping[str, Any] | None:
        import jwt

        options: Options = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token, self._key().private.public_key(), ["RS256"], options={**options, "require": ["exp", "iss"]}
            )
        except (jwt.PyJWTError, RecursionError):
            return None
        return claims

    def public_key(self) -> Mapping[str, Any]:
        """Return the key by which anybody can check the tokens, as a JWK."""
        return self._key().jwk

    def _key(self) -> _Key:
        with self._lock:
            if self._made is None:
                self._made = _load(self._path)
            return self._made


def unverified(token: str) -> Mapping[str, Any] | None:
    """Read the claims of a JWT without checking anything; None for what is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        header, claims = (json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(header, dict) and isinstance(claims, dict) else None


def _load(path: Path) -> _Key:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    try:
        private = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError):
        private = None
    if not isinstance(private, rsa.RSAPrivateKey):
        private = rsa.generate_private_key(65537, _BITS)
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(path, pem.decode("ascii"))
    return _described(private)


def _described(private: "RSAPrivateKey") -> _Key:
    from jwt.algorithms import RSAAlgorithm

    members = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    public = {name: members[name] for name in ("e", "kty", "n")}
    thumbprint = sha256(json.dumps(public, separators=(",", ":"), sort_keys=True).encode()).digest()
    kid = urlsafe_b64encode(thumbprint).decode().rstrip("=")
    return _Key(private, kid, {**public, "use": "sig", "alg": "RS256", "kid": kid, "x5t": kid})
