"""Data assets: files under a name and a version."""

from maas_client.testing.contract.bench import Bench
from maas_client.testing.contract.statement import Group, Makes, same

ASSETS = Group("assets")
_SPEC = "azure-rest-api-specs, machinelearningservices 2024-10-01-preview, DataVersions"
_SDK = "azure-ai-ml 1.35.2, recorded"


def _body(bench: Bench, **changes: object) -> dict[str, object]:
    properties = {
        "description": "contract suite",
        "isAnonymous": False,
        "tags": {},
        "isArchived": False,
        "properties": {},
        "dataUri": bench.training_uri(),
        "dataType": "uri_file",
    }
    return {"properties": {**properties, **changes}}


def _path(bench: Bench) -> str:
    def make() -> str:
        path = f"/data/{bench.name('maas-contract')}/versions/1"
        bench.arm("PUT", path, _body(bench)).expect(200, 201)
        return path

    return bench.shared("data asset", make)


@ASSETS.states("A new version answers 201 and reads back with the same URI.", Makes.FILES, source=_SDK)
def create(bench: Bench) -> None:
    path = f"/data/{bench.name('maas-contract')}/versions/1"
    made = bench.arm("PUT", path, _body(bench)).expect(201)
    same(made.at("name"), "1", "name")
    same(made.at("id", kind=str).lower(), f"{bench.scope}{path}".lower(), "id")
    read = bench.arm("GET", path).expect(200)
    same(read.at("properties", "dataUri"), bench.training_uri(), "properties.dataUri")
    same(read.at("properties", "dataType"), "uri_file", "properties.dataType")


@ASSETS.states("The same PUT again answers 200.", Makes.FILES, source=_SPEC)
def repeated_put(bench: Bench) -> None:
    bench.arm("PUT", _path(bench), _body(bench)).expect(200)


@ASSETS.states("The URI of a version cannot be changed: 400.", Makes.FILES, source="azure-ai-ml 1.35.2, error text")
def immutable(bench: Bench) -> None:
    other = bench.training_uri().replace("train.jsonl", "other.jsonl")
    bench.arm("PUT", _path(bench), _body(bench, dataUri=other)).refusal(400)
    same(bench.arm("GET", _path(bench)).expect(200).at("properties", "dataUri"), bench.training_uri(), "the URI")


@ASSETS.states("The container of an asset says which version comes next.", Makes.FILES, source=_SDK)
def next_version(bench: Bench) -> None:
    container = _path(bench).partition("/versions/")[0]
    same(bench.arm("GET", container).expect(200).at("properties", "nextVersion"), "2", "properties.nextVersion")


@ASSETS.states("The list of versions shows the version.", Makes.FILES, source=_SPEC)
def list_versions(bench: Bench) -> None:
    found = bench.arm("GET", _path(bench).removesuffix("/1")).expect(200).at("value", kind=list)
    same([each["name"] for each in found], ["1"], "the versions")


@ASSETS.states("A version that is not there answers 404.", source=_SPEC)
def unknown(bench: Bench) -> None:
    bench.arm("GET", f"/data/{bench.name('nobody')}/versions/1").refusal(404)
