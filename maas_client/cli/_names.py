"""Names of jobs and deployments for a shell that completes them, and for whoever mistyped one.

Theory of operation. A Tab must be answered at once, and the service takes as long as it takes, signing in included. So
a process of its own asks the service and writes what it learns into a small file of the user's cache folder; the Tab
waits for it less than half a second, and offers what the file has then. What comes later is there at the next Tab. The
process has no terminal, so it can ask nobody anything; it ends by itself.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from maas_client.cli._options import Choice

if TYPE_CHECKING:
    import click

    from maas_client.client import MaaSClient
    from maas_client.errors import NotFoundError

Kind = Literal["jobs", "deployments"]
_ABOUT: dict[str, Kind] = {"Jobs": "jobs", "ServerlessEndpoints": "deployments"}
"""What operations are about, by how they begin."""
_OF_COMMANDS: dict[str, Kind] = {"jobs": "jobs", "deployments": "deployments", "chat": "deployments"}
"""What the names are that commands take."""
WAIT_SECONDS = 0.4
FRESH_SECONDS = 10.0
ANSWER_SECONDS = 5.0
LIFE_SECONDS = 30.0
MOST = 200


def choice_in(ctx: "click.Context") -> Choice:
    """Read what the command line says of the service, as far as it is typed."""
    found = ctx.params
    words = ("profile", "subscription", "resource_group", "workspace", "cloud")
    return Choice(bool(found.get("local")), *(found.get(word) for word in words))


def names_of(kind: Kind, ctx: "click.Context") -> list[tuple[str, str]]:
    """Return names, each with its status; after half a second at most."""
    choice = choice_in(ctx)
    path = _path(kind, choice)
    if path is None:
        return []
    if not _is_fresh(path):
        _ask(kind, choice)
    return _read(path)


def learn(kind: Kind, choice: Choice) -> None:
    """Ask the service, and write down what it says."""
    path = _path(kind, choice)
    if path is None:
        return
    from maas_client.base.whole import whole
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        found = list(islice(_named(client.with_options(timeout=ANSWER_SECONDS, max_retries=0), kind), MOST))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with whole(path, mode=0o600) as file:
        file.write(json.dumps(found).encode())


def add_near_names(error: "NotFoundError", choice: Choice) -> None:
    """Add to an error what there is of a similar name, if it is about a name that was typed."""
    import click

    from maas_client.cli._target import open_client
    from maas_client.errors import MaaSError

    context = click.get_current_context()
    command = context.command_path.split()[1]
    kind = _ABOUT.get(error.operation.partition("_")[0]) or _OF_COMMANDS.get(command)
    if kind is None:
        return
    typed = [context.params.get("job"), context.params.get("name"), *(context.params.get("names") or ())]
    with suppress(MaaSError), open_client(choice) as client:
        quick = client.with_options(timeout=ANSWER_SECONDS, max_retries=0)
        there = [name for name, _ in islice(_named(quick, kind), MOST)]
        missing = (name for name in typed if name and name not in there)
        near = [match for name in missing for match in get_close_matches(name, there, n=1)]
        if near:
            error.hint = f"Did you mean {near[0]}? {error.hint or ''}".rstrip()


def _named(client: "MaaSClient", kind: Kind) -> Iterable[tuple[str, str]]:
    if kind == "jobs":
        return ((job.name, job.status.value) for job in client.jobs.list())
    return ((deployment.name, deployment.status.value) for deployment in client.deployments.list())


def _path(kind: Kind, choice: Choice) -> Path | None:
    """Return the file of a service; `None` if none is meant, or the local server does not run."""
    import hashlib

    from maas_client.cli._target import find_target

    resolved = find_target(choice).resolved
    if resolved is None:
        from maas_client.cli._local import find_local, local_folder

        server = find_local(local_folder(os.environ))
        place = [server.url] if server else None
    else:
        settings = resolved.settings
        named = [settings.subscription_id, settings.resource_group, settings.workspace]
        place = [*named, settings.base_url or settings.cloud] if all(named) else None  # type: ignore[list-item]
    if place is None:
        return None
    from platformdirs import user_cache_path

    key = hashlib.sha256(json.dumps([kind, *place]).encode()).hexdigest()[:24]
    return user_cache_path("maas-client", appauthor=False) / "names" / f"{key}.json"


def _is_fresh(path: Path) -> bool:
    try:
        return 0 <= time.time() - path.stat().st_mtime < FRESH_SECONDS
    except OSError:
        return False


def _ask(kind: Kind, choice: Choice) -> None:
    program = [sys.executable, "-m", "maas_client.cli._names", kind, json.dumps(choice)]
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(program, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)  # noqa: S603 - ourselves
    with suppress(subprocess.TimeoutExpired):
        process.wait(WAIT_SECONDS)
    process.returncode = process.returncode or 0  # it goes on without us, on purpose


def _read(path: Path) -> list[tuple[str, str]]:
    try:
        return [(str(name), str(about)) for name, about in json.loads(path.read_bytes())]
    except (OSError, ValueError, TypeError):
        return []


def _main(arguments: list[str]) -> None:
    from threading import Timer

    end = Timer(LIFE_SECONDS, os._exit, (1,))
    end.daemon = True
    end.start()
    kind, choice = arguments
    learn(cast("Kind", kind), Choice(*json.loads(choice)))


if __name__ == "__main__":
    _main(sys.argv[1:])
