"""The server of the server's own tests."""

from tests.unit.server.conftest import server

__all__ = ["server"]
