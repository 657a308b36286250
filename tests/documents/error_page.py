# ruff: noqa: E501 - sentences of the page stand as they do there
"""The page of errors: the tree, and for each class when it comes, what to do, and how `maas-ft` ends."""

import inspect
import re

from maas_client import errors
from maas_client.cli._errors import CODES
from tests.documents.tables import table

HEAD = """# Errors

Every exception that this package raises on purpose is a `MaaSError` and has a `.hint`, the next thing to do. A class exists where you would act differently. Generated from
`maas_client.errors`; as classes, with their attributes, they are in the [API](api/errors.md).

"""


def page() -> str:
    """Write the page."""
    assert errors.__doc__ is not None
    tree = inspect.cleandoc(errors.__doc__).split("\n\n")[2]
    names = re.findall(r"(?:── |^ *)(\w+Error)\b", tree, re.MULTILINE)
    assert sorted(names) == sorted(errors.__all__)
    rows = []
    for name in names:
        cls = getattr(errors, name)
        code = next(number for kind, number in CODES if issubclass(cls, kind))
        rows.append((f"`{name}`", _first(cls), code))
    return f"{HEAD}```text\n{inspect.cleandoc(tree)}\n```\n\n{table(('class', 'what happened, and what to do', 'exit code'), rows)}"


def _first(cls: type) -> str:
    assert cls.__doc__ is not None
    return inspect.cleandoc(cls.__doc__).split("\n\n")[0]
