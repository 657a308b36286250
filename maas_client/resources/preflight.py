"""`client.preflight`: everything that a job needs, looked at before one is sent.

Theory of operation. The checks come in three waves; those of a wave run at once, each for nine seconds at most, so that
whatever hangs, all of it ends in less than thirty. A check that needs what an earlier one did not find is skipped, and
says so: the first failure is the cause, not one of ten. Nothing is written at the service, nothing is started.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from maas_client.core import stepping
from maas_client.errors import MaaSError, RequestTimeoutError
from maas_client.resources import _preflight_line as line
from maas_client.resources import _preflight_plan as plan
from maas_client.resources import _preflight_workspace as place
from maas_client.resources._probe import Finding, Probe, failed, failure, skipped
from maas_client.resources._session import Session
from maas_client.types import CheckStatus, PreflightCheck

CHECK_SECONDS = 9.0
"""Of one check; there are three waves."""


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    look: Callable[[Probe], Awaitable[Finding]]
    needs: tuple[str, ...] = ()


_LINE = (
    _Check("proxy", line.proxy),
    _Check("dns", line.dns),
    _Check("service", line.service),
    _Check("sign_in", line.sign_in),
)
_CLOCK = _Check("clock", line.clock)
_WORKSPACE = (
    _Check("workspace", place.workspace, needs=("service", "sign_in")),
    _Check("role", place.role, needs=("service", "sign_in")),
)
_PARTS = (
    _Check("data_plane", place.data_plane, needs=("workspace",)),
    _Check("storage", place.storage, needs=("workspace",)),
)
_MODEL = _Check("lifecycle", plan.lifecycle)
_REGION = _Check("region", plan.region, needs=("workspace",))
_JOB = _Check("job_name", plan.job_name, needs=("workspace",))
_DEPLOYMENT = _Check("deployment", plan.deployment, needs=("workspace",))


async def checks(
    session: Session, model: str | None, name: str | None, deploy: str | None
) -> AsyncGenerator[PreflightCheck, None]:
    """Make the checks and give each when its wave is done."""
    probe = Probe(session, model, name, deploy)
    done: dict[str, PreflightCheck] = {}
    for wave in _waves(probe):
        found = await session.io.map(partial(_made, probe, done), wave, limit=len(wave))
        done |= {check.name: check for check in found}
        if wave is _LINE:
            _blame_dns(done)
        for check in wave:
            yield done[check.name]


def _waves(probe: Probe) -> Iterator[tuple[_Check, ...]]:
    yield _LINE
    yield (_CLOCK,)
    yield _WORKSPACE
    wanted = ((probe.model, _MODEL), (probe.model, _REGION), (probe.name, _JOB), (probe.deploy, _DEPLOYMENT))
    yield (*_PARTS, *(check for value, check in wanted if value is not None))


async def _made(probe: Probe, done: Mapping[str, PreflightCheck], check: _Check) -> PreflightCheck:
    io = probe.session.io
    began = await io.monotonic()
    lacking = [name for name in check.needs if done[name].status in {CheckStatus.FAILED, CheckStatus.SKIPPED}]
    finding = skipped(f"It needs {_spoken(lacking[0])}.") if lacking else await _bounded(probe, check)
    return PreflightCheck(
        name=check.name,
        status=finding.status,
        message=finding.message,
        hint=finding.hint,
        error=finding.error,
        seconds=round(await io.monotonic() - began, 3),
    )


async def _bounded(probe: Probe, check: _Check) -> Finding:
    try:
        return await probe.session.io.within(CHECK_SECONDS, lambda: check.look(probe))
    except MaaSError as error:
        return failure(error)
    except TimeoutError:
        return failed(
            f"It was not done within {CHECK_SECONDS:g} s.",
            "Something on the way waits without an end: a name server, a firewall, or a sign-in that asks somebody.",
            RequestTimeoutError,
        )


def _blame_dns(done: dict[str, PreflightCheck]) -> None:
    """Leave a service whose name is not known to the check that says so."""
    if done["dns"].status is CheckStatus.FAILED and done["service"].status is CheckStatus.FAILED:
        done["service"] = PreflightCheck(
            name="service", status=CheckStatus.SKIPPED, message="It needs dns.", seconds=done["service"].seconds
        )


def _spoken(name: str) -> str:
    return name.replace("_", "-")


def checks_in_turn(
    session: Session, model: str | None, name: str | None, deploy: str | None
) -> Generator[PreflightCheck, None, None]:
    """Make the checks of a client without an event loop."""
    return stepping.iterate(checks(session, model, name, deploy))
