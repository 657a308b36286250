"""A deployed model as inference sees it, and who may use it."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EndpointView:
    """What inference needs to know of a serverless endpoint.

    Attributes:
        name: Name of the endpoint.
        model_id: Model it serves, such as `azureml://locations/.../models/support-bot/versions/1`.
        keys: Primary and secondary key, and whatever else opens it.
        answers: `maas_answers.json` of the model, or None when it has none.
        base_model: True for a model of the registry, which nobody tuned.
        created: Seconds since the epoch.
        filtered: True if content safety is on.
        open_to_all: True if no key is asked for.
    """

    name: str
    model_id: str
    keys: tuple[str, ...] = field(repr=False)
    answers: Path | None
    base_model: bool
    created: float
    filtered: bool = True
    open_to_all: bool = False

    @property
    def model_name(self) -> str:
        """The name in `model_id`, or all of it when it is not such an id."""
        _, found, rest = self.model_id.partition("/models/")
        return rest.split("/", 1)[0] if found else self.model_id


def authorized(view: EndpointView, headers: Mapping[str, str]) -> bool:
    """Tell whether a request carries one of the endpoint's keys, in any of the three ways in use, or needs none.

    Source: azure-ai-inference 1.0.0b9, recorded (`Authorization: Bearer` and `api-key` together); azureml-examples,
    fine-tuning notebook (`Authorization` without a prefix).
    """
    sent = headers.get("authorization", "").strip()
    scheme, _, rest = sent.partition(" ")
    offered = [rest.strip() if scheme.lower() == "bearer" else sent, headers.get("api-key", "").strip()]
    # Every pair is compared, so that time does not tell which key or header was close.
    matches = [_same(given, key) for given in offered for key in view.keys]
    return view.open_to_all or any(matches)


def _same(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode(), key.encode()) and bool(key)
