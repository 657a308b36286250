"""What both adapters answer about their surroundings: names resolved, and a bound for what knows none."""

import contextvars
import socket
import threading
from collections.abc import Awaitable, Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

from maas_client.core import stepping
from maas_client.errors import ConnectError

R = TypeVar("R")


def resolve(host: str) -> tuple[str, ...]:
    """Return the addresses of a name, each once, as the machine's own resolver gives them; may block for long.

    Raises:
        ConnectError: The name is not known.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is no name"
        raise ConnectError(
            f"The name {host} is not known here: {why}.",
            hint="Check its spelling, the DNS and the VPN; behind a private endpoint, the private DNS zone.",
        ) from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def in_thread(fn: Callable[[], Awaitable[R]], seconds: float) -> R:
    """Run a coroutine that never suspends in a thread of its own, and wait for it so many seconds.

    A daemon: what it waits for, such as a name server or a process of a credential, cannot be told to stop.

    Raises:
        TimeoutError: It was not done in time.
    """
    done: SimpleQueue[tuple[R | None, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            done.put((stepping.run(_call(fn)), None))
        except BaseException as error:  # noqa: BLE001 - raised by the thread that waits
            done.put((None, error))

    threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True).start()
    try:
        value, error = done.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value] # without an error there is a value


async def _call(fn: Callable[[], Awaitable[R]]) -> R:
    return await fn()
