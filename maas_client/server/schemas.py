"""The files of the folder `schemas`: in the package, or beside it in a checkout."""

from importlib.resources import files
from pathlib import Path

CONTRACT = "azureml.openapi.json"
DEVIATIONS = "azureml.deviations.toml"


def schema_file(name: str) -> Path:
    """Return where a file of that folder is."""
    inside = Path(str(files("maas_client").joinpath("schemas", name)))
    return inside if inside.exists() else inside.parents[2] / "schemas" / name
