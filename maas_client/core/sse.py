"""Server-sent events: bytes in any pieces to whole data fields.

Source: WHATWG HTML, server-sent events, "interpreting an event stream".
"""

from collections.abc import AsyncGenerator, AsyncIterator

from maas_client.core.closing import closing
from maas_client.errors import BrokenResponseError

LONGEST_EVENT_BYTES = 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Decoder:
    """Feed it bytes; it returns the data of each event that became complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._size = 0
        self._after_return = False
        self._at_start = True

    def feed(self, piece: bytes) -> list[str]:
        """Take the next piece, cut anywhere.

        Raises:
            BrokenResponseError: An event is larger than 1 MiB, or not UTF-8.
        """
        if self._after_return and piece:
            piece = piece.removeprefix(b"\n")  # the second half of a line end whose first half ended a line already
            self._after_return = False
        self._after_return = self._after_return or piece.endswith(b"\r")
        text = self._rest + piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *complete, self._rest = text.split(b"\n")
        events = [event for line in complete if (event := self._line(line)) is not None]
        self._bound(len(self._rest))
        return events

    def _line(self, line: bytes) -> str | None:
        if self._at_start:
            line, self._at_start = line.removeprefix(_BYTE_ORDER_MARK), False
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
                self._size += len(line)
                self._bound(0)
            return None
        if not self._data:
            return None
        data, self._data, self._size = b"\n".join(self._data), [], 0
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BrokenResponseError("The stream is not UTF-8.") from error

    def _bound(self, more: int) -> None:
        if self._size + more > LONGEST_EVENT_BYTES:
            raise BrokenResponseError("An event of the stream is larger than 1 MiB.")


async def data_events(pieces: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """Give the data of each event; what follows the last empty line is dropped, as the standard says."""
    decoder = Decoder()
    async with closing(pieces):
        async for piece in pieces:
            for event in decoder.feed(piece):
                yield event
