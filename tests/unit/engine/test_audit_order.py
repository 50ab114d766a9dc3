"""Rules of audit in the order in which the kernel tries them: the first that fits decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import audit_rule

WATCH = "-w /etc/shadow -p wa -k id\n"
CALLS = "-a always,exit -F arch=b64 -S adjtimex,settimeofday -k time\n"
LATER = "-a always,exit -F arch=b64 -S adjtimex,settimeofday -F auid>=1000 -k time\n"


@pytest.mark.parametrize(
    ("text", "watched", "architectures"),
    [
        (WATCH + CALLS, "wa", ["b64"]),
        ("-a never,exit -S all\n" + WATCH + CALLS, "", []),
        ("-a exit,never\n" + WATCH + CALLS, "", []),
        (WATCH + CALLS + "-a never,exit -S all\n", "wa", ["b64"]),
        (WATCH + CALLS + "-A never,exit -S all\n", "", []),
        ("-a task,never\n" + WATCH + CALLS, "", []),
        ("-a never,exit -F path=/etc/shadow -F perm=wa\n" + WATCH + CALLS, "", ["b64"]),
        ("-a never,exit -F path=/etc/shadow\n" + WATCH + CALLS, "", ["b64"]),
        ("-a never,exit -F path=/etc/shadow -F perm=r\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-a never,exit -F path=/etc/passwd\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-a never,exit -F arch=b64 -S adjtimex,settimeofday\n" + WATCH + CALLS, "wa", []),
        ("-a never,exit -F arch=b64 -S adjtimex\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-a never,exit -F arch=b32 -S all\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-a never,exit -F arch=b64 -S all -F exe=/usr/sbin/chronyd\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-a never,exit -S all -F auid>=1000\n" + WATCH + CALLS, "", []),
        (WATCH + CALLS + "-D\n", "wa", ["b64"]),  # augenrules puts it first
        (WATCH + CALLS + "-D -k id\n", "", ["b64"]),
        (WATCH + CALLS + "-W /etc/shadow -p wa -k id\n", "", ["b64"]),
        (WATCH + CALLS + "-e 0\n", "", []),
        ("-A always,exit -F arch=b64 -S adjtimex\n" + WATCH, "wa", ["b64"]),
        ("  " + WATCH + "  " + CALLS, "wa", ["b64"]),
        ("\t" + WATCH + CALLS, "", []),  # auditctl takes blanks alone, and nothing after a line that it refuses
        (WATCH + "-w\t/etc/hosts -p wa\n" + CALLS, "wa", []),
        ("-w /etc/hosts -p wa # note\n" + WATCH, "", []),
        ("-i\nnonsense\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-c\n-x\n" + WATCH + CALLS, "wa", ["b64"]),
        (WATCH + WATCH + CALLS, "wa", []),
        ("-W /etc/shadow -p wa -k id\n" + WATCH + CALLS, "", []),
        ("-w relative -p wa\n" + WATCH + CALLS, "", []),
        ("-b 8192\n-f 1\n--backlog_wait_time 60000\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-a always,exclude -F msgtype=SYSCALL\n" + WATCH + CALLS, "", []),
        ("-a never,exclude -F msgtype=SYSCALL\n" + WATCH + CALLS, "", []),
        ("-a exclude,always -F msgtype>=1300 -F msgtype<=1399\n" + WATCH + CALLS, "", []),
        ("-a always,exclude -F auid>=1000\n" + WATCH + CALLS, "", []),
        ("-a always,exclude -F msgtype=CWD\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-a always,exclude -F msgtype>1400\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-a always,exclude -F msgtype=SYSCALL -F exe=/usr/sbin/chronyd\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-a never,filesystem -F fstype=0xef53\n" + WATCH + CALLS, "", ["b64"]),
        ("-a never,exit -F dir=/etc -F perm=wa\n" + WATCH + CALLS, "", ["b64"]),
        ("-a never,exit -F path=/etc -F perm=wa\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-a never,exit -F arch=b64 -S openat\n" + WATCH + CALLS, "", ["b64"]),
        ("-a never,exit -S all -F uid=0\n" + WATCH + CALLS, "", []),
        ("-a never,exit -S all -F success=1\n" + WATCH + CALLS, "", []),
        ("-a never,exit -S all -F uid=33\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-a never,exit -S all -F auid=unset\n" + WATCH + CALLS, "wa", ["b64"]),
        ("-a never,exit -S all -F success=0\n" + WATCH + CALLS, "wa", ["b64"]),
    ],
)
def test_what_is_watched_when_a_never_stands_before_or_behind(
    tmp_path: Path, text: str, watched: str, architectures: list[str]
) -> None:
    (tmp_path / "etc/audit/rules.d").mkdir(parents=True)
    (tmp_path / "etc/audit/rules.d/10.rules").write_text(text, encoding="utf-8")
    machine = Machine(str(tmp_path), offline=True)
    assert audit_rule.look_up(machine, {"path": "/etc/shadow"})["on_disk"] == watched
    assert audit_rule.look_up(machine, {"syscall": "adjtimex"})["on_disk"] == architectures
