"""A profile is put into the file; everything else in it stays, to the byte."""

import tomllib

import pytest

from maas_client.errors import ConfigurationError
from maas_client.settings.files import read_profiles
from maas_client.settings.writing import write_profile

DEV = {"subscription_id": "s", "resource_group": "g", "workspace": "w"}
OWN = """# mine
default_profile = "old"  # for now

[profiles.old]   # the first
workspace = 'x'
# kept

[profiles.old.nested]
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "config.toml"


def write(path, name="dev", values=None, *, force=False, default=False):
    write_profile(path, name, DEV if values is None else values, force=force, default=default)
    return path.read_text(encoding="utf-8")


def test_a_missing_file_is_made_for_its_user_alone(path):
    assert write(path) == '[profiles.dev]\nsubscription_id = "s"\nresource_group = "g"\nworkspace = "w"\n'
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_the_rest_of_the_file_stays(path, end):
    before = '# mine\n\n[profiles.old]  # the first\nworkspace = "x" # one' + end
    path.parent.mkdir()
    path.write_text(before)
    path.chmod(0o644)

    text = write(path, default=True)

    assert text.startswith(f'default_profile = "dev"\n\n{before}')
    assert read_profiles(path) == ({"old": {"workspace": "x"}, "dev": DEV}, "dev")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_profile_is_replaced_only_if_that_is_wanted(path):
    path.parent.mkdir()
    path.write_text(
        '# a\n[profiles."dev"] # head\nworkspace = "old"\nx = """\n[profiles.z]\n"""\n# b\n\n[profiles.c]\n'
    )
    with pytest.raises(ConfigurationError, match="has a profile 'dev' already") as caught:
        write(path)
    assert "--force" in str(caught.value.hint)
    with pytest.raises(ConfigurationError, match="cannot change safely") as caught:
        write(path, force=True)  # a text of several lines that looks like a table
    assert "[profiles.dev]" in str(caught.value.hint)
    path.write_text('# a\n[profiles."dev"] # head\nworkspace = "old"\n# b\n\n[profiles.c]\n')

    assert write(path, values={"workspace": "new"}, force=True) == (
        '# a\n[profiles.dev]\nworkspace = "new"\n# b\n\n[profiles.c]\n'
    )


def test_the_default_is_changed_in_its_place(path):
    path.parent.mkdir()
    path.write_text(OWN)
    text = write(path, default=True)
    assert text.startswith('# mine\ndefault_profile = "dev"\n')
    assert text.endswith(
        OWN.partition("\n\n")[2]
        + '\n[profiles.dev]\nsubscription_id = "s"\nresource_group = "g"\n'
        + 'workspace = "w"\n'
    )


@pytest.mark.parametrize(
    "before",
    [
        "profiles = {dev = {workspace = 'x'}}\n",
        "[profiles]\ndev.workspace = 'x'\n",
        "profiles.other.x = 1\nprofiles.dev.workspace = 'x'\n",
        "[profiles.dev.sub]\nx = 1\n",
    ],
)
def test_what_cannot_be_changed_safely_is_left(path, before):
    path.parent.mkdir()
    path.write_text(before)
    with pytest.raises(ConfigurationError, match="left as it is"):
        write(path, force=True)
    assert path.read_text() == before


def test_every_value_is_read_back_as_it_was(path):
    values = {"a": 'quote " back \\ tab \t line \n \x7f \x00', "b": "ä €", "c": True, "d": 2.5, "e": 3}
    for name in ("plain", "with space", 'with "quotes" ä', "dotted.name"):
        write(path, name, values)
    profiles, _ = read_profiles(path)
    assert set(profiles) == {"plain", "with space", 'with "quotes" ä', "dotted.name"}
    assert all(profile == values for profile in profiles.values())


def test_line_ends_of_windows_stay(path):
    path.parent.mkdir()
    path.write_bytes(b'[profiles.old]\r\nworkspace = "x"\r\n')
    write(path)
    assert path.read_bytes().count(b"\r\n") == path.read_bytes().count(b"\n")
    assert set(tomllib.loads(path.read_bytes().decode())["profiles"]) == {"old", "dev"}


def test_a_link_stays_a_link(path, tmp_path):
    path.parent.mkdir()
    (tmp_path / "dotfiles.toml").write_text("# mine\n")
    path.symlink_to(tmp_path / "dotfiles.toml")
    write(path)
    assert path.is_symlink()
    assert (tmp_path / "dotfiles.toml").read_text().startswith("# mine\n\n[profiles.dev]")


def test_a_broken_file_or_a_folder_in_its_place_is_told(path):
    path.parent.mkdir()
    path.write_text("not toml")
    with pytest.raises(ConfigurationError, match=r"config\.toml:1:5"):
        write(path)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write(path / "below")
    assert path.read_text() == "not toml"
