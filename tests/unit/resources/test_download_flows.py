"""Downloads: resumed, checked, refused where something else lies, and never half there."""

from base64 import b64encode
from hashlib import md5
from typing import Any

import pytest

from maas_client.core.io import Request, Response
from maas_client.errors import BrokenResponseError, ConfigurationError, NotFoundError, PreconditionFailedError
from maas_client.resources import _download
from maas_client.resources.jobs import AsyncJobs, Jobs
from maas_client.resources.models import AsyncModels, Models
from maas_client.types import FineTunedModel
from tests.unit.resources.world import World, job, refusal, world

MIB = 1024 * 1024
PREFIX = "ExperimentRun/dcid.bot"
LARGE = bytes(range(256)) * (9 * MIB // 256)
FILES = {"model/adapter_config.json": b"{}", "model/adapter_model.safetensors": LARGE, "empty.txt": b""}
URI = "azureml://datastores/workspaceartifactstore/paths/" + PREFIX


def listing(files: dict[str, bytes], *, checked: bool = True) -> Response:
    blobs = "".join(
        f"<Blob><Name>{PREFIX}/{path}</Name><Properties><Etag>0x{len(content)}</Etag>"
        f"<Content-Length>{len(content)}</Content-Length><Last-Modified>Wed, 21 May 2025 00:20:48 GMT</Last-Modified>"
        + (f"<Content-MD5>{b64encode(md5(content).digest()).decode()}</Content-MD5>" if checked else "")
        + "</Properties></Blob>"
        for path, content in files.items()
    )
    return Response(200, {}, f"<EnumerationResults><Blobs>{blobs}</Blobs></EnumerationResults>".encode())


def serve(files: dict[str, bytes]) -> Any:
    def read(request: Request) -> Response:
        name = request.url.partition("?")[0].partition(f"{PREFIX}/")[2]
        first, last = map(int, request.headers["x-ms-range"].removeprefix("bytes=").split("-"))
        part = files[name][first : last + 1]
        return Response(206, {"content-range": f"bytes {first}-{last}/{len(files[name])}"}, part)

    return read


def storage(files: dict[str, bytes] = FILES, **options: Any) -> World:
    asked = world().on("Datastores_Get", {"properties": {"accountName": "stacct", "containerName": "azureml"}})
    asked.on("Datastores_ListSecrets", {"sasToken": "sig=s"}).on("Jobs_Get", job("Running"))
    return asked.on("Blob_List", listing(files, **options)).on("Blob_Get", serve(files))


def jobs(asked: World) -> Jobs:
    return Jobs(AsyncJobs(asked.session()))


def models(asked: World) -> Models:
    return Models(AsyncModels(asked.session()))


def contents(folder: Any) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_job_is_downloaded_in_parts_and_left_alone_the_next_time(tmp_path):
    asked = storage()
    done = jobs(asked).download("bot", tmp_path / "to")
    assert (done.folder, done.reused) == (str(tmp_path / "to"), 0)
    assert {artifact.path: artifact.bytes for artifact in done.artifacts} == {
        path: len(content) for path, content in FILES.items()
    }
    assert contents(tmp_path / "to") == FILES
    assert [request.headers["x-ms-range"] for request in asked.sent if request.operation == "Blob_Get"] == [
        "bytes=0-1",
        f"bytes=0-{8 * MIB - 1}",
        f"bytes={8 * MIB}-{9 * MIB - 1}",
    ]
    again = storage()
    assert jobs(again).download("bot", tmp_path / "to").reused == 3
    assert "Blob_Get" not in again.operations()


def test_a_broken_download_goes_on_where_it_stopped(tmp_path):
    asked = storage()
    asked.on("Blob_Get", serve(FILES), serve(FILES), refusal(403))
    with pytest.raises(Exception, match="no"):
        jobs(asked).download("bot", tmp_path)
    assert "model/adapter_model.safetensors" not in contents(tmp_path)
    again = storage()
    assert jobs(again).download("bot", tmp_path).reused == 1
    assert [request.headers["x-ms-range"] for request in again.sent if request.operation == "Blob_Get"] == [
        f"bytes={8 * MIB}-{9 * MIB - 1}"
    ]
    assert contents(tmp_path) == FILES


def test_other_files_are_not_overwritten_without_saying(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "adapter_config.json").write_bytes(b"mine")
    asked = storage()
    with pytest.raises(ConfigurationError, match="is another file"):
        jobs(asked).download("bot", tmp_path)
    assert "Blob_Get" not in asked.operations()
    assert jobs(asked).download("bot", tmp_path, overwrite=True).reused == 0
    assert contents(tmp_path) == FILES


def test_a_file_that_changed_meanwhile_is_not_put_together(tmp_path):
    asked = storage().on("Blob_Get", refusal(412))
    with pytest.raises(PreconditionFailedError):
        jobs(asked).download("bot", tmp_path)
    assert "model/adapter_config.json" not in contents(tmp_path)


@pytest.mark.parametrize("checked", [True, False])
def test_a_damaged_file_is_noticed_where_it_can_be(tmp_path, checked):
    other = {path: content.swapcase() or content for path, content in FILES.items()} | {
        "model/adapter_config.json": b"[]"
    }
    asked = storage(checked=checked).on("Blob_Get", serve(other))
    if not checked:
        jobs(asked).download("bot", tmp_path)
        return
    with pytest.raises(BrokenResponseError, match="not what the service says"):
        jobs(asked).download("bot", tmp_path)
    assert "model/adapter_config.json" not in contents(tmp_path)


@pytest.mark.parametrize("name", ["../outside", "a/../../outside", "/outside"])
def test_a_name_that_leads_out_fetches_nothing(tmp_path, name):
    asked = storage({name: b"x", "good": b"y"})
    with pytest.raises(ConfigurationError, match="below one folder"):
        jobs(asked).download("bot", tmp_path / "in")
    assert "Blob_Get" not in asked.operations()
    assert list(tmp_path.rglob("*")) == []


def test_artifacts_are_listed_over_pages():
    first = Response(200, {}, listing({"a": b"1"}).body.replace(b"</Blobs>", b"</Blobs><NextMarker>m</NextMarker>"))
    asked = storage().on("Blob_List", first, listing({"b": b"22"}))
    found = list(jobs(asked).artifacts("bot"))
    assert [(artifact.path, artifact.bytes) for artifact in found] == [("a", 1), ("b", 2)]
    assert asked.operations().count("Datastores_Get") == 1


def model(uri: str | None = URI) -> dict[str, Any]:
    return {"name": "2", "properties": {"modelUri": uri, "jobName": "bot"}}


@pytest.mark.parametrize(
    "asked_for",
    ["azureml://locations/l/workspaces/w/models/ft/versions/2", FineTunedModel(id="x", name="ft", version="2")],
)
def test_a_model_is_downloaded_by_id(tmp_path, asked_for):
    asked = storage().on("ModelVersions_Get", model())
    models(asked).download(asked_for, tmp_path)
    assert contents(tmp_path) == FILES
    assert any("/models/ft/versions/2?" in request.url for request in asked.sent)


def test_a_model_whose_place_is_known_is_not_asked_for(tmp_path):
    asked = storage()
    models(asked).download(FineTunedModel(id="x", name="ft", version="2", uri=URI), tmp_path)
    assert "ModelVersions_Get" not in asked.operations()


def test_a_model_without_files(tmp_path):
    asked = storage({}).on("ModelVersions_Get", model())
    with pytest.raises(NotFoundError, match="has no files"):
        models(asked).download("ft", tmp_path, version="2")
    with pytest.raises(ConfigurationError, match="no place"):
        models(asked.on("ModelVersions_Get", model(None))).download("ft", tmp_path, version="2")


def test_a_part_that_is_too_long_is_damaged(tmp_path):
    asked = storage()
    session = asked.session()
    version = '"0x2" 2'

    async def left_over() -> None:
        target = await asked.create_file(str(tmp_path), "model/adapter_config.json", version=version, overwrite=False)
        await target.append(b"too long")
        await target.close()

    from maas_client.core import stepping

    stepping.run(left_over())
    with pytest.raises(BrokenResponseError):
        stepping.run(_download.download(session, URI, str(tmp_path), overwrite=False))
    assert jobs(storage()).download("bot", tmp_path).artifacts
