"""One reliable call: checked, signed in, bounded in time, tried again where that is safe, and answered or raised."""

import logging
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

from maas_client.core.auth import TokenCache
from maas_client.core.closing import closing
from maas_client.core.damage import check_json
from maas_client.core.flow import Flow
from maas_client.core.io import IO, FileBody, Request, Response, StreamResponse
from maas_client.core.redact import redact_url, secrets_of, without
from maas_client.core.retry import Patience, RetryBudget, RetryPolicy, call_with_retries
from maas_client.core.skew import Skew
from maas_client.core.trust import Trust
from maas_client.errors import MaaSError, RequestTimeoutError, StatusError, TransportError, UsageError

T = TypeVar("T")
logger = logging.getLogger("maas_client")

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
    tokens: TokenCache = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = TokenCache(self.io)

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
        deadline = await self.io.monotonic() + patience.policy.total_seconds

        async def attempt() -> Response:
            response = await self._attempt(request, headers, deadline)
            if response.status not in request.expect:
                raise await self._refusal(request, response)
            check_json(request, headers["accept"], response)
            return response

        return await call_with_retries(self.io, patience, request, attempt)

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[StreamResponse, None]:
        """Send one request and read its answer piece by piece. Opening is retried; a stream cut off later is not.

        Raises:
            StatusError: The service said no.
            TransportError: No usable answer, or a stream that broke off.
        """
        self._admit(request)
        headers = self._headers(request)

        async def attempt() -> _Opened:
            signed = await self._signed(request, headers)
            opened = await self._open(request, signed)
            if isinstance(opened, Response) and (renewed := await self._renewed(request, signed, opened)):
                signed = renewed
                opened = await self._open(request, signed)
            if isinstance(opened, Response):
                raise await self._refusal(request, _unrepeated(request, signed, opened))
            return opened

        opened = await call_with_retries(self.io, self._patience(), request, attempt)
        async with opened.stack:
            yield opened.response

    async def _open(self, request: Request, signed: Mapping[str, str]) -> "_Opened | Response":
        async with AsyncExitStack() as stack:
            context = self.io.stream(request, headers=signed, timeout=self.timeout_seconds)
            response = await stack.enter_async_context(context)
            if response.status in request.expect:
                return _Opened(response, stack.pop_all())
            return await _read_error(response)

    async def _attempt(self, request: Request, headers: Mapping[str, str], deadline: float) -> Response:
        signed = await self._signed(request, headers)
        response = await self.io.send(request, headers=signed, timeout=await self._timeout(request, deadline))
        if renewed := await self._renewed(request, signed, response):
            signed = renewed
            response = await self.io.send(request, headers=signed, timeout=await self._timeout(request, deadline))
        if self.skew.seconds is None:
            self.skew.observe(response.status, response.headers, await self.io.now())
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s %s %s -> %d", request.operation, request.method, redact_url(request.url), response.status)
        return response if response.status in request.expect else _unrepeated(request, signed, response)

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


def _unrepeated(request: Request, signed: Mapping[str, str], response: Response) -> Response:
    """Return a refusal without the credential that it may repeat."""
    secrets = list(secrets_of(request.url, signed))
    headers = {name: without(value.encode(), secrets).decode() for name, value in response.headers.items()}
    return replace(response, headers=headers, body=without(response.body, secrets))


async def _read_error(response: StreamResponse) -> Response:
    body = b""
    with suppress(TransportError):  # the status is known, and says more than that its explanation was cut off
        async with closing(response.iter_bytes()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > LARGEST_ERROR_BODY_BYTES:
                    break
    return Response(status=response.status, headers=response.headers, body=body[:LARGEST_ERROR_BODY_BYTES])
