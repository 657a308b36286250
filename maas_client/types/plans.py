"""A plan: a job decided on in full, with what it was decided on, to be looked at before anything is sent."""

import os
from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import ValidationError

from maas_client.errors import ConfigurationError
from maas_client.types._plan_file import PLAN_VERSION, read_plan_file, write_plan_file
from maas_client.types.base import Value
from maas_client.types.compute import Compute
from maas_client.types.jobs import Hyperparameters
from maas_client.types.preflight import PreflightReport


class PlannedFile(Value):
    """A local file as it was when it was planned to be uploaded."""

    part: Literal["training", "validation"]
    """What it is for."""
    path: str
    """Absolute."""
    bytes: int
    """Length."""
    mtime_ns: int
    """Last modification, nanoseconds since 1970 (UTC)."""
    inode: int
    """File number; with length and time it tells whether this is still the same file."""
    sha256: str
    """Digest of the content, 64 lower-case hex digits."""
    id: str
    """What the job is given: where the content will lie, which its digest decides."""


class PlannedDeployment(Value):
    """A deployment to be made of the fine-tuned model."""

    name: str
    """A letter, then letters, digits and hyphens, 52 characters at most; unique in the region."""
    content_safety: bool | None = None
    """Whether prompts and answers pass a content filter; `None` leaves it to the service."""
    tags: dict[str, str] = {}
    """Yours to set."""


class PlannedData(Value):
    """What the check of the local files found; data with errors makes no plan."""

    rows: dict[str, int]
    """Rows by file: `training`, `validation`."""
    warnings: int
    """Findings that are no errors."""
    rules: dict[str, int]
    """How often each rule found something."""


class PlannedPrice(Value):
    """What training costs, as somebody wrote it into a list of prices; none is built in."""

    per_1k_tokens: float
    """Of 1,000 tokens."""
    currency: str = ""
    """Such as `USD`; empty if the list does not say."""
    dated: date | None = None
    """The day of the list."""
    source: str = ""
    """Where it is from, in the words of the list."""


class PlannedCost(Value):
    """What training would be billed for. What a deployment costs by the hour is not in it."""

    tokenizer: str
    """With what was counted: name and digest."""
    template: str
    """The chat template that was applied before: name and digest."""
    training_tokens: int
    """Of one pass over the training rows, as far as training keeps them."""
    validation_tokens: int
    """The same of the validation rows."""
    epochs: int
    """Passes."""
    epochs_chosen: bool
    """False if nobody chose their number: it is the default of the service's pipeline then, as far as that is known."""
    billed_tokens: int
    """Of both files, times epochs."""
    least_tokens: int
    """Of an estimate, the least that `billed_tokens` may stand for; else the same number."""
    most_tokens: int
    """The greatest."""
    precision: Literal["exact", "estimate"]
    """What the numbers are worth: an estimate where the model's own vocabulary is not at hand."""
    price: PlannedPrice | None = None
    """`None` if it is not known."""
    least_amount: float | None = None
    """Of `least_tokens`, in the price's currency."""
    most_amount: float | None = None
    """Of `most_tokens`."""


class PlannedRequest(Value):
    """One request that applying the plan sends, without credentials.

    What only the service can tell, once it is asked, stands in capitals: `ACCOUNT`, `CONTAINER`, `LOCATION`, ...
    """

    operation: str
    """Operation id, such as `Jobs_CreateOrUpdate`."""
    method: str
    """HTTP method."""
    url: str
    """Whole."""
    headers: dict[str, str] = {}
    """But for those of every request: user agent, request id, credential."""
    signed_in_for: str | None = None
    """Scope of the token that it carries; `None` if it carries none, but for a signature or key of the workspace's."""
    body: Any = None
    """What JSON it sends."""
    file: str | None = None
    """The local file whose content it sends, or a part of it."""
    times: int = 1
    """How often, of a file that goes in blocks."""


class Plan(Value):
    """A job decided on in full: applying it twice is applying it once."""

    version: int = PLAN_VERSION
    """Of this form; a later one is refused."""
    service: str = "azureml"
    """The wire that is spoken."""
    resource_manager: str
    """Base URL."""
    subscription_id: str
    """Azure subscription."""
    resource_group: str
    """Resource group of the workspace."""
    workspace: str
    """Workspace, or hub project."""
    emulator: bool = False
    """True if a local reference server is meant."""
    name: str
    """The job's, final: it makes repeating harmless."""
    model: str
    """Base model as the catalog spells it."""
    body: dict[str, Any]
    """What creates the job, to the byte."""
    fingerprint: str
    """Digest of the definition, which the job carries: it tells our job from another of the same name."""
    files: tuple[PlannedFile, ...] = ()
    """Local files to upload; what the service has already is in `body` alone."""
    wait: bool = True
    """Whether the job is waited for."""
    deployment: PlannedDeployment | None = None
    """What is made of its model."""
    training_file: str | None = None
    """As the job names it: an id of the service, which a local file will have too."""
    validation_file: str | None = None
    """Likewise; without one the service holds back training rows."""
    hyperparameters: Hyperparameters | None = None
    """Those that were chosen."""
    compute: Compute | None = None
    """Machines of yours, if it trains on them."""
    allow_retired: bool = False
    """True if the job is sent although the service no longer trains the model."""
    planned_at: datetime | None = None
    """When it was made (UTC)."""
    warnings: tuple[str, ...] = ()
    """What is noteworthy about model and hyperparameters, a sentence each."""
    data: PlannedData | None = None
    """What the check of the local files found; `None` if they were not checked."""
    cost: PlannedCost | None = None
    """`None` if the tokens were not counted: the service has a file already, or the files were not checked."""
    max_cost: float | None = None
    """What training may cost at most, in the currency of the price."""
    preflight: PreflightReport | None = None
    """Whether it could be sent from where it was made; `None` if nobody looked."""
    labels: dict[str, str] = {}
    """Kept with it, and with its submission."""
    requests: tuple[PlannedRequest, ...] = ()
    """What will be sent, in this order; looking at the job while it runs comes on top."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the plan to a file, whole or not at all; there is no secret in it. An earlier plan is written over.

        Raises:
            ConfigurationError: It cannot be written, or something that is no plan lies there.
        """
        write_plan_file(path, self.model_dump(mode="json"))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a plan from a file.

        Raises:
            ConfigurationError: It cannot be read, is no plan, was edited, or a later release wrote it.
        """
        content = read_plan_file(path)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise ConfigurationError(
                f"{os.fspath(path)} is no plan of this release: {error.error_count()} fields are wrong.",
                hint="Plan again: maas-ft plan ... -o FILE",
            ) from error
