"""Sources of the security baseline on real files of Debian 12 and 13, stock, hardened and tampered with."""

from __future__ import annotations

import base64
import shutil
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    account,
    apparmor,
    apt_source,
    audit_rule,
    boot_loader,
    capability,
    cron,
    environment,
    firewall,
    home,
    kernel_argument,
    kernel_module,
    limits,
    mount,
    nftables,
    pam,
    pam_option,
    release,
    shadow,
    ssh_key,
    sudoers,
    systemd_setting,
    web_certificate,
)

DATA = Path(__file__).parent / "data"
Tree = Callable[..., Machine]


@pytest.fixture(params=["debian12", "debian13"])
def stock(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the files of a release as it is installed."""
    shutil.copytree(DATA / request.param, tmp_path / "root", ignore=shutil.ignore_patterns("hardened"))
    return tmp_path / "root"


@pytest.fixture
def hardened(stock: Path) -> Path:
    """The same after the role harden: PAM's stack as pam-auth-update made it."""
    release_name = "debian" + release_of(stock)
    shutil.copytree(DATA / release_name / "hardened/etc/pam.d", stock / "etc/pam.d", dirs_exist_ok=True)
    shutil.copy(DATA / release_name / "hardened/etc/pwquality.conf", stock / "etc/security/pwquality.conf")
    return stock


def release_of(root: Path) -> str:
    return "13" if "trixie" in (root / "etc/os-release").read_text(encoding="utf-8") else "12"


def write(root: Path, path: str, text: str, mode: int = 0o644) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    place.chmod(mode)


def edit(root: Path, path: str, old: str, new: str) -> None:
    place = root / path.lstrip("/")
    text = place.read_text(encoding="utf-8")
    assert old in text
    place.write_text(text.replace(old, new), encoding="utf-8")


def commands(machine: Machine, **answers: str) -> Machine:
    """A machine whose commands, named by their words joined with spaces, answer this; others are missing."""

    def run(argv: list[str], *_: Any, **__: Any) -> Completed:
        words = " ".join(argv)
        if words not in answers:
            raise UnreadableError("there is no command " + argv[0])
        return Completed(0, answers[words])

    machine.run = run  # type: ignore[method-assign]
    return machine


AUTH = {"service": "common-auth", "type": "auth"}


def test_pam_stock_asks_the_password_and_locks_nobody(stock: Path) -> None:
    machine = Machine(str(stock))
    found = pam.look_up(machine, {**AUTH, "module": "pam_unix.so"})
    assert found["active"]
    assert found["arguments"] == ["nullok"]
    assert found["control"] == "[success=1 default=ignore]"
    assert found["source"].startswith("/etc/pam.d/common-auth:")
    assert not pam.look_up(machine, {**AUTH, "module": "pam_faillock.so"})["exists"]
    assert not pam.look_up(machine, {"service": "nosuch", "type": "auth", "module": "pam_unix.so"})["exists"]


def test_pam_follows_includes(stock: Path) -> None:
    found = pam.look_up(Machine(str(stock)), {"service": "su", "type": "auth", "module": "pam_unix.so"})
    assert found["active"]
    assert found["source"].startswith("/etc/pam.d/common-auth:")
    assert found["modules"][0] == "pam_rootok.so"


def test_pam_hardened_counts_wrong_passwords_after_the_jump(hardened: Path) -> None:
    found = pam.look_up(Machine(str(hardened)), {**AUTH, "module": "pam_faillock.so"})
    assert found["active"]
    assert found["arguments"] == ["preauth", "authfail"]
    assert pam.look_up(Machine(str(hardened)), {**AUTH, "module": "pam_unix.so"})["arguments"] == ["try_first_pass"]


@pytest.mark.parametrize("rule", ["auth sufficient pam_permit.so", "auth [success=3 default=3] pam_env.so"])
def test_pam_sees_a_rule_that_is_jumped_over(hardened: Path, rule: str) -> None:
    place = hardened / "etc/pam.d/common-auth"
    place.write_text(rule + "\n" + place.read_text(encoding="utf-8"), encoding="utf-8")
    assert not pam.look_up(Machine(str(hardened)), {**AUTH, "module": "pam_unix.so"})["active"]


def test_pam_reads_a_line_that_goes_on(tmp_path: Path) -> None:
    write(tmp_path, "/etc/pam.d/x", "-auth required \\\n  pam_wheel.so use_uid # only wheel\n")
    found = pam.look_up(Machine(str(tmp_path)), {"service": "x", "type": "auth", "module": "pam_wheel.so"})
    assert (found["control"], found["arguments"], found["source"]) == ("required", ["use_uid"], "/etc/pam.d/x:1")


def option(root: Path, module: str, name: str) -> Any:
    return pam_option.look_up(Machine(str(root)), {"module": module, "option": name})


def test_pam_option_stock_has_what_is_built_in_but_not_in_force(stock: Path) -> None:
    found = option(stock, "pam_faillock.so", "deny")
    assert (found["exists"], found["active"], found["value"]) == (False, False, "3")


def test_pam_option_takes_the_file_over_its_drop_ins_and_arguments_over_the_file(hardened: Path) -> None:
    own = {"12": "15", "13": "14"}[release_of(hardened)]  # one of each profile
    assert option(hardened, "pam_pwquality.so", "minlen")["value"] == own
    write(hardened, "/etc/security/pwquality.conf.d/zz.conf", "minlen = 6\ndifok=5\n")
    assert option(hardened, "pam_pwquality.so", "minlen")["value"] == own
    assert option(hardened, "pam_pwquality.so", "difok")["value"] == "5"
    edit(hardened, "/etc/pam.d/common-password", "pam_pwquality.so retry=3", "pam_pwquality.so retry=3 minlen=4")
    found = option(hardened, "pam_pwquality.so", "minlen")
    assert found["value"] == "4"
    assert found["source"].startswith("/etc/pam.d/common-password:")
    assert option(hardened, "pam_pwquality.so", "dictcheck")["value"] == "1"


def test_pam_option_names_the_modules_it_knows(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"pam_faillock\.so, pam_pwhistory\.so"):
        option(tmp_path, "pam_cracklib.so", "minlen")


def test_systemd_setting_last_drop_in_wins_and_a_link_to_null_switches_one_off(stock: Path) -> None:
    select = {"file": "journald.conf", "section": "Journal", "key": "Storage"}
    assert not systemd_setting.look_up(Machine(str(stock)), select)["exists"]
    write(stock, "/etc/systemd/journald.conf", "[Journal]\nStorage=auto\n")
    write(stock, "/usr/lib/systemd/journald.conf.d/50-x.conf", "[Journal]\nStorage=none\n[Other]\nStorage=x\n")
    assert systemd_setting.look_up(Machine(str(stock)), select)["value"] == "none"
    (stock / "etc/systemd/journald.conf.d").mkdir()
    (stock / "etc/systemd/journald.conf.d/50-x.conf").symlink_to("/dev/null")
    found = systemd_setting.look_up(Machine(str(stock)), select)
    assert (found["value"], found["source"]) == ("auto", "/etc/systemd/journald.conf:2")
    write(stock, "/etc/systemd/journald.conf.d/zz.conf", "[Journal]\nStorage=\n")
    assert not systemd_setting.look_up(Machine(str(stock)), select)["exists"]


ROOT = Path(__file__).resolve().parents[3]
GRUB = """
set superusers="root"
password_pbkdf2 root grub.pbkdf2.sha512.10000.AB.CD
menuentry 'Debian GNU/Linux' --class debian --unrestricted {
	linux	/boot/vmlinuz-6.1.0 root=UUID=1 ro quiet apparmor=1 audit=1
}
submenu 'Advanced options for Debian GNU/Linux' {
	menuentry 'Debian GNU/Linux, with Linux 6.1.0' {
		linux	/boot/vmlinuz-6.1.0 root=UUID=1 ro quiet apparmor=1 audit=1
	}
	menuentry 'Debian GNU/Linux, with Linux 6.1.0 (recovery mode)' {
		linux	/boot/vmlinuz-6.1.0 root=UUID=1 ro single
	}
}
"""


def test_boot_loader_wants_a_password_for_every_user_that_may_change_a_boot(tmp_path: Path) -> None:
    write(tmp_path, "/boot/grub/grub.cfg", GRUB)
    assert boot_loader.look_up(Machine(str(tmp_path)), {})["password"] is True
    edit(tmp_path, "/boot/grub/grub.cfg", 'superusers="root"', 'superusers="root, beheer"')
    assert boot_loader.look_up(Machine(str(tmp_path)), {})["password"] is False
    assert boot_loader.look_up(Machine(str(tmp_path / "boot")), {})["exists"] is False


def test_boot_loader_knows_secure_boot(tmp_path: Path) -> None:
    assert boot_loader.secure_boot(Machine(str(tmp_path))) is False
    place = tmp_path / boot_loader.SECURE_BOOT.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_bytes(b"\x06\x00\x00\x00\x01")
    assert boot_loader.secure_boot(Machine(str(tmp_path))) is True


def test_kernel_argument_compares_this_boot_with_the_next(tmp_path: Path) -> None:
    write(tmp_path, "/boot/grub/grub.cfg", GRUB)
    write(tmp_path, "/proc/cmdline", 'BOOT_IMAGE=/vmlinuz audit=1 audit=0 x="a b" nosmap -- audit=1\n')
    machine = Machine(str(tmp_path))
    assert kernel_argument.look_up(machine, {"name": "audit"}) == {"exists": True, "running": "0", "configured": "1"}
    assert kernel_argument.look_up(machine, {"name": "nosmap"})["running"] == "on"
    assert not kernel_argument.look_up(machine, {"name": "lsm"})["exists"]
    found = kernel_argument.look_up(machine, {"all": True})
    assert found["running"] == ["BOOT_IMAGE=/vmlinuz", "audit=1", "audit=0", "x=a b", "nosmap"]
    assert "single" not in found["configured"]


LOADED = """-w /etc/sudoers -p wa -k scope
-w /etc/passwd -p w
-a always,exit -F arch=b64 -S execve -C uid!=euid -F auid!=-1 -F key=user_emulation
-a always,exit -F arch=b32 -S execve -C uid!=euid -F auid!=-1 -F key=user_emulation
-a always,exit -S init_module,delete_module -F key=modules
-a always,exit -F arch=b64 -S finit_module -F uid=33
-a never,exit -F arch=b64 -S all
-a always,exit -F path=/etc/shadow -F perm=wa -F auid>=1000
-a always,exit -F dir=/etc/sudoers.d/ -F perm=wa
"""


def audit(tmp_path: Path, on_disk: str, loaded: str | None = None, status: str = "enabled 1\n") -> Machine:
    write(tmp_path, "/etc/audit/rules.d/10-x.rules", on_disk)
    answers = {} if loaded is None else {"auditctl -l": loaded, "auditctl -s": status}
    return commands(Machine(str(tmp_path)), **answers)


@pytest.mark.parametrize(
    ("select", "found"),
    [
        ({"path": "/etc/sudoers"}, "wa"),
        ({"path": "/etc/sudoers.d"}, "wa"),
        ({"path": "/etc/passwd"}, "w"),
        ({"path": "/etc/shadow"}, ""),  # only of some people
        ({"syscall": "execve", "field": "euid!=uid"}, ["b32", "b64"]),
        ({"syscall": "execve"}, []),
        ({"syscall": "init_module"}, ["b32", "b64"]),
        ({"syscall": "finit_module"}, []),  # only of one account
        ({"syscall": "open"}, []),  # a rule that never records covers nothing
    ],
)
def test_audit_rule_counts_what_rules_cover(tmp_path: Path, select: dict[str, str], found: object) -> None:
    facts = audit_rule.look_up(audit(tmp_path, LOADED, LOADED), select)
    assert facts["loaded"] == facts["on_disk"] == found


def test_audit_rule_knows_what_is_not_loaded_and_what_is_locked(tmp_path: Path) -> None:
    same = "-w /etc/sudoers -p aw -k other\n-e 2\n"
    facts = audit_rule.look_up(audit(tmp_path, same, "-w /etc/sudoers -p wa\n", "enabled 2\n"), {"what": "state"})
    assert (facts["locked"], facts["locked_on_disk"]) == (True, True)
    assert (facts["not_loaded"], facts["not_on_disk"]) == (0, 0)
    facts = audit_rule.look_up(audit(tmp_path, same, "-w /etc/hosts -p wa\n"), {"what": "state"})
    assert (facts["locked"], facts["not_loaded"], facts["not_on_disk"]) == (False, 1, 1)


# What auditctl -l says, on Debian 12 and on Debian 13 alike, of the rules that the role harden writes.
SAID = """-w /etc/sudoers -p wa -k scope
-w /etc/sudoers.d -p wa -k scope
-a always,exit -F arch=b64 -S execve -C uid!=euid -F auid!=-1 -F key=user_emulation
-a always,exit -F arch=b32 -S execve -C uid!=euid -F auid!=-1 -F key=user_emulation
-w /etc/passwd -p wa -k identity
-w /etc/group -p wa -k identity
-w /etc/shadow -p wa -k identity
-w /etc/gshadow -p wa -k identity
-a always,exit -F arch=b64 -S init_module,delete_module,finit_module -F auid>=1000 -F auid!=-1 -F key=kernel_modules
"""


def test_audit_rule_knows_the_rules_of_the_role_as_the_kernel_tells_them(tmp_path: Path) -> None:
    role = yaml.safe_load((ROOT / "roles/harden/vars/main.yml").read_text(encoding="utf-8"))
    files = [file for file in role["__harden_files"] if file["path"].startswith("/etc/audit/rules.d/")]
    written = "\n".join(line["line"] for file in files for line in file["lines"])
    facts = audit_rule.look_up(audit(tmp_path, written, SAID, "enabled 2\n"), {"what": "state"})
    assert (facts["not_loaded"], facts["not_on_disk"], facts["locked"], facts["locked_on_disk"]) == (0, 0, True, True)


def test_audit_rule_without_auditctl_cannot_tell(tmp_path: Path) -> None:
    assert isinstance(audit_rule.look_up(audit(tmp_path, LOADED), {"path": "/etc/sudoers"})["loaded"], UnreadableError)


def test_apparmor_tells_the_modes_apart(tmp_path: Path) -> None:
    assert apparmor.look_up(Machine(str(tmp_path)), {}) == {"exists": False, "enabled": False}
    write(tmp_path, "/sys/module/apparmor/parameters/enabled", "Y\n")
    assert isinstance(apparmor.look_up(Machine(str(tmp_path)), {})["profiles"], UnreadableError)
    write(tmp_path, apparmor.LOADED, "/usr/bin/man (enforce)\nman_groff (complain)\nx (y) (unconfined)\n")
    write(tmp_path, "/proc/1/attr/current", "unconfined\n")
    (tmp_path / "proc/1/exe").symlink_to("/usr/bin/man")
    found = apparmor.look_up(Machine(str(tmp_path)), {})
    assert (found["enforcing"], found["complaining"], found["unconfined"]) == (
        ["/usr/bin/man"],
        ["man_groff"],
        ["x (y)"],
    )
    assert found["escaped"] == ["1 /usr/bin/man"]


def test_cron_finds_what_another_could_change(tmp_path: Path) -> None:
    write(tmp_path, "/etc/crontab", "SHELL=/bin/sh\n17 * * * * root cd / && /usr/bin/good\n# 1 * * * * root /x\n")
    write(tmp_path, "/etc/cron.d/job", "@daily root /opt/job/run.sh\n0 1 * * * www-data /opt/other\n")
    write(tmp_path, "/etc/cron.d/job.dpkg-old", "0 1 * * * root /opt/old\n")
    write(tmp_path, "/usr/lib/systemd/system/x.timer", "[Timer]\nUnit=y.service\n")
    write(tmp_path, "/usr/lib/systemd/system/y.service", "[Service]\nExecStart=-/usr/sbin/tick --all\n")
    for path in ("/usr/bin/good", "/opt/job/run.sh", "/usr/sbin/tick"):
        write(tmp_path, path, "", 0o755)
    machine = Machine(str(tmp_path))
    found = cron.look_up(machine, {"what": "root_jobs"})
    assert found["programs"] == ["/opt/job/run.sh", "/usr/bin/good", "/usr/sbin/tick"]
    assert found["writable"] == []
    (tmp_path / "opt/job").chmod(0o777)
    found = cron.look_up(Machine(str(tmp_path)), {"what": "root_jobs"})
    assert found["writable"] == ["/opt/job/run.sh: /opt/job can be written by everybody"]


def test_cron_names_where_everybody_could_put_a_program(tmp_path: Path) -> None:
    """Only there: a program that is there is safe in a directory with the sticky bit, and one of PATH counts only
    before the place where the program is."""
    table = "PATH=/open:/usr/bin:/open/late\n1 * * * * root /open/not/there; /no\n2 * * * * root tool; /open/mine\n"
    write(tmp_path, "/etc/cron.d/job", table)
    for path in ("/usr/bin/tool", "/open/mine"):
        write(tmp_path, path, "", 0o755)
    (tmp_path / "open").chmod(0o1777)
    found = cron.look_up(Machine(str(tmp_path)), {"what": "root_jobs"})
    assert found["writable"] == [
        "/open/not/there: /open can be written by everybody",
        "/open/tool: /open can be written by everybody",
    ]


@pytest.mark.parametrize(
    "path",
    ["/etc/cron.d", "/etc/cron.d/job", "/etc/anacrontab", "/var/spool/cron/crontabs/root",
     "/etc/systemd/system/x.timer", "/etc/systemd/system/y.service", "/etc/systemd/system/y.service.d/z.conf"],
)  # fmt: skip
def test_cron_finds_a_table_that_another_could_change(tmp_path: Path, path: str) -> None:
    for name, text in {
        "/etc/cron.d/job": "1 * * * * root /usr/bin/good\n", "/etc/anacrontab": "", "/usr/bin/good": "",
        "/var/spool/cron/crontabs/root": "", "/var/spool/cron/crontabs/jan": "",
        "/etc/systemd/system/x.timer": "[Timer]\nUnit=y.service\n", "/etc/systemd/system/y.service": "[Service]\n",
        "/etc/systemd/system/y.service.d/z.conf": "[Service]\n",
    }.items():  # fmt: skip
        write(tmp_path, name, text)
    (tmp_path / "var/spool/cron/crontabs/jan").chmod(0o666)
    assert cron.look_up(Machine(str(tmp_path)), {"what": "root_jobs"})["writable"] == []
    (tmp_path / path.lstrip("/")).chmod(0o777)
    found = cron.look_up(Machine(str(tmp_path)), {"what": "root_jobs"})["writable"]
    assert f"{path}: {path} can be written by everybody" in found


def account_files(root: Path, *lines: tuple[str, str]) -> Machine:
    write(root, "/etc/passwd", "".join(passwd + "\n" for passwd, _ in lines))
    write(root, "/etc/shadow", "".join(line + "\n" for _, line in lines))
    write(root, "/etc/group", "root:x:0:\n")
    return Machine(str(root))


TODAY = int(time.time() // 86400)


@pytest.mark.parametrize(
    ("what", "limit", "who"),
    [
        ("over_max_days", 365, ["eeuwig", "oud"]),
        ("over_inactive_days", 45, ["eeuwig", "oud", "straks"]),
        ("changed_in_future", None, ["straks"]),
        ("weak_hash", None, ["oud"]),
        ("usable_without_shell", None, ["dienst"]),
    ],
)
def test_shadow_names_who_breaks_a_rule(tmp_path: Path, what: str, limit: int | None, who: list[str]) -> None:
    machine = account_files(
        tmp_path,
        ("root:x:0:0::/root:/bin/bash", f"root:*:{TODAY}:0:99999:7:::"),
        ("goed:x:1000:1000::/home/goed:/bin/bash", f"goed:$y$j9T$x:{TODAY}:0:90:7:30::"),
        ("eeuwig:x:1001:1001::/home/e:/bin/bash", f"eeuwig:$6$x:{TODAY}:0:99999:7:::"),
        ("oud:x:1002:1002::/home/o:/bin/bash", f"oud:$1$x:{TODAY}:0::7:::"),
        ("straks:x:1003:1003::/home/s:/bin/bash", f"straks:$y$x:{TODAY + 9}:0:30:7:60::"),
        ("dienst:x:1004:1004::/:/usr/sbin/nologin", f"dienst:$y$x:{TODAY}:0:30:7:0::"),
    )
    assert shadow.look_up(machine, {"what": what, "limit": limit})["accounts"] == who


def test_environment_of_the_stock_release_is_safe_and_open_to_readers(stock: Path) -> None:
    machine = Machine(str(stock))
    assert environment.look_up(machine, {"what": "root_path"})["unsafe"] == []
    found = environment.look_up(machine, {"what": "umask"})
    assert found["value"] in ("022", "") if found["exists"] else release_of(stock) == "13"
    write(stock, "/etc/profile.d/umask.sh", "umask 027\n")
    assert environment.look_up(Machine(str(stock)), {"what": "umask"})["value"] == "027"
    write(stock, "/etc/bash.bashrc", "umask 022\n")
    assert environment.look_up(Machine(str(stock)), {"what": "umask"})["value"] == "022"


def test_environment_names_unsafe_places_of_root(stock: Path) -> None:
    write(stock, "/root/.profile", "export PATH=$PATH:.:/opt/tools:bin\n")
    (stock / "opt/tools").mkdir(parents=True)
    (stock / "opt/tools").chmod(0o777)
    unsafe = environment.look_up(Machine(str(stock)), {"what": "root_path"})["unsafe"]
    assert unsafe == [
        "/root/.profile: the directory one happens to be in",
        "/root/.profile: /opt/tools can be written by others than root",
        "/root/.profile: bin is not a full path",
    ]


def test_environment_looks_into_what_every_login_reads(stock: Path) -> None:
    write(stock, "/etc/profile.d/x.sh", 'D=/opt/open\nexport PATH="$D:$HOME/bin":"$PATH"\n')
    (stock / "opt/open").mkdir(parents=True)
    (stock / "opt/open").chmod(0o777)
    unsafe = environment.look_up(Machine(str(stock)), {"what": "root_path"})["unsafe"]
    assert unsafe == ["/etc/profile.d/x.sh: /opt/open can be written by others than root"]


def test_environment_names_where_others_may_put_a_library(stock: Path) -> None:
    assert environment.look_up(Machine(str(stock)), {"what": "library_path"})["unsafe"] == []
    write(stock, "/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n")
    write(stock, "/etc/ld.so.conf.d/x.conf", "/opt/open\n")
    (stock / "opt/open").mkdir(parents=True)
    (stock / "opt/open").chmod(0o777)
    unsafe = environment.look_up(Machine(str(stock)), {"what": "library_path"})["unsafe"]
    assert unsafe == ["/etc/ld.so.conf.d/x.conf: /opt/open can be written by others than root"]


def test_home_looks_at_people_and_at_what_lets_others_in_for_all(tmp_path: Path) -> None:
    machine = account_files(
        tmp_path,
        ("root:x:0:0::/root:/bin/bash", "root:*:1:0:99999:7:::"),
        ("anna:x:1000:1000::/home/anna:/bin/bash", "anna:*:1:0:99999:7:::"),
        ("weg:x:1001:1001::/home/weg:/bin/bash", "weg:*:1:0:99999:7:::"),
        ("dienst:x:1002:1002::/:/usr/sbin/nologin", "dienst:*:1:0:99999:7:::"),
    )
    for name, mode in ((".profile", 0o664), (".rhosts", 0o600), (".bash_history", 0o644), ("brief", 0o666)):
        write(tmp_path, "/home/anna/" + name, "", mode)
    (tmp_path / "home/anna").chmod(0o755)
    write(tmp_path, "/root/.shosts", "", 0o600)
    (tmp_path / "root").chmod(0o700)
    write(tmp_path, "/etc/hosts.equiv", "+ +\n")
    found = home.look_up(machine, {})
    assert [row.split()[:2] for row in found["open"]] == [["/home/anna", "0755"]]
    assert found["trusting"] == ["/etc/hosts.equiv", "/home/anna/.rhosts", "/root/.shosts"]
    assert [row.split()[0] for row in found["loose"]] == ["/home/anna/.bash_history", "/home/anna/.profile"]
    assert found["missing"] == ["weg: /home/weg"]


def key(kind: str, *numbers: int) -> str:
    fields = [kind.encode(), *(b"\0" + number.to_bytes((number.bit_length() + 7) // 8, "big") for number in numbers)]
    return kind + " " + base64.b64encode(b"".join(struct.pack(">I", len(f)) + f for f in fields)).decode()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (key("ssh-rsa", 65537, 1 << 2047), ("ssh-rsa", 2048)),
        (key("ssh-dss", 1 << 1023, 3, 2, 5), ("ssh-dss", 1024)),
        ('command="x" ' + key("ssh-ed25519", 7) + " iemand", ("ssh-ed25519", 256)),
        (key("ecdsa-sha2-nistp384", 7), ("ecdsa-sha2-nistp384", 384)),
        ("ssh-rsa AAAA", None),
        ("ssh-rsa @@@@", None),
        ("niets", None),
    ],
)
def test_ssh_key_reads_kind_and_length(line: str, found: object) -> None:
    assert ssh_key.parse(line) == found


def test_ssh_key_finds_weak_keys_and_files_others_may_write(tmp_path: Path) -> None:
    machine = account_files(tmp_path, (f"anna:x:{Path.home().stat().st_uid}:0::/home/anna:/bin/bash", "anna:*:1::::::"))
    write(tmp_path, "/home/anna/.ssh/authorized_keys", "# x\n" + key("ssh-rsa", 65537, 1 << 2047) + "\n")
    found = ssh_key.look_up(machine, {"what": "authorized"})
    assert found["weak"] == found["keys"] == ["/home/anna/.ssh/authorized_keys:2 ssh-rsa 2048"]
    assert found["open"] == []
    (tmp_path / "home/anna/.ssh").chmod(0o775)
    assert ssh_key.look_up(machine, {"what": "authorized"})["open"] == ["/home/anna/.ssh/authorized_keys"]


@pytest.mark.parametrize(
    ("rule", "kinds"),
    [
        ("%sudo ALL=(ALL:ALL) ALL", set()),
        ("root ALL=(ALL:ALL) ALL", set()),
        ("anna ALL=(ALL:ALL) NOPASSWD: ALL", {"wholesale", "nopasswd"}),
        ("anna ALL=(www-data) ALL", set()),
        ("anna ALL = /usr/bin/id", {"loose"}),
        ('anna ALL = /usr/bin/id ""', set()),
        ("anna ALL = (root) ALL, !/usr/bin/su", {"negated", "wholesale", "loose"}),
        ("Cmnd_Alias LEES = /usr/bin/cat /var/log/*", {"loose"}),
        ("Defaults use_pty", set()),
        ("anna\tALL=(ALL:ALL)\tNOPASSWD:\tALL", {"wholesale", "nopasswd"}),
        ("#1000 ALL=(ALL) ALL", {"wholesale"}),
        ("#0 ALL=(ALL) ALL", set()),
        ("%#27 ALL=(ALL) ALL", set()),
        ("User_Alias ADMINS = root, %sudo\nADMINS ALL=(ALL) ALL", set()),
        ("User_Alias ADMINS = root, anna\nADMINS ALL=(ALL) ALL", {"wholesale"}),
        ("Runas_Alias R = www-data, #0\nanna ALL=(R) ALL", {"wholesale"}),
        ("anna ALL=(ALL, !root) ALL", set()),
        ("anna ALL=() ALL", set()),
        ("anna ALL=(:adm) ALL", set()),
        ('anna ALL=(www-data) /bin/a "", (root) ALL', {"wholesale"}),
        ("Cmnd_Alias ALLES = ALL\nanna ALL = ALLES # zomaar", {"wholesale"}),
        ("anna ALL = \\\n ALL", {"wholesale"}),
        ('anna ALL = NOPASSWD: /bin/a "", PASSWD: /bin/b ""', {"nopasswd"}),
        ("Defaults:anna !authenticate", {"no_authentication"}),
        ("Defaults exempt_group=anna", {"no_authentication"}),
        ("Defaults timestamp_timeout=-1", {"no_authentication"}),
        ("Defaults:anna timestamp_timeout = 60", {"no_authentication"}),
        ("Defaults timestamp_timeout=15", set()),
        ("Defaults timestamp_timeout=0", set()),
        ("Defaults !timestamp_timeout", set()),
        ("Defaults timestamp_type=global", {"no_authentication"}),
        ("Defaults timestamp_type=tty", set()),
        ("Defaults !env_reset", {"environment"}),
        ("Defaults env_reset", set()),
        ("Defaults setenv", {"environment"}),
        ('Defaults env_keep += "LANG LD_PRELOAD"', {"environment"}),
        ("Defaults env_keep += LD_*", {"environment"}),
        ('Defaults env_keep = "*"', {"environment"}),
        ('Defaults env_keep += "HTTP_PROXY LC_*"', set()),
        ("Defaults env_keep -= PYTHONPATH", set()),
        ('Defaults secure_path="/usr/sbin:/opt/open"', {"environment"}),
        ('Defaults secure_path="/usr/sbin:."', {"environment"}),
        ("Defaults !secure_path", {"environment"}),
        ('Defaults secure_path="/usr/sbin:/usr/bin"', set()),
    ],
)
def test_sudoers_rules_that_give_too_much(stock: Path, rule: str, kinds: set[str]) -> None:
    write(stock, "/etc/sudoers.d/x", rule + "\n")
    (stock / "opt/open").mkdir(parents=True)
    (stock / "opt/open").chmod(0o777)
    machine = Machine(str(stock))
    for what in ("wholesale", "negated", "loose", "nopasswd", "no_authentication", "environment"):
        assert bool(sudoers.look_up(machine, {"what": what})["values"]) is (what in kinds), what


@pytest.mark.parametrize(
    ("lines", "value", "differing"),
    [
        ("Defaults use_pty", True, []),
        ("Defaults use_pty\nDefaults\t!use_pty", False, []),
        ("Defaults !use_pty, use_pty", True, []),
        ("Defaults use_pty\nDefaults:anna !use_pty", True, ["Defaults for anna: !use_pty"]),
        ("# Defaults use_pty", None, []),
    ],
)
def test_sudoers_option_is_what_the_last_line_says(
    tmp_path: Path, lines: str, value: object, differing: list[str]
) -> None:
    write(tmp_path, "/etc/sudoers", lines + "\n")
    facts = sudoers.look_up(Machine(str(tmp_path)), {"what": "option", "name": "use_pty"})
    assert (facts["value"], facts["differing"]) == (value, differing)


def test_kernel_module_blacklisted_is_not_denied_and_builtin_cannot_be(tmp_path: Path) -> None:
    write(tmp_path, "/lib/modules/6.1.0/modules.dep", "kernel/drivers/usb-storage.ko.xz:\nkernel/net/sctp.ko:\n")
    write(tmp_path, "/lib/modules/6.1.0/modules.builtin", "kernel/net/can.ko\n")
    write(tmp_path, "/etc/modprobe.d/a.conf", "blacklist sctp\ninstall usb-storage /bin/false\ninstall can /bin/true\n")
    write(tmp_path, "/usr/lib/modprobe.d/a.conf", "install sctp /bin/false\n")
    machine = Machine(str(tmp_path), offline=True)
    found = {name: kernel_module.look_up(machine, {"name": name}) for name in ("usb_storage", "sctp", "can", "x")}
    assert [found[name]["denied"] for name in ("usb_storage", "sctp", "can")] == [True, False, False]
    assert found["sctp"]["blacklisted"]
    assert found["sctp"]["loadable"]
    assert (found["can"]["builtin"], found["x"]["exists"]) == (True, False)


def test_mount_knows_what_the_next_boot_gives(stock: Path) -> None:
    machine = Machine(str(stock), offline=True)
    configured = mount.look_up(machine, {"target": "/tmp"})["configured_options"]  # noqa: S108
    assert configured is None if release_of(stock) == "12" else "nosuid" in configured
    assert mount.look_up(machine, {"target": "/dev/shm"})["configured_options"][0] == "nosuid"  # noqa: S108
    write(stock, "/etc/systemd/system/tmp.mount", "[Mount]\nOptions=mode=1777\n")
    write(stock, "/etc/systemd/system/tmp.mount.d/x.conf", "[Mount]\nOptions=mode=1777,noexec\n")
    assert mount.look_up(machine, {"target": "/tmp"})["configured_options"] == ["mode=1777", "noexec"]  # noqa: S108
    # systemd makes a unit of fstab in /run, and what an admin has in /etc goes before it, as do drop-ins.
    write(stock, "/etc/fstab", "tmpfs /tmp tmpfs nodev 0 0\n")

    def options() -> list[str]:
        found: list[str] = mount.look_up(Machine(str(stock), offline=True), {"target": "/tmp"})["configured_options"]  # noqa: S108
        return found

    assert options() == ["mode=1777", "noexec"]
    (stock / "etc/systemd/system/tmp.mount").unlink()
    assert options() == ["mode=1777", "noexec"]
    (stock / "etc/systemd/system/tmp.mount.d/x.conf").unlink()
    assert options() == ["nodev"]


SOURCES = """# a comment
Types: deb
URIs: http://deb.debian.org/debian
 http://mirror.example/debian
Suites: trixie
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: http://uit.example/

Types: deb
URIs: file:/srv/repo
Suites: ./
"""


def test_apt_source_reads_both_formats(tmp_path: Path) -> None:
    write(tmp_path, "/etc/apt/sources.list", "deb [arch=amd64 signed-by=/k.gpg] https://a.example:8443/debian x main\n")
    write(tmp_path, "/etc/apt/sources.list.d/b.list", "#deb http://no x\ndeb http://b.example/ ./ \n")
    write(tmp_path, "/etc/apt/sources.list.d/c.sources", SOURCES)
    found = apt_source.look_up(Machine(str(tmp_path)), {})
    assert found["hosts"] == ["a.example", "b.example", "deb.debian.org", "mirror.example"]
    assert found["suites"] == ["./", "trixie", "x"]
    assert found["without_key"] == ["/etc/apt/sources.list.d/b.list:2", "/etc/apt/sources.list.d/c.sources:13"]


def test_capability_reads_the_attribute() -> None:
    assert capability.parse(struct.pack("<5I", 0x02000001, 0x2000, 0, 0, 0)) == "00002000"
    assert capability.parse(struct.pack("<5I", 0x02000000, 0, 0, 1, 0)) == "0000000100000000"
    assert capability.parse(struct.pack("<5I", 0x02000000, 0, 0, 0, 0)) == ""
    assert capability.parse(b"x") == ""


def test_web_certificate_finds_what_servers_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "/etc/nginx/conf.d/a.conf", "ssl_certificate /etc/ssl/a.pem;\n# ssl_certificate /no.pem;\n")
    write(tmp_path, "/etc/apache2/sites-enabled/b.conf", 'SSLCertificateFile "/etc/ssl/b.pem"\n')
    days = {"/etc/ssl/a.pem": 90, "/etc/ssl/b.pem": 12}
    known = {path: {"exists": True, "days_left": left} for path, left in days.items()}
    monkeypatch.setattr(web_certificate.certificate, "look_up", lambda _, select: known[select["path"]])
    found = web_certificate.look_up(Machine(str(tmp_path)), {})
    assert (found["paths"], found["days_left"], found["first"]) == (sorted(days), 12, "/etc/ssl/b.pem")


def test_release_knows_when_support_ends(stock: Path) -> None:
    found = release.look_up(Machine(str(stock)), {})
    assert found["supported_until"] == release.SUPPORTED_UNTIL[release_of(stock)]
    edit(stock, "/etc/os-release", 'VERSION_ID="1', 'VERSION_ID="9')
    assert not release.look_up(Machine(str(stock)), {})["exists"]


ACCEPT, DROP = {"accept": None}, {"drop": None}
STATE = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}


def port(number: int) -> dict[str, Any]:
    left = {"payload": {"protocol": "tcp", "field": "dport"}}
    return {"match": {"op": "==", "left": left, "right": number}}


@pytest.mark.parametrize(("family", "ipv6"), [("inet", "drop"), ("ip", None)])
def test_firewall_joins_rules_with_what_listens(monkeypatch: pytest.MonkeyPatch, family: str, ipv6: str | None) -> None:
    chain = {"family": family, "table": "t", "name": "in", "hook": "input", "type": "filter", "policy": "drop"}
    rules = [[STATE, ACCEPT], [port(22), ACCEPT], [port(80), ACCEPT]]
    place = (family, "t", "in")
    sockets = [firewall.socket.Socket("tcp", "0.0.0.0", number, "x", "root") for number in (22, 443)]  # noqa: S104
    sockets.append(firewall.socket.Socket("tcp", "127.0.0.1", 25, "x", "root"))
    monkeypatch.setattr(nftables, "ruleset", lambda _: ({place: chain}, {place: rules}))
    monkeypatch.setattr(firewall.socket, "listening", lambda _: sockets)
    shown = (
        "Id=nftables.service\nUnitFileState=enabled\n\nId=ufw.service\nUnitFileState=disabled\n\nId=x\nUnitFileState=\n"
    )
    words = " ".join(["systemctl", "show", "--property=Id,UnitFileState", "--", *firewall.FRONT_ENDS])
    found = firewall.look_up(commands(Machine(), **{words: shown}), {})
    assert (found["front_ends"], found["ipv6_input"], found["stateful"]) == (["nftables"], ipv6, True)
    assert (found["open_ports"], found["ports_without_rule"], found["rules_without_port"]) == ([22], [443], [80])


def test_accounts_are_read_as_the_source_account_reads_them(tmp_path: Path) -> None:
    machine = account_files(tmp_path, ("anna:x:1000:0::/home/anna:/bin/bash", "anna:$y$x:1:0:30:7:::"))
    assert account.look_up(machine, {"name": "anna"})["password"] == "set"  # noqa: S105


@pytest.mark.parametrize(
    ("last", "above"),
    [
        ("* - core 0\nroot - core 0\n", []),
        ("* hard core 0\n", ["root hard infinity", "* soft infinity"]),
        ("@games - core 1000\n* - core 0\nroot - core 0\n", ["@games - 1000"]),
    ],
)
def test_of_limits_the_last_line_for_a_domain_counts(tmp_path: Path, last: str, above: list[str]) -> None:
    """pam_limits(8); what comes before it is as Debian 13 has it, whose systemd allows dumps of any size."""
    files = {
        "10-debian.conf": "* hard core infinity\nroot hard core infinity\n",
        "20-debian.conf": "* soft core infinity\n",
        "99-ours.conf": last,
    }
    place = tmp_path / "etc/security/limits.d"
    place.mkdir(parents=True)
    for name, text in files.items():
        (place / name).write_text(text, encoding="utf-8")
    shown = limits.look_up(Machine(str(tmp_path)), {"item": "core"})["above_zero"]
    assert [line.partition(" ")[2] for line in shown] == above
