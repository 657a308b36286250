"""Put a client's parts together: settings, trust, port, dialect."""

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from maas_client import __version__
from maas_client.backends.azureml import AzureML, Target
from maas_client.backends.azureml.errors import error_from
from maas_client.catalog import get_cloud
from maas_client.core.call import Caller
from maas_client.core.io import IO
from maas_client.core.retry import CALL_SECONDS, RetryPolicy
from maas_client.core.trust import KEY, NONE, SIGNED, Trust, is_loopback, origin_of
from maas_client.errors import ConfigurationError
from maas_client.resources._session import Session
from maas_client.transport.credentials import Credential
from maas_client.watch import Cadence, Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a client is made of, but for its credential."""

    service: str
    subscription_id: str | None
    resource_group: str | None
    workspace: str | None
    base_url: str | None
    emulator: bool
    cloud: str
    authority: str | None = None
    timeout: float
    max_retries: int

    def required(self, name: str) -> str:
        """Return a setting that a client cannot do without."""
        value: str | None = getattr(self, name)
        if not value:
            raise ConfigurationError(
                f"{name} is missing.",
                hint=f"Pass {name}=..., or use from_env() with MAAS_{name.upper()}, or from_profile(...).",
            )
        return value


def assemble(make_io: Callable[[str | None], IO], options: Options) -> Session:
    """Put a client's parts together; `make_io` is told where one signs in, if anywhere.

    Raises:
        ConfigurationError: A setting is missing or contradicts another.
    """
    if options.service != "azureml":
        raise ConfigurationError(f"There is no service {options.service!r}.", hint="Use 'azureml'.")
    policy = _policy(options.max_retries, options.timeout)
    cloud = get_cloud(options.cloud)
    arm = (options.base_url or cloud.resource_manager).rstrip("/")
    _check_base_url(arm, emulator=options.emulator, is_own=options.base_url is not None)
    authority = _authority(options.authority, emulator=options.emulator)
    target = Target(
        arm=arm,
        subscription_id=options.required("subscription_id"),
        resource_group=options.required("resource_group"),
        workspace=options.required("workspace"),
        scope=cloud.resource_manager_scope,
        storage_suffix=cloud.storage_suffix,
        # Whoever stands in for the resource manager stands in for the registries too.
        registry_discovery=cloud.registry_discovery if arm == cloud.resource_manager else arm,
    )
    trust = Trust(
        origins=frozenset({origin_of(arm)}),
        suffixes={
            target.scope: (*cloud.data_plane_suffixes, *cloud.registry_suffixes),
            target.storage_scope: (cloud.blob_suffix,),
            KEY: cloud.inference_suffixes,
            SIGNED: (cloud.blob_suffix,),
            NONE: (*cloud.data_plane_suffixes, cloud.blob_suffix),
        },
        emulator=options.emulator,
    )
    caller = Caller(
        # An emulator takes a made-up token, unless it is said where to sign in.
        io=make_io(authority or (None if options.emulator else cloud.authority)),
        trust=trust,
        error_from=error_from,
        user_agent=f"maas-client/{__version__} Python/{platform.python_version()}",
        policy=policy,
        timeout_seconds=options.timeout,
    )
    cadence = Cadence.for_emulator() if options.emulator else Cadence.for_service()
    turns = Turns(cadence.looks_per_second)
    return Session(caller=caller, dialect=AzureML(target), emulator=options.emulator, cadence=cadence, turns=turns)


def check_http(http: str, *known: str) -> None:
    """Check what is to carry the requests of a client.

    Raises:
        ConfigurationError: It is none of those that this client has.
    """
    if http not in known:
        hint = "http='aiohttp' is for AsyncMaaSClient." if http == "aiohttp" else f"One of: {', '.join(known)}."
        raise ConfigurationError(f"This client cannot have http={http!r}.", hint=hint)


def adjust(session: Session, *, timeout: float | None, max_retries: int | None) -> Session:
    """Return a session with another patience that shares connections, tokens and all else; `None` leaves as it is.

    Raises:
        ConfigurationError: A number is out of its range.
    """
    caller = session.caller
    seconds = caller.timeout_seconds if timeout is None else timeout
    policy = _policy(caller.policy.max_attempts - 1 if max_retries is None else max_retries, seconds)
    return replace(session, caller=caller.with_options(policy, seconds))


def _policy(max_retries: int, timeout: float) -> RetryPolicy:
    if not 0 <= max_retries <= 20:
        raise ConfigurationError(f"max_retries is {max_retries}.", hint="Give a number from 0 to 20.")
    if not timeout > 0:
        raise ConfigurationError(f"timeout is {timeout}.", hint="Give seconds above 0.")
    # One attempt gets the time that it was given, also where that is more than a call has as a rule.
    return RetryPolicy(max_attempts=max_retries + 1, total_seconds=max(CALL_SECONDS, timeout))


def _check_base_url(url: str, *, emulator: bool, is_own: bool) -> None:
    if emulator and not (is_own and is_loopback(url)):
        raise ConfigurationError(
            "emulator=True needs a base_url on this machine.", hint="Start one with `maas-ft serve`, and pass its URL."
        )
    if not emulator and not url.startswith("https://"):
        raise ConfigurationError(
            f"{url} is not https.", hint="Plain http is for a local emulator only: pass emulator=True with it."
        )


def _authority(url: str | None, *, emulator: bool) -> str | None:
    if url is None:
        return None
    if not url.startswith("https://"):
        raise ConfigurationError(f"The authority {url} is not https.", hint="Secrets are sent there: use https.")
    if emulator and not is_loopback(url):
        raise ConfigurationError(
            f"The authority {url} is not on this machine, but the service is an emulator.",
            hint="What is signed in for an emulator must be the emulator's own: a real token has no business there.",
        )
    return url.rstrip("/")


def resolve(profile: str | None, credential: Credential, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Read the settings from wherever they are, as arguments of a client."""
    from maas_client.settings import load_settings

    given = {key: value for key, value in overrides.items() if key not in {"journal", "http"}}
    resolved = load_settings(profile=profile, overrides=given, environ=os.environ, cwd=Path.cwd(), config_path=None)
    settings = resolved.settings
    own_token = None if settings.emulator else settings.token  # a real token has no business with an emulator
    return {
        "service": settings.service,
        "credential": own_token if credential is None else credential,
        "subscription_id": settings.subscription_id,
        "resource_group": settings.resource_group,
        "workspace": settings.workspace,
        "base_url": settings.base_url,
        "emulator": settings.emulator,
        "cloud": settings.cloud,
        "authority": settings.authority,
        "timeout": settings.timeout_seconds,
        "max_retries": settings.max_retries,
        "journal": overrides.get("journal") or settings.journal_dir,
        "http": overrides.get("http", "httpx"),
    }
