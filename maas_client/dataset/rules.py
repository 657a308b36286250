"""The table of all rules. To add a rule, add a row to the table of its subject; ids are never used twice."""

from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

from maas_client.dataset.decode import Decoded
from maas_client.dataset.measure import Measured
from maas_client.dataset.row import Row, Texts
from maas_client.dataset.rule import Rule
from maas_client.dataset.rules_across import ACROSS_RULES, Compared
from maas_client.dataset.rules_file import CONTENTS_RULES, PART_RULES, PATH_RULES, PROBE_RULES, Contents, Part
from maas_client.dataset.rules_layout import LAYOUT_RULES
from maas_client.dataset.rules_leftover import LEFTOVER_RULES
from maas_client.dataset.rules_line import LINE_RULES
from maas_client.dataset.rules_person import PERSON_RULES
from maas_client.dataset.rules_row import ROW_RULES
from maas_client.dataset.rules_secret import SECRET_RULES
from maas_client.dataset.rules_text import TEXT_RULES
from maas_client.dataset.rules_tokens import TOKEN_RULES
from maas_client.dataset.source import Probe

FOR_PROBES: tuple[Rule[Probe], ...] = (*PROBE_RULES,)
FOR_PATHS: tuple[Rule[Path], ...] = (*PATH_RULES,)
FOR_LINES: tuple[Rule[Decoded], ...] = (*LINE_RULES,)
FOR_ROWS: tuple[Rule[Row], ...] = (*ROW_RULES,)
FOR_TEXTS: tuple[Rule[Texts], ...] = (*TEXT_RULES, *LEFTOVER_RULES, *SECRET_RULES, *PERSON_RULES)
FOR_MEASURES: tuple[Rule[Measured], ...] = (*TOKEN_RULES,)
FOR_ACROSS: tuple[Rule[Compared], ...] = (*ACROSS_RULES,)
FOR_FILES: tuple[Rule[Contents], ...] = (*CONTENTS_RULES, *LAYOUT_RULES)
FOR_PARTS: tuple[Rule[Part], ...] = (*PART_RULES,)

RULES: MappingProxyType[str, Rule[Any]] = MappingProxyType(
    {
        rule.id: rule
        for rule in chain[Rule[Any]](
            FOR_PROBES, FOR_PATHS, FOR_LINES, FOR_ROWS, FOR_TEXTS, FOR_MEASURES, FOR_ACROSS, FOR_FILES, FOR_PARTS
        )
    }
)
