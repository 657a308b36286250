"""What one test's workspace was asked, and assertions about it."""

from typing import Any

from maas_client.testing.workspace import Workspace

_SHOWN = 20


class Requests:
    """The server's journal of requests, of one workspace: without secrets, in the order in which they came."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def list(self, operation: str | None = None, **filters: str | int) -> "list[dict[str, Any]]":
        """Return requests, oldest first: `operation`, `method`, `path`, `status`, `outcome`, `fault` and more of each.

        Args:
            operation: An operation of the ledger, a pattern such as `Jobs_*`, or None for all.
            filters: Further ones, such as `status="2xx"`, `method="PUT"` or `outcome="unanswered"`.

        Raises:
            ControlError: There is no such filter.
        """
        query = {name: str(value) for name, value in filters.items()}
        found: list[dict[str, Any]] = self._workspace.server.control.call(
            "GET", "requests", operation=operation, workspace=self._workspace.scope, **query
        )["requests"]
        return found

    def verify(
        self,
        operation: str | None = None,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        distinct: str | None = None,
        **filters: str | int,
    ) -> None:
        """Assert how many requests there were.

        Args:
            operation: An operation of the ledger, a pattern such as `Jobs_*`, or None for all.
            times: Exactly so many.
            at_least: So many or more.
            at_most: So many or fewer.
            distinct: Count how many different ones of this there were, such as `"path"`, and not requests.
            filters: Further ones, as of `list`.

        Raises:
            AssertionError: There were more or fewer; the message lists them.
            ControlError: There is no such filter, or no number was given.
        """
        numbers = {
            "times": times,
            "at_least": at_least,
            "at_most": at_most,
            "distinct": distinct,
            "operation": operation,
        }
        wanted = {name: value for name, value in numbers.items() if value is not None}
        body = {**filters, **wanted, "workspace": self._workspace.scope}
        answer = self._workspace.server.control.call("POST", "requests/verify", body)
        if not answer["ok"]:
            lines = [_line(each) for each in answer["requests"][-_SHOWN:]]
            raise AssertionError("\n".join([f"{operation or 'any operation'}: {answer['why']}", *lines]))


def _line(request: dict[str, Any]) -> str:
    fault = f", fault {request['fault']['action']}" if request["fault"] else ""
    return f"  {request['method']} {request['path']}: {request['status'] or request['outcome']}{fault}"
