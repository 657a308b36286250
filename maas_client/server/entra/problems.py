"""Refusals in the words of Entra.

Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes" and "OAuth 2.0 client
credentials flow" (shape of an error); the text of AADSTS7000215 as reported in microsoft-365-agents-toolkit#8621, that
of the others as users of azure-identity report them.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from maas_client.server.clock import iso_seconds
from maas_client.server.entra.principal import CLIENT_ID


class SignInError(Exception):
    """Nobody is signed in.

    Attributes:
        status: HTTP status, 400 or 401.
        error: OAuth's code.
        code: Entra's number.
        text: What is wrong, for people.
    """

    def __init__(self, status: int, error: str, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.code = code
        self.text = text

    def body(self, correlation: str, now: float) -> dict[str, Any]:
        """Return the body of the answer."""
        trace = str(uuid.uuid4())
        stamp = iso_seconds(now).replace("T", " ")
        described = f"AADSTS{self.code}: {self.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
        return {
            "error": self.error,
            "error_description": described,
            "error_codes": [self.code],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.code}",
        }


@dataclass(frozen=True, slots=True)
class _Known:
    status: int
    error: str
    code: int
    text: str

    def __call__(self, given: str = "") -> SignInError:
        return SignInError(self.status, self.error, self.code, self.text.format(given=given[:128], client=CLIENT_ID))


no_tenant = _Known(
    400,
    "invalid_request",
    90002,
    "Tenant '{given}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
    "cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the "
    "tenant.",
)
no_application = _Known(
    400,
    "unauthorized_client",
    700016,
    "Application with identifier '{given}' was not found in the directory 'maas-local'. This can happen if the "
    "application has not been installed by the administrator of the tenant or consented to by any user in the tenant. "
    "You may have sent your authentication request to the wrong tenant.",
)
disabled = _Known(400, "unauthorized_client", 7000112, "Application '{client}'(maas-local) is disabled.")
wrong_secret = _Known(
    401,
    "invalid_client",
    7000215,
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
    "client secret ID, for a secret added to app '{client}'.",
)
no_secret = _Known(
    401,
    "invalid_client",
    7000216,
    "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
)
wrong_assertion = _Known(401, "invalid_client", 700027, "Client assertion failed signature validation.")
missing_parameter = _Known(
    400, "invalid_request", 900144, "The request body must contain the following parameter: '{given}'."
)
wrong_grant = _Known(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '{given}'.")
wrong_scope = _Known(
    400,
    "invalid_scope",
    1002012,
    "The provided value for scope {given} is not valid. Client credential flows must have a scope value with /.default "
    "suffixed to the resource identifier (application ID URI).",
)
no_resource = _Known(
    400,
    "invalid_resource",
    500011,
    "The resource principal named {given} was not found in the tenant named maas-local. This can happen if the "
    "application has not been installed by the administrator of the tenant or consented to by any user in the tenant. "
    "You might have sent your authentication request to the wrong tenant.",
)
