"""Who is logged in automatically. What lightdm makes of its files was recorded from lightdm 1.26 itself (lightdm
--show-config) on 400 random sets of files; the cases here are of those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import autologin

from .trees import write

UNITS = "/etc/systemd/system"
MAIN = "/etc/lightdm/lightdm.conf"
DROP_IN = "/etc/lightdm/lightdm.conf.d/60.conf"
SHIPPED = "/usr/share/lightdm/lightdm.conf.d/10.conf"


def values(root: Path) -> list[str]:
    facts: dict[str, Any] = autologin.look_up(Machine(str(root), offline=True), {})
    assert facts["exists"] == bool(facts["values"])
    return list(facts["values"])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({MAIN: "[Seat:*]\nautologin-user=jan\n"}, [f"{MAIN}:2: autologin-user=jan"]),
        ({MAIN: "[Seat:0]\n autologin-user = piet\n"}, [f"{MAIN}:2: autologin-user=piet"]),
        ({MAIN: '[Seat:0]\nautologin-user="q"\n'}, [f'{MAIN}:2: autologin-user="q"']),
        ({MAIN: "[Seat:*]\n#autologin-user=jan\n"}, []),
        ({MAIN: "[LightDM]\nautologin-user=jan\n"}, []),
        ({MAIN: "[Seat:*]\nautologin-user=jan\nautologin-user=\n"}, []),
        ({MAIN: "[Seat:*]\nautologin-guest=true\n"}, [f"{MAIN}:2: autologin-guest=true"]),
        ({MAIN: "[Seat:*]\nautologin-guest=false\n"}, []),
        ({DROP_IN: "[Seat:*]\nautologin-user=jan\n", MAIN: "[Seat:*]\nautologin-user=\n"}, []),
        ({DROP_IN: "[SeatDefaults]\nautologin-user=jan\n", SHIPPED: "[Seat:*]\nautologin-user=piet\n"},
         [f"{DROP_IN}:2: autologin-user=jan"]),
        ({SHIPPED: "[Seat:*]\nautologin-user=piet\n; no comment of GLib\n"}, []),
        ({"/etc/lightdm/lightdm.conf.d/x.txt": "[Seat:*]\nautologin-user=jan\n"}, []),
    ],
)  # fmt: skip
def test_settings_of_lightdm(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    for path, text in files.items():
        write(tmp_path, path, text)
    assert values(tmp_path) == [], "it is not installed"
    write(tmp_path, "/usr/sbin/lightdm", "")
    assert values(tmp_path) == expected


@pytest.mark.parametrize(
    ("program", "path", "text", "logs_in"),
    [
        ("/usr/sbin/gdm3", "/etc/gdm3/daemon.conf", "[daemon]\nAutomaticLoginEnable=true\nAutomaticLogin=jan\n", True),
        ("/usr/sbin/gdm3", "/etc/gdm3/daemon.conf", "[daemon]\nAutomaticLogin=jan\n", False),
        ("/usr/sbin/gdm3", "/etc/gdm3/daemon.conf", "[daemon]\nTimedLoginEnable = 1\n", True),
        ("/usr/bin/sddm", "/etc/sddm.conf.d/a.conf", "[Autologin]\nUser=jan\n", True),
        ("/usr/bin/sddm", "/etc/sddm.conf", "[Autologin]\nUser=\n", False),
        ("/usr/sbin/greetd", "/etc/greetd/config.toml", '[initial_session]\nuser = "jan"\n', True),
        ("/usr/sbin/greetd", "/etc/greetd/config.toml", '[default_session]\nuser = "_greetd"\n', False),
        ("/usr/sbin/lxdm", "/etc/lxdm/lxdm.conf", "[base]\n# autologin=dgod\n", False),
    ],
)
def test_settings_of_other_login_screens(tmp_path: Path, program: str, path: str, text: str, logs_in: bool) -> None:
    write(tmp_path, program, "")
    write(tmp_path, path, text)
    assert bool(values(tmp_path)) == logs_in


def test_a_console_counts_with_its_drop_ins(tmp_path: Path) -> None:
    write(tmp_path, "/usr/lib/systemd/system/getty@.service", "[Service]\nExecStart=-/sbin/agetty -o '-p -- \\u' -\n")
    drop_in = f"{UNITS}/getty@tty1.service.d/a.conf"
    write(tmp_path, drop_in, "[Service]\nExecStart=\nExecStart=-/sbin/agetty -a root -\n")
    assert values(tmp_path) == ["getty@tty1.service: agetty logs root in"]
    write(tmp_path, drop_in, "[Service]\nExecStart=-/sbin/agetty -a root -\nExecStart=\n")
    assert values(tmp_path) == []
    write(tmp_path, drop_in, "[Service]\nSetCredential=agetty.autologin:root\n")
    assert values(tmp_path) == ["getty@tty1.service: SetCredential=agetty.autologin"]


def test_a_stored_credential_counts_where_a_console_takes_it(tmp_path: Path) -> None:
    write(tmp_path, "/etc/credstore/tty.virtual.tty1.agetty.autologin", "root")
    write(tmp_path, "/etc/credstore/other", "")
    write(tmp_path, "/usr/lib/systemd/system/getty@.service", "[Service]\nExecStart=-/sbin/agetty -\n")
    assert values(tmp_path) == [], "as in Debian 12"
    write(tmp_path, "/usr/lib/systemd/system/getty@.service", "[Service]\nImportCredential=agetty.*\n")
    assert values(tmp_path) == ["/etc/credstore/tty.virtual.tty1.agetty.autologin"]


def test_a_shell_on_a_console_counts_when_it_starts_by_itself(tmp_path: Path) -> None:
    unit = "[Service]\nExecStart=-/bin/sh\nStandardInput=tty\n[Install]\nWantedBy=sysinit.target\n"
    write(tmp_path, "/usr/lib/systemd/system/debug-shell.service", unit)
    assert values(tmp_path) == []
    wants = tmp_path / "etc/systemd/system/sysinit.target.wants"
    wants.mkdir(parents=True)
    (wants / "debug-shell.service").symlink_to("/usr/lib/systemd/system/debug-shell.service")
    assert values(tmp_path) == ["debug-shell.service: a shell without a login"]


def test_a_rescue_shell_without_a_password(tmp_path: Path) -> None:
    write(tmp_path, "/usr/lib/systemd/system/rescue.service", "[Service]\nEnvironment=HOME=/root\n")
    assert values(tmp_path) == []
    write(tmp_path, f"{UNITS}/rescue.service.d/a.conf", '[Service]\nEnvironment="SYSTEMD_SULOGIN_FORCE=1"\n')
    assert values(tmp_path) == ["rescue.service: SYSTEMD_SULOGIN_FORCE=1"]


@pytest.mark.parametrize(
    "line", ["-/bin/login -p root", "/bin/login -- -f", "", "'", "/usr/bin/true -f", "agetty -x -a"]
)
def test_lines_that_log_nobody_in(line: str) -> None:
    assert autologin.reason(line) is None
