"""All that a program does with azure-ai-ml and azure-ai-inference for a fine-tuning job, in one process.

Run as `python -m tests.referee.scenarios.azure_ai_ml READY VERSION WORKSPACE FOLDER`: the ready line of a server, the
version of azure-ai-ml, a workspace and a folder of the run's own.
"""

from tests.referee.scenarios import assets, endpoints, inference, jobs, models
from tests.referee.scenarios.azure_sdk import carry_out
from tests.referee.scenarios.operations import Scenario

PARTS: tuple[Scenario, ...] = (
    assets.scenario,
    jobs.scenario,
    models.scenario,
    endpoints.scenario,
    inference.scenario,
    endpoints.last,
)


if __name__ == "__main__":
    carry_out(*PARTS)
