"""What the commands that fetch files share."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.types import Download


def show_download(done: "Download", output: "Output") -> None:
    """Write what now lies where."""
    from maas_client.cli._findings import size
    from maas_client.cli._output import talk

    if output.is_json:
        output.document(done)
        return
    for artifact in done.artifacts:
        output.text(f"{done.folder}/{artifact.path}")
    total = sum(artifact.bytes for artifact in done.artifacts)
    kept = f"; {done.reused} were there already" if done.reused else ""
    talk(f"{len(done.artifacts)} files, {size(total)}{kept}.")
