"""What is around the calls, on every adapter: names, who signs in, and a bound for what knows none."""

import threading
from typing import Any

import pytest

from maas_client.errors import ConnectError


def test_the_addresses_of_a_name(run):
    assert "127.0.0.1" in run(lambda io: io.addresses("localhost"))
    assert run(lambda io: io.addresses("127.0.0.1")) == ("127.0.0.1",)


@pytest.mark.parametrize("name", ["no-such-host.invalid", "x" * 64 + ".invalid"])
def test_a_name_that_is_not_known(run, name):
    with pytest.raises(ConnectError, match="is not known here") as caught:
        run(lambda io: io.addresses(name))
    assert "DNS" in (caught.value.hint or "")


def test_what_is_done_in_time_is_returned_or_raised(run):
    async def well():
        return 7

    async def badly():
        raise ConnectError("no")

    assert run(lambda io: io.within(5, well)) == 7
    with pytest.raises(ConnectError):
        run(lambda io: io.within(5, badly))


def test_what_hangs_is_left_behind(run):
    released = threading.Event()

    class Hanging:
        def get_token(self, *scopes):
            released.wait(20)

    async def body(io):
        with pytest.raises(TimeoutError):
            await io.within(0.05, lambda: io.token("https://management.azure.com/.default", None))

    try:
        run(body, credential=Hanging(), emulator=False)
    finally:
        released.set()


class Part:
    """A credential that gave a token."""


class Chain:
    """As azure-identity's chains: they remember which of their parts gave the token."""

    _successful_credential = Part()

    def get_token(self, *scopes):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("credential", "emulator", "said"),
    [
        ("abc", False, "a token that was given"),
        (None, True, "the emulator's made-up token"),
        (None, False, "DefaultAzureCredential"),
        (Chain(), False, "Chain (Part)"),
        (lambda: "abc", False, "<lambda>"),
    ],
)
def test_what_gives_the_tokens(run, credential, emulator, said):
    assert run(lambda io: io.credential(), credential=credential, emulator=emulator) == said


def test_azure_identity_remembers_where_we_look():
    from azure.identity import ChainedTokenCredential

    chain: Any = Chain()
    assert ChainedTokenCredential(chain)._successful_credential is None
