"""Names that the services take, and names of ours for what users leave out.

Source: azure-rest-api-specs 2024-10-01-preview, path parameters of Jobs, ServerlessEndpoints, MarketplaceSubscriptions
and DataVersions.
"""

import re
import uuid

from maas_client import catalog
from maas_client.errors import ConfigurationError

_JOB = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
_DEPLOYMENT = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,51}")
_SUBSCRIPTION = _JOB
_ASSET = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_.]{0,254}")
_REGISTRY_MODEL = re.compile(r"azureml://registries/([^/]+)/models/[^/]+")
_MICROSOFT = frozenset({"azureml", "azureml-phi"})
"""Registries of Microsoft's own models, which need no subscription: creating one for Phi fails.

Source: Azure/azureml-examples@085cd6e, serverless fine-tuning and deployment samples.
"""
_ILLEGAL = re.compile(r"[^a-zA-Z0-9]+")


def check_job_name(name: str) -> str:
    """Return a legal job name as it is.

    Raises:
        ConfigurationError: It is not one.
    """
    hint = "Begin with a letter or digit, then letters, digits, hyphens and underscores (no dots), 255 at most."
    return _checked(name, _JOB, "a job name", hint)


def check_deployment_name(name: str) -> str:
    """Return a legal deployment name as it is.

    Raises:
        ConfigurationError: It is not one.
    """
    hint = "Begin with a letter, then letters, digits and hyphens, 52 at most."
    return _checked(name, _DEPLOYMENT, "a deployment name", hint)


def check_asset_name(name: str) -> str:
    """Return a legal name of a data asset as it is.

    Raises:
        ConfigurationError: It is not one.
    """
    hint = "Begin with a letter or digit, then letters, digits, hyphens, underscores and dots, 255 at most."
    return _checked(name, _ASSET, "a name of a data asset", hint)


def check_subscription_name(name: str) -> str:
    """Return a legal name of a marketplace subscription as it is.

    Raises:
        ConfigurationError: It is not one.
    """
    hint = "Begin with a letter or digit, then letters, digits, hyphens and underscores, 255 at most."
    return _checked(name, _SUBSCRIPTION, "the name of a subscription", hint)


def _checked(name: str, pattern: re.Pattern[str], what: str, hint: str) -> str:
    if pattern.fullmatch(name) is None:
        raise ConfigurationError(f"{name!r} is not {what}.", hint=hint)
    return name


def model_to_subscribe(model: str) -> str | None:
    """Return the id, without a version, under which a model is subscribed to; `None` if it needs no subscription.

    Raises:
        ConfigurationError: It is no id, and the catalog does not know it.
    """
    if not model.startswith("azureml://"):
        model = catalog.uri(catalog.get(model))
    found = _REGISTRY_MODEL.match(model)
    return found[0] if found and found[1] not in _MICROSOFT else None


def new_job_name(model: str) -> str:
    """Make up a job name that nobody else has: `ft-{model}-{8 hex digits}`."""
    return f"{_made_up(model)}{uuid.uuid4().hex[:8]}"


def is_made_up(name: str, model: str) -> bool:
    """Tell whether `new_job_name` made a name, as far as that can be told from it."""
    return re.fullmatch(re.escape(_made_up(model)) + "[0-9a-f]{8}", name) is not None


def _made_up(model: str) -> str:
    slug = _ILLEGAL.sub("-", model).strip("-").lower()[:80]
    return f"ft-{slug}-"


def model_to_deploy(model: str | None) -> str:
    """Return the id under which a model is deployed: a URI as it is, a base model as the catalog spells it.

    Source: azure-ai-ml 1.35.2 refuses a version in the id of a base model.

    Raises:
        ConfigurationError: There is none, the catalog does not know it, or says that it cannot be deployed.
    """
    if model is None:
        raise ConfigurationError(
            "There is no model to deploy.",
            hint="Wait for the job: `job = client.jobs.wait(job)` fills fine_tuned_model.",
        )
    if model.startswith("azureml://"):
        return model
    known = catalog.get(model)
    if "deploy" not in known.capabilities:
        raise ConfigurationError(f"{known.id} cannot be deployed as a service.", hint="See `maas-ft models list`.")
    return f"azureml://registries/{known.registry}/models/{known.id}"
