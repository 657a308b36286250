"""The training file: what is in it, and what the service would make of it.

    report = check("train.jsonl")
    report.raise_for_errors()

`checker` streams a file through `source` (bytes), `jsonl` (lines), `decode` (values) and the table in `rules`; nothing
is held but the findings.
"""

from maas_client.dataset.checker import check
from maas_client.dataset.report import FileSummary, Finding, Report
from maas_client.dataset.rule import Rule, Severity
from maas_client.dataset.rules import RULES

__all__ = ["RULES", "FileSummary", "Finding", "Report", "Rule", "Severity", "check"]
