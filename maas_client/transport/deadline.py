"""A total deadline for blocking sockets.

httpx bounds each single read, so an answer that drips in byte by byte has no end. Here every operation on a socket
gets the time that its attempt has left. An attempt runs in one thread, hence the deadline is kept per thread.
"""

import ipaddress
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import partial
from math import inf
from ssl import SSLContext
from time import monotonic
from typing import Any

import httpcore

from maas_client.transport.aside import addresses_of, run_aside


class _PerThread(threading.local):
    at: float = inf


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections whose every operation ends at the deadline of the calling thread."""

    def __init__(self) -> None:
        self._plain = httpcore.SyncBackend()
        self._deadline = _PerThread()

    @contextmanager
    def within(self, seconds: float) -> Generator[None, None, None]:
        """Bound what this thread does on sockets inside the block."""
        self._deadline.at = monotonic() + seconds
        try:
            yield
        finally:
            self._deadline.at = inf

    def left(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
        """Return `timeout`, cut to what is left; raise `late` if nothing is."""
        at = self._deadline.at
        if at == inf:
            return timeout
        remaining = at - monotonic()
        if remaining <= 0:
            raise late
        return remaining if timeout is None else min(timeout, remaining)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the host's addresses that answers; httpcore calls this."""
        refused: httpcore.ConnectError | None = None
        for address in self._addresses(host, timeout):
            bound = self.left(timeout, httpcore.ConnectTimeout)
            try:
                plain = self._plain.connect_tcp(address, port, bound, local_address, socket_options)
            except httpcore.ConnectError as error:
                refused = error
                continue
            return _DeadlineStream(plain, self)
        raise refused or httpcore.ConnectError(f"{host} has no address")

    def _addresses(self, host: str, timeout: float | None) -> tuple[str, ...]:
        if _is_address(host):
            return (host,)
        try:
            return run_aside(partial(addresses_of, host), self.left(timeout, httpcore.ConnectTimeout))
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"no answer about the name {host}") from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, plain: httpcore.NetworkStream, backend: DeadlineBackend) -> None:
        self._plain = plain
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._plain.read(max_bytes, self._backend.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._plain.write(buffer, self._backend.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._plain.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        bound = self._backend.left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._plain.start_tls(ssl_context, server_hostname, bound), self._backend)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own signature
        return self._plain.get_extra_info(info)
