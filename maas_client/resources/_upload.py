"""Send a file that is too large for one call: in blocks, several at once, in bounded memory.

A block is read and digested in the order of the file, under a lock, and sent while the next ones are digested. All
digests are fed from one reading, and the service holds each block against its own; so what is committed is what the
file's digest names, whatever happens to the file meanwhile. Blocks that an upload left behind are found again by name;
the service throws them away after a week, or whenever it likes, and then all is looked at once more.

The blocks go in rounds of lanes. A lane sends one block after the other. While the service throttles, lanes end and
hand back what they could not send; when one more is called for, the round ends and a wider one begins.
"""

import hashlib
from collections import deque
from dataclasses import dataclass, replace
from math import inf

from maas_client.backends.azureml.files import Place, Upload, block_bytes, block_id
from maas_client.core.io import Digests, FileBody
from maas_client.core.retry import Patience, RetryBudget
from maas_client.errors import BadRequestError, ConfigurationError
from maas_client.resources._in_flight import GaveWay, InFlight
from maas_client.resources._pace import PASSING
from maas_client.resources._session import Session
from maas_client.types import File

IN_FLIGHT = 4
RENEWAL_SECONDS = 300.0
"""So long before its end a signature is replaced: longer than a block takes. Source: azure-core 1.41.0, for tokens."""


@dataclass(frozen=True, slots=True)
class _Block:
    id: str
    digests: Digests
    body: FileBody


class Sending:
    """One file on its way: `begin`, then `go_round` while it `is_open`, then `finish`.

    Attributes:
        sent: Sizes in bytes of the blocks that were sent.
        found: Likewise of those that an earlier upload had sent.
    """

    def __init__(self, session: Session, upload: Upload, place: Place) -> None:
        self._session = session
        self._flows = session.dialect.files
        self._upload = upload
        self._place = place
        self._bodies: deque[FileBody] = deque()
        self._handed_back: deque[_Block] = deque()
        self._ids: list[str] = []
        self.sent: list[int] = []
        self.found: list[int] = []
        self._began_again = False
        self._in_flight = InFlight(IN_FLIGHT)
        policy, budget = session.caller.policy.for_parts(), RetryBudget()
        self._patience = Patience(policy, budget)
        self._patience_of_lanes = Patience(policy, budget, before_next=self._in_flight.failed)

    async def begin(self) -> None:
        """Find out what is there already."""
        self._access = self._place.store.access
        self._access_since = self._looked_at_access = await self._session.io.monotonic()
        self._turn = await self._session.io.lock()
        await self._look()

    @property
    def is_open(self) -> bool:
        """True while there are blocks to send."""
        return bool(self._bodies or self._handed_back)

    @property
    def lanes(self) -> int:
        """How many blocks go at once."""
        return self._in_flight.lanes

    async def go_round(self, seconds: float = inf) -> None:
        """Send blocks, as many at once as the service takes, until all are sent or it takes more at once.

        Args:
            seconds: After so many no block is begun any more.
        """
        lanes = self._in_flight.running = self._in_flight.lanes
        self._round_ends = await self._session.io.monotonic() + seconds
        await self._session.io.map(self._lane, range(lanes), limit=lanes)

    async def finish(self) -> File | None:
        """Make the file of its blocks, if it is still the one that was to be sent.

        Returns:
            The file; or `None` if the service has thrown blocks away, so that there are some to send again.

        Raises:
            ConfigurationError: It is another one.
        """
        upload = self._upload
        if self._whole.hexdigest() != upload.sha256 or await upload.body.source.changed():
            raise ConfigurationError(
                f"The file {upload.filename!r} is not the one with the SHA-256 {upload.sha256}; nothing was stored.",
                hint="Did it change while it was read? Let whatever writes it finish, then upload it again.",
            )
        try:
            return await self._session.run(self._flows.commit(upload, self._place, self._ids), self._patience)
        except BadRequestError as error:
            if error.code != "InvalidBlockList" or self._began_again:
                raise
        self._began_again = True
        await self._look()
        return None

    async def _look(self) -> None:
        """Plan the blocks from the first one on, and ask which of them are there."""
        body, length = self._upload.body, block_bytes(self._upload.body.length)
        starts = range(0, body.length, length)
        self._bodies.extend(replace(body, offset=at, length=min(length, body.length - at)) for at in starts)
        self._whole = hashlib.sha256()
        for before in (self._ids, self.sent, self.found):
            before.clear()
        self._waiting = await self._session.run(self._flows.staged(self._place))

    async def _lane(self, _number: int) -> None:
        in_flight = self._in_flight
        while in_flight.running >= in_flight.lanes and not in_flight.stopped and not in_flight.retire():
            try:
                block = await self._next()
                if block is None or not await self._send(block):
                    return
                if await self._session.io.monotonic() >= self._round_ends:
                    return
            except BaseException:
                in_flight.stopped = True  # the other lanes need not go on
                raise

    async def _next(self) -> _Block | None:
        async with self._turn:
            await self._renew_access()
            if self._handed_back:
                return self._handed_back.popleft()
            if not self._bodies:
                return None
            body = self._bodies.popleft()
            digests = await body.source.digest(body.offset, body.length, self._whole)
            block = _Block(block_id(len(self._ids), digests), digests, body)
            self._ids.append(block.id)
        return block

    async def _send(self, block: _Block) -> bool:
        """Send a block; false if it was handed back, and its lane ends."""
        if (block.id, block.body.length) in self._waiting:
            self.found.append(block.body.length)
            return True
        flow = self._flows.stage(self._place, block.id, block.digests, block.body)
        try:
            await self._session.run(flow, self._patience_of_lanes)
        except GaveWay:
            self._handed_back.append(block)
            return False
        self.sent.append(block.body.length)
        self._patience_of_lanes.renew()
        self._in_flight.came_through()
        return True

    async def _renew_access(self) -> None:
        """Replace a signature that ends soon, so that no block is refused for it."""
        access, now = self._place.store.access, await self._session.io.monotonic()
        if access is not self._access:  # a refusal had it replaced, at some time since the last look
            self._access, self._access_since = access, self._looked_at_access
        self._looked_at_access = now
        if access.lifetime_seconds is None:
            return
        ahead = min(RENEWAL_SECONDS, access.lifetime_seconds / 4)
        if now - self._access_since < access.lifetime_seconds - ahead:
            return
        try:
            await self._session.run(self._flows.renew_access(self._place))
        except PASSING:
            return  # the old one still opens; the next block asks again
        self._access, self._access_since = self._place.store.access, now
