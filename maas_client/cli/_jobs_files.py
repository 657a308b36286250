"""The commands of `maas-ft jobs` about the files of a job."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import job_names
from maas_client.cli._options import Choice, examples, takes_choice

if TYPE_CHECKING:
    from maas_client.cli._output import Output


@click.command(epilog=examples("maas-ft jobs artifacts support-bot --local"))
@click.argument("name", shell_complete=job_names)
@takes_choice
def artifacts(choice: Choice, output: "Output", *, name: str) -> None:
    """List the files that a job has left so far."""
    from maas_client.cli._findings import size
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        found = list(client.jobs.artifacts(client.jobs.get(name)))
    if output.is_json:
        output.document(found)
        return
    output.table(("FILE", "SIZE"), [(artifact.path, size(artifact.bytes)) for artifact in found])


@click.command(
    short_help="Fetch the files that a job has left so far.",
    epilog=examples("maas-ft jobs download support-bot ./support-bot --local"),
)
@click.argument("name", shell_complete=job_names)
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--overwrite", is_flag=True, help="Replace files of the same name that differ.")
@takes_choice
def download(choice: Choice, output: "Output", *, name: str, folder: str, overwrite: bool) -> None:
    """Fetch the files that a job has left so far; repeating it goes on where it stopped."""
    from maas_client.cli._download import show_download
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        show_download(client.jobs.download(name, folder, overwrite=overwrite), output)


FILES = (artifacts, download)
