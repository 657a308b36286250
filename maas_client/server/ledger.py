"""What of the wire this server answers, operation by operation: from the route tables, with what it rests on."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from maas_client.server import fidelity
from maas_client.server.azureml.routes import TABLE
from maas_client.server.azureml.wire import Operation

IMPLEMENTED, PARTIAL, ABSENT = "implemented", "partial", "absent"

_PROVIDER = "/providers/Microsoft.MachineLearningServices"
_WORKSPACE = "/subscriptions/{sub}/resourceGroups/{rg}" + _PROVIDER + "/workspaces/{ws}"


@dataclass(frozen=True, slots=True)
class Row:
    """An operation of the ledger.

    Attributes:
        name: Its name in the specification.
        method: HTTP method.
        path: Path template.
        versions: Accepted api-versions; empty: it is not looked at.
        status: `implemented`, `partial` or `absent`; an absent one answers 501 with its name.
        missing: What a partial one lacks.
    """

    name: str
    method: str
    path: str
    versions: tuple[str, ...] = ()
    status: str = IMPLEMENTED
    missing: str = ""


_BLOB = "/{account}.blob.{suffix}/{container}/{blob}"
_CONTAINER = "/{account}.blob.{suffix}/{container}?restype=container"
_BESIDE = (
    Row("Logs_Get", "GET", "/logs/{workspaceId}/{name}/{log}"),
    Row("Chat_Complete", "POST", "/serverless/{endpoint}/chat/completions"),
    Row("Chat_CompleteV1", "POST", "/serverless/{endpoint}/v1/chat/completions"),
    Row("Model_GetInfo", "GET", "/serverless/{endpoint}/info"),
    Row("Entra_GetToken", "POST", "/{tenant}/oauth2/v2.0/token", status=PARTIAL, missing="users: applications only"),
    Row("Entra_GetConfiguration", "GET", "/{tenant}/v2.0/.well-known/openid-configuration"),
    Row("Entra_ListKeys", "GET", "/{tenant}/discovery/v2.0/keys"),
    Row("Entra_DiscoverInstance", "GET", "/common/discovery/instance"),
    Row("ManagedIdentity_GetToken", "GET", "/msi/token"),
    Row("VirtualMachine_GetToken", "GET", "/metadata/identity/oauth2/token"),
    Row("Blob_Put", "PUT", _BLOB, status=PARTIAL, missing="page and append blobs"),
    Row("Blob_Get", "GET", _BLOB),
    Row("Blob_GetProperties", "HEAD", _BLOB),
    Row("Blob_SetMetadata", "PUT", f"{_BLOB}?comp=metadata"),
    Row("Blob_PutBlock", "PUT", f"{_BLOB}?comp=block"),
    Row("Blob_PutBlockList", "PUT", f"{_BLOB}?comp=blocklist"),
    Row("Blob_GetBlockList", "GET", f"{_BLOB}?comp=blocklist"),
    Row("Blob_List", "GET", f"{_CONTAINER}&comp=list"),
    Row("Container_GetProperties", "GET", _CONTAINER),
    Row("Container_HeadProperties", "HEAD", _CONTAINER),
    Row(
        "Container_Create",
        "PUT",
        _CONTAINER,
        status=PARTIAL,
        missing="containers beside those of a workspace's datastores",
    ),
)
"""What other parts of the server answer than those of the route table."""


def rows() -> Iterator[Row]:
    """Yield every operation, in the order of the tables."""
    for operation in TABLE:
        yield Row(
            operation.name,
            operation.method,
            operation.path,
            tuple(sorted(operation.versions or ())),
            _status(operation),
            operation.missing,
        )
    yield from _BESIDE


def as_json() -> dict[str, Any]:
    """Return the ledger as a JSON value."""
    more = [{"versions": list(row.versions), "sources": fidelity.sources_of(row.name)} for row in rows()]
    return {"operations": [asdict(row) | added for row, added in zip(rows(), more, strict=True)]}


def as_markdown() -> str:
    """Return the ledger as a page; api-versions by a letter, explained at its end."""
    every = list(rows())
    letters = {versions: chr(ord("A") + index) for index, versions in enumerate(_distinct(every))}
    counts = ", ".join(f"{sum(row.status == word for row in every)} {word}" for word in (IMPLEMENTED, PARTIAL, ABSENT))
    lines = [
        "# Ledger of the reference server",
        "",
        "Generated from its route tables (`pytest tests/conformance --update-generated`). An absent operation answers",
        "501 with its name. `GET /_maas/ledger` gives the same as JSON, `GET /_maas/openapi.json` the description that",
        "every operation is held against. What each behaviour rests on is told",
        "[below](#what-each-behaviour-rests-on), and by `GET /_maas/fidelity`.",
        "",
        f"{len(every)} operations: {counts}.",
        "",
        f"`{{W}}` is `{_WORKSPACE}`, `{{ML}}` is `{_PROVIDER}`.",
        "",
        "| operation | | path | api-versions | status | rests on |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.method} | `{_short(row.path)}` | {letters.get(row.versions, '-')} | {_words(row)} "
        f"| {', '.join(fidelity.sources_of(row.name))} |"
        for row in every
    ]
    lines += ["", "`-`: the parameter is optional and not looked at.", ""]
    lines += [f"- {letter}: {', '.join(versions)}" for versions, letter in letters.items()]
    lines += ["", "## What each behaviour rests on", "", *fidelity.as_markdown()]
    return "\n".join(lines) + "\n"


def _status(operation: Operation) -> str:
    if operation.handler is None:
        return ABSENT
    return PARTIAL if operation.missing else IMPLEMENTED


def _distinct(every: list[Row]) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(row.versions for row in every if row.versions))


def _short(path: str) -> str:
    return path.replace(_WORKSPACE, "{W}").replace(_PROVIDER, "/{ML}")


def _words(row: Row) -> str:
    return f"{row.status}: without {row.missing}" if row.missing else row.status
