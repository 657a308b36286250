"""`client.deployments`."""

from collections.abc import Mapping
from typing import Literal

from maas_client.core import stepping
from maas_client.core.lro import Lro
from maas_client.core.paging import AsyncPager, Page, Pager
from maas_client.errors import (
    AmbiguousWriteError,
    ConfigurationError,
    DeploymentFailedError,
    MaaSError,
    NotFoundError,
)
from maas_client.resources._deployment_create import begin_deployment
from maas_client.resources._names import check_deployment_name, model_to_deploy
from maas_client.resources._poller import AsyncPoller, Done, Poller
from maas_client.resources._session import Session, mirrors
from maas_client.types import Deployment, DeploymentKeys, DeploymentStatus, ServiceError

KeyName = Literal["primary", "secondary"]
_KEY_TYPES: Mapping[str, str] = {"primary": "Primary", "secondary": "Secondary"}
LATE_DEPLOYMENT_POLLS = 10
_BROKEN = {DeploymentStatus.FAILED, DeploymentStatus.CANCELLED}


class AsyncDeployments:
    """Models behind a URL, hosted by the service; a fine-tuned one is billed by the hour until it is deleted."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def begin_create(
        self,
        name: str,
        *,
        model: str | None,
        content_safety: bool | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> AsyncPoller[Deployment]:
        """Start a deployment; return at once. The same call again changes nothing.

        Args:
            name: A letter, then letters, digits and hyphens; 52 characters at most; unique in the region.
            model: `job.fine_tuned_model`, also of another workspace, in any region; or a base model of the catalog such
                as `Phi-4-mini-instruct`. `None`, which a job has until it has succeeded, is refused.
            content_safety: Whether prompts and answers pass a content filter; `None` leaves it to the service, which
                then filters.
            tags: Yours to set.

        Returns:
            A poller whose `result()` is the deployment, ready to be asked.

        Raises:
            ConfigurationError: The name is not legal, or the catalog says that the model cannot be deployed.
            ConflictError: A deployment of this name serves another model.
            AmbiguousWriteError: No answer came, and looking did not tell whether the deployment exists.
            StatusError: The service said no.
        """
        check_deployment_name(name)
        uri = model_to_deploy(model)
        operation = await begin_deployment(
            self._session, name, model=uri, tags=tags or {}, content_safety=content_safety
        )
        return deployment_poller(self._session, operation, name)

    async def get(self, deployment: Deployment | str) -> Deployment:
        """Get a deployment as it is now.

        Raises:
            NotFoundError: There is none of this name.
        """
        return await self._session.run(self._session.dialect.deployments.get(_named(deployment)))

    def list(self) -> AsyncPager[Deployment]:
        """List the deployments of the workspace."""

        async def fetch(cursor: str | None) -> Page[Deployment]:
            return await self._session.run(self._session.dialect.deployments.list_page(cursor))

        return AsyncPager(fetch, key=lambda deployment: deployment.name)

    async def begin_delete(self, deployment: Deployment | str) -> AsyncPoller[None]:
        """Start to delete a deployment; return at once.

        A name that nothing has is no error: what was to be deleted is not there.
        """
        name = _named(deployment)
        operation = await self._session.run(self._session.dialect.deployments.begin_delete(name))

        async def finish(ended: Lro) -> Done[None] | None:
            if ended.status == "succeeded":
                return Done(None)
            raise _failure(name, None, ended)

        return AsyncPoller(self._session, operation, finish, f"Deleting {name}")

    async def keys(self, deployment: Deployment | str) -> DeploymentKeys:
        """Get the two keys of a deployment; they are masked wherever they are printed."""
        name = _named(deployment)
        return await self._session.run(self._session.dialect.deployments.keys(name))

    async def regenerate_key(self, deployment: Deployment | str, key: KeyName) -> DeploymentKeys:
        """Replace one of the two keys; return both once it is done. Whoever uses the old one is refused from then on.

        It is never repeated behind your back, since each time makes another key.

        Args:
            deployment: From `get`, or its name.
            key: `primary` or `secondary`.

        Raises:
            ConfigurationError: There is no such key.
            NotFoundError: There is no such deployment.
            AmbiguousWriteError: No answer came: the key may have been replaced. `keys` tells what it is now.
        """
        name = _named(deployment)
        if key not in _KEY_TYPES:
            raise ConfigurationError(f"There is no {key!r} key.", hint="One of: primary, secondary.")
        flows = self._session.dialect.deployments
        try:
            operation = await self._session.run(flows.begin_regenerate_key(name, _KEY_TYPES[key]))
        except MaaSError as error:
            if not error.may_have_happened:
                raise
            raise AmbiguousWriteError(
                f"The {key} key of {name} may or may not have been replaced: {error.message}",
                hint=f"See what it is now: maas-ft deployments keys {name} --show",
                operation="ServerlessEndpoints_RegenerateKeys",
                intent={"operation": "ServerlessEndpoints_RegenerateKeys", "name": name, "key": key},
            ) from error

        async def finish(ended: Lro) -> Done[DeploymentKeys]:
            if ended.status != "succeeded":
                raise _failure(name, None, ended)
            return Done(await self.keys(name))

        return await AsyncPoller(self._session, operation, finish, f"Replacing the {key} key of {name}").result()

    async def update(self, deployment: Deployment | str, *, tags: Mapping[str, str]) -> Deployment:
        """Add tags to those that a deployment has, and return it once that is done; none is taken away.

        Raises:
            ConfigurationError: There is nothing to add.
            NotFoundError: There is none of this name.
        """
        name = _named(deployment)
        if not tags:
            raise ConfigurationError("There is nothing to change.", hint="Give a tag.")
        operation = await self._session.run(self._session.dialect.deployments.begin_update(name, tags=tags))

        async def finish(ended: Lro) -> Done[Deployment]:
            if ended.status != "succeeded":
                raise _failure(name, None, ended)
            return Done(await self.get(name))

        return await AsyncPoller(self._session, operation, finish, f"Updating {name}").result()

    async def resume(self, resume_token: str) -> AsyncPoller[Deployment]:
        """Follow a creation that was started earlier, here or in another process.

        Raises:
            ConfigurationError: The token is not one of a poller that `begin_create` returned.
        """
        operation = Lro.from_token(resume_token)
        if operation.method != "PUT":
            raise ConfigurationError("This resume token does not belong to the creation of a deployment.")
        name = operation.resource_url.partition("?")[0].rsplit("/", 1)[-1]
        return deployment_poller(self._session, operation, name)


def deployment_poller(session: Session, operation: Lro, name: str) -> AsyncPoller[Deployment]:
    """Follow a creation to the deployment, ready to be asked."""
    missing = 0

    async def finish(ended: Lro) -> Done[Deployment] | None:
        nonlocal missing
        try:
            deployment = await session.run(session.dialect.deployments.get(name))
        except NotFoundError:
            missing += 1
            # Reads may be behind the write: what has just come up is not believed to be gone at once.
            if ended.status == "succeeded" and missing <= LATE_DEPLOYMENT_POLLS:
                return None
            raise _failure(name, None, ended) from None
        if ended.status != "succeeded" or deployment.status in _BROKEN:
            raise _failure(name, deployment, ended)
        return Done(deployment) if deployment.is_ready else None

    return AsyncPoller(session, operation, finish, f"Deployment {name}")


def _named(deployment: Deployment | str) -> str:
    return check_deployment_name(deployment) if isinstance(deployment, str) else deployment.name


def _failure(name: str, deployment: Deployment | None, ended: Lro) -> DeploymentFailedError:
    error = ServiceError(code=ended.error_code, message=ended.error_message)
    reason = error.message or error.code or "the service gave no reason"
    again = f"Delete it before you create it again: maas-ft deployments delete {name}"
    return DeploymentFailedError(
        f"{ended.operation} of {name} ended as {ended.status}: {reason}",
        deployment=deployment,
        error=error,
        hint=again if ended.method == "PUT" else f"See how it stands: maas-ft deployments get {name}",
    )


@mirrors(AsyncDeployments)
class Deployments:
    def __init__(self, deployments: AsyncDeployments) -> None:
        self._deployments = deployments

    def begin_create(
        self,
        name: str,
        *,
        model: str | None,
        content_safety: bool | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Poller[Deployment]:
        poller = self._deployments.begin_create(name, model=model, content_safety=content_safety, tags=tags)
        return Poller(stepping.run(poller))

    def get(self, deployment: Deployment | str) -> Deployment:
        return stepping.run(self._deployments.get(deployment))

    def list(self) -> Pager[Deployment]:
        return Pager(self._deployments.list())

    def begin_delete(self, deployment: Deployment | str) -> Poller[None]:
        return Poller(stepping.run(self._deployments.begin_delete(deployment)))

    def keys(self, deployment: Deployment | str) -> DeploymentKeys:
        return stepping.run(self._deployments.keys(deployment))

    def regenerate_key(self, deployment: Deployment | str, key: KeyName) -> DeploymentKeys:
        return stepping.run(self._deployments.regenerate_key(deployment, key))

    def update(self, deployment: Deployment | str, *, tags: Mapping[str, str]) -> Deployment:
        return stepping.run(self._deployments.update(deployment, tags=tags))

    def resume(self, resume_token: str) -> Poller[Deployment]:
        return Poller(stepping.run(self._deployments.resume(resume_token)))
