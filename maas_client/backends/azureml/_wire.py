"""Where things are on the Azure Machine Learning wire, and how its JSON is read.

Source of paths and api-versions: azure-rest-api-specs, Microsoft.MachineLearningServices 2024-10-01-preview, and the
requests that azure-ai-ml 1.35.2 sends. Jobs of type FineTuning exist only in preview versions (removed at 2025-12-01).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from maas_client.core.error_map import request_id_of
from maas_client.core.io import Request, Response
from maas_client.errors import ResponseError

JOBS_VERSION = "2024-10-01-preview"
MODELS_VERSION = "2023-08-01-preview"
ENDPOINTS_VERSION = "2024-01-01-preview"
WORKSPACE_VERSION = "2024-10-01-preview"
DATA_PLANE_VERSION = "v1.0"

_DECODER = msgspec.json.Decoder()
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Target:
    """The workspace that a client works in."""

    arm: str
    """Base URL of the resource manager, without a trailing slash."""
    subscription_id: str
    resource_group: str
    workspace: str
    scope: str = "https://management.azure.com/.default"
    """Token scope of the resource manager and the data plane. Source: azure-ai-ml 1.35.2, recorded."""
    storage_scope: str = "https://storage.azure.com/.default"
    """Of all clouds. Source: azure-storage-blob 12.31.1, which asks for no other."""
    storage_suffix: str = "core.windows.net"
    registry_discovery: str = "https://eastus.api.azureml.ms"
    """Base URL where registries are found, without a trailing slash."""

    @property
    def path(self) -> str:
        """The workspace's resource id."""
        return (
            f"/subscriptions/{quote(self.subscription_id)}/resourceGroups/{quote(self.resource_group)}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{quote(self.workspace)}"
        )

    def request(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        version: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        expect: tuple[int, ...] = (200,),
    ) -> Request:
        """Make a request to the resource manager; `path` follows the workspace's."""
        url = f"{self.arm}{self.path}{path}?{encode_query({'api-version': version, **(query or {})})}"
        return self._make(operation, method, url, body, expect)

    def data_request(
        self,
        operation: str,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        expect: tuple[int, ...] = (200,),
    ) -> Request:
        """Make a request to the data plane, by whole URL."""
        return self._make(operation, method, f"{url}?{encode_query(query)}" if query else url, body, expect)

    def _make(
        self,
        operation: str,
        method: str,
        url: str,
        body: Mapping[str, Any] | None,
        expect: tuple[int, ...],
    ) -> Request:
        return Request(
            operation=operation,
            method=method,
            url=url,
            headers={} if body is None else {"content-type": "application/json"},
            body=None if body is None else msgspec.json.encode(body),
            scope=self.scope,
            expect=expect,
        )


@dataclass(slots=True)
class Facts:
    """What does not change while a client lives, kept so that it is asked for once."""

    workspace: "Workspace | None" = None
    fine_tuned_models: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Workspace:
    """What other operations need to know of the workspace."""

    location: str
    guid: str
    data_plane: str
    """Base URL of run history, metrics and logs, without a trailing slash."""


def encode_query(query: Mapping[str, str] | None) -> str:
    """Encode a query; `$` stays readable, as the service itself writes it."""
    return urlencode(query or {}, safe="$", quote_via=quote)


def decode_object(body: bytes) -> dict[str, Any]:
    """Decode a JSON object, with or without a byte order mark.

    A name that stands twice in one object is an error: readers differ in which of the two they take, and one of them
    may say that a job has failed while the other says that it is done.

    Raises:
        ValueError: It is not JSON, not UTF-8, nested too deeply, no object, or ambiguous.
    """
    text = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        value = _DECODER.decode(text)
        if not isinstance(value, dict):
            raise ValueError("no object")  # noqa: TRY004 - one error for whatever is wrong with a body
        if _may_repeat(text, value):
            json.loads(text, object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _may_repeat(body: bytes, value: dict[str, Any]) -> bool:
    r"""Tell whether more names may have been read than were kept; quick, and never wrong when it says no.

    Every name and text has two quotation marks, and those within a text are written out again as they were, unless
    they came as `\u0022`.
    """
    return body.count(b'"') != msgspec.json.encode(value).count(b'"') or b"\\u0022" in body


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice in one object")


def read_object(request: Request, response: Response) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ResponseError: The body is something else.
    """
    try:
        return decode_object(response.body)
    except ValueError as error:  # UnicodeDecodeError is one, and msgspec's DecodeError
        start = response.body[:80].decode("utf-8", "replace")
        raise ResponseError(
            f"Expected a JSON object from {request.operation}, got {start!r} ({error}).",
            operation=request.operation,
            request_id=request_id_of(response.headers),
        ) from error


def part(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an object inside an object; what is missing, null or of another type reads as empty."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def items(body: Mapping[str, Any], name: str = "value") -> list[dict[str, Any]]:
    """Return a list of objects; members of another type are left out."""
    value = body.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """Return a non-empty string as it is, anything else as `None`."""
    return value if isinstance(value, str) and value else None


def texts(value: object) -> dict[str, str]:
    """Return a map of strings; other values are written out, nulls left out."""
    if not isinstance(value, dict):
        return {}
    return {str(key): item if isinstance(item, str) else str(item) for key, item in value.items() if item is not None}


def required(request: Request, body: Mapping[str, Any], *path: str) -> str:
    """Return a string that the operation cannot do without.

    Raises:
        ResponseError: It is not there; names its path.
    """
    value: Any = body
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    found = text(value)
    if found is None:
        where = ".".join(("$", *path))
        raise ResponseError(f"{request.operation} answered without {where}.", path=where, operation=request.operation)
    return found


def moment(value: object) -> datetime | None:
    """Read an ISO 8601 time, with up to seven digits of a second as the service writes it; no zone means UTC."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the year 1 east of Greenwich lies before the first date there is
        return None


def from_milliseconds(value: object) -> datetime | None:
    """Read Unix milliseconds, as MLflow writes them."""
    try:
        return datetime.fromtimestamp(float(value) / 1000, tz=UTC) if isinstance(value, int | float) else None
    except (OverflowError, OSError, ValueError):
        return None


def split_asset_uri(uri: str) -> tuple[str, str | None]:
    """Split `azureml://.../models/{name}/versions/{version}` into name and version.

    >>> split_asset_uri("azureml://registries/azureml/models/Phi-4/versions/8")
    ('Phi-4', '8')
    """
    segments = uri.split("/")
    name = segments[segments.index("models") + 1] if "models" in segments[:-1] else uri
    version = segments[segments.index("versions") + 1] if "versions" in segments[:-1] else None
    return name, version
