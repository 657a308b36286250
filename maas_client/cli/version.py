"""`maas-ft version`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._options import examples, output_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output


@click.command(epilog=examples("maas-ft version", "maas-ft version --output json"))
@output_option
def version(output: "Output") -> None:
    """Show versions, places and proxies: what a report of an error should have. Nothing is sent."""
    import os

    from maas_client.cli._environment import report, report_lines

    if output.is_json:
        output.document(report(os.environ))
        return
    for line in report_lines(os.environ):
        output.text(line)
