"""Log files behind signed links, which open without a token.

Source: azure-ai-ml 1.35.2, `jobs.stream` reads them so.
"""

from starlette.requests import Request
from starlette.responses import Response

from maas_client.server.service import jobs
from maas_client.server.service.errors import ServiceError
from maas_client.server.service.logs import LOG_PATH, log_text
from maas_client.server.service.world import World, workspace_by_guid
from maas_client.server.signing import check

PREFIX = "/logs/"


def get_log(request: Request, world: World) -> Response:
    """GET a log as far as it is written.

    Raises:
        ServiceError: 405, it is not a GET. 403, the signature does not open it. 404, there is no such log.
    """
    if request.method not in ("GET", "HEAD"):
        message = f"{request.method} is not allowed here; allowed: GET."
        raise ServiceError(405, "MethodNotAllowed", message, headers={"Allow": "GET"})
    path = request.scope["path"]
    guid, _, rest = path.removeprefix(PREFIX).partition("/")
    workspace = workspace_by_guid(world, guid)
    problem = check(world.secret, path, "r", request.query_params, world.real(workspace))
    if problem and not world.identity.policy.off:
        raise ServiceError(403, problem.code, problem.message)
    job = jobs.find(world, workspace, rest.removesuffix(f"/{LOG_PATH}")) if workspace else None
    if workspace is None or job is None:
        raise ServiceError(404, "NotFound", "The job of this log was deleted.")
    return Response(log_text(job, workspace.time(world.clock.now())), media_type="text/plain")
