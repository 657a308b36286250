"""What a preflight finds: whether a job can be sent from here, before one is."""

from enum import StrEnum

from maas_client.types.base import Value


class CheckStatus(StrEnum):
    """How one check of a preflight came out."""

    OK = "ok"
    WARNING = "warning"
    """It works, or cannot be told; look at it all the same."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not tried, because something that comes before it failed or is not known."""


class PreflightCheck(Value):
    """One check and what it found."""

    name: str
    """What was looked at, such as `sign_in`, `role` or `storage`."""
    status: CheckStatus
    """How it came out."""
    message: str
    """What was found, in a sentence; never a secret."""
    hint: str | None = None
    """What to do about it, or `None` when there is nothing to do."""
    error: str | None = None
    """Of what failed: the exception of `maas_client.errors` that a job would end with here, by its name."""
    seconds: float = 0.0
    """How long the check took."""


class PreflightReport(Value):
    """All checks of a preflight, in their order."""

    checks: tuple[PreflightCheck, ...]
    """Every check, the skipped ones too."""

    @property
    def ok(self) -> bool:
        """True if nothing failed; warnings and skipped checks do not count."""
        return not self.failed

    @property
    def failed(self) -> tuple[PreflightCheck, ...]:
        """The checks that failed, the first cause first."""
        return tuple(check for check in self.checks if check.status is CheckStatus.FAILED)

    @property
    def warnings(self) -> tuple[PreflightCheck, ...]:
        """The checks that found something to look at."""
        return tuple(check for check in self.checks if check.status is CheckStatus.WARNING)
