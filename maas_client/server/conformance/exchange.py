"""One request and its answer, as far as they were kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        method: HTTP method.
        path: Decoded path.
        query: The query as it was sent.
        headers: Of the request, names in lower case.
        body: Of the request; None: it was not kept, or there was none.
        status: Of the answer; None: there is none, only the request is checked.
        answer_headers: Of the answer, names in lower case.
        answer: Body of the answer; None: it was not kept.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] | None = None
    body: bytes | None = None
    status: int | None = None
    answer_headers: Mapping[str, str] | None = None
    answer: bytes | None = None

    def parameters(self) -> dict[str, str]:
        """Return the query; of a repeated parameter, the last."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def refused(self) -> bool:
        """Say whether the answer is a refusal: then the request may be anything."""
        return self.status is not None and self.status >= 400


def media_type(headers: Mapping[str, str]) -> str:
    """Return the media type that headers name, without its parameters, in lower case."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()
