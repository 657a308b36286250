"""Decide on a job in full, before anything is sent or written down."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from maas_client import catalog
from maas_client.backends.azureml.files import Upload, file_id, stored_name
from maas_client.backends.azureml.rehearsal import Rehearsal
from maas_client.core.io import FileBody
from maas_client.core.redact import redact_text
from maas_client.errors import ConfigurationError, DatasetError
from maas_client.resources._job_create import JobOptions, check_wish, draft_job
from maas_client.resources._local_file import opened
from maas_client.resources._names import check_deployment_name
from maas_client.resources._plan_cost import cost_of, data_of, price_of
from maas_client.resources._session import Session
from maas_client.types import DataAsset, File, Plan, PlannedDeployment, PlannedFile, PlannedRequest

if TYPE_CHECKING:
    from maas_client.dataset import Price, Report

PlannedPart = Literal["training", "validation"]
FileArgument = File | DataAsset | str | os.PathLike[str]
"""A local file by its path, or one that the service has."""


def is_remote(file: str) -> bool:
    """Tell whether a text names a file of the service, not a path on this machine."""
    return file.startswith(("azureml:", "/subscriptions/"))


class PlanOptions(JobOptions, total=False):
    """What may be said of a plan besides model and training file; `submissions.plan` explains each."""

    check: bool
    report: "Report | None"
    deploy: PlannedDeployment | str | None
    wait: bool
    prices: "str | os.PathLike[str] | Price | None"
    max_cost: float | None
    preflight: bool
    labels: Mapping[str, str] | None


class Wish(TypedDict):
    """What is asked for besides the job's own options; `submissions.plan` explains each."""

    training_file: FileArgument
    check: bool
    report: "Report | None"
    deploy: PlannedDeployment | str | None
    wait: bool
    prices: NotRequired["str | os.PathLike[str] | Price | None"]
    max_cost: NotRequired[float | None]
    labels: NotRequired[Mapping[str, str] | None]


async def decide(session: Session, model: str, wish: Wish, options: JobOptions) -> Plan:
    """Check what is asked for and the local files, digest them, and write all of it down as a plan; nothing is sent.

    Raises:
        ConfigurationError: Something asked for is wrong, a file is missing, or what is to be kept holds a secret.
        DatasetError: The data has errors.
    """
    base = catalog.get(model)
    now = await session.io.now()
    allow_retired = options.get("allow_retired", False)
    warnings = check_wish(
        base,
        today=now.date(),
        emulator=session.emulator,
        allow_retired=allow_retired,
        compute=options.get("compute"),
        n_epochs=options.get("n_epochs"),
        batch_size=options.get("batch_size"),
        learning_rate=options.get("learning_rate"),
    )
    deployment = _deployment(wish["deploy"])
    price = await session.io.offload(partial(price_of, wish.get("prices"), base))
    validation_file = options.get("validation_file")
    local = _local(wish["training_file"], validation_file)
    report = wish["report"]
    if report is None and wish["check"] and "training" in local:
        report = await session.io.offload(partial(_checked, local["training"], local.get("validation"), base))
    if report is not None:
        report.raise_for_errors()
    rehearsal = Rehearsal(session.dialect.target, emulator=session.emulator)
    uploads = [await _planned(session, part, path, report, rehearsal) for part, path in local.items()]
    files = {upload.file.part: upload.file for upload in uploads}
    training = files["training"].id if "training" in files else _at_service(wish["training_file"])
    wanted = options.copy()
    if "validation" in files:
        wanted["validation_file"] = files["validation"].id
    draft = await draft_job(session, model, training_file=training, **wanted)
    target = session.dialect.target
    body = draft.body()
    is_whole = len(files) == 1 + (validation_file is not None)
    plan = Plan(
        resource_manager=target.arm,
        subscription_id=target.subscription_id,
        resource_group=target.resource_group,
        workspace=target.workspace,
        emulator=session.emulator,
        name=draft.name,
        model=base.id,
        body=body,
        fingerprint=draft.fingerprint(),
        files=tuple(files.values()),
        wait=wish["wait"] or deployment is not None,
        deployment=deployment,
        training_file=draft.training_file,
        validation_file=draft.validation_file,
        hyperparameters=draft.hyperparameters,
        compute=draft.compute,
        allow_retired=allow_retired,
        planned_at=now,
        warnings=tuple(warnings),
        data=None if report is None else data_of(report),
        cost=cost_of(report, base, n_epochs=options.get("n_epochs"), price=price) if is_whole else None,
        max_cost=wish.get("max_cost"),
        labels=dict(wish.get("labels") or {}),
        requests=(
            *(request for upload in uploads for request in upload.requests),
            *rehearsal.job(draft.name, body),
            *([] if deployment is None else rehearsal.deployment(deployment)),
        ),
    )
    refuse_secrets(plan.model_dump(mode="json"))
    return plan


def refuse_secrets(value: object) -> None:
    """Refuse to keep what has the shape of a secret: the journal keeps it, and the workspace shows it to its readers.

    Raises:
        ConfigurationError: There is such a text.
    """
    for place, text in _texts(value, ""):
        if redact_text(text) != text:
            raise ConfigurationError(
                f"{place} looks as if it held a secret; nothing was sent.",
                hint="Leave it out: everybody who may read the workspace would see it.",
            )


def _checked(training: str, validation: str | None, model: catalog.CatalogModel) -> "Report":
    from maas_client.dataset import check
    from maas_client.dataset.tokens.conversation import counter

    return check(training, validation=validation, model=model, tokens=counter(model))


def _local(training: FileArgument, validation: FileArgument | None) -> dict[PlannedPart, str]:
    """Find the files that are on this machine, by part."""
    given: tuple[tuple[PlannedPart, FileArgument | None], ...] = ("training", training), ("validation", validation)
    return {
        part: os.fspath(file) for part, file in given if isinstance(file, str | os.PathLike) and not _is_remote(file)
    }


def _is_remote(file: str | os.PathLike[str]) -> bool:
    return isinstance(file, str) and is_remote(file)


def _at_service(file: FileArgument) -> File | DataAsset | str:
    return os.fspath(file) if isinstance(file, os.PathLike) else file


def _deployment(wish: PlannedDeployment | str | None) -> PlannedDeployment | None:
    if wish is None:
        return None
    planned = PlannedDeployment(name=wish) if isinstance(wish, str) else wish
    check_deployment_name(planned.name)
    return planned


@dataclass(frozen=True, slots=True)
class _Upload:
    file: PlannedFile
    requests: list[PlannedRequest]


async def _planned(
    session: Session, part: PlannedPart, path: str, report: "Report | None", rehearsal: Rehearsal
) -> _Upload:
    """Take a file as it was checked, or as it is now if it was not; and what sending it takes."""
    async with opened(session.io, path) as source:
        known = next((each for each in report.files if each.part == part), None) if report else None
        if known is not None and (known.bytes, known.mtime_ns, known.inode) != (
            source.size,
            source.mtime_ns,
            source.inode,
        ):
            raise DatasetError(
                f"{path} is not the file that was checked, or changed since; nothing was sent.",
                hint="Check it again once it is complete.",
            )
        sha256 = known.sha256 if known is not None else await source.sha256()
        filename = stored_name(source.name)
        absolute = _absolute(path)
        file = PlannedFile(
            part=part,
            path=absolute,
            bytes=source.size,
            mtime_ns=source.mtime_ns,
            inode=source.inode,
            sha256=sha256,
            id=file_id(sha256, filename),
        )
        upload = Upload(filename=filename, sha256=sha256, body=FileBody(source=source, length=source.size))
        return _Upload(file, rehearsal.upload(upload, absolute))


def _absolute(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - as text: links stay what they are


def _texts(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Give all texts of what JSON can say, and where they stand."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(f"{key}={item}" if isinstance(item, str) else item, f"{place}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item, place)
