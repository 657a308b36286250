"""`maas-ft data rules`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._options import examples, output_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output


@click.command(epilog=examples("maas-ft data rules", "maas-ft data rules ROL", "maas-ft data rules JSN002"))
@click.argument("word", metavar="[ID]", required=False, default="")
@output_option
def rules(output: "Output", *, word: str) -> None:
    """List the rules of `data check`, or explain one: by its id or name, or a group by its letters."""
    from maas_client.dataset.guide import document, find_rules, meanings

    found = find_rules(word)
    one = found[0] if len(found) == 1 and word else None
    if output.is_json:
        output.document(document(one) if one else [document(rule) for rule in found])
    elif one:
        output.text(f"{one.id} {one.name}\n")
        output.pairs(
            {
                "why": one.why,
                "do": one.hint,
                "fix": "maas-ft data fix mends it" if one.fixable else "by hand",
                **{f"{meaning.service} {meaning.method}": meaning for meaning in meanings(one)},
                "source": one.source,
            }
        )
    else:
        output.table(
            ("RULE", "NAME", "SEVERITY", "FIX", "WHY"),
            [(rule.id, rule.name, rule.severity.value, "yes" if rule.fixable else "", rule.why) for rule in found],
        )
