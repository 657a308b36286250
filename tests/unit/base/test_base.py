"""Names that are loaded late, and files that are whole or not there."""

import os
import stat
import sys

import pytest

import maas_client
from maas_client.base.whole import whole


def test_a_name_is_loaded_when_it_is_first_used():
    assert maas_client.MaaSError.__module__ == "maas_client.errors"
    assert maas_client.errors is sys.modules["maas_client.errors"]
    assert vars(maas_client)["MaaSError"] is maas_client.errors.MaaSError


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'maas_client.types' has no attribute 'Jobs'"):
        maas_client.types.Jobs  # type: ignore[attr-defined] # noqa: B018


def test_a_file_has_its_name_once_it_is_whole(tmp_path):
    path = tmp_path / "f"
    path.write_text("before")
    with whole(path, mode=0o600) as file:
        file.write(b"after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_of_a_block_that_ends_badly_nothing_is_left(tmp_path):
    def pieces():
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), whole(tmp_path / ("n" * 200)) as file:
        file.writelines(pieces())
    assert list(tmp_path.iterdir()) == []
