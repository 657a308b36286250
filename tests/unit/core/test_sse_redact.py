"""Event streams, and what is hidden from whoever reads a log."""

import pytest

from maas_client.core.redact import redact_headers, redact_text, redact_url
from maas_client.core.sse import LONGEST_EVENT_BYTES, Decoder, data_events
from maas_client.errors import BrokenResponseError
from tests.unit.core.scripted import pieces_of


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"data:a\r\n\r\ndata:  b\r\n\r\n", ["a", " b"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"data\n\n", [""]),
        (b"\n\n: comment\nevent: x\nid: 1\n\ndata: [DONE]\n\n", ["[DONE]"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", ["a"]),
        (b"data: never ended\n", []),
        (b"data: \xe2\x82\xac\n\n", ["\u20ac"]),
        (b"", []),
    ],
)
async def test_events_whole_and_byte_by_byte(stream, events):
    assert Decoder().feed(stream) == events
    single = [stream[index : index + 1] for index in range(len(stream))]
    assert [event async for event in data_events(pieces_of(*single, b""))] == events


@pytest.mark.parametrize("piece", [b"data: " + b"x" * LONGEST_EVENT_BYTES, b"data:\n" * (LONGEST_EVENT_BYTES // 4)])
def test_an_event_without_end(piece):
    with pytest.raises(BrokenResponseError, match="1 MiB"):
        Decoder().feed(piece)


def test_the_limit_is_of_one_event():
    decoder = Decoder()
    for _ in range(4):
        assert len(decoder.feed(b"data: " + b"x" * (LONGEST_EVENT_BYTES // 2) + b"\n\n")) == 1


def test_not_utf8():
    with pytest.raises(BrokenResponseError, match="UTF-8"):
        Decoder().feed(b"data: \xff\n\n")


async def test_pieces_need_not_be_closable():
    class Plain:
        def __init__(self):
            self.pieces = [b"data: a\n\n"]

        def __aiter__(self):
            return self

        async def __anext__(self):
            if not self.pieces:
                raise StopAsyncIteration
            return self.pieces.pop()

    assert [event async for event in data_events(Plain())] == ["a"]


async def test_leaving_early_closes_the_stream():
    closed = []

    async def pieces():
        try:
            yield b"data: a\n\n"
            yield b"data: b\n\n"
        finally:
            closed.append(True)

    events = data_events(pieces())
    assert await anext(events) == "a"
    await events.aclose()
    assert closed == [True]


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://h/p", "https://h/p"),
        ("https://h/p?api-version=1&sig=x&comp=block", "https://h/p?api-version=1&sig=REDACTED&comp=block"),
        ("https://u:p@h:8/p", "https://h:8/p"),
        ("https://h/p?%24skip=3&$skip=4&flag", "https://h/p?%24skip=3&$skip=4&REDACTED"),
        ("https://h/p?bare-secret", "https://h/p?REDACTED"),
        ("https://h/p#access_token=x", "https://h/p"),
        ("https://[bad", "REDACTED"),
    ],
)
def test_urls(url, safe):
    assert redact_url(url) == safe


def test_headers():
    given = {
        "Authorization": "Bearer abc",
        "api-key": "abc",
        "Location": "https://h/p?sig=abc",
        "Content-Type": "application/json",
        "User-Agent": "me Bearer abcdefgh",
    }
    assert redact_headers(given) == {
        "Authorization": "REDACTED",
        "api-key": "REDACTED",
        "Location": "https://h/p?sig=REDACTED",
        "Content-Type": "application/json",
        "User-Agent": "me Bearer REDACTED",
    }


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("see https://h/p?sv=1&sig=abc%3D&x=1", "see https://h/p?sv=REDACTED&sig=REDACTED&x=1"),
        ("url=https%3A%2F%2Fh%3Fsv%3D1%26sig%3Dabc done", "url=https%3A%2F%2Fh%3Fsv%3DREDACTED done"),
        ("Authorization: bearer abcdef.ghi", "Authorization: bearer REDACTED"),
        ("AccountName=a;AccountKey=abc==;x", "AccountName=a;AccountKey=REDACTED;x"),
        ('{"api-key": "abc", "primaryKey":"def"}', '{"api-key": "REDACTED", "primaryKey":"REDACTED"}'),
        ("the key " + "A" * 86 + "==.", "the key REDACTED."),
        ("the key +" + "A" * 85 + "==.", "the key REDACTED."),
        ("token eyJhbGciOiJI.eyJzdWIi.c2ln!", "token REDACTED!"),
        ("proxy http://user:p@ss@proxy:8080/", "proxy http://user:REDACTED@proxy:8080/"),
        ("a design=fine response=fine text", "a design=fine response=fine text"),
    ],
)
def test_texts(text, safe):
    assert redact_text(text) == safe
