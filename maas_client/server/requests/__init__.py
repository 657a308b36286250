"""What was asked of the server: a journal of requests and answers without their secrets, and assertions about it."""

from maas_client.server.requests.journal import RequestJournal
from maas_client.server.requests.middleware import RequestLine
from maas_client.server.requests.routes import request_routes

__all__ = ["RequestJournal", "RequestLine", "request_routes"]
