"""Rules about secrets: what opens a door for whoever the model tells it to."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from maas_client.dataset.row import Texts
from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.dataset.screens import Near, Screen, Sign, sign

MIN_ENTROPY_BITS = 3.0
"""Per character; random keys of 20 characters have about 4, words and names of the same length about 3."""


class Kind(NamedTuple):
    """One kind of key.

    Attributes:
        name: With its article, for people.
        pattern: The key is its group `key`, or the whole match.
        sign: What every match contains.
    """

    name: str
    pattern: re.Pattern[str]
    sign: Sign


def _kind(name: str, pattern: str, *words: str, near: Near | re.Pattern[bytes] | None = None) -> Kind:
    return Kind(name, re.compile(pattern), sign(*words, near=near))


def _begun(name: str, pattern: str, *words: str) -> Kind:
    """Return a kind of ASCII alone that begins with one of the words, so that it can be matched where one stands."""
    return _kind(name, pattern, *words, near=re.compile(pattern.encode()))


# What a pattern of a key must not be part of.
_B, _E = r"(?<![A-Za-z0-9_-])", r"(?![A-Za-z0-9])"
KEYS = (
    _begun("an AWS access key", rf"{_B}A(?:KIA|SIA)[A-Z0-9]{{16}}{_E}", "AKIA", "ASIA"),
    _begun("a GitHub token", rf"{_B}gh[pousr]_[A-Za-z0-9]{{36,251}}", *(f"gh{letter}_" for letter in "pousr")),
    _begun("a GitHub token", rf"{_B}github_pat_[A-Za-z0-9_]{{22,}}", "github_pat_"),
    _begun("a GitLab token", rf"{_B}glpat-[A-Za-z0-9_-]{{20,}}", "glpat-"),
    _begun("a Slack token", rf"{_B}xox[abeoprs]-[A-Za-z0-9-]{{15,}}", *(f"xox{letter}-" for letter in "abeoprs")),
    _begun("a Google API key", rf"{_B}AIza[A-Za-z0-9_-]{{35}}", "AIza"),
    _begun("an OpenAI or Anthropic key", rf"{_B}sk-(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{{20,}}", "sk-"),
    _begun("a Stripe key", rf"{_B}[sr]k_(?:live|test)_[A-Za-z0-9]{{16,}}", "sk_live_", "sk_test_", "rk_live_",
           "rk_test_"),
    _begun("a Hugging Face token", rf"{_B}hf_[A-Za-z0-9]{{30,}}", "hf_"),
    _begun("an npm token", rf"{_B}npm_[A-Za-z0-9]{{36}}", "npm_"),
    _begun("a PyPI token", rf"{_B}pypi-AgE[A-Za-z0-9_-]{{40,}}", "pypi-AgE"),
    _begun("a SendGrid key", rf"{_B}SG\.[A-Za-z0-9_-]{{20,24}}\.[A-Za-z0-9_-]{{39,50}}", "SG."),
    _begun("an Azure storage key", r"AccountKey=(?P<key>[A-Za-z0-9+/]{40,}={0,2})", "AccountKey="),
    _begun("an Azure shared access key", r"SharedAccessKey=(?P<key>[A-Za-z0-9+/]{40,}={0,2})", "SharedAccessKey="),
    _begun("an Azure signature", r"[?&]sig=(?P<key>[A-Za-z0-9%+/]{40,}(?:%3[dD]|=)?)", "?sig=", "&sig="),
    _kind("an Azure client secret", r"(?<![\w~.-])[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}", "8Q~"),
)  # fmt: skip
PRIVATE = _begun("a private key", r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----", "-----BEGIN ")
ADDRESS = _kind(
    "a password in an address",
    r"\b[a-z][a-z0-9+.-]{1,20}://(?P<user>[^\s/:@\"'<>{}$]{1,80}):(?P<key>[^\s/:@\"'<>{}$]{3,120})@[A-Za-z0-9\[]",
    "://",
    # A character of the pattern has up to four bytes here.
    near=re.compile(rb"://[^\s/:@\"'<>{}$]{1,320}:[^\s/:@\"'<>{}$]{3,480}@[A-Za-z0-9\[]"),
)
JWT = _begun("a signed token", rf"{_B}eyJ[A-Za-z0-9_-]{{17,}}\.eyJ[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{16,}}", "eyJ")
_VALUE = r"[\"']? ?[:=]{1,2} ?[\"'](?P<key>[A-Za-z0-9+/=_.~!@#$%^&*-]{12,128})[\"']"
ASSIGNED = _kind(
    "what looks like a password or key",
    r"(?:[Aa]pi[_-]?[Kk]ey|API_?KEY|[Ss]ecret(?:[_-]?[Kk]ey)?|SECRET(?:_KEY)?|[Pp]assw(?:or)?d|PASSWORD|"
    rf"[Aa]ccess[_-]?[Tt]oken|ACCESS_TOKEN|[Aa]uth[_-]?[Tt]oken|AUTH_TOKEN){_VALUE}",
    *(f"pi{mark}{key}" for mark in ("", "_", "-") for key in ("key", "Key")), "APIKEY", "API_KEY", "ecret", "SECRET",
    *(f"{word}{mark}{token}" for word in ("cess", "uth") for mark in ("", "_", "-") for token in ("token", "Token")),
    "asswd", "assword", "PASSWORD", "ACCESS_TOKEN", "AUTH_TOKEN",
    near=re.compile(rf"[A-Za-z_-]{{4,13}}{_VALUE}".encode()),
)  # fmt: skip
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


def _found(row: Texts, kinds: tuple[Kind, ...]) -> Iterator[Problem]:
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


def _keys(row: Texts) -> Iterator[Problem]:
    return _found(row, KEYS)


def _private(row: Texts) -> Iterator[Problem]:
    return _found(row, (PRIVATE,))


def _address(row: Texts) -> Iterator[Problem]:
    return _found(row, (ADDRESS,))


def _jwt(row: Texts) -> Iterator[Problem]:
    return _found(row, (JWT,))


def _assigned(row: Texts) -> Iterator[Problem]:
    return _found(row, (ASSIGNED,))


def _screen(*kinds: Kind) -> Screen:
    return tuple(kind.sign for kind in kinds)


_ERROR, _WARNING = Severity.ERROR, Severity.WARNING
_WHY = "The model may tell it to anybody, and so may whoever reads the file."
_HINT = "Replace it by a placeholder, and withdraw the key if it was ever valid."
_ISSUER = "formats that the issuers document"
_OURS = "this package"

# fmt: off
SECRET_RULES: tuple[Rule[Texts], ...] = (
    Rule("SEC001", "access-key", _ERROR, _ISSUER, _WHY, _HINT, _keys, sensitive=True,
         screen=_screen(*KEYS)),
    Rule("SEC002", "private-key", _ERROR, "RFC 7468", _WHY, _HINT, _private, sensitive=True,
         screen=_screen(PRIVATE)),
    Rule("SEC003", "password-in-address", _ERROR, "RFC 3986, section 3.2.1", _WHY, _HINT, _address, sensitive=True,
         screen=_screen(ADDRESS)),
    Rule("SEC004", "assigned-secret", _WARNING, f"{_OURS}: name of the variable, and entropy of the value", _WHY, _HINT,
         _assigned, sensitive=True, screen=_screen(ASSIGNED)),
    Rule("SEC005", "signed-token", _WARNING, "RFC 7519", f"{_WHY} Most expire; some do not.", _HINT, _jwt,
         sensitive=True, screen=_screen(JWT)),
)
# fmt: on
