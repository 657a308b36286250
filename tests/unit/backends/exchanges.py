"""Golden exchanges, and a driver that plays them against a flow: what a caller does, without a network."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maas_client.backends.azureml import AzureML, Target
from maas_client.backends.azureml.errors import error_from
from maas_client.backends.azureml.files import Upload
from maas_client.core.flow import Flow
from maas_client.core.io import FileBody, Request, Response
from maas_client.types import File
from tests.conformance.scripted import record, words_of

FOLDER = Path(__file__).parents[2] / "golden" / "azureml"
ARM = "https://management.azure.com"
SUBSCRIPTION = "00000000-1111-2222-3333-444444444444"
WORKSPACE_ID = "9a1b7c3d-0f2e-4a55-8c11-2d6f7e8a9b0c"
SPECIFICATION = (
    Path(__file__).parents[4] / "shared" / "specs" / "ml-2024-10-01-preview.jobs-serverless.derived.openapi31.json"
)


def dialect() -> AzureML:
    return AzureML(Target(arm=ARM, subscription_id=SUBSCRIPTION, resource_group="rg-ft", workspace="ws-ft"))


@dataclass(frozen=True)
class Exchange:
    name: str
    request: dict[str, Any]
    response: Response
    odd: str = ""
    """Why the answer is none that the service sends."""

    @property
    def body(self) -> bytes | None:
        if "text" in self.request:
            return str(self.request["text"]).encode()
        return encode(self.request["body"]) if "body" in self.request else None


def encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def load(name: str) -> Exchange:
    request = json.loads((FOLDER / name / "request.json").read_text(encoding="utf-8"))
    answer = json.loads((FOLDER / name / "response.json").read_text(encoding="utf-8"))
    body = answer["text"].encode() if "text" in answer else encode(answer["body"]) if "body" in answer else b""
    return Exchange(
        name, request, Response(answer["status"], answer["headers"], body, request["url"]), answer.get("odd", "")
    )


def all_names() -> list[str]:
    return sorted(folder.name for folder in FOLDER.iterdir())


def credential_of(request: Request) -> str:
    if request.key is not None:
        return "key"
    if request.signer is not None:
        return "shared_key"
    return {
        None: "none",
        "https://management.azure.com/.default": "arm",
        "https://storage.azure.com/.default": "storage",
    }[request.scope]


def check(request: Request, golden: Exchange) -> None:
    """Hold a request against the golden one, to the byte."""
    assert (request.method, request.url) == (golden.request["method"], golden.request["url"])
    assert dict(request.headers) == golden.request["headers"]
    assert credential_of(request) == golden.request["credential"]
    if not isinstance(request.body, FileBody):
        assert request.body == golden.body


def play(flow: Any, *names: str) -> Any:
    """Drive a flow through golden exchanges, errors thrown into it as a caller does; return its value."""
    waiting = [load(name) for name in names]
    try:
        request = next(flow)
        while waiting:
            golden = waiting.pop(0)
            check(request, golden)
            record(request, None if golden.odd else golden.response)
            if golden.response.status in request.expect:
                request = flow.send(golden.response)
            else:
                request = flow.throw(error_from(request, golden.response))
    except StopIteration as stop:
        assert not waiting, f"the flow ended before {[golden.name for golden in waiting]}"
        return stop.value
    raise AssertionError(f"the flow goes on with {request}")


def store(azureml: AzureML, upload: Upload) -> Flow[File]:
    """Find the place of a file and put it there, as `files.upload` does."""
    place = yield from azureml.files.find(upload)
    if place.taken:
        return azureml.files.file(upload, place, reused=True)
    return (yield from azureml.files.put(upload, place))


def feed(flow: Any, *answers: Response | object) -> Any:
    """Drive a flow through made-up answers (a value is a 200 with this JSON); return its value."""
    told: list[str] = []
    try:
        request = next(flow)
        for answer in answers:
            record(request, told=told)
            response = answer if isinstance(answer, Response) else Response(200, {}, encode(answer))
            told.append(words_of(response))
            if response.status in request.expect:
                request = flow.send(response)
            else:
                request = flow.throw(error_from(request, response))
    except StopIteration as stop:
        return stop.value
    raise AssertionError(f"the flow goes on with {request}")
