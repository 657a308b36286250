"""Transition tables, as data: which word may follow which.

Source: azure-rest-api-specs, 2024-10-01-preview mfe.json, `JobStatus`, `ServerlessEndpointState`,
`EndpointProvisioningState`; the order of the job's words is that of the training package's pipeline runs.
"""

from itertools import pairwise
from typing import Final

JOB: Final[dict[str, frozenset[str]]] = {
    "NotStarted": frozenset(
        {"Starting", "Provisioning", "Preparing", "Queued", "Running", "CancelRequested", "Failed"}
    ),
    "Starting": frozenset({"Provisioning", "Preparing", "Queued", "Running", "CancelRequested", "Failed"}),
    "Provisioning": frozenset({"Preparing", "Queued", "Running", "CancelRequested", "Failed"}),
    "Preparing": frozenset({"Queued", "Running", "CancelRequested", "Failed"}),
    "Queued": frozenset({"Preparing", "Running", "CancelRequested", "Failed"}),
    "Running": frozenset({"Finalizing", "Completed", "NotResponding", "CancelRequested", "Failed"}),
    "NotResponding": frozenset({"Running", "Finalizing", "Completed", "CancelRequested", "Failed"}),
    "Finalizing": frozenset({"Completed", "CancelRequested", "Failed"}),
    "CancelRequested": frozenset({"Canceled"}),
    "Completed": frozenset(),
    "Failed": frozenset(),
    "Canceled": frozenset(),
}
"""Job status -> the words that may follow it. Terminal: those with none."""

JOB_TERMINAL: Final = frozenset(word for word, after in JOB.items() if not after)

ENDPOINT: Final[dict[tuple[str, str], frozenset[tuple[str, str]]]] = {
    ("Creating", "Creating"): frozenset(
        {("Succeeded", "Online"), ("Succeeded", "Creating"), ("Failed", "CreationFailed"), ("Deleting", "Deleting")}
    ),
    ("Succeeded", "Creating"): frozenset({("Succeeded", "Online"), ("Deleting", "Deleting")}),
    ("Failed", "CreationFailed"): frozenset({("Deleting", "Deleting")}),
    ("Succeeded", "Online"): frozenset({("Deleting", "Deleting")}),
    ("Deleting", "Deleting"): frozenset(),
}
"""(provisioningState, endpointState) -> the pairs that may follow. After Deleting the endpoint is gone."""

CANCEL_SECONDS: Final = 5.0
ENDPOINT_CREATE_SECONDS: Final = 30.0
ENDPOINT_UPDATE_SECONDS: Final = 5.0
ENDPOINT_DELETE_SECONDS: Final = 5.0
JOB_DELETE_SECONDS: Final = 2.0
"""Virtual seconds that each change takes; chosen by us, the service states none."""


def stages_problem(stages: tuple[tuple[str, float], ...]) -> str | None:
    """Say what is wrong with a time line of job stages, or None when it follows the table."""
    if not stages or stages[0] != ("NotStarted", 0.0):
        return "the time line does not begin with NotStarted at 0"
    for (word, offset), (after, later) in pairwise(stages):
        if after not in JOB.get(word, frozenset()):
            return f"{after} may not follow {word}"
        if later < offset:
            return f"{after} comes before {word}"
    return None if stages[-1][0] in JOB_TERMINAL else f"the time line ends with {stages[-1][0]}"
