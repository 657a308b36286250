"""What a client can do, each noun loaded when it is first used: a program that asks for a job pays for jobs alone."""

import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from maas_client.resources._session import Session

if TYPE_CHECKING:
    from maas_client.resources.chat import AsyncChat, Chat
    from maas_client.resources.data import AsyncData, Data
    from maas_client.resources.deployments import AsyncDeployments, Deployments
    from maas_client.resources.files import AsyncFiles, Files
    from maas_client.resources.jobs import AsyncJobs, Jobs
    from maas_client.resources.marketplace import AsyncMarketplace, Marketplace
    from maas_client.resources.models import AsyncModels, Models
    from maas_client.resources.submissions import AsyncSubmissions, Submissions


class AsyncNouns:
    """The nouns of the asynchronous client."""

    _session: Session
    _journal: Path | None
    _owns_port: bool

    @cached_property
    def files(self) -> "AsyncFiles":
        """Upload training and validation files."""
        from maas_client.resources.files import AsyncFiles

        return AsyncFiles(self._session)

    @cached_property
    def data(self) -> "AsyncData":
        """Uploaded files under a name and a version."""
        from maas_client.resources.data import AsyncData

        return AsyncData(self._session)

    @cached_property
    def submissions(self) -> "AsyncSubmissions":
        """From file to model in steps that survive a crash."""
        from maas_client.journal import SqliteJournal
        from maas_client.resources.submissions import AsyncSubmissions

        return AsyncSubmissions(self._session, SqliteJournal(self._journal))

    @cached_property
    def jobs(self) -> "AsyncJobs":
        """Create, get, list, watch and cancel fine-tuning jobs."""
        from maas_client.resources.jobs import AsyncJobs

        return AsyncJobs(self._session)

    @cached_property
    def models(self) -> "AsyncModels":
        """Fine-tuned models, and the catalog of base models."""
        from maas_client.resources.models import AsyncModels

        return AsyncModels(self._session)

    @cached_property
    def deployments(self) -> "AsyncDeployments":
        """Put models behind a URL."""
        from maas_client.resources.deployments import AsyncDeployments

        return AsyncDeployments(self._session)

    @cached_property
    def marketplace(self) -> "AsyncMarketplace":
        """Subscribe to models of other publishers."""
        from maas_client.resources.marketplace import AsyncMarketplace

        return AsyncMarketplace(self._session)

    @cached_property
    def chat(self) -> "AsyncChat":
        """Ask a deployment."""
        from maas_client.resources.chat import AsyncChat

        return AsyncChat(self._session)


class Nouns:
    """The nouns of the synchronous client."""

    _session: Session
    _journal: Path | None
    _owns_port: bool

    @cached_property
    def files(self) -> "Files":
        """Upload training and validation files."""
        from maas_client.resources.files import AsyncFiles, Files

        return Files(AsyncFiles(self._session))

    @cached_property
    def data(self) -> "Data":
        """Uploaded files under a name and a version."""
        from maas_client.resources.data import AsyncData, Data

        return Data(AsyncData(self._session))

    @cached_property
    def submissions(self) -> "Submissions":
        """From file to model in steps that survive a crash."""
        from maas_client.journal import SqliteJournal
        from maas_client.resources.submissions import AsyncSubmissions, Submissions

        return Submissions(AsyncSubmissions(self._session, SqliteJournal(self._journal)))

    @cached_property
    def jobs(self) -> "Jobs":
        """Create, get, list, watch and cancel fine-tuning jobs."""
        from maas_client.resources.jobs import AsyncJobs, Jobs

        return Jobs(AsyncJobs(self._session))

    @cached_property
    def models(self) -> "Models":
        """Fine-tuned models, and the catalog of base models."""
        from maas_client.resources.models import AsyncModels, Models

        return Models(AsyncModels(self._session))

    @cached_property
    def deployments(self) -> "Deployments":
        """Put models behind a URL."""
        from maas_client.resources.deployments import AsyncDeployments, Deployments

        return Deployments(AsyncDeployments(self._session))

    @cached_property
    def marketplace(self) -> "Marketplace":
        """Subscribe to models of other publishers."""
        from maas_client.resources.marketplace import AsyncMarketplace, Marketplace

        return Marketplace(AsyncMarketplace(self._session))

    @cached_property
    def chat(self) -> "Chat":
        """Ask a deployment."""
        from maas_client.resources.chat import AsyncChat, Chat

        return Chat(AsyncChat(self._session))


NOUNS = tuple(name for name, member in vars(AsyncNouns).items() if isinstance(member, cached_property))
C = TypeVar("C", bound=AsyncNouns | Nouns)


def twin_of(client: C, session: Session) -> C:
    """Return a client like another over another session, which leaves connections to the one they belong to."""
    twin = copy.copy(client)
    for name in NOUNS:
        vars(twin).pop(name, None)  # one that was used is over the other session
    vars(twin).update(_session=session, _owns_port=False)
    return twin
