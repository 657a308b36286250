"""Rules about files that are something else than JSON lines of one kind: one finding says what to do with them."""

from collections.abc import Callable, Iterator

from maas_client.dataset.layout import Layout
from maas_client.dataset.profile import Profile
from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.dataset.rules_file import Contents, Seen
from maas_client.dataset.shapes import COMPLETION_NAMES, PROMPT_NAMES

MAX_SHOWN = 5


def _is(layout: Layout, message: str) -> Callable[[Contents], Iterator[Problem]]:
    def check(contents: Contents) -> Iterator[Problem]:
        if contents.layout == layout:
            yield Problem(f"{message} Its lines were not checked.")

    return check


def _kind(shape: tuple[str, ...]) -> str:
    keys = {key.strip().casefold() for key in shape}
    known = (
        ("chat", {"messages"}),
        ("preference", {"preferred_output", "non_preferred_output", "chosen", "rejected"}),
        ("ShareGPT", {"conversations"}),
    )
    for name, marks in known:
        if keys & marks:
            return name
    return "pairs" if keys & set(PROMPT_NAMES) and keys & set(COMPLETION_NAMES) else "other"


def _mixed(contents: Contents) -> Iterator[Problem]:
    kinds: dict[str, Seen] = {}
    for shape, seen in contents.shapes.items():
        if _kind(shape) != "other":
            first = kinds.get(_kind(shape), Seen(0, seen.line, seen.byte))
            kinds[_kind(shape)] = Seen(first.count + seen.count, first.line, first.byte)
    if len(kinds) > 1:
        shown = sorted(contents.shapes.items(), key=lambda item: -item[1].count)[:MAX_SHOWN]
        texts = [f"{'+'.join(shape) or '{}'} ({seen.count:,} rows, first in line {seen.line})" for shape, seen in shown]
        odd = max(kinds.values(), key=lambda seen: seen.line)
        rest = len(contents.shapes) - len(shown)
        more = f", and {rest} more" if rest > 0 else ""
        yield Problem(f"The rows have several shapes: {', '.join(texts)}{more}.", line=odd.line, byte=odd.byte)


def _always(_: Contents) -> Iterator[Problem]:
    yield Problem("The file is meant for preference training, which no source says that Azure ML does as a service.")


def _preferences_on_azureml(profile: Profile) -> Severity | None:
    return Severity.WARNING if (profile.service, profile.method) == ("azureml", "dpo") else None


_E = Severity.ERROR
_IMPORT = "azureml-acft-contrib-hf-nlp 0.0.91, data_import.py (one JSON object a line)"
_WHY = "The service reads one JSON object a line: it skips every line, or fails."
_CONVERT = "Convert it: maas-ft data convert FILE -o NEW.jsonl."

# fmt: off
LAYOUT_RULES: tuple[Rule[Contents], ...] = (
    Rule("FMT011", "json-array", _E, _IMPORT, _WHY, _CONVERT,
         _is("array", "The file is one JSON array, not JSON lines.")),
    Rule("FMT012", "indented-json", _E, _IMPORT, _WHY,
         "Write every object on one line, without line feeds between its parts.",
         _is("indented", "The file holds JSON that goes over several lines.")),
    Rule("FMT013", "table", _E, _IMPORT, _WHY, "Convert it: maas-ft data convert FILE.csv -o NEW.jsonl.",
         _is("table", "The file looks like a table (CSV or TSV), not like JSON lines.")),
    Rule("FMT014", "plain-text", _E, _IMPORT, _WHY,
         "Make a row of each question and its answer; a CSV with both can be converted (maas-ft data convert).",
         _is("text", "The file looks like plain text, not like JSON lines.")),
    Rule("FMT015", "binary-file", _E, _IMPORT, _WHY, "Export it as CSV or as JSON lines.",
         _is("binary", "The file is binary (an archive, a spreadsheet or the like).")),
    Rule("SCH012", "mixed-shapes", _E, f"{_IMPORT}; together 1.5.35, check_file (same format everywhere)",
         "Rows of all shapes but one are skipped or refused.",
         "Convert the others, or put them into a file of their own.", _mixed),
    Rule("PRF007", "service-without-preferences", Severity.WARNING,
         "azureml-acft-contrib-hf-nlp 0.0.91 (chat completion)", "The service would skip every row.",
         "Check it with --service foundry, or convert it to chat rows.", _always, adapt=_preferences_on_azureml),
)
# fmt: on
