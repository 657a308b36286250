"""An answer of the service as it came."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from maas_client.types.base import Value


class RawResponse(Value):
    """One answer of the service as it came, kept by `client.raw_responses()`.

    Headers and body are what the service sent, keys included; printing a response shows neither.
    """

    operation: str
    """Operation id of the call that it answers, such as `Jobs_Get`."""
    method: str
    """HTTP method of the request."""
    url: str
    """Where the request went; values of its query that are not known to be harmless are hidden."""
    attempt: int
    """1 for the first attempt of the call, and so on."""
    status: int
    """HTTP status code."""
    headers: Mapping[str, str] = Field(repr=False)
    """Header names in lower case; repeated ones are joined with a comma."""
    body: bytes | None = Field(repr=False)
    """Decompressed; `None` if it was streamed or has more than 1 MiB."""
    request_id: str | None
    """The service's own id of this request, which its support asks for."""
    http_version: str
    """Such as `HTTP/1.1`."""
    elapsed_seconds: float
    """From sending the request to the end of the answer, or to its beginning if it was streamed."""

    def parse(self) -> Any:  # noqa: ANN401 - JSON may be anything
        """Return the body as JSON, just as the service wrote it.

        Raises:
            ValueError: There is no body here, or it is no JSON.
        """
        if self.body is None:
            raise ValueError("The body was streamed or has more than 1 MiB, so it was not kept.")
        return json.loads(self.body)
