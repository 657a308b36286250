"""What a list of jobs may be narrowed to, checked and as the wire has it."""

from collections.abc import Mapping
from typing import Literal

from maas_client.errors import ConfigurationError
from maas_client.types import JobStatus

View = Literal["active", "archived", "all"]
_VIEWS: Mapping[str, str] = {"active": "ActiveOnly", "archived": "ArchivedOnly", "all": "All"}


def write_view(view: View) -> str:
    """Return the service's word for a view.

    Raises:
        ConfigurationError: There is no such view.
    """
    if view not in _VIEWS:
        raise ConfigurationError(f"{view!r} is no view of jobs.", hint=f"One of: {', '.join(_VIEWS)}.")
    return _VIEWS[view]


def check_status(status: JobStatus | str) -> JobStatus:
    """Return a status by its word.

    Raises:
        ConfigurationError: There is no such status.
    """
    try:
        return JobStatus(status)
    except ValueError:
        words = ", ".join(word.value for word in JobStatus)
        raise ConfigurationError(f"{status!r} is no job status.", hint=f"One of: {words}.") from None


def write_properties(wanted: Mapping[str, str | None]) -> str | None:
    """Write a filter as the wire has it: `one,two=value`.

    Raises:
        ConfigurationError: A property cannot be asked for.
    """
    for text in (*wanted, *(value for value in wanted.values() if value is not None)):
        if "," in text or "=" in text:
            raise ConfigurationError(
                f"The service cannot be asked for a property like {text!r}.", hint="No commas and equals signs."
            )
    return ",".join(key if value is None else f"{key}={value}" for key, value in wanted.items()) or None
