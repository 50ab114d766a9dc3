"""The snapshot on a small tree: what each source says, what it leaves out, and what never leaves the machine."""

from __future__ import annotations

import base64
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import stat
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.oplever.lab.plugins.action.snapshot import KEYS, declarations
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    accounts,
    applications,
    collect,
    facts,
    files,
    kernel,
    keys,
    logs,
    marks,
    network,
    packages,
    packet_filter,
    processes,
    programs,
    registry,
    rows,
    storage,
    sudo,
    units,
)
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.collect import Places

ROOT = Path(__file__).resolve().parents[3]
MOUNTS = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n23 22 0:5 / /proc rw - proc proc rw\n"
TAC = b"#!tac\n"


class Scripted(Machine):
    """The tree of a test; commands say what `answers` has for the words they begin with."""

    def __init__(self, root: Path, answers: dict[str, str] | None = None) -> None:
        super().__init__(str(root))
        self.answers = answers or {}

    def tool(self, argv: list[str], *more: Any, **named: Any) -> Completed:
        line = " ".join(argv)
        for begin, text in self.answers.items():
            if line.startswith(begin):
                return Completed(0, text)
        raise UnreadableError(f"there is no command {argv[0]}")


@pytest.fixture(autouse=True)
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only root sees everything; of a tree of our own we see everything anyway."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.fixture
def machine(tmp_path: Path) -> Scripted:
    result = Scripted(tmp_path)
    texts = {
        "/proc/self/mountinfo": MOUNTS,
        "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\njan:x:1000:1000::/home/jan:/bin/bash\n",
        "/etc/shadow": "root:*:20000:0:99999:7:::\njan:$y$hash:20000:0:99999:7:::\n",
        "/etc/group": "root:x:0:\njan:x:1000:\nsudo:x:27:jan\n",
        "/etc/machine-id": "0123456789abcdef\n",
        "/etc/ssh/ssh_host_ed25519_key": "PRIVATE",
        "/etc/motd": "hello\n",
        "/var/lib/dpkg/status": "Package: coreutils\nStatus: install ok installed\nVersion: 9.1\nArchitecture: amd64\n"
        f"Conffiles:\n /etc/motd {hashlib.md5(b'hello' + bytes([10]), usedforsecurity=False).hexdigest()}\n\n"
        "Package: dpkg\nStatus: install ok installed\nVersion: 1.21\nArchitecture: amd64\n",
        "/var/lib/dpkg/info/coreutils.list": "/.\n/usr\n/usr/bin\n/usr/bin/tac\n/usr/bin/gone\n/etc/motd\n",
        "/var/lib/dpkg/info/coreutils.md5sums": f"{hashlib.md5(TAC, usedforsecurity=False).hexdigest()}  usr/bin/tac\n",
    }
    for path, text in texts.items():
        put(result, path, text)
    put(result, "/usr/bin/tac", TAC.decode(), 0o755)
    return result


def put(machine: Machine, path: str, text: str = "", mode: int = 0o644) -> Path:
    file = Path(machine.root + path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def pem(content: bytes) -> str:
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return f"{begin}\n{base64.b64encode(content).decode()}\n{end}\n"


def words_of(source: ModuleType, machine: Machine, **places: Any) -> dict[tuple[str, str], str]:
    """(kind, key) -> words; what was not seen has the key ?."""
    fresh = Scripted(Path(machine.root), getattr(machine, "answers", {}))
    return {
        (fact.kind, "?" if isinstance(fact, facts.Unseen) else fact.key): fact[-1]
        if isinstance(fact, facts.Unseen)
        else fact.words
        for fact in source.collect(fresh, Places(**places))
    }


def texts(source: ModuleType, machine: Machine, **places: Any) -> dict[str, str]:
    fresh = Scripted(Path(machine.root))
    return {fact.key: fact.text for fact in source.collect(fresh, Places(**places)) if getattr(fact, "text", None)}


def test_the_registry_has_every_source_and_no_kind_twice() -> None:
    package = ROOT / "plugins/module_utils/snapshot"
    with_kinds = {path.stem for path in package.glob("*.py") if "\nKINDS = {" in path.read_text(encoding="utf-8")}
    assert {source.__name__.rpartition(".")[2] for source in registry.SOURCES} == with_kinds - {"registry"}
    assert len(registry.KINDS) == sum(len(source.KINDS) for source in registry.SOURCES)


def test_everything_made_of_the_kinds_is_up_to_date() -> None:
    loader = importlib.machinery.SourceFileLoader("snapshot_kinds", str(ROOT / "tools/snapshot-kinds"))
    spec = importlib.util.spec_from_loader("snapshot_kinds", loader)
    assert spec is not None
    tool = importlib.util.module_from_spec(spec)
    loader.exec_module(tool)
    for path, text in tool.texts().items():
        assert path.read_text(encoding="utf-8") == text, f"run tools/snapshot-kinds: {path}"


def test_the_rules_of_masking_run_on_the_python_of_a_target() -> None:
    for path in (ROOT / "plugins/module_utils/masking").glob("*.py"):
        if path.stem in ("redact", "names", "shapes", "programs", "__init__"):
            code = path.read_text(encoding="utf-8")
            for newer in ("pairwise", "list | tuple", "strict=", "\n    match "):
                assert newer not in code, f"{path.name}: {newer}"


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
        assert {path for kind, path in actual if kind == "runnable"} == {"/run/x", "/dev/.h/x"}

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

    def test_what_lies_on_another_machine_leaves_no_doubt_about_files_of_packages(self, machine: Scripted) -> None:
        put(machine, "/proc/self/mountinfo", f"{MOUNTS}99 1 0:99 / /home rw - nfs4 server:/home rw\n")
        actual = words_of(programs, machine)
        assert "not on this machine" in actual["outside", "?"]
        assert ("program", "?") not in actual


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
        monkeypatch.setattr(files, "MOST", 3)
        assert "more than 3 files" in words_of(files, machine)["file", "?"]


class TestWaysIn:
    def test_accounts_and_groups(self, machine: Scripted) -> None:
        put(machine, "/var/lib/systemd/linger/jan")
        put(machine, "/etc/gshadow", "sudo:!:root:jan\n")
        actual = words_of(accounts, machine)
        assert (
            actual["account", "root"]
            == "uid=0, gid=0, home=/root, shell=/bin/bash, groups=root, password=locked, name=root"
        )
        assert actual["account", "jan"].startswith(
            "uid=1000, gid=1000, home=/home/jan, shell=/bin/bash, groups=jan sudo, "
        )
        assert actual["account", "jan"].endswith("its programs go on after a logout")
        assert actual["group", "sudo"] == "gid=27, members=jan, administrators=root"
        assert "$y$hash" not in json.dumps(sorted(actual.values()))
        before = actual["account", "jan"]
        put(machine, "/etc/shadow", "root:*:20000:0:99999:7:::\njan:$y$other:20000:0:99999:7:::\n")
        assert words_of(accounts, machine)["account", "jan"] != before

    def test_keys_wherever_sshd_looks(self, machine: Scripted) -> None:
        blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)
        key = "ssh-ed25519 " + base64.b64encode(blob).decode()
        put(machine, "/home/jan/.ssh/authorized_keys2", f'# no\nfrom="10.0.0.1" {key} jan at home\n')
        put(machine, "/etc/keys/root", key + "\n")
        put(machine, "/etc/ssh/sshd_config", "Match User root\n  AuthorizedKeysFile /etc/keys/%u\n")
        mark = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        actual = words_of(keys, machine)
        where = f"jan, /home/jan/.ssh/authorized_keys2, SHA256:{mark}"
        assert actual["ssh_key", where] == 'ssh-ed25519 256, jan at home, options from="10.0.0.1"'
        assert ("ssh_key", f"root, /etc/keys/root, SHA256:{mark}") in actual

    def test_an_authority_that_no_package_brought(self, machine: Scripted) -> None:
        put(machine, "/usr/share/ca-certificates/mozilla/a.crt", pem(b"a"))
        put(machine, "/etc/ssl/certs/ca-certificates.crt", pem(b"a") + pem(b"b"))
        actual = words_of(keys, machine)
        assert [k for k in actual if k[0] == "authority"] == [
            ("authority", "SHA256 " + hashlib.sha256(b"b").hexdigest()[:32])
        ]

    def test_authorities_that_were_taken_out_of_the_bundle(self, machine: Scripted) -> None:
        for name in "abcdef":
            put(machine, f"/usr/share/ca-certificates/m/{name}.crt", pem(name.encode()))
        put(machine, "/etc/ca-certificates.conf", "m/a.crt\n!m/b.crt\nm/c.crt\nm/d.crt\nm/e.crt\nm/f.crt\n")
        put(machine, "/etc/ssl/certs/ca-certificates.crt", pem(b"f"))
        assert words_of(keys, machine) == {
            ("authority", "selected, not in the bundle"): "4 of the package: a.crt, c.crt, d.crt ..."
        }

    @pytest.mark.parametrize(
        ("text", "meaning"),
        [
            ("(ALL:ALL) ALL", "may run everything as anybody, with a password"),
            ("NOPASSWD: ALL", "may run everything as root, without a password"),
            ("(www-data) NOPASSWD: /bin/ls, /bin/cat", "may run /bin/ls, /bin/cat as www-data, without a password"),
            ("(:adm) /bin/ls", "may run /bin/ls as themselves with group adm, with a password"),
        ],
    )
    def test_a_rule_of_sudo_as_it_means(self, text: str, meaning: str) -> None:
        assert sudo.meaning(text) == meaning

    def test_rules_and_options_of_sudo(self, machine: Scripted) -> None:
        put(
            machine,
            "/etc/sudoers",
            "Defaults env_reset\njan ALL=(ALL) ALL\njan web1=NOPASSWD:/bin/ls\nUser_Alias A = b\n",
        )
        actual = words_of(sudo, machine)
        rule = "may run everything as anybody, with a password; may run /bin/ls as root, without a password on web1"
        assert actual["sudo_rule", "jan"] == rule
        assert actual["sudo_rule", "Defaults env_reset"] == "env_reset"
        assert actual["sudo_rule", "User_Alias A"] == "stands for b"

    def test_tables_of_applications(self, machine: Scripted) -> None:
        put(machine, "/acl", "<?php exit()?>\n# none\n*\t@ALL\t1\neve:$2y$x:Eve:e@x:admin,user\n")
        table = {
            "name": "wiki",
            "path": "/acl",
            "separator": ":",
            "columns": ["n", "p", "", "mail", "groups"],
            "key": ["n"],
        }
        actual = words_of(applications, machine, tables=[{**table, "secret": ["p"]}])
        assert actual["application", "wiki eve"].startswith("p=keyed ")
        assert actual["application", "wiki eve"].endswith("mail=e@x, groups=admin,user")
        command = {
            "name": "db",
            "needs": "/acl",
            "command": ["mariadb"],
            "columns": ["account", "may"],
            "key": ["account"],
        }
        machine.answers = {"mariadb": "a@b\tSELECT\n"}
        assert words_of(applications, machine, tables=[command]) == {("application", "db a@b"): "may=SELECT"}
        assert words_of(applications, machine, tables=[{**command, "needs": "/not/here"}]) == {}
        machine.answers = {}
        assert words_of(applications, machine, tables=[command]) == {
            ("application", "?"): "db: there is no command mariadb"
        }


class TestRunningState:
    @pytest.mark.parametrize(
        ("unit", "words"),
        [
            ({"ActiveState": "active", "UnitFileState": "enabled"}, "running, enabled"),
            ({"ActiveState": "activating", "UnitFileState": "disabled"}, "running, disabled"),
            ({"ActiveState": "inactive", "UnitFileState": "enabled"}, "stopped, enabled"),
            ({"ActiveState": "active"}, "running, no state"),
            ({"ActiveState": "active", "Transient": "yes"}, "running, without a file"),
            ({"ActiveState": "inactive", "Transient": "yes"}, ""),
            ({"ActiveState": "failed", "UnitFileState": "static", "Type": "oneshot"}, "failed, static"),
            ({"LoadState": "masked", "ActiveState": "inactive", "UnitFileState": "masked"}, "masked, masked"),
            ({"ActiveState": "active", "UnitFileState": "static", "Type": "oneshot"}, "started on demand, static"),
            ({"ActiveState": "inactive", "UnitFileState": "static", "TriggeredBy": "t"}, "started on demand, static"),
            ({"ActiveState": "active", "UnitFileState": "static", "Type": "oneshot", "RemainAfterExit": "yes"},
             "started on demand, static"),
            ({"ActiveState": "active", "UnitFileState": "static", "BusName": "org.x"}, "started on demand, static"),
            ({"ActiveState": "active", "UnitFileState": "enabled", "BusName": "org.x"}, "running, enabled"),
            ({"ActiveState": "active", "UnitFileState": "enabled", "Type": "oneshot", "RemainAfterExit": "yes"},
             "running, enabled"),
        ],
    )  # fmt: skip
    def test_a_unit_is_told_by_what_lasts(self, unit: dict[str, str], words: str) -> None:
        assert units.state({"Id": "x.service", "LoadState": "loaded", **unit}) == words

    def test_units_that_come_and_go_are_left_out(self, machine: Scripted) -> None:
        names = ("a.service", "user@1000.service", "ssh@3-10.0.0.1:22.service")
        shown = "\n\n".join(
            f"Id={name}\nLoadState=loaded\nActiveState=active\nUnitFileState=disabled" for name in names
        )
        machine.answers = {
            "systemctl show-environment": "LANG=C.UTF-8\nLD_PRELOAD=/opt/x.so\n",
            "systemctl show": shown,
            "systemctl list-unit-files": "b.timer disabled enabled\nc@.service static -\n",
        }
        assert words_of(units, machine) == {
            ("unit", "b.timer"): "stopped, disabled",
            ("unit", "a.service"): "running, disabled",
            ("manager", "LD_PRELOAD"): "/opt/x.so",
        }

    def test_the_packet_filter_by_its_chains(self, machine: Scripted) -> None:
        machine.answers = {
            "nft": "table inet f {\n\tset banned {\n\t\ttype ipv4_addr\n\t\tflags timeout\n"
            "\t\telements = { 10.0.0.1 }\n\t}\n"
            "\tchain input {\n\t\ttype filter hook input priority 0; policy drop;\n\t\ttcp dport 22 accept\n\t}\n}\n"
        }
        actual = words_of(packet_filter, machine)
        assert actual["filter", "inet f chain input"].startswith("2 lines, hook input, policy drop, ")
        machine.answers["nft"] = machine.answers["nft"].replace("10.0.0.1", "10.0.0.2")
        assert words_of(packet_filter, machine) == actual  # what times out comes and goes
        machine.answers = {}
        assert words_of(packet_filter, machine) == {("filter", "?"): "there is no command nft"}

    def test_routes_that_follow_from_an_address_are_left_out(self, machine: Scripted) -> None:
        machine.answers = {
            "ip -json address": json.dumps([{"ifname": "eth0", "mtu": 1400, "flags": ["PROMISC", "UP"], "addr_info": [
                {"local": "10.0.0.2", "prefixlen": 24}, {"local": "fd::9", "prefixlen": 64, "temporary": True}]},
                {"ifname": "veth12", "addr_info": []}]),
            "ip -json -4 route show table": "[]", "ip xfrm policy": "",
            "ip -json -4 route": json.dumps([{"dst": "default", "gateway": "10.0.0.1", "dev": "eth0"},
                                             {"dst": "10.0.0.0/24", "dev": "eth0", "protocol": "kernel"}]),
            "ip -json -6 route": "[]", "ip -json -6 rule": "[]",
            "ip -json -4 rule": json.dumps([{"priority": 0, "src": "all", "table": "local"},
                                            {"priority": 500, "src": "10.9.0.0", "table": "77"}]),
            "ip -json neigh": json.dumps([{"dst": "10.0.0.1", "dev": "eth0", "lladdr": "02:00:00:00:00:01"}]),
        }  # fmt: skip
        put(machine, "/etc/resolv.conf", "# by hand\nnameserver 10.0.0.3\n")
        assert words_of(network, machine) == {
            ("network", "eth0"): "10.0.0.2/24, promiscuous, mtu 1400",
            ("network", "dns_servers"): "10.0.0.3",
            ("route", "inet default"): "via 10.0.0.1, eth0",
            ("route", "inet rule 500"): "src 10.9.0.0, table 77",
            ("neighbour", "10.0.0.1 on eth0"): "02:00:00:00:00:01",
        }

    def test_kernel_settings_without_what_counts(self, machine: Scripted) -> None:
        put(machine, "/proc/sys/net/ipv4/ip_forward", "1\n")
        put(machine, "/proc/sys/kernel/random/entropy_avail", "256\n")
        put(machine, "/etc/sysctl.d/x.conf", "net.ipv4.ip_forward = 0\n")
        assert words_of(kernel, machine) == {("sysctl", "net.ipv4.ip_forward"): "1 (/etc/sysctl.d/x.conf sets 0)"}

    @pytest.mark.parametrize(
        ("free", "words"), [(50, "enough"), (9, "less than 10 % free"), (4, "less than 5 % free"), (0, "full")]
    )
    def test_room_in_coarse_steps(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch, free: int, words: str
    ) -> None:
        room = os.statvfs_result((4096, 4096, 100, free, free, 100, 60, 60, 0, 255))
        monkeypatch.setattr(storage.os, "statvfs", lambda path: room)
        put(machine, "/proc/swaps", "Filename Type Size Used Priority\n/swap file 2048 0 -2\n")
        actual = words_of(storage, machine)
        assert (actual["space", "/, bytes"], actual["space", "/, inodes"]) == (words, "enough")
        assert actual["swap", "/swap"] == "file, 2 MB"

    def test_programs_that_run_and_are_not_where_they_came_from(self, machine: Scripted) -> None:
        put(machine, "/opt/agent", "x")
        packaged = {"/usr/bin/tac": "coreutils"}
        for program, words in {
            "/usr/bin/tac": "", "/usr/bin/tac (deleted)": "", "/opt/agent": "no package brought it",
            "/opt/agent (deleted)": "was replaced", "/opt/gone (deleted)": "was deleted",
            "/memfd:x (deleted)": "runs from memory",
        }.items():  # fmt: skip
            assert processes._out_of_order(machine, program, packaged) == words, program

    def test_logs_through_their_rotation(self, machine: Scripted) -> None:
        put(machine, "/var/log/auth.log", "")
        put(machine, "/var/log/auth.log.1", "x")
        put(machine, "/var/log/empty.log", "")
        put(machine, "/var/log/gone.log.2.gz", "x")
        put(machine, "/var/log/app-20261125", "x")
        put(machine, "/var/log/app", "x")
        directory = Path(machine.root) / "var/log"
        later = time.time() + logs.SLACK + 60
        os.utime(directory, (later, later))  # something went after the rotation
        assert set(words_of(logs, machine)) == {("log", "/var/log/auth.log"), ("log", "/var/log/app")}

    def test_a_log_that_nobody_wrote_in_since_its_rotation_is_not_gone(self, machine: Scripted) -> None:
        put(machine, "/var/log/exim4/mainlog.1", "x")
        put(machine, "/var/log/exim4/rejectlog.1", "")
        assert set(words_of(logs, machine)) == {("log", "/var/log/exim4/mainlog")}

    def test_what_dpkg_was_told_to_do_otherwise(self, machine: Scripted) -> None:
        put(machine, "/var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\ndash\n/bin/ls\n/bin/ls.real\n:\n")
        put(machine, "/var/lib/dpkg/statoverride", "root adm 750 /usr/bin/x\n")
        put(machine, "/var/lib/dpkg/alternatives/editor", "manual\n/usr/bin/editor\n")
        (Path(machine.root) / "etc/alternatives").mkdir()
        (Path(machine.root) / "etc/alternatives/editor").symlink_to("/usr/bin/vim")
        status = "Package: vim\nStatus: hold ok installed\nVersion: 9\nArchitecture: all\n"
        put(machine, "/var/lib/dpkg/status", status)
        assert words_of(packages, machine) == {
            ("package_state", "vim"): "hold ok installed",
            ("diversion", "/bin/sh"): "to /bin/sh.distrib, by package dash",
            ("diversion", "/bin/ls"): "to /bin/ls.real, by a person",
            ("override", "/usr/bin/x"): "750 root adm",
            ("alternative", "editor"): "/usr/bin/vim, manual",
        }


class TestTheWhole:
    def test_the_key_of_the_digests_follows_the_host_key(self, machine: Scripted) -> None:
        before = marks.key_name(machine), marks.keyed(machine, b"x")
        assert (marks.key_name(Scripted(Path(machine.root))), marks.keyed(machine, b"x")) == before
        put(machine, "/etc/ssh/ssh_host_ed25519_key", "OTHER")
        other = Scripted(Path(machine.root))
        assert {marks.key_name(other), marks.keyed(other, b"x")}.isdisjoint(before)

    def test_every_kind_is_there_and_what_cannot_be_read_is_named(self, machine: Scripted) -> None:
        result = collect.snapshot(machine, Places())
        assert set(result["state"]) == set(registry.KINDS)
        assert result["unseen"]["filter"] == ["there is no command nft"]
        assert result["unseen"]["unit"] == ["there is no command systemctl"]
        assert result["state"]["file"]["/etc/motd"]
        assert {problem["source"] for problem in result["problems"]} >= {"manual", "network"}
        assert json.loads(json.dumps(result)) == result

    def test_a_source_that_finds_too_much_is_cut_and_says_so(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(facts, "MOST_FACTS", 1)
        result = collect.snapshot(machine, Places())
        assert len(result["state"]["account"]) == 1
        assert result["unseen"]["account"] == ["more than 1; the rest was left out"]

    def test_lines_beyond_the_limit_are_left_out_and_their_digests_not(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(facts, "MOST_TEXT", 0)
        result = collect.snapshot(machine, Places())
        assert result["texts"] == {}
        assert result["state"]["file"]["/etc/motd"]

    def test_a_command_that_was_begun_gives_its_outcome_once(self, tmp_path: Path) -> None:
        machine = Machine()
        machine.begin(["echo", "begun"])
        machine.begin(["no-such-command"])
        assert machine.output(["echo", "begun"]) == "begun\n"
        with pytest.raises(UnreadableError, match="there is no command no-such-command"):
            machine.output(["no-such-command"])
        assert machine.output(["echo", "begun"]) == "begun\n"


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


def test_lines_of_passwd_that_are_no_account_and_names_that_come_twice(machine: Scripted) -> None:
    line = "jan:x:1000:1000::/home/jan:/bin/bash\n"
    put(machine, "/etc/passwd", f"root:x:0:0::/root:/bin/sh\n{line}{line}+::::::\n")
    put(machine, "/etc/subuid", "jan:100000:65536\n")
    actual = words_of(accounts, machine)
    assert actual["account", "jan (more than once)"] == "2 lines"
    assert actual["account", "(lines that are no account)"] == "+::::::"
    assert "subuid=100000+65536" in actual["account", "jan"]


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


def test_what_every_role_declares_is_understood() -> None:

    declared = declarations(DataLoader(), sorted(ROOT.glob("roles/*/vars/watch.yml")))
    assert set(declared) == KEYS
    assert {"/var/www", "/usr/share/dokuwiki"} <= {tree for tree in declared["trees"] if isinstance(tree, str)}
    for table in declared["tables"]:
        assert set(table["key"]) <= set(table["columns"])
        assert ("path" in table) != ("command" in table and "needs" in table), table["name"]


def test_a_declaration_with_a_word_that_is_not_known_is_refused(tmp_path: Path) -> None:

    (tmp_path / "watch.yml").write_text("__x_watch: {tree: [/a]}\n", encoding="utf-8")
    with pytest.raises(AnsibleError, match="tree: use leave_out, tables, trees"):
        declarations(DataLoader(), [tmp_path / "watch.yml"])


def test_an_interface_with_the_value_that_a_boot_gives_it_says_so(machine: Scripted) -> None:
    for name, value in (("all", "1"), ("default", "0"), ("eth0", "0"), ("eth1", "1")):
        put(machine, f"/proc/sys/net/ipv4/conf/{name}/rp_filter", value + "\n")
    assert {key.split(".")[3]: words for (_, key), words in words_of(kernel, machine).items()} == {
        "all": "1",
        "default": "0",
        "eth0": "0, as the default for interfaces",
        "eth1": "1",
    }


def test_the_machine_id_is_nowhere_in_a_snapshot(machine: Scripted) -> None:
    put(machine, "/var/log/journal/0123456789abcdef/system.journal", "x")
    put(machine, "/etc/kernel/entry", "options systemd.machine_id=0123456789abcdef\n")
    result = collect.snapshot(machine, Places())
    assert "/var/log/journal/(machine id)/system.journal" in result["state"]["log"]
    assert "0123456789abcdef" not in json.dumps(result)
