"""Chat completions of deployed models: answers of the training data, marked as simulated."""

from maas_client.server.inference.endpoint import EndpointView
from maas_client.server.inference.http import routes

__all__ = ["EndpointView", "routes"]
