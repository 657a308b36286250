"""Paths that `data` commands take."""

from collections.abc import Iterable


def refuse_missing(files: Iterable[str]) -> None:
    """Refuse paths of which nothing can be read.

    Raises:
        ConfigurationError: One is missing, is no file, is empty, or may not be read.
    """
    from pathlib import Path

    from maas_client.dataset.source import Probe, open_source
    from maas_client.errors import ConfigurationError

    for file in files:
        if file == "-":
            continue
        source = open_source(Path(file))
        if isinstance(source, Probe):
            words = {"missing": "There is no such file", "file": "The file is empty", "unreadable": source.detail}
            hint = "Write one JSON object a line." if source.kind == "file" else "Check the path."
            raise ConfigurationError(f"{file}: {words.get(source.kind, f'This is a {source.kind}')}.", hint=hint)
        with source:
            continue
