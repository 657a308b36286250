"""Which service a command talks to, decided before anything is sent."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maas_client.cli._options import Choice
from maas_client.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from maas_client.client import MaaSClient
    from maas_client.settings import ResolvedSettings

_UNKNOWN = "unknown"
_NEEDED = ("subscription_id", "resource_group", "workspace")


@dataclass(frozen=True, slots=True)
class Target:
    """A service, not yet called.

    Attributes:
        choice: What the user typed.
        resolved: The settings; `None` for the local server.
    """

    choice: Choice
    resolved: "ResolvedSettings | None"

    @property
    def is_emulator(self) -> bool:
        """True if nothing is really trained there, and nothing is paid for."""
        return self.resolved is None or self.resolved.settings.emulator

    @property
    def label(self) -> str:
        """The service in a few words, for people."""
        if self.resolved is None:
            return "local server (simulated: nothing is really trained)"
        settings = self.resolved.settings
        if settings.emulator:
            return f"emulator at {settings.base_url} (simulated: nothing is really trained)"
        group = f" in {settings.resource_group}" if settings.resource_group else ""
        return f"{settings.workspace or 'no workspace yet'}{group} ({settings.cloud})"

    def check(self) -> None:
        """Refuse settings with which nothing can be sent.

        Raises:
            ConfigurationError: It is not known which workspace is meant.
        """
        if self.resolved is None:
            return
        missing = [name for name in _NEEDED if not getattr(self.resolved.settings, name)]
        if missing:
            from maas_client.cli._variables import without_meaning

            variables = ", ".join("MAAS_" + name.upper() for name in missing)
            mistyped = "".join(f"{note} " for note in without_meaning(os.environ))
            raise ConfigurationError(
                f"It is not known which workspace is meant: {', '.join(missing)} missing.",
                hint=f"{mistyped}Try it here with --local; or say it once with `maas-ft config init`; or give "
                f"--profile; or --subscription, --resource-group and --workspace, or set {variables}.",
            )

    def client(self, *, journal: Path | None = None) -> "MaaSClient":
        """Make the client; the local server is started if it does not run.

        Args:
            journal: Folder of the journal; `None` takes the one that is set.
        """
        from maas_client.client import MaaSClient

        # What the client warns of was shown with the plan.
        logging.getLogger("maas_client").addHandler(logging.NullHandler())
        if self.resolved is None:
            from maas_client.cli._local import ensure_local, local_folder

            server = ensure_local(local_folder(os.environ))
            return MaaSClient(
                base_url=server.url,
                emulator=True,
                subscription_id=server.subscription_id,
                resource_group=server.resource_group,
                workspace=server.workspace,
                journal=journal,
            )
        self.check()
        # azure-identity logs, at length, what its exception says again: one telling is enough on a terminal.
        logging.getLogger("azure").addHandler(logging.NullHandler())
        settings = self.resolved.settings
        return MaaSClient(
            credential=None if settings.emulator else settings.token,
            subscription_id=settings.subscription_id,
            resource_group=settings.resource_group,
            workspace=settings.workspace,
            base_url=settings.base_url,
            emulator=settings.emulator,
            cloud=settings.cloud,
            authority=settings.authority,
            timeout=settings.timeout_seconds,
            max_retries=settings.max_retries,
            journal=journal or settings.journal_dir,
        )

    def planner(self) -> "MaaSClient":
        """Make a client that decides and sends nothing: no server is started, and nobody signs in.

        What the settings leave open is `unknown`: enough to look at, `check` is for what is to be kept or done.
        """
        from maas_client.client import MaaSClient

        # What the client warns of is in the plan.
        logging.getLogger("maas_client").addHandler(logging.NullHandler())
        if self.resolved is None:
            from maas_client.cli._local import expected_local, local_folder

            url, (subscription, group, workspace) = expected_local(local_folder(os.environ))
            return MaaSClient(
                base_url=url, emulator=True, subscription_id=subscription, resource_group=group, workspace=workspace
            )
        settings = self.resolved.settings
        return MaaSClient(
            credential=_nobody_signs_in,
            subscription_id=settings.subscription_id or _UNKNOWN,
            resource_group=settings.resource_group or _UNKNOWN,
            workspace=settings.workspace or _UNKNOWN,
            base_url=settings.base_url,
            emulator=settings.emulator,
            cloud=settings.cloud,
        )

    def to_dict(self) -> dict[str, object]:
        """Return what JSON output says of it."""
        settings = self.resolved.settings if self.resolved else None
        return {
            "local": self.choice.local,
            "emulator": self.is_emulator,
            "subscription_id": settings.subscription_id if settings else None,
            "resource_group": settings.resource_group if settings else None,
            "workspace": settings.workspace if settings else None,
        }


def _nobody_signs_in() -> str:
    raise UsageError("This client decides, and sends nothing.")


def find_target(choice: Choice) -> Target:
    """Decide on the service; nothing is sent or started.

    Raises:
        ConfigurationError: A setting is wrong.
    """
    if choice.local:
        return Target(choice, None)
    from maas_client.settings import load_settings

    resolved = load_settings(
        profile=choice.profile, overrides=choice.overrides, environ=os.environ, cwd=Path.cwd(), config_path=None
    )
    return Target(choice, resolved)


def open_client(choice: Choice) -> "MaaSClient":
    """Make the client that the options ask for."""
    return find_target(choice).client()


def confirm(target: Target, question: str, *, yes: bool, or_else: str = "") -> None:
    """Ask before money is spent or something is deleted; an emulator is never asked about.

    Args:
        target: Where it is done.
        question: What is asked.
        yes: True if it was answered already.
        or_else: What else may be done where nobody can be asked.

    Raises:
        click.UsageError: Nobody can be asked, and `--yes` was not given.
        click.exceptions.Exit: The answer is no; the exit code is that of an interruption.
    """
    import click

    from maas_client.cli._output import can_ask, talk

    if yes or target.is_emulator:
        return
    if not can_ask():
        raise click.UsageError(
            f"{question} Nobody can be asked here: add --yes if you mean it{or_else}. Nothing was sent."
        )
    if not click.confirm(question, err=True):
        talk("Nothing was sent.")
        raise click.exceptions.Exit(130)
