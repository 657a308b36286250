"""Rules about the text of one line: encoding and JSON. Each turns faults of one kind into problems."""

from collections.abc import Callable, Iterator

from maas_client.dataset.decode import MAX_DEPTH, MAX_DIGITS, Decoded, Fault, FaultKind
from maas_client.dataset.jsonl import MAX_LINE_BYTES
from maas_client.dataset.rule import Problem, Rule, Severity

_IMPORT = "azureml-acft-contrib-hf-nlp 0.0.91, data_import_utils.py (filter_invalid_data_rows_for_jsonl)"
_SKIPPED = "The service skips the line with a warning."


def _of(kind: FaultKind, tell: Callable[[Decoded, Fault], Problem]) -> Callable[[Decoded], Iterator[Problem]]:
    def check(line: Decoded) -> Iterator[Problem]:
        return (tell(line, fault) for fault in line.faults if fault.kind == kind)

    return check


def _saying(message: str) -> Callable[[Decoded, Fault], Problem]:
    def tell(_: Decoded, fault: Fault) -> Problem:
        return Problem(message.format(detail=fault.detail), fault.path, fault.position)

    return tell


def _repeated(_: Decoded, fault: Fault) -> Problem:
    return Problem(
        f"The key {fault.detail!r} stands twice in one object; only the last counts.", fault.path, fault.position
    )


def _not_json(line: Decoded, fault: Fault) -> Problem:
    text, at = line.text, fault.position
    before, rest = text[:at].rstrip(), text[at:].lstrip()
    if fault.detail.startswith(("Unterminated", "Invalid \\escape", "Invalid \\uXXXX")) and '"' not in text[at + 1 :]:
        return _cut_off(at)
    if not rest:
        if before.strip() in ("{", "["):
            return Problem("The line holds only the beginning of a JSON value.", (), at, _ONE_LINE)
        return _cut_off(at)
    if fault.detail == "Extra data":
        if before.strip().endswith("}") and rest[0] in "{,":
            return Problem("Another value follows on the same line.", (), at, "Begin a new line for every row.")
        return Problem(f"Something follows the JSON value: {_shown(rest)}.", (), at)
    if rest[0] == "'":
        return Problem("Single quotes are not JSON.", (), at, "Write strings and keys in double quotes.")
    if before.endswith(",") and rest[0] in "]}":
        return Problem("A comma stands before a closing bracket.", (), at, "Take the comma away.")
    if fault.detail.startswith("Invalid control character"):
        code = f"U+{ord(text[at]):04X}"
        return Problem(
            f"A raw control character ({code}) stands in a string.", (), at, "Write it as an escape, such as \\n."
        )
    return Problem(f"Not JSON: {fault.detail}, at {_shown(rest)}.", (), at)


_ONE_LINE = "Write every row on one line of its own, without brackets around the file."


def _cut_off(at: int) -> Problem:
    return Problem("The line ends before its JSON does.", (), at, "It seems cut off: write the whole row on this line.")


def _shown(text: str) -> str:
    return repr(text[:20] + ("..." if len(text) > 20 else ""))


_E, _W = Severity.ERROR, Severity.WARNING
_OURS = "this package"

# fmt: off
LINE_RULES: tuple[Rule[Decoded], ...] = (
    Rule("ENC003", "invalid-utf8", _E, _IMPORT, "The run fails: the service reads UTF-8.",
         "Save the file as UTF-8; the byte is often a letter of cp1252 or Latin-1.",
         _of("encoding", _saying("Not UTF-8: {detail}."))),
    Rule("ENC004", "half-surrogate", _E, "RFC 8259, section 8.2", "It is no character; readers of JSON fail on it.",
         "Write the whole pair, or the character itself.",
         _of("surrogate", _saying("Half of a surrogate pair: {detail}."))),
    Rule("ENC005", "carriage-return", _E, f"{_IMPORT}: text mode, so a lone carriage return ends a line too",
         "The service reads two lines here, and skips both if they are halves of a row.",
         "End lines with a line feed.", _of("return", _saying("A carriage return stands within the line.")),
         fixable=True),
    Rule("JSN001", "blank-line", _W, _IMPORT, _SKIPPED, "Remove the line.", _of("blank", _saying("The line is blank.")),
         fixable=True),
    Rule("JSN002", "not-json", _E, _IMPORT, _SKIPPED, "Write one JSON object a line.", _of("json", _not_json)),
    Rule("JSN003", "repeated-key", _E, "RFC 8259, section 4; the service's reader keeps the last",
         "One of the two values is lost.", "Keep one of them.", _of("repeated", _repeated)),
    Rule("JSN004", "not-finite", _E, "RFC 8259, section 6", "It is not JSON; strict readers fail on the file.",
         "Write a number that fits, or a string.", _of("not-finite", _saying("Not a JSON number: {detail}."))),
    Rule("JSN005", "number-too-long", _E, f"{_OURS}; Python's reader, which the service uses, stops at 4300 digits",
         _SKIPPED, "Write it as a string.",
         _of("digits", _saying(f"A number of {{detail}}; at most {MAX_DIGITS} are read."))),
    Rule("JSN006", "too-deep", _E, _OURS, "Readers of JSON give up on deep nesting.", "Flatten the value.",
         _of("depth", _saying(f"Nested more than {MAX_DEPTH} deep."))),
    Rule("LIM005", "line-too-long", _E, _OURS, "No row of this size can be trained on.",
         "Check that rows are separated by line feeds.",
         _of("too-long", _saying(f"The line is longer than {MAX_LINE_BYTES // 2**20} MiB; it was not read."))),
)
# fmt: on
