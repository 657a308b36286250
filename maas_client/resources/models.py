"""`client.models`."""

import os
from itertools import chain
from typing import overload

from maas_client import catalog
from maas_client.backends.azureml import split_asset_uri
from maas_client.core import stepping
from maas_client.core.paging import AsyncPager, Page, Pager
from maas_client.errors import NotFoundError
from maas_client.resources._download import download
from maas_client.resources._session import Session, mirrors
from maas_client.types import Download, FineTunedModel, RegistryModel


class AsyncModels:
    """Fine-tuned models of the workspace, and the base models that this package knows."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def catalog(self) -> tuple[catalog.CatalogModel, ...]:
        """Return the base models that this package knows; nothing is sent."""
        return catalog.all_models()

    @overload
    async def get(self, name: str, version: str | None = None, *, registry: None = None) -> FineTunedModel: ...
    @overload
    async def get(self, name: str, version: str | None = None, *, registry: str) -> RegistryModel: ...
    async def get(
        self, name: str, version: str | None = None, *, registry: str | None = None
    ) -> FineTunedModel | RegistryModel:
        """Get a fine-tuned model of the workspace, or a base model of a registry; without a version the newest.

        Args:
            name: Name of the model.
            version: Its version; `None` takes the newest.
            registry: Such as `azureml`; `None` looks in the workspace.

        Raises:
            NotFoundError: There is none of this name, or no such version.
        """
        if registry is not None:
            return await self._in_registry(registry, name, version)
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
                hint="See `maas-ft models list --fine-tuned`; a base model needs --registry azureml.",
            )
        return newest

    async def download(
        self,
        model: FineTunedModel | str,
        folder: str | os.PathLike[str],
        *,
        version: str | None = None,
        overwrite: bool = False,
    ) -> Download:
        """Fetch the files of a fine-tuned model, such as its adapter; memory does not grow with their size.

        Started again after it was broken off, it goes on where it stopped: files of the same size and time stay as they
        are, and one that is not whole yet is continued, unless the service's copy has changed.

        Args:
            model: The model, its name, or its id as in `job.fine_tuned_model`.
            folder: Where to; made if need be. Nothing is written outside of it, nor through a link inside of it.
            version: Of a name; `None` takes the newest.
            overwrite: Replace files of the same name that differ.

        Raises:
            NotFoundError: There is no such model, or it has no files.
            ConfigurationError: A file is there already and differs, or cannot be written.
            PreconditionFailedError: A file changed at the service meanwhile.
        """
        found = model if isinstance(model, FineTunedModel) else await self._named(model, version)
        if found.uri is None:
            found = await self.get(found.name, found.version)
        done = await download(self._session, found.uri or "", os.fspath(folder), overwrite=overwrite)
        if not done.artifacts:
            raise NotFoundError(
                f"The model {found.name}:{found.version} has no files at {found.uri}.",
                status=404,
                operation="Blob_List",
                hint="Were they deleted from the workspace's storage?",
            )
        return done

    async def _in_registry(self, registry: str, name: str, version: str | None) -> RegistryModel:
        flows = self._session.dialect.registry
        if version is None:
            version = await self._session.run(flows.latest_version(registry, name))
        return await self._session.run(flows.get(registry, name, version))

    async def _named(self, model: str, version: str | None) -> FineTunedModel:
        name, its_version = split_asset_uri(model)
        return await self.get(name, version or its_version)

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

    def versions(self, name: str, *, registry: str) -> AsyncPager[RegistryModel]:
        """List the versions of a base model; pages are fetched as you go.

        Args:
            name: Name of the model.
            registry: Such as `azureml`.
        """
        flows = self._session.dialect.registry
        return AsyncPager(lambda cursor: self._session.run(flows.versions_page(registry, name, cursor)), key=_key)


def _key(model: FineTunedModel | RegistryModel) -> str:
    return model.id


def _order(model: FineTunedModel) -> tuple[int, str]:
    return (int(model.version) if model.version.isdecimal() else -1, model.version)


@mirrors(AsyncModels)
class Models:
    def __init__(self, models: AsyncModels) -> None:
        self._models = models

    def catalog(self) -> tuple[catalog.CatalogModel, ...]:
        return self._models.catalog()

    @overload
    def get(self, name: str, version: str | None = None, *, registry: None = None) -> FineTunedModel: ...
    @overload
    def get(self, name: str, version: str | None = None, *, registry: str) -> RegistryModel: ...
    def get(
        self, name: str, version: str | None = None, *, registry: str | None = None
    ) -> FineTunedModel | RegistryModel:
        if registry is not None:
            return stepping.run(self._models.get(name, version, registry=registry))
        return stepping.run(self._models.get(name, version))

    def download(
        self,
        model: FineTunedModel | str,
        folder: str | os.PathLike[str],
        *,
        version: str | None = None,
        overwrite: bool = False,
    ) -> Download:
        return stepping.run(self._models.download(model, folder, version=version, overwrite=overwrite))

    def list(self, *, name: str | None = None) -> Pager[FineTunedModel]:
        return Pager(self._models.list(name=name))

    def versions(self, name: str, *, registry: str) -> Pager[RegistryModel]:
        return Pager(self._models.versions(name, registry=registry))
