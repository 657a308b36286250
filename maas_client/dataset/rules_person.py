"""Rules about what identifies a person: addresses, and numbers of telephones, cards, accounts and insurances."""

import ipaddress
import re
from collections.abc import Callable, Iterator

from maas_client.dataset.row import Path, Texts
from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.dataset.rules_text import found
from maas_client.dataset.screens import sign

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])(?P<local>[A-Za-z0-9._%+-]{1,64})@(?:[A-Za-z0-9-]{1,63}\.){1,8}(?P<top>[A-Za-z]{2,24})(?![A-Za-z0-9@_-])"
)
_NOBODY = frozenset({"git", "noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster"})
_FILES = frozenset({"css", "gif", "html", "jpeg", "jpg", "js", "json", "mjs", "png", "py", "svg", "ts", "webp"})
# Each pattern of numbers begins with one set of characters, and looks back from there: so the engine skips to the next
# of them, which is ten times as fast as looking back from every character.
_PHONE = re.compile(
    r"[+(2-9](?:"
    r"(?<=\+)(?<![\w+]\+)(?=(?:[ .()-]{0,2}[0-9]){8,15}(?![0-9]))"
    r"[0-9]{1,3}(?:[ .-]{0,2}\(?[0-9]{1,4}\)?){2,6}(?![0-9])|"
    r"(?<=\()(?<![0-9A-Za-z.-]\()[2-9][0-9]{2}\) ?[2-9][0-9]{2}[-. ][0-9]{4}(?![0-9-])|"
    r"(?<=[2-9])(?<![0-9A-Za-z.-][2-9])[0-9]{2}(?P<mark>[-.])[2-9][0-9]{2}(?P=mark)[0-9]{4}(?![0-9.-]?[0-9]))"
)
_CARD = re.compile(
    r"[2-6](?<![0-9A-Za-z.-][2-6])(?:[0-9]{3}(?P<mark>[ -])[0-9]{4}(?P=mark)[0-9]{4}(?P=mark)[0-9]{4}|"
    r"(?<=3)[47][0-9]{2}(?P<gap>[ -])[0-9]{6}(?P=gap)[0-9]{5}|(?<=3)[47][0-9]{13}|[0-9]{15})(?![0-9A-Za-z]|[ .-][0-9])"
)
# Visa, Mastercard, Discover, JCB; American Express. Source: ISO/IEC 7812-1; issuers' ranges of numbers.
_ISSUED = re.compile(
    r"(?:4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|6(?:011|4[4-9]|5)|35(?:2[89]|[3-8]))[0-9]+|3[47][0-9]{13}"
)
_IBAN = re.compile(r"[A-Z](?<![A-Za-z0-9][A-Z])[A-Z][0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_INSURANCE = re.compile(
    r"[0-8](?<![0-9A-Za-z.-][0-8])(?!(?<=0)00|(?<=6)66)[0-9]{2}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9A-Za-z]|[.-][0-9])"
)
_IP = re.compile(r"[0-9](?<![0-9A-Za-z.-][0-9])[0-9]{0,2}\.(?:[0-9]{1,3}\.){2}[0-9]{1,3}(?![0-9A-Za-z]|[.-][0-9])")
_KNOWN_HOSTS = frozenset({"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"})
_RESERVED_STARTS = ("192.0.2.", "198.51.100.", "203.0.113.")
"""Source: RFC 5737."""
_RESERVED_NAMES = (
    ".example.com", ".example.net", ".example.org", ".example", ".invalid", ".test", ".localhost",
)  # fmt: skip
"""Source: RFC 2606; RFC 6761."""


def is_reserved(address: str) -> bool:
    """Tell whether an e-mail address is at a name that can be nobody's."""
    return f".{address.rpartition('@')[2].lower()}".endswith(_RESERVED_NAMES)


def luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others.

    Source: ISO/IEC 7812-1, annex B.
    """
    codes = digits.encode()
    return (sum(codes[-1::-2]) + sum(codes[-2::-2].translate(_DOUBLED)) - len(codes) * ord("0")) % 10 == 0


# Of each digit the sum of the digits of its double.
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")


def iban(text: str) -> bool:
    """Tell whether the check digits of an account number are right.

    Source: ISO 13616-1; ISO 7064, MOD 97-10.
    """
    code = text.replace(" ", "")
    return 15 <= len(code) <= 34 and int("".join(str(int(letter, 36)) for letter in code[4:] + code[:4])) % 97 == 1


def _email(match: re.Match[str]) -> bool:
    somebody = match["local"].casefold() not in _NOBODY and match["top"].casefold() not in _FILES
    return somebody and not is_reserved(match[0]) and not _in_address(match.string, match.start())


def _in_address(text: str, end: int) -> bool:
    """Tell whether the word that goes on at a place is an address of another kind: a password in it ends with `@`."""
    at = text.rfind("://", max(end - 200, 0), end)
    return at >= 0 and not re.search(r"\s", text[at:end])


def _card(match: re.Match[str]) -> bool:
    return _is_card(match[0])


def _is_card(number: str) -> bool:
    digits = number.replace(" ", "").replace("-", "")
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


def _reserved(row: Texts) -> Iterator[Problem]:
    for path, _, text in row.texts:
        for match in _emails(text):
            if is_reserved(match[0]):
                yield _reserved_problem(path, match)
        for match in _IP.finditer(text) if any(start in text for start in _RESERVED_STARTS) else ():
            if match[0].startswith(_RESERVED_STARTS) and _is_address(match[0]):
                yield _reserved_problem(path, match)


def _reserved_problem(path: Path, match: re.Match[str]) -> Problem:
    return Problem(f"{match[0][:60]!r} is reserved for examples.", path, offset=match.start(), group="reserved")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _any(_: re.Match[str]) -> bool:
    return True


def _iban(match: re.Match[str]) -> bool:
    return iban(match[0])


def _check(
    search: Callable[[str], Iterator[re.Match[str]]], real: Callable[[re.Match[str]], bool], name: str
) -> Callable[[Texts], Iterator[Problem]]:
    def scan(text: str) -> list[tuple[int, str]]:
        return [(match.start(), match[0]) for match in search(text) if real(match)]

    return found(scan, lambda _, more: f"The text holds {name}{more}.")


# What follows reads the same patterns over bytes: in UTF-8 no letter beyond ASCII has a byte of ASCII.
_DOMAIN = r"@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9@_-])"
_PLAINLY_RESERVED = r"@example\.(?:com|net|org)(?![A-Za-z0-9.@_-])"
_EMAIL_SIGN = sign("@", near=re.compile(rf"(?<=[A-Za-z0-9._%+-])(?!{_PLAINLY_RESERVED}){_DOMAIN}".encode()))
_RESERVED_SIGN = sign(
    "@", near=re.compile(rb"(?<=[A-Za-z0-9._%+-])@(?:[A-Za-z0-9-]{1,63}\.){0,8}(?i:example|invalid|test|localhost)")
)
_RESERVED_NET_SIGN = sign(*_RESERVED_STARTS)


def _beginning(pattern: re.Pattern[str]) -> re.Pattern[bytes]:
    return re.compile(pattern.pattern.encode())


_CARD_AT = _beginning(_CARD).match


def _card_at(data: bytes, start: int) -> bool:
    match = _CARD_AT(data, start)
    return match is not None and _is_card(match[0].decode())


_PHONE_SIGN = sign(
    "+0", "(000) 000 0000", "(000)000 0000", "(000) 000.0000", "(000)000.0000", "000 000 0000", "000.000.0000",
    shape=True, near=_beginning(_PHONE),
)  # fmt: skip
_CARD_SIGN = sign("0000 0000 0000 0000", "0000 000000 00000", "0" * 15, shape=True, near=_card_at)
_IBAN_SIGN = sign("AA00", shape=True, near=_beginning(_IBAN))
_INSURANCE_SIGN = sign("000 00 0000", shape=True, near=_beginning(_INSURANCE))
# The last digit of the first part; the commonest of addresses that are not public need not be read.
_IP_SIGN = sign(
    "0.0.", "0.00.", "0.000.", shape=True,
    near=re.compile(
        rb"(?!(?<=[^0-9A-Za-z.-]19)2\.168\.|(?<=[^0-9A-Za-z.-]12)7\.|(?<=[^0-9A-Za-z.-]1)0\.)[0-9](?:\.[0-9]{1,3}){3}"
    ),
)  # fmt: skip

_W = Severity.WARNING
_WHY = "The model may tell it to anybody; laws on privacy may forbid its use."
_HINT = "Replace it by a made-up one or by a placeholder, if it is of a real person."

# fmt: off
PERSON_RULES: tuple[Rule[Texts], ...] = (
    Rule("PII001", "email-address", _W, "RFC 5322, section 3.4.1", _WHY, _HINT,
         _check(_emails, _email, "an e-mail address"), sensitive=True, screen=(_EMAIL_SIGN,)),
    Rule("PII002", "telephone-number", _W, "ITU-T E.164; North American Numbering Plan", _WHY, _HINT,
         _check(_PHONE.finditer, _any, "a telephone number"), sensitive=True, screen=(_PHONE_SIGN,)),
    Rule("PII003", "card-number", _W, "ISO/IEC 7812-1", _WHY, _HINT,
         _check(_CARD.finditer, _card, "the number of a payment card"), sensitive=True, screen=(_CARD_SIGN,)),
    Rule("PII004", "account-number", _W, "ISO 13616-1", _WHY, _HINT,
         _check(_IBAN.finditer, _iban, "the number of a bank account (IBAN)"), sensitive=True, screen=(_IBAN_SIGN,)),
    Rule("PII005", "insurance-number", _W, "US Social Security Administration, SSN randomization", _WHY, _HINT,
         _check(_INSURANCE.finditer, _any, "a US social security number"), sensitive=True, screen=(_INSURANCE_SIGN,)),
    Rule("PII006", "ip-address", _W, "RFC 791; RFC 6890", _WHY, _HINT,
         _check(_IP.finditer, _address, "a public IP address"), sensitive=True, screen=(_IP_SIGN,)),
    Rule("PII007", "example-address", Severity.INFO, "RFC 2606; RFC 5737",
         "It is nobody's address; the model may learn to give it as if it were.",
         "Nothing to do, if it stands for an address in an explanation.", _reserved,
         screen=(_RESERVED_SIGN, _RESERVED_NET_SIGN)),
)
# fmt: on
