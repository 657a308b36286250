"""`client.data`."""

from collections.abc import Mapping
from itertools import chain

from maas_client.backends.azureml.data import AssetDraft
from maas_client.core import stepping
from maas_client.core.paging import AsyncPager, Page, Pager
from maas_client.errors import ConfigurationError, ConflictError, NotFoundError
from maas_client.resources._names import check_asset_name
from maas_client.resources._once import Write, once
from maas_client.resources._session import Session, mirrors
from maas_client.types import DataAsset, File

OPERATION = "DataVersions_CreateOrUpdate"
ATTEMPTS = 3
"""So often a next version is asked for when somebody else takes it first."""


class AsyncData:
    """Data assets: uploaded files that the workspace knows by name and version."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(
        self,
        name: str,
        file: File | str,
        *,
        version: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> DataAsset:
        """Register an uploaded file as a version of an asset; the same version with the same file again is harmless.

        Args:
            name: A letter or digit, then letters, digits, hyphens, underscores and dots.
            file: From `files.upload`, or where the file lies: `azureml://datastores/...`.
            version: `None` takes the one after the last.
            description: For people.
            tags: Yours to set.

        Returns:
            The asset; `jobs.create` takes it for a file.

        Raises:
            ConfigurationError: The name, or where the file lies, is wrong. Nothing was sent.
            ConflictError: The version exists and is another file.
            AmbiguousWriteError: No answer came, and looking did not tell whether the version exists.
        """
        uri = file.id if isinstance(file, File) else file
        if "://" not in uri:
            raise ConfigurationError(
                f"{uri!r} is not where an uploaded file lies.",
                hint="Upload it first: `maas-ft files upload F --asset NAME`, or client.files.upload(path).",
            )
        draft = AssetDraft(check_asset_name(name), uri, description, dict(tags or {}))
        if version is not None:
            return await self._put(draft, version)
        return await self._create_next(draft, ATTEMPTS)

    async def get(self, name: str, version: str | None = None) -> DataAsset:
        """Get a data asset; without a version the newest.

        Raises:
            NotFoundError: There is none of this name, or no such version.
        """
        flows = self._session.dialect.data
        chosen = version if version is not None else await self._session.run(flows.latest_version(name))
        if chosen is None:
            raise NotFoundError(
                f"The service names no newest version of {name!r}.",
                status=404,
                operation="DataContainers_Get",
                hint="Name a version; `maas-ft assets list` shows them.",
            )
        return await self._session.run(flows.get(name, chosen))

    def list(self, *, name: str | None = None, archived: bool = False) -> AsyncPager[DataAsset]:
        """List data assets, all versions; pages are fetched as you go.

        Args:
            name: Only versions of this asset.
            archived: Archived ones too.
        """
        flows = self._session.dialect.data
        view = "All" if archived else "ActiveOnly"

        async def versions(asset: str) -> tuple[DataAsset, ...]:
            pager = AsyncPager(
                lambda cursor: self._session.run(flows.versions_page(asset, cursor, view=view)), key=_key
            )
            try:
                return tuple([version async for version in pager])
            except NotFoundError:
                return ()

        async def fetch(cursor: str | None) -> Page[DataAsset]:
            if name is not None:
                return Page(await versions(name), None)
            names = await self._session.run(flows.names_page(cursor, view=view))
            found = await self._session.io.map(versions, names.items, limit=4)
            return Page(tuple(chain.from_iterable(found)), names.next_cursor)

        return AsyncPager(fetch, key=_key)

    async def archive(self, name: str, version: str) -> DataAsset:
        """Leave a version out of lists; jobs may use it all the same.

        Raises:
            NotFoundError: There is no such version.
        """
        return await self._session.run(self._session.dialect.data.set_archived(name, version, archived=True))

    async def restore(self, name: str, version: str) -> DataAsset:
        """Take an archived version into lists again.

        Raises:
            NotFoundError: There is no such version.
        """
        return await self._session.run(self._session.dialect.data.set_archived(name, version, archived=False))

    async def _create_next(self, draft: AssetDraft, attempts: int) -> DataAsset:
        version = await self._session.run(self._session.dialect.data.next_version(draft.name))
        try:
            return await self._put(draft, version)
        except ConflictError:
            if attempts <= 1:
                raise
        return await self._create_next(draft, attempts - 1)

    async def _put(self, draft: AssetDraft, version: str) -> DataAsset:
        """Register it; after a lost answer look for it, so that one file never becomes two versions."""
        flows = self._session.dialect.data

        async def find() -> DataAsset | ConflictError:
            found = await self._session.run(flows.get(draft.name, version))
            if found.uri == draft.uri:
                return found
            message = f"The version {version} of {draft.name} exists and is another file."
            return ConflictError(message, status=409, operation=OPERATION)

        write = Write(
            operation=OPERATION,
            intent={"name": draft.name, "version": version},
            send=lambda: self._session.run(flows.create(draft, version)),
            find=find,
            doubt=f"The version {version} of {draft.name} may or may not have been registered",
            hint=f"Look with `maas-ft assets list --name {draft.name}`, or register it again under that version.",
        )
        return await once(write, rounds=1)


def _key(asset: DataAsset) -> str:
    return asset.id


@mirrors(AsyncData)
class Data:
    def __init__(self, data: AsyncData) -> None:
        self._data = data

    def create(
        self,
        name: str,
        file: File | str,
        *,
        version: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> DataAsset:
        return stepping.run(self._data.create(name, file, version=version, description=description, tags=tags))

    def get(self, name: str, version: str | None = None) -> DataAsset:
        return stepping.run(self._data.get(name, version))

    def list(self, *, name: str | None = None, archived: bool = False) -> Pager[DataAsset]:
        return Pager(self._data.list(name=name, archived=archived))

    def archive(self, name: str, version: str) -> DataAsset:
        return stepping.run(self._data.archive(name, version))

    def restore(self, name: str, version: str) -> DataAsset:
        return stepping.run(self._data.restore(name, version))
