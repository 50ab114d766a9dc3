"""The reader of sshd_config against `sshd -T`, and the connections that Match blocks can tell apart.

sshd wants /run/sshd, which only its service makes: it runs in a mount namespace of its own, with an empty /run.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import sshd, sshd_match
from hypothesis import given
from hypothesis import strategies as st
from system.against.programs import EXAMPLES, needs, run

pytestmark = [needs("sshd"), pytest.mark.skipif(os.geteuid() != 0, reason="only root can give sshd its /run")]
APART = 'mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"'
OPTIONS = {
    "PermitRootLogin": ["yes", "no", "prohibit-password"],
    "MaxAuthTries": ["3", "6"],
    "X11Forwarding": ["yes", "no"],
    "LogLevel": ["INFO", "verbose"],
    "Banner": ["/etc/issue.net", "none", '"/etc/is sue"', "'/etc/i'", "/etc/a\\ b", '/a\\"b'],
    "AllowUsers": ["jan piet@10.0.0.1", '"jan" piet', "jan\tpiet", "a#b jan"],
    "UsePAM": ["yes", "no"],
}
SPACE = st.sampled_from([" ", "\t", "  ", " \t", "=", " = ", "\t=\t"])
TAILS = st.sampled_from(["", "", " ", "\t", " # comment", "\t#c", "#c", ' "', " extra"])
LINES = st.one_of(
    st.sampled_from([(name, value) for name, values in OPTIONS.items() for value in values]).flatmap(
        lambda pair: st.tuples(
            st.sampled_from(["", " ", "\t"]), st.sampled_from([pair[0], pair[0].lower(), f'"{pair[0]}"']), SPACE,
            st.just(pair[1]), TAILS,
        ).map("".join)
    ),
    st.sampled_from(["# PermitRootLogin yes", "", "\t", "  # x", "NoSuchOption yes", "PermitRootLogin", "Banner="]),
)  # fmt: skip


ALL_LINES = st.sampled_from(["", "Match all\n PermitRootLogin no\n MaxAuthTries 2\n"])


def server(*words: str | Path) -> Any:
    return run("unshare", "-m", "sh", "-c", APART, "sh", "sshd", *words)


class Apart(Machine):  # type: ignore[misc]
    """A tree whose sshd is the real one, reading the file of the tree."""

    def run(self, argv: list[str], *_: Any, **__: Any) -> Completed:
        if argv[0] != "sshd":
            raise UnreadableError("there is no command " + argv[0])
        done = server("-T", "-f", f"{self.root}{sshd.CONFIGURATION}", *argv[2:])
        return Completed(done.returncode, done.stdout, done.stderr)


def write(root: Path, path: str, text: str) -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sshd")
    status = "Package: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2+deb12u3\n"
    write(place, "var/lib/dpkg/status", status)
    return place


@EXAMPLES
@given(lines=st.lists(LINES, min_size=1, max_size=4), block=ALL_LINES)
def test_what_the_file_sets_is_what_sshd_says(root: Path, lines: list[str], block: str) -> None:
    # Behind a keyword in quotes a sign is part of the value.
    lines = [line for line in lines if not (line.strip().startswith('"') and "=" in line)]
    write(root, "etc/ssh/sshd_config", "\n".join([*lines, block]))
    done = server("-T", "-f", root / "etc/ssh/sshd_config")
    if done.returncode:
        return  # it would not start, which the tests of the role tell
    real = sshd.parse(done.stdout.replace(os.getcwd() + "/", ""))  # it makes a relative path a full one
    tree = Machine(str(root), offline=True)
    for name in OPTIONS:
        facts = sshd.look_up(tree, {"option": name.lower()})
        assert facts.get("values") == real.get(name.lower()), (name, done.stdout)


MATCHES = [
    ("Match User jan\n PermitRootLogin yes\n", "value = yes for user=jan"),
    ("Match\tUser\tj*,!jan\n PermitRootLogin yes\n", "value = yes for user=jx"),
    ("Match Group daemon\n PermitRootLogin yes\n", "value = yes for user=daemon"),
    ("Match Address 10.0.0.0/8\n PermitRootLogin yes\n", "value = yes for addr=10.0.0.1"),
    ("Match Address *,!127.0.0.1\n PermitRootLogin yes\n", "value = yes for addr=192.0.2.1"),
    ("Match Address 10.0.0.0/8,!10.0.0.1\n PermitRootLogin yes\n", "value = yes for addr=10.0.0.2"),
    ("Match Address 10.0.0.0/24,!10.0.0.0/25\n PermitRootLogin yes\n", "value = yes for addr=10.0.0.254"),
    ("Match LocalAddress 10.0.0.*,!10.0.0.1\n PermitRootLogin yes\n", "value = yes for laddr=10.0.0.2"),
    ("Match User j*,!jx\n PermitRootLogin yes\n", "value = yes for user=jq7"),
    ("Match Host *.lab,!x*\n PermitRootLogin yes\n", "value = yes for host=q7.lab"),
    ("Match RDomain blue\n PermitRootLogin yes\n", "value = yes for rdomain=blue"),
    ("Match Host *.lab\n PermitRootLogin yes\n", "value = yes for host=x.lab"),
    ("Match LocalPort 2222\n PermitRootLogin yes\n", "value = yes for lport=2222"),
    ("Match LocalAddress 10.1.1.1 User jan\n PermitRootLogin yes\n", "value = yes for user=jan, laddr=10.1.1.1"),
    ("Match User jan\n PermitRootLogin no\nMatch User *\n PermitRootLogin yes\n", "value = yes"),
    ("Match all\n PermitRootLogin yes\n", "value = yes"),
    ("Match User jan\n PermitRootLogin no\n", ""),
]


@pytest.mark.parametrize(("text", "found"), MATCHES)
def test_a_match_block_that_weakens_a_setting_is_found(tmp_path: Path, text: str, found: str) -> None:
    write(tmp_path, "etc/ssh/sshd_config", "PermitRootLogin no\n" + text)
    write(tmp_path, "etc/passwd", "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/sh\n")
    write(tmp_path, "etc/group", "daemon:x:1:\n")
    control = {"id": "x", "title": "x", "source": "sshd", "select": "permitrootlogin", "expect": {"value": "no"}}
    (result,) = evaluate.evaluate(Apart(str(tmp_path)), [control])
    assert (result["status"], result["found"]) == (("fail", found) if found else ("pass", "value = no"))


def test_of_very_many_blocks_those_that_can_be_asked_are_and_the_limit_is_told(tmp_path: Path) -> None:
    blocks = "".join(f"Match User u{n} Address 10.0.{n}.1\n PermitRootLogin no\n" for n in range(40))
    write(tmp_path, "etc/ssh/sshd_config", "PermitRootLogin no\n" + blocks + "Match User last\n PermitRootLogin yes\n")
    chosen, total = sshd.connections(Machine(str(tmp_path), offline=True))
    assert (len(chosen), total) == (sshd_match.LIMIT, 42 * 41)
    assert {"u7", "last"} <= {connection["user"] for connection in chosen}
    control = {
        "id": "x",
        "title": "x",
        "source": "sshd",
        "select": "permitrootlogin",
        "expect": {"value": {"not": "yes"}},
    }
    (result,) = evaluate.evaluate(Apart(str(tmp_path)), [control])
    assert result["found"] == "value = yes for user=last (64 of 1722 kinds of connection asked)"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"etc/default/ssh": 'SSHD_OPTS="-o PermitRootLogin=yes -p 22"\n'}, ["-o", "PermitRootLogin=yes", "-p", "22"]),
        ({"etc/default/ssh": "#SSHD_OPTS=-p1\n"}, []),
        ({"etc/systemd/system/ssh.service.d/x.conf": "[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D -p22\n"},
         ["-p", "22"]),
        ({"run/systemd/system/ssh.service.d/x.conf": '[Service]\nEnvironment="SSHD_OPTS=-f /etc/x"\n'},
         ["-f", "/etc/x"]),
    ],
)  # fmt: skip
def test_what_the_service_adds_counts(tmp_path: Path, files: dict[str, str], words: list[str]) -> None:
    unit = "[Service]\nEnvironmentFile=-/etc/default/ssh\nExecStart=/usr/sbin/sshd -D $SSHD_OPTS\n"
    write(tmp_path, "usr/lib/systemd/system/ssh.service", unit)
    write(tmp_path, "etc/ssh/sshd_config", "PermitRootLogin no\n")
    for path, text in files.items():
        write(tmp_path, path, text)
    assert list(sshd.arguments(Machine(str(tmp_path)))) == words
    lines = [line for line in sshd.configured(Machine(str(tmp_path), offline=True)) if line.option == "permitrootlogin"]
    assert [line.value for line in lines][:1] == (["yes"] if "-o" in words else [] if "-f" in words else ["no"])
