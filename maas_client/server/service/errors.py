"""What the service refuses, as one exception with the words of the ARM error envelope."""

from collections.abc import Mapping


class ServiceError(Exception):
    """A refusal.

    Attributes:
        status: HTTP status, 400 to 501.
        code: `error.code`.
        message: `error.message`, for people.
        target: `error.target`, or None.
        inner: Codes from outer to inner, such as `("Immutable", "JobPropertyImmutable")`; go to `additionalInfo`.
        headers: Headers that the answer carries besides.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        inner: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.inner = inner
        self.headers = dict(headers or {})


def user_error(message: str, *, target: str | None = None, inner: tuple[str, ...] = ()) -> ServiceError:
    """Return a 400 `UserError`. Source: declared code of the service's validation errors."""
    return ServiceError(400, "UserError", message, target=target, inner=inner)


def not_found(message: str, *, target: str | None = None) -> ServiceError:
    """Return a 404 `UserError` with inner code `NotFoundError`: a thing inside a workspace is missing."""
    return ServiceError(404, "UserError", message, target=target, inner=("NotFound", "NotFoundError"))


def not_implemented(operation: str) -> ServiceError:
    """Return a 501 that names an operation which the real service has and this server has not."""
    return ServiceError(
        501, "NotImplemented", f"The local reference server does not implement {operation}.", target=operation
    )
