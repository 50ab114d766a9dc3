"""One walk of the file systems: what it sees, what it leaves alone, that it is made once and only when asked for."""

from __future__ import annotations

import os
import socket
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils import filesystems
from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate, language
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import tree

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:5 / /proc rw - proc proc rw
24 22 0:40 / /home rw - nfs4 files:/home rw,hard
25 22 0:41 / /media/stick rw - fuse.sshfs jan@files: rw
26 22 0:42 / /srv/auto rw - autofs systemd-1 rw
27 22 0:43 / /srv/win\\040dows rw - cifs //files/x rw
28 22 8:2 / /data rw - xfs /dev/sda2 rw
29 28 0:44 / /data/share rw - 9p share rw
"""


@pytest.fixture(autouse=True)
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk wants root to see everything; of a tree of our own we see everything anyway."""
    monkeypatch.setattr(tree.os, "geteuid", lambda: 0)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(str(tmp_path))
    put(machine, "/proc/self/mountinfo", MOUNTS)
    return machine


def put(machine: Machine, path: str, text: str = "", mode: int = 0o644) -> Path:
    file = Path(machine.path(path))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def check(what: str, expect: dict[str, Any], **select: Any) -> dict[str, Any]:
    declaration = {"id": what, "title": "t", "source": "tree", "select": {"what": what, **select}, "expect": expect}
    assert language.problems([declaration]) == []
    return declaration


def test_each_kind_is_seen(machine: Machine) -> None:
    put(machine, "/usr/bin/su", mode=0o4755)
    put(machine, "/usr/bin/wall", mode=0o2755)
    put(machine, "/data/open", mode=0o666)
    put(machine, "/data/dir/x").parent.chmod(0o777)
    put(machine, "/srv/drop/x").parent.chmod(0o1777)
    checks = [
        check("suid", {"paths": ["/usr/bin/su"], "count": 1}),
        check("sgid", {"paths": ["/usr/bin/wall"]}),
        check("world_writable_files", {"paths": ["/data/open"]}),
        check("world_writable_dirs_without_sticky", {"paths": ["/data/dir"]}),
        check("unowned", {"paths": {"empty": True}}),
        check("ungrouped", {"paths": {"empty": True}}),
        check("suid", {"paths": {"empty": True}}, **{"except": ["/usr/bin/su"]}),
        check("suid", {"count": 0}, roots=["/data"]),
    ]
    for result in evaluate.evaluate(machine, [dict(check, id=str(number)) for number, check in enumerate(checks)]):
        assert result["status"] == "pass", result


def test_what_belongs_to_nobody_is_seen(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    put(machine, "/data/lost")
    monkeypatch.setattr(tree.names, "user", lambda machine, uid: None)
    facts = tree.walk(machine)
    assert "/data/lost" in facts.paths["unowned"]
    assert facts.paths["ungrouped"] == []


OWN_NUMBERS = (
    "/var/lib/private/upload/state",
    "/run/credentials/upload.service/key",
    "/var/lib/samba/sysvol/d/GPT.INI",
)


@pytest.mark.parametrize("known", [True, False], ids=["its number", "another number"])
def test_a_program_that_numbers_owners_itself_has_them_in_its_own_places(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    """systemd-journal-upload, say, and a domain controller: such a number has no account. Elsewhere nobody has it."""
    elsewhere = ("/var/lib/upload/state", "/var/lib/samba/private/GPT.INI")
    for path in (*OWN_NUMBERS, *elsewhere):
        put(machine, path)
    monkeypatch.setattr(tree.names, "user", lambda machine, uid: None)
    monkeypatch.setattr(tree.names, "group", lambda machine, gid: None)
    numbers = (os.getuid(), os.getgid()) if known else ()
    monkeypatch.setattr(tree, "NUMBERED", tuple((numbers, places) for _, places in tree.NUMBERED))
    files = {kind: [path for path in paths if path.endswith(("/state", "/key", "/GPT.INI"))]
             for kind, paths in tree.walk(machine).paths.items()}  # fmt: skip
    nobodys = elsewhere if known else (*OWN_NUMBERS, *elsewhere)
    assert sorted(files["unowned"]) == sorted(files["ungrouped"]) == sorted(nobodys)


@pytest.mark.parametrize("place", ["home", "media/stick", "srv/auto", "srv/win dows", "data/share", "proc"])
def test_what_is_not_local_is_never_touched(machine: Machine, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place itself is a mount point whose server may be gone: even stat(2) on it would hang."""
    put(machine, f"/{place}/x", mode=0o4777)
    put(machine, "/data/seen", mode=0o4755)
    far = os.path.join(machine.root, place)
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(tree.os, "open", lambda path, *more: opened.append(str(path)) or real(path, *more))
    facts = tree.walk(machine)
    assert facts.paths["suid"] == ["/data/seen"]
    assert facts.counts["world_writable_files"] == 0
    assert not [path for path in opened if path.startswith(far) and not path.endswith("mountinfo")]


def test_what_was_left_out_is_told(machine: Machine) -> None:
    put(machine, "/data/share/x")
    assert tree.walk(machine).left_out == [
        "/data/share (9p)", "/home (nfs4)", "/media/stick (fuse.sshfs)", "/srv/win dows (cifs)",
    ]  # fmt: skip


def test_without_a_table_of_mounts_nothing_passes(tmp_path: Path) -> None:
    result = evaluate.evaluate(Machine(str(tmp_path)), [check("suid", {"count": 0})])[0]
    assert (result["status"], "mountinfo does not exist" in result["reason"]) == ("error", True)


def test_a_root_on_the_network_is_not_walked(machine: Machine) -> None:
    put(machine, "/proc/self/mountinfo", MOUNTS.replace("ext4 /dev/sda1", "nfs4 files:/root"))
    result = evaluate.evaluate(machine, [check("suid", {"count": 0})])[0]
    assert (result["status"], result["reason"]) == ("error", "the root file system is not a local one")


def test_pipes_sockets_and_loops_do_no_harm(machine: Machine) -> None:
    inside = put(machine, "/data/x", mode=0o4755).parent
    os.mkfifo(inside / "fifo")
    (inside / "loop").symlink_to(".")
    (inside / "itself").symlink_to("itself")
    (inside / "out").symlink_to("/")
    (inside / "bad \udcff name\n").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(inside / "s"))
    facts = tree.walk(machine)
    assert facts.paths["suid"] == ["/data/x"]
    assert facts.counts["world_writable_files"] == 0


def test_a_directory_that_cannot_be_read_is_an_error(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    put(machine, "/data/broken/x", mode=0o4755)
    real = os.scandir

    def scandir(handle: int) -> Any:
        if os.readlink(f"/proc/self/fd/{handle}").endswith("broken"):
            raise OSError(5, "Input/output error")
        return real(handle)

    monkeypatch.setattr(tree.os, "scandir", scandir)
    result = evaluate.evaluate(machine, [check("suid", {"count": 0})])[0]
    assert (result["status"], result["reason"]) == ("error", "/data/broken: Input/output error")


def test_a_walk_that_takes_too_long_is_an_error(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    put(machine, "/data/x")
    monkeypatch.setattr(tree, "OFTEN", 1)
    monkeypatch.setattr(tree.walk, "__defaults__", (0,))
    result = evaluate.evaluate(machine, [check("suid", {"count": 0})])[0]
    assert (result["status"], result["reason"]) == ("error", "the file systems are too large to walk in 0 s")


def test_only_root_may_say_that_there_is_nothing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree.os, "geteuid", lambda: 1000)
    result = evaluate.evaluate(machine, [check("suid", {"count": 0})])[0]
    assert (result["status"], result["reason"]) == ("error", "only root can walk all of the file systems")


def test_more_than_are_kept_are_still_counted(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        put(machine, f"/data/{number}", mode=0o666)
    monkeypatch.setattr(tree, "MOST", 3)
    checks = [
        check("world_writable_files", {"count": 5, "paths": {"count_at_most": 3}}),
        check("world_writable_files", {"count": 0}, roots=["/usr"]),
    ]
    counted, chosen = evaluate.evaluate(machine, [dict(check, id=str(number)) for number, check in enumerate(checks)])
    assert counted["status"] == "pass"
    assert (chosen["status"], chosen["reason"]) == ("error", "5 are too many to choose from; the walk keeps 3")


def test_a_set_uid_program_that_no_package_brought_is_told_from_those_that_did(machine: Machine) -> None:
    put(machine, "/usr/bin/su", mode=0o4755)
    put(machine, "/usr/bin/passwd", mode=0o4755)
    put(machine, "/usr/local/bin/own", mode=0o4755)
    put(machine, "/var/lib/dpkg/info/util-linux.list", "/.\n/bin\n/bin/su\n")
    put(machine, "/var/lib/dpkg/info/passwd:amd64.list", "/usr/bin/passwd\n")
    result = evaluate.evaluate(machine, [check("suid", {"unpackaged": {"empty": True}})])[0]
    assert (result["status"], result["found"]) == ("fail", "unpackaged = /usr/local/bin/own")


class Counting(Machine):
    """Counts what is read and run."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.asked: Counter[str] = Counter()

    def content(self, path: str, *more: Any) -> bytes | None:
        self.asked[path] += 1
        found: bytes | None = super().content(path, *more)
        return found

    def run(self, argv: list[str], *more: Any, **kwargs: Any) -> Completed:
        self.asked[argv[0]] += 1
        return Completed(0, "")


def test_each_source_is_asked_once_and_only_when_a_check_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Counting(str(tmp_path))
    put(machine, "/proc/self/mountinfo", MOUNTS)
    put(machine, "/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    put(machine, "/etc/group", "root:x:0:\n")
    put(machine, "/var/lib/dpkg/status", "Package: dpkg\nStatus: install ok installed\nVersion: 1\n")
    walks: list[object] = []
    real = tree._Walk
    monkeypatch.setattr(tree, "_Walk", lambda *given: walks.append(given) or real(*given))
    checks = [check(kind, {"paths": {"empty": True}}) for kind in tree.KINDS]
    checks += [{**check("suid", {"count": 0}), "id": "again"}]
    checks += [
        {"id": f"p{n}", "title": "t", "source": "package", "select": f"p{n}", "expect": {"exists": False}}
        for n in range(20)
    ]
    checks += [
        {"id": f"u{n}", "title": "t", "source": "unit", "select": f"u{n}", "expect": {"exists": False}}
        for n in range(20)
    ]
    checks += [{"id": "a", "title": "t", "source": "account", "select": "root", "expect": {"uid": 0}}]
    results = evaluate.evaluate(machine, checks)
    assert {result["status"] for result in results} == {"pass"}, results
    assert len(walks) == 1
    assert machine.asked == {
        "/proc/self/mountinfo": 1, "/var/lib/dpkg/status": 1, "/etc/passwd": 1, "/etc/group": 1, "/etc/shadow": 1,
        "systemctl": 1,
    }  # fmt: skip


def test_where_a_path_lies() -> None:
    table = filesystems.parse(MOUNTS)
    assert filesystems.local(table, "/etc/passwd")
    assert filesystems.local(table, "/data/x")
    assert not filesystems.local(table, "/home/jan")
    assert not filesystems.local(table, "/data/share")
    assert [m.target for m in table if filesystems.remote(m)] == [
        "/home", "/media/stick", "/srv/win dows", "/data/share",
    ]  # fmt: skip


POSTINST = """\
#!/bin/sh
# chmod 4755 /usr/lib/b/commented
chmod 0755 /usr/lib/b/plain
    chmod 04755 "/usr/lib/b/tool"
chmod -v u+s /lib/b/letters
echo chmod 4755 /usr/lib/b/echoed
"""


@pytest.mark.parametrize(
    ("name", "is_expected"),
    [("tool", True), ("letters", True), ("plain", False), ("commented", False), ("echoed", False), ("other", False)],
)
def test_setuid_by_the_package_itself_is_expected(machine: Machine, name: str, is_expected: bool) -> None:
    """As that of auth_pam_tool, which the postinst of mariadb-server makes setuid."""
    path = f"/usr/lib/b/{name}"
    put(machine, path, mode=0o4755)
    put(machine, "/var/lib/dpkg/info/b.list", f"/.\n{path}\n")
    put(machine, "/var/lib/dpkg/info/b.postinst", POSTINST)
    facts = tree.look_up(machine, {"what": "suid"})
    assert facts["unexpected"]() == ([] if is_expected else [path])
    assert facts["unpackaged"]() == []
