"""What `jobs.py` is made of, loaded when first used: who only asks for a job pays for neither logs nor downloads."""

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
    "Poller": "_poller",
    "Watcher": "_job_watch",
    "artifacts": "_download",
    "artifacts_uri": "_download",
    "begin_delete": "_job_delete",
    "create_job": "_job_create",
    "download": "_download",
    "follow_logs": "_job_logs",
    "read_logs": "_job_logs",
    "read_metrics": "_job_metrics",
    "succeeded": "_job_watch",
}

if not TYPE_CHECKING:  # a checker that saw it would take a misspelt name for one that is there

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value: object = getattr(import_module(f"maas_client.resources.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
