"""The two clients: the same nouns, with and without `await`."""

import os
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TypedDict, Unpack

from maas_client.client._assembly import Options, adjust, assemble, check_http, resolve
from maas_client.client._nouns import AsyncNouns, Nouns, twin_of
from maas_client.core import stepping
from maas_client.core.recording import recorded
from maas_client.resources._session import mirrors

if TYPE_CHECKING:
    from maas_client.core.io import IO
    from maas_client.resources._plan import FileArgument, PlanOptions
    from maas_client.resources._submission import AsyncSubmission
    from maas_client.resources.submissions import Submission
    from maas_client.transport.credentials import Credential
    from maas_client.types import Plan, PreflightCheck, PreflightReport, RawResponse

Service = Literal["azureml"]
Http = Literal["httpx", "aiohttp"]


class Overrides(TypedDict, total=False):
    """Settings that come before every other source of settings; see the parameters of `AsyncMaaSClient`."""

    service: Service
    subscription_id: str
    resource_group: str
    workspace: str
    base_url: str
    emulator: bool
    cloud: str
    authority: str
    timeout: float
    max_retries: int
    journal: str | os.PathLike[str]
    http: Http


class AsyncMaaSClient(AsyncNouns):
    """A client of one workspace: use it as a context manager, or close it. Tasks of one event loop may share it."""

    def __init__(
        self,
        *,
        service: Service = "azureml",
        credential: "Credential" = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace: str | None = None,
        base_url: str | None = None,
        emulator: bool = False,
        cloud: str = "AzureCloud",
        authority: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 3,
        journal: str | os.PathLike[str] | None = None,
        http: Http = "httpx",
    ) -> None:
        """Make a client from what is given here alone; nothing is sent before its first call.

        Args:
            service: `azureml`: Azure Machine Learning workspaces and Foundry hub projects.
            credential: A token (str), a function that returns one, or any azure-core `TokenCredential`; `None` takes
                azure-identity's `DefaultAzureCredential`, or for an emulator a made-up token.
            subscription_id: Azure subscription.
            resource_group: Resource group of the workspace.
            workspace: Workspace, or hub project.
            base_url: Of the resource manager; `None` takes the cloud's.
            emulator: True if `base_url` is a local reference server. Only ever said, never guessed.
            cloud: `AzureCloud`, `AzureChinaCloud` or `AzureUSGovernment`.
            authority: Base URL where one signs in if `credential` is `None`; `None` takes the cloud's. For an emulator
                it makes the client sign in there, with the application that azure-identity's variables name.
            timeout: Seconds for one attempt of one call; an upload gets more by its size.
            max_retries: Attempts after the first, where repeating is safe; 0 to 20.
            journal: Folder in which submissions are written down; `None` takes `MAAS_JOURNAL_DIR`, or one in the user's
                state folder. Nothing is written before a submission is created.
            http: What carries the requests: `aiohttp` takes less CPU where many calls run at once, and needs the extra
                of this name, asyncio and `AsyncMaaSClient`.

        Raises:
            ConfigurationError: A setting is missing or contradicts another.
        """
        options = Options(
            service=service,
            subscription_id=subscription_id,
            resource_group=resource_group,
            workspace=workspace,
            base_url=base_url,
            emulator=emulator,
            cloud=cloud,
            authority=authority,
            timeout=timeout,
            max_retries=max_retries,
        )

        def port(authority: str | None) -> "IO":
            check_http(http, "httpx", "aiohttp")
            from maas_client.transport.httpx_async import AsyncIO

            return AsyncIO(credential=credential, emulator=emulator, authority=authority, http=http)

        self._journal = None if journal is None else Path(journal)
        self._session = assemble(port, options)
        self._owns_port = True

    @classmethod
    def from_env(cls, *, credential: "Credential" = None, **overrides: Unpack[Overrides]) -> Self:
        """Make a client from the environment: `MAAS_*`, Azure's own variables, a `config.json` found upwards.

        A profile named by `MAAS_PROFILE` comes before them; `overrides`, the parameters of the class, before all. The
        configuration file's `default_profile` counts as named, unless a variable `MAAS_...` says where jobs go.

        Raises:
            ConfigurationError: A setting is missing, wrong, or contradicts another.
        """
        return cls(**resolve(None, credential, overrides))

    @classmethod
    def from_profile(cls, profile: str, *, credential: "Credential" = None, **overrides: Unpack[Overrides]) -> Self:
        """Make a client from a profile of the configuration file.

        Where calls go is what the profile says, never a stray variable; other settings may come from the environment.

        Raises:
            ConfigurationError: There is no such profile, or a setting is missing or wrong.
        """
        return cls(**resolve(profile, credential, overrides))

    async def preflight(
        self, model: str | None = None, *, name: str | None = None, deploy: str | None = None
    ) -> "PreflightReport":
        """Look whether a job could be sent from here now; nothing is written or started, and little is sent.

        Sign-in, clock, proxy and certificates, names, the workspace and its parts, your roles, whether a training file
        could be stored, and, where they are given, the model, its region and the names. It ends within 30 seconds,
        whatever hangs. What is wrong is told in the report, never raised.

        Args:
            model: The base model that is to be tuned, as the catalog spells it.
            name: The name that the job is to have.
            deploy: The name that the deployment is to have; then your roles must allow deployments too.

        Returns:
            The report; `report.ok` is true if nothing failed.
        """
        from maas_client.types import PreflightReport

        return PreflightReport(
            checks=tuple([check async for check in self.preflight_checks(model, name=name, deploy=deploy)])
        )

    def preflight_checks(
        self, model: str | None = None, *, name: str | None = None, deploy: str | None = None
    ) -> "AsyncGenerator[PreflightCheck, None]":
        """Make the checks of `preflight` and iterate over them as they come.

        Args:
            model: The base model that is to be tuned, as the catalog spells it.
            name: The name that the job is to have.
            deploy: The name that the deployment is to have; then your roles must allow deployments too.
        """
        from maas_client.resources import preflight

        return preflight.checks(self._session, model, name, deploy)

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        """Return a client with another patience; connections, tokens, and the budget for retries are this client's.

        Closing what is returned ends its own use alone. Closing this client ends both.

        Args:
            timeout: Seconds for one attempt of one call; `None` leaves it as it is.
            max_retries: Attempts after the first, 0 to 20; `None` leaves them as they are.

        Raises:
            ConfigurationError: A number is out of its range.
        """
        return twin_of(self, adjust(self._session, timeout=timeout, max_retries=max_retries))

    def raw_responses(self) -> "AbstractContextManager[Sequence[RawResponse]]":
        """Keep every answer that comes inside of a `with` block, as it came: refusals and retried attempts too.

        Only calls of the task or thread that opened the block are listened to, and of those that it starts, whether
        through this client or one that `with_options` made of it. The sequence grows while the block lasts; the latest
        200 are kept.
        """
        return recorded(self._session.caller.family)

    async def plan(self, model: str, *, training_file: "FileArgument", **options: "Unpack[PlanOptions]") -> "Plan":
        """Decide on a job in full, to look at it before it is applied; nothing is changed. See `submissions.plan`."""
        return await self.submissions.plan(model, training_file=training_file, **options)

    async def apply(
        self, plan: "Plan", *, max_cost: float | None = None, ignore_preflight: bool = False
    ) -> "AsyncSubmission":
        """Take a plan up if nothing moved since it was made; `run()` does what it says. See `submissions.apply`."""
        return await self.submissions.apply(plan, max_cost=max_cost, ignore_preflight=ignore_preflight)

    async def aclose(self) -> None:
        """Close the connections, unless they belong to the client that it was made from; harmless when repeated."""
        self._session.caller.closed = True
        if self._owns_port:
            await self._session.io.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        target = self._session.dialect.target
        return f"<{type(self).__name__} {target.workspace} at {target.arm}>"


@mirrors(AsyncMaaSClient)
class MaaSClient(Nouns):
    """A client of one workspace: use it as a context manager, or close it. Threads may share it."""

    def __init__(
        self,
        *,
        service: Service = "azureml",
        credential: "Credential" = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace: str | None = None,
        base_url: str | None = None,
        emulator: bool = False,
        cloud: str = "AzureCloud",
        authority: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 3,
        journal: str | os.PathLike[str] | None = None,
        http: Http = "httpx",
    ) -> None:
        """Make a client from what is given here alone; nothing is sent before its first call.

        Args:
            service: `azureml`: Azure Machine Learning workspaces and Foundry hub projects.
            credential: A token (str), a function that returns one, or any azure-core `TokenCredential`; `None` takes
                azure-identity's `DefaultAzureCredential`, or for an emulator a made-up token.
            subscription_id: Azure subscription.
            resource_group: Resource group of the workspace.
            workspace: Workspace, or hub project.
            base_url: Of the resource manager; `None` takes the cloud's.
            emulator: True if `base_url` is a local reference server. Only ever said, never guessed.
            cloud: `AzureCloud`, `AzureChinaCloud` or `AzureUSGovernment`.
            authority: Base URL where one signs in if `credential` is `None`; `None` takes the cloud's. For an emulator
                it makes the client sign in there, with the application that azure-identity's variables name.
            timeout: Seconds for one attempt of one call; an upload gets more by its size.
            max_retries: Attempts after the first, where repeating is safe; 0 to 20.
            journal: Folder in which submissions are written down; `None` takes `MAAS_JOURNAL_DIR`, or one in the user's
                state folder. Nothing is written before a submission is created.
            http: What carries the requests: `aiohttp` takes less CPU where many calls run at once, and needs the extra
                of this name, asyncio and `AsyncMaaSClient`.

        Raises:
            ConfigurationError: A setting is missing or contradicts another.
        """
        options = Options(
            service=service,
            subscription_id=subscription_id,
            resource_group=resource_group,
            workspace=workspace,
            base_url=base_url,
            emulator=emulator,
            cloud=cloud,
            authority=authority,
            timeout=timeout,
            max_retries=max_retries,
        )

        def port(authority: str | None) -> "IO":
            check_http(http, "httpx")
            from maas_client.transport.httpx_sync import SyncIO

            return SyncIO(credential=credential, emulator=emulator, authority=authority)

        self._journal = None if journal is None else Path(journal)
        self._session = assemble(port, options)
        self._owns_port = True

    @classmethod
    def from_env(cls, *, credential: "Credential" = None, **overrides: Unpack[Overrides]) -> Self:
        """Make a client from the environment: `MAAS_*`, Azure's own variables, a `config.json` found upwards.

        A profile named by `MAAS_PROFILE` comes before them; `overrides`, the parameters of the class, before all. The
        configuration file's `default_profile` counts as named, unless a variable `MAAS_...` says where jobs go.

        Raises:
            ConfigurationError: A setting is missing, wrong, or contradicts another.
        """
        return cls(**resolve(None, credential, overrides))

    @classmethod
    def from_profile(cls, profile: str, *, credential: "Credential" = None, **overrides: Unpack[Overrides]) -> Self:
        """Make a client from a profile of the configuration file.

        Where calls go is what the profile says, never a stray variable; other settings may come from the environment.

        Raises:
            ConfigurationError: There is no such profile, or a setting is missing or wrong.
        """
        return cls(**resolve(profile, credential, overrides))

    def preflight(
        self, model: str | None = None, *, name: str | None = None, deploy: str | None = None
    ) -> "PreflightReport":
        from maas_client.types import PreflightReport

        return PreflightReport(checks=tuple(self.preflight_checks(model, name=name, deploy=deploy)))

    def preflight_checks(
        self, model: str | None = None, *, name: str | None = None, deploy: str | None = None
    ) -> "Generator[PreflightCheck, None, None]":
        from maas_client.resources import preflight

        return preflight.checks_in_turn(self._session, model, name, deploy)

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        return twin_of(self, adjust(self._session, timeout=timeout, max_retries=max_retries))

    def raw_responses(self) -> "AbstractContextManager[Sequence[RawResponse]]":
        return recorded(self._session.caller.family)

    def plan(self, model: str, *, training_file: "FileArgument", **options: "Unpack[PlanOptions]") -> "Plan":
        return self.submissions.plan(model, training_file=training_file, **options)

    def apply(self, plan: "Plan", *, max_cost: float | None = None, ignore_preflight: bool = False) -> "Submission":
        return self.submissions.apply(plan, max_cost=max_cost, ignore_preflight=ignore_preflight)

    def close(self) -> None:
        """Close the connections, unless they belong to the client that it was made from; harmless when repeated."""
        self._session.caller.closed = True
        if self._owns_port:
            stepping.run(self._session.io.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        target = self._session.dialect.target
        return f"<{type(self).__name__} {target.workspace} at {target.arm}>"
