"""What a report of an error needs to say: versions, places, and what stands between this machine and the service."""

import platform
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from textwrap import wrap
from typing import Any

from maas_client import __version__

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


def report(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return it as JSON-able values; nothing is sent, and a proxy's password is not shown."""
    from maas_client.catalog import sources
    from maas_client.core.redact import redact_text
    from maas_client.journal.place import journal_folder
    from maas_client.settings.files import default_config_path

    path = default_config_path(environ)
    lower = {name.upper(): value for name, value in environ.items() if name.upper() in _PROXIES}
    return {
        "maas_client": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        "executable": sys.executable,
        "packages": dict(_packages()),
        "catalog": max(str(source.retrieved) for source in sources().values()),
        "config": {"path": str(path), "exists": path.is_file(), "profile": environ.get("MAAS_PROFILE") or None},
        "journal": str(journal_folder(environ)),
        "proxies": {name: redact_text(_bare(lower[name])) for name in _PROXIES if lower.get(name)},
        "certificates": {name: environ[name] for name in _CERTIFICATES if environ.get(name)},
    }


def report_lines(environ: Mapping[str, str]) -> Iterator[str]:
    """Write it for people."""
    found = report(environ)
    config = found["config"]
    yield f"maas-ft {found['maas_client']}"
    yield f"python    {found['python']} ({found['executable']})"
    yield f"platform  {found['platform']}"
    yield f"catalog   sources read until {found['catalog']}"
    yield f"config    {config['path']}{'' if config['exists'] else ' (not there)'}"
    if config["profile"]:
        yield f"profile   {config['profile']} (MAAS_PROFILE)"
    yield f"journal   {found['journal']}"
    for kind in ("proxies", "certificates"):
        for name, value in found[kind].items():
            yield f"variable  {name}={value}"
    packages = (f"{name} {version or 'missing'}".replace(" ", "\xa0") for name, version in found["packages"].items())
    for line in wrap("packages  " + ", ".join(packages), 79, subsequent_indent=" " * 10, break_on_hyphens=False):
        yield line.replace("\xa0", " ")


def _bare(proxy: str) -> str:
    """Leave out the user and password of a proxy, however it is spelt."""
    return re.sub(r"^([a-z0-9+.-]+://)?.*@", r"\1", proxy, flags=re.IGNORECASE)


def _packages() -> Iterator[tuple[str, str | None]]:
    """Yield what this package asks for, with the version that is there; of extras only what is there."""
    try:
        wanted = metadata.requires("maas-client") or []
    except metadata.PackageNotFoundError:  # run from a folder that was never installed
        wanted = []
    for requirement in sorted(wanted, key=str.casefold):
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            if "extra ==" not in requirement:
                yield name, None
