"""Rules about the shape of one row: its keys, and what kind of value each holds."""

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Any

from maas_client.dataset.profile import Profile
from maas_client.dataset.row import OUTPUTS, Path, Row, type_name, wrapped
from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.dataset.rules_format import format_of

MESSAGE_KEYS = ("role", "content", "name", "weight", "tool_calls", "tool_call_id", "refusal", "function_call")
MIN_LIKENESS = 0.8


def columns(profile: Profile) -> tuple[str, ...]:
    """Return the keys of a row that the service reads.

    Source: azureml-acft-contrib-hf-nlp 0.0.91, chat_completion/preprocess/base.py; Foundry fine-tuning data formats of
    MicrosoftDocs azure-ai-docs, retrieved 2026-11-23.
    """
    if profile.method == "dpo":
        return ("input", *OUTPUTS)
    return ("messages", "tools") if profile.service == "azureml" else ("messages", "tools", "parallel_tool_calls")


def misspelt(wanted: str, value: dict[str, Any], known: Iterable[str]) -> str | None:
    """Return the key that seems to be meant for one that is missing."""
    if wanted in value:
        return None
    unknown = (key for key in value if key not in known)
    likeness = {key: SequenceMatcher(None, key.strip().casefold(), wanted).ratio() for key in unknown if len(key) < 40}
    best = max(likeness, key=lambda key: likeness[key], default=None)
    return best if best is not None and likeness[best] >= MIN_LIKENESS else None


def _misspelt_keys(row: Row) -> Iterator[tuple[Path, str, str]]:
    """Yield the path of an object, a key in it and what it should be."""
    known = columns(row.profile)
    for wanted in known if row.fields is not None else ():
        if key := misspelt(wanted, row.fields or {}, known):
            yield (), key, wanted
    for path, message in row.messages():
        for wanted in MESSAGE_KEYS:
            if key := misspelt(wanted, message, MESSAGE_KEYS):
                yield path, key, wanted


def _misspelt_key(row: Row) -> Iterator[Problem]:
    for path, key, wanted in _misspelt_keys(row):
        yield Problem(f"The key {key[:40]!r} seems to mean {wanted!r}.", (*path, key), hint=f"Write {wanted!r}.")


def _not_an_object(row: Row) -> Iterator[Problem]:
    if row.fields is None and not wrapped(row.value, dict) and format_of(row) is None:
        yield Problem(f"The row is {type_name(row.value)}, not an object.")


def _wrapped_row(row: Row) -> Iterator[Problem]:
    if wrapped(row.value, dict):
        yield Problem("The row is a string that holds the object, not the object itself.")


def _no_messages(row: Row) -> Iterator[Problem]:
    value = row.fields
    if value is None or row.profile.method == "dpo" or "messages" in value or format_of(row) is not None:
        return
    if misspelt("messages", value, columns(row.profile)) is None:
        keys = ", ".join(repr(key[:40]) for key in list(value)[:5]) or "none"
        yield Problem(f"The row has no 'messages' (its keys: {keys}).")


def _found(row: Row) -> Iterator[tuple[Path, object]]:
    """Yield what stands where a list of messages belongs."""
    value = row.fields or {}
    if row.profile.method == "supervised":
        if "messages" in value:
            yield ("messages",), value["messages"]
        return
    if isinstance(value.get("input"), dict) and "messages" in value["input"]:
        yield ("input", "messages"), value["input"]["messages"]
    for key in OUTPUTS:
        if key in value:
            yield (key,), value[key]


def _messages_not_a_list(row: Row) -> Iterator[Problem]:
    for path, found in _found(row):
        if not isinstance(found, list) and not wrapped(found, list):
            yield Problem(f"{path[-1]!r} is {type_name(found)}, not a list.", path)


def _wrapped_messages(row: Row) -> Iterator[Problem]:
    for path, found in _found(row):
        if wrapped(found, list):
            yield Problem(f"{path[-1]!r} is a string that holds the list, not the list itself.", path)


def _message_not_an_object(row: Row) -> Iterator[Problem]:
    for conversation in row.conversations:
        for index, message in enumerate(conversation.messages):
            if not isinstance(message, dict):
                text = f"Message {index + 1} is {type_name(message)}, not an object."
                yield Problem(text, (*conversation.path, index))


def _dropped_column(row: Row) -> Iterator[Problem]:
    if format_of(row) is not None:
        return
    known = columns(row.profile)
    meant = {key for path, key, _ in _misspelt_keys(row) if not path}
    for key in row.fields or ():
        if key not in known and key not in meant:
            names = " and ".join(repr(name) for name in known)
            yield Problem(f"{key[:40]!r} has no effect: the service reads {names}.", (key,), group=key[:40])


def _unknown_message_key(row: Row) -> Iterator[Problem]:
    meant = {(path, key) for path, key, _ in _misspelt_keys(row)}
    for path, message in row.messages():
        for key in message:
            if key not in MESSAGE_KEYS and (path, key) not in meant:
                yield Problem(f"Unknown key {key[:40]!r} in a message.", (*path, key), group=key[:40])


def _null(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        for key, value in message.items():
            # Where a null breaks the message, the rule of that key says so; beside tool calls it is customary.
            if value is None and key not in ("role", "content"):
                yield Problem(f"{key[:40]!r} is null.", (*path, key), group=key[:40])
    if "tools" in (value := row.fields or {}) and value["tools"] is None:
        yield Problem("'tools' is null.", ("tools",), group="tools of the row")


def _too_short(row: Row) -> Iterator[Problem]:
    if row.profile.method != "supervised":
        return
    for conversation in row.conversations:
        count = len(conversation.messages)
        if conversation.path == ("messages",) and count <= 1:
            yield Problem(f"The conversation has {count} message{'' if count else 's'}.", conversation.path)


_E, _W = Severity.ERROR, Severity.WARNING
_ACFT = "azureml-acft-contrib-hf-nlp 0.0.91"
_IMPORT = f"{_ACFT}, data_import_utils.py (task_specific_example_validation)"
_DATASET = f"{_ACFT}, chat_completion/preprocess/base.py"
_COOKBOOK = "OpenAI cookbook, chat fine-tuning data preparation (message_unrecognized_key)"
_SKIPPED = "Azure ML skips the row with a warning; Foundry refuses the file."
_SHAPE = 'Write {"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}.'

# fmt: off
SCHEMA_RULES: tuple[Rule[Row], ...] = (
    Rule("SCH001", "row-not-object", _E, _IMPORT, _SKIPPED, _SHAPE, _not_an_object),
    Rule("SCH002", "no-messages", _E, _IMPORT, _SKIPPED, _SHAPE, _no_messages),
    Rule("SCH003", "messages-not-list", _E, _IMPORT, _SKIPPED, _SHAPE, _messages_not_a_list),
    Rule("SCH004", "message-not-object", _E, _IMPORT, _SKIPPED,
         'Write {"role": "...", "content": "..."}.', _message_not_an_object),
    Rule("SCH005", "dropped-column", _W, _DATASET, "The column has no effect on training.",
         "Remove it, or put what it says into a message.", _dropped_column, fixable=True),
    Rule("SCH006", "null-value", _W, _IMPORT, "The service removes keys whose value is null.", "Remove the key.",
         _null, fixable=True),
    Rule("SCH007", "too-few-messages", _E, f"{_DATASET} (chat_completion_data_filter)", "The service drops the row.",
         "A conversation needs a question and an answer.", _too_short),
    Rule("SCH008", "row-in-string", _E, _IMPORT, _SKIPPED, "Write the object itself, without quotes around it.",
         _wrapped_row, fixable=True),
    Rule("SCH009", "messages-in-string", _E, _IMPORT, _SKIPPED, "Write the list itself, without quotes around it.",
         _wrapped_messages, fixable=True),
    Rule("SCH010", "misspelt-key", _E, _IMPORT, f"The service looks for the exact key. {_SKIPPED}",
         "Write the key as the service reads it.", _misspelt_key, fixable=True),
    Rule("SCH011", "unknown-message-key", _W, _COOKBOOK,
         "Chat templates do not read it, so it has no effect; Foundry may refuse the file.", "Remove the key.",
         _unknown_message_key, fixable=True),
)
# fmt: on
