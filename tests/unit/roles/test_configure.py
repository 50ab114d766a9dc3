"""The module oplever.lab.configure, run as Ansible runs it: what it writes, leaves alone, and says it would do."""

from __future__ import annotations

import grp
import json
import os
import pwd
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.action.configure import topics
from ansible_collections.oplever.lab.plugins.module_utils import files, originals, rights
from ansible_collections.oplever.lab.plugins.modules import configure

ROOT = Path(__file__).resolve().parents[3]
MODULE = ROOT / "plugins/modules/configure.py"
OWN = {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}
AS_SOMEBODY_ELSE = f"import os, runpy; os.geteuid = lambda: 1000; runpy.run_path({str(MODULE)!r}, run_name='__main__')"


def run(
    tmp_path: Path,
    *files: dict[str, Any],
    check: bool = False,
    packages: tuple[str, ...] = (),
    answers: tuple[str, ...] = (),
    units: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    programs: Path | None = None,
    is_root: bool = True,
) -> dict[str, Any]:
    arguments = {
        "files": list(files),
        "packages": list(packages),
        "answers": list(answers),
        "units": list(units),
        "only": list(only),
        "_ansible_check_mode": check,
        "_ansible_tmpdir": str(tmp_path),
    }
    path = f"{programs}:{os.environ['PATH']}" if programs else os.environ["PATH"]
    done = subprocess.run(
        [sys.executable, *([str(MODULE)] if is_root else ["-c", AS_SOMEBODY_ELSE])],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        capture_output=True, text=True, check=False,
        env={
            **os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "collections"),
            "OPLEVER_UNTOLD": str(tmp_path / "run/untold.json"),
        },
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("is_root", "shown"), [(True, False), (False, True)])
def test_who_works_without_the_rights_of_root_is_told_so(tmp_path: Path, is_root: bool, shown: bool) -> None:
    (tmp_path / "x").mkdir()
    answer = run(tmp_path, {"path": str(tmp_path / "x"), "content": "a\n"}, is_root=is_root)
    assert answer["failed"]
    assert answer["msg"].startswith(str(tmp_path / "x"))
    assert (rights.MISSING in answer["msg"]) is shown


@pytest.mark.slow
def test_a_file_is_made_once_and_then_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.conf.d/a.conf"
    wanted = {"path": str(path), "content": "a = 1\n", "mode": "0640", "directory_mode": "0755"}
    assert run(tmp_path, wanted, check=True)["changed_files"] == [str(path)]
    assert not path.parent.exists()
    found = run(tmp_path, wanted)
    assert (found["changed_files"], path.read_text(encoding="utf-8")) == ([str(path)], "a = 1\n")
    assert path.stat().st_mode & 0o777 == 0o640
    assert "+" not in found["diff"][0]["before"]
    assert "a = 1" in found["diff"][0]["after"]
    assert run(tmp_path, wanted)["changed"] is False
    assert os.listdir(path.parent) == ["a.conf"]


@pytest.mark.slow
def test_lines_are_replaced_added_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "login.defs"
    path.write_text("# PASS 1\nPASS 2\nX 1\nX 2\n", encoding="utf-8")
    lines = [{"regexp": r"^PASS\s", "line": "PASS 3"}, {"regexp": "^NEW", "line": "NEW 1"}, {"regexp": "^X"}]
    run(tmp_path, {"path": str(path), "lines": lines})
    assert path.read_text(encoding="utf-8") == "# PASS 1\nPASS 3\nNEW 1\n"
    assert run(tmp_path, {"path": str(path), "lines": lines})["changed"] is False


@pytest.mark.slow
def test_rights_alone_change_only_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o666)
    found = run(tmp_path, {"path": str(path), "mode": "0600"}, {"path": str(tmp_path / "no"), "mode": "0600"})
    assert found["changed_files"] == [str(path)]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == b"\xff\xfe"


@pytest.mark.slow
def test_a_whole_file_gets_its_rights_back(tmp_path: Path) -> None:
    path = tmp_path / "chrony.conf"
    entry = {"path": str(path), "content": "x"}
    run(tmp_path, entry)
    path.chmod(0o666)
    assert run(tmp_path, entry)["changed_files"] == [str(path)]
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o640)
    assert run(tmp_path, {"path": str(path), "lines": [{"regexp": "^x", "line": "x"}]})["changed_files"] == [str(path)]
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.slow
def test_what_does_not_hold_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "rules"
    path.write_text("good\n", encoding="utf-8")
    wanted = {"path": str(path), "content": "bad\n", "validate": "grep -q good %s"}
    found = run(tmp_path, {"path": str(tmp_path / "first"), "content": "1\n"}, wanted)
    assert found["failed"]
    assert "not valid" in found["msg"]
    assert found["changed_files"] == [str(tmp_path / "first")]
    assert path.read_text(encoding="utf-8") == "good\n"
    assert sorted(os.listdir(tmp_path)) == ["first", "rules"]


@pytest.mark.slow
def test_no_place_no_file(tmp_path: Path) -> None:
    path = tmp_path / "no/such"
    assert (
        run(tmp_path, {"path": str(path), "content": "x"}, {"path": str(path), "lines": [], "optional": True})[
            "changed"
        ]
        is False
    )
    assert not path.parent.exists()


@pytest.mark.slow
def test_mistakes_in_the_list_are_named(tmp_path: Path) -> None:
    assert "found: contents" in run(tmp_path, {"path": "/x", "contents": "y"})["msg"]
    assert "is not a regular file" in run(tmp_path, {"path": str(tmp_path), "content": "y"})["msg"]


def programs(tmp_path: Path, **scripts: str) -> Path:
    """Programs of these names, each a line of shell; what they were called with is in `<name>.calls` beside them."""
    place = tmp_path / "bin"
    place.mkdir()
    for name, script in scripts.items():
        file = place / name.replace("_", "-")
        file.write_text(f'#!/bin/sh\necho "$@" >>"$0.calls"\n{script}\n', encoding="utf-8")
        file.chmod(0o755)
    return place


def calls(place: Path, name: str) -> list[str]:
    path = place / f"{name}.calls"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@pytest.mark.slow
def test_a_link_takes_the_place_of_a_file_or_of_another_link(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("n", encoding="utf-8")
    path = tmp_path / "locale"
    path.write_text("old", encoding="utf-8")
    link = {"path": str(path), "link": "new"}
    answer = run(tmp_path, link, check=True)
    assert (answer["changed_files"], path.is_symlink()) == ([str(path)], False)
    answer = run(tmp_path, link)
    assert (path.readlink(), answer["diff"][0]["after"]) == (Path("new"), "link to new\n")
    assert "old" in answer["diff"][0]["before"]
    assert run(tmp_path, link)["changed"] is False
    assert run(tmp_path, {**link, "link": str(tmp_path / "new")})["diff"][0]["before"] == "link to new\n"
    wrong = run(tmp_path, {**link, "link": "nowhere"})
    assert "nowhere, where it should lead to, does not exist" in wrong["msg"]
    assert path.readlink() == tmp_path / "new"


@pytest.mark.slow
def test_a_directory_is_made_and_a_file_is_removed(tmp_path: Path) -> None:
    directory, file = tmp_path / "a/b", tmp_path / "default"
    file.write_text("x", encoding="utf-8")
    entries = ({"path": str(directory), "state": "directory", "mode": "0750"}, {"path": str(file), "state": "absent"})
    assert run(tmp_path, *entries, check=True)["changed_files"] == [str(directory), str(file)]
    assert (directory.exists(), file.exists()) == (False, True)
    run(tmp_path, *entries)
    assert (directory.stat().st_mode & 0o777, file.exists()) == (0o750, False)
    assert run(tmp_path, *entries)["changed"] is False
    assert "is a directory" in run(tmp_path, {"path": str(directory), "state": "absent"})["msg"]
    assert "is one of file, directory, absent" in run(tmp_path, {"path": str(file), "state": "gone"})["msg"]


@pytest.mark.slow
def test_what_people_wrote_since_stays_theirs(tmp_path: Path) -> None:
    page = tmp_path / "start.txt"
    entry = {"path": str(page), "content": "first", "once": True}
    assert run(tmp_path, entry)["changed_files"] == [str(page)]
    page.write_text("second", encoding="utf-8")
    assert run(tmp_path, entry)["changed"] is False


@pytest.mark.slow
def test_lines_of_the_present_file_stay_before_what_could_overrule_them(tmp_path: Path) -> None:
    rules = tmp_path / "sudoers"
    rules.write_text("# by hand\nbeheer ALL\nbeheerder ALL\n", encoding="utf-8")
    entry = {"path": str(rules), "content": "# managed\ndocent ALL\n", "keep": "^beheer "}
    run(tmp_path, entry)
    assert rules.read_text(encoding="utf-8") == "# managed\nbeheer ALL\ndocent ALL\n"
    assert run(tmp_path, entry)["changed"] is False
    run(tmp_path, {**entry, "keep": ""})
    assert rules.read_text(encoding="utf-8") == "# managed\ndocent ALL\n"


SHOW = "[ $1 = show ] || exit 0; printf 'LoadState={}\\nActiveState={}\\nUnitFileState={}\\n'"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("load", "active", "file", "steps"),
    [
        ("loaded", "active", "enabled", []),
        ("loaded", "active", "static", []),
        ("loaded", "inactive", "enabled", ["start"]),
        ("loaded", "failed", "disabled", ["enable", "start"]),
        ("masked", "inactive", "masked", ["unmask", "enable", "start"]),
    ],
)
def test_a_unit_gets_what_it_lacks(tmp_path: Path, load: str, active: str, file: str, steps: list[str]) -> None:
    place = programs(tmp_path, systemctl=SHOW.format(load, active, file))
    answer = run(tmp_path, units=("x.service",), check=True, programs=place)
    assert answer["changed_units"] == [f"{step} x.service" for step in steps]
    assert len(calls(place, "systemctl")) == 1
    assert run(tmp_path, units=("x.service",), programs=place)["changed"] is bool(steps)
    assert calls(place, "systemctl")[2:] == [f"{step} x.service" for step in steps]


@pytest.mark.parametrize(("path", "check", "reads"), [
    ("/etc/systemd/system/x.timer", False, True),
    ("/etc/systemd/system/x.service.d/oplever.conf", False, True),
    ("/etc/systemd/system/x.timer", True, False),
    ("/etc/x.conf", False, False),
])  # fmt: skip
def test_systemd_reads_a_unit_that_another_task_starts(
    monkeypatch: pytest.MonkeyPatch, path: str, check: bool, reads: bool
) -> None:
    called: list[bool] = []
    monkeypatch.setattr(configure.units, "reload_manager", lambda: called.append(True))
    module = SimpleNamespace(params={"units": []}, check_mode=check)
    configure._settle_units(module, {"changed": True, "changed_files": [path], "changed_units": []})
    assert called == [True] * reads


@pytest.mark.slow
def test_check_mode_foretells_a_unit_whose_file_is_still_to_be_written(tmp_path: Path) -> None:
    place = programs(tmp_path, systemctl=SHOW.format("not-found", "inactive", ""))
    unit = {"path": "/etc/systemd/system/oplever-no-such.timer", "content": "[Timer]\n"}
    answer = run(tmp_path, unit, units=("oplever-no-such.timer",), check=True, programs=place)
    assert answer["changed_units"] == ["enable oplever-no-such.timer", "start oplever-no-such.timer"]
    assert "failed" not in answer
    answer = run(tmp_path, unit, units=("another.timer",), check=True, programs=place)
    assert "another.timer: systemd does not have this unit" in answer["msg"]


@pytest.mark.slow
def test_a_description_of_a_container_gives_a_unit_that_nobody_enables(tmp_path: Path) -> None:
    place = programs(tmp_path, systemctl=SHOW.format("not-found", "inactive", ""))
    unit = {"path": "/etc/containers/systemd/no-such.container", "content": "[Container]\n", "directory_mode": "0755"}
    answer = run(tmp_path, unit, units=("no-such.service",), check=True, programs=place)
    assert answer["changed_units"] == ["start no-such.service"]


@pytest.mark.slow
def test_a_unit_that_systemd_does_not_have_is_named(tmp_path: Path) -> None:
    place = programs(tmp_path, systemctl=SHOW.format("not-found", "inactive", ""))
    answer = run(tmp_path, units=("x.service",), programs=place)
    assert answer["failed"]
    assert "x.service: systemd does not have this unit (not-found)" in answer["msg"]


@pytest.mark.slow
def test_what_a_missing_package_has_to_have_before_it_and_nothing_else(tmp_path: Path) -> None:
    """The action calls apt then, and asks again."""
    early, late = tmp_path / "timeouts", tmp_path / "x.conf"
    entries = ({"path": str(early), "content": "1", "early": True}, {"path": str(late), "content": "2"})
    stubs = {"dpkg_query": "true", "apt_get": "true", "apt_config": "true", "debconf_set_selections": 'cat >"$0.input"'}
    place = programs(tmp_path, ldconfig="true", start_stop_daemon="true", **stubs)
    answer = run(tmp_path, *entries, packages=("x",), answers=("x x/y boolean false",), programs=place)
    assert (answer["to_install"], answer["changed_files"]) == (["x"], [str(early)])
    assert (early.exists(), late.exists()) == (True, False)
    assert (place / "debconf-set-selections.input").read_text(encoding="utf-8") == "x x/y boolean false\n"


@pytest.mark.slow
def test_with_all_packages_there_it_goes_on(tmp_path: Path) -> None:
    place = programs(tmp_path, dpkg_query="echo 'x installed'", debconf_set_selections="exit 1")
    late = tmp_path / "x.conf"
    answer = run(
        tmp_path, {"path": str(late), "content": "2"}, packages=("x",), answers=("x x/y boolean false",), programs=place
    )
    assert (answer["to_install"], late.exists(), calls(place, "debconf-set-selections")) == ([], True, [])


@pytest.mark.slow
def test_what_changed_before_a_failure_notifies_at_the_next_run_and_once(tmp_path: Path) -> None:
    first = {"path": str(tmp_path / "first"), "content": "1\n", "notify": "restart"}
    silent = {"path": str(tmp_path / "silent"), "content": "1\n"}
    wrong = {"path": str(tmp_path / "wrong"), "content": "2\n", "validate": "false"}
    assert run(tmp_path, first, silent, wrong, check=True)["failed"]
    assert not (tmp_path / "run").exists(), "a trial changed nothing"
    assert run(tmp_path, first, silent, wrong)["failed"]
    assert run(tmp_path, silent)["untold"] == [], "the first is none of its files"
    trial = run(tmp_path, first, silent, check=True)
    found = run(tmp_path, first, silent)
    assert trial["untold"] == found["untold"] == [str(tmp_path / "first")]
    assert (found["changed"], found["changed_files"], topics([first, silent], found)) == (True, [], ["restart"])
    after = run(tmp_path, first, silent)
    assert (after["changed"], after["untold"]) == (False, [])


def test_a_file_that_changed_notifies_and_another_does_not() -> None:
    files = [
        {"path": "/a", "notify": "restart"},
        {"path": "/b", "notify": "reload"},
        {"path": "/c", "notify": "restart"},
        {"path": "/d"},
    ]
    assert topics(files, {"changed_files": ["/a", "/c", "/d"]}) == ["restart"]
    assert topics(files, {"changed_files": ["/a"], "untold": ["/b"]}) == ["restart", "reload"]
    assert topics(files, {"changed_files": ["/a"], "failed": True}) == []


def serial_of(path: Path) -> int:
    return int(path.read_text(encoding="utf-8").splitlines()[0].split()[1])


@pytest.mark.slow
def test_a_serial_stays_while_the_text_does_and_grows_with_it(tmp_path: Path) -> None:
    path = tmp_path / "zone"
    zone = {"path": str(path), "content": "SOA SERIAL 3600\nwww A 192.0.2.1\n", "serial": "SERIAL"}
    assert run(tmp_path, zone, check=True)["changed"] is True
    began = int(time.time())
    run(tmp_path, zone)
    first = serial_of(path)
    assert began <= first <= time.time()
    assert run(tmp_path, zone)["changed"] is False
    path.write_text(f"SOA {first + 5000} 3600\nwww A 192.0.2.9\n", encoding="utf-8")  # by a clock that was ahead
    assert run(tmp_path, zone)["changed"] is True
    assert path.read_text(encoding="utf-8") == f"SOA {first + 5001} 3600\nwww A 192.0.2.1\n"


@pytest.mark.slow
def test_other_files_of_a_pattern_are_removed_at_last(tmp_path: Path) -> None:
    for name in ("kept.zone", "listed.zone", "old.zone", "other.conf"):
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    (tmp_path / "directory.zone").mkdir()
    files = [{"path": str(tmp_path / "kept.zone"), "content": "x\n"}, {"path": str(tmp_path / "listed.zone")}]
    pattern = (str(tmp_path / "*.zone"),)
    assert run(tmp_path, *files, check=True, only=pattern)["changed_files"] == [str(tmp_path / "old.zone")]
    assert (tmp_path / "old.zone").exists()
    result = run(tmp_path, *files, only=pattern)
    assert (result["diff"][0]["before"].splitlines()[1], result["diff"][0]["after"]) == ("x", "")
    assert sorted(path.name for path in tmp_path.glob("*.*")) == [
        "directory.zone", "kept.zone", "listed.zone", "other.conf"
    ]  # fmt: skip
    assert run(tmp_path, *files, only=pattern)["changed"] is False


def test_what_a_run_changes_is_kept_before_it_changes(tmp_path: Path) -> None:
    """Each way in which an entry changes a path, and the way back of all of them together."""
    texts, made, link = {"text": "a\n", "rights": "b\n", "gone": "c\n"}, tmp_path / "made/x", tmp_path / "link"
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    link.symlink_to(tmp_path / "text")
    entries: list[dict[str, Any]] = [
        {"path": str(tmp_path / "text"), "content": "new\n"},
        {"path": str(tmp_path / "rights"), "mode": "0600"},
        {"path": str(tmp_path / "gone"), "state": "absent"},
        {"path": str(made), "content": "new\n", "directory_mode": "0755"},
        {"path": str(link), "link": str(tmp_path / "rights")},
        {"path": str(tmp_path / "directory"), "state": "directory"},
    ]
    with originals.kept("20260101-site", (), str(tmp_path / "runs")) as keep:
        assert all(files.settle(entry, False, keep) for entry in entries)
    back, left = originals.of_run("20260101-site", str(tmp_path / "runs")).restore()
    assert ([path for path, _, _ in back], left) == (sorted(entry["path"] for entry in entries), [])
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in texts} == texts
    assert (tmp_path / "rights").stat().st_mode & 0o777 == 0o644
    assert (link.readlink(), made.parent.exists(), (tmp_path / "directory").exists()) == (
        tmp_path / "text",
        False,
        False,
    )


@pytest.mark.parametrize(
    ("text", "entry", "after"),
    [
        (b"a\r\nb\r\n", {"content": "a\nb\n"}, b"a\nb\n"),
        (
            b"a\x0cb\xe2\x80\xa8c\x85d\ne\n",
            {"lines": [{"regexp": "^[ef]$", "line": "f"}]},
            b"a\x0cb\xe2\x80\xa8c\x85d\nf\n",
        ),
        (b"a\r\ne\n", {"lines": [{"regexp": "^[ef]$", "line": "f"}]}, b"a\r\nf\n"),
    ],
)
def test_nothing_but_a_line_feed_ends_a_line(tmp_path: Path, text: bytes, entry: dict[str, Any], after: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(text)
    path.chmod(0o644)
    asked = {"path": str(path), **OWN, **entry}
    assert files.settle(asked, check_mode=False, keep=str) is not None
    assert path.read_bytes() == after
    assert files.settle(asked, check_mode=False, keep=str) is None


def test_what_has_other_ends_of_lines_stays_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old\n")
    asked = {"path": str(path), **OWN, "content": "a\r\nb\r\n"}
    assert files.settle(asked, check_mode=False, keep=str) is not None
    assert path.read_bytes() == b"a\r\nb\r\n"
    assert files.settle(asked, check_mode=False, keep=str) is None
