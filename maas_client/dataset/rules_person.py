"""Rules about what identifies a person: addresses, and numbers of telephones, cards, accounts and insurances."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from maas_client.dataset.row import Row
from maas_client.dataset.rule import Problem, Rule, Screen, Severity
from maas_client.dataset.rules_text import found
from maas_client.dataset.screens import ESCAPES, Byte, Shapes, joined, shape

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])(?P<local>[A-Za-z0-9._%+-]{1,64})@(?:[A-Za-z0-9-]{1,63}\.){1,8}(?P<top>[A-Za-z]{2,24})(?![A-Za-z0-9@_-])"
)
_NOBODY = frozenset({"git", "noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster"})
_FILES = frozenset({"css", "gif", "html", "jpeg", "jpg", "js", "json", "mjs", "png", "py", "svg", "ts", "webp"})
_PHONE = re.compile(
    r"(?<![\w+])\+(?=(?:[ .()-]{0,2}[0-9]){8,15}(?![0-9]))[0-9]{1,3}(?:[ .-]{0,2}\(?[0-9]{1,4}\)?){2,6}(?![0-9])|"
    r"(?<![0-9A-Za-z.-])\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[-. ][0-9]{4}(?![0-9-])|"
    r"(?<![0-9A-Za-z.-])[2-9][0-9]{2}(?P<mark>[-.])[2-9][0-9]{2}(?P=mark)[0-9]{4}(?![0-9.-]?[0-9])"
)
_CARD = re.compile(
    r"(?<![0-9A-Za-z.-])(?:[2-6][0-9]{3}(?P<mark>[ -])[0-9]{4}(?P=mark)[0-9]{4}(?P=mark)[0-9]{4}|"
    r"3[47][0-9]{2}(?P<gap>[ -])[0-9]{6}(?P=gap)[0-9]{5}|3[47][0-9]{13}|[2-6][0-9]{15})(?![0-9A-Za-z]|[ .-][0-9])"
)
# Visa, Mastercard, Discover, JCB; American Express. Source: ISO/IEC 7812-1; issuers' ranges of numbers.
_ISSUED = re.compile(
    r"(?:4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|6(?:011|4[4-9]|5)|35(?:2[89]|[3-8]))[0-9]+|3[47][0-9]{13}"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_INSURANCE = re.compile(
    r"(?<![0-9A-Za-z.-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9A-Za-z]|[.-][0-9])"
)
_IP = re.compile(r"(?<![0-9A-Za-z.-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9A-Za-z]|[.-][0-9])")
_KNOWN_HOSTS = frozenset({"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"})
_RESERVED_NETS = tuple(ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
"""Source: RFC 5737."""
_RESERVED_NAMES = re.compile(
    r"(?i)@(?:.+\.)?(?:example\.(?:com|net|org)|(?:[a-z0-9-]+\.)?(?:example|invalid|test|localhost))\Z"
)
"""Source: RFC 2606; RFC 6761."""


def luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others.

    Source: ISO/IEC 7812-1, annex B.
    """
    doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def iban(text: str) -> bool:
    """Tell whether the check digits of an account number are right.

    Source: ISO 13616-1; ISO 7064, MOD 97-10.
    """
    code = text.replace(" ", "")
    return 15 <= len(code) <= 34 and int("".join(str(int(letter, 36)) for letter in code[4:] + code[:4])) % 97 == 1


def _email(match: re.Match[str]) -> bool:
    somebody = match["local"].casefold() not in _NOBODY and match["top"].casefold() not in _FILES
    # The password in an address of another kind ends with the same sign.
    word = re.split(r"\s", match.string[max(match.start() - 200, 0) : match.start()])[-1]
    return somebody and "://" not in word and not _RESERVED_NAMES.search(match[0])


def _card(match: re.Match[str]) -> bool:
    digits = re.sub(r"[ -]", "", match[0])
    return bool(_ISSUED.fullmatch(digits)) and luhn(digits)


def _address(match: re.Match[str]) -> bool:
    try:
        address = ipaddress.ip_address(match[0])
    except ValueError:
        return False
    # Numbers of sections and versions have short parts.
    long = sum(len(part) > 1 for part in match[0].split("."))
    return address.is_global and not address.is_multicast and long >= 2 and match[0] not in _KNOWN_HOSTS


_LOCAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-"


def _emails(text: str) -> Iterator[re.Match[str]]:
    """Yield what `_EMAIL.finditer` would: an address is looked for around each sign, not in all the text."""
    end = 0
    at = text.find("@")
    while at >= 0:
        before = text[max(at - 65, 0) : at]
        length = len(before) - len(before.rstrip(_LOCAL))
        match = _EMAIL.match(text, at - length) if length and at - length >= end else None
        if match:
            end = match.end()
            yield match
        at = text.find("@", at + 1)


def _numbers(pattern: re.Pattern[str], *needed: bytes) -> Callable[[str], Iterator[re.Match[str]]]:
    """Return the search for a pattern every match of which has one of these shapes."""

    def search(text: str) -> Iterator[re.Match[str]]:
        seen = _shape(text)
        for part in needed:
            if part in seen:
                return pattern.finditer(text)
        return iter(())

    return search


def _shape(text: str) -> bytes:
    # Every rule about numbers asks for every text of a row; only short texts are worth keeping.
    return _short_shape(text) if len(text) <= 20_000 else shape(text.encode("ascii", "replace"))


@lru_cache(maxsize=64)
def _short_shape(text: str) -> bytes:
    return shape(text.encode("ascii", "replace"))


_phones = _numbers(_PHONE, b"+0", b"(000)", b"000 000 0000", b"000.000.0000")
_cards = _numbers(_CARD, b"0000 0000 0000 0000", b"0000 000000 00000", b"0" * 15)
_ibans = _numbers(_IBAN, b"AA00")
_insurances = _numbers(_INSURANCE, b"000 00 0000")
_addresses = _numbers(_IP, b".0.0", b".00.0", b".000.0")


def _reserved(row: Row) -> Iterator[Problem]:
    for path, _, text in row.texts:
        for match in (*_emails(text), *_addresses(text)):
            if _is_reserved(match[0]):
                yield Problem(
                    f"{match[0][:60]!r} is reserved for examples.", path, offset=match.start(), group="reserved"
                )


def _is_reserved(text: str) -> bool:
    if "@" in text:
        return bool(_RESERVED_NAMES.search(text))
    try:
        return any(ipaddress.ip_address(text) in net for net in _RESERVED_NETS)
    except ValueError:
        return False


def _any(_: re.Match[str]) -> bool:
    return True


def _iban(match: re.Match[str]) -> bool:
    return iban(match[0])


def _check(
    search: Callable[[str], Iterator[re.Match[str]]], real: Callable[[re.Match[str]], bool], name: str
) -> Callable[[Row], Iterator[Problem]]:
    def scan(text: str) -> list[tuple[int, str]]:
        return [(match.start(), match[0]) for match in search(text) if real(match)]

    return found(scan, lambda _, more: f"The text holds {name}{more}.")


_AT = Byte(b"@")
_DOMAIN = re.compile(rb"@[A-Za-z0-9-]+\.[A-Za-z0-9]")
_BEFORE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-")


def _email_screen(block: bytes) -> Iterator[int]:
    for at in _AT(block):
        # The letter before may be that of an escape: a decorator on a new line is no address.
        escape = at > 2 and block[at - 2] == 0x5C and block[at - 3] != 0x5C
        if at and block[at - 1] in _BEFORE and not escape and _DOMAIN.match(block, at):
            yield at


_NUMBERS = Shapes(
    rb"\+0[0 .()]{7}",
    rb"000(?:\) ?000| 000 0000|\.000\.0000| 00 0000|0 0000 0000 0|0 000000 0|000000000000)",
    rb"AA00 ?[A0]{4}",
    rb"\.00?0?\.0",
)
_NUMBER_SCREEN: Screen = joined((_NUMBERS, ESCAPES))

_W = Severity.WARNING
_WHY = "The model may tell it to anybody; laws on privacy may forbid its use."
_HINT = "Replace it by a made-up one or by a placeholder, if it is of a real person."

# fmt: off
PERSON_RULES: tuple[Rule[Row], ...] = (
    Rule("PII001", "email-address", _W, "RFC 5322, section 3.4.1", _WHY, _HINT,
         _check(_emails, _email, "an e-mail address"), sensitive=True, screen=joined((_email_screen, ESCAPES))),
    Rule("PII002", "telephone-number", _W, "ITU-T E.164; North American Numbering Plan", _WHY, _HINT,
         _check(_phones, _any, "a telephone number"), sensitive=True, screen=_NUMBER_SCREEN),
    Rule("PII003", "card-number", _W, "ISO/IEC 7812-1", _WHY, _HINT,
         _check(_cards, _card, "the number of a payment card"), sensitive=True, screen=_NUMBER_SCREEN),
    Rule("PII004", "account-number", _W, "ISO 13616-1", _WHY, _HINT,
         _check(_ibans, _iban, "the number of a bank account (IBAN)"), sensitive=True, screen=_NUMBER_SCREEN),
    Rule("PII005", "insurance-number", _W, "US Social Security Administration, SSN randomization", _WHY, _HINT,
         _check(_insurances, _any, "a US social security number"), sensitive=True, screen=_NUMBER_SCREEN),
    Rule("PII006", "ip-address", _W, "RFC 791; RFC 6890", _WHY, _HINT,
         _check(_addresses, _address, "a public IP address"), sensitive=True, screen=_NUMBER_SCREEN),
    Rule("PII007", "example-address", Severity.INFO, "RFC 2606; RFC 5737",
         "It is nobody's address; the model may learn to give it as if it were.",
         "Nothing to do, if it stands for an address in an explanation.", _reserved,
         screen=joined((_email_screen, _NUMBER_SCREEN))),
)
# fmt: on
