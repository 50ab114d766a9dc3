"""Machines of a room: whose home is brought back, what is removed, who is shut out, and when a machine starts again."""

from __future__ import annotations

import fcntl
import os
import pwd
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from programs import program

ROOT = Path(__file__).resolve().parents[3]
CLASSROOM = program(ROOT / "roles/classroom/files/classroom.py")
NETWORK = program(ROOT / "roles/classroom/files/network.py")
FRIDAY = datetime(2026, 11, 27, 12, 0)


def account(name: str, uid: int, home: Path | str = "/home/x") -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", uid, os.getgid(), "", str(home), "/bin/sh"))


@pytest.fixture
def mine(tmp_path: Path) -> pwd.struct_passwd:
    """An account with the number of who runs the test, and a home of its own."""
    (tmp_path / "home").mkdir()
    return account("leerling", os.getuid(), tmp_path / "home")


@pytest.mark.parametrize(
    ("name", "uid", "groups", "covered"),
    [
        ("leerling", 1000, ["leerling"], True),
        ("jan", 250_001_234, ["klas3"], True),
        ("jan", 1001, ["klas4"], False),
        ("leerling", 999, ["leerling"], False),
        ("leerling", 65534, ["leerling"], False),
        ("leerling", 1000, ["leerling", "sudo"], False),
        ("jan", 1001, ["klas3", "adm"], False),
    ],
)
def test_accounts_of_the_system_and_administrators_are_never_covered(
    monkeypatch: pytest.MonkeyPatch, name: str, uid: int, groups: list[str], covered: bool
) -> None:
    monkeypatch.setattr(CLASSROOM, "group_names", lambda _account: groups)
    assert CLASSROOM.is_covered(account(name, uid), ["leerling"], ["klas3"]) is covered


def test_a_home_is_brought_back_and_links_are_not_followed(tmp_path: Path, mine: pwd.struct_passwd) -> None:
    home, model, other = tmp_path / "home", tmp_path / "model", tmp_path / "other"
    for place in (home / "map" / "diep", model / "Documenten", other):
        place.mkdir(parents=True)
    (other / "blijft").touch()
    (home / "map" / "link").symlink_to(other)
    (home / "link").symlink_to(other)
    (home / "-rf *\n").touch()
    (home / os.fsdecode(b"\xff")).touch()
    (home / "dicht").mkdir(mode=0)
    (model / ".bashrc").write_text("hallo")
    with CLASSROOM.home_of(mine) as opened:
        CLASSROOM.fill(opened, mine, model, CLASSROOM.empty(opened, mine))
    assert sorted(os.listdir(home)) == [".bashrc", "Documenten"]
    assert (home / ".bashrc").read_text() == "hallo"
    assert (other / "blijft").exists()


@pytest.mark.parametrize(
    ("definitions", "mode"), [("# HOME_MODE 0755\n", 0o700), ("UMASK 022\nHOME_MODE\t0750\n", 0o750)]
)
def test_a_home_is_closed_to_others(mine: pwd.struct_passwd, definitions: str, mode: int) -> None:
    Path(mine.pw_dir).chmod(0o777)
    with CLASSROOM.home_of(mine) as opened:
        CLASSROOM.close_to_others(opened, definitions)
    assert Path(mine.pw_dir).stat().st_mode & 0o7777 == mode


def test_what_holds_another_file_system_stays(
    tmp_path: Path, mine: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    for name in ("weg", "vast"):
        (home / name / "in").mkdir(parents=True)
    monkeypatch.setattr(CLASSROOM, "mounts", lambda: [("/", "ext4"), (str(home / "vast/in"), "ext4")])
    with CLASSROOM.home_of(mine) as opened:
        assert CLASSROOM.empty(opened, mine) == {"vast"}
    assert os.listdir(home) == ["vast"]
    assert (home / "vast/in").is_dir()


def test_a_home_that_is_a_link_or_of_another_is_left_as_it_is(tmp_path: Path, mine: pwd.struct_passwd) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "home")
    for wrong in (account("a", mine.pw_uid, tmp_path / "link"), account("a", mine.pw_uid + 1, tmp_path / "home")):
        with pytest.raises(OSError, match=r"link|is not of a"), CLASSROOM.home_of(wrong):
            pass
    with CLASSROOM.home_of(account("a", mine.pw_uid, tmp_path / "none")) as none:
        assert none is None


def test_a_home_on_another_machine_is_left_as_it_is(
    tmp_path: Path, mine: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLASSROOM, "mounts", lambda: [("/", "ext4"), (str(tmp_path), "nfs4")])
    with pytest.raises(OSError, match="is on another machine"), CLASSROOM.home_of(mine):
        pass


def test_mounts_are_read_with_blanks_in_their_names() -> None:
    text = (
        "22 1 0:20 / / rw shared:1 - overlay overlay rw\n"
        r"23 22 0:21 / /home/a\040b rw,nosuid - fuse.sshfs x rw" + "\n"
        "24 22 0:22 / /home rw shared:2 master:1 - ext4 /dev/sda2 rw\n"
    )
    mounted = list(CLASSROOM.mounts(text))
    assert mounted == [("/", "overlay"), ("/home/a b", "fuse.sshfs"), ("/home", "ext4")]
    kinds = [CLASSROOM.kind_of_file_system(path, mounted) for path in ("/home/a b", "/home/a", "/homework")]
    assert kinds == ["fuse.sshfs", "ext4", "overlay"]


def test_processes_of_an_account_are_found() -> None:
    assert os.getpid() in CLASSROOM.processes(os.getuid())
    assert os.getpid() not in CLASSROOM.processes(4_000_000_000)


def test_a_process_that_is_spared_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["sleep", "60"]) as first, subprocess.Popen(["sleep", "60"]) as second:
        alive = {first.pid: first, second.pid: second}
        monkeypatch.setattr(
            CLASSROOM, "processes", lambda _uid: [pid for pid, one in alive.items() if one.poll() is None]
        )
        CLASSROOM.kill(1000, [second.pid])
        assert first.wait() == -9
        assert second.poll() is None
        second.kill()


def shown(monkeypatch: pytest.MonkeyPatch, *sessions: str) -> None:
    """Have logind say that an account has these sessions, each a class and a state."""

    def run(*argv: str) -> Any:
        text = " ".join(map(str, range(len(sessions))))
        if argv[1] == "show-session":
            text = "Class={}\nState={}\n".format(*sessions[int(argv[2])].split())
        return subprocess.CompletedProcess(argv, 0, stdout=text)

    monkeypatch.setattr(CLASSROOM, "run", run)


@pytest.mark.parametrize(
    ("sessions", "is_open"),
    [
        ([], False),
        (["user closing", "manager active"], False),
        (["user closing", "user-early online"], True),
        (["user opening"], True),
        (["background active"], True),
        (["greeter active"], False),
    ],
)
def test_a_closed_session_and_the_manager_are_nobody_at_work(
    monkeypatch: pytest.MonkeyPatch, sessions: list[str], is_open: bool
) -> None:
    shown(monkeypatch, *sessions)
    assert CLASSROOM.has_open_session(1000) is is_open


def test_the_table_shuts_people_out_but_for_what_is_allowed() -> None:
    lines = CLASSROOM.table({1001, 1000}, [(100000, 165535)], ["192.0.2.0/24", "2001:db8::1"]).splitlines()
    assert "set people { type uid; elements = { 1000, 1001 } }" in lines
    assert "meta skuid 100000-165535 jump exam" in lines
    begin = lines.index("chain exam {")
    assert lines[begin + 1 : begin + 6] == [
        'oifname "lo" accept',
        "ip daddr 192.0.2.0/24 accept",
        "ip6 daddr 2001:db8::1/128 accept",
        "meta l4proto tcp reject with tcp reset",
        "reject with icmpx admin-prohibited",
    ]
    assert "set people { type uid; }" in CLASSROOM.table(set(), [], []).splitlines()


def test_numbers_for_containers_belong_to_their_account(tmp_path: Path) -> None:
    (tmp_path / "subuid").write_text("root:100000:65536\n4000000001:165536:65536\nx\n", encoding="utf-8")
    assert CLASSROOM.subordinates({0}, tmp_path / "subuid") == [(100000, 165535)]
    assert CLASSROOM.subordinates({4_000_000_001}, tmp_path / "subuid") == [(165536, 231071)]
    assert CLASSROOM.subordinates({0}, tmp_path / "none") == []


def test_an_exam_ends_at_its_minute() -> None:
    exam = {"until": "2026-11-27 12:00"}
    assert CLASSROOM.exam_ended(exam, FRIDAY)
    assert not CLASSROOM.exam_ended(exam, FRIDAY.replace(hour=11, minute=59))


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([], None),
        (["Mon..Fri 07:45"], "2026-11-30 07:45"),
        (["Mon..Fri 12:00", "12:30"], "2026-11-27 12:30"),
        (["Fri 12:00"], "2026-12-04 12:00"),
        (["Mon,Sat..Sun 09:00"], "2026-11-28 09:00"),
    ],
)
def test_the_next_start_is_the_first_of_all_times(times: list[str], expected: str | None) -> None:
    moment = CLASSROOM.next_moment(times, FRIDAY)
    assert (moment and moment.strftime("%Y-%m-%d %H:%M")) == expected


@pytest.mark.parametrize(("people", "said"), [([], "off"), ([1000], "stays on: jan")])
def test_a_machine_stays_on_for_who_is_logged_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], people: list[int], said: str
) -> None:
    programs: list[str] = []
    monkeypatch.setattr(CLASSROOM, "known_users", lambda: people)
    monkeypatch.setattr(CLASSROOM, "has_open_session", lambda _uid: True)
    monkeypatch.setattr(CLASSROOM.pwd, "getpwuid", lambda uid: account("jan", uid))
    monkeypatch.setattr(CLASSROOM, "run", lambda *argv: programs.append(argv[0]))
    settings = {"hours": {"notice": "Tot morgen."}}
    CLASSROOM.off(settings, True)
    assert (capsys.readouterr().out.strip(), programs) == (said, [])
    CLASSROOM.off(settings, False)
    assert programs == (["wall"] if people else ["systemctl"])


def test_a_page_that_is_shown_by_itself_keeps_no_machine_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(CLASSROOM, "known_users", lambda: [997])
    monkeypatch.setattr(CLASSROOM, "has_open_session", lambda _uid: True)
    monkeypatch.setattr(CLASSROOM.pwd, "getpwuid", lambda uid: account(CLASSROOM.KIOSK, uid))
    CLASSROOM.off({}, True)
    assert capsys.readouterr().out == "off\n"


@pytest.mark.parametrize(
    ("state", "words"), [("stopping", ["no", "--time", "1795934700"]), ("running", ["disable"]), ("", ["disable"])]
)
def test_the_clock_starts_the_machine_only_after_it_went_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: str, words: list[str]
) -> None:
    """The unit also stops when the role takes it away."""
    programs: list[tuple[str, ...]] = []

    def run(*argv: str) -> Any:
        programs.append(argv)
        return subprocess.CompletedProcess(argv, 0, stdout=state + "\n")

    monkeypatch.setattr(CLASSROOM, "run", run)
    monkeypatch.setattr(CLASSROOM, "CLOCK", tmp_path)
    monkeypatch.setattr(CLASSROOM, "next_moment", lambda _times, _now: datetime.fromtimestamp(1795934700))
    CLASSROOM.wake({"hours": {"on": ["07:45"]}}, False)
    assert programs[-1] == ("rtcwake", "--mode", *words)


def test_a_packet_goes_to_the_first_machine_of_a_network(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(NETWORK, "sent", lambda _who, address: address)
    NETWORK.main("jan", "192.0.2.128/25", "2001:db8::1")
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == ["jan 192.0.2.128/25 192.0.2.129", "jan 2001:db8::1 2001:db8::1"]


def test_who_changes_the_exam_waits_for_another_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(CLASSROOM, "LOCK", tmp_path / "lock")
    with CLASSROOM.alone():
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
        with (tmp_path / "lock").open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (tmp_path / "lock").open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
