"""Files in a snapshot: what packages brought and what is beside it, lines of settings, what roles own."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    facts,
    files,
    path_search,
    programs,
    registry,
    rows,
)

from .small_machine import MOUNTS, Scripted, as_root, machine, put, texts, words_of

__all__ = ["as_root", "machine"]


class TestFilesOfPackages:
    def test_what_is_as_it_was_brought_is_not_told(self, machine: Scripted) -> None:
        actual = words_of(programs, machine, whole=True)
        assert {key for kind, key in actual if kind == "program"} == {"/usr/bin/gone"}
        assert ("outside", "/usr/bin/tac") not in actual

    def test_a_change_with_the_old_size_and_time_is_seen_by_its_ctime(self, machine: Scripted) -> None:
        path = Path(machine.root) / "usr/bin/tac"
        os.utime(path, ns=(0, 0))
        before = path.stat()
        path.write_bytes(b"#!TAC\n")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        catalogue = programs.catalogue.catalogue(machine)
        assert path.stat().st_ctime < catalogue.unpacked["coreutils"]  # within the installation: only by turns
        programs.catalogue.SLACK, slack = -60, programs.catalogue.SLACK
        try:
            actual = words_of(programs, machine)
        finally:
            programs.catalogue.SLACK = slack
        assert actual["program", "/usr/bin/tac"].startswith("not as package coreutils brought it, md5 ")

    def test_each_file_has_its_day_in_the_rolling_part(self, monkeypatch: pytest.MonkeyPatch) -> None:
        due = []
        for day in range(programs.DAYS):
            monkeypatch.setattr(programs.time, "time", lambda day=day: day * 86400.0)
            due.append(programs._is_due("/usr/bin/tac"))
        assert due.count(True) == 1

    @pytest.mark.parametrize(
        ("mode", "words"),
        [(0o4755, "file 4755"), (0o777, "file 0777"), (0o644, "file 0644"), (0o755, None), (0o555, None)],
    )
    def test_rights_out_of_the_ordinary(self, machine: Scripted, mode: int, words: str | None) -> None:
        (Path(machine.root) / "usr/bin/tac").chmod(mode)
        actual = words_of(programs, machine).get(("rights", "/usr/bin/tac"))
        assert (actual and " ".join(actual.split()[:2])) == words

    def test_what_no_package_brought(self, machine: Scripted) -> None:
        put(machine, "/usr/local/bin/ls", "id\n", 0o755)
        put(machine, "/usr/lib/python3/__pycache__/x.pyc", "x")
        put(machine, "/usr/local/lib/python3.11/dist-packages/evil-1.2.dist-info/METADATA", "x")
        put(machine, "/dev/shm/.x", "x", 0o755)  # noqa: S108
        put(machine, "/var/lib/misc/sh", "x", 0o4755)
        actual = words_of(programs, machine)
        assert actual["outside", "/usr/local/bin/ls"].startswith("file 0755 root root, 3 bytes, ")
        assert actual["python", "evil in /usr/local/lib/python3.11/dist-packages"] == "1.2"
        assert actual["runnable", "/dev/shm/.x"].startswith("file 0755")  # noqa: S108
        assert actual["rights", "/var/lib/misc/sh"] == "file 4755 root root"
        assert not any("pyc" in key or "METADATA" in key for _, key in actual)

    def test_programs_and_directories_that_no_package_brought_wherever_they_are(self, machine: Scripted) -> None:
        for path in ("/top", "/mnt/x", "/media/stick/x", "/var/lib/.h/x", "/run/x", "/dev/.h/x"):
            put(machine, path, "x", 0o755)
        for path in ("/data/text", "/vmlinuz", "/run/user/1000/x", "/run/lock/x", "/home/jan/x", "/run/motd"):
            put(machine, path, "x", 0o644 if path in ("/data/text", "/run/motd") else 0o755)
        actual = {key for key in words_of(programs, machine) if key[0] in ("outside", "runnable")}
        places = ("/top", "/mnt/", "/media/", "/var/lib/", "/data", "/vmlinuz", "/home/", "/run/")
        listed = {path for kind, path in actual if kind == "outside" and path.startswith(places)}
        assert listed == {"/top", "/mnt/x", "/media/stick/x", "/var/lib/.h/x", "/data"}
        assert {path for kind, path in actual if kind == "runnable"} == {
            "/run/x", "/run/user/1000/x", "/run/lock/x", "/dev/.h/x",
        }  # fmt: skip

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
    def test_devices_outside_dev(self, machine: Scripted) -> None:
        for path, device in (("var/tmp/x", (1, 3)), ("dev/null", (1, 3)), ("var/tmp/whiteout", (0, 0))):
            (Path(machine.root) / path).parent.mkdir(parents=True, exist_ok=True)
            os.mknod(Path(machine.root) / path, stat.S_IFCHR | 0o600, os.makedev(*device))
        rights = {path: words for (kind, path), words in words_of(programs, machine).items() if kind == "rights"}
        assert rights == {"/var/tmp/x": "character device 0600 root root, device 1:3"}  # noqa: S108

    def test_sums_that_were_changed_are_told_for_the_same_version_only(self, machine: Scripted) -> None:
        before = words_of(programs, machine)["package_list", "coreutils 9.1"]
        put(machine, "/var/lib/dpkg/info/coreutils.postinst", "planted")
        assert words_of(programs, machine)["package_list", "coreutils 9.1"] != before
        assert registry.KINDS["package_list"].only == "changed"

    def test_a_walk_that_takes_too_long_says_so(self, machine: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(programs.walk, "__defaults__", (-1,))
        monkeypatch.setattr("ansible_collections.oplever.lab.plugins.module_utils.snapshot.walk.OFTEN", 1)
        actual = words_of(programs, machine)
        assert "too large to walk" in actual["outside", "?"]
        assert [key for kind, key in actual if kind == "program"] == ["?"], "what it did not reach is not gone"
        assert "too large to walk" in actual["program", "?"]

    def test_what_lies_on_another_machine_leaves_no_doubt_about_this_one(self, machine: Scripted) -> None:
        put(machine, "/proc/self/mountinfo", f"{MOUNTS}99 1 0:99 / /home rw - nfs4 server:/home rw\n")
        actual = words_of(programs, machine)
        assert [kind for kind, key in actual if key == "?"] == []


class TestFiles:
    def test_a_configuration_file_as_its_package_brought_it_has_no_digest(self, machine: Scripted) -> None:
        assert words_of(files, machine)["file", "/etc/motd"] == "file 0644 root root, as package coreutils brought it"
        put(machine, "/etc/motd", "hullo\n")
        assert words_of(files, machine)["file", "/etc/motd"].startswith("file 0644 root root, 6 bytes, ")

    @pytest.mark.parametrize(
        ("path", "mode"), [("/etc/app.conf", 0o600), ("/etc/app.conf", 0o640), ("/etc/ssl/private/x.key", 0o644)]
    )
    def test_of_what_is_closed_there_is_only_a_keyed_digest(self, machine: Scripted, path: str, mode: int) -> None:
        put(machine, path, "pin 1234\n", mode)
        words = words_of(files, machine)["file", path]
        assert "keyed " in words
        assert hashlib.sha256(b"pin 1234\n").hexdigest()[:16] not in words
        assert path not in texts(files, machine)
        put(machine, path, "pin 4321\n", mode)
        assert words_of(files, machine)["file", path] != words

    def test_the_lines_are_masked_and_limited(self, machine: Scripted) -> None:
        put(machine, "/etc/app.conf", "port = 80\ndb_password = Zomer2026\n")
        put(machine, "/etc/long.conf", "x" * (facts.LONGEST_TEXT + 1))
        put(machine, "/etc/sudoers", "jan ALL=(ALL) NOPASSWD: /bin/ls\n", 0o440)
        actual = texts(files, machine)
        assert actual["/etc/app.conf"] == "port = 80\ndb_password = ***\n"
        assert "/etc/long.conf" not in actual
        assert actual["/etc/sudoers"] == "jan ALL=(ALL) NOPASSWD: /bin/ls\n"

    def test_what_is_no_plain_file(self, machine: Scripted) -> None:
        os.mkfifo(Path(machine.root) / "etc/pipe", 0o600)
        (Path(machine.root) / "etc/empty").mkdir(mode=0o700)
        (Path(machine.root) / "etc/link").symlink_to("/nowhere")
        (Path(machine.root) / "etc/loop").symlink_to(machine.root + "/etc")
        actual = words_of(files, machine)
        assert actual["file", "/etc/pipe"] == "fifo 0600 root root"
        assert actual["file", "/etc/empty"] == "directory 0700 root root"
        assert actual["file", "/etc/link"] == "-> /nowhere"
        assert not any(key.startswith("/etc/loop/") for _, key in actual)

    def test_attributes_and_lists_that_a_mode_does_not_show(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rows, "_flags", lambda path: rows.IMMUTABLE if path.endswith("motd") else 0)
        monkeypatch.setattr(
            rows.acl, "entries", lambda machine, path, kind: ["user:jan:rw-"] if "access" in kind else []
        )
        monkeypatch.setattr(os, "listxattr", lambda path, follow_symlinks: ["system.posix_acl_access"])
        assert words_of(files, machine)["file", "/etc/motd"].endswith("acl user:jan:rw-, immutable")

    def test_a_tree_of_a_role_with_its_links_and_without_what_changes_by_itself(self, machine: Scripted) -> None:
        put(machine, "/srv/site/a.php", "<?php")
        put(machine, "/var/www/cache/x", "x")
        (Path(machine.root) / "var/www/site").symlink_to(Path(machine.root) / "srv/site")
        actual = words_of(files, machine, trees=["/var/w*"], exclude=["/var/www/cache/*"])
        assert actual["file", "/srv/site/a.php"].startswith("file 0644 root root, 5 bytes")
        assert ("file", "/var/www/cache/x") not in actual

    def test_what_a_login_runs_in_a_home(self, machine: Scripted) -> None:
        put(machine, "/etc/skel/.bashrc", "umask 022\n")
        put(machine, "/home/jan/.bashrc", "umask 022\n")
        put(machine, "/home/jan/.profile", "umask 000\n")
        put(machine, "/home/jan/letter.txt", "x")
        actual = words_of(files, machine)
        assert actual["file", "/home/jan/.bashrc"] == facts.AS_NEW_HOME
        assert texts(files, machine)["/home/jan/.profile"] == "umask 000\n"
        assert ("file", "/home/jan/letter.txt") not in actual

    def test_more_files_than_the_limit(self, machine: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(path_search, "MOST", 3)
        assert "more than 3 files" in words_of(files, machine)["file", "?"]


def test_what_a_role_owns_is_found_below_the_home_of_an_account(machine: Scripted) -> None:
    put(machine, "/home/jan/site/a.php", "<?php")
    assert ("file", "/home/jan/site/a.php") in words_of(files, machine, trees=["/home/jan"])
    assert words_of(files, machine)["file", "/home/jan"].startswith("directory 0755")


def test_lines_are_shown_or_hidden_as_a_role_says(machine: Scripted) -> None:
    put(machine, "/etc/app/closed.conf", "a = 1\n", 0o600)
    put(machine, "/etc/app/open.conf", "a = 1\n")
    assert "/etc/app/closed.conf" in texts(files, machine, show=["/etc/app"])
    hidden = texts(files, machine, show=["/etc/app"], hide=["/etc/app/*"])
    assert {"/etc/app/closed.conf", "/etc/app/open.conf"}.isdisjoint(hidden)


def test_python_packages_are_told_together_and_what_lies_beside_them_alone(machine: Scripted) -> None:
    place = "/usr/local/lib/python3.11/dist-packages"
    put(machine, f"{place}/lib/a.py", "x")
    put(machine, f"{place}/lib-1.0.dist-info/METADATA", "x")
    put(machine, f"{place}/evil.pth", "import os\n")
    before = words_of(programs, machine)
    assert before["outside", f"{place}/*/"].startswith("2 files of Python packages, ")
    assert ("outside", f"{place}/evil.pth") in before
    put(machine, f"{place}/lib/a.py", "yy")
    assert words_of(programs, machine)["outside", f"{place}/*/"] != before["outside", f"{place}/*/"]
