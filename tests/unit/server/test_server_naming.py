"""Every operation of the ledger is told from a request to it."""

import re

import pytest

from maas_client.server.ledger import rows
from maas_client.server.naming import Named, name_of

WORKSPACE = "/subscriptions/S-1/resourceGroups/RG/providers/Microsoft.MachineLearningServices/workspaces/Ws"
ACCOUNT = "stmaas0123456789ab"


def target(template: str) -> tuple[str, str]:
    """Return (path, query) of a request to the template of a row."""
    path, _, query = template.partition("?")
    names = {"sub": "S-1", "rg": "RG", "ws": "Ws", "account": ACCOUNT, "suffix": "127.0.0.1.nip.io", "blob": "a/b c"}
    return re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], "x"), path), query


GUID = "11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: f"{row.name} {row.method} {row.path[:12]}")
def test_every_operation_has_its_name(row):
    path, query = target(row.path)
    named = name_of(row.method, path, query)
    assert named.operation == row.name
    if "{ws}" in row.path:
        assert named.workspace == "s-1/rg/ws"


@pytest.mark.parametrize(
    ("method", "path", "named"),
    [
        ("GET", "/_maas/health", Named()),
        ("POST", "/_maas/faults", Named()),
        ("GET", "/nothing", Named()),
        ("GET", "/favicon/ico", Named()),
        ("PATCH", f"{WORKSPACE}/jobs/x", Named(None, "s-1/rg/ws")),
        ("GET", f"/{ACCOUNT}/azureml/a", Named("Blob_Get", account=ACCOUNT)),
        ("DELETE", f"/{ACCOUNT}/azureml/a", Named(account=ACCOUNT)),
        ("POST", "/serverless/bot/embeddings", Named(endpoint="bot")),
        (
            "GET",
            f"/subscriptions/s/providers/Microsoft.MachineLearningServices/locations/e/mfeOperationsStatus/a:{GUID}:b",
            Named("MfeOperationsStatus_Get", guid=GUID),
        ),
        ("GET", "/logs/guid/job/log.txt", Named("Logs_Get", guid="guid")),
    ],
)
def test_other_requests(method, path, named):
    assert name_of(method, path) == named
