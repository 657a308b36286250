"""Which journal a command reads: a profile may have one of its own."""

from typing import TYPE_CHECKING

from maas_client.cli._options import Choice

if TYPE_CHECKING:
    from maas_client.journal import SqliteJournal
    from maas_client.types import SubmissionInfo


def journal_of(choice: Choice) -> "SqliteJournal":
    """Return the journal that the client of this choice would write."""
    from pathlib import Path

    from maas_client.cli._target import find_target
    from maas_client.journal import SqliteJournal

    resolved = find_target(choice).resolved
    folder = resolved.settings.journal_dir if resolved else None
    return SqliteJournal(Path(folder) if folder else None)


def flags_for(info: "SubmissionInfo") -> str:
    """Return the options with which `maas-ft runs` finds a run, with a space before them; none if it does without."""
    from maas_client.errors import ConfigurationError

    choice = Choice(bool(info.labels.get("local")), info.labels.get("profile"))
    try:
        return choice.flags if journal_of(choice).folder != journal_of(Choice()).folder else ""
    except ConfigurationError:  # the profile changed meanwhile: whoever is told how to go on is told of that then
        return choice.flags
