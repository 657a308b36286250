"""What a connection may cost: how long a head may be, how long one may take, how many there may be.

Theory of operation. uvicorn bounds none of this while a request arrives, so a client that sends a byte a minute, or a
head without end, would keep a connection and memory for as long as it likes. The protocol classes here count what comes
in. A head must be whole `seconds` after its connection, or its first byte; while a body arrives, some of it must come
in every `seconds`. Time in which the server itself does not read does not count, nor does time in which it works or
answers. Idle connections between requests are uvicorn's matter, which ends them after five seconds.
"""

import asyncio
from typing import Any

MAX_HEAD_BYTES = 48 * 1024
"""Of a request line with all headers; what is answered in words is smaller, see `guard`."""
MAX_CONNECTIONS = 512
"""Beyond them requests are answered 503, and beyond twice as many connections are closed unread."""
MIN_BODY_BYTES = 1024
"""What must come of a body in the time of a head."""
_IDLE, _HEAD, _BODY = range(3)


class _Bounded:
    """Mixed into a protocol class of uvicorn; `seconds` is set by `protocol`."""

    seconds: float
    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    connections: set[Any]
    flow: Any
    cycle: Any

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to wait for a head."""
        super().connection_made(transport)  # type: ignore[misc] # of the protocol class
        self._received = self._head_bytes = self._mark = self._messages = 0
        self._timer: asyncio.TimerHandle | None = None
        if len(self.connections) > 2 * MAX_CONNECTIONS:
            transport.abort()
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        """Take some bytes of a request."""
        self._received += len(data)
        self._head_bytes += len(data)
        super().data_received(data)  # type: ignore[misc] # of the protocol class
        phase = self._phase()
        if phase != _HEAD:
            self._head_bytes = 0
        elif self._head_bytes > MAX_HEAD_BYTES:
            self._end(b"431 Request Header Fields Too Large")
            return
        if phase == _IDLE:
            self._stop()
        elif self._timer is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop()
        super().connection_lost(exc)  # type: ignore[misc] # of the protocol class

    def _phase(self) -> int:
        raise NotImplementedError

    def _wait(self) -> None:
        self._mark = self._received
        self._timer = self.loop.call_later(self.seconds, self._look, self._phase(), self._messages)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, before: int, messages: int) -> None:
        self._timer = None
        phase, came = self._phase(), self._received - self._mark
        if self.transport.is_closing() or (phase == _IDLE and self._received):
            return
        moved = phase != before and phase == _BODY
        if (
            moved
            or messages != self._messages
            or (phase == _BODY and (came >= MIN_BODY_BYTES or self.flow.read_paused))
        ):
            self._wait()
        else:
            self._end(b"408 Request Timeout")

    def _end(self, status: bytes) -> None:
        """Say why, if nothing was said yet, and close."""
        if self._phase() != _BODY or not self.cycle.response_started:
            self.transport.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()


def protocol(seconds: float) -> type[asyncio.Protocol]:
    """Return the protocol class to serve with: httptools' where it is installed.

    Args:
        seconds: For a whole head, and for some of a body.
    """
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        return type("Protocol", (_of_h11(),), {"seconds": seconds})

    class _BoundedHttpTools(_Bounded, HttpToolsProtocol):  # type: ignore[misc] # uvicorn narrows an argument
        now = _IDLE

        def _phase(self) -> int:
            return self.now

        def on_message_begin(self) -> None:
            self.now = _HEAD
            self._messages += 1
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self.now = _BODY
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self.now = _IDLE
            super().on_message_complete()

    return type("Protocol", (_BoundedHttpTools,), {"seconds": seconds})


def _of_h11() -> type[asyncio.Protocol]:
    # Imported here: with httptools nothing needs h11, which takes long to load.
    import h11
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class _BoundedH11(_Bounded, H11Protocol):  # type: ignore[misc] # uvicorn narrows an argument
        def _phase(self) -> int:
            if self.conn.their_state is h11.SEND_BODY:
                return _BODY
            pending, _ = self.conn.trailing_data
            return _HEAD if pending and self.conn.their_state is h11.IDLE else _IDLE

        def on_response_complete(self) -> None:
            """Wait for the rest of a head that came before the last answer had gone."""
            super().on_response_complete()
            if self._phase() == _HEAD and self._timer is None and not self.transport.is_closing():
                self._unset_keepalive_if_required()
                self._wait()

    return _BoundedH11
