"""Files, data assets, artifacts and downloads over real HTTP, with both clients."""

import json

import pytest

from maas_client.errors import ConfigurationError, ConflictError, NotFoundError
from maas_client.types import FineTunedModel

MODEL = "Phi-3-mini-4k-instruct"


@pytest.fixture
def other(tmp_path):
    path = tmp_path / "other.jsonl"
    row = {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}
    path.write_text((json.dumps(row) + "\n") * 40)
    return path


async def test_data_assets(both, train, other, unique):
    client, name = both.client, unique("data")
    first_file = await both.call(client.files.upload(train))
    second_file = await both.call(client.files.upload(other))
    first = await both.call(client.data.create(name, first_file, description="of May", tags={"team": "a"}))
    second = await both.call(client.data.create(name, second_file.id))
    assert [(one.name, one.version, one.uri) for one in (first, second)] == [
        (name, "1", first_file.id),
        (name, "2", second_file.id),
    ]
    assert (first.description, first.tags, first.is_archived) == ("of May", {"team": "a"}, False)
    assert await both.call(client.data.create(name, second_file, version="2")) == second
    with pytest.raises(ConflictError, match="cannot be updated"):
        await both.call(client.data.create(name, first_file, version="2"))
    assert await both.call(client.data.get(name)) == second
    assert await both.call(client.data.get(name, "1")) == first
    assert {one.version for one in await both.collect(client.data.list(name=name))} == {"1", "2"}
    with pytest.raises(NotFoundError):
        await both.call(client.data.get(unique("none")))
    assert await both.collect(client.data.list(name=unique("none"))) == []


async def test_a_version_is_archived_and_restored(both, train, unique):
    client, name = both.client, unique("old")
    asset = await both.call(client.data.create(name, await both.call(client.files.upload(train)), tags={"a": "b"}))
    archived = await both.call(client.data.archive(name, "1"))
    assert (archived.is_archived, archived.uri, archived.tags) == (True, asset.uri, {"a": "b"})
    assert await both.call(client.data.restore(name, "1")) == asset


async def test_a_job_trains_on_a_data_asset(both, train, unique):
    client, name = both.client, unique("asset")
    asset = await both.call(client.data.create(name, await both.call(client.files.upload(train))))
    job = await both.call(client.jobs.create(MODEL, training_file=asset, validation_file=asset, name=name, n_epochs=1))
    assert job.training_file == job.validation_file == asset.id
    assert (await both.call(client.jobs.wait(job, timeout=30))).trained_tokens > 0


async def test_what_a_job_left_comes_down_as_it_is(both, train, unique, tmp_path):
    client, name = both.client, unique("down")
    file = await both.call(client.files.upload(train))
    job = await both.call(client.jobs.create(MODEL, training_file=file, name=name, n_epochs=1))
    job = await both.call(client.jobs.wait(job, timeout=30))
    listed = await both.collect(client.jobs.artifacts(job))
    done = await both.call(client.jobs.download(job, tmp_path / "job"))
    assert done.artifacts == tuple(listed)
    assert {artifact.path: artifact.bytes for artifact in listed} == {
        path.relative_to(tmp_path / "job").as_posix(): path.stat().st_size
        for path in (tmp_path / "job").rglob("*")
        if path.is_file()
    }

    model = await both.call(client.models.download(job.fine_tuned_model, tmp_path / "model"))
    config = json.loads((tmp_path / "model" / "adapter_config.json").read_text())
    assert config["peft_type"] == "LORA"
    assert {"adapter_config.json", "adapter_model.safetensors"} <= {artifact.path for artifact in model.artifacts}
    again = await both.call(client.models.download(name, tmp_path / "model"))
    assert again.reused == len(model.artifacts)

    (tmp_path / "model" / "adapter_config.json").write_text("mine")
    with pytest.raises(ConfigurationError, match="another file"):
        await both.call(client.models.download(name, tmp_path / "model"))
    await both.call(client.models.download(name, tmp_path / "model", overwrite=True))
    assert json.loads((tmp_path / "model" / "adapter_config.json").read_text()) == config
    with pytest.raises(NotFoundError):
        await both.call(client.jobs.download(unique("none"), tmp_path / "none"))


async def test_base_models_of_a_registry(both):
    client, name = both.client, "Phi-4-mini-instruct"
    newest = await both.call(client.models.get(name, registry="azureml"))
    assert newest.id == f"azureml://registries/azureml/models/{name}/versions/{newest.version}"
    assert newest.finetune_regions
    assert await both.call(client.models.get(name, newest.version, registry="azureml")) == newest
    versions = await both.collect(client.models.versions(name, registry="azureml"))
    assert newest in versions
    with pytest.raises(NotFoundError):
        await both.call(client.models.get("No-Such-Model", registry="azureml"))


async def test_data_assets_of_all_names(both, train, unique):
    client, name = both.client, unique("all")
    file = await both.call(client.files.upload(train))
    made = [await both.call(client.data.create(f"{name}-{n}", file)) for n in range(2)]
    await both.call(client.data.archive(f"{name}-0", "1"))
    listed = {asset.name for asset in await both.collect(client.data.list())}
    assert f"{name}-1" in listed
    assert f"{name}-0" not in listed
    everything = {asset.name for asset in await both.collect(client.data.list(archived=True))}
    assert {asset.name for asset in made} <= everything


async def test_a_large_file_goes_in_blocks_and_comes_back_whole(both, tmp_path, unique):
    client, name = both.client, f"{unique('large')}.jsonl"
    content = f"{name}\n".encode() * (66 * 1024 * 1024 // (len(name) + 1))
    (tmp_path / name).write_bytes(content)
    file = await both.call(client.files.upload(tmp_path / name))
    assert (file.bytes, file.reused) == (len(content), False)
    assert (await both.call(client.files.upload(tmp_path / name))).reused
    model = FineTunedModel(id="x", name="x", version="1", uri=file.id)
    await both.call(client.models.download(model, tmp_path / "back"))
    assert (tmp_path / "back" / name).read_bytes() == content
