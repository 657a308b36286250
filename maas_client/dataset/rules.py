"""The table of all rules. To add a rule, add a row to the table of its subject; ids are never used twice."""

from types import MappingProxyType
from typing import Any

from maas_client.dataset.rule import Rule
from maas_client.dataset.rules_file import CONTENTS_RULES, PATH_RULES, PROBE_RULES
from maas_client.dataset.rules_line import LINE_RULES
from maas_client.dataset.rules_row import ROW_RULES

RULES: MappingProxyType[str, Rule[Any]] = MappingProxyType(
    {rule.id: rule for table in (PROBE_RULES, PATH_RULES, CONTENTS_RULES, LINE_RULES, ROW_RULES) for rule in table}
)
