"""The one `credential` parameter, whatever its kind, turned into tokens.

| given | what happens |
|---|---|
| a str | sent as it is; asked for again only when the service refuses it |
| a function | called for each token; one that returns an awaitable only in the asynchronous client |
| an azure-core `TokenCredential` | asked with the scope, and the claims of a challenge |
| an azure-core `AsyncTokenCredential` | the same, only in the asynchronous client |
| `None` | azure-identity's `DefaultAzureCredential`, imported and made at the first token |
| `None`, for an emulator | a fixed word that is no secret |
| `None`, for an emulator with an authority | azure-identity's `EnvironmentCredential`, which signs in there alone |

Blocking functions and credentials run in a worker thread in the asynchronous client.
"""

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

from maas_client.catalog.clouds import authorities
from maas_client.core.claims import claims_of
from maas_client.core.io import Token
from maas_client.core.redact import redact_text
from maas_client.core.surroundings import GIVEN_TOKEN
from maas_client.errors import ConfigurationError, CredentialError, MaaSError
from maas_client.transport.files import Offload

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.credentials_async import AsyncTokenCredential

Credential: TypeAlias = "str | Callable[[], str | Awaitable[str]] | TokenCredential | AsyncTokenCredential | None"

EMULATOR_TOKEN = "emulator"  # noqa: S105 - any emulator takes it; it opens nothing
_KINDS = "A credential is a token (str), a function that returns one, an azure-core TokenCredential, or None."
_SIGN_IN = "Sign in (`az login`), set MAAS_TOKEN, or pass credential=."
_MESSAGE_LINES = 4
_MESSAGE_CHARACTERS = 500
# What azure-identity writes before a page about each credential that it tried; the page stays in `__cause__`.
_DETAILS = "Attempted credentials:"


class TokenSource:
    """Asks one credential for tokens."""

    def __init__(
        self, credential: Credential, *, emulator: bool, offload: Offload, may_await: bool, authority: str | None = None
    ) -> None:
        """Check the kind of the credential; nothing is asked for yet.

        Args:
            credential: What the user gave.
            emulator: True if `None` means the emulator's token.
            offload: Runs what blocks.
            may_await: True in the asynchronous client.
            authority: Base URL where to sign in; `None` leaves it to azure-identity, and an emulator without.

        Raises:
            ConfigurationError: It is of no kind that this client can use.
        """
        self._offload = offload
        self._may_await = may_await
        self._emulator = emulator
        self._authority = authority
        self._made: TokenCredential | None = None
        self._credential = credential
        if isinstance(credential, str):
            self._credential = _checked_text(credential)
        elif credential is not None:
            ask = getattr(credential, "get_token", credential)
            if not callable(ask):
                kind = type(credential).__name__
                raise ConfigurationError(f"A {kind} is not a credential.", hint=_KINDS)
            if _is_async(ask) and not may_await:
                raise _needs_async_client(credential)

    def __repr__(self) -> str:
        return f"<TokenSource {type(self._credential).__name__}>"

    async def get(self, scope: str, claims: str | None) -> Token:
        """Return a token for `scope`.

        Raises:
            CredentialError: The credential gave none.
            ConfigurationError: It is of a kind that this client cannot use.
        """
        if isinstance(self._credential, str):
            return _token_of_text(self._credential)
        if self._credential is None and self._emulator and self._authority is None:
            return Token(value=EMULATOR_TOKEN, expires_at=inf)
        try:
            answer = await self._ask(scope, claims)
        except MaaSError:
            raise
        except Exception as error:
            raise _failure(error) from error
        return self._read(answer)

    def describe(self) -> str:
        """Say for people what gives the tokens; of a chain also which part of it gave the last one."""
        if isinstance(self._credential, str):
            return GIVEN_TOKEN
        if self._credential is None and self._made is None:
            return "the emulator's made-up token" if self._emulator else "DefaultAzureCredential"
        asked = self._made if self._credential is None else self._credential
        # azure-identity tells it in its log alone; this is where it keeps it (1.25, as every version since 1.5).
        part = getattr(asked, "_successful_credential", None)
        return _name(asked) + (f" ({_name(part)})" if part is not None else "")

    def close(self) -> None:
        """Close the credential if it was made here; one that was passed belongs to the caller."""
        made, self._made = self._made, None
        close = getattr(made, "close", None)
        if close is not None:
            close()

    async def _ask(self, scope: str, claims: str | None) -> object:
        ask = partial(self._default, scope, claims) if self._credential is None else self._bound(scope, claims)
        # In a tuple: trio refuses a coroutine as what a worker thread returns.
        (answer,) = (ask(),) if _is_async(ask) else await self._offload(lambda: (ask(),))
        if not inspect.isawaitable(answer):
            return answer
        if not self._may_await:
            if inspect.iscoroutine(answer):
                answer.close()
            raise _needs_async_client(self._credential)
        awaited: object = await answer
        return awaited

    def _bound(self, scope: str, claims: str | None) -> Callable[[], object]:
        credential: Any = self._credential
        if not hasattr(credential, "get_token"):
            call: Callable[[], object] = credential
            return call
        options = {"claims": claims} if claims and _accepts_claims(credential.get_token) else {}
        return partial(credential.get_token, scope, **options)

    def _default(self, scope: str, claims: str | None) -> object:
        if self._made is None:
            # Here, not above: this import costs more than the rest of the client together.
            identity = import_module("azure.identity")
            where: dict[str, Any] = {"authority": self._authority} if self._authority else {}
            if self._authority and self._authority not in authorities():
                # Microsoft's own host, which azure-identity would ask, does not know it.
                where["disable_instance_discovery"] = True
            # Not the default one for an emulator: it might find a real sign-in, of the Azure CLI or of the machine.
            kind = "EnvironmentCredential" if self._emulator else "DefaultAzureCredential"
            self._made = getattr(identity, kind)(**where)
        return self._made.get_token(scope, claims=claims) if claims else self._made.get_token(scope)

    def _read(self, answer: object) -> Token:
        text = getattr(answer, "token", answer)
        if not isinstance(text, str) or not text.strip():
            raise CredentialError(
                f"The credential ({_name(self._credential)}) gave no token but {type(answer).__name__}.", hint=_KINDS
            )
        expires_at = getattr(answer, "expires_on", None)
        if isinstance(expires_at, int | float):
            return Token(value=text.strip(), expires_at=float(expires_at))
        return _token_of_text(text.strip())


def expiry_of(token: str) -> float:
    """Read when a JWT ends, in Unix seconds, without verifying it; infinity for what is no JWT or does not say."""
    ends = claims_of(token).get("exp")
    return float(ends) if isinstance(ends, int | float) and not isinstance(ends, bool) else inf


def _token_of_text(text: str) -> Token:
    return Token(value=text, expires_at=expiry_of(text))


def _checked_text(text: str) -> str:
    stripped = text.strip()
    if not stripped:
        raise ConfigurationError("The credential is an empty text.", hint=_SIGN_IN)
    if not (stripped.isascii() and stripped.isprintable()) or " " in stripped:
        raise ConfigurationError(
            "The credential holds characters that no token has.",
            hint="Pass the token alone: no line ends, no quotes, not the word Bearer.",
        )
    return stripped


def _needs_async_client(credential: object) -> ConfigurationError:
    return ConfigurationError(
        f"The credential ({_name(credential)}) is asynchronous, and this client is not.",
        hint="Use AsyncMaaSClient, or a credential of azure.identity instead of azure.identity.aio.",
    )


def _failure(error: Exception) -> CredentialError:
    summary = redact_text(str(error)).partition(_DETAILS)[0]
    lines = [line.strip() for line in summary.splitlines() if line.strip()]
    text = "\n".join(lines[:_MESSAGE_LINES])[:_MESSAGE_CHARACTERS] or type(error).__name__
    return CredentialError(f"No token could be had. {text}", hint=_SIGN_IN)


def _name(credential: object) -> str:
    return getattr(credential, "__name__", None) or type(credential).__name__


def _is_async(ask: object) -> bool:
    if isinstance(ask, partial):
        return _is_async(ask.func)
    return inspect.iscoroutinefunction(ask) or inspect.iscoroutinefunction(getattr(ask, "__call__", None))  # noqa: B004


def _accepts_claims(get_token: Callable[..., object]) -> bool:
    try:
        parameters = inspect.signature(get_token).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(found.name == "claims" or found.kind is found.VAR_KEYWORD for found in parameters)
