"""The life of a server that a program started for itself: it ends when that program does."""

import os
import threading
from collections.abc import Callable


def when_stdin_ends(act: Callable[[], None]) -> None:
    """Call `act`, in a thread, once nobody holds the other end of stdin any more.

    The end of a pipe is told however its holder ends, kill -9 included; a signal at the death of a parent is not to be
    had on every system.
    """

    def wait() -> None:
        try:
            # Not sys.stdin: its lock would still be held when the interpreter ends.
            while os.read(0, 4096):
                pass
        except OSError:
            pass
        act()

    threading.Thread(target=wait, name="stdin", daemon=True).start()
