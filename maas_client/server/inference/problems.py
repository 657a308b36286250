"""Refusals of the inference wire, in the shapes that its documentation shows.

Source: Microsoft Learn, "Model inference API reference" and "Chat completions", 2024-05-01-preview.
"""

from collections.abc import Mapping


class InferenceError(Exception):
    """A request is refused: status, code (also in `x-ms-error-code`) and body."""

    def __init__(self, status: int, code: str, body: Mapping[str, object]) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.body = body


def unauthorized() -> InferenceError:
    """Return the 401: `{status, error, message}`."""
    message = "Invalid credential. Send a key of this endpoint as 'Authorization: Bearer <key>' or 'api-key: <key>'."
    return InferenceError(401, "Unauthorized", {"status": 401, "error": "Unauthorized", "message": message})


def refused(status: int, code: str, message: str) -> InferenceError:
    """Return a refusal with a code and a message."""
    return InferenceError(status, code, {"status": status, "code": code, "message": message})


def unprocessable(where: str, given: object, message: str, code: str = "invalid_parameter") -> InferenceError:
    """Return the 422: `detail` says where in the body (`messages.0.role`) and what was given, cut to 200 characters."""
    location: list[str | int] = ["body", *(int(part) if part.isdigit() else part for part in where.split("."))]
    # A number that is not finite is no JSON.
    plain = given is None or isinstance(given, bool) or (isinstance(given, int | float) and abs(given) < 1e15)
    shown = given if plain else str(given)[:200]
    body = {"status": 422, "code": code, "detail": {"loc": location, "input": shown}, "message": f"{where}: {message}"}
    return InferenceError(422, code, body)
