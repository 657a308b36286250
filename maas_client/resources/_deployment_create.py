"""Create a deployment so that it is one, whatever answers are lost: its name and its model tell it from another's."""

from collections.abc import Mapping

from maas_client.core.lro import Lro
from maas_client.errors import ConflictError, MaaSError, StatusError, TransportError
from maas_client.resources._once import Write, once
from maas_client.resources._session import Session

OPERATION = "ServerlessEndpoints_CreateOrUpdate"


async def begin_deployment(
    session: Session,
    name: str,
    *,
    model: str,
    tags: Mapping[str, str],
    content_safety: bool | None,
    look_first: bool = False,
) -> Lro:
    """Start it; after a lost answer, or first if an earlier process may have done so, look for it and take it up.

    Raises:
        ConflictError: A deployment of this name serves another model.
        AmbiguousWriteError: No answer came, and looking did not tell whether it exists.
        StatusError: The service said no.
    """
    flows = session.dialect.deployments

    async def find() -> Lro | ConflictError:
        existing = await session.run(flows.get(name))
        if existing.model.lower() == model.lower():
            return await session.run(flows.follow(name))
        return ConflictError(
            f"The deployment {name!r} exists and serves {existing.model}.",
            status=409,
            operation=OPERATION,
            hint="Choose another name, or delete that deployment first.",
        )

    write = Write(
        operation=OPERATION,
        intent={"name": name, "model": model},
        send=lambda: session.run(flows.begin_create(name, model=model, tags=dict(tags), content_safety=content_safety)),
        find=find,
        doubt=f"The deployment {name} may or may not have been started",
        hint=f"Look with `maas-ft deployments get {name}`, or create it again: it stays one deployment.",
        is_lost=_is_lost,
    )
    return await once(write, look_first=look_first)


def _is_lost(error: MaaSError) -> bool:
    # What is asked for before the write has errors of its own, after which there is nothing to look for.
    return isinstance(error, TransportError | StatusError) and error.may_have_happened and error.operation == OPERATION
