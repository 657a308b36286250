"""Settings: each one value, with where it came from.

Order: argument > explicitly named profile > environment > an Azure ML `config.json` found upwards > default. The
configuration file's `default_profile` counts as named where neither an argument, `MAAS_PROFILE` nor a `MAAS_` variable
says where jobs go.
"""

from maas_client.settings.load import load_settings
from maas_client.settings.values import ResolvedSettings, Setting, Settings

__all__ = ["ResolvedSettings", "Setting", "Settings", "load_settings"]
