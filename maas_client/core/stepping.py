"""Run a coroutine that never suspends, without an event loop.

The synchronous adapter's methods are `async def` and return at once, so a coroutine built on them ends in its first
step: `send(None)` raises `StopIteration` with its value. One that truly suspends would hang for ever; here it is a
loud error.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Step a coroutine once and return its value.

    Raises:
        RuntimeError: It suspended, which no synchronous method may do.
    """
    try:
        coroutine.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    coroutine.close()
    raise RuntimeError("a synchronous method tried to wait on an event loop")


def iterate(items: AsyncIterator[T]) -> Generator[T, None, None]:
    """Iterate over an asynchronous iterator of the same kind; closes it when the loop is left early."""
    try:
        while True:
            try:
                item = run(_next(items))
            except StopAsyncIteration:
                return
            yield item
    finally:
        if isinstance(items, AsyncGenerator):
            run(_close(items))


async def _next(items: AsyncIterator[T]) -> T:
    return await anext(items)


async def _close(items: AsyncGenerator[T, None]) -> None:
    await items.aclose()
