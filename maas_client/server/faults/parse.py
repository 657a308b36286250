"""From a JSON value to programs, with errors that say where and what instead."""

import json
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from maas_client.server.faults.action import Action
from maas_client.server.faults.classics import classics, expand
from maas_client.server.faults.kinds import KINDS
from maas_client.server.faults.program import Match, Program, When
from maas_client.server.ledger import rows

MAX_PROGRAMS = 100
"""Of one document."""

OPERATIONS = tuple(dict.fromkeys(row.name for row in rows()))
"""What programs can name."""

CLASSIC_FIELDS = ("classic", "operation", "name", "match", "when", "after_bytes", "seed")
"""What can be given with the name of a classic."""
COMMIT_THEN = re.compile(r"commit-then-([2-5]\d\d)")
"""Short for `commit-then-status` with that status."""
_WHERE = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<where>.*)`)?", re.DOTALL)
_T = TypeVar("_T", bound=Struct)


class ProgramError(ValueError):
    """A program is wrong; the text says where, and what there is instead.

    Attributes:
        where: Place in the document, such as `programs[0].match.operation`; empty: the document itself.
    """

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


def read_source(text: str) -> list[Program]:
    """Read what a command line names: a classic, or a file of JSON.

    Raises:
        ProgramError: It is neither, or wrong.
    """
    if text in classics():
        return read_programs({"classic": text})
    path = Path(text)
    try:
        return read_programs(json.loads(path.read_bytes()))
    except OSError as error:
        if path.suffix or path.name != text:
            raise ProgramError(text, f"{error.strerror or error}; give a file or the name of a classic") from None
        raise ProgramError(text, f"no file, and no classic{_near(text, classics())}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, ProgramError):
            raise ProgramError(text, str(error)) from None
        raise ProgramError(text, f"not JSON: {error}") from None


def read_programs(document: object) -> list[Program]:
    """Read one program, or `{"programs": [...]}`.

    Raises:
        ProgramError: It is wrong; nothing of it is taken.
    """
    if not isinstance(document, dict):
        raise ProgramError("", f"a program is a JSON object, not {_kind(document)}")
    if "programs" not in document:
        return [_program(document, "")]
    given = document["programs"]
    _known(document, ("programs",), "")
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_PROGRAMS:
        raise ProgramError("programs", f"a list of 1 to {MAX_PROGRAMS} programs is expected")
    return [_program(each, f"programs[{index}]") for index, each in enumerate(given)]


def _program(given: object, where: str) -> Program:
    if not isinstance(given, dict):
        raise ProgramError(where, f"a program is a JSON object, not {_kind(given)}")
    if "classic" in given:
        _known(given, CLASSIC_FIELDS, where)
        name = given["classic"]
        if not isinstance(name, str) or name not in classics():
            raise ProgramError(_at(where, "classic"), f"no classic {name!r}{_near(name, classics())}")
        given = expand(given)
    _known(given, Program.__struct_fields__, where)
    actions = given.get("actions", [])
    if not isinstance(actions, list):
        raise ProgramError(_at(where, "actions"), f"a list is expected, not {_kind(actions)}")
    values: dict[str, Any] = dict(given)
    for name, type_ in (("match", Match), ("when", When)):
        if name in given:
            values[name] = _struct(given[name], type_, _at(where, name))
    values["actions"] = [_action(each, f"{_at(where, 'actions')}[{index}]") for index, each in enumerate(actions)]
    program = _convert(values, Program, where)
    _check_operations(program, _at(where, "match.operation"))
    for index, action in enumerate(program.queue()):
        _check_purpose(action, program, f"{_at(where, 'actions')}[{index}]")
    total = program.total()
    if total is not None and program.length() > total:
        raise ProgramError(
            _at(where, "actions"), f"{program.length()} actions, but `when` picks {total}: the last would never be done"
        )
    return program


def _action(given: object, where: str) -> Action:
    if isinstance(given, str):
        given = {"do": given}
    if not isinstance(given, dict):
        raise ProgramError(where, f"an action is its name or an object with `do`, not {_kind(given)}")
    name = given.get("do")
    short = COMMIT_THEN.fullmatch(name) if isinstance(name, str) else None
    if short:
        given = {**given, "do": "commit-then-status", "status": int(short[1])}
        name = "commit-then-status"
    if not isinstance(name, str) or name not in KINDS:
        raise ProgramError(_at(where, "do"), f"no action {name!r}{_near(name, KINDS)}")
    return _struct(given, KINDS[name], where, "do")


def _struct(given: object, type_: type[_T], where: str, *further: str) -> _T:
    if isinstance(given, dict):
        _known(given, (*further, *type_.__struct_fields__), where)
    return _convert(given, type_, where)


def _convert(given: object, type_: type[_T], where: str) -> _T:
    try:
        return msgspec.convert(given, type_)
    except msgspec.ValidationError as error:
        found = _WHERE.fullmatch(str(error))
        inside = (found["where"] or "").lstrip(".") if found else ""
        what = found["what"] if found else str(error)
        raise ProgramError(_at(where, inside), what) from None


def _check_operations(program: Program, where: str) -> None:
    asked = program.match.operation
    for pattern in [asked] if isinstance(asked, str) else asked or []:
        if not any(fnmatchcase(name, pattern) for name in OPERATIONS):
            raise ProgramError(where, f"no operation {pattern!r}{_near(pattern, OPERATIONS)}")


def _check_purpose(action: Action, program: Program, where: str) -> None:
    if not action.operations:
        return
    asked = program.match.operation
    patterns = [asked] if isinstance(asked, str) else asked or []
    named = [name for name in OPERATIONS if any(fnmatchcase(name, pattern) for pattern in patterns)]
    if not named or not set(named) <= set(action.operations):
        raise ProgramError(
            where, f"{action.name()} needs match.operation, and in it nothing but {', '.join(action.operations)}"
        )


def _known(given: Mapping[str, Any], names: Iterable[str], where: str) -> None:
    names = tuple(names)
    for name in given:
        if name not in names:
            raise ProgramError(where, f"no field {name!r}{_near(name, names)}")


def _near(name: object, names: Iterable[str]) -> str:
    names = list(names)
    close = get_close_matches(name, names, 1, 0.5) if isinstance(name, str) else []
    if close:
        return f"; the nearest is {close[0]!r}"
    return f"; there are {', '.join(names)}" if len(names) <= 30 else "; GET /_maas/ledger lists them"


def _at(where: str, inside: str) -> str:
    return where + inside if inside.startswith("[") else ".".join(filter(None, (where, inside)))


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "a boolean", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
