"""Rules about a file as a whole: what it is, its encoding, its size, how much of it can be used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from maas_client.dataset.layout import Layout
from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.dataset.source import Probe

MIN_TRAINING_ROWS = 10
TRAINING_PERCENT = 80
MAX_FILE_BYTES = 512 * 1024 * 1024
WARN_FILE_BYTES = 512 * 1000 * 1000

_ACFT = "azureml-acft-contrib-hf-nlp 0.0.91"
_IMPORT = f"{_ACFT}, data_import.py"
_DOCS = "MicrosoftDocs azure-ai-docs, fine-tune models with serverless deployments, retrieved 2026-11-23"

Head = bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """How often something was seen in a file, and where first.

    Attributes:
        count: How often.
        line: The first line, 1 for the first of the file.
        byte: Bytes before that line.
    """

    count: int
    line: int
    byte: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file turned out to hold.

    Attributes:
        path: The file.
        part: `training` or `validation`.
        bytes: Its length.
        head: Its first bytes, mark included.
        lines: Lines, blank or not.
        rows: Lines that are not blank.
        valid_rows: Rows without an error.
        encoding: `UTF-8`, or the wider encoding (or `gzip`) that its first bytes give away.
        bom: True if it begins with a UTF-8 byte order mark.
        changed: True if it was written to while it was read.
        returns: Lines that end with a carriage return and a line feed.
        ended: True if its last line ends with a line feed.
        layout: What it is if it is not JSON lines; then its lines were not checked.
        shapes: The rows' top-level keys, sorted; for a row that is no object the name of its type in Python. The first
            50 kinds of a file.
    """

    path: Path
    part: str
    bytes: int
    head: Head = b""
    lines: int = 0
    rows: int = 0
    valid_rows: int = 0
    encoding: str = "UTF-8"
    bom: bool = False
    changed: bool = False
    returns: int = 0
    ended: bool = True
    layout: Layout = "lines"
    shapes: Mapping[tuple[str, ...], Seen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """All training files, or all validation files, as the one set of rows that they are.

    Attributes:
        part: `training` or `validation`.
        files: What each holds.
        split: True if the service will take the validation rows from this part.
    """

    part: str
    files: tuple[Contents, ...]
    split: bool = False

    @property
    def rows(self) -> int:
        """Lines that are not blank."""
        return sum(file.rows for file in self.files)

    @property
    def valid_rows(self) -> int:
        """Rows without an error."""
        return sum(file.valid_rows for file in self.files)


def training_rows(valid_rows: int, *, split: bool) -> int:
    """Return how many rows are sure to be trained on: all, or those of `train[:80%]` if validation rows are split off.

    The training package cuts in two ways, one rounding down and one to the closest row (of 12 rows 9 or 10); which of
    them a run takes is not known from outside, so the lower number counts.

    Source: azureml-acft-contrib-hf-nlp 0.0.91, preprocess.py and data_utils.py; datasets 5.2.0, arrow_reader.py.
    """
    return TRAINING_PERCENT * valid_rows // 100 if split else valid_rows


def _missing(probe: Probe) -> Iterator[Problem]:
    if probe.kind == "missing":
        yield Problem("There is no such file.")


def _not_a_file(probe: Probe) -> Iterator[Problem]:
    if probe.kind not in ("file", "missing", "unreadable", "damaged"):
        yield Problem(f"This is a {probe.kind}, not a file.")


def _damaged(probe: Probe) -> Iterator[Problem]:
    if probe.kind == "damaged":
        yield Problem(f"The file cannot be unpacked: {probe.detail}.")


def _unreadable(probe: Probe) -> Iterator[Problem]:
    if probe.kind == "unreadable":
        yield Problem(f"The file cannot be read: {probe.detail}.")


def _empty(probe: Probe) -> Iterator[Problem]:
    if probe.kind == "file":
        yield Problem("The file is empty.")


def _extension(path: Path) -> Iterator[Problem]:
    inner = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    if inner.suffix.lower() != ".jsonl":
        yield Problem(f"The extension is {inner.suffix or 'missing'}; the service takes .jsonl only.")


def _wide(contents: Contents) -> Iterator[Problem]:
    if contents.encoding not in ("UTF-8", "gzip"):
        yield Problem(f"The file is {contents.encoding}, not UTF-8. Its lines were not checked.")


def _mark(contents: Contents) -> Iterator[Problem]:
    if contents.bom:
        yield Problem("The file begins with a byte order mark.")


def _changed(contents: Contents) -> Iterator[Problem]:
    if contents.changed:
        yield Problem("The file was written to while it was being read.")


def _too_large(contents: Contents) -> Iterator[Problem]:
    if contents.bytes >= MAX_FILE_BYTES:
        yield Problem(f"The file has {contents.bytes:,} bytes; the service takes less than 512 MB.")


def _nearly_too_large(contents: Contents) -> Iterator[Problem]:
    if WARN_FILE_BYTES <= contents.bytes < MAX_FILE_BYTES:
        yield Problem(f"The file has {contents.bytes:,} bytes: under 512 MiB, over 512 million.")


def _compressed(path: Path) -> Iterator[Problem]:
    if path.suffix.lower() == ".gz":
        yield Problem("The file is compressed; the service takes .jsonl only.")


def _disguised(contents: Contents) -> Iterator[Problem]:
    if contents.encoding == "gzip":
        yield Problem("The file is gzip data, not text. Its lines were not checked.")


def _line_ends(contents: Contents) -> Iterator[Problem]:
    if contents.returns:
        lines = "All lines" if contents.returns >= contents.lines - 1 else f"{contents.returns:,} lines"
        yield Problem(f"{lines} end with a carriage return and a line feed.")


def _not_ended(contents: Contents) -> Iterator[Problem]:
    if not contents.ended and contents.layout == "lines":
        yield Problem("The last line does not end with a line feed.")


def _no_rows(part: Part) -> Iterator[Problem]:
    if part.valid_rows == 0 and any(file.encoding == "UTF-8" and file.layout == "lines" for file in part.files):
        yield Problem(f"None of the {part.rows:,} rows can be used." if part.rows else "There are no rows.")


def _few_rows(part: Part) -> Iterator[Problem]:
    trained = training_rows(part.valid_rows, split=part.split)
    if part.part == "training" and part.valid_rows > 0 and trained < MIN_TRAINING_ROWS:
        left = f", {trained} after the split for validation" if part.split else ""
        rows = "1 row" if part.valid_rows == 1 else f"{part.valid_rows} rows"
        yield Problem(f"Only {rows} can be trained on{left}; the service needs {MIN_TRAINING_ROWS}.")


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

# fmt: off
PROBE_RULES: tuple[Rule[Probe], ...] = (
    Rule("FIL001", "missing-file", _E, "this package", "Nothing can be uploaded.", "Check the path.", _missing),
    Rule("FIL002", "not-a-file", _E, "this package", "Only a regular file can be read twice and be the same.",
         "Name a regular .jsonl file.", _not_a_file),
    Rule("FIL003", "unreadable-file", _E, "this package", "Nothing can be uploaded.",
         "Check the permissions of the file and of its folders.", _unreadable),
    Rule("FIL004", "empty-file", _E, _IMPORT, "The run fails for want of rows.",
         "Write one JSON object a line: {\"messages\": [...]}.", _empty),
    Rule("FIL008", "damaged-archive", _E, "this package", "Nothing behind the damage can be read.",
         "Compress the file again.", _damaged),
)
PATH_RULES: tuple[Rule[Path], ...] = (
    Rule("FIL005", "wrong-extension", _E, f"{_IMPORT} (SUPPORTED_FILE_FORMATS)", "The run fails.",
         "Name the file *.jsonl; its content must be JSON lines.", _extension, fixable=True),
    Rule("FIL007", "compressed-file", _W, f"{_IMPORT} (SUPPORTED_FILE_FORMATS)",
         "It was read all the same, but cannot be trained on.", "Unpack it before it is uploaded.", _compressed,
         fixable=True),
)
CONTENTS_RULES: tuple[Rule[Contents], ...] = (
    Rule("FIL006", "changed-file", _E, "this package", "What was checked is not what would be uploaded.",
         "Wait until the file is complete, then check again.", _changed),
    Rule("ENC001", "wide-encoding", _E, _IMPORT, "The run fails: the service reads UTF-8.",
         "Convert it, for instance with `iconv -f UTF-16 -t UTF-8`.", _wide, fixable=True),
    Rule("ENC002", "byte-order-mark", _I, _IMPORT, "The service removes it.", "Nothing to do.", _mark, fixable=True),
    Rule("ENC006", "gzip-data", _E, _IMPORT, "The run fails: the service reads UTF-8 text.",
         "Unpack it; a file that is named .gz is read here as it is.", _disguised, fixable=True),
    Rule("ENC007", "carriage-returns", _I, f"{_IMPORT}: text mode", "The service takes them for line ends.",
         "Nothing to do.", _line_ends, fixable=True),
    Rule("ENC008", "no-final-line-feed", _I, f"{_IMPORT}: text mode", "The service reads the last line all the same.",
         "End it with a line feed, so that files can be joined.", _not_ended, fixable=True),
    Rule("LIM001", "file-too-large", _E, _DOCS, "The upload or the run fails.", "Use fewer rows.", _too_large),
    Rule("LIM002", "file-near-limit", _W, _DOCS, "The documents do not say which megabyte they mean.",
         "Keep the file under 512,000,000 bytes to be safe.", _nearly_too_large),
)
PART_RULES: tuple[Rule[Part], ...] = (
    Rule("LIM003", "too-few-rows", _E, f"{_ACFT}, validation_utils.py (check_min_train_samples)",
         "The run fails: \"fewer than 10 samples\".", "Add rows, or give a validation file of its own.", _few_rows),
    Rule("LIM004", "no-usable-rows", _E, f"{_ACFT}, chat_completion/preprocess/base.py",
         "The run fails: \"Found no examples after data preprocessing\".",
         "Mend the findings in its lines; without any, add rows.", _no_rows),
)
# fmt: on
