"""Rules about tools: their definitions, the calls and the results."""

import json
from collections.abc import Iterator
from typing import Any

from maas_client.dataset.profile import Profile
from maas_client.dataset.row import Path, Row, type_name
from maas_client.dataset.rule import Problem, Rule, Severity

TOOL_TEMPLATES = ("phi-4-mini",)


def _functions(row: Row) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the functions that are defined."""
    for path, holder in _holders(row):
        for index, tool in enumerate(_list(holder.get("tools"))):
            if isinstance(tool, dict) and isinstance(tool.get("function"), dict):
                yield (*path, "tools", index, "function"), tool["function"]


def _holders(row: Row) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the objects that may have 'tools': the row, and the input of a preference row."""
    if row.fields is not None:
        yield (), row.fields
        if isinstance(row.fields.get("input"), dict):
            yield ("input",), row.fields["input"]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _calls(row: Row) -> Iterator[tuple[Path, object]]:
    for path, message in row.messages():
        for index, call in enumerate(_list(message.get("tool_calls"))):
            yield (*path, "tool_calls", index), call


def _call_functions(row: Row) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path, call in _calls(row):
        if isinstance(call, dict) and isinstance(call.get("function"), dict):
            yield (*path, "function"), call["function"]


def _definition(row: Row) -> Iterator[Problem]:
    for path, holder in _holders(row):
        tools = holder.get("tools")
        if tools is not None and not isinstance(tools, list):
            yield Problem(f"'tools' is {type_name(tools)}, not a list.", (*path, "tools"))
        for index, tool in enumerate(_list(tools)):
            where = (*path, "tools", index)
            function = tool.get("function") if isinstance(tool, dict) else None
            if not isinstance(function, dict):
                yield Problem(f"Tool {index + 1} has no 'function' object.", where)
            elif not isinstance(function.get("name"), str) or not function["name"]:
                yield Problem(f"Tool {index + 1} has no 'name'.", (*where, "function"))
            elif not isinstance(function.get("parameters", {}), dict):
                found = type_name(function["parameters"])
                yield Problem(f"'parameters' is {found}, not a JSON schema.", (*where, "function", "parameters"))


def _defined_twice(row: Row) -> Iterator[Problem]:
    seen: set[str] = set()
    for path, function in _functions(row):
        name = function.get("name")
        if isinstance(name, str):
            if name in seen:
                yield Problem(f"The tool {name[:60]!r} is defined twice.", (*path, "name"))
            seen.add(name)


def _call_shape(row: Row) -> Iterator[Problem]:
    for path, call in _calls(row):
        if not isinstance(call, dict):
            yield Problem(f"A tool call is {type_name(call)}, not an object.", path)
            continue
        function = call.get("function")
        if not isinstance(call.get("id"), str) or not call["id"]:
            yield Problem("A tool call has no 'id'.", path)
        if call.get("type", "function") != "function":
            yield Problem(f"A tool call of the type {str(call['type'])[:40]!r}, not 'function'.", (*path, "type"))
        if not isinstance(function, dict):
            yield Problem("A tool call has no 'function' object.", path)
        elif not isinstance(function.get("name"), str) or not function["name"]:
            yield Problem("A tool call does not name its function.", (*path, "function"))


def _arguments(row: Row) -> Iterator[Problem]:
    for path, function in _call_functions(row):
        where = (*path, "arguments")
        arguments = function.get("arguments")
        if not isinstance(arguments, str):
            found = type_name(arguments) if "arguments" in function else "missing"
            yield Problem(f"'arguments' is {found}; it has to be a string that holds JSON.",
                          where if "arguments" in function else path)  # fmt: skip
            continue
        try:
            value = json.loads(arguments)
        except (ValueError, RecursionError):
            yield Problem("The string 'arguments' does not hold JSON.", where)
        else:
            if not isinstance(value, dict):
                yield Problem(f"'arguments' holds {type_name(value)}, not an object.", where)


def _undefined(row: Row) -> Iterator[Problem]:
    names = {function.get("name") for _, function in _functions(row) if isinstance(function.get("name"), str)}
    for path, function in _call_functions(row):
        name = function.get("name")
        if names and isinstance(name, str) and name not in names:
            known = ", ".join(sorted(repr(str(known)[:40]) for known in names)[:5])
            yield Problem(f"The tool {name[:60]!r} is not defined (defined: {known}).", (*path, "name"))


def _no_definitions(row: Row) -> Iterator[Problem]:
    defined = any(_list(holder.get("tools")) for _, holder in _holders(row))
    if not defined and (first := next(_calls(row), None)) is not None:
        yield Problem("Tools are called, but the row defines none.", first[0], group="tools")


def _orphan(row: Row) -> Iterator[Problem]:
    called: set[object] = set()
    for path, message in row.messages():
        called.update(
            call["id"] for call in _list(message.get("tool_calls")) if isinstance(call, dict) and _is_id(call.get("id"))
        )
        if message.get("role") != "tool":
            continue
        answered = message.get("tool_call_id")
        if not _is_id(answered):
            yield Problem("The result of a tool does not name its call ('tool_call_id').", path)
        elif answered not in called:
            text = f"No call before this result has the id {str(answered)[:60]!r}."
            yield Problem(text, (*path, "tool_call_id"))


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _no_result(row: Row) -> Iterator[Problem]:
    for conversation in row.conversations:
        waiting: dict[str, Path] = {}
        for path, message in conversation.each():
            if message.get("role") == "tool":
                waiting.pop(str(message.get("tool_call_id")), None)
                continue
            yield from _unanswered(waiting)
            for index, call in enumerate(_list(message.get("tool_calls"))):
                if isinstance(call, dict) and _is_id(call.get("id")):
                    waiting[call["id"]] = (*path, "tool_calls", index)
        # A conversation may end with calls: they are the answer that is trained on.
        last = conversation.messages[-1] if conversation.messages else None
        if isinstance(last, dict) and last.get("role") == "tool":
            yield from _unanswered(waiting)


def _unanswered(waiting: dict[str, Path]) -> Iterator[Problem]:
    for call, path in waiting.items():
        yield Problem(f"The call {call[:60]!r} has no result.", path)
    waiting.clear()


def _same_id(row: Row) -> Iterator[Problem]:
    for conversation in row.conversations:
        seen: set[str] = set()
        for path, message in conversation.each():
            for index, call in enumerate(_list(message.get("tool_calls"))):
                if isinstance(call, dict) and _is_id(call.get("id")):
                    if call["id"] in seen:
                        text = f"Two calls have the id {call['id'][:60]!r}."
                        yield Problem(text, (*path, "tool_calls", index, "id"))
                    seen.add(call["id"])


def _caller(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        role = message.get("role")
        if message.get("tool_calls") and role in ("system", "user", "tool"):
            yield Problem(f"A message of the role {role!r} calls tools.", (*path, "tool_calls"))


def _legacy(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        if message.get("function_call") is not None:
            yield Problem("'function_call' is the old way to call a tool.", (*path, "function_call"))


def _not_rendered(row: Row) -> Iterator[Problem]:
    model = row.profile.model
    if model is None or model.chat_template in TOOL_TEMPLATES:
        return
    if _list((row.fields or {}).get("tools")):
        yield Problem(f"The published chat template of {model.id} does not render tools.", ("tools",), group="tools")


_E, _W = Severity.ERROR, Severity.WARNING


def _strict_foundry(profile: Profile) -> Severity:
    return _E if profile.service == "foundry" else _W


_FOUNDRY = "MicrosoftDocs azure-ai-docs, Foundry fine-tuning with tool calls, retrieved 2026-11-23"
_MISTRAL = "mistral-finetune, validate_data"
_TEMPLATE = "chat templates of the models (tokenizer_config.json)"

# fmt: off
TOOL_RULES: tuple[Rule[Row], ...] = (
    Rule("TOL001", "tool-definition", _E, f"{_FOUNDRY}; {_MISTRAL}", "The service cannot read what the tool is.",
         'Write {"type": "function", "function": {"name": "...", "parameters": {...}}}.', _definition),
    Rule("TOL002", "tool-call-shape", _E, f"{_FOUNDRY}; {_MISTRAL}", "Foundry refuses the file; the model learns calls "
         "that no program can read.",
         'Write {"id": "...", "type": "function", "function": {"name": "...", "arguments": "{...}"}}.', _call_shape),
    Rule("TOL003", "tool-arguments", _E, _FOUNDRY,
         "Foundry refuses the file; the model learns calls that cannot be read.",
         "Write the arguments as a string of JSON, with its quotes escaped.", _arguments),
    Rule("TOL004", "unknown-tool", _E, _MISTRAL, "The model learns to call what does not exist.",
         "Define the tool in 'tools', or correct the name.", _undefined),
    Rule("TOL005", "result-without-call", _E, _FOUNDRY,
         "Foundry refuses the file; the model learns results out of nowhere.",
         "Give the result the id of the call that it answers.", _orphan),
    Rule("TOL006", "call-without-result", _W, _FOUNDRY, "Foundry wants the results of all calls before the next turn.",
         "Add the tool message, or remove the call.", _no_result, adapt=_strict_foundry),
    Rule("TOL007", "repeated-call-id", _W, _FOUNDRY, "It is not clear which call a result answers.",
         "Give each call an id of its own.", _same_id),
    Rule("TOL008", "caller-role", _E, _FOUNDRY, "Only the assistant calls tools.",
         "Move the call to an assistant message.", _caller),
    Rule("TOL009", "tools-missing", _W, _FOUNDRY, "The model learns calls without being told of the tool.",
         "Define the tools in 'tools' of the row.", _no_definitions),
    Rule("TOL010", "tool-defined-twice", _W, "this package", "It is not clear which definition counts.",
         "Keep one of them.", _defined_twice),
    Rule("TOL011", "old-function-call", _W, _FOUNDRY, "Azure ML does not read it; newer models learn 'tool_calls'.",
         "Write it as 'tool_calls'.", _legacy),
    Rule("TOL012", "tools-not-rendered", _W, _TEMPLATE,
         "Whether the service uses the published template is not known; if so, the model never sees the tools.",
         "Use a model whose template has a place for tools, such as Phi-4-mini-instruct.", _not_rendered),
)
# fmt: on
