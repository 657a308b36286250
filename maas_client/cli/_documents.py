"""What `--output json` writes, as types: the source of `schemas/cli` and of `maas-ft schema`.

A document that is a value of this package is that type. The others are spelled out here: what a command puts together
itself, and dataclasses that are written with a field more or less (`_of`).
"""

from typing import Any, Literal, NotRequired, get_type_hints

# pydantic reads no other before Python 3.12.
from typing_extensions import TypedDict

from maas_client import types
from maas_client.catalog import Advice, CatalogModel, Lifecycle
from maas_client.cli._documents_here import (
    ConfigPath,
    Contract,
    Converted,
    DataReport,
    Diff,
    Environment,
    LocalSettings,
    Profiles,
    Rule,
    ShownSettings,
    Statement,
    WrittenProfile,
)
from maas_client.dataset import Finding
from maas_client.dataset.cost import Cost
from maas_client.dataset.mend import Mended
from maas_client.dataset.preview import Preview
from maas_client.dataset.split import Split
from maas_client.dataset.stats import Stats


def _of(kind: type, name: str, **fields: object) -> Any:  # noqa: ANN401 - a type for pydantic
    """Return a document with the fields of a dataclass, and others over and beside them."""
    hints = get_type_hints(kind) | fields
    described = TypedDict(name, hints)  # type: ignore[misc] # mypy wants to see them; they are known here only
    described.__doc__ = (kind.__doc__ or "").partition("\n")[0]
    return described


class Error(TypedDict):
    """Why it did not work."""

    exit_code: int
    type: str
    message: str
    hint: str | None


class Failure(TypedDict):
    """What any command writes instead of its document, if it failed before it had one."""

    error: Error


class _Target(TypedDict):
    local: bool
    emulator: bool
    subscription_id: str | None
    resource_group: str | None
    workspace: str | None


class Submitted(TypedDict):
    """What became of a submission; with `error` if its job, its deployment or the waiting failed."""

    run: str | None
    job: types.FineTuningJob
    files: dict[str, types.File]
    deployment: types.Deployment | None
    simulated: bool
    target: _Target
    error: NotRequired[Error]


class Examined(TypedDict):
    """What stands between here and a job; `target` is null if it is not known which workspace is meant."""

    ok: bool
    exit_code: int
    target: _Target | None
    checks: list[types.PreflightCheck]


class Planned(TypedDict):
    """What was decided on, and the file that it was written to."""

    file: str | None
    plan: types.Plan
    target: _Target
    findings: list[Finding]


class DryRun(TypedDict):
    """What would be done."""

    dry_run: Literal[True]
    plan: types.Plan
    target: _Target
    findings: list[Finding]


class Forgotten(TypedDict):
    """Ids of the runs that were removed."""

    forgotten: list[str]


class Log(TypedDict):
    """A job's log as it is now."""

    job: str
    lines: list[str]


class LogLine(TypedDict):
    """One line of a job's log."""

    job: str
    line: str


class Deleted(TypedDict):
    """What was deleted."""

    name: str
    deleted: Literal[True]


class Keys(TypedDict):
    """The keys of a deployment; masked, unless `--show` was given."""

    primary: str
    secondary: str


class Subscribed(TypedDict):
    """Whether a subscription is needed, and the one that there is now."""

    needed: bool
    subscription: types.MarketplaceSubscription | None


class Uploaded(TypedDict):
    """The files at the service, and the data asset if one was asked for."""

    files: list[types.File]
    asset: NotRequired[types.DataAsset]


BaseModelFacts = _of(CatalogModel, "BaseModel", capabilities=list[str], finetune=Lifecycle, inference=Lifecycle)


class _DataError(Error):
    report: NotRequired[DataReport]


class DataFailure(TypedDict):
    """What a command writes instead of its document, if it checks data and fails."""

    error: _DataError


DOCUMENTS: dict[str, Any] = {
    "advise": Advice,
    "apply": Submitted,
    "assets archive": types.DataAsset,
    "assets create": types.DataAsset,
    "assets get": types.DataAsset,
    "assets list": list[types.DataAsset],
    "assets restore": types.DataAsset,
    "chat": types.ChatCompletion,
    "config init": WrittenProfile,
    "config list": Profiles,
    "config path": ConfigPath,
    "config show": ShownSettings | LocalSettings,
    "contract": Contract | list[Statement],
    "data check": DataReport,
    "data convert": Converted,
    "data cost": Cost,
    "data fix": Mended | Diff,
    "data preview": Preview,
    "data rules": Rule | list[Rule],
    "data split": Split,
    "data stats": _of(Stats, "DataStats", kept_tokens=int),
    "deployments create": types.Deployment,
    "deployments delete": Deleted,
    "deployments get": types.Deployment,
    "deployments info": types.ModelInfo,
    "deployments keys": Keys,
    "deployments list": list[types.Deployment],
    "deployments update": types.Deployment,
    "doctor": Examined,
    "files upload": Uploaded,
    "jobs archive": types.FineTuningJob,
    "jobs artifacts": list[types.Artifact],
    "jobs cancel": types.FineTuningJob,
    "jobs children": list[types.ChildJob],
    "jobs delete": Deleted,
    "jobs download": types.Download,
    "jobs get": types.FineTuningJob,
    "jobs list": list[types.FineTuningJob],
    "jobs logs": Log,
    "jobs metrics": list[types.MetricPoint],
    "jobs restore": types.FineTuningJob,
    "jobs update": types.FineTuningJob,
    "marketplace create": Subscribed,
    "marketplace delete": Deleted,
    "marketplace get": types.MarketplaceSubscription,
    "marketplace list": list[types.MarketplaceSubscription],
    "models download": types.Download,
    "models get": BaseModelFacts | types.FineTunedModel | types.RegistryModel,
    "models list": list[BaseModelFacts] | list[types.FineTunedModel],  # type: ignore[valid-type] # made by `_of`
    "models versions": list[types.RegistryModel],
    "plan": Planned | DataFailure,
    "runs forget": Forgotten,
    "runs list": list[types.SubmissionInfo],
    "runs resume": Submitted,
    "runs show": types.SubmissionInfo,
    "submit": Submitted | DryRun | DataFailure,
    "version": Environment,
}
"""The document of each command with `--output json`, by what is typed after `maas-ft`."""

LINES: dict[str, Any] = {"jobs logs": LogLine, "jobs watch": types.JobEvent}
"""Of commands that write a line of JSON for each thing that happens: what such a line is."""
