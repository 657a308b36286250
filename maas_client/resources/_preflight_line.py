"""Checks of what lies between this machine and the service, and of who signs in."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from maas_client.core.claims import claims_of
from maas_client.core.skew import TOLERATED_SECONDS
from maas_client.core.surroundings import GIVEN_TOKEN
from maas_client.errors import AuthenticationError, ConnectError, CredentialError, StatusError
from maas_client.resources._probe import Finding, Probe, failed, failure, host_of, ok, place, skipped, warning

SUSPICIOUS_SECONDS = 60.0
"""From here on a clock is worth a look, although the service lives with it."""
SOON_SECONDS = 900.0
_BUNDLE = "azure-identity reads its CA certificates from REQUESTS_CA_BUNDLE: let it name a file with your proxy's CA."
_ARM = ("management.azure.com", "management.core.windows.net")
"""Source: the resource manager takes tokens for either name, as azure-identity's users report; of the public cloud."""


async def proxy(probe: Probe) -> Finding:
    """Which proxy, and whose certificates."""
    url = probe.session.dialect.target.arm
    way = await probe.session.io.way(url)
    through = f"{way.proxy_variable} sends it through {way.proxy}" if way.proxy else "no proxy"
    believed = f"; certificates: {way.authorities}" if way.authorities else ""
    message = f"To {host_of(url)}: {through}{believed}."
    if way.ignored_bundle and way.authorities:
        return warning(
            f"{message} REQUESTS_CA_BUNDLE ({way.ignored_bundle}) is for other programs: this client does not read it.",
            f"If the connection fails by its certificate: export SSL_CERT_FILE={way.ignored_bundle}",
        )
    return ok(message)


async def dns(probe: Probe) -> Finding:
    """Whether the service's name is known, and where it leads."""
    url = probe.session.dialect.target.arm
    way = await probe.session.io.way(url)
    if way.proxy:
        return skipped(f"The proxy {way.proxy} resolves names.")
    host, addresses = host_of(url), await probe.session.io.addresses(host_of(url))
    where, _ = place(addresses)
    return ok(f"No name to resolve: {where}." if host in addresses else f"{host} is {where}.")


async def service(probe: Probe) -> Finding:
    """Whether the resource manager answers at all."""
    host = host_of(probe.session.dialect.target.arm)
    began = await probe.session.io.monotonic()
    try:
        await probe.session.run(probe.session.dialect.preflight.hello())
    except StatusError as error:
        # Any answer in the service's own form, with a code, is one; what it thinks of the question does not matter.
        if error.status >= 500 or error.status in {407, 429} or not error.code:
            return failure(error)
    except ConnectError as error:
        return await _certified(probe, error)
    probe.hello_seconds = await probe.session.io.monotonic() - began
    return ok(f"{host} answers in {probe.hello_seconds * 1000:.0f} ms.")


async def _certified(probe: Probe, error: ConnectError) -> Finding:
    """Name who signed a certificate that is not believed: where it is a company's proxy, its name tells."""
    url = probe.session.dialect.target.arm
    way = await probe.session.io.way(url)
    if error.permanent and "certificate" in error.message and not way.proxy:
        issuer = await probe.session.io.issuer(url)
        if issuer:
            error.message = f"{error.message} It is signed by {issuer!r}: if that is no public authority, "
            error.message += "something in between opens the connection and signs it anew."
            error.args = (error.message,)
    return failure(error)


async def clock(probe: Probe) -> Finding:
    """Whether this machine's clock is the service's."""
    skew = probe.caller.skew
    if skew.seconds is None:
        return skipped("No answer of the service told its time.")
    if skew.is_harmful:
        return failed(
            skew.text,
            "Set it, or let it be set (`timedatectl set-ntp true`): tokens and signatures are refused by the clock.",
            AuthenticationError,
        )
    size = round(abs(skew.seconds))
    message = f"Within {max(size, 1)} s of the service's."
    if size > SUSPICIOUS_SECONDS:
        return warning(message, f"From {TOLERATED_SECONDS:g} s on requests are refused: let the clock be set by NTP.")
    return ok(message)


async def sign_in(probe: Probe) -> Finding:
    """Whether there is a token, whose, and for how long."""
    io, target = probe.session.io, probe.session.dialect.target
    try:
        token = await probe.caller.tokens.get(target.scope)
    except CredentialError as error:
        if any(word in str(error) for word in ("CERTIFICATE_VERIFY_FAILED", "SSLError")):
            error.hint = _BUNDLE
        return failure(error)
    who = await io.credential()
    claims = claims_of(token)
    if not claims:
        opaque = "" if probe.session.emulator else "; it does not say whose it is, nor when it ends"
        return ok(f"By {who}{opaque}.")
    return _judge(who, claims, (await io.now()).timestamp(), target.scope)


def _judge(who: str, claims: Mapping[str, Any], now: float, scope: str) -> Finding:
    tenant = claims.get("tid")
    parts = [f"By {who}", _whose(claims), f"tenant {tenant}" if tenant else ""]
    message = ", ".join(part for part in parts if part)
    ends = claims.get("exp")
    if isinstance(ends, int | float):
        left = ends - now
        if left <= 0:
            return failed(
                f"{message}: the token ended {_minutes(-left)} ago, by this machine's clock.",
                "Sign in again (`az login`), or get another token.",
                AuthenticationError,
            )
        message += f", good for {_minutes(left)} (until {_moment(ends)})"
        if left < SOON_SECONDS and who == GIVEN_TOKEN:
            return warning(
                f"{message}.", "Nobody renews it: get a new one before a long upload, or sign in by `az login`."
            )
    audience = str(claims.get("aud", ""))
    if not _is_for(audience, scope):
        return warning(
            f"{message}. It is for {audience}, not for the resource manager.",
            f"az account get-access-token --resource {scope.removesuffix('/.default')}",
        )
    return ok(f"{message}.")


def _is_for(audience: str, scope: str) -> bool:
    # An application's id says nothing to us, and no audience is as good as any.
    host = host_of(audience)
    return not host or host == host_of(scope) or (host in _ARM and host_of(scope) in _ARM)


def _whose(claims: Mapping[str, Any]) -> str:
    for name in ("upn", "unique_name", "preferred_username", "app_displayname"):
        if claims.get(name):
            return str(claims[name])
    application = claims.get("appid") or claims.get("azp")
    return f"application {application}" if application else ""


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return "a day that no calendar has"
