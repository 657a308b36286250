"""How the reference server becomes a process, and what it says when it is ready: for tests and for `--local` alike."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import maas_client
from maas_client.errors import ConfigurationError

START_SECONDS = 30.0
"""How long a server may take until it says that it is ready."""
HOME = Path(maas_client.__file__).parent.parent
"""Working folder of the process: the same code as ours, and nothing that lies about in the user's folder."""
_LOG_TAIL_LINES = 5


@dataclass(frozen=True, slots=True)
class Ready:
    """The ready line of a server.

    Attributes:
        url: Its base URL.
        pid: Its process.
        subscription_id: Of the workspace that it names, as are the other two; it has any other workspace too.
        facts: Everything else that the line says, the admin token included.
    """

    url: str
    pid: int
    subscription_id: str
    resource_group: str
    workspace: str
    facts: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, line: str | bytes) -> Self:
        """Read the line.

        Raises:
            ValueError: It is none.
        """
        try:
            facts: dict[str, Any] = json.loads(line)
            return cls(
                url=facts["url"],
                pid=int(facts["pid"]),
                subscription_id=facts["subscription_id"],
                resource_group=facts["resource_group"],
                workspace=facts["workspace"],
                facts=facts,
            )
        except (KeyError, TypeError) as error:
            raise ValueError("this is no ready line of a reference server") from error


def command(*arguments: str) -> list[str]:
    """Return the command that runs the server, to be called in `HOME`."""
    return [sys.executable, "-m", "maas_client.server", *arguments]


def require_server() -> None:
    """Refuse to start a server that is not installed.

    Raises:
        ConfigurationError: The extra `server` is missing.
    """
    from importlib.util import find_spec

    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise extra_missing(missing)


def extra_missing(packages: list[str]) -> ConfigurationError:
    """Make the error of an installation without the server."""
    return ConfigurationError(
        f"The local server needs what is not installed: {', '.join(packages)}.",
        hint="pip install 'maas-client[server]'",
    )


def log_tail(log: Path) -> str:
    """Return the last that a server said, in one line."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return " / ".join(line.strip() for line in lines[-_LOG_TAIL_LINES:] if line.strip()) or "it said nothing."
