"""Microsoft's own SDKs against the reference server: one result for each thing that a program does with them.

The operations are in `scenarios/`; each runs in the SDK's environment, and asserts what it sees through the SDK.
"""

from collections.abc import Callable

import pytest

from tests.referee.environments import EnvironmentMissingError
from tests.referee.scenarios import azure_ai_ml

VERSIONS = ("1.35.2", "1.27.1")
CASES = [
    pytest.param(("azure_ai_ml", f"azure-ai-ml-{version}", version, scheme), name, id=f"{version}-{scheme}-{name}")
    for version in VERSIONS
    for scheme in ("https", "http")
    for name in azure_ai_ml.names(version, scheme)
]


@pytest.mark.timeout(900)  # the first test waits for environments to be made and for its whole run
@pytest.mark.parametrize(("key", "operation"), CASES)
def test_operation(
    key: tuple[str, str, str, str], operation: str, carried_out: Callable[[tuple[str, str, str, str], str], str | None]
) -> None:
    try:
        problem = carried_out(key, operation)
    except EnvironmentMissingError as error:
        pytest.skip(str(error))
    assert problem is None, problem
