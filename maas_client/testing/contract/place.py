"""Where statements are tried: a client's settings, made into a bench."""

from collections.abc import Iterator
from contextlib import contextmanager

from maas_client.client._assembly import Options, assemble
from maas_client.core.trust import is_loopback
from maas_client.errors import ConfigurationError
from maas_client.testing.contract.bench import Bench
from maas_client.testing.contract.wire import TIMEOUT_SECONDS, Wire
from maas_client.testing.control import Control
from maas_client.transport.credentials import Credential
from maas_client.transport.httpx_sync import SyncIO

LIVE_PAUSE_SECONDS = 15.0
LIVE_PATIENCE_SECONDS = 4 * 3600.0
LOCAL_PAUSE_SECONDS = 0.05
LOCAL_PATIENCE_SECONDS = 60.0


@contextmanager
def bench_of(
    *,
    base_url: str | None,
    subscription_id: str | None,
    resource_group: str | None,
    workspace: str | None,
    live: bool = False,
    admin_token: str | None = None,
    credential: Credential = None,
    authority: str | None = None,
    cloud: str = "AzureCloud",
    patience_seconds: float | None = None,
) -> Iterator[Bench]:
    """Make a bench for one workspace, for as long as the block runs.

    Args:
        base_url: Of the resource manager; None takes the cloud's, for which `live` is needed.
        subscription_id: Azure subscription.
        resource_group: Resource group of the workspace.
        workspace: The workspace.
        live: Say that this may be the real service, which bills for what is made there.
        admin_token: Of a reference server: lets its clock be moved.
        credential: As of `MaaSClient`.
        authority: As of `MaaSClient`.
        cloud: As of `MaaSClient`.
        patience_seconds: Real seconds after which waiting is given up; None: an hour's multiple at the service.

    Raises:
        ConfigurationError: A setting is missing, or this is not on this machine and `live` was not said.
    """
    local = base_url is not None and is_loopback(base_url)
    if not local and not live:
        raise ConfigurationError(
            f"{base_url or 'The resource manager of ' + cloud} is not on this machine.",
            hint="If you mean the real service, which bills for what is made there, say so: live=True, or --live.",
        )
    options = Options(
        service="azureml",
        subscription_id=subscription_id,
        resource_group=resource_group,
        workspace=workspace,
        base_url=base_url,
        emulator=local,
        authority=authority,
        cloud=cloud,
        timeout=TIMEOUT_SECONDS,
        max_retries=0,
    )
    session = assemble(lambda where: SyncIO(credential=credential, emulator=local, authority=where), options)
    wire = Wire(session)
    control = Control(base_url, admin_token) if base_url is not None and admin_token is not None else None
    patience = LOCAL_PATIENCE_SECONDS if local else LIVE_PATIENCE_SECONDS
    try:
        yield Bench(
            wire,
            live=not local,
            pause_seconds=LOCAL_PAUSE_SECONDS if local else LIVE_PAUSE_SECONDS,
            patience_seconds=patience if patience_seconds is None else patience_seconds,
            control=control,
        )
    finally:
        wire.close()
