"""Rules about preference rows: an input and two outputs, of which one is preferred."""

from collections.abc import Callable, Iterator

from maas_client.dataset.profile import Profile
from maas_client.dataset.row import OUTPUTS, Conversation, Row, type_name
from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.dataset.rules_format import format_of
from maas_client.dataset.rules_schema import misspelt

_COLUMNS = ("input", *OUTPUTS)


def _preference(check: Callable[[Row], Iterator[Problem]]) -> Callable[[Row], Iterator[Problem]]:
    def checked(row: Row) -> Iterator[Problem]:
        if row.profile.method == "dpo" and row.fields is not None and format_of(row) is None:
            yield from check(row)

    return checked


def _no_input(row: Row) -> Iterator[Problem]:
    value = row.fields or {}
    found = value.get("input")
    if "input" not in value:
        if misspelt("input", value, _COLUMNS) is None:
            yield Problem("The row has no 'input'.")
    elif not isinstance(found, dict):
        yield Problem(f"'input' is {type_name(found)}, not an object with 'messages'.", ("input",))
    elif "messages" not in found:
        yield Problem("'input' has no 'messages'.", ("input",))
    elif isinstance(found["messages"], list) and not found["messages"]:
        yield Problem("The input has no message.", ("input", "messages"))


def _no_output(row: Row) -> Iterator[Problem]:
    value = row.fields or {}
    for key in OUTPUTS:
        if key not in value:
            if misspelt(key, value, _COLUMNS) is None:
                yield Problem(f"The row has no {key!r}.")
        elif value[key] == []:
            yield Problem(f"{key!r} has no message.", (key,))


def _outputs(row: Row) -> Iterator[tuple[Conversation, list[str]]]:
    for conversation in row.conversations:
        roles = conversation.roles
        if conversation.path[-1] in OUTPUTS and roles:
            yield conversation, roles


def _output_role(row: Row) -> Iterator[Problem]:
    for conversation, roles in _outputs(row):
        for index, role in enumerate(roles):
            if role not in ("assistant", "tool"):
                text = f"A message of the role {role!r} stands in {conversation.path[-1]!r}."
                yield Problem(text, (*conversation.path, index, "role"))


def _output_answer(row: Row) -> Iterator[Problem]:
    for conversation, roles in _outputs(row):
        if "assistant" not in roles:
            yield Problem(f"{conversation.path[-1]!r} has no message of the assistant.", conversation.path)


def _same_outputs(row: Row) -> Iterator[Problem]:
    preferred, other = ((row.fields or {}).get(key) for key in OUTPUTS)
    if isinstance(preferred, list) and preferred and preferred == other:
        yield Problem("Both outputs are the same.", (OUTPUTS[1],))


def _input_answered(row: Row) -> Iterator[Problem]:
    for conversation in row.conversations:
        roles = conversation.roles
        if conversation.path == ("input", "messages") and roles and roles[-1] == "assistant":
            yield Problem("The input ends with an answer.", (*conversation.path, len(roles) - 1, "role"))


def _dpo(severity: Severity) -> Callable[[Profile], Severity | None]:
    return lambda profile: severity if profile.method == "dpo" else None


_E, _W = Severity.ERROR, Severity.WARNING
_FOUNDRY = "MicrosoftDocs azure-ai-docs, Foundry preference fine-tuning, dated 2026-03-20"
_TOGETHER = "together 1.5.35, check_file (preference format)"
_REFUSED = "The service refuses the file."
_SHAPE = '{"input": {"messages": [...]}, "preferred_output": [...], "non_preferred_output": [...]}'

# fmt: off
PREFERENCE_RULES: tuple[Rule[Row], ...] = (
    Rule("PRF001", "preference-input", _E, _FOUNDRY, _REFUSED, f"Write {_SHAPE}.", _preference(_no_input),
         adapt=_dpo(_E)),
    Rule("PRF002", "preference-output", _E, _FOUNDRY, _REFUSED, f"Write {_SHAPE}.", _preference(_no_output),
         adapt=_dpo(_E)),
    Rule("PRF003", "output-role", _E, _FOUNDRY, _REFUSED,
         "Outputs are messages of the assistant, and of tools it calls.", _preference(_output_role), adapt=_dpo(_E)),
    Rule("PRF004", "output-without-answer", _E, _FOUNDRY, _REFUSED, "Add the answer.", _preference(_output_answer),
         adapt=_dpo(_E)),
    Rule("PRF005", "same-outputs", _W, "this package", "There is nothing to prefer: the row teaches nothing.",
         "Remove the row, or correct one of the outputs.", _preference(_same_outputs), adapt=_dpo(_W)),
    Rule("PRF006", "answered-input", _E, _TOGETHER, "The outputs would answer an answer.",
         "Move the answer to the outputs, or add the question.", _preference(_input_answered), adapt=_dpo(_E)),
)
# fmt: on
