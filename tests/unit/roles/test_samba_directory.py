"""The domain is made once and never half; first passwords are kept until they are used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.modules import samba_directory as samba

PARAMS = {
    "domain": "school.example", "workgroup": "SCHOOL", "users": [{"name": "jan"}], "first_passwords": {}, "tables": [],
    "groups": [], "remove": "disable", "password_length": 10, "lockout": 10, "passwords": "", "computer": None,
}  # fmt: skip


class Machine:
    """Leaves what the programs of Samba leave, and fails at one of them."""

    def __init__(self, state: Path, fails: str = "") -> None:
        self.state, self.fails = state, fails
        self.commands: list[str] = []

    def run(self, argv: list[str]) -> tuple[int, str, str]:
        assert (self.state / "oplever-making").exists()
        self.commands.append(" ".join(argv))
        assert not (self.state / "private/sam.ldb").exists() or argv[0] != "samba-tool", "made upon what is there"
        (self.state / "private/sam.ldb").touch()
        (self.state / "sysvol").mkdir(exist_ok=True)
        failed = argv[0] == self.fails
        return (
            (1, "Admin password: Geheim", "ERROR: no space left\nAdmin password: Geheim\n") if failed else (0, "", "")
        )


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "samba/private").mkdir(parents=True)
    monkeypatch.setattr(samba, "STATE", str(tmp_path / "samba"))
    monkeypatch.setattr(samba, "MAKING", str(tmp_path / "samba/oplever-making"))
    monkeypatch.setattr(samba, "MARK", str(tmp_path / "mark/domain"))
    return tmp_path / "samba"


def test_a_domain_is_made_with_the_names_of_its_services(state: Path) -> None:
    machine = Machine(state)
    samba.make("school.example", "SCHOOL", machine.run)
    assert [command.split()[0] for command in machine.commands] == ["samba-tool", "samba_spnupdate"]
    assert "--realm=SCHOOL.EXAMPLE" in machine.commands[0]
    assert "assword" not in str(machine.commands)
    assert (state.parent / "mark/domain").read_text() == "school.example\n"
    assert not (state / "oplever-making").exists()


@pytest.mark.parametrize("program", ["samba-tool", "samba_spnupdate"])
def test_a_domain_that_cannot_be_made_leaves_nothing_and_no_password(state: Path, program: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be made: ERROR: no space left$"):
        samba.make("school.example", "SCHOOL", Machine(state, program).run)
    assert list(state.rglob("*")) == [state / "private"]
    assert not (state.parent / "mark").exists()


def test_what_a_broken_attempt_left_goes_and_the_domain_is_made(state: Path) -> None:
    for name in ("oplever-making", "private/sam.ldb", "private/secrets.tdb", "registry.tdb"):
        (state / name).touch()
    samba.make("school.example", "SCHOOL", Machine(state).run)
    assert (state / "private/sam.ldb").exists()
    assert not (state / "private/secrets.tdb").exists()


def test_a_domain_that_exists_is_not_made_again(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (state / "private/sam.ldb").touch()

    class Other:
        def domain(self) -> str:
            return "other.example"

    monkeypatch.setattr(samba, "Directory", Other)
    with pytest.raises(ValueError, match=r"serves the domain other\.example"):
        samba.settle(PARAMS, Machine(state).run, check_mode=False)


def test_check_mode_foretells_a_domain_and_makes_none(state: Path) -> None:
    machine = Machine(state)
    result = samba.settle(PARAMS, machine.run, check_mode=True)
    assert result["differences"] == ["domain school.example: missing", "account jan: missing"]
    assert machine.commands == []


def test_a_mistake_in_a_table_comes_before_the_domain(state: Path) -> None:
    machine = Machine(state)
    with pytest.raises(ValueError, match=r"a\.csv:2"):
        samba.settle({**PARAMS, "tables": [{"name": "a.csv", "text": "account\n2a\n"}]}, machine.run, check_mode=False)
    assert machine.commands == []


def test_first_passwords_are_kept_for_root_alone_until_they_are_used(tmp_path: Path) -> None:
    path = tmp_path / "kept/passwords.csv"
    kept = samba.Passwords(str(path))
    row: dict[str, Any] = {"account": "jan", "name": "Smit, Jan", "groups": "3a", "password": "Bcdf-2345-ghjk"}
    kept.rows = {"jan": row, "lot": {**row, "account": "lot"}}
    kept.write()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    again = samba.Passwords(str(path))
    assert again.rows["jan"] == row
    again.remove(["jan"])
    assert list(samba.Passwords(str(path)).rows) == ["lot"]
    again.remove(["lot"])
    assert not path.exists()


def test_first_passwords_leave_nothing_beside_a_file_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = samba.Passwords(str(tmp_path / "passwords.csv"))
    kept.rows = {"jan": {"account": "jan", "name": "Jan", "groups": "", "password": "Bcdf-2345-ghjk"}}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(samba.files.os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        kept.write()
    assert list(tmp_path.iterdir()) == []
