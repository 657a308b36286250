"""Faults as data: programs that name requests and say what becomes of them."""

from maas_client.server.faults.engine import Faults
from maas_client.server.faults.middleware import FaultLine
from maas_client.server.faults.parse import ProgramError, read_programs, read_source
from maas_client.server.faults.routes import fault_routes

__all__ = ["FaultLine", "Faults", "ProgramError", "fault_routes", "read_programs", "read_source"]
