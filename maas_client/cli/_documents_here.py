"""What `--output json` writes of this machine, as types: data, the contract suite, settings and the environment.

Beside `_documents`, which has what the service is asked for, and the table of all commands.
"""

# pydantic reads no other before Python 3.12.
from typing_extensions import TypedDict

from maas_client.dataset import Finding
from maas_client.dataset.measure import RowMeasure


class CheckedFile(TypedDict):
    """One file as it was when it was checked."""

    path: str
    part: str
    bytes: int
    sha256: str
    rows: int
    valid_rows: int
    messages: int
    mtime_ns: int
    inode: int
    measure: RowMeasure | None


class _Summary(TypedDict):
    service: str
    model: str | None
    method: str
    errors: int
    warnings: int
    shown: int
    rules: dict[str, int]
    files: list[CheckedFile]


class DataReport(TypedDict):
    """What a check of data found."""

    ok: bool
    summary: _Summary
    findings: list[Finding]


class Diff(TypedDict):
    """What `data fix --dry-run` would change."""

    changes: int
    diff: list[str]


class Converted(TypedDict):
    """What became of the rows."""

    out: str
    rows: int
    left_out: int
    shapes: dict[str, int]


class Rule(TypedDict):
    """Everything there is to say about a rule."""

    id: str
    name: str
    group: str
    severity: str
    severities: dict[str, list[str]]
    why: str
    hint: str
    fixable: bool
    source: str


class _Tried(TypedDict):
    id: str
    statement: str
    source: str
    verdict: str
    why: str | None
    request_id: str | None
    seconds: float


class Contract(TypedDict):
    """Which statements about the wire hold."""

    target: str
    ok: bool
    seconds: float
    counts: dict[str, int]
    left_behind: list[str]
    statements: list[_Tried]


class Statement(TypedDict):
    """A statement about the wire."""

    id: str
    text: str
    source: str
    makes: list[str]


class _Setting(TypedDict):
    value: str | bool | float | None
    origin: str


class ShownSettings(TypedDict):
    """Each setting and where it comes from."""

    profile: str | None
    profile_from: str | None
    settings: dict[str, _Setting]


class _LocalServer(TypedDict):
    folder: str
    running: bool
    url: str | None
    pid: int | None
    clock: str


class LocalSettings(TypedDict):
    """The local server."""

    local: _LocalServer


class WrittenProfile(TypedDict):
    """The profile that was written."""

    path: str
    profile: str
    default: bool
    verified: bool
    settings: dict[str, str | bool]


class _Profile(TypedDict):
    name: str
    default: bool
    subscription_id: str | None
    resource_group: str | None
    workspace: str | None
    base_url: str | None


class Profiles(TypedDict):
    """The profiles of the configuration file."""

    path: str
    profiles: list[_Profile]


class ConfigPath(TypedDict):
    """Where the configuration file is."""

    path: str
    exists: bool


class _ConfigFile(TypedDict):
    path: str
    exists: bool
    profile: str | None


class Environment(TypedDict):
    """Versions, places, and what stands between this machine and the service."""

    maas_client: str
    python: str
    platform: str
    executable: str
    packages: dict[str, str | None]
    catalog: str
    config: _ConfigFile
    journal: str
    proxies: dict[str, str]
    certificates: dict[str, str]
