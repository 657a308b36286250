"""How the service behaves where a user may choose."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

DATASTORE_AUTHS = ("sas", "key", "identity")
DEFAULT_REGION = "eastus2"
"""The region where every Phi model was tuned. Source: model cards, 2025."""

_REGION = re.compile(r"[a-z][a-z0-9]{2,30}")


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What a user may choose.

    Attributes:
        datastore_auth: `sas`: a workspace hands out signatures, and its account key to who asks for a secret that does
            not expire; `key`: the account key only; `identity`: no secret, the caller's token opens storage.
        region: Of workspaces that are named for the first time.
        regions: The same for single workspaces, by name in lower case.
        auth: Which credentials are asked for: `off`, `any` or `strict`.
        token_lifetime: Seconds that a token of this server is good for.
        api_key: Opens every deployment, beside its own keys; None: nothing does.
    """

    datastore_auth: str = "sas"
    region: str = DEFAULT_REGION
    regions: Mapping[str, str] = field(default_factory=dict)
    auth: str = "any"
    token_lifetime: int = 3600
    api_key: str | None = field(default=None, repr=False)


def read_options(
    datastore_auth: str, regions: Iterable[str], *, auth: str, token_lifetime: int, api_key: str | None
) -> ServiceOptions:
    """Read what the command line says; a region is `westus3`, or `my-workspace=westus3` for one workspace.

    Raises:
        ValueError: It says something that is not possible.
    """
    if datastore_auth not in DATASTORE_AUTHS:
        raise ValueError(f"--datastore-auth {datastore_auth} is none of {', '.join(DATASTORE_AUTHS)}")
    named: dict[str, str] = {}
    for text in regions:
        workspace, _, region = text.rpartition("=")
        if not _REGION.fullmatch(region) or ("=" in text and not workspace):
            raise ValueError(f"--region {text} is not a region, such as westus3 or my-workspace=westus3")
        named[workspace.lower()] = region
    return ServiceOptions(datastore_auth, named.pop("", DEFAULT_REGION), named, auth, token_lifetime, api_key)
