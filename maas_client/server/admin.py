"""Who may use the control routes: whoever has the admin token of the ready line."""

import hmac

from starlette.requests import Request

from maas_client.server.service.errors import ServiceError

ADMIN_HEADER = "x-maas-admin-token"


def check_admin(request: Request, admin_token: str) -> None:
    """Refuse a request without the token.

    Raises:
        ServiceError: 401.
    """
    given = request.headers.get(ADMIN_HEADER, "")
    if not hmac.compare_digest(given.encode("latin-1", "replace"), admin_token.encode("utf-8", "replace")):
        message = f"The header {ADMIN_HEADER} must carry the admin token of the ready line."
        raise ServiceError(401, "AdminTokenRequired", message, headers={"WWW-Authenticate": ADMIN_HEADER})
