"""`maas-ft data`: one command a file, imported only when it is called."""

import click

from maas_client.cli._lazy import LazyGroup
from maas_client.cli._options import examples

COMMANDS = {
    "check": ("maas_client.cli.data.check:check", "Find what the service would refuse, skip or misread."),
    "stats": ("maas_client.cli.data.stats:stats", "Show rows, turns and tokens."),
    "preview": ("maas_client.cli.data.preview:preview", "Show what the model sees of a row."),
    "cost": ("maas_client.cli.data.cost:cost", "Work out the tokens that are billed."),
    "fix": ("maas_client.cli.data.fix:fix", "Mend what a program can mend without guessing."),
    "split": ("maas_client.cli.data.split:split", "Part a file into training and validation rows."),
    "convert": ("maas_client.cli.data.convert:convert", "Turn CSV, TSV and other JSON into conversations."),
    "rules": ("maas_client.cli.data.rules:rules", "List the rules of the check, or explain one."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, epilog=examples("maas-ft data check train.jsonl"))
def data() -> None:
    """Training files; nothing here is ever sent."""
