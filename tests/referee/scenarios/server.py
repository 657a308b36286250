"""The reference server as a scenario sees it: where it is, and its clock, which moves only when told to."""

import json
import os
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ALL_DONE = 400_000.0
"""Virtual seconds after which every job of these scenarios has ended."""
_TICK_SECONDS = 0.05
_VIRTUAL_PER_TICK = 10.0


class Server:
    """A running server."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.url: str = ready["url"]
        self.host = self.url.partition("://")[2]
        self.scheme = self.url.partition("://")[0]
        self.ready = ready
        self._admin = ready["admin_token"]

    @classmethod
    def of(cls, ready: str) -> "Server":
        """Return the server of a ready line."""
        return cls(json.loads(ready))

    def advance(self, seconds: float) -> None:
        self._control("POST", "clock", {"advance_seconds": seconds})

    def revoke_tokens(self) -> None:
        self._control("POST", "tokens/revoke", {})

    @contextmanager
    def fault(self, operation: str, *actions: Any, **program: Any) -> Iterator[None]:
        """Let requests meet faults while the block runs; all of them must have come when it ends."""
        program = {"match": {"operation": operation}, "actions": actions, **program}
        (identity,) = self._control("POST", "faults", program)["ids"]
        try:
            yield
            state = self._control("GET", f"faults/{identity}")
        finally:
            self._control("DELETE", f"faults/{identity}")
        assert state["completed"] or state["remaining"] is None, state

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_maas/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", "x-maas-admin-token": self._admin},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # trusts what SSL_CERT_FILE names
            content = answer.read()
        return json.loads(content) if content else None

    @contextmanager
    def time_flows(self) -> Iterator[None]:
        """Let time pass at 200 virtual seconds a second while the block runs."""
        over = threading.Event()

        def flow() -> None:
            while not over.wait(_TICK_SECONDS):
                self.advance(_VIRTUAL_PER_TICK)

        thread = threading.Thread(target=flow, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def training_file(folder: Path, name: str, rows: int = 20) -> Path:
    """Write a good training file."""
    path = folder / name
    lines = []
    for index in range(rows):
        ask = {"role": "user", "content": f"How do I reset device number {index}?"}
        answer = {"role": "assistant", "content": f"Hold the button of device {index} for {index + 3} seconds."}
        lines.append(json.dumps({"messages": [ask, answer]}) + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    return path


def files_below(folder: Path) -> list[str]:
    """Return the files of a folder, relative to it."""
    return sorted(
        Path(root, name).relative_to(folder).as_posix() for root, _, names in os.walk(folder) for name in names
    )
