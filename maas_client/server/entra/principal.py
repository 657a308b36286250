"""Who may sign in: one tenant, one application with a secret, one managed identity."""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

TENANT_ID = "00000000-0000-4000-8000-0000000000a0"
TENANT_DOMAIN = "maas-local.onmicrosoft.com"
CLIENT_ID = "00000000-0000-4000-8000-0000000000c0"
IDENTITY_ID = "00000000-0000-4000-8000-0000000000d0"


@dataclass(frozen=True, slots=True)
class Principal:
    """What signs in here. The ids are the same everywhere; the secrets are those of one state folder.

    Attributes:
        client_secret: Of the application `CLIENT_ID`.
        identity_header: What a program must know to ask for tokens of the managed identity `IDENTITY_ID`.
    """

    client_secret: str = field(repr=False)
    identity_header: str = field(repr=False)


def make_principal(secret: bytes) -> Principal:
    """Return the principal of a state folder.

    Args:
        secret: The folder's own secret.
    """
    return Principal(_derived(secret, "client secret"), _derived(secret, "identity header"))


def _derived(secret: bytes, purpose: str) -> str:
    # Letters and digits alone: a secret that begins with a dash, or needs quotes, is a trap on a command line.
    text = urlsafe_b64encode(hmac.digest(secret, purpose.encode(), "sha256")).decode()
    return text.translate({ord("-"): "x", ord("_"): "y", ord("="): None})


def same_secret(given: str, wanted: str) -> bool:
    """Compare two secrets in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
