"""A flow: an operation of one or several calls, as a pure generator.

It yields requests and is sent the answers; a failed call is thrown into it as the exception that the user would see, so
that it may take another way. Whoever drives it owns retries, sign-in and time; hence a dialect needs no I/O, and its
tests are exchanges alone.
"""

from collections.abc import Generator
from typing import TypeVar

from maas_client.core.io import Request, Response

T = TypeVar("T")

Flow = Generator[Request, Response, T]
