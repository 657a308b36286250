"""The pytest plugin as a user's test run sees it: each test here is such a run, in a process of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from maas_client.testing import serving

PAGE = Path(__file__).parents[3] / "docs" / "pages" / "how-to" / "testing.md"
pytest_plugins = ["pytester"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

TRAIN = """
import json
import pytest

@pytest.fixture
def train(tmp_path):
    path = tmp_path / "train.jsonl"
    rows = [
        {"messages": [{"role": "user", "content": f"question {n}"}, {"role": "assistant", "content": f"answer {n}"}]}
        for n in range(40)
    ]
    path.write_text("".join(json.dumps(row) + "\\n" for row in rows))
    return path
"""
QUIET = ("-p", "no:cacheprovider", "-p", "no:randomly")


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest on some files with some arguments."""
    pytester.makeconftest(TRAIN)

    def go(text, *arguments, ini=""):
        pytester.makeini(f"[pytest]\n{ini}")
        pytester.makepyfile(text)
        return pytester.runpytest_subprocess(*(arguments or QUIET))

    return go


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("shared")) as server:
        yield server


def test_fixtures_take_a_job_from_data_to_answer(run):
    result = run(
        """
        from maas_client import MaaSClient

        import pytest

        def test_line(maas_client, maas_clock, maas_requests, train):
            file = maas_client.files.upload(train)
            job = maas_client.jobs.create("Phi-4-mini-instruct", training_file=file, name="bot")
            assert maas_client.jobs.get(job).status == "queued"
            before = maas_clock.now()
            assert (maas_clock.advance(86_400) - before).total_seconds() >= 86_399
            job = maas_client.jobs.wait(job)
            assert job.status == "succeeded"
            with maas_clock.flowing():
                deployment = maas_client.deployments.begin_create("bot", model=job.fine_tuned_model).result()
            answer = maas_client.chat.create(deployment, messages=[{"role": "user", "content": "question 7"}])
            assert answer.text == "answer 7"
            maas_requests.verify("Jobs_CreateOrUpdate", times=1)
            maas_requests.verify("Chat_*", at_least=1, at_most=2, status="2xx")
            with pytest.raises(AssertionError, match="Jobs_Create.*1 requests were found, not 2") as refused:
                maas_requests.verify("Jobs_CreateOrUpdate", times=2)
            assert "/jobs/bot: 201" in str(refused.value)
            assert [each["method"] for each in maas_requests.list("Jobs_CreateOrUpdate")] == ["PUT"]

        def test_again_in_a_workspace_that_knows_nothing_of_it(maas_client, maas_workspace, maas_requests):
            assert maas_requests.list() == []
            assert list(maas_client.jobs.list()) == []
            maas_requests.verify(times=1)
            assert maas_workspace.name.startswith("t-again-in-a-workspace")

        def test_code_that_finds_its_settings(maas_environment, maas_workspace):
            with MaaSClient.from_env() as client:
                assert maas_workspace.name in repr(client)
                assert list(client.jobs.list()) == []
        """
    )
    result.assert_outcomes(passed=3)


def test_event_loops_of_anyio_and_of_pytest_asyncio(run):
    result = run(
        """
        import asyncio
        import pytest
        @pytest.mark.anyio
        async def test_by_anyio(async_maas_client, train, anyio_backend):
            file = await async_maas_client.files.upload(train)
            assert not file.reused
            assert [job async for job in async_maas_client.jobs.list()] == []

        @pytest.mark.asyncio
        async def test_by_pytest_asyncio(async_maas_client, train):
            asyncio.get_running_loop()
            file = await async_maas_client.files.upload(train)
            assert not file.reused
            assert [job async for job in async_maas_client.jobs.list()] == []

        @pytest.mark.asyncio
        async def test_once_more(async_maas_client):
            assert [job async for job in async_maas_client.jobs.list()] == []
        """,
        *QUIET,
        "-W",
        "error",
        ini="asyncio_default_fixture_loop_scope = function",
    )
    result.assert_outcomes(passed=4)


def test_what_is_missing_is_told(run):
    text = "def test_sync(async_maas_client): pass\ndef test_there(maas_client): pass"
    result = run(text, *QUIET, "-p", "no:asyncio", "--maas-url", "http://127.0.0.1:9")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*mark it with pytest.mark.anyio*", "*ControlError*no answer*"])


def test_faults_that_fire_pass_and_faults_that_do_not_fail(run):
    result = run(
        """
        import pytest

        def test_fires(maas_client, maas_faults):
            fault = maas_faults.on("Jobs_List", {"do": "status", "status": 503, "headers": {"Retry-After": "0"}})
            assert fault.remaining == 1
            assert list(maas_client.jobs.list()) == []
            assert fault.completed
            assert [(each["operation"], each["status"]) for each in fault.fired] == [("Jobs_List", 503)]

        def test_does_not_fire(maas_client, maas_faults):
            maas_faults.on("Jobs_List", {"do": "status", "status": 503}, nth=2, name="second list")
            assert list(maas_client.jobs.list()) == []

        def test_need_not_fire(maas_client, maas_faults):
            maas_faults.on("Jobs_List", {"do": "status", "status": 503}, nth=2, must_fire=False)
            assert list(maas_client.jobs.list()) == []

        def test_by_its_name(maas_client, maas_faults, maas_requests):
            fault = maas_faults.classic("gateway-html", "Jobs_List")
            assert list(maas_client.jobs.list()) == []
            assert fault.completed
            with pytest.raises(AssertionError, match="502, fault html"):
                maas_requests.verify("Jobs_List", times=1)

        def test_taken_back(maas_client, maas_faults):
            maas_faults.on("Jobs_List", {"do": "status", "status": 503}).remove()
            assert list(maas_client.jobs.list()) == []

        def test_without_end_never_fires(maas_faults):
            maas_faults.on("Jobs_Get", {"do": "status", "status": 503}, every=1)

        def test_fails_by_itself(maas_faults):
            maas_faults.on("Jobs_Get", {"do": "status", "status": 503})
            raise RuntimeError("the test's own")

        def test_is_no_program(maas_faults):
            maas_faults.on("Jobs_Gett", {"do": "status", "status": 503})

        def test_of_others_leave_nothing_behind(maas_client, maas_server):
            assert list(maas_client.jobs.list()) == []
            assert maas_server.control.call("GET", "faults")["programs"] == []
        """
    )
    result.assert_outcomes(passed=5, failed=4)
    result.stdout.fnmatch_lines(
        [
            "*fault 'second list' (operation Jobs_List) fired 0 times instead of 1 times; 1 requests matched it*",
            "*fired 0 times instead of at least once*",
            "*RuntimeError: the test's own*",
            "*Jobs_Get*",
        ]
    )
    told = result.stdout.str().partition("test_fails_by_itself")[2].partition("short test summary")[0]
    assert told.count("instead of") == 0


MANY = """
import pytest

@pytest.mark.parametrize("turn", range(4))
def test_same_names_everywhere(maas_client, maas_clock, maas_faults, train, turn):
    assert list(maas_client.jobs.list()) == []
    maas_faults.on("Jobs_CreateOrUpdate", {"do": "status", "status": 503, "headers": {"Retry-After": "0"}})
    file = maas_client.files.upload(train)
    assert not file.reused
    job = maas_client.jobs.create("Phi-4-mini-instruct", training_file=file, name="bot")
    assert [each.name for each in maas_client.jobs.list()] == ["bot"]
    maas_clock.advance(86_400)
    assert maas_client.jobs.wait(job).status == "succeeded"
"""


# pytest-randomly is on in these two: it gives every test the same seed, so names drawn by `random` would be the same.


def test_under_xdist_every_worker_has_a_server(run):
    run(MANY, "-n", "2", "-p", "no:cacheprovider").assert_outcomes(passed=4)


def test_workers_may_share_a_server(run, shared):
    token = shared.ready.facts["admin_token"]
    result = run(MANY, "-n", "2", "-p", "no:cacheprovider", "--maas-url", shared.url, "--maas-admin-token", token)
    result.assert_outcomes(passed=4)


def test_options_of_the_server_are_set_in_the_ini_file_and_on_the_command_line(run):
    result = run(
        """
        import httpx

        def test_options(maas_server, maas_workspace):
            assert maas_server.ready.facts["clock"] == "scaled:50"
            subscription, group, name = maas_workspace.scope.split("/")
            url = f"{maas_server.url}/subscriptions/{subscription}/resourceGroups/{group}/providers"
            url += f"/Microsoft.MachineLearningServices/workspaces/{name}?api-version=2024-10-01-preview"
            found = httpx.get(url, headers={"Authorization": "Bearer any"})
            assert found.json()["location"] == "westus3"
        """,
        *QUIET,
        "--maas-clock",
        "scaled:50",
        ini="maas_clock = real\nmaas_server_options = --region westus3",
    )
    result.assert_outcomes(passed=1)


def test_loading_the_plugin_loads_nothing_else():
    program = (
        "import sys, json, pytest\n"
        "before = set(sys.modules)\n"
        "import maas_client.testing.plugin\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [
        "maas_client",
        "maas_client.base",
        "maas_client.base.lazy",
        "maas_client.testing",
        "maas_client.testing.plugin",
    ]


def test_the_tests_of_the_documents_pass(run, shared):
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    tests = [text for text in blocks if "def test_" in text]
    token = shared.ready.facts["admin_token"]
    result = run("\n".join(tests), *QUIET, "--maas-url", shared.url, "--maas-admin-token", token)
    result.assert_outcomes(passed=sum(text.count("def test_") for text in tests))
    assert len(tests) >= 3
