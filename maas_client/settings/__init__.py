"""Settings: each one value, with where it came from.

Order: argument > explicitly named profile > environment > an Azure ML `config.json` found upwards > default.
"""

from maas_client.settings.load import load_settings
from maas_client.settings.values import ResolvedSettings, Setting, Settings

__all__ = ["ResolvedSettings", "Setting", "Settings", "load_settings"]
