"""What holds for every fault sequence, every cut of a stream and every secret."""

import string
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from maas_client.core import stepping
from maas_client.core.error_map import ErrorFacts, build_error
from maas_client.core.lro import Lro
from maas_client.core.redact import redact_headers, redact_text, redact_url
from maas_client.core.retry import RetryPolicy, parse_retry_after
from maas_client.core.sse import Decoder
from maas_client.errors import BrokenResponseError, ConfigurationError, ConnectError, MaaSError, RequestTimeoutError
from tests.unit.core.scripted import SCOPE, ScriptedIO, Slow, answer, caller, request

hints = st.one_of(st.none(), st.floats(0, 200).map(str), st.sampled_from(["-1", "abc", "1e9", "nan"]))


@st.composite
def steps(draw):
    kind = draw(st.sampled_from(["connect", "timeout", "broken", "status", "ok"]))
    faults = {"connect": ConnectError, "timeout": RequestTimeoutError, "broken": BrokenResponseError}
    if kind in faults:
        return Slow(draw(st.floats(0, 90)), faults[kind]("fault"))
    status = draw(st.sampled_from([401, 408, 425, 429, 500, 503])) if kind == "status" else 200
    hint = draw(hints)
    outcome = answer(status, b"{}", **({} if hint is None else {"retry_after": hint}))
    return Slow(draw(st.floats(0, 90)), outcome)


@given(
    st.lists(steps(), min_size=12, max_size=12),
    st.booleans(),
    st.floats(0, 70),
    st.floats(2, 200),
    st.integers(1, 6),
)
def test_a_call_never_exceeds_its_time_nor_its_attempts(script, idempotent, token_seconds, total, attempts):
    io = ScriptedIO(list(script), token_seconds=token_seconds)
    policy = RetryPolicy(total_seconds=total, max_attempts=attempts)
    sender = caller(io, policy=policy)
    with suppress(MaaSError):
        stepping.run(sender.send(request(scope=SCOPE, idempotent=idempotent)))
    waiting_for_credentials = token_seconds * len(io.asked)
    assert io.clock <= total + waiting_for_credentials + 1e-6
    assert len(io.sent) <= 2 * attempts
    assert len(io.sleeps) <= attempts - 1
    for before, after in pairwise(io.sent):
        assert before[1]["x-ms-client-request-id"] == after[1]["x-ms-client-request-id"]


@given(st.lists(steps(), min_size=12, max_size=12))
def test_what_is_not_idempotent_is_sent_again_only_if_it_was_not_done(script):
    io = ScriptedIO(list(script))
    with suppress(MaaSError):
        stepping.run(caller(io).send(request(idempotent=False)))
    for step in script[: len(io.sent) - 1]:
        outcome = step.then
        assert isinstance(outcome, ConnectError) or outcome.status in {425, 429}


@given(st.text(max_size=40))
def test_any_hint_is_a_sane_number_or_none(text):
    for name in ("retry-after", "retry-after-ms"):
        seconds = parse_retry_after({name: text, "date": "Sun, 01 Nov 2026 12:00:00 GMT"})
        assert seconds is None or 0 <= seconds <= 1e9


sse_lines = st.sampled_from(["data: a", "data:b", "data", ":c", "event: x", "", "", "data: \u20ac\U0001f600", "x"])


@given(
    st.lists(st.tuples(sse_lines, st.sampled_from(["\n", "\r\n", "\r"])), max_size=30),
    st.booleans(),
    st.lists(st.integers(0, 400), max_size=40),
)
def test_events_do_not_depend_on_how_the_stream_is_cut(lines, mark, cuts):
    stream = (b"\xef\xbb\xbf" if mark else b"") + "".join(line + end for line, end in lines).encode()
    whole = Decoder().feed(stream)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    decoder = Decoder()
    pieces = [stream[start:end] for start, end in pairwise(places)]
    assert [event for piece in pieces for event in decoder.feed(piece)] == whole


base64 = st.text(string.ascii_letters + string.digits + "+/", min_size=86, max_size=86).map(lambda text: text + "==")
urlsafe = st.text(string.ascii_letters + string.digits + "_-", min_size=16, max_size=60)
shapes = st.one_of(
    st.tuples(st.just("{}"), base64),
    st.tuples(
        st.sampled_from(
            [
                "Bearer {}",
                "authorization: bearer {}",
                "https://acct.blob.core.windows.net/c/b?sv=2024-11-04&se=2026&sig={}&sp=r",
                "https%3A%2F%2Fh%2Fp%3Fsp%3Dr%26sig%3D{}",
                "AccountName=a;AccountKey={};EndpointSuffix=x",
                '{{"api-key": "{}"}}',
                "api_key={}",
                '"primaryKey":"{}"',
                "password: {}",
                "http://user:{}@proxy:3128/",
                "eyJ{0}.{0}.{0}",
            ]
        ),
        urlsafe,
    ),
)
around = st.text(string.printable, max_size=20)


@given(shapes, around, around)
def test_secrets_of_known_shape_never_survive(shape, before, after):
    form, secret = shape
    assume(secret not in before + after)
    text = f"{before} {form.format(secret)} {after}"
    assert secret not in redact_text(text)
    error = build_error(request(), answer(400), ErrorFacts(message=text, details=[("c", text)]))
    assert secret not in f"{error} {error.message} {error.details} {error!r}"


@given(urlsafe, st.sampled_from(["sig", "code", "token", "SIG", "x-secret", "api-version2"]), st.text(max_size=10))
def test_no_query_value_survives_unless_it_is_known_to_be_harmless(secret, name, tail):
    assert secret not in redact_url(f"https://u:{secret}@h/p?{name}={secret}&{secret}#{secret}")
    assert secret not in str(redact_headers({name: secret, "Location": f"https://h/p?{name}={secret}"}))


@given(
    st.builds(
        Lro,
        operation=st.text(),
        method=st.sampled_from(["PUT", "DELETE", "POST"]),
        resource_url=st.text(),
        poll_url=st.text(),
        way=st.sampled_from(["operation", "location", "resource"]),
        status=st.sampled_from(["running", "succeeded", "failed", "canceled"]),
        retry_after=st.none() | st.floats(0, 1e9),
        error_message=st.text(),
    )
)
def test_operation_token_round_trip(lro):
    assert Lro.from_token(lro.to_token()) == lro


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(str))
def test_no_text_crashes_the_token_reader(text):
    with pytest.raises(ConfigurationError):
        Lro.from_token(text)
