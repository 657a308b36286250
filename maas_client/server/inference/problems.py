"""Refusals of the inference wire, in the shapes that its documentation shows.

Source: Microsoft Learn, "Model inference API reference" and "Chat completions", 2024-05-01-preview.
"""

from collections.abc import Mapping, Sequence


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


def unprocessable_all(wrong: Sequence[tuple[str, object, str]]) -> InferenceError:
    """Return the 422 for several parameters (name, what was given, message): `detail` is then a list.

    Both forms of `detail` are documented, and not which of them comes when; an object for one thing and a list for
    several is this server's choice.
    """
    details = [{**_detail(name, given), "msg": message} for name, given, message in wrong]
    message = "; ".join(f"{name}: {message}" for name, _, message in wrong)
    return InferenceError(
        422, "invalid_parameter", {"status": 422, "code": "invalid_parameter", "detail": details, "message": message}
    )


def unprocessable(where: str, given: object, message: str, code: str = "invalid_parameter") -> InferenceError:
    """Return the 422: `detail` says where in the body (`messages.0.role`) and what was given, cut to 200 characters."""
    body = {"status": 422, "code": code, "detail": _detail(where, given), "message": f"{where}: {message}"}
    return InferenceError(422, code, body)


def _detail(where: str, given: object) -> dict[str, object]:
    location: list[str | int] = ["body", *(int(part) if part.isdigit() else part for part in where.split("."))]
    # A number that is not finite is no JSON.
    plain = given is None or isinstance(given, bool) or (isinstance(given, int | float) and abs(given) < 1e15)
    return {"loc": location, "input": given if plain else str(given)[:200]}
