"""Deleting a job, which the service does in its own time."""

from maas_client.core.lro import Lro
from maas_client.errors import OperationError
from maas_client.resources._poller import AsyncPoller, Done
from maas_client.resources._session import Session


async def begin_delete(session: Session, name: str) -> AsyncPoller[None]:
    """Start to delete a job that has ended; see `jobs.begin_delete`."""
    operation = await session.run(session.dialect.jobs.begin_delete(name))

    async def finish(ended: Lro) -> Done[None]:
        if ended.status == "succeeded":
            return Done(None)
        reason = ended.error_message or ended.error_code or "the service gave no reason"
        raise OperationError(f"Deleting the job {name} ended as {ended.status}: {reason}")

    return AsyncPoller(session, operation, finish, f"Deleting {name}")
