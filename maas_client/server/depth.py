"""How deep JSON may be nested: what is read must not cost a stack, nor time, that its sender did not spend."""

from typing import Any

MAX_DEPTH = 64


def too_deep(value: object) -> bool:
    """Say whether a JSON value is nested deeper than is allowed."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            item
            for holder in level
            if isinstance(holder, dict | list)
            for item in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return False
    return True
