"""What the job file and the command line say together; what was typed comes first."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from maas_client.cli._jobfile import Deploy, JobFile
from maas_client.errors import ConfigurationError
from maas_client.resources._names import check_deployment_name
from maas_client.types import Compute

JOB_NAME_AS_DEPLOYMENT = "@job"
"""What `--deploy` without a name stands for."""
_JOINED = ("tags", "properties")
_OF_PARTS = ("instance_types", "tier", "deploy", "content_safety")


def merge(written: JobFile, typed: Mapping[str, Any]) -> JobFile:
    """Put what was typed over what is written in the file; tags and properties are joined.

    Raises:
        ConfigurationError: An option was typed without the one that it belongs to.
    """
    given = {key: value for key, value in typed.items() if value is not None and key not in (*_JOINED, *_OF_PARTS)}
    joined = {key: {**getattr(written, key), **(typed.get(key) or {})} for key in _JOINED}
    parts = {"compute": _compute(written.compute, typed), "deploy": _deploy(written.deploy, typed) or False}
    return written.model_copy(update={**given, **joined, **parts})


def wanted_deployment(wish: bool | str | Deploy, job: str) -> Deploy | None:
    """Return what is to be deployed, its name filled in.

    Raises:
        ConfigurationError: The name is not legal.
    """
    found = _read(wish)
    if found is None:
        return None
    name = deployment_name(job) if found.name is None else check_deployment_name(found.name)
    return found.model_copy(update={"name": name})


def deployment_name(job: str) -> str:
    """Return a legal deployment name as near to the job's as can be; different jobs never share one by being cut."""
    legal = re.sub(r"[^A-Za-z0-9]+", "-", job).strip("-")
    if not legal[:1].isalpha():
        legal = f"ft-{legal}"
    if len(legal) <= 52:
        return legal
    return f"{legal[:43].rstrip('-')}-{hashlib.sha256(job.encode()).hexdigest()[:8]}"


def _compute(written: Compute | None, typed: Mapping[str, Any]) -> Compute | None:
    types, tier = typed.get("instance_types"), typed.get("tier")
    if not types and tier is None:
        return written
    if not types and written is None:
        raise ConfigurationError("--tier is of compute of your own.", hint="Add --instance-type.")
    changes = {key: value for key, value in (("instance_types", types), ("tier", tier)) if value}
    return Compute(**changes) if written is None else written.model_copy(update=changes)


def _deploy(written: bool | str | Deploy, typed: Mapping[str, Any]) -> Deploy | None:
    wish = _read(written)
    if name := typed.get("deploy"):
        named = _read(name) or Deploy()
        wish = named if wish is None else wish.model_copy(update={"name": named.name})
    if typed.get("content_safety") is None:
        return wish
    if wish is None:
        raise ConfigurationError("--content-safety is of a deployment.", hint="Add --deploy.")
    return wish.model_copy(update={"content_safety": typed["content_safety"]})


def _read(wish: bool | str | Deploy) -> Deploy | None:
    if isinstance(wish, Deploy):
        return wish
    if wish is False or wish == "":
        return None
    # Not validated: a wrong name is told later, in the words that every command has for it.
    return Deploy() if wish is True or wish == JOB_NAME_AS_DEPLOYMENT else Deploy.model_construct(name=wish)
