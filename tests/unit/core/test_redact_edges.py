"""What opens something is found in a request by its place, and hidden in an answer by its value."""

import pytest

from maas_client.core.redact import redact_headers, redact_url, secrets_of, without

URL = "https://stacct.blob.core.windows.net/c/b"


@pytest.mark.parametrize(
    ("url", "headers", "secrets"),
    [
        (URL, {"authorization": "Bearer key-1:2"}, ["key-1:2"]),
        (URL, {"authorization": "Bearer  key-1"}, ["key-1"]),
        (URL, {"authorization": "SharedKey stacct:a:c2lnbmVk"}, ["c2lnbmVk"]),
        (URL, {}, [""]),
        (f"{URL}?comp=block&sig=c2ln=&se=2026&SKOID=who&sktid=where", {}, ["", "c2ln=", "who", "where"]),
    ],
)
def test_what_opens_something_is_found(url, headers, secrets):
    assert list(secrets_of(url, headers)) == secrets


@pytest.mark.parametrize(
    "repeated", [b"a/b+c/d=e%", b"a%2Fb%2Bc%2Fd%3De%25", b"a\\/b+c\\/d=e%"], ids=["plain", "quoted", "json"]
)
@pytest.mark.parametrize("secret", ["a/b+c/d=e%25", "a%2Fb%2Bc%2Fd%3De%25"])
def test_what_was_sent_is_hidden_however_it_is_repeated(secret, repeated):
    assert without(b"no: " + repeated + b"!", [secret]) == b"no: REDACTED!"


def test_what_is_too_short_for_a_secret_is_left():
    assert without(b"1234567 12345678", ["1234567"]) == b"1234567 12345678"
    assert without(b"1234567 12345678", ["12345678"]) == b"1234567 REDACTED"
    assert without(b"all is said", []) == b"all is said"


def test_a_value_with_an_equals_sign_is_hidden_whole():
    assert redact_url(f"{URL}?sig=a=b&comp=x=y") == f"{URL}?sig=REDACTED&comp=x=y"


def test_a_header_that_is_a_url_is_hidden_as_one():
    assert redact_headers({"Location": f"{URL}?t=v"}) == {"Location": f"{URL}?t=REDACTED"}
