"""Create a job so that it is one job, however often it is asked for and whatever answers are lost."""

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any, TypedDict, Unpack

from maas_client import catalog
from maas_client.backends.azureml.jobs import FINGERPRINT, JobDraft, file_uri
from maas_client.errors import ConfigurationError, ConflictError, UnsupportedByServiceError
from maas_client.resources._names import check_job_name, new_job_name
from maas_client.resources._once import Write, once
from maas_client.resources._session import Session
from maas_client.types import Compute, DataAsset, File, FineTuningJob, Hyperparameters, Notifications

logger = logging.getLogger("maas_client")

OPERATION = "Jobs_CreateOrUpdate"


class JobOptions(TypedDict, total=False):
    """What may be said of a job besides model and training file; `jobs.create` explains each."""

    validation_file: File | DataAsset | str | None
    n_epochs: int | None
    batch_size: int | None
    learning_rate: float | None
    learning_rate_multiplier: float | None
    name: str | None
    output_model: str | None
    display_name: str | None
    description: str | None
    experiment_name: str
    tags: Mapping[str, str] | None
    properties: Mapping[str, str] | None
    compute: Compute | None
    notifications: Notifications | None
    allow_retired: bool


async def create_job(
    session: Session, model: str, *, training_file: File | DataAsset | str, **options: Unpack[JobOptions]
) -> FineTuningJob:
    """Check, create, and if the answer is lost look for the job; see `AsyncJobs.create`."""
    draft = await draft_job(session, model, training_file=training_file, **options)
    return await put_job(session, draft.name, draft.body(), draft.fingerprint())


async def draft_job(  # noqa: PLR0913, RUF100 - the options of a job
    session: Session,
    model: str,
    *,
    training_file: File | DataAsset | str,
    validation_file: File | DataAsset | str | None = None,
    n_epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    learning_rate_multiplier: float | None = None,
    name: str | None = None,
    output_model: str | None = None,
    display_name: str | None = None,
    description: str | None = None,
    experiment_name: str = "maas-client",
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    compute: Compute | None = None,
    notifications: Notifications | None = None,
    allow_retired: bool = False,
) -> JobDraft:
    """Check what is asked for, and write it down in full; nothing is sent."""
    if learning_rate_multiplier is not None:
        raise UnsupportedByServiceError(
            "This service takes no learning_rate_multiplier.", hint="Give learning_rate, such as 2e-5."
        )
    if properties and FINGERPRINT in properties:
        raise ConfigurationError(f"The property {FINGERPRINT!r} is this client's own.", hint="Leave it out.")
    base = catalog.get(model)
    today = (await session.io.now()).date()
    wish = {"n_epochs": n_epochs, "batch_size": batch_size, "learning_rate": learning_rate}
    for warning in check_wish(
        base, today=today, emulator=session.emulator, allow_retired=allow_retired, compute=compute, **wish
    ):
        logger.warning("%s", warning)
    target = session.dialect.target
    chosen = check_job_name(name) if name is not None else new_job_name(base.id)
    return JobDraft(
        name=chosen,
        model_uri=catalog.uri(base),
        training_file=file_uri(target, _file_id(training_file)),
        validation_file=None if validation_file is None else file_uri(target, _file_id(validation_file)),
        hyperparameters=Hyperparameters(n_epochs=n_epochs, batch_size=batch_size, learning_rate=learning_rate),
        output_model=output_model or chosen,
        display_name=display_name,
        description=description,
        experiment_name=experiment_name,
        tags=dict(tags or {}),
        properties=dict(properties or {}),
        compute=compute,
        notifications=notifications,
    )


def check_wish(
    base: catalog.CatalogModel,
    *,
    today: date,
    emulator: bool,
    allow_retired: bool = False,
    compute: Compute | None = None,
    **hyperparameters: object,
) -> list[str]:
    """Refuse what cannot be trained; return what is noteworthy about model and hyperparameters, a sentence each.

    Raises:
        ConfigurationError: The service does not offer it, has withdrawn it, or a hyperparameter is impossible.
    """
    return [
        *catalog.check_finetune(
            base, today=today, emulator=emulator, allow_retired=allow_retired, compute=compute is not None
        ),
        *catalog.check_hyperparameters(base, **hyperparameters),
    ]


async def put_job(
    session: Session, name: str, body: Mapping[str, Any], fingerprint: str, *, look_first: bool = False
) -> FineTuningJob:
    """Create a job from a body written before; never a second one.

    After an answer that was lost, and at once if `look_first` says that an earlier process may have sent it, it is
    looked for: found with our fingerprint it is adopted; not found, the identical request is sent once more.

    Raises:
        ConflictError: A job of this name has another definition.
        AmbiguousWriteError: No answer came, and looking did not tell whether the job exists.
        StatusError: The service said no.
    """
    jobs = session.dialect.jobs

    async def find() -> FineTuningJob | ConflictError:
        found = await session.run(jobs.get(name))
        if found.properties.get(FINGERPRINT) == fingerprint:
            return found
        return ConflictError(
            f"A job named {name} exists and has another definition.",
            status=409,
            operation=OPERATION,
            hint="Use another name, or the definition that the existing job has.",
        )

    write = Write(
        operation=OPERATION,
        intent={"name": name, "fingerprint": fingerprint},
        send=lambda: session.run(jobs.put(name, body)),
        find=find,
        doubt=f"The job {name} may or may not have been created",
        hint=f"Look with `maas-ft jobs get {name}`, or submit again under that name: it stays one job.",
    )
    return await once(write, look_first=look_first)


def _file_id(file: File | DataAsset | str) -> str:
    return file if isinstance(file, str) else file.id
