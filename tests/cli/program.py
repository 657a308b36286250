"""The real program as a process, its local server, and data for it."""

import json
import os
import signal
import sys
from pathlib import Path

MODEL = "Phi-3-mini-4k-instruct"


def row(index: int) -> str:
    question = {"role": "user", "content": f"What is {index} plus {index}?"}
    answer = {"role": "assistant", "content": f"It is {2 * index}. Ask me another one."}
    return json.dumps({"messages": [question, answer]})


def server_facts(local: Path) -> dict[str, object]:
    facts: dict[str, object] = json.loads((local / "ready.json").read_text())
    return facts


def stop_server(local: Path, number: int = signal.SIGTERM) -> None:
    try:
        pid = int(str(server_facts(local)["pid"]))
        assert pid != os.getpid()
        os.kill(pid, number)
    except (OSError, ValueError):
        return


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "maas_client", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
