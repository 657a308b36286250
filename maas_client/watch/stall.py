"""When a stage lasts longer than usual, that is worth saying: a run that hangs looks like one that takes its time.

How long is usual is our judgement, and generous: the service publishes no times. Machines come within minutes, a queue
may take hours, a step of training with its report at every tenth takes minutes, and a model of some gigabytes is
registered within the hour. While training runs, the time counts since its last news, not since it began.
"""

from dataclasses import dataclass

from maas_client.types import FineTuningJob

_USUAL_SECONDS = {
    "notstarted": 1800.0,
    "starting": 1800.0,
    "provisioning": 3600.0,
    "preparing": 3600.0,
    "queued": 7200.0,
    "running": 3600.0,
    "finalizing": 3600.0,
    "cancelrequested": 1800.0,
    "notresponding": 1800.0,
}
_OTHER_SECONDS = 7200.0


@dataclass(slots=True)
class Stall:
    """What one watch knows of how long a job's stage has lasted. Every `at` is a reading, in seconds, of one clock."""

    word: str = ""
    since: float = 0.0
    said: bool = False

    def look(self, job: FineTuningJob, at: float, *, news: bool = False) -> str | None:
        """Return what to say, once a stage: nothing while it may still be on its usual way."""
        if news or job.raw_status != self.word:
            self.word, self.since, self.said = job.raw_status, at, False
            return None
        usual = _USUAL_SECONDS.get(job.raw_status.lower(), _OTHER_SECONDS)
        if self.said or at - self.since <= usual:
            return None
        self.said = True
        return (
            f"Stalled? No news in {job.raw_status} for {_minutes(at - self.since)}; usually there is some within "
            f"{_minutes(usual)}. It may go on by itself. See its log: maas-ft jobs logs {job.name} , "
            f"or end it: maas-ft jobs cancel {job.name}"
        )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes"
