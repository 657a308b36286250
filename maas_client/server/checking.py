"""Whether a server checks its wire while it runs, without loading what does so unless it does."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

VARIABLE = "MAAS_SERVER_CONFORMANCE"
SPECS_VARIABLE = "MAAS_SERVER_CONFORMANCE_SPECS"
STRICT_VARIABLE = "MAAS_SERVER_CONFORMANCE_STRICT"


@dataclass(frozen=True, slots=True)
class Checking:
    """How a server checks its wire.

    Attributes:
        record: File of the findings, or a folder in which every process writes one.
        specs: Published OpenAPI 3.1 documents to check against beside our own.
        strict: An answer that deviates becomes a 500.
    """

    record: Path
    specs: tuple[Path, ...] = ()
    strict: bool = False


def chosen(
    record: Path | None, specs: Sequence[Path], *, strict: bool, environ: Mapping[str, str] = os.environ
) -> Checking | None:
    """Return what options ask for, or else the environment, by which servers that a program starts take part."""
    named = record or (Path(environ[VARIABLE]) if environ.get(VARIABLE) else None)
    if named is None:
        return None
    further = specs or [Path(text) for text in environ.get(SPECS_VARIABLE, "").split(os.pathsep) if text]
    return Checking(named, tuple(further), strict or environ.get(STRICT_VARIABLE) == "1")


def checker(checking: Checking | None) -> Callable[[ASGIApp], ASGIApp]:
    """Return what puts the check around an app: nothing when there is none.

    Raises:
        OSError: A document cannot be read, or the record cannot be written.
        ValueError: A document is no OpenAPI document.
    """
    if checking is None:
        return lambda app: app
    from maas_client.server.conformance.examine import Examiner
    from maas_client.server.conformance.middleware import Conformance
    from maas_client.server.conformance.record import Record

    examiner, record = Examiner(checking.specs), Record(checking.record)
    return lambda app: Conformance(app, examiner, record, strict=checking.strict)
