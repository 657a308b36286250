"""Every exception that `maas_client` raises on purpose.

A class exists where a caller would act differently; the docstring says what to do.

    MaaSError                                .hint: the next thing to do
    ├── ConfigurationError (ValueError)      before any request: setting, profile, model or parameter is wrong
    ├── UnsupportedByServiceError            this service has no such operation
    ├── DatasetError (ValueError)            .report; raised only by report.raise_for_errors()
    ├── CostLimitError                       it costs more than it may, or nobody knows what; nothing was sent
    ├── PlanMovedError (ValueError)          what a plan was made of is no longer so; nothing was sent   .moved
    ├── PreflightError                       a plan's preflight found what would stop it; nothing was sent   .report
    ├── CredentialError                      no token could be had; nothing was sent
    ├── JournalError                         the journal cannot hold what is to be sent; nothing was sent
    │   └── JournalBusyError                 somebody else is at work on the same run
    ├── TransportError                       no usable answer                  .operation .attempts
    │   ├── ConnectError                     never reached the service: always safe to repeat
    │   ├── RequestTimeoutError (TimeoutError)  sent, no answer in time: repeat only if idempotent
    │   ├── BrokenResponseError              the answer was cut off or is not HTTP
    │   └── AmbiguousWriteError              a write may or may not have happened, and looking did not tell   .intent
    ├── StatusError                          the service said no   .status .code .target .details .request_id
    │   ├── BadRequestError            400
    │   │   └── ContentFilterError           with the code content_filter
    │   ├── AuthenticationError        401
    │   ├── PermissionDeniedError      403
    │   ├── NotFoundError              404
    │   ├── ConflictError              409   exists already, or in the wrong state
    │   ├── PreconditionFailedError    412
    │   ├── UnprocessableError         422
    │   ├── RateLimitError             429   .retry_at
    │   └── ServerError                5xx   .retry_at
    ├── ResponseError                        2xx, but not as the specification says   .path
    ├── OperationError                       HTTP was fine, the work was not
    │   ├── JobFailedError                   .job .error
    │   ├── JobCancelledError                .job
    │   ├── DeploymentFailedError            .deployment .error
    │   └── WaitTimeoutError (TimeoutError)  we stopped waiting; the work goes on   .resume_token
    └── UsageError (RuntimeError)            client closed, stream consumed twice
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maas_client.dataset import Report
    from maas_client.types import Deployment, FineTuningJob, PreflightReport, ServiceError

__all__ = [
    "AmbiguousWriteError",
    "AuthenticationError",
    "BadRequestError",
    "BrokenResponseError",
    "ConfigurationError",
    "ConflictError",
    "ConnectError",
    "ContentFilterError",
    "CostLimitError",
    "CredentialError",
    "DatasetError",
    "DeploymentFailedError",
    "JobCancelledError",
    "JobFailedError",
    "JournalBusyError",
    "JournalError",
    "MaaSError",
    "NotFoundError",
    "OperationError",
    "PermissionDeniedError",
    "PlanMovedError",
    "PreconditionFailedError",
    "PreflightError",
    "RateLimitError",
    "RequestTimeoutError",
    "ResponseError",
    "ServerError",
    "StatusError",
    "TransportError",
    "UnprocessableError",
    "UnsupportedByServiceError",
    "UsageError",
    "WaitTimeoutError",
]


class MaaSError(Exception):
    """The root of everything this package raises on purpose.

    Attributes:
        message: What happened, in one or a few sentences.
        hint: What to do next, or `None` when there is nothing useful to say.
        may_have_happened: True if what was asked for may have been done all the same, because an attempt reached the
            service, or may have, and its answer did not come or told of a fault. Look before you repeat a write.
    """

    may_have_happened = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigurationError(MaaSError, ValueError):
    """A setting, profile, model or parameter is wrong; nothing was sent. Correct it and call again."""


class UnsupportedByServiceError(MaaSError):
    """This service has no such operation. The hint names the way that exists, if one does."""


class DatasetError(MaaSError, ValueError):
    """The training data has errors. Read `report`, mend the file, check again.

    Attributes:
        report: Every finding, or `None` when the file could not be read at all.
    """

    def __init__(self, message: str, *, hint: str | None = None, report: "Report | None" = None) -> None:
        super().__init__(message, hint=hint)
        self.report = report


class CostLimitError(MaaSError):
    """Training may cost more than its limit, or its cost is not known. Raise the limit, or give what is missing."""


class PlanMovedError(MaaSError, ValueError):
    """What a plan was made of has changed since; nothing was sent. Plan again.

    Attributes:
        moved: Everything that did, a sentence each.
    """

    def __init__(self, message: str, *, moved: Sequence[str], hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.moved: tuple[str, ...] = tuple(moved)


class PreflightError(MaaSError):
    """The preflight of a plan failed; nothing was sent. Mend what `report` names and plan again, or insist.

    Attributes:
        report: All checks; `report.failed` has those that failed.
    """

    def __init__(self, message: str, *, report: "PreflightReport", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.report = report


class CredentialError(MaaSError):
    """No token could be had, so nothing was sent. Sign in, or pass another credential."""


class JournalError(MaaSError):
    """The journal cannot be read, or cannot hold what is to be sent; so nothing was sent. Mend it, or use another."""


class JournalBusyError(JournalError):
    """Another process or thread is at work on the same run. Let it finish; what it did is found then."""


class TransportError(MaaSError):
    """No usable answer came back.

    Attributes:
        operation: Operation id, such as `Jobs_Get`.
        attempts: How many times the request was sent or tried, at least 1.
    """

    def __init__(self, message: str, *, hint: str | None = None, operation: str = "", attempts: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.operation = operation
        self.attempts = attempts


class ConnectError(TransportError):
    """The service was never reached (DNS, refused, TLS). Always safe to repeat.

    Attributes:
        permanent: True if repeating cannot help, such as a certificate that cannot be verified.
    """

    permanent = False


class RequestTimeoutError(TransportError, TimeoutError):
    """The request was sent, and no answer came in time. Repeat only what is idempotent."""


class BrokenResponseError(TransportError):
    """The answer was cut off, too large, or is not what HTTP or JSON allows. Repeat only what is idempotent."""


class AmbiguousWriteError(TransportError):
    """A write may or may not have happened, and looking did not tell. Look again before you repeat it.

    Attributes:
        intent: What was to be done: `operation`, `name`, and where there is one the `fingerprint` of the definition.
    """

    may_have_happened = True

    def __init__(
        self,
        message: str,
        *,
        intent: Mapping[str, str],
        hint: str | None = None,
        operation: str = "",
        attempts: int = 1,
    ) -> None:
        super().__init__(message, hint=hint, operation=operation, attempts=attempts)
        self.intent: dict[str, str] = dict(intent)


class StatusError(MaaSError):
    """The service answered, and said no.

    Attributes:
        status: HTTP status code.
        code: The service's own code, such as `UserError`; `""` when it sent none.
        target: What the service blames, such as a field name.
        details: Nested causes as `(code, message)`, outermost first.
        request_id: Quote it in a support request.
        operation: Operation id, such as `Jobs_CreateOrUpdate`.
        retry_after: Seconds that the service asked us to wait, counted from its answer.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        hint: str | None = None,
        code: str = "",
        target: str | None = None,
        details: Sequence[tuple[str, str]] = (),
        request_id: str | None = None,
        operation: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.target = target
        self.details: tuple[tuple[str, str], ...] = tuple(details)
        self.request_id = request_id
        self.operation = operation
        self.retry_after = retry_after
        self.retry_at: datetime | None = None

    def __str__(self) -> str:
        where = f" ({self.operation}, HTTP {self.status}" if self.operation else f" (HTTP {self.status}"
        code = f", {self.code}" if self.code else ""
        request = f", request id {self.request_id}" if self.request_id else ""
        return f"{self.message}{where}{code}{request})"


class BadRequestError(StatusError):
    """400: a field was refused. `target` and `message` say which; correct it."""


class ContentFilterError(BadRequestError):
    """The deployment's content filter stopped the prompt or the answer. Rephrase, or deploy without the filter."""


class AuthenticationError(StatusError):
    """401: the token or key was refused, and a fresh one too. Sign in again."""


class PermissionDeniedError(StatusError):
    """403: signed in, not allowed. A role is missing, or a signed URL has expired."""


class NotFoundError(StatusError):
    """404: no such thing, or it is not visible to this credential."""


class ConflictError(StatusError):
    """409, or a 400 that says the same: it exists with another definition, or is in the wrong state."""


class PreconditionFailedError(StatusError):
    """412: it changed since it was read. Read it again, then decide."""


class UnprocessableError(StatusError):
    """422: the model does not support a parameter. `target` names it."""


class RateLimitError(StatusError):
    """429: too many requests, and retrying within the call's limits did not help. Wait until `retry_at`."""


class ServerError(StatusError):
    """5xx: the service failed, and retrying within the call's limits did not help. Try again later."""


class ResponseError(MaaSError):
    """A 2xx answer that is not as the specification says.

    Attributes:
        path: JSON path of the part that is wrong.
        operation: Operation id, such as `Jobs_Get`.
        request_id: Quote it in a support request.
    """

    may_have_happened = True

    def __init__(self, message: str, *, path: str = "$", operation: str = "", request_id: str | None = None) -> None:
        super().__init__(message, hint="The service may have changed; please report this with the request id.")
        self.path = path
        self.operation = operation
        self.request_id = request_id


class OperationError(MaaSError):
    """HTTP was fine; the work behind it was not."""


class JobFailedError(OperationError):
    """The job ended as failed. `error` holds the service's reason; mend its cause and submit under a new name."""

    def __init__(
        self, message: str, *, job: "FineTuningJob", error: "ServiceError | None", hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.job = job
        self.error = error


class JobCancelledError(OperationError):
    """The job was cancelled, by us or by somebody else."""

    def __init__(self, message: str, *, job: "FineTuningJob", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.job = job


class DeploymentFailedError(OperationError):
    """The deployment did not come up. Delete it before you create it again under the same name."""

    def __init__(
        self, message: str, *, deployment: "Deployment | None", error: "ServiceError | None", hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.deployment = deployment
        self.error = error


class WaitTimeoutError(OperationError, TimeoutError):
    """We stopped waiting; the work goes on.

    Attributes:
        resume_token: Hand it to the same method later to go on waiting where this wait stopped.
    """

    def __init__(self, message: str, *, resume_token: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.resume_token = resume_token


class UsageError(MaaSError, RuntimeError):
    """The program is wrong: the client is closed, a stream was consumed twice, two event loops share a client."""
