"""Foreign SDKs against the reference server: one result for each thing that a program does with them.

The operations are in `scenarios/`; each runs in the SDK's environment, and asserts what it sees through the SDK.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.referee.environments import EnvironmentMissingError
from tests.referee.scenarios import azure_ai_ml, faults, mlflow_reads, ours_first, ours_then, same_objects
from tests.referee.scenarios.operations import Scenario

Plan = tuple[tuple[str, ...], tuple[Scenario, ...]]
MICROSOFTS: Plan = (("azure_ai_ml",), azure_ai_ml.PARTS)
SAME_OBJECTS: Plan = (
    ("ours_first", "same_objects", "ours_then"),
    (ours_first.scenario, same_objects.scenario, ours_then.scenario),
)
MLFLOW: Plan = (("ours_first", "mlflow_reads"), (mlflow_reads.scenario,))

FAULTS: Plan = (("faults",), (faults.scenario,))


def cases() -> Iterator[Any]:
    for plan, sdk, version, scheme in (
        (MICROSOFTS, "azure-ai-ml", "1.35.2", "https"),
        (MICROSOFTS, "azure-ai-ml", "1.35.2", "http"),
        (MICROSOFTS, "azure-ai-ml", "1.27.1", "https"),
        (MICROSOFTS, "azure-ai-ml", "1.27.1", "http"),
        (SAME_OBJECTS, "azure-ai-ml", "1.35.2", "https"),
        (SAME_OBJECTS, "azure-ai-ml", "1.27.1", "http"),
        (FAULTS, "azure-ai-ml", "1.35.2", "https"),
        (FAULTS, "azure-ai-ml", "1.27.1", "http"),
        (MLFLOW, "azureml-mlflow", "1.62.0", "https"),
    ):
        modules, scenarios = plan
        for scenario in scenarios:
            for name in scenario.names(version, scheme):
                key = (modules, f"{sdk}-{version}", version, scheme)
                yield pytest.param(key, name, id=f"{sdk}-{version}-{scheme}-{name}")


@pytest.mark.slow
@pytest.mark.timeout(900)  # the first test waits for environments to be made and for its whole run
@pytest.mark.parametrize(("key", "operation"), list(cases()))
def test_operation(key: Any, operation: str, carried_out: Callable[[Any, str], str | None]) -> None:
    try:
        problem = carried_out(key, operation)
    except EnvironmentMissingError as error:
        pytest.skip(str(error))
    assert problem is None, problem
