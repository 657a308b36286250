"""How a run ends badly: raised inside the engine, turned into a failed plan at its top."""

from maas_client.server.engine.plan import PlanError


class RunFailedError(Exception):
    """The run cannot go on; `error` is what its history will show."""

    def __init__(self, message: str, code: str = "UserError") -> None:
        super().__init__(message)
        self.error = PlanError(code, message)
