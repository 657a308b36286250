"""Rules about secrets: what opens a door for whoever the model tells it to."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from maas_client.dataset.row import Row
from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.dataset.screens import ESCAPES, Runs, Shared, ascii_screen, joined

MIN_ENTROPY_BITS = 3.0
"""Per character; random keys of 20 characters have about 4, words and names of the same length about 3."""


class Kind(NamedTuple):
    """One kind of key.

    Attributes:
        name: With its article, for people.
        pattern: The key is its group `key`, or the whole match.
        run: Regular expression over raw bytes: how the long run of letters and digits in every match begins.
    """

    name: str
    pattern: re.Pattern[str]
    run: bytes = b""


def _kind(name: str, pattern: str, run: bytes = b"") -> Kind:
    return Kind(name, re.compile(pattern), run)


# What a pattern of a key must not be part of.
_B, _E = r"(?<![A-Za-z0-9_-])", r"(?![A-Za-z0-9])"
KEYS = (
    _kind("an AWS access key", rf"{_B}A(?:KIA|SIA)[A-Z0-9]{{16}}{_E}", rb"A[KS]IA"),
    _kind("a GitHub token", rf"{_B}gh[pousr]_[A-Za-z0-9]{{36,251}}", rb"gh[pousr]_"),
    _kind("a GitHub token", rf"{_B}github_pat_[A-Za-z0-9_]{{22,}}", rb"github_pat_"),
    _kind("a GitLab token", rf"{_B}glpat-[A-Za-z0-9_-]{{20,}}", rb"glpat-"),
    _kind("a Slack token", rf"{_B}xox[abeoprs]-[A-Za-z0-9-]{{15,}}", rb"xox[abeoprs]-"),
    _kind("a Google API key", rf"{_B}AIza[A-Za-z0-9_-]{{35}}", rb"AIza"),
    _kind("an OpenAI or Anthropic key", rf"{_B}sk-(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{{20,}}", rb"sk-"),
    _kind("a Stripe key", rf"{_B}[sr]k_(?:live|test)_[A-Za-z0-9]{{16,}}", rb"[sr]k_(?:live|test)_"),
    _kind("a Hugging Face token", rf"{_B}hf_[A-Za-z0-9]{{30,}}", rb"hf_"),
    _kind("an npm token", rf"{_B}npm_[A-Za-z0-9]{{36}}", rb"npm_"),
    _kind("a PyPI token", rf"{_B}pypi-AgE[A-Za-z0-9_-]{{40,}}", rb"pypi-"),
    _kind("a SendGrid key", rf"{_B}SG\.[A-Za-z0-9_-]{{20,24}}\.[A-Za-z0-9_-]{{39,50}}", rb"(?<=SG\.)"),
    _kind("an Azure storage key", r"AccountKey=(?P<key>[A-Za-z0-9+/]{40,}={0,2})"),
    _kind("an Azure shared access key", r"SharedAccessKey=(?P<key>[A-Za-z0-9+/]{40,}={0,2})"),
    _kind("an Azure signature", r"[?&]sig=(?P<key>[A-Za-z0-9%+/]{40,}(?:%3[dD]|=)?)"),
    _kind("an Azure client secret", r"(?<![\w~.-])[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}"),
)
PRIVATE = _kind("a private key", r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----")
ADDRESS = _kind(
    "a password in an address",
    r"\b[a-z][a-z0-9+.-]{1,20}://(?P<user>[^\s/:@\"'<>{}$]{1,80}):(?P<key>[^\s/:@\"'<>{}$]{3,120})@[A-Za-z0-9\[]",
)
JWT = _kind("a signed token", rf"{_B}eyJ[A-Za-z0-9_-]{{17,}}\.eyJ[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{16,}}", rb"eyJ")
ASSIGNED = _kind(
    "what looks like a password or key",
    r"(?:[Aa]pi[_-]?[Kk]ey|API_?KEY|[Ss]ecret(?:[_-]?[Kk]ey)?|SECRET(?:_KEY)?|[Pp]assw(?:or)?d|PASSWORD|"
    r"[Aa]ccess[_-]?[Tt]oken|ACCESS_TOKEN|[Aa]uth[_-]?[Tt]oken|AUTH_TOKEN)[\"']? ?[:=]{1,2} ?"
    r"[\"'](?P<key>[A-Za-z0-9+/=_.~!@#$%^&*-]{12,128})[\"']",
)
_PLACEHOLDERS = re.compile(
    r"(?i)example|placeholder|changeme|change[_-]me|dummy|redacted|your[_-]|[_-]here|insert|sample|xxxx|\*{4}|\.{3}|"
    r"1234567890|abcdef"
)
_PLAIN_PASSWORDS = frozenset({"password", "passwd", "pass", "pwd", "secret", "token", "xxx", "***", "pw", "port"})


def entropy_bits(text: str) -> float:
    """Return the entropy of the characters of a text, in bits per character."""
    length = len(text)
    return -sum(count / length * math.log2(count / length) for count in Counter(text).values())


def _masked(key: str) -> str:
    return f"{key[:4]}... ({len(key)} characters)"


def _found(row: Row, kinds: tuple[Kind, ...]) -> Iterator[Problem]:
    for text in row.texts:
        for kind in kinds:
            match = next((match for match in kind.pattern.finditer(text.text) if _real(kind, match)), None)
            if match is not None:
                key = match.groupdict().get("key") or match[0]
                shown = f": {_masked(key)}" if kind in KEYS else ""
                yield Problem(f"The text holds {kind.name}{shown}.", text.path, offset=match.start())


def _real(kind: Kind, match: re.Match[str]) -> bool:
    if kind is ADDRESS:
        return match["key"].casefold() not in _PLAIN_PASSWORDS and not _PLACEHOLDERS.search(match["key"])
    if kind is ASSIGNED:
        key = match["key"]
        mixed = any(character.isdigit() for character in key) and any(character.isalpha() for character in key)
        return mixed and entropy_bits(key) >= MIN_ENTROPY_BITS and not _PLACEHOLDERS.search(key)
    return True


def _keys(row: Row) -> Iterator[Problem]:
    return _found(row, KEYS)


def _private(row: Row) -> Iterator[Problem]:
    return _found(row, (PRIVATE,))


def _address(row: Row) -> Iterator[Problem]:
    return _found(row, (ADDRESS,))


def _jwt(row: Row) -> Iterator[Problem]:
    return _found(row, (JWT,))


def _assigned(row: Row) -> Iterator[Problem]:
    return _found(row, (ASSIGNED,))


# What seems to be the first letter of a run may be the end of an escape before it.
_RUN = rb"(?:(?:[nrtbf]|u[0-9a-fA-F]{4})?(?:" + b"|".join(kind.run for kind in (*KEYS, JWT) if kind.run) + rb"))"
_RUN_SCREEN = Runs(_RUN)
_VALUES = Shared(rb"=[A-Za-z0-9+/%\\]{40}", rb"8Q~")
_QUOTE = rb"(?:\\?[\"']|\\u002[27])"
_ASSIGNMENTS = Shared(
    rb":(?:(?:\\?/){2}[^\s/:@\"]{1,1000}:[^\s/:@\"]{3,1500}@| ?" + _QUOTE + rb"(?=[^\"'\s]{0,128}[0-9])[^\"'\s]{12})",
    rb"= ?" + _QUOTE + rb"(?=[^\"'\s]{0,128}[0-9])[^\"'\s]{12}",
)

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING
_WHY = "The model may tell it to anybody, and so may whoever reads the file."
_HINT = "Replace it by a placeholder, and withdraw the key if it was ever valid."
_ISSUER = "formats that the issuers document"
_OURS = "this package"

# fmt: off
SECRET_RULES: tuple[Rule[Row], ...] = (
    Rule("SEC001", "access-key", _ERROR, _ISSUER, _WHY, _HINT, _keys, sensitive=True,
         screen=joined((_RUN_SCREEN, _VALUES, ESCAPES))),
    Rule("SEC002", "private-key", _ERROR, "RFC 7468", _WHY, _HINT, _private, sensitive=True,
         screen=ascii_screen(rb"-----BEGIN")),
    Rule("SEC003", "password-in-address", _ERROR, "RFC 3986, section 3.2.1", _WHY, _HINT, _address, sensitive=True,
         screen=joined((_ASSIGNMENTS, ESCAPES))),
    Rule("SEC004", "assigned-secret", _WARNING, f"{_OURS}: name of the variable, and entropy of the value", _WHY, _HINT,
         _assigned, sensitive=True, screen=joined((_ASSIGNMENTS, ESCAPES))),
    Rule("SEC005", "signed-token", _WARNING, "RFC 7519", f"{_WHY} Most expire; some do not.", _HINT, _jwt,
         sensitive=True, screen=joined((_RUN_SCREEN, ESCAPES))),
)
# fmt: on
