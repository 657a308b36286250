"""A plan's preflight: whether it could be sent from here now."""

from maas_client.backends.azureml.jobs import FINGERPRINT
from maas_client.errors import NotFoundError, PreflightError
from maas_client.resources import preflight
from maas_client.resources._names import is_made_up
from maas_client.resources._session import Session
from maas_client.types import CheckStatus, Compute, Plan, PreflightCheck, PreflightReport


async def looked_at(session: Session, plan: Plan, *, compute: Compute | None) -> Plan:
    """Return the plan with its preflight."""
    # On compute of the user's, or against the catalog's advice, what the service offers by itself does not matter.
    model = None if compute is not None or plan.allow_retired else plan.model
    name = None if is_made_up(plan.name, plan.model) else plan.name
    deploy = plan.deployment.name if plan.deployment is not None else None
    checks = [check async for check in preflight.checks(session, model, name, deploy)]
    if any(check.name == "job_name" and check.status is CheckStatus.FAILED for check in checks):
        checks = [await _same_job(session, plan, check) if check.name == "job_name" else check for check in checks]
    return plan.model_copy(update={"preflight": PreflightReport(checks=tuple(checks))})


async def _same_job(session: Session, plan: Plan, check: PreflightCheck) -> PreflightCheck:
    """A name that is taken by this very job is no obstacle: it stays one job."""
    try:
        job = await session.run(session.dialect.jobs.get(plan.name))
    except NotFoundError:
        return check
    if job.properties.get(FINGERPRINT) != plan.fingerprint:
        return check
    message = f"The job {plan.name} exists already with this definition ({job.status.value}); it stays one job."
    return check.model_copy(update={"status": CheckStatus.OK, "message": message, "hint": None, "error": None})


def refuse_failed(plan: Plan) -> None:
    """Refuse a plan whose preflight found what would stop it.

    Raises:
        PreflightError: It did.
    """
    failed = plan.preflight.failed if plan.preflight is not None else ()
    if plan.preflight is not None and failed:
        first = failed[0]
        more = f" Besides, {len(failed) - 1} more failed." if len(failed) > 1 else ""
        name = first.name.replace("_", "-")
        raise PreflightError(
            f"The preflight of this plan failed: {name}: {first.message}{more} Nothing was sent.",
            report=plan.preflight,
            hint=f"{first.hint} Then plan again." if first.hint else "Mend it, then plan again.",
        )
