"""What training does on the reference server: nothing is trained; a whole run is planned from the data, and says so."""

from maas_client.server.engine.plan import LogLine, MetricPoint, PlanError, TrainingInput, TrainingPlan
from maas_client.server.engine.simulate import make_plan

__all__ = ["LogLine", "MetricPoint", "PlanError", "TrainingInput", "TrainingPlan", "make_plan"]
