"""Faults that one test orders, and whether all of them came."""

from collections.abc import Mapping
from typing import Any

from maas_client.testing.workspace import Workspace


class Fault:
    """A fault program that the server has."""

    def __init__(self, faults: "Faults", identity: str, *, must_fire: bool) -> None:
        self._faults = faults
        self.id = identity
        self.must_fire = must_fire

    @property
    def state(self) -> dict[str, Any]:
        """What the server says of it: the program, `occurrences`, `fired`, `remaining`, `completed`."""
        answer: dict[str, Any] = self._faults.workspace.server.control.call("GET", f"faults/{self.id}")
        return answer

    @property
    def fired(self) -> list[dict[str, Any]]:
        """Each time that it fired: `at`, `operation`, `action`, `request_id`, `status`."""
        found: list[dict[str, Any]] = self.state["fired"]
        return found

    @property
    def remaining(self) -> int | None:
        """How often it will still fire; None: without end."""
        left: int | None = self.state["remaining"]
        return left

    @property
    def completed(self) -> bool:
        """True once it has fired as often as it should."""
        return bool(self.state["completed"])

    def remove(self) -> None:
        """Take it back; it fires no more, and need not have fired."""
        self._faults.remove(self)

    def complaint(self) -> str | None:
        """Return what is missing, or None if it fired as it should."""
        state = self.state
        if not self.must_fire or state["completed"] or (state["remaining"] is None and state["fired_count"]):
            return None
        wanted = "at least once" if state["remaining"] is None else f"{state['remaining'] + state['fired_count']} times"
        place = ", ".join(f"{name} {value}" for name, value in state["match"].items() if name != "workspace")
        return (
            f"fault {state['name']!r} ({place or 'every request'}) fired {state['fired_count']} times instead of "
            f"{wanted}; {state['occurrences']} requests matched it"
        )


class Faults:
    """Orders faults for the requests of one workspace; those of other tests never meet them."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._ordered: list[Fault] = []

    def on(
        self,
        operation: str | None,
        *actions: str | Mapping[str, Any],
        must_fire: bool = True,
        name: str | None = None,
        **when: Any,  # noqa: ANN401 - JSON, which the server checks
    ) -> Fault:
        """Let requests meet faults.

        Args:
            operation: Which: an operation of the ledger such as `Jobs_CreateOrUpdate`, a pattern, or None for every
                request.
            actions: What happens to them, one after the other: `"commit-then-drop"`, or with its fields
                `{"do": "status", "status": 503, "times": 3}`.
            must_fire: False: the test passes although not all of them happened.
            name: What it is called when something is told of it.
            when: Which of the requests, such as `nth=2` or `every=3`; by default so many as there are actions.

        Raises:
            ControlError: This is no fault program; the message says where and why.
        """
        program: dict[str, Any] = {"actions": list(actions)}
        if operation is not None:
            program["match"] = {"operation": operation}
        if when:
            program["when"] = when
        if name is not None:
            program["name"] = name
        return self.add(program, must_fire=must_fire)

    def add(self, program: Mapping[str, Any], *, must_fire: bool = True) -> Fault:
        """Order a whole program; it is kept to this workspace.

        Args:
            program: The fault program, as its JSON says it.
            must_fire: False: the test passes although not all of its faults happened.

        Raises:
            ControlError: This is no fault program; the message says where and why.
        """
        match = {**program.get("match", {}), "workspace": self.workspace.scope}
        return self._post({**program, "match": match}, must_fire=must_fire)

    def classic(self, name: str, operation: str | None = None, *, must_fire: bool = True) -> Fault:
        """Order what goes wrong everywhere, by its name, such as `lost-answer` or `throttled`.

        Args:
            name: Of the classic; `GET /_maas/faults/classics` tells all of them.
            operation: Whom it meets, as in `on`; None leaves it to the classic.
            must_fire: False: the test passes although not all of its faults happened.

        Raises:
            ControlError: There is no such classic, or no such operation.
        """
        document: dict[str, Any] = {"classic": name, "match": {"workspace": self.workspace.scope}}
        return self._post(document | ({} if operation is None else {"operation": operation}), must_fire=must_fire)

    def complaints(self) -> list[str]:
        """Return, for each fault that did not fire as it should, what is missing."""
        return [said for fault in self._ordered if (said := fault.complaint()) is not None]

    def remove(self, fault: Fault) -> None:
        """Take one back."""
        self._ordered.remove(fault)
        self.workspace.server.control.call("DELETE", f"faults/{fault.id}")

    def clear(self) -> None:
        """Take all back."""
        for fault in list(self._ordered):
            self.remove(fault)

    def _post(self, document: Mapping[str, Any], *, must_fire: bool) -> Fault:
        (identity,) = self.workspace.server.control.call("POST", "faults", document)["ids"]
        fault = Fault(self, identity, must_fire=must_fire)
        self._ordered.append(fault)
        return fault
