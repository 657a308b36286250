"""What the proxy can do to a connection: one table, from which programs are checked and the documents are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from maas_client.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that an action takes.

    Attributes:
        does: What it means, with its unit.
        default: Taken when it is not given; None: without end.
        least: The smallest that makes sense.
        whole: Whether it must be an integer.
    """

    does: str
    default: float | None
    least: float = 0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table.

    Attributes:
        does: What happens, in a sentence without its full stop.
        parameters: By name.
        places: Where it can happen: none; or `up`, `down`, `body`, of which a program names one with a number of bytes.
        place: The place when a program names none, and its bytes.
        reads_http: Whether it must understand the first bytes as HTTP, which it cannot when they are encrypted.
    """

    does: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    place: tuple[str, int] = ("down", 0)
    reads_http: bool = False


PLACES: Final = {
    "up": "after so many bytes from the client",
    "down": "after so many bytes to the client",
    "body": "after so many bytes of the first answer's body",
}
_ANYWHERE = ("up", "down", "body")

KINDS: Final[Mapping[str, Kind]] = {
    "pass": Kind("the connection is let through"),
    "refuse": Kind(
        "the connection is reset at once, and the port is closed for a while: others are refused",
        {"seconds": Parameter("for so many seconds the port stays closed", 0.5, whole=False)},
    ),
    "latency": Kind("every answer begins later", {"seconds": Parameter("by so many seconds", 0.2, whole=False)}),
    "drip": Kind(
        "the answer comes slowly", {"bytes_per_second": Parameter("so many bytes a second", 100.0, 0.1, whole=False)}
    ),
    "drip-up": Kind(
        "what the client sends goes on slowly",
        {"bytes_per_second": Parameter("so many bytes a second", 100.0, 0.1, whole=False)},
    ),
    "stall": Kind(
        "nothing goes on any more, and the connection stays open until the client gives up", places=_ANYWHERE
    ),
    "reset": Kind("both sides are reset (RST)", places=_ANYWHERE),
    "close": Kind("the connection is closed (FIN)", places=_ANYWHERE),
    "truncate": Kind("the body ends too early (FIN)", places=("body",), place=("body", 1)),
    "corrupt": Kind("the next byte arrives with all its bits turned", places=_ANYWHERE, place=("body", 0)),
    "bad-chunk": Kind("the body comes in chunks whose size is not a number", reads_http=True),
    "bad-gzip": Kind("the answer says that it is gzip, and is not", reads_http=True),
    "header-flood": Kind(
        "the answer begins with a header that never seems to end",
        {"bytes": Parameter("so many bytes of header", 800_000.0, 1)},
        reads_http=True,
    ),
    "duplicate-content-length": Kind("the answer has two Content-Length headers that differ", reads_http=True),
    "status": Kind(
        "the answer has another status", {"status": Parameter("the status, 100 to 999", 999.0, 100)}, reads_http=True
    ),
    "http-1.0": Kind("the answer is HTTP/1.0 without a length: its end is the end of the connection", reads_http=True),
    "early": Kind(
        "an answer comes before the request is whole, whose rest goes nowhere; the target does not answer",
        {"status": Parameter("the status, 200 to 599", 413.0, 200)},
        places=("up",),
        place=("up", 0),
    ),
    "ssh-banner": Kind("the answer is that of an SSH server; the target is not asked"),
    "1xx-flood": Kind(
        "the answer comes after informational ones (103)",
        {"count": Parameter("so many; null: without end", None, 1)},
        reads_http=True,
    ),
}
"""What a program can ask for, by name."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that happens to one connection.

    Attributes:
        do: Its name in the table.
        numbers: Its parameters; None: without end.
        place: Where: `up`, `down` or `body`, and the bytes before it.
        times: To how many connections it happens, or None: to all that follow.
    """

    do: str
    numbers: Mapping[str, float | None]
    place: tuple[str, int]
    times: int | None = 1

    @property
    def kind(self) -> Kind:
        """Its row of the table."""
        return KINDS[self.do]

    def number(self, name: str) -> float:
        """Return a parameter that has a value."""
        value = self.numbers[name]
        if value is None:
            raise LookupError(name)
        return value

    def at(self, side: str) -> int | None:
        """Return the bytes before it if it happens at a place, else None."""
        return self.place[1] if self.kind.places and self.place[0] == side else None


def read_action(given: object) -> Action:
    """Read an action: its name, or an object with `do`.

    Raises:
        ConfigurationError: It is none; the text says what is wrong and what could be meant.
    """
    fields = dict(given) if isinstance(given, Mapping) else {"do": given}
    name = fields.pop("do", None)
    if not isinstance(name, str) or name not in KINDS:
        raise ConfigurationError(f"The proxy has no action {name!r}.", hint=_hint(name, list(KINDS)))
    kind = KINDS[name]
    times = fields.pop("times", 1)
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise ConfigurationError(f"{name}: times must be an integer of at least 1, or null for all that follow.")
    named = [place for place in kind.places if place in fields]
    if len(named) > 1:
        raise ConfigurationError(f"{name}: {' and '.join(named)} are two places; name one.")
    place = kind.place
    if named:
        place = named[0], int(_number(name, named[0], Parameter("", 0), fields.pop(named[0])) or 0)
    numbers = {
        key: _number(name, key, parameter, fields.pop(key)) if key in fields else parameter.default
        for key, parameter in kind.parameters.items()
    }
    if fields:
        wrong = next(iter(fields))
        known = ["do", "times", *kind.parameters, *kind.places]
        raise ConfigurationError(f"{name}: {wrong!r} is unknown.", hint=_hint(wrong, known))
    most = {"status": 999, "early": 599}.get(name)
    if most is not None and (numbers["status"] or 0) > most:
        raise ConfigurationError(f"{name}: status must be at most {most}.")
    return Action(name, numbers, place, times)


def _number(action: str, name: str, parameter: Parameter, value: object) -> float | None:
    if value is None and parameter.default is None:
        return None
    wanted = "an integer" if parameter.whole else "a number"
    if isinstance(value, bool) or not isinstance(value, int if parameter.whole else int | float):
        raise ConfigurationError(f"{action}: {name} must be {wanted}, not {value!r}.")
    if not parameter.least <= value < float("inf"):
        raise ConfigurationError(f"{action}: {name} must be {wanted} of at least {parameter.least:g}, not {value!r}.")
    return value


def _hint(given: object, known: list[str]) -> str:
    near = get_close_matches(str(given), known, 1)
    return f"{f'Did you mean {near[0]!r}? ' if near else ''}Known: {', '.join(known)}."
