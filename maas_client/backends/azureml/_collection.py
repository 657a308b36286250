"""Resources of one kind in a workspace: how they are asked for, and how a page of them is read.

Source: azure-rest-api-specs, Microsoft.MachineLearningServices 2024-10-01-preview: every list of the resource manager
is `value` and `nextLink`, the whole URL of the next page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from maas_client.backends.azureml._wire import Target, items, read_object, text
from maas_client.core.flow import Flow
from maas_client.core.io import Request
from maas_client.core.paging import Page

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Collection:
    """Where the resources of a kind are.

    Attributes:
        target: The workspace.
        name: Of its operations in the specification, before the underscore: `ServerlessEndpoints`.
        path: After the workspace's: `/serverlessEndpoints`.
        version: The api-version of its operations.
    """

    target: Target
    name: str
    path: str
    version: str

    def request(
        self,
        verb: str,
        method: str,
        path: str = "",
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        expect: tuple[int, ...] = (200,),
    ) -> Request:
        """Make a request; `path` follows the collection's."""
        return self.target.request(
            f"{self.name}_{verb}",
            method,
            f"{self.path}{path}",
            version=self.version,
            query=query,
            body=body,
            expect=expect,
        )

    def page(self, cursor: str | None, path: str = "", *, query: Mapping[str, str] | None = None) -> Request:
        """Ask for a page of the list: the first, or the one whose URL `cursor` is."""
        if cursor is None:
            return self.request("List", "GET", path, query=query)
        return self.target.data_request(f"{self.name}_List", "GET", cursor)


def read_page(request: Request, parse: Callable[[Request, dict[str, Any]], T | None]) -> Flow[Page[T]]:
    """Send a request for a page and read it; what `parse` reads as `None` is left out."""
    body = read_object(request, (yield request))
    found = (parse(request, item) for item in items(body))
    return Page(tuple(item for item in found if item is not None), text(body.get("nextLink")))


def name_of(_request: Request, item: Mapping[str, Any]) -> str | None:
    """Read the name of a resource, for lists of names."""
    return text(item.get("name"))
