"""Lists that come page by page, as iterators that fetch the next page only when it is needed."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from maas_client.core import stepping
from maas_client.core.closing import closing
from maas_client.errors import ResponseError
from maas_client.types.drawing import listing

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page, and the cursor of the next (`None` after the last)."""

    items: tuple[T, ...]
    next_cursor: str | None

    def _repr_html_(self) -> str:
        """Draw it in a notebook."""
        return listing(self.items) + ("" if self.next_cursor is None else "<p>there is a next page</p>")


Fetch = Callable[[str | None], Awaitable[Page[T]]]


class AsyncPager(Generic[T]):
    """Iterate over items with `async for`; `by_page()` gives pages, whose `next_cursor` resumes a listing later."""

    def __init__(self, fetch: Fetch[T], *, key: Callable[[T], str], keep: Callable[[T], bool] | None = None) -> None:
        self._fetch = fetch
        self._key = key
        self._keep = keep

    def __aiter__(self) -> AsyncIterator[T]:
        """Iterate over the items of all pages; an item that moved to a later page meanwhile is given once."""
        return self._items()

    async def by_page(self, cursor: str | None = None) -> AsyncGenerator[Page[T], None]:
        """Iterate over pages, from `cursor` on.

        Raises:
            ResponseError: The service gave a cursor that it had given before.
        """
        seen = set() if cursor is None else {cursor}
        while True:
            page = await self._fetch(cursor)
            keep = self._keep
            yield page if keep is None else Page(tuple(item for item in page.items if keep(item)), page.next_cursor)
            cursor = page.next_cursor
            if cursor is None:
                return
            if cursor in seen:
                raise ResponseError(
                    "The list never ends: the service gave the same next page twice.", path="$.nextLink"
                )
            seen.add(cursor)

    async def _items(self) -> AsyncGenerator[T, None]:
        given: set[str] = set()
        async with closing(self.by_page()) as pages:
            async for page in pages:
                for item in page.items:
                    key = self._key(item)
                    if key not in given:
                        given.add(key)
                        yield item


class Pager(Generic[T]):
    """Iterate over items with `for`; `by_page()` gives pages, whose `next_cursor` resumes a listing later."""

    def __init__(self, pages: AsyncPager[T]) -> None:
        self._pages = pages

    def __iter__(self) -> Iterator[T]:
        """Iterate over the items of all pages; an item that moved to a later page meanwhile is given once."""
        return stepping.iterate(aiter(self._pages))

    def by_page(self, cursor: str | None = None) -> Iterator[Page[T]]:
        """Iterate over pages, from `cursor` on.

        Raises:
            ResponseError: The service gave a cursor that it had given before.
        """
        return stepping.iterate(self._pages.by_page(cursor))
