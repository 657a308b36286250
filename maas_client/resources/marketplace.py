"""`client.marketplace`."""

from maas_client.core import stepping
from maas_client.core.lro import Lro
from maas_client.core.paging import AsyncPager, Page, Pager
from maas_client.errors import ConfigurationError, OperationError
from maas_client.resources._names import check_subscription_name, model_to_subscribe
from maas_client.resources._poller import AsyncPoller, Done, Poller
from maas_client.resources._session import Session, mirrors
from maas_client.types import MarketplaceSubscription


class AsyncMarketplace:
    """Subscriptions to models of other publishers, which those need before they can be deployed. Phi needs none."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def is_needed(self, model: str) -> bool:
        """Tell whether a model needs a subscription: those of other publishers' registries do. Nothing is sent.

        Args:
            model: A base model of the catalog, or a model id such as `azureml://registries/azureml-mistral/models/...`.

        Raises:
            ConfigurationError: It is no id, and the catalog does not know it.
        """
        return model_to_subscribe(model) is not None

    async def begin_create(self, name: str, *, model: str) -> AsyncPoller[MarketplaceSubscription]:
        """Start to subscribe to a model; return at once. The same call again changes nothing.

        Args:
            name: A letter or digit, then letters, digits, hyphens and underscores.
            model: A model id such as `azureml://registries/azureml-mistral/models/...`; a version in it is left out.

        Raises:
            ConfigurationError: The name is not legal, or the model needs no subscription, as Microsoft's own.
            StatusError: The service said no.
        """
        check_subscription_name(name)
        wanted = model_to_subscribe(model)
        if wanted is None:
            raise ConfigurationError(
                f"{model} needs no marketplace subscription.",
                hint="Deploy it as it is: only models of other publishers than Microsoft need one.",
            )
        operation = await self._session.run(self._session.dialect.marketplace.begin_create(name, model=wanted))

        async def finish(ended: Lro) -> Done[MarketplaceSubscription]:
            _check(name, ended)
            return Done(await self.get(name))

        return AsyncPoller(self._session, operation, finish, f"Subscription {name}")

    async def get(self, name: str) -> MarketplaceSubscription:
        """Get a subscription.

        Raises:
            NotFoundError: There is none of this name.
        """
        return await self._session.run(self._session.dialect.marketplace.get(check_subscription_name(name)))

    def list(self) -> AsyncPager[MarketplaceSubscription]:
        """List the subscriptions of the workspace."""

        async def fetch(cursor: str | None) -> Page[MarketplaceSubscription]:
            return await self._session.run(self._session.dialect.marketplace.list_page(cursor))

        return AsyncPager(fetch, key=lambda subscription: subscription.name)

    async def begin_delete(self, name: str) -> AsyncPoller[None]:
        """Start to end a subscription; return at once.

        A name that nothing has is no error: what was to be deleted is not there.
        """
        check_subscription_name(name)
        operation = await self._session.run(self._session.dialect.marketplace.begin_delete(name))

        async def finish(ended: Lro) -> Done[None]:
            _check(name, ended)
            return Done(None)

        return AsyncPoller(self._session, operation, finish, f"Deleting the subscription {name}")


def _check(name: str, ended: Lro) -> None:
    if ended.status != "succeeded":
        reason = ended.error_message or ended.error_code or "the service gave no reason"
        raise OperationError(f"{ended.operation} of {name} ended as {ended.status}: {reason}")


@mirrors(AsyncMarketplace)
class Marketplace:
    def __init__(self, marketplace: AsyncMarketplace) -> None:
        self._marketplace = marketplace

    def is_needed(self, model: str) -> bool:
        return self._marketplace.is_needed(model)

    def begin_create(self, name: str, *, model: str) -> Poller[MarketplaceSubscription]:
        return Poller(stepping.run(self._marketplace.begin_create(name, model=model)))

    def get(self, name: str) -> MarketplaceSubscription:
        return stepping.run(self._marketplace.get(name))

    def list(self) -> Pager[MarketplaceSubscription]:
        return Pager(self._marketplace.list())

    def begin_delete(self, name: str) -> Poller[None]:
        return Poller(stepping.run(self._marketplace.begin_delete(name)))
