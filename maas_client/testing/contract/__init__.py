"""Statements about the wire, to be tried at any base URL: the reference server, a proxy, or the service itself.

`STATEMENTS` are sentences with their source; `run` tries them and makes a `Report`. They need no test runner.
"""

from maas_client.testing.contract.bench import Bench
from maas_client.testing.contract.place import bench_of
from maas_client.testing.contract.run import Outcome, Report, Verdict, run
from maas_client.testing.contract.statement import Makes, Statement
from maas_client.testing.contract.suite import STATEMENTS, select

__all__ = ["STATEMENTS", "Bench", "Makes", "Outcome", "Report", "Statement", "Verdict", "bench_of", "run", "select"]
