"""Run history: what the data plane knows of a job, and the changes that it takes.

A job's run has the job's name. Source: azure-ai-ml 1.35.2, run history client (`get_details`, `get_child`,
`add_or_modify_by_experiment_name`), recorded.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from maas_client.backends.azureml._wire import (
    DATA_PLANE_VERSION,
    Target,
    items,
    moment,
    part,
    read_object,
    required,
    text,
    texts,
)
from maas_client.backends.azureml.workspace import HISTORY, WorkspaceFlows
from maas_client.core.flow import Flow
from maas_client.core.io import Request
from maas_client.core.paging import Page
from maas_client.core.redact import redact_text
from maas_client.errors import MaaSError
from maas_client.types import ChildJob, JobStatus, ServiceError

_STATUS = {
    "NotStarted": JobStatus.QUEUED,
    "Starting": JobStatus.QUEUED,
    "Provisioning": JobStatus.QUEUED,
    "Preparing": JobStatus.QUEUED,
    "Queued": JobStatus.QUEUED,
    "Running": JobStatus.RUNNING,
    "Finalizing": JobStatus.RUNNING,
    "CancelRequested": JobStatus.CANCELLING,
    "Completed": JobStatus.SUCCEEDED,
    "Failed": JobStatus.FAILED,
    "Canceled": JobStatus.CANCELLED,
    "Paused": JobStatus.PAUSED,
}
_QUERY = {"api-version": DATA_PLANE_VERSION}


def read_status(word: str) -> JobStatus:
    """Read the service's word for where a job stands."""
    return _STATUS.get(word, JobStatus.UNKNOWN)


class RunFlows:
    """Flows over runs."""

    def __init__(self, target: Target, workspace: WorkspaceFlows) -> None:
        self._target = target
        self._workspace = workspace

    def details(self, name: str) -> Flow[dict[str, Any]]:
        """Get what run history knows: status, log files, warnings, the error."""
        return self._workspace.ask("RunHistory_GetDetails", "GET", HISTORY, f"/runs/{name}/details", query=_QUERY)

    def warnings(self, name: str) -> Flow[tuple[str, ...]]:
        """Get the run's warnings so far."""
        details = yield from self.details(name)
        told = (text(item.get("message")) for item in items(details, "warnings"))
        return tuple(redact_text(message) for message in told if message)

    def error(self, name: str) -> Flow[ServiceError | None]:
        """Get why a run failed; `None` if that cannot be told."""
        try:
            details = yield from self.details(name)
        except MaaSError:  # better to say that the job failed without the reason than to say nothing
            return None
        return _error(details)

    def logs(self, name: str) -> Flow[tuple[JobStatus, dict[str, str]]]:
        """Get where the run stands, and its log files: names, and the signed URLs where they lie now."""
        details = yield from self.details(name)
        return read_status(text(details.get("status")) or ""), texts(details.get("logFiles"))

    def log_request(self, url: str, *, offset: int = 0) -> Request:
        """Make the request that reads one log file; its URL is signed, so no credential goes along.

        Args:
            url: From `logs`.
            offset: Bytes that are known already. A server that does not know ranges answers 200 with all of them; one
                that has no more, 416.

        Source: learn.microsoft.com, "Specifying the range header for Blob service operations".
        """
        accept = {"accept": "text/plain, */*"}
        return Request(
            operation="Log_Read",
            method="GET",
            url=url,
            headers=accept | {"range": f"bytes={offset}-"} if offset else accept,
            expect=(200, 206, 416) if offset else (200, 206),
        )

    def update(self, name: str, experiment_name: str, changes: Mapping[str, Any]) -> Flow[None]:
        """Change what may be changed of a job: tags and properties are merged with those it has, the rest is replaced.

        Source: azure-ai-ml 1.35.2, `jobs.update` and `jobs.archive`.
        """
        path = f"/experiments/{quote(experiment_name, safe='')}/runs/{name}"
        url = yield from self._workspace.data_url(HISTORY, path)
        yield self._target.data_request("RunHistory_Patch", "PATCH", url, query=_QUERY, body=changes)

    def children_page(self, name: str, cursor: str | None) -> Flow[Page[ChildJob]]:
        """List one page of the runs that a run started; `cursor` is the next page's URL."""
        first = yield from self._workspace.data_url(HISTORY, f"/runs/{name}/children")
        query = None if cursor else _QUERY
        request = self._target.data_request("RunHistory_GetChildren", "GET", cursor or first, query=query)
        body = read_object(request, (yield request))
        following = text(body.get("nextLink"))
        if following is None and (token := text(body.get("continuationToken"))):
            more = {**_QUERY, "$continuationtoken": token}
            following = self._target.data_request("RunHistory_GetChildren", "GET", first, query=more).url
        return Page(tuple(_child(request, item) for item in items(body)), following)


def _child(request: Request, body: Mapping[str, Any]) -> ChildJob:
    raw_status = text(body.get("status")) or "NotStarted"
    return ChildJob(
        name=required(request, body, "runId"),
        parent_name=text(body.get("parentRunId")),
        status=read_status(raw_status),
        raw_status=raw_status,
        display_name=text(body.get("displayName")),
        type=text(body.get("runType")),
        properties=texts(body.get("properties")),
        created_at=moment(body.get("createdUtc")),
        started_at=moment(body.get("startTimeUtc")),
        ended_at=moment(body.get("endTimeUtc")),
        error=_error(body),
    )


def _error(body: Mapping[str, Any]) -> ServiceError | None:
    root = part(part(body, "error"), "error")
    code, message = text(root.get("code")) or "", text(root.get("message")) or ""
    return ServiceError(code=code, message=redact_text(message)) if code or message else None
