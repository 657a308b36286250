"""What `submit` is about to do, decided and checked before anything is sent."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maas_client import catalog
from maas_client.cli._clock import now
from maas_client.cli._findings import counts_line, file_line, finding_lines, refuse_bad_paths
from maas_client.cli._jobfile import Deploy, JobFile
from maas_client.cli._merge import wanted_deployment
from maas_client.cli._output import complain, plain, talk
from maas_client.cli._target import Target
from maas_client.dataset import FileSummary, Report, check
from maas_client.dataset.tokens.conversation import counter
from maas_client.errors import ConfigurationError, DatasetError
from maas_client.resources._names import check_job_name, new_job_name
from maas_client.resources._plan import is_remote
from maas_client.types import PlannedDeployment

if TYPE_CHECKING:
    from maas_client.types import File

SHOWN_FINDINGS = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """A job as it will be created.

    Attributes:
        spec: What file and command line said.
        model: The base model.
        name: The job's final name.
        is_named: True if the user chose the name.
        deploy: The deployment to make, with its name, or `None`.
        report: The check of the data that is on this machine, or `None` if the service has all of it.
        target: The service.
        allow_retired: True to try a model that the service no longer trains.
    """

    spec: JobFile
    model: catalog.CatalogModel
    name: str
    is_named: bool
    deploy: Deploy | None
    report: Report | None
    target: Target
    allow_retired: bool

    @property
    def deployment(self) -> str | None:
        """Name of the deployment to make, or `None`."""
        return self.deploy.name if self.deploy else None

    @property
    def files(self) -> tuple[FileSummary, ...]:
        """The files to upload, as they were checked."""
        return self.report.files if self.report else ()

    def submission(self, *, wait: bool) -> dict[str, Any]:
        """Return it as `submissions.create` takes it, but for the model."""
        spec, deploy = self.spec, self.deploy
        planned = None
        if deploy is not None and deploy.name is not None:
            tags = {**spec.tags, **deploy.tags}
            planned = PlannedDeployment(name=deploy.name, content_safety=deploy.content_safety, tags=tags)
        return {
            "training_file": spec.training_file,
            "validation_file": spec.validation_file,
            "check": False,
            "report": self.report,
            "deploy": planned,
            "wait": wait,
            "n_epochs": spec.n_epochs,
            "batch_size": spec.batch_size,
            "learning_rate": spec.learning_rate,
            "name": self.name,
            "output_model": spec.output_model,
            "display_name": spec.display_name,
            "description": spec.description,
            "experiment_name": spec.experiment_name or "maas-client",
            "tags": spec.tags,
            "properties": spec.properties,
            "compute": spec.compute,
            "notifications": spec.notifications,
            "allow_retired": self.allow_retired,
        }

    def show(self) -> None:
        """Say on stderr what will be done."""
        spec, defaults = self.spec, self.model.hyperparameters
        lines: dict[str, object] = {
            "model": self.model.id,
            "training": self._line("training", spec.training_file),
            "validation": self._line("validation", spec.validation_file) or "a fifth of the training rows",
            "compute": ", ".join(spec.compute.instance_types) if spec.compute else None,
            "tier": spec.compute.tier if spec.compute else None,
            "epochs": spec.n_epochs
            or f"the service's choice (its pipeline's default: {defaults['n_epochs'].default:g})",
            "batch size": spec.batch_size,
            "learning rate": spec.learning_rate,
            "name": self.name,
            "deployment": self.deployment,
            "filter": None if self.deploy is None or self.deploy.content_safety is not False else "off",
            "target": self.target.label,
        }
        for name, value in lines.items():
            if value is not None:
                talk(f"  {name:<13} {value}")

    def _line(self, part: str, file: str | None) -> str | None:
        local = next((file_line(each) for each in self.files if each.part == part), None)
        return local or (f"{file} (at the service; not checked here)" if file else None)

    def to_dict(self) -> dict[str, object]:
        """Return what JSON output says of it."""
        spec = self.spec.model_dump(exclude={"model", "name", "training_file", "validation_file", "deploy"})
        remote = {"training": self.spec.training_file, "validation": self.spec.validation_file}
        files: dict[str, object] = {part: {"id": file} for part, file in remote.items() if file}
        files |= {file.part: plain(file) for file in self.files}
        warnings = [plain(finding) for finding in self.report.findings] if self.report else []
        return {
            "name": self.name,
            "model": self.model.id,
            "files": files,
            **spec,
            "deployment": self.deployment,
            "content_safety": self.deploy.content_safety if self.deploy else None,
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
        model,
        today=now().date(),
        emulator=target.is_emulator,
        allow_retired=allow_retired,
        compute=spec.compute is not None,
    )
    warnings += catalog.check_hyperparameters(
        model, n_epochs=spec.n_epochs, batch_size=spec.batch_size, learning_rate=spec.learning_rate
    )
    name = check_job_name(spec.name) if spec.name else new_job_name(model.id)
    deploy = wanted_deployment(spec.deploy, name)
    for warning in warnings:
        talk(f"warning: {warning}")
    report = _checked(spec.training_file, spec.validation_file, model)
    return Plan(spec, model, name, bool(spec.name), deploy, report, target, allow_retired)


def _checked(training: str, validation: str | None, model: catalog.CatalogModel) -> Report | None:
    """Check what is on this machine; what the service has is taken as it is."""
    local = validation if validation and not is_remote(validation) else None
    if not is_remote(training):
        return checked(training, local, model)
    if local is not None:
        raise ConfigurationError(
            f"{local} is on this machine and the training file at the service: they cannot be checked together.",
            hint="Upload it first, and give its id; or give the path of the training file.",
        )
    return None


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
    report = check(training, validation=validation, model=model, tokens=counter(model))
    refuse_bad_paths(report)
    for line in finding_lines(report, SHOWN_FINDINGS):
        (talk if report.ok else complain)(line)
    if not report.ok:
        raise DatasetError(
            f"The data has {counts_line(report)}; nothing was sent.",
            hint="Mend the places named above, then repeat the command.",
            report=report,
        )
    return report


def tell_file(file: "File") -> None:
    """Say what became of an upload."""
    talk(f"{file.filename}: " + ("the service has it already; nothing was sent." if file.reused else "uploaded."))
