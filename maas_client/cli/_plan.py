"""What a command is about to do: read what was asked for, check the data in front of somebody, and make the plan."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maas_client import catalog
from maas_client.cli._clock import now
from maas_client.cli._findings import counts_line, finding_lines, refuse_bad_paths
from maas_client.cli._jobfile import JobFile, read_job_file
from maas_client.cli._merge import merge, wanted_deployment
from maas_client.cli._output import complain, plain, talk
from maas_client.cli._plan_screen import show
from maas_client.cli._target import Target
from maas_client.dataset import Report, check
from maas_client.dataset.tokens.conversation import counter
from maas_client.errors import ConfigurationError, DatasetError
from maas_client.resources._job_create import check_wish
from maas_client.resources._names import check_job_name, new_job_name
from maas_client.resources._plan import is_remote
from maas_client.resources._plan_cost import check_limit
from maas_client.types import Plan, PlannedDeployment

if TYPE_CHECKING:
    from maas_client.client import MaaSClient

SHOWN_FINDINGS = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """A job that was asked for, checked as far as this machine can.

    Attributes:
        spec: What file and command line said.
        model: The base model.
        name: The job's final name.
        deployment: The deployment to make, or `None`.
        report: The check of the data that is on this machine, or `None` if the service has all of it.
        target: The service.
        terms: `prices`, `max_cost` and `allow_retired`, as typed.
    """

    spec: JobFile
    model: catalog.CatalogModel
    name: str
    deployment: PlannedDeployment | None
    report: Report | None
    target: Target
    terms: dict[str, Any]

    def plan(self, client: "MaaSClient", *, wait: bool, labels: dict[str, str], preflight: bool = False) -> Plan:
        """Make the plan; whether it keeps to its limit is for who has shown it.

        Raises:
            ConfigurationError: A file changed meanwhile, or something holds a secret where none may be.
        """
        spec = self.spec
        plan = client.plan(
            self.model.id,
            training_file=spec.training_file or "",
            validation_file=spec.validation_file,
            check=False,
            report=self.report,
            deploy=self.deployment,
            wait=wait,
            prices=self.terms["prices"],
            preflight=preflight,
            labels=labels,
            n_epochs=spec.n_epochs,
            batch_size=spec.batch_size,
            learning_rate=spec.learning_rate,
            name=self.name,
            output_model=spec.output_model,
            display_name=spec.display_name,
            description=spec.description,
            experiment_name=spec.experiment_name or "maas-client",
            tags=spec.tags,
            properties=spec.properties,
            compute=spec.compute,
            notifications=spec.notifications,
            allow_retired=self.terms["allow_retired"],
        )
        return plan.model_copy(update={"max_cost": self.terms["max_cost"]})

    def document(self, plan: Plan) -> dict[str, object]:
        """Return what JSON output says of it."""
        findings = [plain(finding) for finding in self.report.findings] if self.report else []
        return {"plan": plan, "target": self.target.to_dict(), "findings": findings}


def read_wish(job_file: str | None, typed: dict[str, Any]) -> JobFile:
    """Put together what file and command line say.

    Raises:
        ConfigurationError: The file cannot be read, or something in it is wrong.
    """
    typed["deploy"] = typed["deploy"] or None
    return merge(read_job_file(Path(job_file)) if job_file else JobFile(), typed)


def check_job(spec: JobFile, target: Target, terms: dict[str, Any]) -> Wish:
    """Check everything that can be checked here, and say what is noteworthy.

    Raises:
        ConfigurationError: Model, name, hyperparameter or path is wrong, or the model is retired.
        DatasetError: The data has errors; they have been told.
    """
    if not spec.model or not spec.training_file:
        missing = "a model (--model)" if not spec.model else "training data (--train)"
        raise ConfigurationError(f"A job needs {missing}.", hint="Give it as an option, or in the file of -f.")
    model = catalog.get(spec.model)
    warnings = check_wish(
        model,
        today=now().date(),
        emulator=target.is_emulator,
        allow_retired=terms["allow_retired"],
        compute=spec.compute,
        n_epochs=spec.n_epochs,
        batch_size=spec.batch_size,
        learning_rate=spec.learning_rate,
    )
    name = check_job_name(spec.name) if spec.name else new_job_name(model.id)
    wish = wanted_deployment(spec.deploy, name)
    deployment = None
    if wish is not None and wish.name is not None:
        tags = {**spec.tags, **wish.tags}
        deployment = PlannedDeployment(name=wish.name, content_safety=wish.content_safety, tags=tags)
    for warning in warnings:
        talk(f"warning: {warning}")
    report = _checked(spec.training_file, spec.validation_file, model)
    return Wish(spec, model, name, deployment, report, target, terms)


def made(wish: Wish, *, wait: bool, labels: dict[str, str], preflight: bool = False, asked_for: bool = True) -> Plan:
    """Make the plan and show it.

    Args:
        wish: What was asked for.
        wait: Whether the job is waited for.
        labels: By which options the service was named.
        preflight: True to ask the service if it could be sent from here; else nothing is sent.
        asked_for: False if it is shown by the way: nobody is asked whether it is right.

    Raises:
        CostLimitError: It may cost more than its limit, or nobody can tell what it costs; it was shown all the same.
    """
    with wish.target.client() if preflight else wish.target.planner() as client:
        plan = wish.plan(client, wait=wait, labels=labels, preflight=preflight)
    show(plan, wish.target, asked_for=asked_for)
    check_limit(plan, plan.max_cost)
    return plan


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
