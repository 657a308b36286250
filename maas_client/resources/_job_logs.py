"""Read a job's log files, line by line: as they are now, or followed to the job's end."""

import codecs
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from maas_client.core.closing import closing
from maas_client.core.io import StreamResponse
from maas_client.errors import AuthenticationError, MaaSError, NotFoundError, PermissionDeniedError, TransportError
from maas_client.resources._pace import Pace
from maas_client.resources._session import Session
from maas_client.types import JobStatus

LARGEST_PIECE_BYTES = 4 * 1024 * 1024
"""So much of a file is held at most: a log that grew large before it is followed comes in pieces."""
_NO_MORE = 416


async def read_logs(session: Session, job: str) -> AsyncGenerator[str, None]:
    """Give the lines of all log files that users see, by file name; a file that is gone meanwhile is left out."""
    _, files = await session.run(session.dialect.runs.logs(job))
    for _, url in _shown(files):
        cut = _Lines()
        try:
            async with (
                session.caller.stream(session.dialect.runs.log_request(url)) as response,
                closing(response.iter_bytes()) as pieces,
            ):
                async for piece in pieces:
                    for line in cut.feed(piece):
                        yield line
        except NotFoundError:
            continue
        for line in cut.end():
            yield line


async def follow_logs(session: Session, job: str) -> AsyncGenerator[str, None]:
    """Give the lines of all log files as they are written, each once, until the job has ended and all were given.

    Theory of operation. Each look asks run history where the job stands and for the URLs of its files, which are
    signed anew every time, then reads each file from where the last look ended. The status is asked for before the
    files, so what a job wrote before its end is never missed. A failure that may pass leaves the position as it is.
    """
    pace = Pace(session)
    tails: dict[str, _Tail] = {}
    stood: JobStatus | None = None
    while True:
        seen = await pace.ask(lambda: _look(session, job))
        error = seen if isinstance(seen, MaaSError) else None
        if not isinstance(seen, MaaSError):
            status, files = seen
            told = False
            for name, url in _shown(files):
                tail = tails.setdefault(name, _Tail(session))
                async with aclosing(tail.news(url)) as lines:
                    async for line in lines:
                        told = True
                        yield line
                error = error or tail.error
            if status.is_terminal and error is None:
                for tail in tails.values():
                    for line in tail.lines.end():
                        yield line
                return
            pace.mark(changed=status is not stood, told=told)
            stood = status
        await pace.pause(None, error=error)


async def _look(session: Session, job: str) -> tuple[JobStatus, dict[str, str]]:
    try:
        status, files = await session.run(session.dialect.runs.logs(job))
    except NotFoundError:  # a run may come into being after its job
        status, files = JobStatus.UNKNOWN, {}
    if status is JobStatus.UNKNOWN:
        status = (await session.run(session.dialect.jobs.get(job))).status
    return status, files


def _shown(files: Mapping[str, str]) -> list[tuple[str, str]]:
    """Choose the files that users see: their own, or all if there are none."""
    shown = {name: url for name, url in files.items() if name.startswith("user_logs/")} or files
    return sorted(shown.items())


class _Tail:
    """How far one file was read."""

    def __init__(self, session: Session) -> None:
        self.lines = _Lines()
        self.error: MaaSError | None = None
        self._session = session
        self._pace = Pace(session)
        self._offset = 0
        self._refused = False

    async def news(self, url: str) -> AsyncGenerator[str, None]:
        """Give the whole lines that were written since; `error` is what kept it from the end of the file."""
        while True:
            got = await self._pace.ask(lambda: self._fetch(url))
            self.error = got if isinstance(got, MaaSError) else None
            if isinstance(got, MaaSError) or not got:
                return
            for line in self.lines.feed(got):
                yield line

    async def _fetch(self, url: str) -> bytes | MaaSError:
        """Read on; nothing if there is no more, an error if the URL has expired: the next look brings another."""
        request = self._session.dialect.runs.log_request(url, offset=self._offset)
        try:
            async with self._session.caller.stream(request) as response:
                got = b"" if response.status == _NO_MORE else await self._piece(response)
        except NotFoundError:
            return b""
        except (AuthenticationError, PermissionDeniedError) as error:
            if self._refused:
                raise
            self._refused = True
            return error
        self._refused = False
        self._offset += len(got)
        return got

    async def _piece(self, response: StreamResponse) -> bytes:
        known = self._offset if response.status == 200 else 0
        got = bytearray()
        try:
            async with closing(response.iter_bytes()) as pieces:
                async for piece in pieces:
                    got += piece[known:]
                    known = max(0, known - len(piece))
                    if len(got) >= LARGEST_PIECE_BYTES:
                        break
        except TransportError:
            if not got:
                raise
        return bytes(got)


class _Lines:
    """Cuts bytes into lines, line ends left out."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, piece: bytes) -> list[str]:
        """Return the lines that are whole now."""
        *whole, self._rest = (self._rest + self._decoder.decode(piece)).split("\n")
        return [line.removesuffix("\r") for line in whole]

    def end(self) -> list[str]:
        """Return the last line, if it has no end."""
        rest = self._rest + self._decoder.decode(b"", final=True)
        return [rest.removesuffix("\r")] if rest else []
