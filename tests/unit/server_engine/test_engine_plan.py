"""The plan of a run: what it promises whatever the data."""

import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maas_client.server.engine import PlanError, TrainingInput, TrainingPlan, make_plan
from maas_client.server.engine.curve import Shape
from maas_client.server.engine.seed import Seed
from maas_client.server.engine.timeline import timeline

MODEL = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/15"


def row(index: int, answer: str = "Open the page {} and choose Return.") -> dict[str, Any]:
    return {
        "messages": [
            {"role": "system", "content": "You help."},
            {"role": "user", "content": f"How do I return order number {index}?"},
            {"role": "assistant", "content": answer.format(index)},
        ]
    }


def write(path: Path, count: int) -> Path:
    path.write_text("".join(json.dumps(row(index)) + "\n" for index in range(count)), encoding="utf-8")
    return path


def plan(
    tmp_path: Path, count: int = 200, *, name: str = "job-1", validation: Path | None = None, **hyper: object
) -> TrainingPlan:
    file = write(tmp_path / "train.jsonl", count)
    return make_plan(TrainingInput(name, MODEL, file, validation, {key: str(value) for key, value in hyper.items()}))


def values(made: TrainingPlan, key: str) -> list[float]:
    return [point.value for point in made.metrics if point.key == key]


def sound(made: TrainingPlan) -> None:
    offsets = [offset for _, offset in made.stages]
    assert offsets == sorted(set(offsets))
    assert offsets[0] == 0.0
    names = [status for status, _ in made.stages]
    start = ["NotStarted", "Provisioning", "Preparing", "Queued", "Running"]
    assert names == [*start, "Failed"] if made.error else [*start, "Finalizing", "Completed"]
    for series in (made.metrics, made.logs):
        times = [entry.offset for entry in series]
        assert times == sorted(times)
        assert all(offsets[4] <= time <= offsets[-1] for time in times)
    assert all(math.isfinite(point.value) and type(point.value) is float for point in made.metrics)
    assert made.logs[0].text.startswith("[simulated]")
    assert made.properties["maas.simulated"] == "true"
    assert made.properties["maas.token_counts"] == "estimate"
    assert bool(made.artifacts) is (made.error is None)
    assert TrainingPlan.from_json(made.to_json()) == made


def test_a_plan_completes_and_is_sound(tmp_path):
    made = plan(tmp_path, num_train_epochs=3)
    sound(made)
    assert made.error is None
    assert made.warnings == ()


def test_a_200_row_job_of_3_epochs_takes_about_nine_virtual_minutes(tmp_path):
    stages = dict(plan(tmp_path, num_train_epochs=3, validation=write(tmp_path / "v.jsonl", 40)).stages)
    assert 100 < stages["Running"] < 190
    assert 240 < stages["Finalizing"] - stages["Running"] < 480
    assert 20 < stages["Completed"] - stages["Finalizing"] < 40
    assert 400 < stages["Completed"] < 650


def test_the_same_input_gives_the_same_text(tmp_path):
    assert plan(tmp_path).to_json() == plan(tmp_path).to_json()


@pytest.mark.parametrize("change", [{"name": "job-2"}, {"count": 201}, {"learning_rate": 1e-5}, {"seed": 7}])
def test_another_name_data_or_hyperparameter_gives_another_curve(tmp_path, change):
    assert values(plan(tmp_path), "loss") != values(plan(tmp_path, **change), "loss")


def test_metric_keys_are_those_of_the_trainer(tmp_path):
    keys = {point.key for point in plan(tmp_path).metrics}
    logged = {"loss", "grad_norm", "learning_rate", "epoch"}
    evaluated = {"eval_loss", "eval_runtime", "eval_samples_per_second", "eval_steps_per_second"}
    summary = {"train_loss", "train_runtime", "train_samples_per_second", "train_steps_per_second", "total_flos"}
    assert keys == logged | evaluated | summary | {"checkpoint_save_step"}


def test_steps_follow_rows_batch_accumulation_and_epochs(tmp_path):
    validation = write(tmp_path / "v.jsonl", 10)
    made = plan(
        tmp_path,
        101,
        validation=validation,
        num_train_epochs=3,
        per_device_train_batch_size=4,
        gradient_accumulation_steps=2,
    )
    steps = [point.step for point in made.metrics]
    assert max(steps) == 13 * 3  # ceil(ceil(101 / 4) / 2) steps an epoch
    assert [point.step for point in made.metrics if point.key == "eval_loss"] == [13, 26, 39]
    assert values(made, "checkpoint_save_step") == [13.0, 26.0, 39.0]


def test_logged_every_ten_steps_and_oftener_when_small(tmp_path):
    steps = [point.step for point in plan(tmp_path, 250, num_train_epochs=2).metrics if point.key == "loss"]
    assert steps == list(range(10, 401, 10))
    assert len(values(plan(tmp_path, 13), "loss")) == 10


def test_no_run_lasts_longer_than_two_hours():
    times = timeline(Shape(1, 10**8, 10**8, 10), Seed("a"))
    assert times.finalizing - times.running == pytest.approx(7200)


def test_very_long_runs_keep_a_bounded_number_of_points(tmp_path):
    made = plan(tmp_path, 400, num_train_epochs=1000)
    assert len(values(made, "loss")) <= 1100
    assert len(values(made, "eval_loss")) <= 201
    assert made.metrics[-1].step == 320_000
    sound(made)


def test_the_learning_rate_is_half_a_cosine(tmp_path):
    rates = values(plan(tmp_path, learning_rate=2e-5), "learning_rate")
    assert rates == sorted(rates, reverse=True)
    assert rates[0] <= 2e-5
    assert rates[-1] == pytest.approx(0, abs=1e-12)
    assert rates[len(rates) // 2 - 1] == pytest.approx(1e-5, rel=0.15)


def test_the_loss_falls(tmp_path):
    losses = values(plan(tmp_path, num_train_epochs=3, learning_rate=5e-6), "loss")
    assert losses[0] > 1.3
    assert losses[-1] < 0.75 * losses[0]


def test_many_epochs_overfit(tmp_path):
    losses = values(plan(tmp_path, num_train_epochs=12), "eval_loss")
    assert losses[-1] > min(losses) + 0.1
    made = plan(tmp_path, num_train_epochs=12)
    assert made.properties["score"] == str(min(losses))


def test_repeated_data_is_learnt_further(tmp_path):
    repeated = tmp_path / "repeated.jsonl"
    repeated.write_text((json.dumps(row(1)) + "\n") * 200, encoding="utf-8")
    hyper = {"num_train_epochs": "3"}
    low = values(make_plan(TrainingInput("j", MODEL, repeated, None, hyper)), "loss")[-10:]
    high = values(plan(tmp_path, num_train_epochs=3, name="j"), "loss")[-10:]
    assert sum(low) + 0.5 < sum(high)


def test_a_far_too_high_learning_rate_does_harm_but_stays_finite(tmp_path):
    made = plan(tmp_path, learning_rate=1)
    assert values(made, "loss")[-1] > values(plan(tmp_path), "loss")[-1] + 1
    sound(made)


def test_tokens_are_of_both_files_times_epochs(tmp_path):
    once = plan(tmp_path, num_train_epochs=1).properties
    thrice = plan(tmp_path, num_train_epochs=3).properties
    for key in ("__azureml_ft_training_tokens", "__azureml_ft_assistant_tokens"):
        assert int(thrice[key]) == 3 * int(once[key]) > 0
    assert int(once["__azureml_ft_training_tokens"]) > int(once["__azureml_ft_assistant_tokens"])


def test_artifacts_are_an_adapter_marked_as_simulated(tmp_path):
    artifacts = plan(tmp_path).artifacts
    adapter = json.loads(artifacts["adapter_config.json"])
    assert (adapter["r"], adapter["lora_alpha"], adapter["base_model"]) == (8, 128, MODEL)
    assert adapter["peft_version"]
    assert adapter["simulated"] is True
    raw = artifacts["adapter_model.safetensors"]
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    assert header.pop("__metadata__")["simulated"] == "true"
    end = max(tensor["data_offsets"][1] for tensor in header.values())
    assert len(raw) == 8 + size + end
    for tensor in header.values():
        first, last = tensor["data_offsets"]
        assert last - first == 4 * math.prod(tensor["shape"])
    assert json.loads(artifacts["maas_simulated.json"])["answers_indexed"] == 160


def test_answers_are_of_training_rows_only(tmp_path):
    answers = json.loads(plan(tmp_path, 20).artifacts["maas_answers.json"])
    assert answers["simulated"] is True
    assert answers["complete"] is True
    assert [entry["line"] for entry in answers["answers"]] == list(range(1, 17))
    first = {"line": 1, "user": "How do I return order number 0?", "answer": "Open the page 0 and choose Return."}
    assert answers["answers"][0] == first


def test_the_log_reads_like_a_run(tmp_path):
    text = "\n".join(line.text for line in plan(tmp_path, lora_r=4).logs)
    assert "  Num examples = 160" in text
    assert "{'loss': " in text
    assert "160/160" in text
    assert "{'train_loss': " in text
    assert "without effect here: lora_r" in text


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", '{"error":3}', '{"stages":[[1]],"error":null}', "not json", '{"error":null}']
)
def test_what_is_no_plan_is_a_value_error(text):
    with pytest.raises(ValueError, match="not a training plan"):
        TrainingPlan.from_json(text)


def test_a_broken_artifact_is_a_value_error(tmp_path):
    document = json.loads(plan(tmp_path).to_json())
    for bad in ("*", "AAAA"):
        document["artifacts"] = {"a": bad}
        with pytest.raises(ValueError, match="not a training plan"):
            TrainingPlan.from_json(json.dumps(document))


MESSAGE = st.dictionaries(
    st.sampled_from(["role", "content", "tool_calls", "weight"]),
    st.one_of(
        st.sampled_from(["user", "assistant", "system"]),
        st.none(),
        st.integers(),
        st.text(max_size=9),
        st.lists(st.text(max_size=3), max_size=2),
    ),
)
LINE = st.one_of(
    st.binary(max_size=40),
    st.builds(lambda messages: json.dumps({"messages": messages}).encode(), st.lists(MESSAGE, max_size=4)),
    st.integers(0, 99).map(lambda index: json.dumps(row(index)).encode()),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(LINE, max_size=30),
    st.one_of(st.none(), st.lists(LINE, max_size=5)),
    st.dictionaries(
        st.sampled_from(["num_train_epochs", "per_device_train_batch_size", "learning_rate", "max_seq_length", "seed"]),
        st.one_of(
            st.sampled_from(["1", "3", "0.001", "-1", "inf", "nan", "1e400", "9" * 400, "\ud800"]), st.text(max_size=5)
        ),
        max_size=2,
    ),
)
def test_any_bytes_and_strings_give_a_sound_plan(tmp_path_factory, training, validation, hyper):
    folder = tmp_path_factory.mktemp("any")
    first, second = folder / "t", folder / "v"
    first.write_bytes(b"\n".join(training))
    if validation is not None:
        second.write_bytes(b"\n".join(validation))
    made = make_plan(TrainingInput("any", MODEL, first, None if validation is None else second, hyper))
    sound(made)
    assert isinstance(made.error, PlanError) or made.properties["score"]
