"""Read a job's log files, line by line."""

import codecs
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from maas_client.errors import NotFoundError
from maas_client.resources._session import Session


async def read_logs(session: Session, job: str) -> AsyncGenerator[str, None]:
    """Give the lines of all log files that users see, by file name; a file that is gone meanwhile is left out."""
    flows = session.dialect.jobs
    files = await session.run(flows.log_files(job))
    shown = {name: url for name, url in files.items() if name.startswith("user_logs/")} or files
    for name in sorted(shown):
        try:
            async with (
                session.caller.stream(flows.log_request(shown[name])) as response,
                aclosing(_lines(response.iter_bytes())) as lines,
            ):
                async for line in lines:
                    yield line
        except NotFoundError:
            continue


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    async for piece in pieces:
        *whole, rest = (rest + decoder.decode(piece)).split("\n")
        for line in whole:
            yield line.removesuffix("\r")
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest.removesuffix("\r")
