"""Find the row of a table of paths by walking it segment by segment.

A table of patterns tried one after the other costs as much as it is long; this costs as much as the path is long.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from maas_client.server.azureml.wire import Operation


@dataclass(slots=True)
class _Node:
    """A place in the tree: what may follow it, and what may be asked of it, by method."""

    literals: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    rows: dict[str, tuple[Operation, tuple[tuple[int, str], ...]]] = field(default_factory=dict)


class RouteTree:
    """The operations of a table. Literals are compared without case and win over parameters."""

    def __init__(self, table: Iterable[Operation]) -> None:
        self._root = _Node()
        for operation in table:
            node, names = self._root, []
            for index, segment in enumerate(operation.path.lower().split("/")):
                if segment.startswith("{"):
                    names.append((index, operation.path.split("/")[index][1:-1]))
                    node.parameter = node = node.parameter or _Node()
                else:
                    node = node.literals.setdefault(segment, _Node())
            node.rows.setdefault(operation.method, (operation, tuple(names)))

    def find(self, method: str, path: str) -> tuple[Operation | None, dict[str, str], tuple[str, ...]]:
        """Find the operation of a request; one slash at the end of its path does not count.

        Returns:
            The operation or None, its path parameters, and the other methods that the path does take.
        """
        path = path.removesuffix("/")
        segments = path.split("/")
        reached = [self._root]
        for segment, lowered in zip(segments, path.lower().split("/"), strict=True):
            further = []
            for node in reached:
                literal = node.literals.get(lowered)
                if literal is not None:
                    further.append(literal)
                if node.parameter is not None and segment:
                    further.append(node.parameter)
            if not further:
                return None, {}, ()
            reached = further
        for node in reached:
            row = node.rows.get(method)
            if row is not None:
                operation, names = row
                return operation, {name: segments[index] for index, name in names}, ()
        return None, {}, tuple(other for node in reached for other in node.rows)
