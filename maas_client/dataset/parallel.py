"""Blocks scanned by several processes; what comes out, and its order, is the same with one.

The workers are plain child processes on two pipes, not those of `multiprocessing`, which would run the caller's main
module again in each. They end when their input does, so none outlives this process.
"""

import os
import pickle
import secrets
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import BinaryIO, cast

from maas_client.dataset.jsonl import Block
from maas_client.dataset.scan import Room, Scanned, Scanner
from maas_client.dataset.worker import Setup, receive, send_block

MIN_PARALLEL_BYTES = 32 * 1000 * 1000
"""Less is read before further processes have started."""
MAX_JOBS = 8
"""As many as one process can keep supplied."""

_PROGRAM = (
    "import pickle, sys\n"
    "sys.path[:] = pickle.load(sys.stdin.buffer)\n"
    "from maas_client.dataset.worker import main\n"
    "main()\n"
)
_PIPE_BYTES = 1 << 20
"""A block is written at once, where the system has pipes of that size."""


def jobs_for(size_bytes: int) -> int:
    """Return how many processes are worth their start for so many bytes."""
    if size_bytes < MIN_PARALLEL_BYTES or not sys.executable or getattr(sys, "frozen", False):
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MAX_JOBS)


class Team:
    """Scans blocks, alone or with workers.

    Args:
        scanner: Scans what no worker does.
        workers: The workers, none to scan everything here.
    """

    def __init__(self, scanner: Scanner, workers: "list[_Worker]") -> None:
        self._scanner = scanner
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(len(workers), "maas-scan") if workers else None
        self._ahead = 2 * len(workers)

    def scan(self, blocks: Iterable[Block], room: Callable[[], Room]) -> Iterator[tuple[Block, Scanned]]:
        """Yield each block with what it holds, in order.

        Args:
            blocks: The blocks.
            room: Tells how many findings are still wanted; never more than before.
        """
        if self._threads is None:
            for block in blocks:
                yield block, self._scanner.scan(block, room())
            return
        waiting: deque[tuple[Block, Future[Scanned]]] = deque()
        for block in blocks:
            waiting.append((block, self._threads.submit(self._ask, block, room)))
            if len(waiting) > self._ahead:
                first, answer = waiting.popleft()
                yield first, answer.result()
        while waiting:
            first, answer = waiting.popleft()
            yield first, answer.result()

    def _ask(self, block: Block, room: Callable[[], Room]) -> Scanned:
        worker = self._idle.get()
        try:
            # Perhaps more room than there will be when it is this block's turn; never less.
            return worker.scan(block, room())
        finally:
            self._idle.put(worker)

    def end(self) -> None:
        """End the threads; the workers are gone."""
        if self._threads:
            self._threads.shutdown(cancel_futures=True)


class _Worker:
    """One child process; asked by one thread at a time."""

    def __init__(self, setup: bytes, seed: str) -> None:
        # A process group of its own: Ctrl-C is this process's business, which then closes the pipes.
        self._process = subprocess.Popen(  # noqa: S603 # this interpreter, our own words
            [sys.executable, "-P", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONHASHSEED": seed},
            process_group=0 if os.name == "posix" else None,
            pipesize=_PIPE_BYTES,
        )
        self._stdin, self._stdout = cast("BinaryIO", self._process.stdin), cast("BinaryIO", self._process.stdout)
        self._stdin.write(setup)
        self._stdin.flush()

    def scan(self, block: Block, room: Room) -> Scanned:
        send_block(self._stdin, block, room)
        answer = receive(self._stdout)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self, *, at_once: bool) -> None:
        if at_once:
            self._process.kill()
        # What was not sent yet cannot be any more if the worker is gone.
        with suppress(BrokenPipeError):
            self._stdin.close()
        self._stdout.close()
        self._process.wait()


@contextmanager
def team(setup: Setup, jobs: int) -> Iterator[Team]:
    """Start so many processes, one of them this one; end them at the end.

    With one job everything happens in this process.
    """
    sent = pickle.dumps(sys.path) + pickle.dumps(setup) if jobs > 1 else b""
    # Rows are compared by Python's hash, so it must be the same in all of them; it is another one each time.
    seed = str(secrets.randbelow(2**32))
    workers = [_Worker(sent, seed) for _ in range(jobs)] if jobs > 1 else []
    members = Team(setup.scanner(), workers)
    at_once = True
    try:
        yield members
        at_once = False
    finally:
        for worker in workers:
            worker.end(at_once=at_once)
        members.end()
