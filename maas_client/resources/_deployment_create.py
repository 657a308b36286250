"""Create a deployment so that it is one, whatever answers are lost: its name and its model tell it from another's."""

from collections.abc import Mapping

from maas_client.core.lro import Lro
from maas_client.errors import (
    AmbiguousWriteError,
    ConflictError,
    MaaSError,
    NotFoundError,
    StatusError,
    TransportError,
)
from maas_client.resources._session import Session

OPERATION = "ServerlessEndpoints_CreateOrUpdate"
ROUNDS = 2
"""So often it is sent in full, each time with the retries of one call, if it is not there after a lost answer."""


async def begin_deployment(
    session: Session,
    name: str,
    *,
    model: str,
    tags: Mapping[str, str],
    content_safety: bool | None,
    look_first: bool = False,
    rounds: int = ROUNDS,
) -> Lro:
    """Start it; after a lost answer, or first if an earlier process may have done so, look for it and take it up.

    Raises:
        ConflictError: A deployment of this name serves another model.
        AmbiguousWriteError: No answer came, and looking did not tell whether it exists.
        StatusError: The service said no.
    """
    if look_first and (taken := await _take_up(session, name, model, None)) is not None:
        return taken
    flows = session.dialect.deployments
    try:
        return await session.run(flows.begin_create(name, model=model, tags=dict(tags), content_safety=content_safety))
    except (TransportError, StatusError) as error:
        if not error.may_have_happened or error.operation != OPERATION:
            raise
        taken = await _take_up(session, name, model, error)
        if taken is None and rounds <= 1:
            raise
    return taken or await begin_deployment(
        session, name, model=model, tags=tags, content_safety=content_safety, rounds=rounds - 1
    )


async def _take_up(session: Session, name: str, model: str, lost: MaaSError | None) -> Lro | None:
    """Return the creation that is under way or over, and nothing if there is no such deployment."""
    flows = session.dialect.deployments
    try:
        existing = await session.run(flows.get(name))
        if existing.model.lower() == model.lower():
            return await session.run(flows.follow(name))
    except NotFoundError:
        return None
    except MaaSError as error:
        if lost is None:
            raise
        raise AmbiguousWriteError(
            f"The deployment {name} may or may not have been started: {lost.message}",
            hint=f"Look with `maas-ft deployments get {name}`, or create it again: it stays one deployment.",
            operation=OPERATION,
            intent={"operation": OPERATION, "name": name, "model": model},
        ) from error
    raise ConflictError(
        f"The deployment {name!r} exists and serves {existing.model}.",
        status=409,
        operation=OPERATION,
        hint="Choose another name, or delete that deployment first.",
    )
