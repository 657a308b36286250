"""Why a run failed, as far as its error tells, and what to do next.

The service's words are those of the programs that it runs; what they come from in a dataset or in the hyperparameters
is written down here. What no entry fits is told as it is: a wrong cause is worse than none.

Source: azureml-acft-common-components, azureml-acft-contrib-hf-nlp (`ChatCompletionDataset`, `FtaasPipelineInputs
Validator`, `filter_invalid_data_rows_for_jsonl`) for the messages; `ModelRegistryError` as users quote it; the causes
follow from that code, those of memory and quota are our judgement.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from maas_client.types import FineTuningJob

_UPLOADED = re.compile(r"[^/:]+\.jsonl?")
_PARAMETER = re.compile(r"Invalid value set for ([\w.]{1,64})")


@dataclass(frozen=True, slots=True)
class Cause:
    """What probably lies behind an error."""

    likely: str
    """A sentence."""
    next: str
    """What to do, with the command where there is one."""


def likely_cause(job: FineTuningJob) -> Cause | None:
    """Return what probably made a job fail; `None` if its error does not tell."""
    if job.error is None:
        return None
    told = f"{job.error.code}: {job.error.message}"
    return next((make(job) for pattern, make in _CAUSES if pattern.search(told)), None)


def advice(job: FineTuningJob, flags: str = "") -> str:
    """Return the hint for a job that failed: the likely cause, what to do, and where its log is.

    Args:
        job: The job.
        flags: What names the service on another command line, with a space before it.
    """
    cause = likely_cause(job)
    first = f"Likely cause: {cause.likely} {cause.next} " if cause is not None else ""
    return f"{first}Read its log: maas-ft jobs logs {job.name}{flags} . A new attempt needs a new name."


def _file(job: FineTuningJob, *, validation: bool = False) -> str:
    """Name the file that is meant as its user knows it: an upload keeps its name."""
    uri = (job.validation_file if validation else job.training_file) or ""
    name = uri.rpartition("/")[2]
    return shlex.quote(name) if _UPLOADED.fullmatch(name) else "FILE"


def _check(job: FineTuningJob, *, validation: bool = False) -> str:
    return f"See which rows: maas-ft data check {_file(job, validation=validation)} --model {job.model} ."


def _too_few(job: FineTuningJob) -> Cause:
    held = "" if job.validation_file else ", and a fifth of the rows is held back for validation"
    return Cause(f"rows that are broken, or that have one message only, do not count{held}.", _check(job))


def _no_answers(job: FineTuningJob) -> Cause:
    return Cause("no row has an assistant's answer within the length that the model is trained on.", _check(job))


def _no_validation(job: FineTuningJob) -> Cause:
    if job.validation_file is None:
        return Cause("none of the rows that are held back for validation is usable.", _check(job))
    return Cause("no row of the validation file is usable.", _check(job, validation=True))


def _template(job: FineTuningJob) -> Cause:
    return Cause("the roles of a row, or their order, are not what the model's template takes.", _check(job))


def _not_text(job: FineTuningJob) -> Cause:
    name = _file(job)
    return Cause("the file is not UTF-8.", f"Mend it: maas-ft data fix {name} , then maas-ft data check {name} .")


def _parameter(job: FineTuningJob) -> Cause:
    message = job.error.message if job.error is not None else ""
    named = _PARAMETER.search(message)
    which = named.group(1) if named else "a hyperparameter"
    return Cause(
        f"the value of {which} is outside of what the service takes.",
        "Submit again with another value, or without it: the service then chooses.",
    )


def _memory(job: FineTuningJob) -> Cause:
    size = job.hyperparameters.batch_size
    if size is not None and size > 1:
        return Cause(
            f"the batches are too large for the machine's memory (batch_size {size}).",
            f"Submit again with --batch-size {size // 2} .",
        )
    return Cause(
        "the rows are too long for the machine's memory.",
        f"See the longest: maas-ft data stats {_file(job)} --model {job.model} .",
    )


def _missing(job: FineTuningJob) -> Cause:
    return Cause(
        "the file was deleted or moved after the job was submitted, or the workspace may not read it.",
        f"Send it again: maas-ft files upload {_file(job)} .",
    )


def _registry(_: FineTuningJob) -> Cause:
    return Cause("the training went well, but the model could not be registered.", "Submit again.")


def _quota(_: FineTuningJob) -> Cause:
    return Cause(
        "the subscription's quota of machines or tokens is used up.",
        "Ask for more in the portal, or wait for other jobs to end, and submit again.",
    )


def _service(_: FineTuningJob) -> Cause:
    return Cause("the service itself, not your data.", "Submit again; if it fails again, ask Microsoft's support.")


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_CAUSES: tuple[tuple[re.Pattern[str], Callable[[FineTuningJob], Cause]], ...] = (
    (_pattern(r"fewer than \d+ samples"), _too_few),
    (_pattern(r"no assistant tokens"), _no_answers),
    (_pattern(r"no examples after data preprocessing for the validation"), _no_validation),
    (_pattern(r"applying chat template|only one system role"), _template),
    (_pattern(r"must be UTF-8|codec can't decode"), _not_text),
    (_PARAMETER, _parameter),
    (_pattern(r"out ?of ?memory|CUDA.*memory"), _memory),
    (_pattern(r"file (could not be found|cannot be read)|ScriptExecution\.StreamAccess"), _missing),
    (_pattern(r"^ModelRegistryError\b"), _registry),
    (_pattern(r"quota"), _quota),
    (_pattern(r"^(SystemError|ServiceError|InternalServerError)\b"), _service),
)
"""The first that fits counts."""
