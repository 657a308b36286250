"""What an upload, a job and a deployment send, told before anything is sent: the flows themselves say so.

Answers are made up for them, in which everything that only the service knows stands in capitals. A workspace is taken
to hand out a signature for its storage, and nothing to be there yet; where it is otherwise, another request more or
less is sent.
"""

import json
from collections.abc import Mapping
from typing import Any

from maas_client.backends.azureml import AzureML
from maas_client.backends.azureml._wire import Target
from maas_client.backends.azureml.files import LARGEST_SINGLE_PUT_BYTES, Upload, block_bytes
from maas_client.core.io import Digests, FileBody, Request, Response
from maas_client.core.rehearsal import rehearse
from maas_client.errors import NotFoundError
from maas_client.types import PlannedDeployment, PlannedRequest

MODEL = "MODEL"
"""Stands for the id of the model that the job makes."""
BLOCK = "BLOCK"
"""Stands for the id of a block, which its content names."""
_NOT_THERE_YET = frozenset({"Blob_GetProperties", "Blob_GetBlockList"})


class Rehearsal:
    """Rehearses what is sent to one workspace."""

    def __init__(self, target: Target, *, emulator: bool) -> None:
        # A dialect of its own: what is made up here must not become a fact that others go by.
        self._dialect = AzureML(target)
        self._emulator = emulator

    def upload(self, upload: Upload, path: str) -> list[PlannedRequest]:
        """Tell what uploading a file sends, if the service does not have it."""
        flows, body = self._dialect.files, upload.body
        place, sent = rehearse(flows.find(upload), self._answer)
        planned = [_planned(request) for request in sent]
        if body.length <= LARGEST_SINGLE_PUT_BYTES:
            return [*planned, *(_planned(each, path) for each in rehearse(flows.put(upload, place), self._answer)[1])]
        digests = Digests(sha256=BLOCK, md5="MD5")
        for flow, times in (
            (flows.staged(place), 1),
            (flows.stage(place, BLOCK, digests, body), -(-body.length // block_bytes(body.length))),
            (flows.commit(upload, place, [BLOCK]), 1),
        ):
            planned += [_planned(request, path, times) for request in rehearse(flow, self._answer)[1]]
        return planned

    def job(self, name: str, body: Mapping[str, Any]) -> list[PlannedRequest]:
        """Tell what creating a job sends."""
        return [_planned(request) for request in rehearse(self._dialect.jobs.put(name, body), self._answer)[1]]

    def deployment(self, wish: PlannedDeployment) -> list[PlannedRequest]:
        """Tell what deploying the job's model sends."""
        flow = self._dialect.deployments.begin_create(
            wish.name, model=MODEL, tags=wish.tags, content_safety=wish.content_safety
        )
        return [_planned(request) for request in rehearse(flow, self._answer)[1]]

    def _answer(self, request: Request) -> Response | NotFoundError:
        if request.operation == "ServerlessEndpoints_Get":
            return NotFoundError("There is none yet.", status=404, operation=request.operation)
        status = 404 if request.operation in _NOT_THERE_YET else request.expect[0]
        return Response(status, {}, json.dumps(self._content(request.operation)).encode())

    def _content(self, operation: str) -> dict[str, Any]:
        if operation == "Datastores_Get":
            # A reference server says where its storage is; of Azure's the cloud says it.
            where = {"protocol": "http", "endpoint": "ENDPOINT"} if self._emulator else {}
            return {"properties": {"accountName": "ACCOUNT", "containerName": "CONTAINER", **where}}
        if operation == "Datastores_ListSecrets":
            return {"sasToken": "SIGNATURE"}
        if operation == "Workspaces_Get":
            return {
                "location": "LOCATION",
                "properties": {"workspaceId": "WORKSPACE", "discoveryUrl": "https://DATA_PLANE/discovery"},
            }
        if operation == "Discovery_Get":
            return {"api": "https://DATA_PLANE"}
        return {"name": "NAME"}


def _planned(request: Request, path: str | None = None, times: int = 1) -> PlannedRequest:
    content = request.body
    planned = PlannedRequest(
        operation=request.operation,
        method=request.method,
        url=request.url,
        # Of a flow's own: the caller adds what signs it in when it is sent.
        headers={"accept": "application/json", **request.headers},
        signed_in_for=request.scope,
    )
    if isinstance(content, FileBody):
        return planned.model_copy(update={"file": path, "times": times})
    if content is None:
        return planned
    text = content.decode("utf-8")
    is_json = request.headers.get("content-type") == "application/json"
    return planned.model_copy(update={"body": json.loads(text) if is_json else text})
