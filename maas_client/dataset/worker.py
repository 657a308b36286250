"""A scanner in a process of its own: blocks in, what they hold out, until the other side closes."""

import pickle
import struct
import sys
from dataclasses import dataclass
from typing import BinaryIO

from maas_client import catalog
from maas_client.dataset.jsonl import Block
from maas_client.dataset.measure import MeasurerFactory
from maas_client.dataset.profile import Method, Profile, Service
from maas_client.dataset.scan import Room, Scanned, Scanner
from maas_client.dataset.selection import Selection

_HEAD = struct.Struct("<QQQQQ")
"""Offset and length of a block, the room for findings (errors, others), and the bytes that follow."""
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Setup:
    """What a scanner needs to know, in a form that can be sent.

    Attributes:
        service: As of `Profile`.
        model: Id of the model in the catalog.
        method: As of `Profile`.
        select: As of `Selection`.
        ignore: As of `Selection`.
        tokens: Makes the measurer.
    """

    service: Service
    model: str | None
    method: Method
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    tokens: MeasurerFactory | None

    def scanner(self) -> Scanner:
        """Make the scanner."""
        model = catalog.get(self.model) if self.model else None
        selection = Selection(Profile(self.service, model, self.method), self.select, self.ignore)
        return Scanner(selection, self.tokens() if self.tokens else None)


def send_block(pipe: BinaryIO, block: Block, room: Room) -> None:
    """Send a block to a worker."""
    data = block.data or b""
    pipe.write(_HEAD.pack(block.offset, block.size_bytes, *room, len(data)))
    pipe.write(data)
    pipe.flush()


def receive_block(pipe: BinaryIO) -> tuple[Block, Room] | None:
    """Wait for a block; return `None` if there will be no more."""
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    offset, size_bytes, errors, others, length = _HEAD.unpack(head)
    return Block(offset, size_bytes, pipe.read(length) if length else None), Room(errors, others)


def send(pipe: BinaryIO, value: object) -> None:
    """Send what can be pickled."""
    data = pickle.dumps(value, protocol=5)
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: BinaryIO) -> Scanned | Exception:
    """Wait for an answer of a worker.

    Raises:
        EOFError: The worker is gone.
    """
    head = pipe.read(_LENGTH.size)
    data = pipe.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
    if not data:
        raise EOFError
    answer: Scanned | Exception = pickle.loads(data)  # noqa: S301 # from our own process, through a pipe of ours
    return answer


def main() -> None:
    """Serve standard input until it ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    setup: Setup = pickle.load(source)  # noqa: S301 # from the process that started this one
    try:
        scanner = setup.scanner()
        while asked := receive_block(source):
            try:
                answer: Scanned | Exception = scanner.scan(*asked)
            except Exception as error:  # noqa: BLE001 # raised where it can be seen
                answer = error
            send(sink, answer)
    except BrokenPipeError:
        # Nobody is left to hear it, nor what Python would say when it closes the pipe.
        sys.stdout = None
