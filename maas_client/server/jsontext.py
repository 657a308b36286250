"""JSON of this server's own making, written and read by the fastest way that can.

What clients send is not read here: that goes through `json`, whose words for what is wrong with it they are shown.
"""

import json
from typing import Any

import msgspec


def dump(value: object) -> bytes:
    """Write a value as JSON, UTF-8."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        # Half of a surrogate pair, which JSON can write and UTF-8 cannot.
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def load(text: str) -> Any:  # noqa: ANN401 (whatever was written)
    """Read what `dump` or `json.dumps` wrote."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return json.loads(text)
