"""A datastore as blob storage: where it is, and with what one gets in.

Three ways lead in: a signature or an account key that the workspace hands out, or the user's own token. The workspace's
secret is asked for first; the token takes over where the workspace has none, refuses it, or the account takes no keys.

Source: azure-rest-api-specs 2024-10-01-preview (datastores, listSecrets); azure-ai-ml 1.35.2 for the token that takes
over and for `KeyBasedAuthenticationNotPermitted`; azure-storage-blob 12.31.1 for the one token scope of all clouds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, quote

from maas_client.backends.azureml._wire import (
    WORKSPACE_VERSION,
    Target,
    encode_query,
    part,
    read_object,
    required,
    text,
)
from maas_client.backends.azureml.shared_key import SharedKey
from maas_client.core.flow import Flow
from maas_client.core.io import FileBody, Request, Response
from maas_client.errors import (
    BadRequestError,
    ConflictError,
    PermissionDeniedError,
    ResponseError,
    UnsupportedByServiceError,
)

BLOB_VERSION = "2022-11-02"
DEFAULT_DATASTORE = "workspaceblobstore"

_NO_KEYS = "KeyBasedAuthenticationNotPermitted"
_REFUSED = "AuthenticationFailed"
_ROLE = (
    "The workspace's own secret does not open this storage account, so your sign-in was used: it needs the role "
    "Storage Blob Data Contributor on the account."
)


@dataclass(frozen=True, slots=True)
class Access:
    """One way in; all empty is none."""

    signature: str | None = field(default=None, repr=False)
    """A query string."""
    lifetime_seconds: float | None = field(default=None, compare=False)
    """How long the signature opens, from when it was given out, if that is known."""
    key: SharedKey | None = None
    scope: str | None = None
    """Of the user's own token."""


@dataclass(slots=True)
class Store:
    """An opened datastore; its way in may change while it is used, for all who use it."""

    datastore: str
    url: str
    """Of the container, without a trailing slash."""
    account: str
    access: Access


class StorageFlows:
    """Flows that open datastores and ask them."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def open(self, datastore: str) -> Flow[Store]:
        """Find a datastore and a way in.

        Raises:
            UnsupportedByServiceError: It is not blob storage.
        """
        request = self._target.request(
            "Datastores_Get", "GET", f"/datastores/{quote(datastore, safe='')}", version=WORKSPACE_VERSION
        )
        properties = part(read_object(request, (yield request)), "properties")
        kind = text(properties.get("datastoreType")) or "AzureBlob"
        if kind != "AzureBlob":
            raise UnsupportedByServiceError(
                f"The datastore {datastore} is of type {kind}, not blob storage.", hint="Name a datastore of AzureBlob."
            )
        account = required(request, properties, "accountName")
        container = required(request, properties, "containerName")
        endpoint = text(properties.get("endpoint")) or self._target.storage_suffix
        protocol = text(properties.get("protocol")) or "https"
        store = Store(
            datastore=datastore,
            url=f"{protocol}://{account}.blob.{endpoint}/{quote(container)}",
            account=account.rpartition("/")[2],
            access=Access(scope=self._target.storage_scope),
        )
        if part(properties, "credentials").get("credentialsType") != "None":
            store.access = yield from self._secret(store)
        return store

    def ask(self, store: Store, make: Callable[[], Request]) -> Flow[Response]:
        """Send what `make` makes; where the way in is refused, once more by another.

        Raises:
            PermissionDeniedError: No way leads in.
        """
        used = store.access
        try:
            return (yield make())
        except PermissionDeniedError as error:
            if not (yield from self._find_another(store, used, error)):
                _explain(store, error)
                raise
        try:
            return (yield make())
        except PermissionDeniedError as error:
            _explain(store, error)
            raise

    def renew(self, store: Store) -> Flow[None]:
        """Ask for another signature, ahead of the end of the one that is used."""
        store.access = yield from self._secret(store)

    def _find_another(self, store: Store, used: Access, error: PermissionDeniedError) -> Flow[bool]:
        if store.access != used:
            return True  # somebody who uses the same store has found it
        if used.scope is None and error.code == _NO_KEYS:
            store.access = Access(scope=self._target.storage_scope)
        elif used.signature is not None and error.code == _REFUSED:
            store.access = yield from self._secret(store)  # it has expired in the middle of a long upload
        return store.access != used

    def _secret(self, store: Store) -> Flow[Access]:
        request = self._target.request(
            "Datastores_ListSecrets",
            "POST",
            f"/datastores/{quote(store.datastore, safe='')}/listSecrets",
            version=WORKSPACE_VERSION,
            body={"expirableSecret": True, "expireAfterHours": 1},
        )
        try:
            response = yield request
            body = read_object(request, response)
        except (BadRequestError, PermissionDeniedError, ConflictError):
            return Access(scope=self._target.storage_scope)
        if signature := text(body.get("sasToken")):
            signature = signature.lstrip("?")
            return Access(signature=signature, lifetime_seconds=_lifetime(signature, response.headers))
        key = text(body.get("key"))
        if key is None:
            raise UnsupportedByServiceError(
                f"The datastore {store.datastore} gave a {body.get('secretsType')!r} secret.",
                hint="Let the workspace hand out expiring signatures, or use an identity-based datastore.",
            )
        try:
            return Access(key=SharedKey.from_text(store.account, key))
        except ValueError:  # not chained: the cause may quote a part of the key
            raise ResponseError("The account key is not base64.", path="$.key", operation=request.operation) from None


def blob_request(
    operation: str,
    method: str,
    store: Store,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: FileBody | bytes | None = None,
    expect: tuple[int, ...] = (200,),
) -> Request:
    """Make a request to a blob, or with an empty path to its container, by the store's way in."""
    url = f"{store.url}/{quote(path)}" if path else store.url
    queries = [part for part in (encode_query(query), store.access.signature) if part]
    return Request(
        operation=operation,
        method=method,
        url=f"{url}?{'&'.join(queries)}" if queries else url,
        headers={"x-ms-version": BLOB_VERSION, "accept": "application/xml", **(headers or {})},
        body=body,
        scope=store.access.scope,
        signer=store.access.key,
        expect=expect,
    )


def _lifetime(signature: str, headers: Mapping[str, str]) -> float | None:
    """Return the seconds from an answer's own `Date` to the end of the signature in it: no clock of ours has a say.

    Source: learn.microsoft.com "Create a service SAS": `se` is ISO 8601 in UTC, perhaps without time of day.
    """
    try:
        (end,) = parse_qs(signature)["se"]
        ends = datetime.fromisoformat(end)
        left = ends.replace(tzinfo=ends.tzinfo or UTC) - parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return None
    return left / timedelta(seconds=1) if left > timedelta(0) else None


def _explain(store: Store, error: PermissionDeniedError) -> None:
    if store.access.scope is not None:
        error.hint = _ROLE
