"""Fields that several actions share: headers, and when to come again."""

import re
from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, UnsetType

from maas_client.server.clock import http_date
from maas_client.server.faults.exchange import Answer, Exchange

RetryAfter = Annotated[
    int | float | str,
    Meta(description="`Retry-After`: seconds; `date:+30` for the date in 30 seconds; any other text as it is."),
]
RetryAfterMs = Annotated[int | float | str, Meta(description="`retry-after-ms`.")]
_DATE = "date:"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def check_headers(pairs: Iterable[tuple[str, str]]) -> None:
    """Check that headers can be written.

    Raises:
        ValueError: One cannot. Source: RFC 9110, sections 5.1 and 5.5.
    """
    for name, value in pairs:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header")
        if name.lower() in _FRAMING:
            raise ValueError(f"{name} is what the server goes by itself: use truncate, or the proxy below HTTP")
        if not _VALUE.fullmatch(value):
            raise ValueError(f"{value!r} is no value of a header")


def check_retry_after(value: float | str | UnsetType) -> None:
    """Check the form of a date, and that any other text can be written.

    Raises:
        ValueError: It begins as one and is none.
    """
    if not isinstance(value, str):
        return
    check_headers([("retry-after", value)])
    if value.startswith(_DATE):
        try:
            float(value.removeprefix(_DATE))
        except ValueError:
            raise ValueError(f"retry_after {value!r} is no date: date:+30 is the one in 30 seconds") from None


def say_when(
    exchange: Exchange,
    answer: Answer,
    retry_after: float | str | UnsetType,
    retry_after_ms: float | str | UnsetType,
) -> None:
    """Say when to come again."""
    if isinstance(retry_after, str) and retry_after.startswith(_DATE):
        answer.headers["retry-after"] = http_date(exchange.wall + float(retry_after.removeprefix(_DATE)))
    elif not isinstance(retry_after, UnsetType):
        answer.headers["retry-after"] = str(retry_after)
    if not isinstance(retry_after_ms, UnsetType):
        answer.headers["retry-after-ms"] = str(retry_after_ms)
