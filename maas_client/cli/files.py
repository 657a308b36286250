"""`maas-ft files`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._lazy import Group
from maas_client.cli._options import Choice, examples, takes_choice

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.client import MaaSClient
    from maas_client.types import DataAsset, File


@click.group(cls=Group, epilog=examples("maas-ft files upload train.jsonl --local"))
def files() -> None:
    """Training files at the service."""


@files.command(
    short_help="Upload files without judging them.",
    epilog=examples(
        "maas-ft files upload train.jsonl validation.jsonl --profile prod",
        "maas-ft files upload train.jsonl --asset support-data:3 --profile prod",
    ),
)
@click.argument("paths", metavar="F...", nargs=-1, required=True)
@click.option("--asset", metavar="NAME[:VERSION]", help="Register it as a data asset; the next version by default.")
@click.option("--datastore", metavar="D", help="Blob storage of the workspace; workspaceblobstore by default.")
@takes_choice
def upload(
    choice: Choice, output: "Output", *, paths: tuple[str, ...], asset: str | None, datastore: str | None
) -> None:
    """Upload files without judging them (see `data check`); what is there already is not sent."""
    from maas_client.cli._target import open_client

    if asset is not None and len(paths) > 1:
        raise click.UsageError("--asset names one file: give one, or leave it out.")
    with open_client(choice) as client:
        found = [_send(client, path, datastore) for path in paths]
        registered = None if asset is None else _register(client, asset, found[0])
    if output.is_json:
        document: dict[str, object] = {"files": found}
        output.document(document if registered is None else document | {"asset": registered})
        return
    for file in found:
        output.text(file.id)
    if registered is not None:
        output.text(f"{registered.name}:{registered.version}")


def _send(client: "MaaSClient", path: str, datastore: str | None) -> "File":
    from maas_client.cli._output import talk
    from maas_client.cli._uploading import follow_upload, tell_file

    talk(f"Uploading {path} ...")
    chosen = {} if datastore is None else {"datastore": datastore}
    file = follow_upload(client.files.upload_events(path, **chosen))
    tell_file(file)
    return file


def _register(client: "MaaSClient", asset: str, file: "File") -> "DataAsset":
    name, _, version = asset.partition(":")
    return client.data.create(name, file, version=version or None)
