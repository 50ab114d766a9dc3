"""What a role changed comes back, and what somebody else changed meanwhile stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils import originals
from ansible_collections.oplever.lab.plugins.module_utils.originals import CHANGED, EDITED, UNFINISHED, Originals


class Place:
    """A file of another package, a drop-in of the role's own and a directory, with what the role makes of them."""

    def __init__(self, root: Path) -> None:
        self.store = root / "originals"
        self.settings, self.own, self.directory = root / "settings", root / "conf.d/own", root / "cron.d"
        self.settings.write_text("a = 1\n", encoding="utf-8")
        self.settings.chmod(0o640)
        self.directory.mkdir(mode=0o755)

    def role(self, settings: str = "a = 2\n", own: str = "b = 2\n") -> None:
        """One run of the role."""
        self.opened().keep([str(self.settings), str(self.own)], [str(self.directory)])
        self.settings.write_text(settings, encoding="utf-8")
        self.settings.chmod(0o600)
        self.own.parent.mkdir(exist_ok=True)
        self.own.write_text(own, encoding="utf-8")
        self.directory.chmod(0o700)
        self.opened().seal()

    def opened(self) -> Originals:
        return Originals("role", str(self.store))

    def undone(self, check: bool = False) -> tuple[list[str], dict[str, str]]:
        restored, left = self.opened().restore(check)
        return [Path(path).name for path, _, _ in restored], {Path(path).name: reason for path, reason in left}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_everything_comes_back_and_nothing_stays_behind(place: Place) -> None:
    place.role()
    assert place.undone(check=True) == (["own", "cron.d", "settings"], {})
    assert place.settings.read_text(encoding="utf-8") == "a = 2\n", "check mode changed something"
    assert place.undone() == (["own", "cron.d", "settings"], {})
    assert place.settings.read_text(encoding="utf-8") == "a = 1\n"
    assert place.settings.stat().st_mode & 0o777 == 0o640
    assert not place.own.parent.exists()
    assert place.directory.stat().st_mode & 0o777 == 0o755
    assert not place.store.joinpath("role").exists()
    assert place.undone() == ([], {})


def test_the_first_state_is_the_original_however_often_the_role_runs(place: Place) -> None:
    place.role()
    place.role()
    place.role(settings="a = 3\n", own="b = 3\n")
    assert place.undone()[0] == ["own", "cron.d", "settings"]
    assert place.settings.read_text(encoding="utf-8") == "a = 1\n"
    assert not place.own.exists()


def test_what_was_changed_after_the_role_is_named_and_stays(place: Place) -> None:
    place.role()
    place.settings.write_text("a = 2\nmine = 1\n", encoding="utf-8")
    place.own.chmod(0o666)
    for _ in range(2):
        restored, left = place.undone()
        assert left == {"settings": CHANGED, "own": CHANGED}
    assert restored == []
    assert place.settings.read_text(encoding="utf-8") == "a = 2\nmine = 1\n"


def test_what_was_changed_between_two_runs_is_named_and_stays(place: Place) -> None:
    place.role()
    place.settings.write_text("a = 1\nmine = 1\n", encoding="utf-8")
    place.own.write_text("", encoding="utf-8")
    place.role(settings="a = 2\nmine = 1\n")
    assert place.undone() == (["own", "cron.d"], {"settings": EDITED})
    assert place.settings.read_text(encoding="utf-8") == "a = 2\nmine = 1\n"


def test_a_change_that_the_role_left_alone_is_one_after_the_role(place: Place) -> None:
    place.role()
    place.settings.write_text("a = 2\nmine = 1\n", encoding="utf-8")
    place.role(settings="a = 2\nmine = 1\n")
    assert place.undone()[1] == {"settings": CHANGED}


def test_what_is_not_known_to_be_of_the_role_stays(place: Place) -> None:
    """The controller died before the role could note what it did."""
    place.opened().keep([str(place.settings)], [])
    place.settings.write_text("a = 2\n", encoding="utf-8")
    assert place.undone() == ([], {"settings": UNFINISHED})


def test_nothing_is_kept_of_what_the_role_left_alone(place: Place) -> None:
    place.opened().keep([str(place.settings)], [str(place.directory)])
    place.opened().seal()
    assert not place.store.joinpath("role").exists()


def test_the_originals_are_for_root_alone(place: Place) -> None:
    place.role()
    modes = {name: os.stat(place.store / "role" / name).st_mode & 0o777 for name in (".", "index.json", "kept")}
    assert modes == {".": 0o700, "index.json": 0o600, "kept": 0o700}


def test_links_come_and_go_as_links(tmp_path: Path) -> None:
    target, link, new = tmp_path / "target", tmp_path / "link", tmp_path / "new"
    target.mkdir()
    link.symlink_to(target)
    Originals("role", str(tmp_path / "originals")).keep([str(link), str(new)], [])
    link.unlink()
    new.symlink_to("/dev/null")
    Originals("role", str(tmp_path / "originals")).seal()
    Originals("role", str(tmp_path / "originals")).restore()
    assert not new.is_symlink()
    restored, left = Originals("role", str(tmp_path / "originals")).restore()
    assert (restored, [reason for _, reason in left]) == ([], [])
    assert link.readlink() == target


def test_a_setting_of_the_kernel_is_written_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originals, "VALUES", f"{tmp_path}/")
    values = [tmp_path / f"conf/{name}/redirects" for name in ("all", "eth0")]
    for value in values:
        value.parent.mkdir(parents=True)
        value.write_text("1\n", encoding="utf-8")
    numbers = [value.stat().st_ino for value in values]
    Originals("role", str(tmp_path / "originals")).keep([f"{tmp_path}/conf/*/redirects"], [])
    for value in values:
        value.write_text("0\n", encoding="utf-8")
    Originals("role", str(tmp_path / "originals")).seal()
    Originals("role", str(tmp_path / "originals")).restore()
    assert [value.read_text(encoding="utf-8") for value in values] == ["1\n", "1\n"]
    assert [value.stat().st_ino for value in values] == numbers


def test_what_is_written_beside_a_file_is_for_root_alone_until_it_has_its_rights(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise anybody could read a secret file at the moment at which it comes back."""
    modes: list[int] = []
    give_rights = originals._rights

    def watched(path: str, before: dict[str, object]) -> None:
        modes.append(os.stat(path).st_mode & 0o777)
        give_rights(path, before)

    place.role()
    place.settings.chmod(0o600)
    monkeypatch.setattr(originals, "_rights", watched)
    place.undone()
    assert modes[0] == 0o600


def changed_in(place: Place, run: str, text: str) -> None:
    """One run of Ansible that writes a file which nginx uses."""
    with originals.kept(run, ["nginx.service"], str(place.store)) as keep:
        keep(str(place.settings))
        place.settings.write_text(text, encoding="utf-8")


def test_each_run_keeps_what_it_changes_and_the_oldest_makes_room(place: Place) -> None:
    for number in range(originals.RUNS_KEPT + 2):
        changed_in(place, f"2026010{number}-site", f"a = {number}\n")
    names = originals.runs(str(place.store))
    assert names == ["20260106-site", "20260105-site", "20260104-site", "20260103-site", "20260102-site"]
    for name, text in zip(names, ("a = 5\n", "a = 4\n", "a = 3\n"), strict=False):
        assert originals.of_run(name, str(place.store)).restore() == (
            [(str(place.settings), f"a = {int(text[4]) + 1}\n", text)],
            [],
        )
        assert place.settings.read_text(encoding="utf-8") == text
    assert originals.runs(str(place.store)) == names[3:]


def test_what_a_later_run_changed_is_named_and_stays(place: Place) -> None:
    changed_in(place, "20260101-site", "a = 2\n")
    changed_in(place, "20260102-site", "a = 3\n")
    assert originals.of_run("20260101-site", str(place.store)).restore() == ([], [(str(place.settings), CHANGED)])
    assert place.settings.read_text(encoding="utf-8") == "a = 3\n"


def test_a_run_without_a_name_or_change_keeps_nothing(place: Place) -> None:
    changed_in(place, "", "a = 2\n")
    with originals.kept("20260101-site", (), str(place.store)):
        pass
    changed_in(place, "20260102-site", "a = 2\n")
    assert not list(place.store.glob("*"))


def test_the_units_of_a_file_are_known_and_the_name_of_a_run_is_no_path(place: Place) -> None:
    changed_in(place, "20260101-site", "a = 2\n")
    with originals.kept("20260101-site", ["php.service"], str(place.store)) as keep:
        keep(str(place.settings))
    units = originals.of_run("20260101-site", str(place.store)).units()
    assert units == {str(place.settings): ["nginx.service", "php.service"]}
    with pytest.raises(ValueError, match="no name of a run"):
        originals.of_run("../harden", str(place.store))


def test_directories_that_a_run_made_go_again_when_they_are_empty(tmp_path: Path) -> None:
    place, used = tmp_path / "conf.d", tmp_path / "used"
    with originals.kept("20260101-site", (), str(tmp_path / "runs")) as keep:
        for directory in (place, used):
            keep(str(directory))
            directory.mkdir()
            keep(str(directory / "a"))
            (directory / "a").write_text("x", encoding="utf-8")
    (used / "mine").touch()
    restored, left = originals.of_run("20260101-site", str(tmp_path / "runs")).restore()
    assert [path for path, _, _ in restored] == [str(place), str(place / "a"), str(used / "a")]
    assert left == [(str(used), "Directory not empty")]
    assert not place.exists()
