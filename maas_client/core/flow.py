"""A flow: an operation of one or several calls, as a pure generator.

It yields requests and is sent the answers; a failed call is thrown into it as the exception that the user would see, so
that it may take another way. Whoever drives it owns retries, sign-in and time; hence a dialect needs no I/O, and its
tests are exchanges alone.
"""

from collections.abc import Callable, Generator
from typing import TypeVar

from maas_client.core.io import Request, Response
from maas_client.errors import MaaSError

T = TypeVar("T")

Flow = Generator[Request, Response, T]


def counted(flow: Flow[T], count: Callable[[], None]) -> Flow[T]:
    """Go on as a flow does, and say so before each of its requests."""
    try:
        request = next(flow)
        while True:
            count()
            try:
                response = yield request
            except MaaSError as error:
                request = flow.throw(error)
            else:
                request = flow.send(response)
    except StopIteration as stop:
        value: T = stop.value
        return value
