"""Not collected by itself: what a test run looks like in which the client sends what the wire does not know."""

from maas_client.core.io import Request
from tests.conformance.scripted import record


def test_that_passes_by_itself():
    record(Request(operation="Jobs_Get", method="GET", url="https://management.azure.com/jobz?api-version=soon"))
