"""Checks of what is meant to be done: the model, the region, and the names."""

from maas_client import catalog
from maas_client.errors import ConfigurationError, ConflictError, MaaSError, NotFoundError
from maas_client.resources._names import check_deployment_name, check_job_name
from maas_client.resources._probe import Finding, Probe, failed, ok, skipped, warning


async def lifecycle(probe: Probe) -> Finding:
    """Whether the service still tunes the model."""
    model = catalog.get(probe.model or "")
    today = (await probe.session.io.now()).date()
    # A refusal is raised, with the model to use instead.
    warnings = catalog.check_finetune(model, today=today, emulator=probe.session.emulator, allow_retired=False)
    known = _known(model, "lifecycle")
    if warnings:
        return warning(f"{' '.join(warnings)} ({known})")
    status = model.finetune_status(today)
    if status.state != "current":
        day = status.retired if status.state == "retired" else status.deprecated
        return ok(f"{model.id}: the emulator tunes it, although Azure {status.state} that on {day}.")
    return ok(f"{model.id} is tuned as a service, and no end of that is announced ({known}).")


async def region(probe: Probe) -> Finding:
    """Whether the workspace's region tunes the model: by its registry if that tells, else by the catalog."""
    location = _folded(probe.found.location) if probe.found is not None else ""
    if not location:
        return skipped("The workspace does not say in which region it is.")
    try:
        model = catalog.get(probe.model or "")
    except ConfigurationError:
        return skipped("The model is not known.")
    said = await _said_by_registry(probe, model)
    if location in said:
        return ok(f"{location} tunes {model.id}, says its registry.")
    if said:
        return failed(
            f"{location} does not tune {model.id}, says its registry.",
            f"Use a workspace in {_either(said)}.",
            ConfigurationError,
        )
    known = _known(model, "finetune_regions")
    if location in model.finetune_regions:
        return ok(f"{location} tunes {model.id} ({known}; its registry does not say).")
    return warning(
        f"{location} is not among the regions that are known to tune {model.id} ({known}; its registry does not say).",
        f"Use a workspace in {_either(model.finetune_regions)}, or try." if model.finetune_regions else None,
    )


async def job_name(probe: Probe) -> Finding:
    """Whether a job may have the name."""
    name = check_job_name(probe.name or "")
    try:
        job = await probe.session.run(probe.session.dialect.jobs.get(name))
    except NotFoundError:
        return ok(f"No job is named {name}.")
    since = f", created {job.created_at:%Y-%m-%d %H:%M} UTC" if job.created_at else ""
    return failed(
        f"A job named {name} exists ({job.status.value}{since}).",
        "Use another name, or leave it out: then one is made up. The very same job may be submitted again.",
        ConflictError,
    )


async def deployment(probe: Probe) -> Finding:
    """Whether a deployment may have the name."""
    name = check_deployment_name(probe.deploy or "")
    try:
        found = await probe.session.run(probe.session.dialect.deployments.get(name))
    except NotFoundError:
        return ok(f"No deployment is named {name}.")
    return failed(
        f"A deployment named {name} exists ({found.status.value}) and serves {found.model}.",
        f"Use another name, or delete it first: maas-ft deployments delete {name}",
        ConflictError,
    )


async def _said_by_registry(probe: Probe, model: catalog.CatalogModel) -> tuple[str, ...]:
    flows = probe.session.dialect.registry
    try:
        version = await probe.session.run(flows.latest_version(model.registry, model.id))
        found = await probe.session.run(flows.get(model.registry, model.id, version))
    except MaaSError:
        return ()  # what cannot be asked does not say
    return tuple(_folded(each) for each in found.finetune_regions)


def _known(model: catalog.CatalogModel, fact: str) -> str:
    source = catalog.sources()[model.facts[fact]]
    return f"as of {source.dated or source.retrieved}"


def _folded(region: str) -> str:
    """Write a region as the resource manager does: `East US 2` is `eastus2`."""
    return region.replace(" ", "").lower()


def _either(regions: tuple[str, ...]) -> str:
    return " or ".join((", ".join(regions[:-1]), regions[-1])) if len(regions) > 1 else regions[0]
