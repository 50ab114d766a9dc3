"""What root starts, and where it looks for programs and libraries: whether others may write there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils import writable
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    cron,
    environment,
)

from .trees import release_of, write


def test_cron_finds_what_another_could_change(tmp_path: Path) -> None:
    write(tmp_path, "/etc/crontab", "SHELL=/bin/sh\n17 * * * * root cd / && /usr/bin/good\n# 1 * * * * root /x\n")
    write(tmp_path, "/etc/cron.d/job", "@daily root /opt/job/run.sh\n0 1 * * * www-data /opt/other\n")
    write(tmp_path, "/etc/cron.d/job.dpkg-old", "0 1 * * * root /opt/old\n")
    write(tmp_path, "/usr/lib/systemd/system/x.timer", "[Timer]\nUnit=y.service\n")
    write(tmp_path, "/usr/lib/systemd/system/y.service", "[Service]\nExecStart=-/usr/sbin/tick --all\n")
    for path in ("/usr/bin/good", "/opt/job/run.sh", "/usr/sbin/tick"):
        write(tmp_path, path, "", 0o755)
    machine = Machine(str(tmp_path))
    facts = cron.look_up(machine, {"what": "root_jobs"})
    assert facts["programs"] == ["/bin/sh", "/opt/job/run.sh", "/usr/bin/good", "/usr/sbin/tick"]
    assert facts["writable"] == []
    (tmp_path / "opt/job").chmod(0o777)
    facts = cron.look_up(Machine(str(tmp_path)), {"what": "root_jobs"})
    assert facts["writable"] == ["/opt/job/run.sh: /opt/job can be written by everybody"]


def test_cron_names_where_everybody_could_put_a_program(tmp_path: Path) -> None:
    """Only there: a program that is there is safe in a directory with the sticky bit, and one of PATH counts only
    before the place where the program is."""
    table = "PATH=/open:/usr/bin:/open/late\n1 * * * * root /open/not/there; /no\n2 * * * * root tool; /open/mine\n"
    write(tmp_path, "/etc/cron.d/job", table)
    for path in ("/usr/bin/tool", "/open/mine"):
        write(tmp_path, path, "", 0o755)
    (tmp_path / "open").chmod(0o1777)
    facts = cron.look_up(Machine(str(tmp_path)), {"what": "root_jobs"})
    assert facts["writable"] == [
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
    facts = cron.look_up(Machine(str(tmp_path)), {"what": "root_jobs"})["writable"]
    assert f"{path}: {path} can be written by everybody" in facts


def test_environment_of_the_stock_release_is_safe_and_open_to_readers(stock: Path) -> None:
    write(stock, "/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
    machine = Machine(str(stock))
    assert environment.look_up(machine, {"what": "root_path"})["unsafe"] == []
    facts = environment.look_up(machine, {"what": "umask"})
    assert facts["value"] in ("022", "") if facts["exists"] else release_of(stock) == "13"
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
        "/root/.profile: /opt/tools can be written by everybody",
        "/root/.profile: bin is not a full path",
    ]


def test_environment_looks_into_what_every_login_reads(stock: Path) -> None:
    write(stock, "/etc/profile.d/x.sh", 'D=/opt/open\nexport PATH="$D:$HOME/bin":"$PATH"\n')
    (stock / "opt/open").mkdir(parents=True)
    (stock / "opt/open").chmod(0o777)
    unsafe = environment.look_up(Machine(str(stock)), {"what": "root_path"})["unsafe"]
    assert unsafe == ["/etc/profile.d/x.sh: /opt/open can be written by everybody"]


def test_environment_names_where_others_may_put_a_library(stock: Path) -> None:
    assert environment.look_up(Machine(str(stock)), {"what": "library_path"})["unsafe"] == []
    write(stock, "/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n")
    write(stock, "/etc/ld.so.conf.d/x.conf", "/opt/open\n")
    (stock / "opt/open").mkdir(parents=True)
    (stock / "opt/open").chmod(0o777)
    unsafe = environment.look_up(Machine(str(stock)), {"what": "library_path"})["unsafe"]
    assert unsafe == ["/etc/ld.so.conf.d/x.conf: /opt/open can be written by everybody"]


def by_others(root: Path, path: str, **options: bool) -> list[str]:
    return list(writable.by_others(Machine(str(root)), path, **options))


def test_a_directory_of_path_counts_with_those_above_it(tmp_path: Path) -> None:
    write(tmp_path, "/root/.profile", "PATH=/opt/tools/bin:/opt/gone/bin:/usr/bin\n")
    (tmp_path / "opt/tools/bin").mkdir(parents=True)
    (tmp_path / "usr/bin").mkdir(parents=True)
    assert environment.look_up(Machine(str(tmp_path)), {"what": "root_path"})["unsafe"] == []
    (tmp_path / "opt/tools").chmod(0o777)
    unsafe = environment.look_up(Machine(str(tmp_path)), {"what": "root_path"})["unsafe"]
    assert unsafe == ["/root/.profile: /opt/tools can be written by everybody"]
    (tmp_path / "opt/tools").chmod(0o755)
    (tmp_path / "opt").chmod(0o1777)  # protects tools, and lets everybody make gone
    unsafe = environment.look_up(Machine(str(tmp_path)), {"what": "root_path"})["unsafe"]
    assert unsafe == ["/root/.profile: /opt can be written by everybody"]


def test_the_sticky_bit_protects_what_is_there_and_nothing_new(tmp_path: Path) -> None:
    write(tmp_path, "/open/tool", "", 0o755)
    (tmp_path / "open").chmod(0o1777)
    assert by_others(tmp_path, "/open/tool") == []
    assert by_others(tmp_path, "/open/other") == ["/open can be written by everybody"]
    assert by_others(tmp_path, "/open") == []
    assert by_others(tmp_path, "/open", new_entry=True) == ["/open can be written by everybody"]


@pytest.mark.parametrize(
    ("entries", "writers"),
    [
        (["user:games:rwx", "group:mail:-w-", "mask::rwx"], ["/opt/x can be written by user games, group mail"]),
        (["user:games:r-x", "mask::rwx"], []),
        (["user:games:rwx", "mask::r-x"], []),
        (["user:root:rwx", "mask::rwx"], []),
    ],
)
def test_an_access_list_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries: list[str], writers: list[str]
) -> None:
    write(tmp_path, "/opt/x", "", 0o755)
    monkeypatch.setattr(writable.acl, "entries", lambda _, path: entries if path == "/opt/x" else [])
    assert by_others(tmp_path, "/opt/x") == writers


def test_the_directory_of_a_link_counts_and_what_it_leads_to(tmp_path: Path) -> None:
    """Of /open/bin -> ../usr/tools the directory /open decides as much as /usr/tools."""
    write(tmp_path, "/usr/tools/x", "", 0o755)
    (tmp_path / "open").mkdir()
    (tmp_path / "open/bin").symlink_to("../usr/tools")
    (tmp_path / "round").symlink_to("round")
    assert by_others(tmp_path, "/open/bin/x") == []
    (tmp_path / "open").chmod(0o777)
    assert by_others(tmp_path, "/open/bin/x") == ["/open can be written by everybody"]
    (tmp_path / "usr/tools").chmod(0o777)
    assert by_others(tmp_path, "/open/bin/x") == [
        "/usr/tools can be written by everybody",
        "/open can be written by everybody",
    ]
    assert by_others(tmp_path, "/round/x") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_group_counts_unless_it_is_that_of_root_and_so_does_the_owner(tmp_path: Path) -> None:
    write(tmp_path, "/opt/tool", "", 0o775)
    assert by_others(tmp_path, "/opt/tool") == []
    os.chown(tmp_path / "opt/tool", 0, 5)
    assert by_others(tmp_path, "/opt/tool") == ["/opt/tool can be written by its group"]
    os.chown(tmp_path / "opt/tool", 4242, 5)
    assert by_others(tmp_path, "/opt/tool") == ["/opt/tool belongs to 4242"]


def test_a_unit_that_is_masked_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It leads to /dev/null, which everybody may write and which keeps nothing; a file of that name does keep it."""
    write(tmp_path, "/dev/null", "", 0o666)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/masked.service").symlink_to("/dev/null")
    machine = Machine(str(tmp_path))
    assert list(writable.by_others(machine, "/etc/masked.service")) == ["/dev/null can be written by everybody"]
    monkeypatch.setattr(machine, "status", _with_the_real_device(machine.status))
    assert list(writable.by_others(machine, "/etc/masked.service")) == []


def _with_the_real_device(status: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
    return lambda path, **how: os.stat("/dev/null") if path == "/dev/null" else status(path, **how)
