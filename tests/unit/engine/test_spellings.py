"""Settings in forms that the programs understand: each was once passed over, or taken for what it is not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    account,
    apt,
    apt_source,
    autologin,
    boot_loader,
    chrony,
    cron,
    environment,
    group,
    home,
    limits,
    mount,
    pam,
    pam_option,
    polkit,
    root_program,
    ssh_client,
    sshd,
    sudoers,
    sysctl,
    tree,
    umask,
)

from .trees import commands, write

UNIT = "/etc/systemd/system/x.service"


def machine(root: Path, files: dict[str, str]) -> Machine:
    write(root, "/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    for path, text in files.items():
        write(root, path, text)
    return Machine(str(root), offline=True)


def give(root: Path, path: str) -> None:
    """Let somebody else than root own a file."""
    write(root, path, "#!/bin/sh\n", 0o755)
    os.chown(root / path.lstrip("/"), 5000, 5000)


pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/cron.d/x": "SHELL=/opt/tool\n@daily root apt-get update\n"},
        {"/etc/cron.d/x": "LD_PRELOAD=/opt/tool\n@daily root apt-get update\n"},
        {"/etc/cron.d/x": '@daily root sh -c "cd / && /opt/tool --all"\n'},
        {"/etc/cron.d/x": "@daily root cd /opt && ./tool\n"},
        {"/etc/cron.d/x": "@daily root logger `/opt/tool`\n"},
        {"/etc/cron.d/x": "@daily root run-parts --report /opt\n"},
        {"/etc/cron.d/x": "@daily root test -x /opt/tool && nice -n 19 /opt/tool\n"},
    ],
)
def test_a_job_of_root_comes_to_a_program_of_somebody_else(tmp_path: Path, files: dict[str, str]) -> None:
    give(tmp_path, "/opt/tool")
    facts = cron.look_up(machine(tmp_path, files), {"what": "root_jobs"})
    assert facts["writable"] == ["/opt/tool: /opt/tool belongs to 5000"]


def test_a_program_in_the_home_of_root(tmp_path: Path) -> None:
    give(tmp_path, "/root/bin/tool")
    facts = cron.look_up(machine(tmp_path, {"/etc/cron.d/x": "@daily root ~/bin/tool\n"}), {"what": "root_jobs"})
    assert facts["writable"] == ["/root/bin/tool: /root/bin/tool belongs to 5000"]


def test_a_file_that_a_job_writes_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "var/tmp").mkdir(parents=True)
    (tmp_path / "var/tmp").chmod(0o1777)
    table = (
        "@daily root tar czf /var/tmp/x.tgz /etc\n@daily root /usr/bin/true >/var/tmp/y\n@daily root A=/var/tmp/z b\n"
    )
    facts = cron.look_up(machine(tmp_path, {"/etc/cron.d/x": table}), {"what": "root_jobs"})
    assert facts["writable"] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (UNIT, "[Service]\nExecStart=/bin/true\nExecStopPost=-/opt/tool\n"),
        (UNIT, "[Service]\nUser=games\nExecStartPre=+/opt/tool\nExecStart=/bin/true\n"),
        (UNIT, '[Service]\nEnvironment="A=1" "LD_PRELOAD=/opt/tool"\nExecStart=/bin/true\n'),
        (UNIT, '[Service]\nExecStart=/bin/sh -c "exec /opt/tool --x"\n'),
        (UNIT, "[Service]\nWorkingDirectory=/opt\nExecStart=/bin/sh ./tool\n"),
        ("/etc/profile.d/x.sh", "if true; then /opt/tool --motd; fi\n"),
        ("/etc/network/interfaces.d/x", "iface a inet manual\n\tup /opt/tool $IFACE\n"),
        ("/etc/modprobe.d/x.conf", "install x /opt/tool\n"),
        ("/etc/sysctl.d/x.conf", "kernel.core_pattern = |/opt/tool %p\n"),
        ("/etc/apt/sources.list.d/x.sources", "Types: deb\nURIs: http://a\nSuites: x\nSigned-By: /opt/tool\n"),
    ],
)
def test_root_runs_or_reads_what_somebody_else_owns(tmp_path: Path, path: str, text: str) -> None:
    give(tmp_path, "/opt/tool")
    facts = root_program.look_up(machine(tmp_path, {path: text}), {"what": "hooks"})
    assert "/opt/tool: /opt/tool belongs to 5000" in facts["writable"]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/ssh/sshd_config.d/x.conf",
        "/etc/apt/apt.conf.d/x",
        "/etc/dpkg/dpkg.cfg.d/x",
        "/etc/polkit-1/rules.d/x.rules",
        "/etc/systemd/user/x.service",
        "/etc/bash_completion.d/x",
    ],
)
def test_settings_of_root_that_somebody_else_owns_are_named(tmp_path: Path, path: str) -> None:
    give(tmp_path, path)
    facts = root_program.look_up(machine(tmp_path, {}), {"what": "hooks"})
    assert any(line.startswith(path + ": ") for line in facts["writable"])


def test_a_service_of_somebody_else_is_not_root(tmp_path: Path) -> None:
    give(tmp_path, "/opt/tool")
    for who in ("User=games", "DynamicUser=yes"):
        files = {UNIT: f"[Service]\n{who}\nExecStart=/opt/tool\nExecStop=/opt/tool\n"}
        assert root_program.look_up(machine(tmp_path, files), {"what": "hooks"})["writable"] == []


SUBSTACK = "auth [success=1 default=ignore] pam_localuser.so\nauth substack inner\nauth required pam_permit.so\n"
INNER = "auth requisite pam_faillock.so preauth\nauth [success=ok default=die] pam_unix.so\n"
ACCOUNT = "account [success=1 default=ignore] pam_unix.so\n{}account required pam_permit.so\n"
CHANGE = (
    "password {} pam_pwquality.so\npassword [success=1 default=ignore] pam_unix.so obscure {}\n"
    "password requisite pam_deny.so\npassword required pam_permit.so\n"
)


def looked_up(root: Path, files: dict[str, str], **select: str) -> dict[str, Any]:
    facts = pam.look_up(machine(root, {"/etc/pam.d/" + name: text for name, text in files.items()}), select)
    return {name: value() if callable(value) else value for name, value in facts.items()}


def test_a_jump_goes_over_a_whole_substack(tmp_path: Path) -> None:
    facts = looked_up(tmp_path, {"su": SUBSTACK, "inner": INNER}, service="*", module="pam_unix.so")
    assert facts["unproven"] == ["pam_localuser.so (/etc/pam.d/su:1)"]


def test_an_end_in_a_substack_is_no_end_of_the_stack(tmp_path: Path) -> None:
    files = {
        "su": "auth substack inner\nauth [success=ok default=die] pam_unix.so\n",
        "inner": "auth sufficient pam_env.so\n",
    }
    assert looked_up(tmp_path, files, service="*", module="pam_unix.so")["unproven"] == []


def test_a_module_in_another_place_proves_nothing(tmp_path: Path) -> None:
    files = {"su": "auth sufficient /opt/x/pam_unix.so\nauth required pam_deny.so\n"}
    assert looked_up(tmp_path, files, service="*", module="pam_unix.so")["unproven"] == [
        "/opt/x/pam_unix.so (/etc/pam.d/su:1)"
    ]
    files = {"su": "auth sufficient /usr/lib/x86_64-linux-gnu/security/pam_unix.so\nauth required pam_deny.so\n"}
    assert looked_up(tmp_path, files, service="*", module="pam_unix.so")["unproven"] == []


def test_a_group_without_anybody_lets_nobody_in(tmp_path: Path) -> None:
    rule = "auth sufficient pam_succeed_if.so user ingroup nopasswdlogin\nauth required pam_unix.so\n"
    assert looked_up(tmp_path, {"lightdm": rule}, service="*", module="pam_unix.so")["unproven"] == []
    write(tmp_path, "/etc/group", "nopasswdlogin:x:9:root\n")
    assert looked_up(tmp_path, {"lightdm": rule}, service="*", module="pam_unix.so")["unproven"]


def test_the_service_of_sshd_and_all_others_are_ways_in(tmp_path: Path) -> None:
    files = {"own": "auth sufficient pam_permit.so\n", "other": "auth sufficient pam_permit.so\n"}
    write(tmp_path, "/etc/ssh/sshd_config", "PAMServiceName own\n")
    assert looked_up(tmp_path, files, service="*", module="pam_unix.so")["unproven"] == [
        "pam_permit.so (/etc/pam.d/other:1)",
        "pam_permit.so (/etc/pam.d/own:1)",
    ]


@pytest.mark.parametrize(
    ("text", "active"),
    [
        (ACCOUNT.format("account requisite pam_deny.so\n"), True),
        (ACCOUNT.format(""), False),
        ("account optional pam_unix.so\naccount required pam_permit.so\n", False),
        ("account required pam_unix.so\n", True),
    ],
)
def test_an_account_is_refused_only_where_the_refusal_counts(tmp_path: Path, text: str, active: bool) -> None:
    facts = looked_up(
        tmp_path, {"common-account": text}, service="common-account", type="account", module="pam_unix.so"
    )
    assert facts["active"] is active


@pytest.mark.parametrize(("control", "active"), [("requisite", True), ("optional", False), ("[default=ignore]", False)])
def test_a_weak_password_is_refused_only_where_the_refusal_counts(tmp_path: Path, control: str, active: bool) -> None:
    files = {"common-password": CHANGE.format(control, "yescrypt")}
    facts = looked_up(tmp_path, files, service="common-password", type="password", module="pam_pwquality.so")
    assert facts["active"] is active


def test_of_two_hashes_the_last_one_counts(tmp_path: Path) -> None:
    files = {"common-password": CHANGE.format("requisite", "yescrypt use_authtok md5")}
    facts = looked_up(tmp_path, files, service="common-password", type="password", module="pam_unix.so")
    assert facts["arguments"] == ["obscure", "use_authtok", "md5"]


@pytest.mark.parametrize(("credits", "shortest"), [("", "14"), ("dcredit = -1", "14"), ("dcredit = 4\nucredit=4", "7"),
                                                   ("lcredit = 3", "11")])  # fmt: skip
def test_credits_make_a_password_shorter(tmp_path: Path, credits: str, shortest: str) -> None:
    write(tmp_path, "/etc/pam.d/common-password", "password requisite pam_pwquality.so\n")
    write(tmp_path, "/etc/security/pwquality.conf", f"minlen = 14\n{credits}\n")
    facts = pam_option.look_up(Machine(str(tmp_path)), {"module": "pam_pwquality.so", "option": "minlen"})
    assert facts["value"] == shortest


def rules(root: Path, text: str, question: str, **files: str) -> list[str]:
    target = machine(root, {"/etc/sudoers": 'Defaults secure_path="/usr/bin"\n' + text, **files})
    texts: list[str] = sudoers.look_up(target, {"what": question})["values"]
    return texts


@pytest.mark.parametrize(
    "rule",
    [
        'jan ALL=(root) /bin/bash ""', "jan ALL=/usr/bin/su -, /usr/bin/su - root", "jan ALL=/usr/bin/",
        "jan ALL=/usr/bin/*", "jan ALL=/usr/bin/less /var/log/x", "jan ALL=^/usr/bin/.*$",
    ],
)  # fmt: skip
def test_a_shell_is_everything(tmp_path: Path, rule: str) -> None:
    assert rules(tmp_path, rule + "\n", "wholesale")


@pytest.mark.parametrize(
    "rule",
    [
        'jan ALL=(www-data) /bin/bash ""', "jan ALL=NOEXEC: /usr/bin/less /var/log/x", "jan ALL=/bin/sh /opt/x",
        "jan ALL=/usr/local/bin/", "Defaults noexec\njan ALL=/usr/bin/vi /etc/x",
    ],
)  # fmt: skip
def test_what_starts_nothing_else_is_not_everything(tmp_path: Path, rule: str) -> None:
    assert rules(tmp_path, rule + "\n", "wholesale") == []


def test_sudo_reads_the_file_that_it_is_told_to(tmp_path: Path) -> None:
    files = {
        "/etc/sudo.conf": "Plugin sudoers_policy sudoers.so sudoers_mode=0440 sudoers_file=/etc/other\n",
        "/etc/other": "jan ALL=(ALL) NOPASSWD: ALL\n",
    }
    assert rules(tmp_path, "root ALL=(ALL) ALL\n", "nopasswd", **files) == ["jan ALL=(ALL) NOPASSWD: ALL"]


@pytest.mark.parametrize(
    ("version", "text", "value"),
    [
        ("1.9.13p3-1", "", None), ("1.9.16p2-3", "", True), ("1.9.16p2-3", "Defaults !use_pty\n", False),
        ("1.9.13p3-1", "Defaults use_pty\n", True),
    ],
)  # fmt: skip
def test_sudo_gives_a_terminal_by_itself_since(tmp_path: Path, version: str, text: str, value: bool | None) -> None:
    status = f"Package: sudo\nStatus: install ok installed\nVersion: {version}\n"
    target = machine(tmp_path, {"/etc/sudoers": "root ALL=(ALL) ALL\n" + text, "/var/lib/dpkg/status": status})
    assert sudoers.look_up(target, {"what": "option", "name": "use_pty"})["value"] is value


def test_root_is_never_asked(tmp_path: Path) -> None:
    assert rules(tmp_path, "root ALL=(ALL) NOPASSWD: ALL\n", "nopasswd") == []


def test_who_decides_what_a_command_loads(tmp_path: Path) -> None:
    give(tmp_path, "/opt/file")
    for option in ("env_file=/opt/file", "mailerpath=/opt/file", 'env_keep += "JAVA_TOOL_OPTIONS"'):
        assert rules(tmp_path, f"Defaults {option}\n", "environment") == [f"Defaults {option}".replace('"', "").replace(
            " += ", "+=")]  # fmt: skip
    assert rules(tmp_path, "Defaults timestampowner=games\n", "no_authentication")
    target = machine(tmp_path, {"/etc/sudoers": "root ALL=(ALL) ALL\n"})
    assert sudoers.look_up(target, {"what": "environment"})["values"] == [sudoers.NO_PATH]


def test_polkit_says_yes_by_other_words(tmp_path: Path) -> None:
    files = {
        "/etc/polkit-1/rules.d/a.rules": "const R = polkit.Result;\nfunction f() { return R.YES; }\n",
        "/etc/polkit-1/rules.d/b.rules": "/* polkit.Result.YES\n R.YES */ // R.YES\nvar url = 'http://x';\n",
        "/usr/share/polkit-1/actions/x.policy": "<!-- <allow_any>yes</allow_any> -->\n<allow_any>yes</allow_any>\n",
        "/var/lib/dpkg/status": "Package: x\nStatus: install ok installed\nVersion: 1\n",
    }
    assert polkit.look_up(machine(tmp_path, files), {})["unasked"] == [
        "/etc/polkit-1/rules.d/a.rules:2",
        "/usr/share/polkit-1/actions/x.policy:2",
    ]


@pytest.mark.parametrize(("value", "number"), [("0100000", "32768"), ("0x10000", "65536"), ("00", "0"), ("08", "08"),
                                               ("10", "10")])  # fmt: skip
def test_a_number_of_the_kernel_is_read_as_in_c(tmp_path: Path, value: str, number: str) -> None:
    (entry,) = sysctl.parse(f"vm.mmap_min_addr = {value}\n", "f")
    assert entry[1] == number


TWO_ACCOUNTS = "root:x:0:0::/root:/bin/sh\ngames:x:5:60::/:/usr/sbin/nologin\n"


@pytest.mark.parametrize("line", ["two:x:0:60", "two:x:+0:60::/:/bin/sh", "two:x: 0:60::/:/bin/sh:x"])
def test_an_account_is_one_as_the_library_reads_it(tmp_path: Path, line: str) -> None:
    target = machine(tmp_path, {"/etc/passwd": TWO_ACCOUNTS + line + "\n# c:x:0:0\n"})
    assert account.look_up(target, {"all": True})["uid0"] == ["root", "two"]


def test_a_short_line_of_hashes_counts(tmp_path: Path) -> None:
    files = {
        "/etc/passwd": TWO_ACCOUNTS,
        "/etc/shadow": "root:*:1:0:9:7:::\ngames::19000:0:99999\n",
        "/etc/group": "a:x:060:\nb:x:60:\n",
    }
    facts = account.look_up(machine(tmp_path, files), {"all": True})
    assert (facts["empty_password"], facts["duplicate_gids"]) == (["games"], ["60"])


def test_the_first_group_of_an_account_has_it_as_a_member(tmp_path: Path) -> None:
    files = {"/etc/passwd": TWO_ACCOUNTS.replace(":60:", ":42:"), "/etc/group": "shadow:x:42:\ngames:x:60:\n"}
    assert group.look_up(machine(tmp_path, files), {"name": "shadow"})["members"] == ["games"]


def test_a_setting_in_a_home_by_a_link_to_what_others_may_write(tmp_path: Path) -> None:
    write(tmp_path, "/opt/rc", "", 0o666)
    write(tmp_path, "/root/x", "")
    (tmp_path / "root").chmod(0o700)
    (tmp_path / "root/.bashrc").symlink_to(tmp_path / "opt/rc")
    target = Machine(str(tmp_path))
    write(tmp_path, "/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    assert home.look_up(target, {})["loose"] == ["/root/.bashrc 0666 root"]


@pytest.mark.parametrize("line", ["games - core unlimited for now", "games SOFT CORE 100000"])
def test_a_limit_is_read_as_by_pam(tmp_path: Path, line: str) -> None:
    target = machine(tmp_path, {"/etc/security/limits.d/x.conf": line + "\n"})
    assert limits.look_up(target, {"item": "core"})["above_zero"]


def test_a_limit_of_zero_is_zero_in_any_spelling(tmp_path: Path) -> None:
    target = machine(tmp_path, {"/etc/security/limits.conf": "* - core 00\n"})
    assert limits.look_up(target, {"item": "core"})["above_zero"] == []


@pytest.mark.parametrize(
    ("text", "masks"),
    [
        ("case $- in *i*) umask 000 ;; esac", [0]),
        ("if umask 002; then :; fi", [2]),
        ("eval 'umask 0'", [0]),
        ('x="a"; umask 000; y="b"', [0]),
        ("x=$((1 << 3))\numask 000", [0]),
        ('echo "to share; umask 002 is needed"', []),
        ("cat <<EOF\numask 000\nEOF\numask 077", [0o77]),
        ("cat <<-'E'\n\tumask 000\n\tE\numask 077", [0o77]),
    ],
)
def test_a_mask_is_set_where_the_shell_sets_it(text: str, masks: list[int]) -> None:
    assert umask.settings(text + "\n") == masks


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("TMOUT=$((10 * 60))", []),
        ("TMOUT=$((60 * 60))", ["/etc/profile: TMOUT=3600"]),
        ("TMOUT=600\nunset TMOUT", ["/etc/profile: unset TMOUT"]),
        ("readonly TMOUT=600\nunset TMOUT", []),
        ("TMOUT=$LONG", []),
        ("TMOUT='never'", ["/etc/profile: TMOUT=0"]),
        ('echo "TMOUT=0 is wrong"', []),
    ],
)
def test_an_idle_shell_ends(tmp_path: Path, text: str, wrong: list[str]) -> None:
    assert (
        environment.look_up(machine(tmp_path, {"/etc/profile": text + "\n"}), {"what": "idle_shell"})["wrong"] == wrong
    )


def test_the_path_of_root_in_other_places_and_words(tmp_path: Path) -> None:
    files = {"/etc/profile": 'PATH="${PATH:+${PATH}:}/usr/games"\n'}
    (tmp_path / "usr/games").mkdir(parents=True)
    assert environment.look_up(machine(tmp_path, files), {"what": "root_path"})["unsafe"] == []
    files = {"/etc/security/pam_env.conf": "PATH DEFAULT=.:/usr/bin OVERRIDE=\n"}
    assert environment.look_up(machine(tmp_path, files), {"what": "root_path"})["unsafe"]


def test_a_mask_of_any_way_in_counts(tmp_path: Path) -> None:
    files = {"/etc/pam.d/sshd": "session optional pam_umask.so umask=0000\n"}
    assert environment.look_up(machine(tmp_path, files), {"what": "umask"})["wrong"] == ["/etc/pam.d/sshd:1: umask 000"]


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ("nodev,nosuid,dev", ["nosuid", "dev"]),
        ("users", ["noexec", "nosuid", "nodev", "users"]),
        ("user,exec,dev", ["nosuid", "user", "exec", "dev"]),
        ("nodev,defaults", ["nodev", "defaults"]),
    ],
)
def test_a_later_word_of_a_mount_takes_back_an_earlier_one(tmp_path: Path, options: str, left: list[str]) -> None:
    target = machine(tmp_path, {"/etc/fstab": f"tmpfs /x tmpfs {options} 0 0\n"})
    assert mount.look_up(target, {"target": "/x"})["configured_options"] == left


@pytest.mark.parametrize(
    ("files", "trusting"),
    [
        ({"/etc/ssh/ssh_config": "Include /etc/more\n", "/etc/more": "StrictHostKeyChecking no # lab\n"},
         ["/etc/more:1: StrictHostKeyChecking no"]),
        ({"/etc/ssh/ssh_config": "Host *\n StrictHostKeyChecking yes\n StrictHostKeyChecking no\n"}, []),
        ({"/etc/ssh/ssh_config": "Host a\n StrictHostKeyChecking yes\nHost *\n StrictHostKeyChecking=no\n"},
         ["/etc/ssh/ssh_config:4: StrictHostKeyChecking no"]),
    ],
)  # fmt: skip
def test_the_client_takes_the_first_value(tmp_path: Path, files: dict[str, str], trusting: list[str]) -> None:
    assert ssh_client.look_up(machine(tmp_path, files), {})["trusting"] == trusting


def test_sources_of_apt_are_where_it_is_told(tmp_path: Path) -> None:
    unsigned = "deb [trusted=yes] http://a x main\n"
    files = {
        "/etc/apt/apt.conf.d/1": 'Dir::Etc::SourceParts "/opt/parts";\n',
        "/etc/apt/apt.conf.d/2": 'Binary::apt::Acquire::AllowInsecureRepositories "Yes";\n',
        "/opt/parts/a.list": unsigned,
        "/opt/parts/a+b.list": unsigned,
        "/etc/apt/sources.list.d/b.list": unsigned,
    }
    target = machine(tmp_path, files)
    assert [entry.source for entry in apt_source.entries(target)] == ["/opt/parts/a.list:1"]
    assert apt.look_up(target, {"what": "unchecked"})["values"] == ["Acquire::AllowInsecureRepositories Yes"]


def test_suites_that_are_pinned_away_give_nothing(tmp_path: Path) -> None:
    write(tmp_path, "/etc/apt/preferences.d/x", "Package: *\n")
    write(tmp_path, "/etc/apt/sources.list", "deb http://a trixie main\ndeb http://s trixie-security main\n")
    policy = (
        "Package files:\n 500 http://a trixie/main amd64 Packages\n  -1 http://s trixie-security/main amd64 Packages\n"
    )
    target = commands(Machine(str(tmp_path)), **{"apt-cache policy": policy})
    assert apt_source.look_up(target, {})["suites"]() == ["trixie"]


def test_a_rescue_without_a_question_logs_in(tmp_path: Path) -> None:
    drop_in = "[Service]\nExecStart=\nExecStart=-{}\nStandardInput=tty-force\n"
    for unit, command in (("rescue", "/bin/bash"), ("emergency", "/sbin/sulogin --force")):
        write(tmp_path, f"/usr/lib/systemd/system/{unit}.service", "[Service]\nExecStart=/bin/true\n")
        write(tmp_path, f"/etc/systemd/system/{unit}.service.d/x.conf", drop_in.format(command))
    assert autologin.look_up(Machine(str(tmp_path), offline=True), {})["values"] == [
        "emergency.service: sulogin --force",
        "rescue.service: a shell without a login",
    ]


def test_chrony_reads_the_file_that_it_is_told_to(tmp_path: Path) -> None:
    files = {"/etc/default/chrony": 'DAEMON_OPTS="-F 1 -f /etc/chrony/x.conf"\n', "/etc/chrony/x.conf": "allow all\n"}
    assert chrony.look_up(machine(tmp_path, files), {"directive": "allow"})["values"] == ["all"]


def test_dpkg_was_told_what_the_rights_are(tmp_path: Path) -> None:
    files = {
        "/var/lib/dpkg/statoverride": "root root 0755 /usr/bin/find\nroot root 4755 /usr/bin/locate2\n",
        "/var/lib/dpkg/info/findutils.list": "/usr/bin/find\n/usr/bin/locate2\n",
    }
    assert tree.unexpected(machine(tmp_path, files), ["/usr/bin/find", "/usr/bin/locate2"]) == ["/usr/bin/find"]


def test_the_last_superusers_of_the_boot_loader_count(tmp_path: Path) -> None:
    text = "set superusers='root'\npassword_pbkdf2 root grub.pbkdf2.x\nset superusers=''\n"
    assert boot_loader.look_up(machine(tmp_path, {"/boot/grub/grub.cfg": text}), {})["password"] is False


SERVER = "[Service]\nEnvironmentFile=-/etc/default/ssh\nExecStart=/usr/sbin/sshd -D $SSHD_OPTS\n"


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/default/ssh": "SSHD_OPTS='-o \"PermitRootLogin yes\"'\n"},
        {"/etc/systemd/system/ssh.service.d/x.conf":
             '[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -Do "PermitRootLogin yes"\n'},
        {"/etc/systemd/system/two.service": "[Service]\nExecStart=/usr/sbin/sshd -f /etc/two\n[Install]\nWantedBy=a\n",
         "/etc/two": "PermitRootLogin yes\n", "/etc/systemd/system/a.wants/two.service": ""},
    ],
)  # fmt: skip
def test_what_a_server_is_started_with_counts(tmp_path: Path, files: dict[str, str]) -> None:
    base = {"/usr/lib/systemd/system/ssh.service": SERVER, "/etc/ssh/sshd_config": "PermitRootLogin no\n"}
    facts = sshd.look_up(machine(tmp_path, {**base, **files}), {"option": "permitrootlogin"})
    assert "yes" in [facts["value"], *(other["value"] for _, other in facts["variants"])]


def test_a_server_that_is_not_started_does_not_count(tmp_path: Path) -> None:
    files = {
        "/usr/lib/systemd/system/ssh.service": SERVER,
        "/etc/ssh/sshd_config": "PermitRootLogin no\n",
        "/etc/systemd/system/two.service": "[Service]\nExecStart=/usr/sbin/sshd -D -f /etc/two\n",
        "/etc/two": "PermitRootLogin yes\n",
    }
    facts = sshd.look_up(machine(tmp_path, files), {"option": "permitrootlogin"})
    assert (facts["value"], facts["variants"]) == ("no", [])


def test_lines_that_the_journal_drops_are_not_kept(tmp_path: Path) -> None:
    files = {
        "/usr/lib/systemd/system/ssh.service": SERVER,
        "/etc/ssh/sshd_config": "LogLevel VERBOSE\n",
        "/etc/systemd/system/ssh.service.d/x.conf": "[Service]\nLogLevelMax=3\n",
    }
    facts = sshd.look_up(machine(tmp_path, files), {"option": "loglevel"})
    assert facts["value"] == "VERBOSE, of which LogLevelMax=err of ssh.service keeps little"
    write(tmp_path, "/etc/systemd/system/ssh.service.d/x.conf", "[Service]\nLogLevelMax=info\n")
    facts = sshd.look_up(Machine(str(tmp_path), offline=True), {"option": "loglevel"})
    assert facts["value"] == "VERBOSE"
