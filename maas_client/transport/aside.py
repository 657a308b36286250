"""What nothing can end, such as the system's resolver: it runs aside, and is left behind when it takes too long."""

import contextvars
import socket
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

R = TypeVar("R")


def run_aside(fn: Callable[[], R], seconds: float | None) -> R:
    """Run a function in a thread of its own, and wait for it so many seconds; `None` waits for as long as it takes.

    The thread is a daemon: what it waits for cannot be told to stop, and must keep no process alive.

    Raises:
        TimeoutError: It was not done in time.
    """
    done: SimpleQueue[tuple[R | None, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            done.put((fn(), None))
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


def addresses_of(host: str) -> tuple[str, ...]:
    """Return the addresses of a name, each once, as the machine's own resolver gives them; may block for long.

    Raises:
        OSError: The name is not known.
        UnicodeError: It is none.
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    # A scope, as in fe80::1%eth0, is part of what the resolver gives as the address.
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
