"""Environment variables that look like ours and are none."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from maas_client.settings.load import known_variables

_OTHERS = ("MAAS_ADMIN_TOKEN", "MAAS_DEBUG", "MAAS_LOCAL_DIR")
"""Those that are no settings of a client."""
_SERVERS = "MAAS_SERVER_"


def without_meaning(environ: Mapping[str, str]) -> Iterator[str]:
    """Say of each variable that means nothing which one may be meant."""
    known = [*known_variables(), *_OTHERS]
    for name in sorted(environ):
        if name.startswith("MAAS_") and not name.startswith(_SERVERS) and name not in known:
            close = get_close_matches(name, known, n=1)
            yield f"{name} has no meaning here." + (f" Did you mean {close[0]}?" if close else "")
