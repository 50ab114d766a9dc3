"""Which files of a project count, where no process shows it; tests/system/recorder/test_project.py runs Ansible."""

from __future__ import annotations

from pathlib import Path

import pytest
from oplever import config
from oplever._shared import project
from oplever.errors import OpleverError
from oplever.store.signatures import allowed_signers


def test_settings_of_the_machine_make_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPLEVER_RECORDS", raising=False)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/ansible.cfg").write_text("[oplever]\nrecords = kept\n", encoding="utf-8")
    monkeypatch.setenv("ANSIBLE_CONFIG", str(tmp_path / "etc/ansible.cfg"))
    monkeypatch.chdir(tmp_path)
    assert config.records() == tmp_path / "etc/kept"
    monkeypatch.setattr(project, "NOT_OF_A_PROJECT", (str(tmp_path / "etc/ansible.cfg"),))
    assert config.records() == tmp_path / "records"
    monkeypatch.delenv("ANSIBLE_CONFIG")
    monkeypatch.chdir(tmp_path / "etc")
    assert config.records() == tmp_path / "etc/records"


def test_the_two_places_that_make_no_project() -> None:
    assert project.NOT_OF_A_PROJECT == ("~/.ansible.cfg", "/etc/ansible/ansible.cfg")


def test_where_everybody_may_write_no_file_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPLEVER_CONFIG", "ANSIBLE_CONFIG", "OPLEVER_RECORDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "oplever.yml").write_text("store: sqlite:///x\n", encoding="utf-8")
    (tmp_path / "allowed_signers").write_text("\n", encoding="utf-8")
    assert config.load().store == "sqlite:///x"
    assert allowed_signers(None) == tmp_path / "allowed_signers"
    tmp_path.chmod(0o777)
    assert config.load() == config.Config()
    assert allowed_signers(None) is None


def test_a_working_directory_that_is_gone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(OpleverError) as caught:
        config.records()
    assert caught.value.slug == "file-unreadable"
    monkeypatch.chdir(tmp_path)


def test_a_home_that_nobody_knows_is_a_directory_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container, whose user is in no list; or a name that was mistyped."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPLEVER_CONFIG", "~nosuch/oplever.yml")
    with pytest.raises(OpleverError, match=r"there is no ~nosuch/oplever\.yml"):
        config.load()
    assert allowed_signers("~nosuch/allowed") == Path("~nosuch/allowed")
    assert config.path_beside("~nosuch/key") == tmp_path / "~nosuch/~nosuch/key"
