"""Where each setting is taken from, and what is refused."""

import json
import subprocess
import sys

import pytest

from maas_client.errors import ConfigurationError
from maas_client.settings import load_settings


@pytest.fixture
def load(tmp_path):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)

    def loaded(*, profile=None, environ=None, toml=None, **overrides):
        path = tmp_path / "config.toml"
        if toml is not None:
            path.write_text(toml, encoding="utf-8")
        return load_settings(profile=profile, overrides=overrides, environ=environ or {}, cwd=folder, config_path=path)

    return loaded


@pytest.fixture
def azureml(tmp_path):
    def write(place, **values):
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(values))
        return path

    return write


TRIPLE = {"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}
DEV = '[profiles.dev]\nsubscription_id = "ps"\nworkspace = "pw"\n'


def test_defaults(load):
    resolved = load()
    settings = resolved.settings
    assert (settings.service, settings.cloud, settings.emulator) == ("azureml", "AzureCloud", False)
    assert (settings.timeout_seconds, settings.max_retries, settings.workspace) == (60.0, 3, None)
    assert {setting.origin for setting in resolved.origins.values()} == {"default"}


def test_each_source_beats_the_next(load, azureml):
    path = azureml("config.json", **TRIPLE)
    assert load().settings.workspace == "w"
    assert load().origins["workspace"].origin == str(path)
    named = {"AZUREML_WORKSPACE_NAME": "usual"}
    assert load(environ=named).settings.workspace == "usual"
    ours = {**named, "MAAS_WORKSPACE": "ours"}
    assert load(environ=ours).origins["workspace"].origin == "MAAS_WORKSPACE"
    in_profile = load(profile="dev", toml=DEV, environ=ours)
    assert in_profile.settings.workspace == "pw"
    assert in_profile.origins["workspace"].origin.startswith("profile dev in ")
    assert in_profile.profile == "dev"
    argued = load(profile="dev", toml=DEV, environ=ours, workspace="arg")
    assert (argued.settings.workspace, argued.origins["workspace"].origin) == ("arg", "argument")


def test_a_named_profile_shuts_out_other_targets(load, azureml):
    azureml("config.json", **TRIPLE)
    environ = {"MAAS_RESOURCE_GROUP": "stray", "MAAS_BASE_URL": "https://stray.example", "MAAS_TIMEOUT": "5"}
    settings = load(environ={**environ, "MAAS_PROFILE": "dev"}, toml=DEV).settings
    assert (settings.resource_group, settings.base_url) == (None, None)
    assert settings.timeout_seconds == 5.0


DEFAULT = 'default_profile = "dev"\n' + DEV


def test_the_file_s_default_profile_counts_as_named(load, azureml):
    azureml("config.json", **TRIPLE)
    shared = {"AZURE_SUBSCRIPTION_ID": "of terraform", "AZURE_RESOURCE_GROUP": "of terraform"}
    resolved = load(toml=DEFAULT, environ=shared)
    settings = resolved.settings
    assert (settings.subscription_id, settings.resource_group, settings.workspace) == ("ps", None, "pw")
    assert resolved.profile == "dev"
    assert str(resolved.profile_from).startswith("default_profile in ")
    assert load(toml=DEFAULT, workspace="arg").settings.subscription_id == "ps"


@pytest.mark.parametrize("variable", ["MAAS_WORKSPACE", "MAAS_SUBSCRIPTION_ID", "MAAS_BASE_URL", "MAAS_CLOUD"])
def test_a_variable_of_ours_that_says_where_jobs_go_beats_the_default_profile_as_a_whole(load, variable):
    value = {"MAAS_BASE_URL": "https://x.example", "MAAS_CLOUD": "AzureChinaCloud"}.get(variable, "mine")
    resolved = load(toml=DEFAULT, environ={variable: value, "AZURE_SUBSCRIPTION_ID": "usual"})
    assert resolved.profile is None
    assert resolved.settings.workspace != "pw"
    assert resolved.settings.subscription_id != "ps"


def test_a_profile_that_was_named_beats_the_default_one(load):
    toml = DEFAULT + '[profiles.prod]\nworkspace = "prod"\n'
    assert load(toml=toml, profile="prod").settings.workspace == "prod"
    assert load(toml=toml, environ={"MAAS_PROFILE": "prod"}).profile_from == "MAAS_PROFILE"
    assert load(toml=toml, environ={"MAAS_TIMEOUT": "5"}).profile == "dev"


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('default_profile = "dve"\n' + DEV, "no profile 'dve'. Did you mean 'dev'"),
        ("default_profile = 3\n" + DEV, "default_profile is the name"),
        ('default_profil = "dev"\n' + DEV, "unknown key 'default_profil'. Did you mean 'default_profile'"),
    ],
)
def test_a_wrong_default_profile_is_told(load, toml, message):
    with pytest.raises(ConfigurationError, match=message):
        load(toml=toml)


def test_the_journal_s_folder_is_a_setting(load, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load().settings.journal_dir is None
    assert load(environ={"MAAS_JOURNAL_DIR": "~/runs"}).settings.journal_dir == str(tmp_path / "runs")
    toml = DEV + 'journal_dir = "/own"\n'
    resolved = load(profile="dev", toml=toml, environ={"MAAS_JOURNAL_DIR": "/env"})
    assert resolved.origins["journal_dir"].origin.startswith("profile dev in ")
    assert resolved.settings.journal_dir == "/own"
    assert load(profile="dev", toml=DEV, environ={"MAAS_JOURNAL_DIR": "/env"}).settings.journal_dir == "/env"


def test_every_variable(load):
    environ = {
        "MAAS_SERVICE": "azureml",
        "MAAS_BASE_URL": "http://127.0.0.1:8000",
        "MAAS_EMULATOR": "Yes",
        "AZURE_SUBSCRIPTION_ID": "s",
        "AZURE_RESOURCE_GROUP": "g",
        "MAAS_WORKSPACE": " w ",
        "MAAS_CLOUD": "AzureChinaCloud",
        "MAAS_TOKEN": "hush",
        "MAAS_TIMEOUT": "2.5",
        "MAAS_MAX_RETRIES": "0",
    }
    settings = load(environ=environ).settings
    assert settings.emulator is True
    assert (settings.subscription_id, settings.resource_group, settings.workspace) == ("s", "g", "w")
    assert (settings.cloud, settings.token) == ("AzureChinaCloud", "hush")
    assert (settings.timeout_seconds, settings.max_retries) == (2.5, 0)
    assert load(environ=dict.fromkeys(environ, "")).settings == load().settings


def test_secrets_are_masked(load):
    resolved = load(environ={"MAAS_TOKEN": "hush"})
    assert resolved.origins["token"].value == "hush"
    assert "hush" not in repr(resolved)
    assert "hush" not in str(resolved.origins["token"].shown)
    assert "token=None" in repr(load().settings)
    with pytest.raises(ConfigurationError) as caught:
        load(token=3141)
    assert "3141" not in str(caught.value)


@pytest.mark.parametrize("place", ["config.json", ".azureml/config.json", "a/config.json", "a/b/config.json"])
def test_config_json_is_found_upwards(load, azureml, place):
    azureml(place, **TRIPLE, extra=1)
    settings = load().settings
    assert (settings.subscription_id, settings.resource_group, settings.workspace) == ("s", "g", "w")


def test_the_nearest_config_json_counts_and_others_are_passed_over(load, azureml, tmp_path):
    azureml("config.json", **TRIPLE)
    azureml("a/config.json", name="some other program's")
    (tmp_path / "a/b/config.json").write_text("{not json")
    assert load().settings.workspace == "w"
    azureml("a/config.json", **{**TRIPLE, "workspace_name": "near"})
    assert load().settings.workspace == "near"
    azureml("a/config.json", **{**TRIPLE, "workspace_name": 3})
    assert load().settings.workspace == "w"


def test_a_broken_config_of_azureml_is_told_of(load, azureml, tmp_path):
    azureml(".azureml/config.json", subscription_id="s")
    with pytest.raises(ConfigurationError, match=r"\.azureml.config\.json .*resource_group"):
        load()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"service": "foundry"}, "service must be 'azureml'"),
        ({"emulator": "maybe"}, "emulator must be true or false"),
        ({"emulator": 1.5}, "emulator must be true or false"),
        ({"timeout": 0}, "timeout must be a number of seconds above 0"),
        ({"timeout": "soon"}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"max_retries": 21}, "max_retries must be a whole number from 0 to 20"),
        ({"max_retries": 1.5}, "max_retries"),
        ({"max_retries": True}, "max_retries"),
        ({"workspace": " "}, "workspace must be a text"),
        ({"workspace": 3}, "workspace must be a text"),
        ({"cloud": "AzureClod"}, "Unknown cloud"),
        ({"wokspace": "x"}, "Unknown setting 'wokspace'"),
        ({"base_url": "http://127.0.0.1:1"}, "plain http"),
        ({"base_url": "http://example.com", "emulator": True}, "not this machine"),
        ({"base_url": "ftp://example.com"}, "no URL"),
        ({"base_url": "https://"}, "no URL"),
        ({"base_url": "https://[::1"}, "no URL"),
        ({"base_url": "https://me:pw@example.com"}, "no URL"),
    ],
)
def test_what_is_refused(load, overrides, message):
    with pytest.raises(ConfigurationError, match=message):
        load(**overrides)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:9", "https://example.com"]
)
def test_urls_that_pass(load, url):
    assert load(base_url=url, emulator=True).settings.base_url == url


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[profiles.dev]\nworkspace = \n", r"config\.toml:2:13: not TOML"),
        ("[profiles.dev", r"config\.toml.*not TOML"),
        ("[profiles.dev]\nworkspce = 'x'\n", r"\[profiles\.dev\] unknown key 'workspce'\. Did you mean 'workspace'\?"),
        ("[profile.dev]\n", "unknown key 'profile'. Did you mean 'profiles'"),
        ("[profiles.devel]\n", "no profile 'dev'. Did you mean 'devel'"),
        ("", "no profile 'dev'"),
        ("profiles = 3\n", "a profile is a table"),
        ("[profiles]\ndev = 3\n", "a profile is a table"),
        ("[profiles.dev]\ntimeout = 'x'\n", "timeout must be"),
    ],
)
def test_config_files_that_are_refused(load, toml, message):
    with pytest.raises(ConfigurationError, match=message):
        load(profile="dev", toml=toml)


def test_config_file_missing_or_unreadable(load, tmp_path):
    with pytest.raises(ConfigurationError, match="There is no configuration file"):
        load(profile="dev")
    (tmp_path / "config.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load(profile="dev")
    (tmp_path / "config.toml").unlink()
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(profile="dev")


def test_where_the_config_file_is_looked_for(tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text(DEV)
    environ = {"MAAS_CONFIG": str(tmp_path / "mine.toml")}
    found = load_settings(profile="dev", overrides={}, environ=environ, cwd=tmp_path, config_path=None)
    assert found.settings.workspace == "pw"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    with pytest.raises(ConfigurationError, match=r"config\.toml"):
        load_settings(profile="dev", overrides={}, environ={}, cwd=tmp_path, config_path=None)


def test_import_is_light():
    heavy = ("pydantic", "httpx", "platformdirs")
    code = f"import sys, maas_client.settings; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
