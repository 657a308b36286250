"""`client.models`."""

from itertools import chain

from maas_client import catalog
from maas_client.core import stepping
from maas_client.core.paging import AsyncPager, Page, Pager
from maas_client.errors import NotFoundError
from maas_client.resources._session import Session, mirrors
from maas_client.types import FineTunedModel


class AsyncModels:
    """Fine-tuned models of the workspace, and the base models that this package knows."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def catalog(self) -> tuple[catalog.CatalogModel, ...]:
        """Return the base models that this package knows; nothing is sent."""
        return catalog.all_models()

    async def get(self, name: str, version: str | None = None) -> FineTunedModel:
        """Get a fine-tuned model; without a version the newest.

        Raises:
            NotFoundError: There is none of this name, or no such version.
        """
        if version is not None:
            return await self._session.run(self._session.dialect.models.get(name, version))
        newest: FineTunedModel | None = None
        async for model in self.list(name=name):
            if newest is None or _order(model) > _order(newest):
                newest = model
        if newest is None:
            raise NotFoundError(
                f"There is no model named {name!r} in the workspace.",
                status=404,
                operation="ModelVersions_List",
                hint="See `maas-ft models list`.",
            )
        return newest

    def list(self, *, name: str | None = None) -> AsyncPager[FineTunedModel]:
        """List fine-tuned models, all versions; pages are fetched as you go.

        Args:
            name: Only versions of this model.
        """
        flows = self._session.dialect.models

        async def versions(model: str) -> tuple[FineTunedModel, ...]:
            pager = AsyncPager(lambda cursor: self._session.run(flows.list_page(model, cursor)), key=_key)
            try:
                return tuple([version async for version in pager])
            except NotFoundError:
                return ()

        async def fetch(cursor: str | None) -> Page[FineTunedModel]:
            if name is not None:
                return Page(await versions(name), None)
            names = await self._session.run(flows.names_page(cursor))
            found = await self._session.io.map(versions, names.items, limit=4)
            return Page(tuple(chain.from_iterable(found)), names.next_cursor)

        return AsyncPager(fetch, key=_key)


def _key(model: FineTunedModel) -> str:
    return model.id


def _order(model: FineTunedModel) -> tuple[int, str]:
    return (int(model.version) if model.version.isdecimal() else -1, model.version)


@mirrors(AsyncModels)
class Models:
    def __init__(self, models: AsyncModels) -> None:
        self._models = models

    def catalog(self) -> tuple[catalog.CatalogModel, ...]:
        return self._models.catalog()

    def get(self, name: str, version: str | None = None) -> FineTunedModel:
        return stepping.run(self._models.get(name, version))

    def list(self, *, name: str | None = None) -> Pager[FineTunedModel]:
        return Pager(self._models.list(name=name))
