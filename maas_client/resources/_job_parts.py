"""What `jobs.py` is made of, loaded when first used: who only asks for a job pays for neither logs nor downloads."""

from maas_client.base.lazy import loads

TYPE_CHECKING = False  # what typing calls so; importing typing would cost more

if TYPE_CHECKING:
    from maas_client.resources._download import artifacts, artifacts_uri, download
    from maas_client.resources._job_create import create_job
    from maas_client.resources._job_delete import begin_delete
    from maas_client.resources._job_logs import follow_logs, read_logs
    from maas_client.resources._job_metrics import read_metrics
    from maas_client.resources._job_watch import Watcher, succeeded
    from maas_client.resources._poller import Poller

__all__ = [
    "Poller",
    "Watcher",
    "artifacts",
    "artifacts_uri",
    "begin_delete",
    "create_job",
    "download",
    "follow_logs",
    "read_logs",
    "read_metrics",
    "succeeded",
]

_HOMES = {
    "Poller": "maas_client.resources._poller",
    "Watcher": "maas_client.resources._job_watch",
    "artifacts": "maas_client.resources._download",
    "artifacts_uri": "maas_client.resources._download",
    "begin_delete": "maas_client.resources._job_delete",
    "create_job": "maas_client.resources._job_create",
    "download": "maas_client.resources._download",
    "follow_logs": "maas_client.resources._job_logs",
    "read_logs": "maas_client.resources._job_logs",
    "read_metrics": "maas_client.resources._job_metrics",
    "succeeded": "maas_client.resources._job_watch",
}

if not TYPE_CHECKING:  # a checker that saw it would take a misspelt name for one that is there
    __getattr__ = loads(__name__, _HOMES)
