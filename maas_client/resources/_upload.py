"""Send a file that is too large for one call: in blocks, several at once, in bounded memory.

A block is read and digested in the order of the file, under a lock, and sent while the next ones are digested. All
digests are fed from one reading, and the service holds each block against its own; so what is committed is what the
file's digest names, whatever happens to the file meanwhile. Blocks that an upload left behind are found again by name.
"""

import hashlib
from dataclasses import replace

from maas_client.backends.azureml.files import Place, Upload, block_bytes, block_id
from maas_client.core.retry import Patience, RetryBudget
from maas_client.errors import ConfigurationError
from maas_client.resources._session import Session
from maas_client.types import File

IN_FLIGHT = 4


async def send_in_blocks(session: Session, upload: Upload, place: Place) -> File:
    """Send a file block by block, and make it whole.

    Raises:
        ConfigurationError: It is not what its digest says: it changed, or the digest given is of another file.
    """
    flows = session.dialect.files
    source = upload.body.source
    length = block_bytes(upload.body.length)
    starts = range(0, upload.body.length, length)
    waiting = await session.run(flows.staged(place))
    whole = hashlib.sha256()
    in_order = iter(enumerate(starts))
    turn = await session.io.lock()
    patience = Patience(session.caller.policy.for_parts(), RetryBudget())
    ids: dict[int, str] = {}

    async def send_next(_slot: int) -> None:
        async with turn:
            index, start = next(in_order)
            body = replace(upload.body, offset=start, length=min(length, upload.body.length - start))
            digests = await source.digest(body.offset, body.length, whole)
        ids[index] = block_id(index, digests)
        if (ids[index], body.length) not in waiting:
            await session.run(flows.stage(place, ids[index], digests, body), patience)
        patience.renew()

    await session.io.map(send_next, starts, limit=IN_FLIGHT)
    if whole.hexdigest() != upload.sha256 or await source.changed():
        raise ConfigurationError(
            f"The file {upload.filename!r} is not the one with the SHA-256 {upload.sha256}; nothing was stored.",
            hint="Did it change while it was read? Let whatever writes it finish, then upload it again.",
        )
    return await session.run(flows.commit(upload, place, [ids[index] for index in range(len(starts))]), patience)
