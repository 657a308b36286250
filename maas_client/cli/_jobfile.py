"""`job.yaml`: a job written down. Wrong keys and values are told with file and line."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError

from maas_client.errors import ConfigurationError
from maas_client.resources._plan import is_remote
from maas_client.types import Compute, Notifications
from maas_client.types.base import Draft

MAX_BYTES = 1024 * 1024
_OPTION_NAMES = {"epochs": "n_epochs", "train": "training_file", "validation": "validation_file", "tag": "tags"}


class Deploy(Draft):
    """How the model is deployed once it is trained."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9-]{0,51}$")] | None = None
    """Unique in the region; as near to the job's name as can be if left out."""
    content_safety: Annotated[bool, Field(strict=True)] | None = None
    """Whether prompts and answers pass a content filter; the service filters if left out."""
    tags: dict[str, str] = Field(default={})
    """Of the deployment, besides the job's."""


class JobFile(Draft):
    """A fine-tuning job. What is left out comes from the command line, or is the service's choice."""

    model: str | None = None
    """Base model as the catalog spells it, such as `Phi-4-mini-instruct`."""
    training_file: str | None = None
    """Path of the training file, from the folder of this file; or the id of one that the service has, such as
    `azureml:name:version` of a data asset."""
    validation_file: str | None = None
    """The validation file, likewise; without one the service holds back training rows."""
    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}$")] | None = None
    """Unique in the workspace; makes it safe to submit again."""
    n_epochs: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Passes over the training file, at least 1."""
    batch_size: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Rows in one step on one device, at least 1."""
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Peak learning rate, above 0."""
    output_model: str | None = None
    """Name under which the fine-tuned model is registered; the job's name if left out."""
    display_name: str | None = None
    """For people."""
    description: str | None = None
    """For people."""
    experiment_name: str | None = None
    """Groups jobs in the studio."""
    tags: dict[str, str] = Field(default={})
    """Yours to set; values that look like numbers need quotes."""
    properties: dict[str, str] = Field(default={})
    """Yours to set, once: the service adds to them, and a value is never changed."""
    compute: Compute | None = None
    """Your machines to train on; the service's own if left out."""
    notifications: Notifications | None = None
    """Who gets mail when the job ends."""
    deploy: bool | str | Deploy = False
    """Deploy the model once it is trained: `true`, the name of the deployment, or all that can be said of it."""


_PARTS: dict[str, type[Draft]] = {"compute": Compute, "notifications": Notifications, "deploy": Deploy}


def job_schema() -> dict[str, Any]:
    """Return the JSON schema of the file, for editors."""
    schema = JobFile.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A fine-tuning job of maas-ft (job.yaml)",
    }


def read_job_file(path: Path) -> JobFile:
    """Read and check the file; paths in it become relative to where we are.

    Raises:
        ConfigurationError: The file cannot be read or something in it is wrong; names file and line.
    """
    node = _compose(path, _read(path))
    if node is None:
        return JobFile()
    if not isinstance(node, yaml.MappingNode):
        raise ConfigurationError(f"{path}:1: a job file is a mapping.", hint="Write `model: Phi-4-mini-instruct`.")
    places = dict(_places(path, node))
    for key, line in places.items():
        part, _, word = key.rpartition(".")
        if word not in (_PARTS[part] if part else JobFile).model_fields:
            raise _unknown_key(path, key, line)
    try:
        # Composed by the safe loader, so only plain values can come out.
        values = yaml.SafeLoader("").construct_document(node)
        job = JobFile.model_validate(values)
    except yaml.YAMLError as error:
        raise _broken(path, error) from error
    except ValidationError as error:
        raise _wrong_value(path, error, places) from None
    files = {key: getattr(job, key) for key in ("training_file", "validation_file")}
    local = {key: str(path.parent / value) for key, value in files.items() if value and not is_remote(value)}
    return job.model_copy(update=local)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ConfigurationError(f"{path} is larger than a job file can be ({MAX_BYTES:,} bytes).")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 (byte {error.start}).", hint="Save it as UTF-8.") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror or error}.", hint="Check the path.") from None


def _compose(path: Path, text: str) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise _broken(path, error) from None
    return node


def _places(path: Path, node: yaml.MappingNode, above: str = "") -> Iterator[tuple[str, int]]:
    """Give each key and its line; keys of a part follow the part's, after a dot.

    Raises:
        ConfigurationError: A key stands twice.
    """
    seen: dict[str, int] = {}
    for key, value in node.value:
        word, line = f"{above}{key.value}", key.start_mark.line + 1
        if word in seen:
            raise ConfigurationError(f"{path}:{line}: {word!r} stands on line {seen[word]} already.", hint="Keep one.")
        seen[word] = line
        yield word, line
        if word in _PARTS and isinstance(value, yaml.MappingNode):
            yield from _places(path, value, f"{word}.")


def _unknown_key(path: Path, key: str, line: int) -> ConfigurationError:
    part, _, word = key.rpartition(".")
    known = list((_PARTS[part] if part else JobFile).model_fields)
    meant = _OPTION_NAMES.get(word) or next(iter(get_close_matches(word, known, n=1, cutoff=0.5)), None)
    if word == "learning_rate_multiplier":
        meant = "learning_rate"
    guess = f" Did you mean {meant!r}?" if meant else ""
    return ConfigurationError(f"{path}:{line}: unknown key {key!r}.{guess}", hint=f"Known keys: {', '.join(known)}.")


def _wrong_value(path: Path, error: ValidationError, places: dict[str, int]) -> ConfigurationError:
    # Of the ways to write `deploy`, the one that says most was meant.
    first = max(error.errors(include_url=False), key=lambda each: len(each["loc"]))
    words = [str(word) for word in first["loc"] if not str(word).startswith(("function-", "constrained-"))]
    if words[0] == "deploy":
        words[1:2] = []
    key = ".".join(words)
    line = next((places[near] for near in (".".join(words[:end]) for end in (3, 2, 1)) if near in places), 1)
    return ConfigurationError(
        f"{path}:{line}: {key}: {first['msg']}.",
        hint=f"It is {first['input']!r}. Quote what YAML would read otherwise.",
    )


def _broken(path: Path, error: Exception) -> ConfigurationError:
    mark = getattr(error, "problem_mark", None)
    where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark is not None else str(path)
    problem = getattr(error, "problem", None) or "nested too deeply or not readable"
    return ConfigurationError(f"{where}: not YAML: {problem}.", hint="Correct the file.")
