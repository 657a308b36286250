"""Submissions where the world misbehaves: answers are lost, processes end, the journal is in the way."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from maas_client.core.io import Response
from maas_client.core.journal import Entry, Kind, Record
from maas_client.errors import (
    AmbiguousWriteError,
    BadRequestError,
    BrokenResponseError,
    ConfigurationError,
    ConflictError,
    ConnectError,
    DatasetError,
    JobFailedError,
    JournalBusyError,
    JournalError,
    MaaSError,
    OperationError,
    RequestTimeoutError,
    StatusError,
    UsageError,
    WaitTimeoutError,
)
from maas_client.journal import SqliteJournal
from maas_client.resources.submissions import AsyncSubmissions, Submission, Submissions
from maas_client.types import PlannedDeployment, StepState, SubmissionState
from tests.unit.resources.world import World, fingerprint_sent, job, refusal, world

FILE = "azureml://datastores/workspaceblobstore/paths/LocalUpload/0/train.jsonl"
MODEL = "Phi-4-mini-instruct"
CREATE = "ServerlessEndpoints_CreateOrUpdate"
URI = "azureml://locations/eastus2/workspaces/w/models/ft/versions/1"


@pytest.fixture
def journal(tmp_path: Path) -> SqliteJournal:
    return SqliteJournal(tmp_path / "journal")


@pytest.fixture
def at(journal: SqliteJournal) -> Callable[..., Submissions]:
    """Give the submissions of a new process that talks to a world."""

    def make(asked: World) -> Submissions:
        return Submissions(AsyncSubmissions(asked.session(), SqliteJournal(journal.folder)))

    return make


def plan(found: Submissions, **changes: Any) -> Submission:
    fields: dict[str, Any] = {"training_file": FILE, "name": "bot", "wait": False}
    return found.create(MODEL, **{**fields, **changes})


def created(asked: World) -> Any:
    return lambda _: job("Queued", fingerprint=fingerprint_sent(asked))


def step(submission: Submission, name: str) -> Any:
    return next(each for each in submission.info.steps if each.name == name)


# One job


def test_planning_sends_nothing_and_is_written_down(at):
    asked = world()
    submission = plan(at(asked), deploy="bot", tags={"a": "b"})
    (known,) = at(world()).list()

    assert asked.sent == []
    assert known == submission.info
    assert (known.state, known.plan.name, known.plan.deployment) == ("open", "bot", PlannedDeployment(name="bot"))
    assert [each.name for each in known.steps] == ["create-job", "wait", "deploy"]
    assert known.next_step is not None
    assert (known.next_step.name, known.next_step.state) == ("create-job", StepState.PENDING)


def test_what_is_done_is_not_done_again(at):
    asked = world().on("Jobs_CreateOrUpdate", job("Queued"))
    submission = plan(at(asked))
    submission.create_job()
    again = at(world().on("Jobs_Get", job("Running")))
    result = again.resume("bot").run()

    assert result.job.status.value == "running"
    assert submission.info.state is SubmissionState.DONE
    assert submission.info.next_step is None


def test_an_intent_without_a_result_is_looked_for_before_anything_is_sent(at, journal):
    asked = world().on("Jobs_CreateOrUpdate", KeyboardInterrupt())
    submission = plan(at(asked))
    with pytest.raises(KeyboardInterrupt):
        submission.create_job()
    sent = fingerprint_sent(asked)
    later = world().on("Jobs_Get", job("Running", fingerprint=sent))

    assert at(later).get("bot").steps[0].state is StepState.SENT
    at(later).resume(submission.id).create_job()
    assert later.operations() == ["Jobs_Get"]


def test_what_is_not_there_is_sent_again_to_the_byte(at):
    asked = world().on("Jobs_CreateOrUpdate", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        plan(at(asked), tags={"b": "1", "a": "2"}).create_job()
    later = world().on("Jobs_Get", refusal(404)).on("Jobs_CreateOrUpdate", job("Queued"))
    at(later).resume("bot").create_job()

    assert later.operations() == ["Jobs_Get", "Jobs_CreateOrUpdate"]
    assert later.sent[1].body == asked.sent[0].body


def test_another_s_job_of_that_name_is_not_adopted(at):
    asked = (
        world().on("Jobs_CreateOrUpdate", BrokenResponseError("cut")).on("Jobs_Get", job("Running", fingerprint="x"))
    )
    submission = plan(at(asked))
    with pytest.raises(ConflictError, match="has another definition"):
        submission.create_job()


def test_a_lost_answer_is_looked_for_and_the_same_is_sent_once_more(at):
    asked = world().on("Jobs_CreateOrUpdate", BrokenResponseError("cut"), job("Queued")).on("Jobs_Get", refusal(404))
    plan(at(asked)).create_job()

    assert asked.operations() == ["Jobs_CreateOrUpdate", "Jobs_Get", "Jobs_CreateOrUpdate"]
    assert asked.sent[0].body == asked.sent[2].body


def test_an_outcome_that_cannot_be_told_stays_unknown_until_it_is_looked_for(at):
    asked = world().on("Jobs_CreateOrUpdate", RequestTimeoutError("late")).on("Jobs_Get", ConnectError("refused"))
    submission = plan(at(asked))
    with pytest.raises(AmbiguousWriteError) as caught:
        submission.create_job()

    assert caught.value.intent == {
        "operation": "Jobs_CreateOrUpdate", "name": "bot", "fingerprint": submission.plan.fingerprint,
    }  # fmt: skip
    assert step(submission, "create-job").state is StepState.SENT
    assert "may or may not have been created" in step(submission, "create-job").error
    # Out of reach again: nothing new is known, and nothing is sent.
    still = world().on("Jobs_Get", ConnectError("refused"))
    with pytest.raises(ConnectError):
        at(still).resume("bot").create_job()
    assert still.operations() == ["Jobs_Get"]
    assert at(still).get("bot").steps[0].state is StepState.SENT


def test_a_refusal_is_remembered_and_may_be_tried_again(at):
    asked = world().on("Jobs_CreateOrUpdate", refusal(400, message="api_key=verysecretvalue is no file"))
    submission = plan(at(asked))
    with pytest.raises(BadRequestError):
        submission.create_job()
    known = at(asked).get("bot")

    assert (known.state, known.steps[0].state, known.steps[0].attempts) == ("open", StepState.REFUSED, 1)
    assert "verysecretvalue" not in str(known)
    assert "api_key=REDACTED is no file" in str(known.steps[0].error)
    later = world().on("Jobs_CreateOrUpdate", job("Queued"))
    at(later).resume("bot").create_job()
    assert later.operations() == ["Jobs_CreateOrUpdate"]


# Which submission is meant


def test_the_same_under_a_name_of_yours_is_the_open_one(at):
    first = plan(at(world()))
    assert plan(at(world())).id == first.id
    assert plan(at(world()), n_epochs=3).id != first.id
    assert len(at(world()).list()) == 2


def test_a_made_up_name_never_hides_a_job_that_may_exist(at):
    asked = world().on("Jobs_CreateOrUpdate", KeyboardInterrupt())
    first = plan(at(asked), name=None)
    with pytest.raises(KeyboardInterrupt):
        first.create_job()

    with pytest.raises(ConfigurationError, match=f"The run {first.id} was cut off while it created the same") as caught:
        plan(at(world()), name=None)
    assert f"maas-ft runs resume {first.id}" in str(caught.value.hint)
    assert plan(at(world()), name=None, n_epochs=7).plan.name != first.plan.name
    assert plan(at(world()), name="another").plan.name == "another"
    at(world()).forget(first.id)
    assert plan(at(world()), name=None).plan.name != first.plan.name


def test_runs_are_found_by_id_and_by_job_and_forgotten(at):
    first, second = plan(at(world())), plan(at(world()), n_epochs=2)

    assert at(world()).get("bot").id == second.id
    assert at(world()).get(first.id).id == first.id
    assert at(world()).forget(second.id).id == second.id
    assert at(world()).get("bot").id == first.id
    for call in (at(world()).get, at(world()).resume, at(world()).forget):
        with pytest.raises(ConfigurationError, match="no run 'none' in the journal"):
            call("none")


def test_a_run_of_another_workspace_is_refused(at, journal):
    submission = plan(at(world()))
    moved = submission.plan.model_copy(update={"workspace": "other"}).model_dump(mode="json")
    journal.begin(Record("elsewhere", datetime.now(UTC), moved, {}))
    with pytest.raises(ConfigurationError, match="planned for the workspace other"):
        at(world()).resume("elsewhere")


# Tokens


def test_a_token_goes_on_where_the_journal_is_not(at, tmp_path):
    asked = world().on("Jobs_CreateOrUpdate", KeyboardInterrupt())
    submission = plan(at(asked), labels={"profile": "prod"})
    with pytest.raises(KeyboardInterrupt):
        submission.create_job()
    elsewhere = SqliteJournal(tmp_path / "another machine")
    later = world().on("Jobs_Get", job("Running", fingerprint=submission.plan.fingerprint))
    there = Submissions(AsyncSubmissions(later.session(), elsewhere))
    taken = there.resume(submission.token)
    taken.create_job()

    assert later.operations() == ["Jobs_Get"]
    assert (taken.id, taken.plan, taken.info.labels) == (submission.id, submission.plan, {"profile": "prod"})
    assert there.resume(submission.token).info.state is SubmissionState.DONE, "the journal knows more than the token"
    assert json.loads(taken.token)["done"].keys() == {"create-job"}


@pytest.mark.parametrize(
    "token", ["{}", "{", '{"v": 1}', '{"v": 1, "id": "a", "begun_at": "x", "plan": {}}', "[" * 9000]
)
def test_what_is_no_token_is_refused(at, token):
    with pytest.raises(ConfigurationError, match=r"not the token of a submission|no run"):
        at(world()).resume(token)


def test_later_versions_of_token_and_plan_are_refused(at, journal):
    submission = plan(at(world()))
    newer = json.dumps({**json.loads(submission.token), "v": 2})
    with pytest.raises(ConfigurationError, match="has version 2"):
        at(world()).resume(newer)
    later = submission.plan.model_copy(update={"version": 3}).model_dump(mode="json")
    journal.begin(Record("later", datetime.now(UTC), later, {}))
    with pytest.raises(JournalError, match="planned by a later release"):
        at(world()).resume("later")
    journal.begin(Record("odd", datetime.now(UTC), {"name": "odd"}, {}))
    with pytest.raises(JournalError, match="cannot be read: "):
        at(world()).resume("odd")


# The journal in the way


class Failing:
    """A journal whose writes fail from some moment on."""

    def __init__(self, inner: SqliteJournal, kinds: set[Kind]) -> None:
        self._inner, self._kinds = inner, kinds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, run: str, entry: Entry) -> None:
        if entry.kind in self._kinds:
            raise JournalError("The disk is full.")
        self._inner.write(run, entry)


def test_what_cannot_be_written_down_is_not_sent(journal):
    asked = world()
    submissions = Submissions(AsyncSubmissions(asked.session(), Failing(journal, {Kind.INTENT})))
    submission = plan(submissions)
    with pytest.raises(JournalError, match="The disk is full"):
        submission.create_job()
    assert asked.sent == []


def test_a_result_that_cannot_be_written_down_is_found_again(at, journal, caplog):
    asked = world().on("Jobs_CreateOrUpdate", job("Queued"))
    submission = plan(Submissions(AsyncSubmissions(asked.session(), Failing(journal, {Kind.RESULT}))))
    with caplog.at_level(logging.WARNING, logger="maas_client"):
        assert submission.create_job().name == "bot"
    assert "The disk is full. What was sent stands" in caplog.text
    assert submission.info.state is SubmissionState.DONE
    later = world().on("Jobs_Get", job("Running", fingerprint=fingerprint_sent(asked)))
    at(later).resume("bot").create_job()
    assert later.operations() == ["Jobs_Get"]


def test_one_at_work_the_other_says_so(at):
    asked = world()
    outcomes: list[BaseException] = []

    def meanwhile(_: object) -> Any:
        try:
            at(world()).resume("bot").create_job()
        except JournalBusyError as error:
            outcomes.append(error)
        return job("Queued")

    asked.on("Jobs_CreateOrUpdate", meanwhile)
    plan(at(asked)).create_job()
    assert len(outcomes) == 1


def test_a_run_that_was_forgotten_meanwhile_sends_nothing(at):
    submission = plan(at(world()))
    at(world()).forget("bot")
    with pytest.raises(JournalError, match="was forgotten meanwhile"):
        submission.create_job()


# No secrets


@pytest.mark.parametrize(
    "options",
    [
        {"description": "see https://a.blob.core.windows.net/c?sv=2024&sig=abcdefgh"},
        {"tags": {"token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"}},
        {"tags": {"password": "hunter2hunter2"}},
        {"labels": {"note": "Bearer abcdefghijkl"}},
        {"properties": {"list": "AccountKey=abcdefgh"}},
    ],
)
def test_secrets_are_not_kept(at, options):
    with pytest.raises(ConfigurationError, match="looks as if it held a secret; nothing was sent"):
        plan(at(world()), **options)
    assert at(world()).list() == ()


# Files


def uploading(content: bytes = b'{"messages": []}\n') -> World:
    asked = world().on("Datastores_Get", {"properties": {"accountName": "acct", "containerName": "con"}})
    asked.on("Datastores_ListSecrets", {"sasToken": "sig=s"}).on("Blob_GetProperties", refusal(404))
    asked.on("Blob_Put", Response(201, {}, b"")).on("Jobs_CreateOrUpdate", job("Queued"))
    asked.files["/data/t.jsonl"] = content
    return asked


def test_files_are_uploaded_once_and_named_before_they_are_sent(at):
    asked = uploading()
    submission = plan(at(asked), training_file=Path("/data/t.jsonl"), validation_file="/data/t.jsonl", check=False)
    (training, validation) = submission.plan.files
    assert training.id in json.dumps(submission.plan.body)
    assert submission.upload(training).id == training.id
    submission.run()
    later = uploading().on("Jobs_Get", job("Running"))
    files = at(later).resume("bot").run().files

    assert asked.operations().count("Blob_Put") == 2
    assert later.operations() == ["Jobs_Get"]
    assert [file.id for file in files] == [training.id, validation.id]
    assert validation.part == "validation"


def in_blocks() -> World:
    asked = uploading(bytes(72 * 2**20)).on("Blob_GetBlockList", refusal(404))

    def stage(_: object) -> Response:
        asked.clock += 2
        return Response(201, {}, b"")

    return asked.on("Blob_PutBlock", stage).on("Blob_PutBlockList", Response(201, {}, b""))


def test_an_upload_tells_how_far_it_is_and_is_written_down_before_its_last_event(at):
    asked = in_blocks()
    submission = plan(at(asked), training_file="/data/t.jsonl", check=False)
    (file,) = submission.plan.files
    told = []
    for event in submission.upload_events(file):
        told.append(event.done_bytes)
        if event.file is not None:
            assert step(submission, "upload-training").state is StepState.DONE
            break
    assert told == [32 * 2**20, 64 * 2**20, 72 * 2**20, 72 * 2**20]
    later = uploading()
    (event,) = at(later).resume("bot").upload_events(file)
    assert event.file is not None
    assert (event.file.id, event.done_bytes, later.sent) == (file.id, file.bytes, [])


def test_an_upload_that_is_left_can_be_gone_on_with(at):
    asked = in_blocks()
    submission = plan(at(asked), training_file="/data/t.jsonl", check=False)
    (file,) = submission.plan.files
    events = submission.upload_events(file)
    next(events)
    events.close()
    assert step(submission, "upload-training").state is StepState.SENT
    assert at(asked).resume("bot").upload(file).id == file.id


def test_events_of_another_content_are_refused(at):
    asked = in_blocks()
    submission = plan(at(asked), training_file="/data/t.jsonl", check=False)
    asked.files["/data/t.jsonl"] = b"other"
    with pytest.raises(DatasetError, match=r"t\.jsonl changed after it was checked"):
        list(submission.upload_events(submission.plan.files[0]))
    assert step(submission, "upload-training").state is StepState.REFUSED


def test_another_content_is_refused_and_a_touched_file_is_taken(at):
    asked = uploading()
    submission = plan(at(asked), training_file="/data/t.jsonl", check=False)
    asked.files["/data/t.jsonl"] = b'{"messages": [1]\n'
    with pytest.raises(DatasetError, match=r"t\.jsonl changed after it was checked"):
        submission.create_job()
    assert step(submission, "upload-training").state is StepState.REFUSED
    asked.files["/data/t.jsonl"] = b'{"messages": []}\n'
    stale = submission.plan.files[0].model_copy(update={"mtime_ns": 7})
    assert submission.upload(stale).sha256 == stale.sha256


def test_an_empty_file_is_refused(at):
    asked = uploading(b"")
    with pytest.raises(ConfigurationError, match="is empty"):
        plan(at(asked), training_file="/data/t.jsonl", check=False)


# To the end


def test_a_failed_job_ends_the_submission(at):
    asked = world().on("Jobs_CreateOrUpdate", job("Queued")).on("Jobs_Get", job("Failed"))
    submission = plan(at(asked), wait=True)
    with pytest.raises(JobFailedError):
        submission.wait()
    assert submission.info.state is SubmissionState.FAILED
    with pytest.raises(JobFailedError):
        at(asked).resume("bot").run()


def test_stopping_to_wait_is_no_failure(at):
    asked = world().on("Jobs_CreateOrUpdate", job("Queued")).on("Jobs_Get", job("Running"))
    submission = plan(at(asked), wait=True)
    with pytest.raises(WaitTimeoutError):
        submission.wait(timeout=60)
    assert (step(submission, "wait").state, step(submission, "wait").error) == (StepState.SENT, None)


def test_events_are_told_once_over_two_processes(at):
    asked = world().on("Jobs_CreateOrUpdate", job("Queued"))
    asked.on("Jobs_Get", job("Queued"), job("Running"), KeyboardInterrupt())
    told: list[Any] = []
    with pytest.raises(KeyboardInterrupt):
        told.extend(plan(at(asked), wait=True).watch())
    later = world().on("Jobs_Get", job("Failed"))
    submission = at(later).resume("bot")
    told += list(submission.watch())

    words = [event.job.raw_status if hasattr(event, "job") else str(event) for event in told if event.type == "status"]
    assert len(words) == len(set(words)) == 3
    assert submission.info.state is SubmissionState.FAILED
    assert list(submission.watch()) == []


def endpoint(state: str = "Succeeded", model: str = URI) -> dict[str, Any]:
    properties = {
        "provisioningState": state, "endpointState": "Online", "modelSettings": {"modelId": model},
        "inferenceEndpoint": {"uri": "https://bot.eastus2.models.ai.azure.com"},
    }  # fmt: skip
    return {"name": "bot", "location": "eastus2", "properties": properties}


@pytest.fixture
def done(at: Callable[..., Submissions], journal: SqliteJournal) -> Submission:
    """A submission whose job has succeeded."""
    submission = plan(at(world()), deploy="bot")
    for name, data in (("create-job", {"name": "bot"}), ("wait", {"status": "succeeded"})):
        journal.write(submission.id, Entry(name, Kind.RESULT, datetime.now(UTC), data))
    return submission


@pytest.fixture
def succeeded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], World]:
    """Give a world in which the job has succeeded and its model is `URI`."""

    def make() -> World:
        asked = world().on("Jobs_Get", job("Completed"))
        body = {"name": "1", "id": "x", "properties": {"jobName": "bot", "properties": {}}}
        return asked.on("ModelVersions_List", {"value": [body]})

    return make


def model_of(asked: World) -> str:
    """Tell which model the client would deploy."""
    session = asked.session()
    from maas_client.core import stepping

    return str(stepping.run(session.run(session.dialect.jobs.get("bot"))).fine_tuned_model)


def test_a_deployment_is_made_once(at, done, succeeded):
    asked = succeeded()
    uri = model_of(succeeded())
    asked.on("ServerlessEndpoints_Get", refusal(404), endpoint(model=uri))
    asked.on(CREATE, Response(201, {}, json.dumps(endpoint(model=uri)).encode()))
    assert at(asked).resume("bot").deploy().is_ready
    later = succeeded().on("ServerlessEndpoints_Get", endpoint(model=uri))
    result = at(later).resume("bot").run()

    assert result.deployment is not None
    assert CREATE not in later.operations()
    assert at(later).get("bot").state is SubmissionState.DONE


@pytest.mark.parametrize(
    "lost",
    [BrokenResponseError("cut", operation=CREATE), RequestTimeoutError("late", operation=CREATE), refusal(503)],
    ids=str,
)
def test_a_deployment_whose_answer_was_lost_is_taken_up(at, done, succeeded, lost):
    asked, uri = succeeded(), model_of(succeeded())
    asked.on("ServerlessEndpoints_Get", refusal(404), endpoint(model=uri))
    asked.on(CREATE, lost)
    assert at(asked).resume("bot").deploy().is_ready
    assert asked.operations().count(CREATE) == 1


def test_a_deployment_that_is_not_there_is_sent_once_more(at, done, succeeded):
    asked, uri = succeeded(), model_of(succeeded())
    asked.on("ServerlessEndpoints_Get", refusal(404), refusal(404), refusal(404), endpoint(model=uri))
    answer = Response(201, {}, json.dumps(endpoint(model=uri)).encode())
    asked.on(CREATE, BrokenResponseError("cut", operation=CREATE), answer)
    assert at(asked).resume("bot").deploy().is_ready
    bodies = [each.body for each in asked.sent if each.operation == CREATE]
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]


def test_a_deployment_that_was_never_made_leaves_the_error_that_lost_it(at, done, succeeded):
    asked = succeeded().on("ServerlessEndpoints_Get", refusal(404))
    asked.on(CREATE, BrokenResponseError("cut", operation=CREATE))
    with pytest.raises(BrokenResponseError):
        at(asked).resume("bot").deploy()
    assert asked.operations().count(CREATE) == 2


def test_a_deployment_whose_outcome_cannot_be_told_is_said_to_be_unknown(at, done, succeeded):
    asked = succeeded().on("ServerlessEndpoints_Get", refusal(404), ConnectError("refused"))
    asked.on(CREATE, BrokenResponseError("cut", operation=CREATE))
    with pytest.raises(AmbiguousWriteError, match="may or may not have been started") as caught:
        at(asked).resume("bot").deploy()
    assert caught.value.intent["name"] == "bot"


@pytest.mark.parametrize("refused", [ConnectError("refused"), refusal(400), refusal(403)], ids=str)
def test_a_deployment_that_certainly_did_not_happen_is_not_looked_for(at, done, succeeded, refused):
    asked = succeeded().on("ServerlessEndpoints_Get", refusal(404))
    asked.on(CREATE, refused)
    with pytest.raises((ConnectError, StatusError)):
        at(asked).resume("bot").deploy()
    assert asked.operations().count("ServerlessEndpoints_Get") == 1


def test_after_a_cut_the_deployment_is_looked_for_first(at, done, succeeded):
    asked, uri = succeeded(), model_of(succeeded())
    asked.on("ServerlessEndpoints_Get", refusal(404)).on(CREATE, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        at(asked).resume("bot").deploy()
    there = succeeded().on("ServerlessEndpoints_Get", endpoint(model=uri))
    anothers = succeeded().on("ServerlessEndpoints_Get", endpoint(model="azureml://other"))
    away = succeeded().on("ServerlessEndpoints_Get", ConnectError("refused"))

    with pytest.raises(ConflictError, match="serves azureml://other"):
        at(anothers).resume("bot").deploy()
    with pytest.raises(ConnectError):
        at(away).resume("bot").deploy()
    assert at(there).resume("bot").deploy().is_ready
    for asked in (there, anothers, away):
        assert CREATE not in asked.operations()


def test_a_model_that_is_not_registered_yet_is_deployed_later(at, done):
    asked = world().on("Jobs_Get", job("Completed")).on("ModelVersions_List", {"value": []})
    with pytest.raises(OperationError, match="its model is not registered yet"):
        at(asked).resume("bot").deploy()


def test_a_submission_without_a_deployment_deploys_nothing(at):
    submission = plan(at(world()))
    with pytest.raises(UsageError, match="deploys nothing"):
        submission.deploy()
    assert repr(submission) == f"<Submission {submission.id} bot>"
    assert issubclass(UsageError, MaaSError)


def test_a_success_that_cannot_be_read_is_no_refusal(at):
    garbled = Response(201, {}, b"<html>welcome</html>")
    asked = world().on("Jobs_CreateOrUpdate", garbled)
    asked.on("Jobs_Get", lambda _: job("Queued", fingerprint=fingerprint_sent(asked)))
    plan(at(asked)).create_job()

    assert asked.operations() == ["Jobs_CreateOrUpdate", "Jobs_Get"]
