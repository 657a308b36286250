"""What survives a crash: the journal of runs, in SQLite."""

from maas_client.journal.sqlite import SqliteJournal

__all__ = ["SqliteJournal"]
