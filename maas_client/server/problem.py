"""Why a server cannot start: what happened and what to do next, as the command line tells it."""

HELP = "`maas-ft serve --help` tells what can be given."


class StartError(Exception):
    """The server cannot start.

    Attributes:
        message: What happened, and where.
        hint: What to do next.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class OptionError(StartError, ValueError):
    """An option is wrong; the message names it."""

    def __init__(self, message: str, hint: str = HELP) -> None:
        super().__init__(message, hint)


def lines(message: str, hint: str) -> str:
    """Return what goes to stderr: two lines, each of which is one."""
    told, todo = (" ".join(text.split()) for text in (message, hint))
    return f"error: {told if told.endswith('.') else f'{told}.'}\nhint: {todo}"
