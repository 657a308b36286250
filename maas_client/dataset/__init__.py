"""The training file: what is in it, and what the service would make of it.

    report = check("train.jsonl")
    report.raise_for_errors()

`checker` streams files through `source` (bytes), `jsonl` (blocks of lines), `scan` (the rules of lines and rows) and
`collect` (findings); nothing else is held. `fast` passes what is plain, `decode` reads the rest and `locate` finds the
places; `rules` is the table, `selection` what of it is in force.
"""

from maas_client.dataset.checker import Progress, check
from maas_client.dataset.cost import Price
from maas_client.dataset.measure import Measurer, RowMeasure
from maas_client.dataset.profile import Profile
from maas_client.dataset.report import FileSummary, Finding, Report
from maas_client.dataset.rows import ReadRow, read_rows
from maas_client.dataset.rule import Rule, Severity
from maas_client.dataset.rules import RULES

__all__ = [
    "RULES",
    "FileSummary",
    "Finding",
    "Measurer",
    "Price",
    "Profile",
    "Progress",
    "ReadRow",
    "Report",
    "RowMeasure",
    "Rule",
    "Severity",
    "check",
    "read_rows",
]
