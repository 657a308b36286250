"""The matrix of techniques, and the advice that is made of it."""

from datetime import date

import pytest

from maas_client import catalog
from maas_client.catalog.matrix import limits, places
from maas_client.errors import ConfigurationError

TODAY = date(2026, 11, 27)
SMALL, LARGE, MIXTURE = "Phi-4-mini-instruct", "Phi-4", "Phi-3.5-MoE-instruct"


def advise(goal="chat", **asked):
    return catalog.advise(goal, today=TODAY, **asked)


def chosen(advice):
    return next((place.key for place in advice.places if place.recommended), None)


def method(advice, name):
    return next(each for each in advice.methods if each.name == name)


def tried_first(advice):
    return [each.name for each in advice.methods if each.recommended]


def words(reasons):
    return " ".join(reason.text for reason in reasons)


def test_every_statement_has_a_source_and_every_source_a_statement():
    said = [
        *(each for technique in catalog.techniques().values() for each in technique.says),
        *(each for need in catalog.needs().values() for each in need.documented.values()),
        *(each for place in places().values() for each in place.says),
        *(limit.says for limit in limits().values()),
    ]
    cited = {statement.source for statement in said}
    assert cited | {"matrix", "matrix-corrected"} == set(catalog.technique_sources())
    assert not set(catalog.technique_sources()) & set(catalog.sources()), "one key, one source"


def test_the_matrix_names_known_techniques_and_every_change_is_documented():
    assert [need.kind for need in catalog.needs().values()] == ["goal"] * 5 + ["priority"] * 4
    for need in catalog.needs().values():
        assert need.first | need.corrected <= set(catalog.techniques())
        assert set(need.documented) == need.changed
    changed = {need.key: need.changed for need in catalog.needs().values() if need.changed}
    assert changed == {"cost": {"PEFT", "DoRA"}, "memory": {"LoRA", "PEFT"}, "parameters": {"LoRA"}, "gpus": {"DoRA"}}


def test_what_nobody_has_to_manage_comes_first():
    advice = advise()
    assert (advice.model, chosen(advice)) == (SMALL, "hosted")
    assert "with LoRA, as the service does it" in advice.answer
    assert tried_first(advice) == []
    assert {each.fit for each in advice.methods} == {"unknown"}
    assert advice.places[0].command == "maas-ft submit --model Phi-4-mini-instruct --train train.jsonl"


@pytest.mark.parametrize("goal", ["domain", "nlp", "qa", "chat", "creative"])
def test_a_goal_never_decides(goal):
    assert advise(goal, gpus=1, gpu_gigabytes=8).answer == advise(gpus=1, gpu_gigabytes=8).answer


@pytest.mark.parametrize(
    ("model", "gpus", "gigabytes", "best"),
    [
        (SMALL, 1, 16, "LoRA"),
        (SMALL, 1, 15, "QLoRA"),
        (SMALL, 1, 2, "QLoRA"),
        (SMALL, 2, 8, "LoRA with ZeRO-3"),
        (LARGE, 8, 8, "LoRA with ZeRO-3"),
        (LARGE, 2, 8, "QLoRA with ZeRO-3"),
        (LARGE, 1, 24, "QLoRA"),
    ],
)
def test_memory_decides_the_technique(model, gpus, gigabytes, best):
    advice = advise(model=model, gpus=gpus, gpu_gigabytes=gigabytes)
    assert tried_first(advice) == [best]
    assert f"On your own GPUs: {best}." in advice.answer


def test_what_does_not_fit_twice_is_tight():
    lora = {size: method(advise(gpus=1, gpu_gigabytes=size), "LoRA") for size in (7.5, 7.6, 15.1, 15.2)}
    assert {size: each.fit for size, each in lora.items()} == {7.5: "no", 7.6: "tight", 15.1: "tight", 15.2: "yes"}
    assert lora[7.5].gigabytes == 7.6
    assert "at least 7.6 GB on each GPU: more than 7.5 GB" in words(lora[7.5].reasons)


def test_all_parameters_take_eighteen_bytes_each():
    assert method(advise(model=LARGE), "all parameters").gigabytes == 252
    assert method(advise(model=LARGE, gpus=4), "all parameters with ZeRO-3").gigabytes == 63


def test_who_saves_memory_is_told_the_smallest_first():
    assert tried_first(advise(gpus=1, gpu_gigabytes=80)) == ["LoRA"]
    assert tried_first(advise(gpus=1, gpu_gigabytes=80, priorities=["memory"])) == ["QLoRA"]


def test_who_wants_all_gpus_together_gets_them():
    advice = advise(gpus=2, gpu_gigabytes=80, priorities=["gpus"])
    assert (chosen(advice), tried_first(advice)) == ("own-program", ["LoRA with ZeRO-3"])
    assert "in a training program of your own, with LoRA with ZeRO-3" in advice.answer
    assert "The matrix does not name it" in words(method(advice, "LoRA").reasons)

    alone = advise(gpus=1, gpu_gigabytes=80, priorities=["gpus"])
    assert chosen(alone) == "hosted"
    assert "One GPU was named" in words(next(each for each in alone.places if each.key == "own-program").reasons)


def test_parting_alone_does_not_make_parameters_fewer():
    advice = advise(gpus=2, gpu_gigabytes=80, priorities=["parameters"])
    assert tried_first(advice) == ["LoRA"]
    reasons = method(advice, "all parameters with ZeRO-3").reasons
    assert "does not name it for: using fewer parameters" in words(reasons)


def test_what_was_corrected_is_explained_where_it_counts():
    advice = advise(gpus=1, gpu_gigabytes=80, priorities=["cost"])
    assert "139 % more time" in words(method(advice, "DoRA").reasons)
    assert "peft-dora" in advice.sources
    assert "No source names its price" in words(advice.places[0].reasons)


def test_a_size_that_no_source_states_is_not_made_up():
    advice = advise(model=MIXTURE, gpus=1, gpu_gigabytes=80)
    assert {each.gigabytes for each in advice.methods} == {None}
    assert tried_first(advice) == ["LoRA"]


def test_a_retired_model_is_not_advised_but_for_ones_own_program():
    advice = advise(model="Phi-3-mini-4k-instruct")
    assert chosen(advice) is None
    assert advice.answer.startswith("Nothing fits Phi-3-mini-4k-instruct")
    assert "2025-08-30. Its replacement is Phi-4-mini-instruct." in advice.answer
    assert "azureml-assets" in advice.sources

    at_home = advise(model="Phi-3-mini-4k-instruct", gpus=1, gpu_gigabytes=24)
    assert (chosen(at_home), tried_first(at_home)) == ("own-program", ["LoRA"])
    before = catalog.advise("chat", today=date(2025, 8, 29), model="Phi-3-mini-4k-instruct")
    assert chosen(before) == "hosted"


def test_where_hosting_was_never_offered_compute_is_next():
    small = catalog.advise("qa", today=date(2025, 1, 1), model="Phi-3-small-8k-instruct")
    assert chosen(small) == "own-compute"
    assert "--instance-type" in small.places[0].command
    assert "on compute of your own in the workspace" in small.answer


def test_too_few_rows_fail_and_few_need_a_validation_file():
    assert chosen(advise(rows=9)) is None
    assert "fewer than 10 rows" in advise(rows=9).answer
    assert "Give a validation file" in words(advise(rows=12).places[0].reasons)
    assert "Give a validation file" not in words(advise(rows=13).places[0].reasons)


def test_nothing_fits_into_too_small_a_gpu():
    advice = advise(model=LARGE, gpus=1, gpu_gigabytes=4)
    assert (chosen(advice), tried_first(advice)) == ("hosted", [])
    own = next(each for each in advice.places if each.key == "own-program")
    assert (own.possible, "Nothing that the matrix names fits" in words(own.reasons)) == (False, True)


def test_only_what_is_said_is_cited():
    advice = advise(gpus=2, gpu_gigabytes=24)
    cited = {
        reason.source
        for reasons in [*(each.reasons for each in advice.places), *(each.reasons for each in advice.methods)]
        for reason in reasons
    }
    assert set(advice.sources) == cited - {None}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"goal": "chart"}, r"Unknown goal 'chart'\. Did you mean chat\?"),
        ({"priorities": ["cheap"]}, "Unknown priority 'cheap'"),
        ({"model": "Phi-5"}, "Unknown model"),
        ({"rows": -1}, "at least 0"),
        ({"gpus": -1}, "at least 0"),
        ({"gpus": 1, "gpu_gigabytes": 0}, "above 0"),
        ({"gpus": 1, "gpu_gigabytes": float("nan")}, "above 0"),
    ],
)
def test_what_cannot_be_is_refused(asked, message):
    with pytest.raises(ConfigurationError, match=message):
        advise(**asked)


def test_a_name_that_the_catalog_does_not_have_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'advice_of'"):
        _ = catalog.advice_of  # type: ignore[attr-defined]


def test_goals_and_priorities_of_the_command_line_are_those_of_the_matrix():
    from maas_client.cli.advise import GOALS, PRIORITIES

    kinds = {need.key: need.kind for need in catalog.needs().values()}
    assert kinds == {**dict.fromkeys(GOALS, "goal"), **dict.fromkeys(PRIORITIES, "priority")}
