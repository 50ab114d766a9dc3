"""PAM, read by the ways that end in success, on real files of Debian 12 and 13."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    pam,
    pam_option,
)

from .trees import edit, release_of, write

AUTH = {"service": "common-auth", "type": "auth"}


def test_pam_stock_asks_the_password_and_locks_nobody(stock: Path) -> None:
    machine = Machine(str(stock))
    facts = pam.look_up(machine, {**AUTH, "module": "pam_unix.so"})
    assert facts["active"]
    assert facts["arguments"] == ["nullok"]
    assert facts["control"] == "[success=1 default=ignore]"
    assert facts["source"].startswith("/etc/pam.d/common-auth:")
    assert not pam.look_up(machine, {**AUTH, "module": "pam_faillock.so"})["exists"]
    assert not pam.look_up(machine, {"service": "nosuch", "type": "auth", "module": "pam_unix.so"})["exists"]


def test_pam_follows_includes(stock: Path) -> None:
    facts = pam.look_up(Machine(str(stock)), {"service": "su", "type": "auth", "module": "pam_unix.so"})
    assert facts["active"]
    assert facts["source"].startswith("/etc/pam.d/common-auth:")
    assert facts["modules"][0] == "pam_rootok.so"


def test_pam_hardened_counts_wrong_passwords_after_the_jump(hardened: Path) -> None:
    facts = pam.look_up(Machine(str(hardened)), {**AUTH, "module": "pam_faillock.so"})
    assert facts["active"]
    assert facts["arguments"] == ["preauth", "authfail"]
    assert pam.look_up(Machine(str(hardened)), {**AUTH, "module": "pam_unix.so"})["arguments"] == ["try_first_pass"]


@pytest.mark.parametrize("rule", ["auth sufficient pam_permit.so", "auth [success=3 default=3] pam_env.so"])
def test_pam_sees_a_rule_that_is_jumped_over(hardened: Path, rule: str) -> None:
    place = hardened / "etc/pam.d/common-auth"
    place.write_text(rule + "\n" + place.read_text(encoding="utf-8"), encoding="utf-8")
    assert not pam.look_up(Machine(str(hardened)), {**AUTH, "module": "pam_unix.so"})["active"]


def test_pam_reads_a_line_that_goes_on(tmp_path: Path) -> None:
    write(tmp_path, "/etc/pam.d/x", "-auth required \\\n  pam_wheel.so use_uid # only wheel\n")
    facts = pam.look_up(Machine(str(tmp_path)), {"service": "x", "type": "auth", "module": "pam_wheel.so"})
    assert (facts["control"], facts["arguments"], facts["source"]) == ("required", ["use_uid"], "/etc/pam.d/x:1")


def option(root: Path, module: str, name: str) -> Any:
    return pam_option.look_up(Machine(str(root)), {"module": module, "option": name})


def test_pam_option_stock_has_what_is_built_in_but_not_in_force(stock: Path) -> None:
    facts = option(stock, "pam_faillock.so", "deny")
    assert (facts["exists"], facts["active"], facts["value"]) == (False, False, "3")


def test_pam_option_takes_the_file_over_its_drop_ins_and_arguments_over_the_file(hardened: Path) -> None:
    own = {"12": "15", "13": "14"}[release_of(hardened)]  # one of each profile
    assert option(hardened, "pam_pwquality.so", "minlen")["value"] == own
    write(hardened, "/etc/security/pwquality.conf.d/zz.conf", "minlen = 6\ndifok=5\n")
    assert option(hardened, "pam_pwquality.so", "minlen")["value"] == own
    assert option(hardened, "pam_pwquality.so", "difok")["value"] == "5"
    edit(hardened, "/etc/pam.d/common-password", "pam_pwquality.so retry=3", "pam_pwquality.so retry=3 minlen=4")
    facts = option(hardened, "pam_pwquality.so", "minlen")
    assert facts["value"] == "4"
    assert facts["source"].startswith("/etc/pam.d/common-password:")
    assert option(hardened, "pam_pwquality.so", "dictcheck")["value"] == "1"


def test_pam_option_names_the_modules_it_knows(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"pam_faillock\.so, pam_pwhistory\.so"):
        option(tmp_path, "pam_cracklib.so", "minlen")
