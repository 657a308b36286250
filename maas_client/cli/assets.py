"""`maas-ft assets`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._lazy import Group
from maas_client.cli._options import Choice, examples, tag_option, takes_choice

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.types import DataAsset


@click.group(cls=Group, epilog=examples("maas-ft assets list --profile prod"))
def assets() -> None:
    """Uploaded files that the workspace knows by a name and a version."""


@assets.command("list", epilog=examples("maas-ft assets list --local", "maas-ft assets list support-data --archived"))
@click.argument("name", required=False)
@click.option("--archived", is_flag=True, help="Archived ones too.")
@takes_choice
def list_assets(choice: Choice, output: "Output", *, name: str | None, archived: bool) -> None:
    """List data assets, or the versions of one."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        found = list(client.data.list(name=name, archived=archived))
    if output.is_json:
        output.document(found)
        return
    output.table(
        ("NAME", "VERSION", "CREATED", "FILE"),
        [
            (
                asset.name,
                asset.version + (" (archived)" if asset.is_archived else ""),
                f"{asset.created_at:%Y-%m-%d %H:%M}" if asset.created_at else "",
                asset.uri,
            )
            for asset in found
        ],
    )


@assets.command(epilog=examples("maas-ft assets get support-data --local", "maas-ft assets get support-data:2 --local"))
@click.argument("asset", metavar="NAME[:VERSION]")
@takes_choice
def get(choice: Choice, output: "Output", *, asset: str) -> None:
    """Show a version of a data asset, the newest by default."""
    from maas_client.cli._target import open_client

    name, _, version = asset.partition(":")
    with open_client(choice) as client:
        _show(client.data.get(name, version or None), output)


@assets.command(
    short_help="Register a file that the storage has already.",
    epilog=examples(
        "maas-ft files upload train.jsonl --asset support-data --local",
        "maas-ft assets create support-data \\\n    azureml://datastores/workspaceblobstore/paths/train.jsonl",
    ),
)
@click.argument("asset", metavar="NAME[:VERSION]")
@click.argument("uri")
@click.option("--description", metavar="TEXT", help="For people.")
@tag_option
@takes_choice
def create(
    choice: Choice, output: "Output", *, asset: str, uri: str, description: str | None, tags: dict[str, str]
) -> None:
    """Register a file that lies in the workspace's storage; for a local one: `files upload --asset`."""
    from maas_client.cli._target import open_client

    name, _, version = asset.partition(":")
    with open_client(choice) as client:
        _show(client.data.create(name, uri, version=version or None, description=description, tags=tags), output)


@assets.command(epilog=examples("maas-ft assets archive support-data:1 --profile prod"))
@click.argument("asset", metavar="NAME:VERSION")
@takes_choice
def archive(choice: Choice, output: "Output", *, asset: str) -> None:
    """Leave a version out of lists; jobs may use it all the same."""
    from maas_client.cli._target import open_client

    name, version = _whole(asset)
    with open_client(choice) as client:
        _show(client.data.archive(name, version), output)


@assets.command(epilog=examples("maas-ft assets restore support-data:1 --profile prod"))
@click.argument("asset", metavar="NAME:VERSION")
@takes_choice
def restore(choice: Choice, output: "Output", *, asset: str) -> None:
    """Take an archived version into lists again."""
    from maas_client.cli._target import open_client

    name, version = _whole(asset)
    with open_client(choice) as client:
        _show(client.data.restore(name, version), output)


def _whole(asset: str) -> tuple[str, str]:
    name, _, version = asset.partition(":")
    if not version:
        raise click.UsageError(f"Which version of {name}? Say {name}:1, for one.")
    return name, version


def _show(asset: "DataAsset", output: "Output") -> None:
    if output.is_json:
        output.document(asset)
        return
    output.pairs(
        {
            "asset": f"{asset.name}:{asset.version}",
            "archived": "yes" if asset.is_archived else None,
            "file": asset.uri,
            "id": asset.id,
            "description": asset.description,
            "tags": asset.tags,
            "created": asset.created_at,
        }
    )
