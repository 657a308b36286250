"""Rules about what a message says, as far as its kind goes: missing, blank, of the wrong type, in parts, weighted."""

from collections.abc import Iterator
from typing import Any

from maas_client.dataset.profile import Profile
from maas_client.dataset.row import Path, Row, type_name
from maas_client.dataset.rule import Problem, Rule, Severity

PART_TYPES = ("text", "image_url")
MAX_IMAGES = 64


def _content_missing(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        if message.get("content") is None and message.get("tool_calls") is None:
            null = "content" in message
            text = "'content' is null, and there are no 'tool_calls'." if null else "No 'content' and no 'tool_calls'."
            yield Problem(text, (*path, "content") if null else path)


def _content_type(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        content = message.get("content")
        if content is not None and not isinstance(content, (str, list)):
            yield Problem(f"'content' is {type_name(content)}, not a string or a list.", (*path, "content"))


def _blank(message: dict[str, Any]) -> bool:
    content = message.get("content")
    if isinstance(content, list):
        texts = [
            part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in content
        ]
        return all(isinstance(text, str) and not text.strip() for text in texts)
    return isinstance(content, str) and not content.strip()


def _blank_turn(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        role = message.get("role")
        if role in ("user", "assistant") and _blank(message) and not message.get("tool_calls"):
            yield Problem(f"The {role} message is empty.", (*path, "content"))


def _blank_system(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        if message.get("role") == "system" and _blank(message):
            yield Problem("The system message is empty.", (*path, "content"))


def _parts(row: Row) -> Iterator[tuple[Path, dict[str, Any], object]]:
    for path, message in row.messages():
        content = message.get("content")
        for index, part in enumerate(content if isinstance(content, list) else ()):
            yield (*path, "content", index), message, part


def _bad_part(row: Row) -> Iterator[Problem]:
    for path, _, part in _parts(row):
        if not isinstance(part, dict):
            yield Problem(f"A content part is {type_name(part)}, not an object.", path)
        elif part.get("type") not in PART_TYPES:
            kind = f"of the type {str(part['type'])[:40]!r}" if "type" in part else "without a 'type'"
            yield Problem(f"A content part {kind}.", (*path, "type") if "type" in part else path)
        elif part["type"] == "text" and not isinstance(part.get("text"), str):
            yield Problem("A text part has no string 'text'.", (*path, "text") if "text" in part else path)
        elif part["type"] == "image_url" and not _image_address(part):
            yield Problem("An image part has no 'image_url' with a string 'url'.", path)


def _image_address(part: dict[str, Any]) -> str | None:
    image = part.get("image_url")
    address = image.get("url") if isinstance(image, dict) else None
    return address if isinstance(address, str) else None


def _image(row: Row) -> Iterator[Problem]:
    for path, message, part in _parts(row):
        if isinstance(part, dict) and part.get("type") == "image_url":
            role = message.get("role")
            if row.profile.service == "azureml":
                yield Problem("An image stands in the message; the Phi models that this service tunes read text.", path)
            elif role != "user" and isinstance(role, str):
                yield Problem(f"An image stands in a message of the role {role[:40]!r}.", path)


def _images(row: Row) -> Iterator[Problem]:
    count = sum(isinstance(part, dict) and part.get("type") == "image_url" for _, _, part in _parts(row))
    if count > MAX_IMAGES:
        yield Problem(f"The row has {count} images; at most {MAX_IMAGES} are taken.")


def _list_content(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        if isinstance(message.get("content"), list):
            yield Problem("'content' is a list of parts.", (*path, "content"), group="parts")


def _tool_calls_type(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        calls = message.get("tool_calls")
        if calls is not None and not isinstance(calls, list):
            yield Problem(f"'tool_calls' is {type_name(calls)}, not a list.", (*path, "tool_calls"))


def _weight_value(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        weight = message.get("weight")
        if weight is not None and (isinstance(weight, bool) or weight not in (0, 1)):
            shown = weight if isinstance(weight, (int, float)) else type_name(weight)
            yield Problem(f"'weight' is {str(shown).lower()[:40]}, not 0 or 1.", (*path, "weight"))


def _weight_role(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        role = message.get("role")
        if message.get("weight") is not None and role in ("system", "user", "tool"):
            yield Problem(f"'weight' stands at a message of the role {role!r}.", (*path, "weight"), group=str(role))


def _weight_ignored(row: Row) -> Iterator[Problem]:
    for path, message in row.messages():
        if message.get("role") == "assistant" and message.get("weight") == 0 and message["weight"] is not False:
            yield Problem("An answer of weight 0 is trained on all the same.", (*path, "weight"), group="weight")


def _nothing_weighs(row: Row) -> Iterator[Problem]:
    for conversation in row.conversations:
        answers = [message for _, message in conversation.each() if message.get("role") == "assistant"]
        if answers and all(answer.get("weight") == 0 for answer in answers):
            yield Problem("Every answer has the weight 0.", conversation.path)


_E, _W = Severity.ERROR, Severity.WARNING


def _foundry(profile: Profile) -> Severity | None:
    return _E if profile.service == "foundry" else None


def _azureml(profile: Profile) -> Severity | None:
    return _W if profile.service == "azureml" else None


def _strict_foundry(profile: Profile) -> Severity:
    return _E if profile.service == "foundry" else _W


_ACFT = "azureml-acft-contrib-hf-nlp 0.0.91"
_IMPORT = f"{_ACFT}, data_import_utils.py (task_specific_example_validation)"
_COLLATOR = f"{_ACFT}, chat_completion (CustomCollatorForCompletionOnlyLM)"
_SKILL = "microsoft/skills, Foundry fine-tuning skill, validate_sft.py, retrieved 2026-11-23"
_FOUNDRY = "MicrosoftDocs azure-ai-docs, Foundry fine-tuning (weights, vision), retrieved 2026-11-23"
_TEMPLATES = "chat templates of the models (tokenizer_config.json), which join strings"
_SKIPPED = "Azure ML skips the row with a warning; Foundry refuses the file."

# fmt: off
CONTENT_RULES: tuple[Rule[Row], ...] = (
    Rule("CNT001", "missing-content", _E, _IMPORT, _SKIPPED, "Give the message a 'content'.", _content_missing),
    Rule("CNT002", "content-type", _E, _IMPORT, _SKIPPED, "Write the content as a string.", _content_type),
    Rule("CNT003", "tool-calls-type", _E, _IMPORT, _SKIPPED, "Write tool calls as a list.", _tool_calls_type),
    Rule("CNT004", "blank-turn", _E, f"{_IMPORT}: not refused; {_SKILL}",
         "The row trains: an empty answer teaches the model to say nothing, an empty question to speak unasked.",
         "Write the text, or remove the row.", _blank_turn),
    Rule("CNT005", "blank-system", _W, f"{_IMPORT}: not refused; {_SKILL}",
         "It trains, with a system turn that chat does not have.", "Remove the message.", _blank_system, fixable=True),
    Rule("CNT006", "content-part", _E, _FOUNDRY, "Readers of content parts know 'text' and 'image_url' only.",
         'Write {"type": "text", "text": "..."}.', _bad_part),
    Rule("CNT007", "image", _E, _FOUNDRY, "Images are for user messages and for models that see.",
         "Remove the part, or move it into the user's message.", _image),
    Rule("CNT008", "too-many-images", _E, _FOUNDRY, "The service refuses the row.", "Use fewer images.", _images,
         adapt=_foundry),
    Rule("CNT009", "list-content", _W, f"{_IMPORT}: a list is taken; {_TEMPLATES}",
         "If the service uses the published template, applying it fails and with it the run.",
         "Write the content as one string.", _list_content, adapt=_azureml, fixable=True),
    Rule("CNT010", "weight-value", _W, _FOUNDRY, "Foundry takes 0 and 1; Azure ML does not read it.",
         "Write 0 or 1, or leave it out.", _weight_value, adapt=_strict_foundry),
    Rule("CNT011", "weight-role", _W, _FOUNDRY, "Only answers are trained on, so only they can be weighed.",
         "Remove it.", _weight_role, fixable=True),
    Rule("CNT012", "weight-ignored", _W, _COLLATOR,
         "Azure ML trains on every assistant message: what was to be left out is learned.",
         "Remove the answer, or the row.", _weight_ignored, adapt=_azureml),
    Rule("CNT013", "nothing-weighs", _W, _FOUNDRY, "The row teaches nothing on Foundry.",
         "Give one answer the weight 1, or remove the row.", _nothing_weighs, adapt=_strict_foundry),
)
# fmt: on
