"""Jobs on machines of the user's own: the serverless body with resources, queue, identity and mails."""

import pytest

GPU = {"instanceTypes": ["Standard_NC24ads_A100_v4"]}


def test_a_job_on_own_compute_runs_and_says_so(space):
    training = space.upload("a/train.jsonl", space.rows(20))
    more = {
        "resources": GPU,
        "queueSettings": {"jobTier": "Standard"},
        "identity": {"identityType": "Managed"},
        "notificationSetting": {"emails": ["a@example.com"], "emailOn": ["JobFailed"]},
    }
    made = space.submit("own", training, **more)
    assert made.status == 201
    properties = made.json["properties"]
    assert {key: properties[key] for key in more} == more
    assert space.submit("own", training, **more).status == 200
    assert space.submit("own", training).status == 400
    space.server.advance(400_000)
    assert space.status("own") == "Completed"


def test_a_model_that_is_only_tuned_on_own_compute(space):
    training = space.upload("a/train.jsonl", space.rows(20))
    small = "Phi-3-small-8k-instruct"
    refused = space.submit("small", training, model=small)
    assert (refused.status, "does not support fine-tuning serverless" in refused.error["message"]) == (400, True)
    assert space.submit("small", training, model=small, resources=GPU).status == 201


@pytest.mark.parametrize(
    ("more", "target"),
    [
        ({"resources": {"instanceTypes": []}}, "resources.instanceTypes"),
        ({"resources": {"instanceTypes": "x"}}, "resources.instanceTypes"),
        ({"resources": []}, "resources"),
        ({"computeId": 3}, "computeId"),
        ({"queueSettings": {"jobTier": "Gold"}}, "queueSettings.jobTier"),
        ({"identity": {}}, "identity.identityType"),
        ({"identity": {"identityType": "Me"}}, "identity.identityType"),
        ({"notificationSetting": {"emails": "a"}}, "notificationSetting.emails"),
        ({"notificationSetting": {"emailOn": ["Never"]}}, "notificationSetting.emailOn"),
    ],
)
def test_what_is_wrong_is_told_by_field(space, more, target):
    training = space.upload("a/train.jsonl", space.rows(20))
    refused = space.submit("wrong", training, **more)
    assert (refused.status, refused.error["target"]) == (400, target)
