"""What the server says when it is ready, and of itself."""

import json
import os
import shlex
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

from maas_client.server.entra.principal import CLIENT_ID, TENANT_ID
from maas_client.server.hosts import names, written
from maas_client.server.options import ServerOptions
from maas_client.server.service.world import World

if TYPE_CHECKING:
    from maas_client.server.tls import TlsFiles

READY = "ready.json"
"""What a server writes into its state folder when it is ready (0600), and takes away when it ends."""


def trust_line(authority: Path) -> str:
    """Return the exports by which clients trust this server's authority."""
    path = shlex.quote(str(authority))
    return f"export REQUESTS_CA_BUNDLE={path} SSL_CERT_FILE={path}"


def ready_line(options: ServerOptions, world: World, port: int, token: str, tls: "TlsFiles | None") -> str:
    """Return the ready line: one JSON object that says where the server is and what opens it."""
    facts = {
        "event": "ready",
        "url": f"{'http' if tls is None else 'https'}://{written(names(options.host)[0])}:{port}",
        "ca_file": None if tls is None else str(tls.authority),
        "pid": os.getpid(),
        "state_dir": str(options.state_dir.resolve()),
        "clock": str(world.clock.setting),
        "admin_token": token,
        "auth": options.auth,
        "tenant_id": TENANT_ID,
        "client_id": CLIENT_ID,
        "client_secret": world.identity.principal.client_secret,
        "client_certificate": None if tls is None else str(world.identity.certificate.path.resolve()),
        "identity_header": world.identity.principal.identity_header,
        "version": version(),
        "simulated": True,
        "subscription_id": "00000000-0000-4000-8000-000000000000",
        "resource_group": "maas-local",
        "workspace": "maas-local",
    }
    return json.dumps(facts)


def version() -> str:
    """Return the version of the installed package."""
    try:
        return installed_version("maas-client")
    except PackageNotFoundError:
        return "0+unknown"
