"""The rules about one row, group by group."""

from maas_client.dataset.row import Row
from maas_client.dataset.rule import Rule
from maas_client.dataset.rules_content import CONTENT_RULES
from maas_client.dataset.rules_format import FORMAT_RULES
from maas_client.dataset.rules_preference import PREFERENCE_RULES
from maas_client.dataset.rules_roles import ROLE_RULES
from maas_client.dataset.rules_schema import SCHEMA_RULES
from maas_client.dataset.rules_tools import TOOL_RULES

ROW_RULES: tuple[Rule[Row], ...] = (
    *FORMAT_RULES,
    *SCHEMA_RULES,
    *PREFERENCE_RULES,
    *ROLE_RULES,
    *CONTENT_RULES,
    *TOOL_RULES,
)
