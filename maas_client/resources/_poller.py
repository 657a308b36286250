"""Pollers: follow a long-running operation to its result."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from maas_client.core import lro, stepping
from maas_client.core.lro import Lro
from maas_client.errors import MaaSError, NotFoundError, WaitTimeoutError
from maas_client.resources._pace import Pace
from maas_client.resources._session import Session, mirrors

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The result, wrapped so that a result of `None` is one too."""

    value: T


Finish = Callable[[Lro], Awaitable[Done[T] | None]]


class AsyncPoller(Generic[T]):
    """Follows one operation. It goes on at the service whether anybody follows it or not."""

    def __init__(self, session: Session, operation: Lro, finish: Finish[T], what: str) -> None:
        self._session = session
        self._lro = operation
        self._finish = finish
        self._what = what
        self._pace = Pace(session)

    @property
    def status(self) -> str:
        """What the last answer said: `running`, `succeeded`, `failed` or `canceled`."""
        return self._lro.status

    @property
    def resume_token(self) -> str:
        """A text, free of secrets, with which `deployments.resume` follows a creation later or elsewhere."""
        return self._lro.to_token()

    async def poll(self) -> str:
        """Look once and return the status.

        Raises:
            MaaSError: The look failed; the operation goes on.
        """
        if not self._lro.is_done:
            try:
                response = await self._session.caller.send(lro.poll(self._lro))
            except NotFoundError:
                self._lro = lro.on_missing(self._lro)
            else:
                self._lro = lro.advance(self._lro, response)
        return self._lro.status

    async def result(self, *, timeout: float | None = None) -> T:
        """Wait for the end and return the result. Failures that may pass are lived through.

        Args:
            timeout: Seconds to wait at most; `None` waits as long as the service lets the operation take.

        Raises:
            OperationError: It ended otherwise; of a deployment `DeploymentFailedError`.
            WaitTimeoutError: The time is over; the operation goes on, and `resume_token` follows it.
        """
        io = self._session.io
        if self._lro.begun_at is None:
            self._lro = replace(self._lro, begun_at=await self._service_time())
        deadline = None if timeout is None else await io.monotonic() + timeout
        while True:
            answer = await self._pace.ask(self._look, deadline=deadline)
            if isinstance(answer, Done):
                return answer.value
            error = answer if isinstance(answer, MaaSError) else None
            if error is None and self._lro.is_overdue(await self._service_time()):
                raise WaitTimeoutError(
                    f"{self._what} is not done, and the {self._lro.time_limit:g} s that the service gives it are over.",
                    resume_token=self.resume_token,
                    hint="Look at it once more later; if it never ends, delete it and create it again.",
                )
            if not await self._pace.pause(deadline, error=error, retry_after=self._lro.retry_after):
                raise WaitTimeoutError(
                    f"{self._what} is not done after {timeout:g} s; it goes on.",
                    resume_token=self.resume_token,
                    hint="Call result() again, or resume(...) with the resume token.",
                )

    async def _service_time(self) -> float:
        return (await self._session.io.now()).timestamp() + (self._session.caller.skew.seconds or 0.0)

    async def _look(self) -> Done[T] | None:
        status = await self.poll()
        return None if status == "running" else await self._finish(self._lro)


@mirrors(AsyncPoller)
class Poller(Generic[T]):
    def __init__(self, poller: AsyncPoller[T]) -> None:
        self._poller = poller

    @property
    def status(self) -> str:
        """What the last answer said: `running`, `succeeded`, `failed` or `canceled`."""
        return self._poller.status

    @property
    def resume_token(self) -> str:
        """A text, free of secrets, with which `deployments.resume` follows a creation later or elsewhere."""
        return self._poller.resume_token

    def poll(self) -> str:
        return stepping.run(self._poller.poll())

    def result(self, *, timeout: float | None = None) -> T:
        return stepping.run(self._poller.result(timeout=timeout))
