"""Rules about who speaks when."""

from collections.abc import Iterator

from maas_client.dataset.profile import Profile
from maas_client.dataset.row import ROLES, Conversation, Row, type_name
from maas_client.dataset.rule import Problem, Rule, Severity

OTHER_NAMES = {
    "ai": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "chatgpt": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "customer": "user",
    "human": "user",
    "prompter": "user",
    "developer": "system",
    "instruction": "system",
    "function": "tool",
    "ipython": "tool",
    "tool_response": "tool",
}


def _role_missing(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        if "role" in message and not isinstance(message["role"], str):
            yield Problem(f"'role' is {type_name(message['role'])}, not a string.", (*path, "role"))
        elif "role" not in message:
            yield Problem("The message has no 'role'.", path)


def _role_unknown(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        role = message.get("role")
        if isinstance(role, str) and role not in ROLES and role.strip().casefold() not in ROLES:
            meant = OTHER_NAMES.get(role.strip().casefold())
            yield Problem(f"Unknown role {role[:40]!r}.", (*path, "role"), hint=f"Write {meant!r}." if meant else None)


def _role_spelling(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        role = message.get("role")
        if isinstance(role, str) and role not in ROLES and (meant := role.strip().casefold()) in ROLES:
            yield Problem(f"The role is spelt {role[:40]!r}.", (*path, "role"), hint=f"Write {meant!r}.")


def _conversations(row: Row) -> Iterator[tuple[Conversation, list[str]]]:
    """Yield what the model is given with its roles, where all of them are known and there is more than one message.

    A misspelt or missing role is told of by its own rule, and may well be the one that the others here would miss. The
    two outputs of a preference row have rules of their own.
    """
    for conversation in row.conversations:
        roles = conversation.roles
        if roles is not None and conversation.path[-1] == "messages" and len(roles) > 1:
            yield conversation, roles


def _no_assistant(row: Row) -> Iterator[Problem]:
    for conversation, roles in _conversations(row):
        if row.profile.method == "supervised" and "assistant" not in roles:
            yield Problem("No message is of the role 'assistant'.", conversation.path)


def _no_user(row: Row) -> Iterator[Problem]:
    for conversation, roles in _conversations(row):
        if "user" not in roles:
            yield Problem("No message is of the role 'user'.", conversation.path)


def _system_dropped(row: Row) -> Iterator[Problem]:
    model = row.profile.model
    if model is None or model.system_role:
        return
    for path, message in row.messages():
        if message.get("role") == "system":
            text = f"The published chat template of {model.id} leaves system messages out."
            yield Problem(text, (*path, "role"), group="system")


def _system_late(row: Row) -> Iterator[Problem]:
    for conversation, roles in _conversations(row):
        if "system" in roles[1:] and roles.count("system") == 1:
            index = roles.index("system")
            yield Problem(
                f"The system message is message {index + 1}, not the first.", (*conversation.path, index, "role")
            )


def _systems(row: Row) -> Iterator[Problem]:
    for conversation, roles in _conversations(row):
        if (count := roles.count("system")) > 1:
            second = roles.index("system", roles.index("system") + 1)
            yield Problem(f"The conversation has {count} system messages.", (*conversation.path, second, "role"))


def _twice(row: Row) -> Iterator[Problem]:
    for conversation, roles in _conversations(row):
        for index in range(1, len(roles)):
            if roles[index] == roles[index - 1] and roles[index] in ("user", "assistant"):
                text = f"Two messages of the role {roles[index]!r} follow each other."
                yield Problem(text, (*conversation.path, index, "role"))


def _assistant_first(row: Row) -> Iterator[Problem]:
    for conversation, roles in _conversations(row):
        first = next((index for index, role in enumerate(roles) if role != "system"), 0)
        if roles[first] != "user" and "user" in roles:
            text = f"The conversation begins with {_article(roles[first])} message, not with the user's."
            yield Problem(text, (*conversation.path, first, "role"))


def _unanswered(row: Row) -> Iterator[Problem]:
    for conversation, roles in _conversations(row):
        if row.profile.method == "supervised" and roles[-1] != "assistant" and "assistant" in roles:
            text = f"The conversation ends with {_article(roles[-1])} message, which nothing answers."
            yield Problem(text, (*conversation.path, len(roles) - 1, "role"))


def _article(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"


_E, _W = Severity.ERROR, Severity.WARNING


def _strict_system(profile: Profile) -> Severity:
    folded = profile.service == "azureml" and profile.model is not None and not profile.model.system_role
    return _E if folded else _W


def _strict_foundry(profile: Profile) -> Severity:
    return _E if profile.service == "foundry" else _W


def _strict_user(profile: Profile) -> Severity:
    return _E if profile.service == "foundry" else _strict_system(profile)


_ACFT = "azureml-acft-contrib-hf-nlp 0.0.91"
_IMPORT = f"{_ACFT}, data_import_utils.py (task_specific_example_validation)"
_FOLD = f"{_ACFT}, chat_completion/preprocess (system_role_supported)"
_SKILL = "microsoft/skills, Foundry fine-tuning skill, validate_sft.py, retrieved 2026-11-23"
_SKIPPED = "Azure ML skips the row with a warning; Foundry refuses the file."

# fmt: off
ROLE_RULES: tuple[Rule[Row], ...] = (
    Rule("ROL001", "missing-role", _E, _IMPORT, _SKIPPED, f"Give it one of: {', '.join(ROLES)}.", _role_missing),
    Rule("ROL002", "unknown-role", _E, "chat templates of the models (tokenizer_config.json)",
         "Templates leave such a message out, or fail.", f"Use one of: {', '.join(ROLES)}.", _role_unknown),
    Rule("ROL003", "no-assistant", _E, f"{_ACFT}, chat_completion (CustomCollatorForCompletionOnlyLM)",
         "Only assistant messages are trained on; the row teaches nothing.", "Add the answer.", _no_assistant),
    Rule("ROL004", "system-not-rendered", _W, "chat template of the model (tokenizer_config.json)",
         "Whether the service uses the published template is not known; if so, the text has no effect.",
         "Put the instruction into the first user message.", _system_dropped, fixable=True),
    Rule("ROL005", "role-spelling", _E, "chat templates of the models (tokenizer_config.json)",
         "Templates compare roles letter by letter: such a message is left out, or the run fails.",
         "Write the role in small letters, without spaces.", _role_spelling, fixable=True),
    Rule("ROL006", "late-system", _W, f"{_FOLD}; {_SKILL}",
         "A model that folds the system message into the first user message fails on one that comes later; others "
         "learn an order that chat does not use.", "Put the system message first.", _system_late,
         adapt=_strict_system),
    Rule("ROL007", "several-systems", _W, f"{_FOLD}; {_SKILL}",
         "A model that folds the system message takes one only; others are rarely used with two.",
         "Join them into one, at the beginning.", _systems, adapt=_strict_system),
    Rule("ROL008", "same-role-twice", _W, f"{_ACFT}: no alternation is enforced; chat templates of the models",
         "It trains, but the model learns turns that chat does not have.",
         "Join the two messages, or add what is missing.", _twice),
    Rule("ROL009", "assistant-first", _W, f"{_ACFT}: no order is enforced",
         "It trains, but the model learns to speak unasked.", "Begin with the user's message.", _assistant_first),
    Rule("ROL010", "no-last-answer", _W, f"{_ACFT} (only assistant messages are trained on); {_SKILL}",
         "Foundry wants the last message to be the assistant's; on Azure ML the last turn has no effect.",
         "Add the answer, or remove the last message.", _unanswered, adapt=_strict_foundry),
    Rule("ROL011", "no-user", _W, f"{_FOLD}; {_SKILL}",
         "Foundry and models that fold the system message want a user message; others learn to speak unasked.",
         "Add the question.", _no_user, adapt=_strict_user),
)
# fmt: on
