"""Coroutines without a loop, and lists without an end."""

import inspect
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from maas_client.core import stepping
from maas_client.core.closing import closing
from maas_client.core.paging import AsyncPager, Page, Pager
from maas_client.errors import ResponseError


class Suspend:
    def __await__(self):
        yield


async def suspends():
    await Suspend()


async def value():
    return 5


async def fails():
    raise ValueError("inside")


def test_run_returns_and_raises():
    assert stepping.run(value()) == 5
    with pytest.raises(ValueError, match="inside"):
        stepping.run(fails())


def test_suspension_is_an_error():
    coroutine = suspends()
    with pytest.raises(RuntimeError, match="event loop"):
        stepping.run(coroutine)
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED


class Tracked:
    """Counts up, and remembers whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    async def items(self) -> AsyncGenerator[int, None]:
        try:
            for number in range(3):
                yield number
        finally:
            self.closed = True


def test_iterate_to_the_end():
    tracked = Tracked()
    assert list(stepping.iterate(tracked.items())) == [0, 1, 2]
    assert tracked.closed


def test_early_exit_closes_the_generator():
    tracked = Tracked()
    items = stepping.iterate(tracked.items())
    assert next(items) == 0
    items.close()
    assert tracked.closed


def test_iterate_over_a_plain_iterator():
    class Plain:
        def __init__(self) -> None:
            self.left = 2

        def __aiter__(self):
            return self

        async def __anext__(self):
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

    assert list(stepping.iterate(Plain())) == [1, 0]


class Service:
    """Pages by cursor."""

    def __init__(self, pages: dict[str | None, tuple[tuple[str, ...], str | None]]) -> None:
        self.pages = pages
        self.asked: list[str | None] = []

    async def fetch(self, cursor: str | None) -> Page[str]:
        self.asked.append(cursor)
        items, following = self.pages[cursor]
        return Page(items, following)

    def pager(self, **more: Any) -> AsyncPager[str]:
        return AsyncPager(self.fetch, key=str.lower, **more)


def three_pages() -> Service:
    return Service({None: (("a", "b"), "p2"), "p2": ((), "p3"), "p3": (("B", "c"), None)})


async def test_items_of_all_pages_once():
    service = three_pages()
    assert [item async for item in service.pager()] == ["a", "b", "c"]
    assert service.asked == [None, "p2", "p3"]


async def test_pages_are_fetched_only_when_needed():
    service = three_pages()
    async with closing(aiter(service.pager())) as items:
        assert [await anext(items), await anext(items)] == ["a", "b"]
        assert service.asked == [None]


async def test_by_page_keeps_cursors_and_empty_pages():
    pages = [page async for page in three_pages().pager().by_page()]
    assert pages == [Page(("a", "b"), "p2"), Page((), "p3"), Page(("B", "c"), None)]


async def test_resume_by_cursor():
    service = three_pages()
    assert [page.items async for page in service.pager().by_page("p3")] == [("B", "c")]
    assert service.asked == ["p3"]


async def test_keep_filters_pages_and_items():
    pager = three_pages().pager(keep=lambda item: item != "a")
    assert [item async for item in pager] == ["b", "c"]
    assert [page.items async for page in pager.by_page()] == [("b",), (), ("B", "c")]


@pytest.mark.parametrize("begin", [None, "p2", "p3"])
async def test_a_loop_is_detected(begin):
    service = Service({None: (("a",), "p2"), "p2": (("b",), "p3"), "p3": (("c",), "p2")})
    with pytest.raises(ResponseError, match="never ends"):
        assert [page async for page in service.pager().by_page(begin)] == []
    assert len(service.asked) == len(set(service.asked))


def test_sync_pager():
    service = three_pages()
    pager = Pager(service.pager())
    assert list(pager) == list(pager) == ["a", "b", "c"]
    assert [page.items for page in pager.by_page("p2")] == [(), ("B", "c")]


def test_sync_pager_left_early_fetches_no_more():
    service = three_pages()
    for item in Pager(service.pager()):
        assert item == "a"
        break
    assert service.asked == [None]


async def test_ten_thousand_pages_are_streamed():
    async def fetch(cursor):
        number = int(cursor or 0)
        return Page((str(number),), str(number + 1) if number < 9999 else None)

    count = 0
    async for _ in AsyncPager(fetch, key=str):
        count += 1
    assert count == 10_000
