"""One reliable call: checked, signed in, bounded in time, tried again where that is safe, and answered or raised."""

import copy
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

from maas_client.core import call_log
from maas_client.core.auth import TokenCache
from maas_client.core.closing import closing
from maas_client.core.damage import check_json
from maas_client.core.flow import Flow
from maas_client.core.io import IO, FileBody, Request, Response, StreamResponse
from maas_client.core.recording import keep
from maas_client.core.retry import Patience, RetryBudget, RetryPolicy, call_with_retries
from maas_client.core.skew import Skew
from maas_client.core.trust import Trust
from maas_client.errors import MaaSError, RequestTimeoutError, StatusError, TransportError, UsageError

T = TypeVar("T")

SLOWEST_UPLOAD_BYTES_PER_SECOND = 64 * 1024
LARGEST_ERROR_BODY_BYTES = 64 * 1024


@dataclass(slots=True)
class Caller:
    """Makes the calls of one client.

    Attributes:
        io: The port.
        trust: Where requests may go.
        error_from: How the dialect reads an error answer.
        user_agent: Who we say we are.
        policy: How often and how long a call is tried.
        timeout_seconds: Bound of one attempt; an upload gets more by its size.
        family: What this caller has in common with those made from it, and with nobody else.
    """

    io: IO
    trust: Trust
    error_from: Callable[[Request, Response], StatusError]
    user_agent: str
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    timeout_seconds: float = 60.0
    budget: RetryBudget = field(default_factory=RetryBudget)
    closed: bool = False
    skew: Skew = field(default_factory=Skew)
    family: object = field(default_factory=object)
    tokens: TokenCache = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = TokenCache(self.io)

    def with_options(self, policy: RetryPolicy, timeout_seconds: float) -> "Caller":
        """Return a caller with another patience that shares all else: port, tokens, retry budget, known clock skew."""
        twin = copy.copy(self)
        twin.policy, twin.timeout_seconds = policy, timeout_seconds
        return twin

    async def run(self, flow: Flow[T], patience: Patience | None = None) -> T:
        """Drive a flow to its value; what a call raises is thrown into the flow first.

        Args:
            flow: The operation.
            patience: What its calls share with others; without it each has that of the client's policy.
        """
        try:
            request = next(flow)
            while True:
                try:
                    response = await self.send(request, patience)
                except MaaSError as error:
                    request = flow.throw(error)
                else:
                    request = flow.send(response)
        except StopIteration as stop:
            value: T = stop.value
            return value

    async def send(self, request: Request, patience: Patience | None = None) -> Response:
        """Send one request until it is answered as expected.

        Raises:
            StatusError: The service said no.
            TransportError: No usable answer.
            CredentialError: No token could be had.
        """
        self._admit(request)
        headers = self._headers(request)
        patience = patience or self._patience()
        count = _Count(self.io, request, await self.io.monotonic())
        deadline = count.began + patience.policy.total_seconds

        async def attempt() -> Response:
            count.attempts += 1
            response = await self._attempt(request, headers, deadline, count)
            if response.status not in request.expect:
                raise await self._refusal(request, response)
            check_json(request, headers["accept"], response)
            return response

        async with count:
            response = await call_with_retries(self.io, patience, request, attempt)
            await count.answered(response)
        return response

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[StreamResponse, None]:
        """Send one request and read its answer piece by piece. Opening is retried; a stream cut off later is not.

        Raises:
            StatusError: The service said no.
            TransportError: No usable answer, or a stream that broke off.
        """
        self._admit(request)
        headers = self._headers(request)

        count = _Count(self.io, request, await self.io.monotonic())

        async def attempt() -> _Opened:
            count.attempts += 1
            signed = await self._signed(request, headers)
            opened = await self._open(request, signed, count)
            if isinstance(opened, Response) and (renewed := await self._renewed(request, signed, opened)):
                signed = renewed
                opened = await self._open(request, signed, count)
            if isinstance(opened, Response):
                raise await self._refusal(request, call_log.unrepeated(request, signed, opened))
            return opened

        async with count:
            opened = await call_with_retries(self.io, self._patience(), request, attempt)
            await count.answered(opened.response)
        async with opened.stack:
            yield opened.response

    async def _open(self, request: Request, signed: Mapping[str, str], count: "_Count") -> "_Opened | Response":
        async with AsyncExitStack() as stack:
            call_log.leaves(request, signed)
            began = await self.io.monotonic()
            context = self.io.stream(request, headers=signed, timeout=self.timeout_seconds)
            response = await stack.enter_async_context(context)
            if response.status in request.expect:
                await self._account(request, signed, response, began, count)
                return _Opened(response, stack.pop_all())
            refusal = await _read_error(response)
            await self._account(request, signed, refusal, began, count)
            return refusal

    async def _attempt(
        self, request: Request, headers: Mapping[str, str], deadline: float, count: "_Count"
    ) -> Response:
        signed = await self._signed(request, headers)
        response = await self._exchange(request, signed, deadline, count)
        if renewed := await self._renewed(request, signed, response):
            signed = renewed
            response = await self._exchange(request, signed, deadline, count)
        if self.skew.seconds is None:
            self.skew.observe(response.status, response.headers, await self.io.now())
        return response if response.status in request.expect else call_log.unrepeated(request, signed, response)

    async def _exchange(
        self, request: Request, signed: Mapping[str, str], deadline: float, count: "_Count"
    ) -> Response:
        timeout = await self._timeout(request, deadline)
        call_log.leaves(request, signed)
        began = await self.io.monotonic()
        response = await self.io.send(request, headers=signed, timeout=timeout)
        await self._account(request, signed, response, began, count)
        return response

    async def _account(
        self,
        request: Request,
        signed: Mapping[str, str],
        answer: Response | StreamResponse,
        began: float,
        count: "_Count",
    ) -> None:
        seconds = await self.io.monotonic() - began
        call_log.comes(request, signed, answer, attempt=count.attempts, seconds=seconds)
        keep(self.family, request, answer, attempt=count.attempts, elapsed_seconds=seconds)

    async def _refusal(self, request: Request, response: Response) -> StatusError:
        error = self.error_from(request, response)
        self.skew.observe(response.status, response.headers, await self.io.now())
        self.skew.explain(error)
        return error

    async def _timeout(self, request: Request, deadline: float) -> float:
        """Bound one attempt: by what is left of the whole call, but an upload by its size alone."""
        if isinstance(request.body, FileBody):
            return self.timeout_seconds + request.body.length / SLOWEST_UPLOAD_BYTES_PER_SECOND
        left = deadline - await self.io.monotonic()
        if left <= 0:
            raise RequestTimeoutError(
                f"No time was left for {request.operation}: signing in took longer than the whole call may.",
                operation=request.operation,
            )
        return min(self.timeout_seconds, left)

    def _patience(self) -> Patience:
        return Patience(self.policy, self.budget)

    def _admit(self, request: Request) -> None:
        if self.closed:
            raise UsageError("This client is closed.", hint="Make a new one, or call inside its `with` block.")
        self.trust.check(request)

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {
            "accept": "application/json",
            "user-agent": self.user_agent,
            "x-ms-client-request-id": str(uuid.uuid4()),
            **request.headers,
        }
        if request.key is not None:
            headers["authorization"] = f"Bearer {request.key}"
        return headers

    async def _renewed(
        self, request: Request, signed: Mapping[str, str], response: Response
    ) -> Mapping[str, str] | None:
        """Return headers with another token after a 401, or nothing if there is none to be had."""
        if response.status != 401 or request.scope is None:
            return None
        refused = signed["authorization"].removeprefix("Bearer ")
        token = await self.tokens.renew(request.scope, refused, response.headers.get("www-authenticate"))
        return None if token == refused else {**signed, "authorization": f"Bearer {token}"}

    async def _signed(self, request: Request, headers: Mapping[str, str]) -> Mapping[str, str]:
        if request.signer is not None:
            return {**headers, **request.signer.sign(request, headers, await self.io.now())}
        if request.scope is None:
            return headers
        return {**headers, "authorization": f"Bearer {await self.tokens.get(request.scope)}"}


@dataclass(frozen=True, slots=True)
class _Opened:
    response: StreamResponse
    stack: AsyncExitStack


@dataclass(slots=True)
class _Count:
    """The attempts and the time of one call, told when it ends."""

    io: IO
    request: Request
    began: float
    attempts: int = 0

    async def answered(self, answer: Response | StreamResponse) -> None:
        seconds = await self.io.monotonic() - self.began
        call_log.answered(self.request, answer, attempts=self.attempts, seconds=seconds)

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, MaaSError):
            seconds = await self.io.monotonic() - self.began
            call_log.failed(self.request, error, attempts=self.attempts, seconds=seconds)


async def _read_error(response: StreamResponse) -> Response:
    body = b""
    with suppress(TransportError):  # the status is known, and says more than that its explanation was cut off
        async with closing(response.iter_bytes()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > LARGEST_ERROR_BODY_BYTES:
                    break
    kept = body[:LARGEST_ERROR_BODY_BYTES]
    return Response(status=response.status, headers=response.headers, body=kept, http_version=response.http_version)
