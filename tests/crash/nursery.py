"""A process that has loaded everything once and forks a client for each run: SIGKILL must be cheap to be tried often.

It reads a run as a line of JSON, forks, and answers with the exit status as a line of JSON. In the child every point
that the journal reaches (its audit events) and every request is written down, before it may be killed there.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from maas_client.cli.main import main
from maas_client.transport.httpx_sync import SyncIO

BLOCKS = ("Blob_PutBlock", "Blob_PutBlockList")


class Watched:
    """What happens in a child, and where it ends."""

    def __init__(self, run: dict[str, Any]) -> None:
        self.log = os.open(run["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.left = run.get("crash_at", 0)
        self.block_left = run.get("crash_at_block", 0)
        sys.addaudithook(self.audit)
        send = SyncIO.send

        async def watched(port: SyncIO, request: Any, **how: Any) -> Any:
            self.note("sent", request.operation, *parse_qs(urlsplit(request.url).query).get("blockid", []))
            self.block(request.operation)
            answer = await send(port, request, **how)
            self.block(request.operation)
            return answer

        SyncIO.send = watched  # type: ignore[method-assign, assignment] # of this child alone

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "maas_client.journal":
            return
        self.note("point", arguments[0])
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def block(self, operation: str) -> None:
        if operation in BLOCKS:
            self.block_left -= 1
            if self.block_left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def note(self, *words: str) -> None:
        os.write(self.log, (" ".join(words) + "\n").encode())


def upload_and_create(path: str, name: str) -> None:
    """Do what the command line does, without the check of what is no training data."""
    from maas_client import MaaSClient

    with MaaSClient.from_env() as client:
        client.submissions.create(
            "Phi-3-mini-4k-instruct", training_file=path, name=name, check=False, wait=False
        ).run()


def child(run: dict[str, Any]) -> None:
    os.environ.update(run["environment"])
    os.chdir(run["folder"])
    out = os.open(run["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    Watched(run)
    if run["argv"][0] == "upload-and-create":
        upload_and_create(*run["argv"][1:])
    else:
        sys.argv = ["maas-ft", *run["argv"]]
        main()


def warm(path: Path) -> None:
    """Load what a first submit loads, so that children need not."""
    import maas_client.cli._carry_out
    import maas_client.cli.submit
    import maas_client.client
    from maas_client import catalog
    from maas_client.dataset import check
    from maas_client.dataset.tokens.conversation import counter

    model = catalog.get("Phi-3-mini-4k-instruct")
    check(path, model=model, tokens=counter(model))
    assert maas_client.cli.submit
    assert maas_client.client


def serve() -> None:
    warm(Path(sys.argv[1]))
    for line in sys.stdin:
        run = json.loads(line)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                child(run)
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    serve()
