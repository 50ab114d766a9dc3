"""Machines that would make a checker hang, swell or lie: real mounts, real processes, really many files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils import bounded, filesystems
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine, UnreadableError
from waiting import wait_for

from system.engine import apart

HANG = """
    # A file system of which nobody answers the questions: what a network share is whose server is gone.
    device = os.open("/dev/fuse", os.O_RDWR)
    share = place + "/home/share"
    mount("jan@files:", share, "fuse.sshfs", 0, "fd=%d,rootmode=40000,user_id=0,group_id=0" % device)
    os.symlink("/home/share/x", place + "/etc/link")
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("etc", "home", "usr"):
        (tmp_path / name).mkdir()
    (tmp_path / "usr/su").write_bytes(b"")
    (tmp_path / "usr/su").chmod(0o4755)
    return tmp_path


def test_a_share_whose_server_is_gone_holds_nothing_up(place: Path) -> None:
    answer = apart.run(
        HANG
        + """
    child = os.fork()
    if not child:
        os.stat(share)
        os._exit(0)
    time.sleep(0.5)
    hangs = os.waitpid(child, os.WNOHANG) == (0, 0)
    os.kill(child, 9)

    def check(number, source, select, expect):
        return {"id": str(number), "title": "t", "source": source, "select": select, "expect": expect}
    begun = time.monotonic()
    results = evaluate.evaluate(Machine(place, offline=True), [
        check(1, "tree", "suid", {"paths": ["/usr/su"], "left_out": ["/home/share (fuse.sshfs)"]}),
        check(2, "file", "/home/share/x", {"exists": False}),
        check(3, "file", "/home/share/y", {"exists": False}),
        check(4, "file", "/etc/link", {"mode": "0600"}),
        check(5, "files", "/home/*/x", {"exists": False}),
        check(6, "file", "/usr/su", {"mode": "4755"}),
    ])
    print(json.dumps({"hangs": hangs, "seconds": time.monotonic() - begun,
                      "results": [(r["status"], r["reason"]) for r in results]}))
    os.close(device)
    """,
        place,
    )
    assert answer["hangs"], "the mount of this test answers, so it tests nothing"
    assert answer["seconds"] < 4 * filesystems.PATIENCE, "it was waited for once, not for each of the five that ask it"
    gone = "/home/share (fuse.sshfs) does not answer within 3 s"
    assert answer["results"] == [
        ["pass", ""],
        ["error", gone],
        ["error", gone],
        ["error", gone],
        ["error", gone],
        ["pass", ""],
    ]


def test_a_directory_that_is_bound_elsewhere_counts_once(place: Path) -> None:
    answer = apart.run(
        """
    mount(place + "/usr", place + "/home/again", "", 4096)
    mount("none", place + "/home/memory", "tmpfs")
    os.mknod(place + "/home/memory/own", 0o104755)
    mount("none", place + "/home/cgroup", "cgroup2")
    walked = tree.walk(Machine(place, offline=True))
    print(json.dumps([walked.paths["suid"], walked.counts["suid"]]))
    """,
        place,
    )
    assert sorted(answer[0]) in (["/home/again/su", "/home/memory/own"], ["/home/memory/own", "/usr/su"])
    assert answer[1] == 2


def test_very_many_files_cost_no_memory_and_bounded_time(place: Path) -> None:
    """All in one directory, which is the worst; the files are names of one file, to be quick to make. The time that
    they take says how busy the host is: the first walk has plenty, and the second ends by its own limit."""
    answer = apart.run(
        """
    mount("none", place + "/many", "tmpfs", 0, "nr_inodes=0")
    os.mkdir(place + "/many/d")
    directory = os.open(place + "/many/d", os.O_RDONLY)
    os.close(os.open("0", os.O_CREAT | os.O_WRONLY, 0o666, dir_fd=directory))
    os.fchmod(directory, 0o777)
    os.chmod(place + "/many/d/0", 0o666)
    for number in range(1, 1000000):
        os.link("0", str(number), src_dir_fd=directory, dst_dir_fd=directory)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    walked = tree.walk(Machine(place, offline=True), 600)
    kept = len(walked.paths["world_writable_files"])
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    try:
        tree.walk(Machine(place, offline=True), 0.02)
        reason = ""
    except UnreadableError as problem:
        reason = str(problem)
    print(json.dumps([walked.counts["world_writable_files"], kept, grown, reason]))
    """,
        place,
        900,
    )
    assert answer[:2] == [1000000, 1000]
    assert answer[2] < 10 << 10  # KiB
    assert answer[3] == "the file systems are too large to walk in 0.02 s"


def test_what_belongs_to_nobody_and_devices(place: Path) -> None:
    answer = apart.run(
        """
    mount("none", place + "/home/m", "tmpfs")
    os.mknod(place + "/home/m/null", 0o20666, os.makedev(1, 3))
    os.mkfifo(place + "/home/m/fifo")
    os.chown(place + "/home/m/fifo", 4242424, 4242425)
    walked = tree.walk(Machine(place, offline=True))
    print(json.dumps([walked.paths["world_writable_files"], "/home/m/fifo" in walked.paths["unowned"]]))
    """,
        place,
    )
    assert answer == [[], True]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_command_that_takes_too_long_leaves_nothing_behind(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 300 & echo $! > {pids}; trap '' TERM; sleep 300"
    for seconds in (0.5, 4, 32):  # a busy host may not have started the shell any sooner
        with pytest.raises(UnreadableError, match=rf"sh took longer than {seconds} s"):
            Machine(timeout=seconds).run(["sh", "-c", script])
        if pids.exists() and pids.read_text():
            break
    pid = int(pids.read_text())
    wait_for(lambda: not alive(pid))


def test_a_command_that_writes_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MOST", 1 << 20)
    with pytest.raises(UnreadableError, match="yes wrote more than 1 MiB"):
        Machine().run(["yes"])


def test_a_command_that_does_not_read_what_it_is_given() -> None:
    assert Machine(timeout=60).run(["true"], stdin="x" * (4 << 20)).rc == 0
    assert len(Machine(timeout=60).run(["cat"], stdin="x" * (4 << 20)).stdout) == 4 << 20


def test_nothing_that_a_command_read_is_left_in_a_file(tmp_path: Path) -> None:
    target = Machine().run(["readlink", "/proc/self/fd/0"], stdin="tulp").stdout
    assert target.startswith("/memfd:")


def test_a_user_without_rights_gets_errors_and_never_a_pass(place: Path) -> None:
    """As somebody who forgot become: nothing that only root may read counts as good."""
    secret = place / "etc/sudoers.d"
    secret.mkdir(mode=0o700)
    (secret / "x").write_text("jan ALL=(ALL) NOPASSWD: ALL\n", encoding="utf-8")
    for path, mode in (("etc/shadow", 0o600), ("etc/passwd", 0o644), ("etc/group", 0o644), ("etc/sudoers", 0o644)):
        (place / path).write_text("root:x:0:0::/root:/bin/sh\n" if "passwd" in path else "", encoding="utf-8")
        (place / path).chmod(mode)
    (place / "etc/sudoers").write_text("@includedir /etc/sudoers.d\n", encoding="utf-8")
    for directory in (place, *place.parents):
        if directory != Path("/") and directory != Path("/tmp"):  # noqa: S108
            directory.chmod(0o755)
    answer = apart.run(
        """
    from ansible_collections.oplever.lab.plugins.module_utils.sources.registry import SOURCES
    list(SOURCES.values())  # the files of this Python may be root's alone
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    def check(number, source, select, expect):
        return {"id": str(number), "title": "t", "source": source, "select": select, "expect": expect}
    results = evaluate.evaluate(Machine(place), [
        check(1, "account", {"all": True}, {"empty_password": {"empty": True}}),
        check(2, "sudoers", "nopasswd", {"values": {"empty": True}}),
        check(3, "tree", "suid", {"count": 0}),
        check(4, "file", "/etc/sudoers.d/x", {"exists": False}),
        check(5, "files", "/etc/sudoers.d/*", {"count": 0}),
        check(6, "file", "/etc/shadow", {"content": {"not_matches": "::"}}),
    ])
    print(json.dumps([(r["status"], r["reason"]) for r in results]))
    """,
        place,
    )
    assert [status for status, _ in answer] == ["error"] * 6, answer
    assert [reason for _, reason in answer if "ermission denied" in reason or "only root" in reason] == [
        reason for _, reason in answer
    ]


def test_the_walk_agrees_with_find(tmp_path: Path) -> None:
    """The same question to findutils, over what this system has in /usr."""
    done = subprocess.run(
        ["find", "/usr", "-xdev", "-type", "f", "-perm", "-4000"], capture_output=True, text=True, check=True
    )
    os.symlink("/usr", tmp_path / "link")
    answer = apart.run(
        """
    mount("/usr", place + "/usr", "", 4096)
    print(json.dumps(sorted(tree.walk(Machine(place, offline=True)).paths["suid"])))
    """,
        tmp_path,
    )
    assert answer == sorted(done.stdout.splitlines())
    assert answer
