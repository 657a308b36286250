"""Rules about the text of one line: encoding and JSON. Each turns faults of one kind into problems."""

import re
from collections.abc import Callable, Iterator

from maas_client.dataset.decode import MAX_DEPTH, MAX_DIGITS, Decoded, Fault, FaultKind
from maas_client.dataset.jsonl import MAX_LINE_BYTES
from maas_client.dataset.rule import Problem, Rule, Severity

_IMPORT = "azureml-acft-contrib-hf-nlp 0.0.91, data_import_utils.py (filter_invalid_data_rows_for_jsonl)"
_SKIPPED = "Azure ML skips the line with a warning; Foundry refuses the file."


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


def _broken(*kinds: str) -> Callable[[Decoded], Iterator[Problem]]:
    """Return the check for lines that are no JSON for one of these reasons."""

    def check(line: Decoded) -> Iterator[Problem]:
        for fault in line.faults:
            if fault.kind == "json" and (reason := reason_of(line.text, fault)) in kinds:
                yield Problem(_told(line.text, fault, reason), (), fault.position, _HINTS.get(reason))

    return check


def reason_of(text: str, fault: Fault) -> str:
    """Tell why a line is no JSON, as far as that can be told from where the decoder gave up."""
    at = fault.position
    before, rest = text[:at].rstrip(), text[at:].lstrip()
    if fault.detail.startswith(("Unterminated", "Invalid \\escape", "Invalid \\uXXXX")) and '"' not in text[at + 1 :]:
        return "cut"
    if not rest:
        return "begun" if before.strip() in ("{", "[") else "cut"
    if fault.detail == "Extra data":
        return "two" if before.strip().endswith(("}", "]")) and rest[0] in "{[," else "other"
    return _wrong_token(before, rest, fault.detail)


def _wrong_token(before: str, rest: str, detail: str) -> str:
    if rest[0] == "'":
        return "quotes"
    # Python 3.13 points at the comma itself.
    if detail.startswith("Illegal trailing comma") or (before.endswith(",") and rest[0] in "]}"):
        return "comma"
    if detail.startswith("Invalid control character"):
        return "control"
    if _PYTHON.match(rest):
        return "python"
    return "comment" if rest.startswith(("//", "/*", "#")) else "other"


_SENTENCES = {
    "cut": "The line ends before its JSON does.",
    "begun": "The line holds only the beginning of a JSON value.",
    "two": "Another value follows on the same line.",
    "quotes": "Single quotes are not JSON.",
    "comma": "A comma stands before a closing bracket.",
    "comment": "A comment is not JSON.",
}
_HINTS = {
    "cut": "It seems cut off: write the whole row on this line.",
    "begun": "Write every row on one line of its own, without brackets around the file.",
    "comment": "Remove it.",
}


def _told(text: str, fault: Fault, reason: str) -> str:
    at, rest = fault.position, text[fault.position :].lstrip()
    if reason in _SENTENCES:
        return _SENTENCES[reason]
    if reason == "control":
        return f"A raw control character (U+{ord(text[at]):04X}) stands in a string."
    if reason == "python":
        return f"{rest.split(maxsplit=1)[0][:5].rstrip(',]}')} is Python, not JSON."
    if fault.detail == "Extra data":
        return f"Something follows the JSON value: {_shown(rest)}."
    return f"Not JSON: {fault.detail}, at {_shown(rest)}."


_PYTHON = re.compile(r"(?:None|True|False)\b")


def _shown(text: str) -> str:
    return repr(text[:20] + ("..." if len(text) > 20 else ""))


_E, _W = Severity.ERROR, Severity.WARNING
_OURS = "this package"
_JSON = f"RFC 8259; {_IMPORT}"

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
    Rule("JSN002", "not-json", _E, _IMPORT, _SKIPPED, "Write one JSON object a line.",
         _broken("other", "cut", "begun", "comment")),
    Rule("JSN003", "repeated-key", _E, "RFC 8259, section 4; the service's reader keeps the last",
         "One of the two values is lost.", "Keep one of them.", _of("repeated", _repeated)),
    Rule("JSN004", "not-finite", _E, "RFC 8259, section 6", "It is not JSON; strict readers fail on the file.",
         "Write a number that fits, or a string.", _of("not-finite", _saying("Not a JSON number: {detail}."))),
    Rule("JSN005", "number-too-long", _E, f"{_OURS}; Python's reader, which the service uses, stops at 4300 digits",
         _SKIPPED, "Write it as a string.",
         _of("digits", _saying(f"A number of {{detail}}; at most {MAX_DIGITS} are read."))),
    Rule("JSN006", "too-deep", _E, _OURS, "Readers of JSON give up on deep nesting.", "Flatten the value.",
         _of("depth", _saying(f"Nested more than {MAX_DEPTH} deep."))),
    Rule("JSN007", "trailing-comma", _E, _JSON, _SKIPPED, "Take the comma away.", _broken("comma"), fixable=True),
    Rule("JSN008", "single-quotes", _E, _JSON, _SKIPPED, "Write strings and keys in double quotes.", _broken("quotes")),
    Rule("JSN009", "two-values", _E, _JSON, _SKIPPED, "Begin a new line for every row.", _broken("two"), fixable=True),
    Rule("JSN010", "raw-control", _E, "RFC 8259, section 7", _SKIPPED, "Write it as an escape, such as \\n.",
         _broken("control"), fixable=True),
    Rule("JSN011", "python-literal", _E, _JSON, _SKIPPED,
         "Write null, true and false; in Python, write rows with json.dumps.", _broken("python")),
    Rule("LIM005", "line-too-long", _E, _OURS, "No row of this size can be trained on.",
         "Check that rows are separated by line feeds.",
         _of("too-long", _saying(f"The line is longer than {MAX_LINE_BYTES // 2**20} MiB; it was not read."))),
)
# fmt: on
