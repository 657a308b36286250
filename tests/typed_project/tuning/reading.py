"""What this package knows without asking anybody: models, rules, and what may go wrong in a file."""

from datetime import date
from pathlib import Path

from maas_client import catalog
from maas_client.dataset import check
from maas_client.errors import ConfigurationError, DatasetError


def trainable(today: date) -> list[str]:
    found: list[str] = []
    for model in catalog.all_models():
        try:
            catalog.check_finetune(model, today=today, emulator=False, allow_retired=False)
        except ConfigurationError as error:
            print(model.id, error.hint)
        else:
            found.append(model.id)
    return found


def problems(path: Path) -> list[str]:
    report = check(path)
    try:
        report.raise_for_errors()
    except DatasetError as error:
        findings = () if error.report is None else error.report.findings
        return [f"{finding.path}:{finding.line}: {finding.message}" for finding in findings]
    return []
