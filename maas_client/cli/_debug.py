"""`--debug`: what is sent, answered and tried again, in a file for its user alone, without what opens something."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from maas_client.base.shown import clean
from maas_client.cli._environment import report_lines
from maas_client.cli._output import complain
from maas_client.core.redact import redact_text

_LOGGERS = ("maas_client", "azure.identity", "httpcore.connection", "httpcore.proxy")
"""Ours; which credentials were tried; and how connections came about: name, proxy, TLS."""


@contextmanager
def write_log() -> Iterator[Path]:
    """Write a log as long as this lasts, and say where it is.

    Raises:
        click.UsageError: No file can be made in the user's state folder.
    """
    path, stream = _open()
    complain(f"Debug log: {path}")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Redacting())
    before = {name: logging.getLogger(name).level for name in _LOGGERS}
    try:
        for name in _LOGGERS:
            logging.getLogger(name).addHandler(handler)
            logging.getLogger(name).setLevel(logging.DEBUG)
        for line in report_lines(os.environ):
            stream.write(f"# {line}\n")
        yield path
    finally:
        for name, level in before.items():
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).setLevel(level)
        stream.close()


def _open() -> tuple[Path, TextIO]:
    from platformdirs import user_state_path

    folder = user_state_path("maas-client", appauthor=False).absolute() / "debug"
    path = folder / f"{time.strftime('%Y-%m-%dT%H-%M-%SZ', time.gmtime())}-{os.getpid()}.log"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise click.UsageError(f"--debug: {path} cannot be made: {error.strerror or error}.") from None
    return path, os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace")


class _Redacting(logging.Formatter):
    """A line a record; secrets by their shape and control characters written out, tracebacks included."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        return clean(redact_text(super().format(record)))
