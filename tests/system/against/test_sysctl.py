"""Files of sysctl.d against systemd-sysctl, which sets the keys of a network namespace of its own, and ufw's file."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import sysctl
from hypothesis import given
from hypothesis import strategies as st
from system.against.programs import EXAMPLES, needs, run

PROGRAM = "/usr/lib/systemd/systemd-sysctl"
KEYS = [
    "net/ipv4/conf/lo/accept_redirects", "net/ipv4/conf/all/accept_redirects", "net/ipv4/conf/default/rp_filter",
    "net/ipv4/conf/lo/rp_filter", "net/ipv6/conf/lo/accept_ra", "net/ipv4/tcp_syncookies",
]  # fmt: skip
NAMES = st.sampled_from([
    *KEYS, *(key.replace("/", ".") for key in KEYS), "net.ipv4.conf.*.rp_filter", "net/ipv4/conf/*/accept_redirects",
    "net.ipv4.*", "net.*.conf.lo.*", "net.ipv4.conf.l?.rp_filter", "net.ipv4.conf.[a-d]*.accept_redirects",
])  # fmt: skip
VALUES = st.sampled_from(["0", "1", "2", " 1 ", "\t2", "1 # comment", "0\t; c", "2 1", "", "\u20031"])
LINES = st.one_of(
    st.tuples(
        st.sampled_from(["", " ", "-", "\t"]), NAMES, st.sampled_from(["=", " = ", "\t=\t", "\xa0= "]), VALUES
    ).map("".join),
    st.sampled_from(
        [
            "# net.ipv4.tcp_syncookies = 0",
            "# \x0bnet.ipv4.tcp_syncookies = 0",
            "# c\rnet.ipv4.tcp_syncookies=2",
            ";x=1",
            "",
            "-net.ipv4.conf.lo.rp_filter",
            "- net.ipv4.tcp_syncookies",
        ]
    ),
)
SET = re.compile(r"^Setting '/proc/sys/(\S+)' to '(.*)'$", re.MULTILINE)


@pytest.mark.skipif(os.geteuid() != 0 or not Path(PROGRAM).exists(), reason=f"{PROGRAM} and root are needed")
@needs("unshare")
@EXAMPLES
@given(files=st.dictionaries(st.sampled_from(["10-a.conf", "20-b.conf"]), st.lists(LINES, max_size=4), min_size=1))
def test_the_next_boot_gives_what_systemd_sets(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, list[str]]
) -> None:
    root = tmp_path_factory.mktemp("sysctl")
    directory = root / "etc/sysctl.d"
    directory.mkdir(parents=True)
    for name, lines in files.items():
        (directory / name).write_text("\n".join([*lines, ""]), encoding="utf-8")
    paths = [str(directory / name) for name in sorted(files)]
    done = run("unshare", "-n", PROGRAM, *paths, env={"SYSTEMD_LOG_LEVEL": "debug", "SYSTEMD_LOG_TARGET": "console"})
    # Our reading has another letter in the place of a blank that none is.
    real = {key: " ".join(value.replace("\u2003", "\ufffd").split()) for key, value in SET.findall(done.stderr)}
    settings = sysctl.configured(Machine(str(root)))
    for key in KEYS:
        value, _ = sysctl.configured_for(settings, key)
        raw = real.get(key)
        # The kernel takes the number before white space and a comment: see the other test.
        assert value == (raw if raw is None else re.sub(r" [#;].*", "", raw)), (key, done.stderr)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a network namespace of its own")
@needs("unshare")
@pytest.mark.parametrize(
    ("text", "value"), [("0 # c", "0"), ("0\t; c", "0"), ("0# c", None), ("0 1", "0 1"), ("x", None)]
)
def test_what_the_kernel_makes_of_a_comment(tmp_path: Path, text: str, value: str | None) -> None:
    key = "/proc/sys/net/ipv4/conf/lo/accept_redirects"
    done = run("unshare", "-n", "sh", "-c", f'printf %s "$1" > {key} && cat {key}', "sh", text)
    (tmp_path / "etc/sysctl.d").mkdir(parents=True)
    (tmp_path / "etc/sysctl.d/a.conf").write_text(f"net.ipv4.conf.lo.accept_redirects = {text}\n", encoding="utf-8")
    own = sysctl.configured_for(sysctl.configured(Machine(str(tmp_path))), "net.ipv4.conf.lo.accept_redirects")[0]
    if value is None:
        assert done.returncode != 0
        assert own == text  # as it is written, so that it matches no value that a control may want
    else:
        assert (done.stdout.strip(), own) == (value.split()[0], value)


@pytest.mark.parametrize(
    ("state", "default", "value"),
    [
        ("ENABLED=yes\n", "", "1"),
        ("ENABLED=no\n", "", "0"),
        ("", "", "0"),
        ("ENABLED=yes\n", "IPT_SYSCTL=/etc/other.conf\n", "2"),
        ("ENABLED=yes\n", "IPT_SYSCTL=\n", "0"),
    ],
)
def test_ufw_sets_its_own_after_everybody(tmp_path: Path, state: str, default: str, value: str) -> None:
    files = {
        "etc/sysctl.d/99.conf": "net.ipv4.ip_forward = 0\n", "etc/ufw/sysctl.conf": "net/ipv4/ip_forward=1\n",
        "etc/other.conf": "net.ipv4.ip_forward=2\n", "etc/ufw/ufw.conf": state, "etc/default/ufw": default,
    }  # fmt: skip
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    assert sysctl.configured_for(sysctl.configured(Machine(str(tmp_path))), "net.ipv4.ip_forward")[0] == value


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("net.ipv4.conf.*.send_redirects = 1", "fail"),
        ("net/ipv4/conf/eth*/send_redirects = 1", "fail"),
        ("net.ipv4.conf.*.send_redirects = 1\n-net.ipv4.conf.eth0.send_redirects", "fail"),  # of other interfaces too
        ("net.ipv4.conf.wlan*.send_redirects = 1", "pass"),
        ("net.ipv4.conf.*.send_redirects = 0", "pass"),
    ],
)
def test_a_pattern_sets_each_interface_though_all_is_named(tmp_path: Path, line: str, status: str) -> None:
    for place in ("all", "default", "eth0", "lo"):
        path = tmp_path / f"proc/sys/net/ipv4/conf/{place}/send_redirects"
        path.parent.mkdir(parents=True)
        path.write_text("0\n", encoding="utf-8")
    (tmp_path / "etc/sysctl.d").mkdir(parents=True)
    (tmp_path / "etc/sysctl.d/a.conf").write_text(f"net.ipv4.conf.all.send_redirects = 0\n{line}\n", encoding="utf-8")
    check = {"id": "x", "title": "x", "source": "sysctl", "select": "net.ipv4.conf.all.send_redirects",
             "expect": {"running": 0, "configured": 0}}  # fmt: skip
    (result,) = evaluate.evaluate(Machine(str(tmp_path)), [check])
    assert result["status"] == status, result


@pytest.mark.parametrize(
    ("key", "interface", "found"),
    [
        ("net.ipv4.conf.all.send_redirects", {"send_redirects": "1"}, "running = 1 for interface eth0"),
        ("net.ipv4.conf.all.send_redirects", {"send_redirects": "0"}, ""),
        # The kernel wants both, so that `all` decides.
        ("net.ipv4.conf.all.accept_source_route", {"accept_source_route": "1"}, ""),
    ],
)
def test_an_interface_may_differ_from_all(tmp_path: Path, key: str, interface: dict[str, str], found: str) -> None:
    name = key.rpartition(".")[2]
    for place, value in (("all", "0"), ("default", "0"), ("eth0", interface[name])):
        path = tmp_path / f"proc/sys/net/ipv4/conf/{place}/{name}"
        path.parent.mkdir(parents=True)
        path.write_text(value + "\n", encoding="utf-8")
    (tmp_path / "etc/sysctl.d").mkdir(parents=True)
    (tmp_path / "etc/sysctl.d/a.conf").write_text(f"{key} = 0\n", encoding="utf-8")
    check = {"id": "x", "title": "x", "source": "sysctl", "select": key, "expect": {"running": 0, "configured": 0}}
    (result,) = evaluate.evaluate(Machine(str(tmp_path)), [check])
    assert (result["status"], result["found"] if found else "") == ("fail" if found else "pass", found)
