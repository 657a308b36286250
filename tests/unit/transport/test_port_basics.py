"""What the port offers beside HTTP: clocks, locks, parallel work; and the life of a port."""

import logging
import subprocess
import sys
import threading
from datetime import UTC
from inspect import signature

import anyio
import anyio.to_thread
import pytest

from maas_client.core.io import IO, Request
from maas_client.errors import UsageError
from maas_client.transport.httpx_async import AsyncIO
from maas_client.transport.httpx_sync import SyncIO


class SentinelError(Exception):
    pass


def test_both_adapters_are_the_port():
    ports: list[IO] = [AsyncIO(emulator=True), SyncIO(emulator=True)]
    names = [name for name in vars(IO) if not name.startswith("_")]
    assert len(names) >= 9
    for port in ports:
        for name in names:
            assert (
                str(signature(getattr(type(port), name))).split("->")[0]
                == (str(signature(getattr(IO, name))).split("->")[0])
            ), name
    asynchronous = dict(signature(AsyncIO).parameters)
    assert asynchronous.pop("http").default == "httpx"  # aiohttp is for event loops alone
    assert asynchronous == dict(signature(SyncIO).parameters)


def test_clocks(run):
    async def body(io):
        before = await io.monotonic()
        await io.sleep(-1)
        await io.sleep(0.001)
        assert await io.monotonic() - before >= 0.001
        assert (await io.now()).tzinfo is UTC

    run(body)


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_map_keeps_the_order(run, limit):
    async def body(io):
        async def double(number):
            await io.sleep(0)
            return 2 * number

        assert await io.map(double, [], limit=limit) == []
        assert await io.map(double, [4], limit=limit) == [8]
        return await io.map(double, range(20), limit=limit)

    assert run(body) == [2 * number for number in range(20)]


def test_map_runs_at_once_but_no_more_than_its_limit(run):
    async def body(io):
        lock = await io.lock()
        running, most = 0, 0
        full = threading.Event()

        async def work(_):
            nonlocal running, most
            async with lock:
                running += 1
                most = max(most, running)
            if most == 3:
                full.set()
            for _ in range(2000):
                if full.is_set():
                    break
                await io.sleep(0.001)
            async with lock:
                running -= 1

        await io.map(work, range(9), limit=3)
        return most

    assert run(body) == 3


@pytest.mark.parametrize("limit", [1, 4])
def test_map_raises_the_first_error_as_it_is(run, limit):
    async def body(io):
        started = []

        async def work(number):
            started.append(number)
            if number == 1:
                raise SentinelError from KeyError("cause")
            await io.sleep(0.01)

        with pytest.raises(SentinelError) as caught:
            await io.map(work, range(100), limit=limit)
        assert isinstance(caught.value.__cause__, KeyError)
        assert len(started) < 100

    run(body)


def test_errors_of_several_raise_the_first(run):
    async def body(io):
        async def work(number):
            raise SentinelError(number)

        with pytest.raises(SentinelError):
            await io.map(work, range(8), limit=8)

    run(body)


def test_interrupting_the_threads_of_map_waits_for_nothing():
    program = (
        "import threading, signal, os\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from maas_client.core import stepping\n"
        "from maas_client.transport.httpx_sync import SyncIO\n"
        "started = threading.Barrier(3)\n"
        "async def work(n):\n"
        "    started.wait()\n"
        "    threading.Event().wait(300)\n"
        "def interrupt():\n"
        "    started.wait()\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=interrupt).start()\n"
        "try:\n"
        "    stepping.run(SyncIO(emulator=True).map(work, range(2), limit=2))\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "interrupted\n"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelling_a_call_closes_its_connection(peer, backend):
    arrived = threading.Event()

    def script(connection, head):
        arrived.set()
        connection.recv(1)

    server = peer(script)

    async def main():
        io = AsyncIO(emulator=True)
        async with anyio.create_task_group() as group:

            async def call():
                await io.send(Request("Op", "GET", server.url), headers={}, timeout=30)

            group.start_soon(call)
            await anyio.to_thread.run_sync(arrived.wait, 5)
            group.cancel_scope.cancel()
        assert await anyio.to_thread.run_sync(lambda: server.ended.acquire(timeout=5))
        await io.close()

    anyio.run(main, backend=backend)


def test_another_event_loop_is_refused(peer, answered):
    server = peer(answered())
    io = AsyncIO(emulator=True)

    async def first():
        await io.token("scope", None)

    async def second():
        with pytest.raises(UsageError, match="another event loop"):
            await io.send(Request("Op", "GET", server.url), headers={}, timeout=1)
        with pytest.raises(UsageError, match="another event loop"):
            await io.close()

    anyio.run(first)
    anyio.run(second)
    assert server.connections == 0


def test_no_more_than_32_calls_at_once(peer, answered):
    gate = threading.Event()
    lock = threading.Lock()
    waiting = 0

    def script(connection, head):
        nonlocal waiting
        with lock:
            waiting += 1
            if waiting == 32:
                gate.set()
        assert gate.wait(10)
        connection.sendall(answered())

    server = peer(script)

    async def main():
        io = AsyncIO(emulator=True)
        request = Request("Op", "GET", server.url)
        await io.map(lambda _: io.send(request, headers={}, timeout=20), range(70), limit=70)
        await io.close()

    anyio.run(main)
    assert server.connections == 32
    assert len(server.requests) == 70


def test_a_stopped_caller_leaves_the_slot_to_others(peer, answered):
    server = peer(answered())

    async def main():
        io = AsyncIO(emulator=True)
        for _ in range(40):
            with anyio.CancelScope() as scope:
                scope.cancel()
                await io.send(Request("Op", "GET", server.url), headers={}, timeout=5)
        assert (await io.send(Request("Op", "GET", server.url), headers={}, timeout=5)).status == 200
        await io.close()

    anyio.run(main)


def test_loggers_of_the_http_library_are_quiet_unless_set():
    saved = {name: logging.getLogger(name).level for name in ("httpx", "httpcore")}
    try:
        logging.getLogger("httpx").setLevel(logging.NOTSET)
        logging.getLogger("httpcore").setLevel(logging.DEBUG)
        SyncIO(emulator=True)
        assert logging.getLogger("httpx").level == logging.WARNING
        assert logging.getLogger("httpcore").level == logging.DEBUG
    finally:
        for name, level in saved.items():
            logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("maas_client.transport", "httpx"),
        ("maas_client.transport.httpx_sync", "rich"),
        ("maas_client.transport.httpx_sync", "azure.identity"),
        ("maas_client.transport.httpx_async", "azure.core"),
    ],
)
def test_what_is_not_imported(module, absent):
    program = f"import sys, {module}; sys.exit({absent!r} in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


def test_an_httpx_that_is_there_already_is_used():
    program = "import sys, httpx; from maas_client.transport._httpx import httpx as ours; sys.exit(ours is not httpx)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
