"""The rules as people look them up: by id, name or group, with what each means for every service and method."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from maas_client.catalog import all_models
from maas_client.dataset.profile import Method, Profile, Service
from maas_client.dataset.rule import Rule, Severity
from maas_client.dataset.rules import RULES
from maas_client.errors import ConfigurationError

GROUPS: Mapping[str, str] = {
    "FIL": "Files",
    "ENC": "Encoding",
    "JSN": "JSON",
    "FMT": "Other formats",
    "SCH": "Keys and values",
    "ROL": "Roles",
    "CNT": "Contents",
    "TOL": "Tools",
    "PRF": "Preferences",
    "TXT": "Characters and phrases",
    "SEC": "Secrets",
    "PII": "Personal data",
    "TOK": "Tokens",
    "DUP": "Duplicates",
    "LEK": "Leakage into validation",
    "LEN": "Lengths",
    "LIM": "Limits",
}
"""The letters of an id, and what rules of the group are about; in the order in which they are listed."""

USES: tuple[tuple[Service, Method], ...] = (("azureml", "supervised"), ("foundry", "supervised"), ("foundry", "dpo"))
"""Services with the methods of training that their documents describe."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a finding of a rule means for one use.

    Attributes:
        service: The service.
        method: The method of training.
        severities: All that it may be, by model; none if the rule does not apply.
    """

    service: Service
    method: Method
    severities: tuple[Severity, ...]

    def __str__(self) -> str:
        return " or ".join(self.severities) or "-"


def meanings(rule: Rule[Any]) -> tuple[Meaning, ...]:
    """Return what a finding of a rule means for each of `USES`; the mildest first where it depends on the model."""
    return tuple(Meaning(service, method, _severities(rule, service, method)) for service, method in USES)


def _severities(rule: Rule[Any], service: Service, method: Method) -> tuple[Severity, ...]:
    profiles = (Profile(service, model, method) for model in (None, *all_models()))
    found = {severity for profile in profiles if (severity := rule.severity_for(profile)) is not None}
    return tuple(severity for severity in reversed(Severity) if severity in found)


def find_rules(word: str = "") -> tuple[Rule[Any], ...]:
    """Return the rule of an id or a name, the rules of a group such as `ROL`, or all; in the order of `GROUPS`.

    Raises:
        ConfigurationError: There is none; the hint names those that look like it.
    """
    ordered = sorted(RULES.values(), key=lambda rule: (list(GROUPS).index(rule.id[:3]), rule.id))
    found = tuple(
        rule for rule in ordered if word.upper() in ("", rule.id, rule.id[:3]) or word.casefold() == rule.name
    )
    if found:
        return found
    by_fold = {name.casefold(): name for rule in ordered for name in (rule.id, rule.name)}
    near = [by_fold[match] for match in get_close_matches(word.casefold(), by_fold, n=3, cutoff=0.5)]
    guess = f"Did you mean {' or '.join(near)}? " if near else ""
    raise ConfigurationError(f"There is no rule {word!r}.", hint=f"{guess}`maas-ft data rules` lists all.")


def document(rule: Rule[Any]) -> dict[str, Any]:
    """Return everything there is to say about a rule, as JSON-able values."""
    return {
        "id": rule.id,
        "name": rule.name,
        "group": GROUPS[rule.id[:3]],
        "severity": rule.severity.value,
        "severities": {
            f"{meaning.service} {meaning.method}": [severity.value for severity in meaning.severities]
            for meaning in meanings(rule)
        },
        "why": rule.why,
        "hint": rule.hint,
        "fixable": rule.fixable,
        "source": rule.source,
    }
