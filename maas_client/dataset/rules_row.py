"""Rules about one row: the shape of a conversation."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from maas_client.catalog import CatalogModel
from maas_client.dataset.profile import DEFAULT, Profile
from maas_client.dataset.rule import Problem, Rule, Severity

ROLES = ("system", "user", "assistant", "tool")
COLUMNS = ("messages", "tools")

_ACFT = "azureml-acft-contrib-hf-nlp 0.0.91"
_IMPORT = f"{_ACFT}, data_import_utils.py (task_specific_example_validation)"
_DATASET = f"{_ACFT}, chat_completion/preprocess/base.py"
_SKIPPED = "The service skips the row with a warning."


@dataclass(frozen=True, slots=True)
class Row:
    """One decoded line.

    Attributes:
        value: Any JSON value.
        profile: What it is checked for.
    """

    value: object
    profile: Profile = DEFAULT

    @property
    def model(self) -> CatalogModel | None:
        """The base model, if known."""
        return self.profile.model


def count_messages(row: Row) -> int:
    """Return how many messages the row has; 0 if it has no list of them."""
    messages = _messages(row)
    return len(messages) if messages is not None else 0


def _object(row: Row) -> dict[str, Any] | None:
    return row.value if isinstance(row.value, dict) else None


def _messages(row: Row) -> list[Any] | None:
    messages = (_object(row) or {}).get("messages")
    return messages if isinstance(messages, list) else None


def _each(row: Row) -> Iterator[tuple[tuple[str, int], dict[str, Any]]]:
    for index, message in enumerate(_messages(row) or ()):
        if isinstance(message, dict):
            yield ("messages", index), message


def _type(value: object) -> str:
    names = ((bool, "a boolean"), (dict, "an object"), (list, "a list"), (str, "a string"), ((int, float), "a number"))
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def _wrapped(value: object, kind: type) -> bool:
    """Tell whether a value is a string that holds JSON of the wanted kind."""
    if not isinstance(value, str) or not value.lstrip().startswith("{" if kind is dict else "["):
        return False
    try:
        return isinstance(json.loads(value), kind)
    except (ValueError, RecursionError):
        return False


def _not_an_object(row: Row) -> Iterator[Problem]:
    if _object(row) is None:
        hint = "Unwrap it: write the object itself, without quotes around it." if _wrapped(row.value, dict) else None
        if isinstance(row.value, list):
            hint = "Write each element on a line of its own, without brackets around the file."
        yield Problem(f"The row is {_type(row.value)}, not an object.", hint=hint)


def _no_messages(row: Row) -> Iterator[Problem]:
    value = _object(row)
    if value is not None and "messages" not in value:
        keys = ", ".join(repr(key) for key in list(value)[:5]) or "none"
        other = {"prompt", "completion", "text", "instruction"} & value.keys()
        hint = "Rewrite it as a conversation of user and assistant messages." if other else None
        yield Problem(f"The row has no 'messages' (its keys: {keys}).", hint=hint)


def _messages_not_a_list(row: Row) -> Iterator[Problem]:
    value = _object(row)
    if value is not None and "messages" in value and _messages(row) is None:
        found = value["messages"]
        hint = "Unwrap it: write the list itself, without quotes around it." if _wrapped(found, list) else None
        yield Problem(f"'messages' is {_type(found)}, not a list.", ("messages",), hint=hint)


def _message_not_an_object(row: Row) -> Iterator[Problem]:
    for index, message in enumerate(_messages(row) or ()):
        if not isinstance(message, dict):
            yield Problem(f"Message {index + 1} is {_type(message)}, not an object.", ("messages", index))


def _dropped_column(row: Row) -> Iterator[Problem]:
    for key in _object(row) or ():
        if key not in COLUMNS:
            yield Problem(f"The service drops {key!r}: it keeps only 'messages' and 'tools'.", (key,))


def _null(row: Row) -> Iterator[Problem]:
    for path, message in _each(row):
        for key, value in message.items():
            # Where a null breaks the message, the rule of that key says so; beside tool calls it is customary.
            if value is None and key not in ("role", "content"):
                yield Problem(f"{key!r} is null.", (*path, key))
    if "tools" in (value := _object(row) or {}) and value["tools"] is None:
        yield Problem("'tools' is null.", ("tools",))


def _too_short(row: Row) -> Iterator[Problem]:
    messages = _messages(row)
    if messages is not None and len(messages) <= 1:
        yield Problem(f"The conversation has {len(messages)} message{'' if messages else 's'}.", ("messages",))


def _role_missing(row: Row) -> Iterator[Problem]:
    for path, message in _each(row):
        if "role" not in message:
            yield Problem("The message has no 'role'.", path)
        elif not isinstance(message["role"], str):
            yield Problem(f"'role' is {_type(message['role'])}, not a string.", (*path, "role"))


def _role_unknown(row: Row) -> Iterator[Problem]:
    for path, message in _each(row):
        role = message.get("role")
        if isinstance(role, str) and role not in ROLES:
            meant = role.strip().casefold()
            hint = f"Write {meant!r}." if meant in ROLES else None
            yield Problem(f"Unknown role {role[:40]!r}.", (*path, "role"), hint=hint)


def _no_assistant(row: Row) -> Iterator[Problem]:
    # A misspelt or missing role is told of by its own rule, and may well be the assistant's.
    roles = [message.get("role") for _, message in _each(row)]
    known = len(roles) > 1 and len(roles) == count_messages(row) and all(role in ROLES for role in roles)
    if known and "assistant" not in roles:
        yield Problem("No message is of the role 'assistant'.", ("messages",))


def _system_dropped(row: Row) -> Iterator[Problem]:
    if row.model is None or row.model.system_role:
        return
    for path, message in _each(row):
        if message.get("role") == "system":
            yield Problem(f"The published chat template of {row.model.id} leaves system messages out.", (*path, "role"))


def _content_missing(row: Row) -> Iterator[Problem]:
    for path, message in _each(row):
        if message.get("content") is None and message.get("tool_calls") is None:
            null = "content" in message
            text = "'content' is null, and there are no 'tool_calls'." if null else "No 'content' and no 'tool_calls'."
            yield Problem(text, (*path, "content") if null else path)


def _content_type(row: Row) -> Iterator[Problem]:
    for path, message in _each(row):
        content = message.get("content")
        if content is not None and not isinstance(content, (str, list)):
            yield Problem(f"'content' is {_type(content)}, not a string or a list.", (*path, "content"))


def _tool_calls_type(row: Row) -> Iterator[Problem]:
    for path, message in _each(row):
        calls = message.get("tool_calls")
        if calls is not None and not isinstance(calls, list):
            yield Problem(f"'tool_calls' is {_type(calls)}, not a list.", (*path, "tool_calls"))


_E, _W = Severity.ERROR, Severity.WARNING
_SHAPE = 'Write {"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}.'

# fmt: off
ROW_RULES: tuple[Rule[Row], ...] = (
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
    Rule("ROL001", "missing-role", _E, _IMPORT, _SKIPPED, f"Give it one of: {', '.join(ROLES)}.", _role_missing),
    Rule("ROL002", "unknown-role", _E, "chat templates of the models (tokenizer_config.json)",
         "Templates leave such a message out, or fail.", f"Use one of: {', '.join(ROLES)}.", _role_unknown),
    Rule("ROL003", "no-assistant", _E, f"{_DATASET} (CustomCollatorForCompletionOnlyLM)",
         "Only assistant messages are trained on; the row teaches nothing.", "Add the answer.", _no_assistant),
    Rule("ROL004", "system-not-rendered", _W, "chat template of the model (tokenizer_config.json)",
         "Whether the service uses the published template is not known; if so, the text has no effect.",
         "Put the instruction into the first user message.", _system_dropped, fixable=True),
    Rule("CNT001", "missing-content", _E, _IMPORT, _SKIPPED, "Give the message a 'content'.", _content_missing),
    Rule("CNT002", "content-type", _E, _IMPORT, _SKIPPED, "Write the content as a string.", _content_type),
    Rule("CNT003", "tool-calls-type", _E, _IMPORT, _SKIPPED, "Write tool calls as a list.", _tool_calls_type),
)
# fmt: on
