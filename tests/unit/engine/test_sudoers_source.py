"""Rules and options of sudo, on real files of Debian 12 and 13."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    sudoers,
)

from .trees import write


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
