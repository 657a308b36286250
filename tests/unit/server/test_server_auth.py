"""--auth: what is asked for of whom, and what a refusal says."""

import time
from urllib.parse import urlencode

import jwt
import pytest

from maas_client.server.clock import Clock, parse_clock
from maas_client.server.entra.audiences import ARM, STORAGE
from maas_client.server.entra.policy import Policy
from maas_client.server.entra.principal import CLIENT_ID, TENANT_ID
from maas_client.server.entra.tokens import GENERATION, ISSUER, Tokens

KEY = "a-key-of-thirty-two-bytes-or-more"
NOW = int(time.time())


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    from tests.unit.server.conftest import start_server

    running = start_server(tmp_path_factory.mktemp("strict") / "state", "--auth", "strict")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return Tokens(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def policy_of(keys):
    def make(mode, *, ahead=0.0, generation=0):
        clock = Clock(parse_clock("manual"), None, lambda now, skew: None)
        clock.advance(ahead)
        return Policy(mode, keys, clock, generation)

    return make


def foreign(**claims):
    return jwt.encode({"iss": "https://sts.windows.net/elsewhere/", "exp": NOW + 3600, **claims}, KEY, "HS256")


def own(keys, now=NOW, seconds=3600, **claims):
    facts = {"aud": "https://management.azure.com/", "appid": CLIENT_ID, GENERATION: 0}
    return keys.issue(facts | claims, now=now, seconds=seconds)


def code(policy, token, audiences=ARM):
    problem = policy.problem(f"Bearer {token}" if token else "", audiences)
    return problem.code if problem else None


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic dXNlcg==", "nonsense"])
def test_a_bearer_token_must_be_there_unless_nothing_is_asked_for(authorization, policy_of):
    for mode in ("any", "strict"):
        problem = policy_of(mode).problem(authorization, ARM)
        assert problem is not None
        assert (problem.code, problem.error) == ("AuthenticationFailed", "invalid_token")
    assert policy_of("off").problem(authorization, ARM) is None


@pytest.mark.parametrize("token", ["emulator", "a.b.c", "e30.e30.", "e30.W10.x", foreign(), foreign(exp="never")])
def test_any_takes_what_is_not_an_expired_token(token, policy_of):
    assert code(policy_of("any"), token) is None
    assert code(policy_of("strict"), token) == "InvalidAuthenticationToken"


def test_any_refuses_an_expired_token_whoever_made_it(policy_of, keys):
    for token in (foreign(exp=NOW - 1), foreign(exp=1.5), foreign(exp=-1e300), own(keys, NOW - 3600)):
        problem = policy_of("any").problem(f"Bearer {token}", ARM)
        assert problem is not None
        assert (problem.code, problem.error) == ("ExpiredAuthenticationToken", "invalid_token")
        assert "claims=" not in problem.challenge("https://login.example")


def test_tokens_of_the_server_go_by_its_clock_and_those_of_others_by_the_wall(policy_of, keys):
    policy = policy_of("any", ahead=3601)
    assert code(policy, foreign()) is None
    problem = policy.problem(f"Bearer {own(keys)}", ARM)
    assert problem is not None
    # Who holds it believes that it is good: the claims make credentials fetch another.
    assert (problem.code, problem.error) == ("ExpiredAuthenticationToken", "insufficient_claims")
    assert code(policy, own(keys, now=NOW + 3601)) is None


def test_strict_takes_a_token_for_its_audience_alone(policy_of, keys):
    policy = policy_of("strict")
    assert code(policy, own(keys)) is None
    assert code(policy, own(keys, aud="HTTPS://management.core.windows.net//")) is None
    assert code(policy, own(keys, aud="https://storage.azure.com")) == "InvalidAuthenticationTokenAudience"
    assert code(policy, own(keys), STORAGE) == "InvalidAuthenticationTokenAudience"
    assert code(policy, own(keys, aud="https://storage.azure.com/"), STORAGE) is None


def test_strict_wants_its_own_signature_issuer_and_tenant(policy_of, keys, tmp_path):
    policy = policy_of("strict")
    assert code(policy, own(Tokens(tmp_path))) == "InvalidAuthenticationToken"
    assert code(policy, own(keys, iss="https://sts.windows.net/elsewhere/")) == "InvalidAuthenticationTokenTenant"
    assert code(policy, own(keys, tid="elsewhere")) == "InvalidAuthenticationToken"
    head, _, signature = own(keys).split(".")
    assert code(policy, f"{head}.{own(keys, oid='me').split('.')[1]}.{signature}") == "InvalidAuthenticationToken"
    unsigned = jwt.encode({"iss": ISSUER, "tid": TENANT_ID, "exp": NOW + 60, "aud": "https://ml.azure.com"}, "", "none")
    assert code(policy, unsigned) == "InvalidAuthenticationToken"


@pytest.mark.parametrize("mode", ["any", "strict"])
def test_a_token_of_before_a_revocation_is_refused(mode, policy_of, keys):
    policy = policy_of(mode, generation=1)
    assert code(policy, own(keys)) == "TokenIssuedBeforeRevocationTimestamp"
    assert code(policy, own(keys, **{GENERATION: 1})) is None


def test_a_challenge_is_one_header_line_whatever_was_sent(policy_of, keys):
    token = own(keys, aud='"\r\nSet-Cookie: a=b\u20ac')
    problem = policy_of("strict").problem(f"Bearer {token}", ARM)
    assert problem is not None
    header = problem.challenge("https://login.example")
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 6


def test_the_refusal_of_the_resource_manager(server, strict, space_of):
    path = f"{space_of(server).arm_id}?api-version=2024-10-01"
    answer = server.send("GET", path)
    assert (answer.status, answer.error["code"]) == (401, "AuthenticationFailed")
    where = f'Bearer authorization_uri="{server.ready["url"]}/{TENANT_ID}", error="invalid_token", '
    assert answer.headers["www-authenticate"].startswith(where)
    answer = server.send("GET", path, headers={"Authorization": f"Bearer {foreign(exp=0)}"})
    assert (answer.status, answer.error["code"]) == (401, "ExpiredAuthenticationToken")
    answer = strict.send("GET", path, headers={"Authorization": "Bearer emulator"})
    assert (answer.status, answer.error["code"]) == (401, "InvalidAuthenticationToken")


def token_of(running, resource):
    query = urlencode({"api-version": "2018-02-01", "resource": resource})
    answer = running.send("GET", f"/metadata/identity/oauth2/token?{query}", headers={"Metadata": "true"})
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def test_strict_storage_takes_tokens_for_storage(strict, space_of):
    space = space_of(strict)
    arm = token_of(strict, "https://management.azure.com")
    store = strict.send("GET", f"{space.arm_id}/datastores/workspaceblobstore?api-version=2024-10-01", headers=arm)
    facts = store.json["properties"]
    url = f"{strict.ready['url']}/{facts['accountName'].rpartition('/')[2]}.blob.core.windows.net"
    target = f"{url}/{facts['containerName']}/a.txt"
    kind = {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2022-11-02"}
    for headers, problem in (({}, "NoAuthenticationInformation"), (arm, "InvalidAuthenticationInfo")):
        answer = strict.send("PUT", target, b"x", {**kind, **headers})
        assert (answer.status, answer.headers["x-ms-error-code"]) == (401, problem)
        tenant = f"{strict.ready['url']}/{TENANT_ID}"
        assert answer.headers["www-authenticate"] == (
            f"Bearer authorization_uri={tenant}/oauth2/authorize resource_id=https://storage.azure.com"
        )
    storage = token_of(strict, "https://storage.azure.com/")
    assert strict.send("PUT", target, b"x", {**kind, **storage}).status == 201
    account = token_of(strict, f"https://{facts['accountName'].rpartition('/')[2]}.blob.core.windows.net")
    assert strict.send("GET", target, headers={**kind, **account}).content == b"x"


def deploy(running, space, name):
    model = {"modelSettings": {"modelId": "azureml://registries/azureml/models/Phi-4-mini-instruct"}}
    where = f"{space.arm_id}/serverlessEndpoints/{name}?api-version={'2024-10-01'}"
    body = {"location": "eastus2", "properties": model}
    assert running.send("PUT", where, body, {"Authorization": "Bearer x"}).status == 201
    running.advance(60)
    return (
        running.send("GET", where, headers={"Authorization": "Bearer x"}).json["properties"]["inferenceEndpoint"]["uri"]
        + "/info"
    )


def test_a_key_of_the_command_line_opens_every_deployment(tmp_path, start, space_of):
    running = start(tmp_path / "state", "--api-key", "of-everybody")
    info = deploy(running, space_of(running), "bot")
    assert running.send("GET", info, headers={"Authorization": "Bearer of-everybody"}).status == 200
    assert running.send("GET", info, headers={"api-key": "of-everybody"}).status == 200
    for key in ("", "of-everybod", "of-everybody2"):
        assert running.send("GET", info, headers={"Authorization": f"Bearer {key}"}).status == 401


def test_off_asks_for_nothing(tmp_path, start, space_of):
    running = start(tmp_path / "state", "--auth", "off")
    space = space_of(running)
    assert running.send("GET", deploy(running, space, "bot")).status == 200
    store = running.send("GET", f"{space.arm_id}/datastores/workspaceblobstore?api-version=2024-10-01")
    facts = store.json["properties"]
    target = f"/{facts['accountName'].rpartition('/')[2]}/{facts['containerName']}/a.txt"
    assert running.send("PUT", f"{target}?sig=wrong", b"x", {"x-ms-blob-type": "BlockBlob"}).status == 201
    assert running.send("GET", target, headers={"Authorization": "SharedKey a:b"}).content == b"x"
    training = "azureml://datastores/workspaceblobstore/paths/a.txt"
    assert space.submit("job", training).status == 201
    details = space.data("GET", "history/v1.0", "/experiments/x/runs/job/details").json
    (log,) = details["logFiles"].values()
    assert running.send("GET", log.partition("?")[0]).status == 200


@pytest.mark.parametrize(
    "options",
    [
        ("--auth", "maybe"),
        ("--token-lifetime", "0"),
        ("--token-lifetime", "90000"),
        ("--api-key", " "),
        ("--api-key", "\u20ac"),
    ],
)
def test_options_that_cannot_be_are_refused(options, tmp_path, capfd):
    from maas_client.server.main import main

    with pytest.raises(SystemExit) as ended:
        main(["--state-dir", str(tmp_path / "state"), *options])
    assert ended.value.code == 2
    assert options[0] in capfd.readouterr().err
