"""What `submit` is about to do, decided and checked before anything is sent."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maas_client import catalog
from maas_client.cli._clock import now
from maas_client.cli._findings import counts_line, file_line, finding_lines, refuse_bad_paths
from maas_client.cli._jobfile import JobFile
from maas_client.cli._output import plain, talk
from maas_client.cli._target import Target
from maas_client.dataset import FileSummary, Report, check
from maas_client.errors import ConfigurationError, DatasetError
from maas_client.resources._names import check_deployment_name, check_job_name, new_job_name

if TYPE_CHECKING:
    from maas_client.types import File

SHOWN_FINDINGS = 20
JOB_NAME_AS_DEPLOYMENT = "@job"
"""What `--deploy` without a name stands for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A job as it will be created.

    Attributes:
        spec: What file and command line said.
        model: The base model.
        name: The job's final name.
        is_named: True if the user chose the name.
        deployment: Name of the deployment to make, or `None`.
        report: The check of the data.
        target: The service.
        allow_retired: True to try a model that the service no longer trains.
    """

    spec: JobFile
    model: catalog.CatalogModel
    name: str
    is_named: bool
    deployment: str | None
    report: Report
    target: Target
    allow_retired: bool

    @property
    def training(self) -> FileSummary:
        """The training file as it was checked."""
        return self.report.files[0]

    @property
    def validation(self) -> FileSummary | None:
        """The validation file as it was checked."""
        return self.report.files[1] if len(self.report.files) > 1 else None

    def show(self) -> None:
        """Say on stderr what will be done."""
        spec, defaults = self.spec, self.model.hyperparameters
        lines: dict[str, object] = {
            "model": self.model.id,
            "training": file_line(self.training),
            "validation": file_line(self.validation) if self.validation else "a fifth of the training rows",
            "epochs": spec.n_epochs
            or f"the service's choice (its pipeline's default: {defaults['n_epochs'].default:g})",
            "batch size": spec.batch_size,
            "learning rate": spec.learning_rate,
            "name": self.name,
            "deployment": self.deployment,
            "target": self.target.label,
        }
        for name, value in lines.items():
            if value is not None:
                talk(f"  {name:<13} {value}")

    def to_dict(self) -> dict[str, object]:
        """Return what JSON output says of it."""
        spec = self.spec.model_dump(exclude={"model", "name", "training_file", "validation_file", "deploy"})
        files = {file.part: plain(file) for file in self.report.files}
        warnings = [plain(finding) for finding in self.report.findings]
        return {
            "name": self.name,
            "model": self.model.id,
            "files": files,
            **spec,
            "deployment": self.deployment,
            "target": self.target.to_dict(),
            "findings": warnings,
        }


def make_plan(spec: JobFile, target: Target, *, allow_retired: bool) -> Plan:
    """Check everything that can be checked here, and say what is noteworthy.

    Raises:
        ConfigurationError: Model, name, hyperparameter or path is wrong, or the model is retired.
        DatasetError: The data has errors; they have been told.
    """
    if not spec.model or not spec.training_file:
        missing = "a model (--model)" if not spec.model else "training data (--train)"
        raise ConfigurationError(f"A job needs {missing}.", hint="Give it as an option, or in the file of -f.")
    model = catalog.get(spec.model)
    warnings = catalog.check_finetune(
        model, today=now().date(), emulator=target.is_emulator, allow_retired=allow_retired
    )
    warnings += catalog.check_hyperparameters(
        model, n_epochs=spec.n_epochs, batch_size=spec.batch_size, learning_rate=spec.learning_rate
    )
    name = check_job_name(spec.name) if spec.name else new_job_name(model.id)
    deployment = _deployment(spec.deploy, name)
    for warning in warnings:
        talk(f"warning: {warning}")
    report = checked(spec.training_file, spec.validation_file, model)
    return Plan(spec, model, name, bool(spec.name), deployment, report, target, allow_retired)


def checked(training: str, validation: str | None, model: catalog.CatalogModel) -> Report:
    """Check the data and tell the findings on stderr.

    Raises:
        ConfigurationError: A path is wrong.
        DatasetError: There are errors.
    """
    for file in filter(None, (training, validation)):
        if file == "-" or file.lower().endswith(".gz"):
            raise ConfigurationError(
                f"{file}: only a .jsonl file can be uploaded.", hint="Write what is to be trained on to such a file."
            )
    report = check(training, validation=validation, model=model)
    refuse_bad_paths(report)
    for line in finding_lines(report, SHOWN_FINDINGS):
        talk(line)
    if not report.ok:
        raise DatasetError(
            f"The data has {counts_line(report)}; nothing was sent.",
            hint="Mend the places named above, then repeat the command.",
            report=report,
        )
    return report


def merge(written: JobFile, typed: Mapping[str, object]) -> JobFile:
    """Put what was typed over what is written in the file; tags are joined."""
    given = {key: value for key, value in typed.items() if value is not None and key != "tags"}
    tags = typed.get("tags")
    joined = {**written.tags, **tags} if isinstance(tags, Mapping) else written.tags
    return written.model_copy(update={**given, "tags": joined})


def deployment_name(job: str) -> str:
    """Return a legal deployment name as near to the job's as can be; different jobs never share one by being cut."""
    legal = re.sub(r"[^A-Za-z0-9]+", "-", job).strip("-")
    if not legal[:1].isalpha():
        legal = f"ft-{legal}"
    if len(legal) <= 52:
        return legal
    return f"{legal[:43].rstrip('-')}-{hashlib.sha256(job.encode()).hexdigest()[:8]}"


def _deployment(wish: bool | str, job: str) -> str | None:
    if wish is False or wish == "":
        return None
    if wish is True or wish == JOB_NAME_AS_DEPLOYMENT:
        return deployment_name(job)
    return check_deployment_name(wish)


def refuse_changed(file: FileSummary) -> None:
    """Refuse a file that is no longer the one that was checked.

    Raises:
        DatasetError: It was changed, replaced or removed.
    """
    try:
        state = Path(file.path).stat()
        same = (state.st_size, state.st_mtime_ns, state.st_ino) == (file.bytes, file.mtime_ns, file.inode)
    except OSError:
        same = False
    if not same:
        raise DatasetError(
            f"{file.path} changed after it was checked; it was not sent.",
            hint="Repeat the command once it is complete.",
        )


def tell_file(file: "File") -> None:
    """Say what became of an upload."""
    talk(f"{file.filename}: " + ("the service has it already; nothing was sent." if file.reused else "uploaded."))
