"""Rules about rows that are well made, but for something else: one finding a file says how to convert them."""

from collections.abc import Callable, Iterator
from typing import Any

from maas_client.dataset.profile import Profile
from maas_client.dataset.row import OUTPUTS, Row
from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.dataset.shapes import COMPLETION_NAMES, PROMPT_NAMES


def format_of(row: Row) -> str | None:
    """Name the format of a row that is not of its method's own; `None` if it is, or if nothing is recognised."""
    value = row.value
    if isinstance(value, list):
        return "bare-list" if _messages(value) else None
    if not isinstance(value, dict):
        return None
    if row.profile.method == "dpo":
        if "input" in value or any(key in value for key in OUTPUTS):
            return None
        return "chat" if "messages" in value else _foreign(value)
    return None if "messages" in value else _foreign(value)


def _foreign(row: dict[str, Any]) -> str | None:
    keys = {key.strip().casefold() for key in row}
    if any(key in keys for key in OUTPUTS) or {"chosen", "rejected"} <= keys:
        return "preference"
    if {"instruction", "output"} <= row.keys():
        return "alpaca"
    if isinstance(row.get("conversations"), list):
        return "sharegpt"
    if {"prompt", "completion"} <= keys:
        return "prompt-completion"
    if "body" in keys and "custom_id" in keys:
        return "batch"
    if isinstance(row.get("contents"), list):
        return "contents"
    if keys & set(PROMPT_NAMES) and keys & set(COMPLETION_NAMES):
        return "pairs"
    return "text" if "text" in keys and isinstance(row.get("text"), str) else None


def _messages(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, dict) and "role" in value for value in values)


def _is(name: str, label: str) -> Callable[[Row], Iterator[Problem]]:
    def check(row: Row) -> Iterator[Problem]:
        if format_of(row) == name:
            keys = ""
            if row.fields is not None:
                keys = f" (keys: {', '.join(repr(key[:30]) for key in list(row.fields)[:5])})"
            yield Problem(f"This looks like {label}{keys}, not like rows to {_purpose(row.profile)}.", group=name)

    return check


def _purpose(profile: Profile) -> str:
    return "train preferences" if profile.method == "dpo" else "train chat"


_E = Severity.ERROR


def _supervised(profile: Profile) -> Severity | None:
    return _E if profile.method == "supervised" else None


def _dpo(profile: Profile) -> Severity | None:
    return _E if profile.method == "dpo" else None


_ACFT = "azureml-acft-contrib-hf-nlp 0.0.91, data_import_utils.py"
_FOUNDRY = "MicrosoftDocs azure-ai-docs, Foundry fine-tuning data format, retrieved 2026-11-23"
_SOURCE = f"{_ACFT}; {_FOUNDRY}"
_WHY = "No row can be used: the service looks for 'messages' and skips or refuses what has none."
_CONVERT = "Convert it: maas-ft data convert FILE -o NEW.jsonl."

# fmt: off
FORMAT_RULES: tuple[Rule[Row], ...] = (
    Rule("FMT001", "prompt-completion", _E, _SOURCE, _WHY, _CONVERT, _is("prompt-completion", "prompt and completion")),
    Rule("FMT002", "alpaca", _E, _SOURCE, _WHY, _CONVERT, _is("alpaca", "Alpaca data")),
    Rule("FMT003", "sharegpt", _E, _SOURCE, _WHY, _CONVERT, _is("sharegpt", "ShareGPT data")),
    Rule("FMT004", "question-answer", _E, _SOURCE, _WHY, _CONVERT, _is("pairs", "pairs of question and answer")),
    Rule("FMT005", "preference-rows", _E, _FOUNDRY, _WHY,
         "Check it with --method dpo: {\"input\": ..., \"preferred_output\": [...], \"non_preferred_output\": [...]}.",
         _is("preference", "preference data"), adapt=_supervised),
    Rule("FMT006", "bare-text", _E, _SOURCE, _WHY,
         "Chat training needs a question and an answer a row; text alone has neither.", _is("text", "bare text")),
    Rule("FMT007", "batch-requests", _E, _SOURCE, _WHY,
         "Take 'messages' out of each body and add the answer as the last message.",
         _is("batch", "requests of a batch")),
    Rule("FMT008", "chat-rows", _E, _FOUNDRY, "The service refuses the file: it looks for two outputs to compare.",
         "Check it with --method supervised, or add both outputs.", _is("chat", "chat data"), adapt=_dpo),
    Rule("FMT009", "bare-list", _E, _SOURCE, _WHY, 'Write {"messages": [...]} around the list.',
         _is("bare-list", "a list of messages without its object"), fixable=True),
    Rule("FMT010", "contents", _E, _SOURCE, _WHY,
         "Write each element of 'contents' as {\"role\": \"user\" or \"assistant\", \"content\": \"...\"} in "
         "'messages'.", _is("contents", "Gemini data")),
)
# fmt: on
