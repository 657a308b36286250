"""What statements are tried with: names, raw requests, waiting, and things that several statements share."""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from maas_client.testing.contract.statement import NotTried, Violation
from maas_client.testing.contract.wire import Answer, Wire
from maas_client.testing.control import Control

T = TypeVar("T")
API = "2024-10-01-preview"
"""The version that Microsoft's SDK pins for fine-tuning jobs. Source: azure-ai-ml 1.23 to 1.35.2."""
SERVERLESS = "2024-01-01-preview"
"""Of serverless endpoints. Source: azure-ai-ml, every version."""
INFERENCE = "2024-05-01-preview"
BLOB_HEADERS = {"x-ms-version": "2022-11-02"}
ROWS = 20
_STEP_SECONDS = 900.0


class Bench:
    """One workspace to try statements in."""

    def __init__(
        self, wire: Wire, *, live: bool, pause_seconds: float, patience_seconds: float, control: Control | None = None
    ) -> None:
        """Take a workspace.

        Args:
            wire: Sends the requests.
            live: True if it is not a reference server.
            pause_seconds: Real seconds between two looks.
            patience_seconds: Real seconds after which waiting is given up.
            control: Moves the clock of a reference server; None lets it pass.
        """
        self.wire = wire
        self.live = live
        self.undo: list[tuple[str, Callable[[], None]]] = []
        self._pause, self._patience = pause_seconds, patience_seconds
        self._control = control
        self._run = uuid.uuid4().hex[:8]
        self._made: dict[str, Any] = {}
        self._names = 0

    def name(self, hint: str = "c") -> str:
        """Return a name that nothing has."""
        self._names += 1
        return f"{hint}-{self._run}-{self._names}"

    # Requests

    @property
    def scope(self) -> str:
        """The workspace's resource id."""
        return self.wire.target.path

    def arm(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        api: str | None = API,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        signed_in: bool = True,
    ) -> Answer:
        """Send a request to the resource manager; `path` follows the workspace's."""
        parameters = {**({"api-version": api} if api else {}), **(query or {})}
        url = f"{self.wire.target.arm}{self.scope}{path}"
        return self.follow(method, url + (f"?{urlencode(parameters)}" if parameters else ""), body, headers, signed_in)

    def data(self, method: str, service: str, path: str, body: object = None, **query: str) -> Answer:
        """Send a request to the data plane: `service` such as `history/v1.0` before the workspace's path."""
        base = self.shared("data plane", self._find_data_plane)
        url = f"{base}/{service}{self.scope}{path}" + (f"?{urlencode(query)}" if query else "")
        return self.follow(method, url, body)

    def follow(
        self,
        method: str,
        url: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        signed_in: bool = True,  # noqa: FBT001, FBT002, RUF100 - the last of many, named where it matters
    ) -> Answer:
        """Send a request to a URL as it is."""
        return self.wire.send(method, url, body, headers=headers, scope=self.wire.target.scope if signed_in else None)

    def _find_data_plane(self) -> str:
        found: str = self.arm("GET", "").expect(200).at("properties", "discoveryUrl", kind=str)
        return self.wire.send("GET", found).expect(200).at("api", kind=str).rstrip("/")

    # Waiting

    def wait(self, look: Callable[[], T | None], what: str) -> T:
        """Look until there is something to see.

        Raises:
            Violation: There was nothing in time.
        """
        until = self.wire.monotonic() + self._patience
        while True:
            found = look()
            if found is not None:
                return found
            if self.wire.monotonic() > until:
                hint = "" if self.live or self._control else "; if its clock is manual, --admin-token lets it move"
                raise Violation(f"waited {self._patience:g} s for {what}{hint}")
            if self._control is None:
                self.wire.pause(self._pause)
            else:
                target = self.wire.target
                place = f"{target.subscription_id}/{target.resource_group}/{target.workspace}"
                self._control.call("POST", "clock", {"advance_seconds": _STEP_SECONDS, "workspace": place})

    def finish(self, answer: Answer) -> None:
        """Follow a long-running operation to its end.

        Source: azure-mgmt-core 1.6, polling rules: `Azure-AsyncOperation` is polled first, else `Location`.
        """
        status = answer.headers.get("azure-asyncoperation")
        location = answer.headers.get("location")
        if status:
            self.wait(lambda: self._status(status), f"the end of the operation of {answer.asked}")
        elif location:
            self.wait(lambda: self._result(location), f"the end of the operation of {answer.asked}")

    def _status(self, url: str) -> bool | None:
        document = self.follow("GET", url).expect(200)
        word = document.at("status", kind=str).lower()
        if word in {"failed", "canceled"}:
            raise Violation(f"the operation ended as {word}: {document.json().get('error')}")
        return True if word == "succeeded" else None

    def _result(self, url: str) -> bool | None:
        return True if self.follow("GET", url).expect(200, 202, 204).status != 202 else None

    # Shared things

    def shared(self, what: str, make: Callable[[], T]) -> T:
        """Return what several statements share; it is made once, and who asks first learns why it cannot be.

        Raises:
            NotTried: It could not be made before.
        """
        if what not in self._made:
            try:
                self._made[what] = make()
            except Violation as problem:
                self._made[what] = problem
                raise
        found: T | Violation = self._made[what]
        if isinstance(found, Violation):
            raise NotTried(f"it needs the {what}, which could not be made: {found}")
        return found

    def datastore(self) -> Mapping[str, Any]:
        """Return the properties of the datastore of the workspace's blobs."""
        return self.shared(
            "datastore",
            lambda: self.arm("GET", "/datastores/workspaceblobstore").expect(200).at("properties", kind=dict),
        )

    def signature(self) -> str:
        """Return a signature that opens the datastore."""
        wanted = {"expirableSecret": True, "expireAfterHours": 1}
        return self.shared(
            "storage signature",
            lambda: (
                self.arm("POST", "/datastores/workspaceblobstore/listSecrets", wanted)
                .expect(200)
                .at("sasToken", kind=str)
                .removeprefix("?")
            ),
        )

    def container_url(self) -> str:
        """Return the URL of the datastore's container."""
        store = self.datastore()
        # The SDK always takes https; a reference server without TLS says so in `protocol`.
        scheme = store.get("protocol") or "https"
        return f"{scheme}://{store['accountName']}.blob.{store['endpoint']}/{store['containerName']}"

    def blob(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        query: str = "",
        signature: str | None = None,
        **headers: str,
    ) -> Answer:
        """Send a request about a blob; header names with `_` for `-`."""
        sent = BLOB_HEADERS | {"accept": "*/*"} | {name.replace("_", "-"): value for name, value in headers.items()}
        signed = self.signature() if signature is None else signature
        words = "&".join(word for word in (query, signed) if word)
        url = self.container_url() + (f"/{quote(path)}" if path else "")
        return self.wire.send(method, f"{url}?{words}" if words else url, body, headers=sent)

    def put_blob(self, path: str, body: bytes, **headers: str) -> Answer:
        """Put a whole blob."""
        return self.blob("PUT", path, body, x_ms_blob_type="BlockBlob", **headers).expect(201)

    def training_uri(self) -> str:
        """Return the URI of a good training file."""

        def make() -> str:
            lines = []
            for index in range(ROWS):
                ask = {"role": "user", "content": f"How do I reset device number {index}?"}
                answer = {"role": "assistant", "content": f"Hold the button of device {index} for {index + 3} seconds."}
                lines.append(json.dumps({"messages": [ask, answer]}) + "\n")
            path = f"LocalUpload/{self.name()}/train.jsonl"
            self.put_blob(path, "".join(lines).encode())
            return f"azureml://datastores/workspaceblobstore/paths/{path}"

        return self.shared("training file", make)


def path_of(url: str) -> str:
    """Return the path of a URL."""
    return urlsplit(url).path
