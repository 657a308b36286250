"""A small web service that submits jobs and tells how they go: one client for all requests, one watch for each job.

    pip install "maas-client[server]"
    maas-ft serve --clock scaled:100
    MAAS_EXAMPLE_URL=http://127.0.0.1:PORT uvicorn web_service:app

POST /jobs uploads the body (JSONL) and starts a job; GET /jobs/{name} tells the latest event; shutting down stops the
watching, not the jobs.
"""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from maas_client import AsyncMaaSClient, MaaSError
from maas_client.types import FineTuningJob, JobEvent


class Watches:
    """One task for each job that this service follows."""

    def __init__(self, client: AsyncMaaSClient) -> None:
        self.client = client
        self.latest: dict[str, JobEvent] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, job: FineTuningJob) -> None:
        if job.name not in self.tasks:
            self.tasks[job.name] = asyncio.create_task(self._follow(job.name), name=f"watch-{job.name}")

    async def _follow(self, name: str) -> None:
        try:
            async for event in self.client.jobs.watch(name):
                self.latest[name] = event
        except MaaSError as error:
            print(f"stopped watching {name}: {error}")

    async def stop(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with AsyncMaaSClient(
        subscription_id="00000000-0000-0000-0000-000000000000",
        resource_group="local",
        workspace="local",
        base_url=os.environ["MAAS_EXAMPLE_URL"],
        emulator=True,
    ) as client:
        app.state.watches = watches = Watches(client)
        try:
            yield
        finally:
            await watches.stop()


async def create(request: Request) -> Response:
    watches: Watches = request.app.state.watches
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.jsonl"
        with path.open("wb") as file:
            async for piece in request.stream():
                file.write(piece)
        try:
            training = await watches.client.files.upload(path)
            job = await watches.client.jobs.create(
                "Phi-3-mini-4k-instruct", training_file=training, name=request.query_params.get("name")
            )
        except MaaSError as error:
            return JSONResponse({"error": error.message, "hint": error.hint}, status_code=400)
    watches.start(job)
    return JSONResponse({"name": job.name, "status": job.status}, status_code=202)


async def show(request: Request) -> Response:
    event = request.app.state.watches.latest.get(request.path_params["name"])
    if event is None:
        return JSONResponse({"error": "not watched here, or nothing seen yet"}, status_code=404)
    return JSONResponse({"name": event.job_name, "status": event.status, "message": event.message})


app = Starlette(
    routes=[Route("/jobs", create, methods=["POST"]), Route("/jobs/{name}", show)],
    lifespan=lifespan,
)
