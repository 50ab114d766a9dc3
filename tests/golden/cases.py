"""The records that golden files are made of: what machines and people said, as lines of files.

Nothing here calls the package, but the importer of the record that was imported. So a change of the package's own
types changes no input, and every difference in an output is a difference in what a reader sees.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from golden.alike import ALIKE
from golden.case import Case
from golden.incidents import INCIDENTS
from golden.instructions import INSTRUCTIONS
from golden.journal import BEGIN, INPUTS, Data, Journal, check, control, machine, text
from oplever.journal.importers import runner
from oplever.journal.importers.write import journal_lines

EVIL = "=cmd|'/c calc'!A1\x1b[31m\x00</td></script><script>alert(1)</script>\u202eend|*_`[x](javascript:alert(1))#{let}"
"""What a machine may say to break a document, a spreadsheet, a terminal or a reader's trust."""

DIGEST = "5f" * 32
JOB = "20261124T094000Z-job-d00012"


SHORT = ("record.json", "report.nl.md", "report.en.md", "report.nl.pdf.txt")
"""For a record in which one thing is told apart: its other outputs would say what those of other cases say."""


def entry(number: int, by: str, added: str, **content: Any) -> Data:
    """An entry of the day after the run; `number` orders them by the minute."""
    return {"at": f"2026-11-24T09:{number:02}:00.000000Z", "by": by, "entry": {"added": added, **content}}


ASSIGNMENT: Data = {
    "id": "W-2026-118",
    "title": "Web server for the school's wiki",
    "principal": "Head of ICT",
    "location": "Room 2.14",
    "requested_by": "J. Bakker",
    "reason": "the old server goes out of support",
    "planned_start": "2026-11-23T09:00:00Z",
    "planned_end": "2026-11-23T17:00:00Z",
    "norm_hours": 8,
    "prescribed_order": True,
    "procedures": ["P-12 Install a server"],
    "people": [
        {"name": "S. Yilmaz", "role": "executor", "level": "G"},
        {"name": "M. de Wit", "role": "supervisor"},
        {"name": "J. Bakker", "role": "user"},
        {"name": "nobody", "role": "unknown role"},
    ],
}
START: Data = {
    "controller": "control1",
    "account": "svc-ansible",
    "person": "s.yilmaz",
    "work_process": "1.3",
    "assignment": ASSIGNMENT,
    "inventories": ["inventories/lab/hosts.yml"],
    "versions": {"ansible": "2.19.3", "python": "3.11.2", "collection": None},
    "commit": "9f3c2d1e9f3c2d1e9f3c2d1e9f3c2d1e9f3c2d1e",
    "dirty": True,
    "limit": ["web1", "db1"],
    "tags": ["all"],
    "skip_tags": ["slow"],
}
HOSTS = {"web1": ["web", "servers"], "db1": ["db", "servers"]}


def _work(journal: Journal) -> None:
    """What a role does on web1, in every form that a task has; db1 does little."""
    role = "oplever.lab.nginx"
    journal.task("Install nginx", "ansible.builtin.apt", role)
    journal.result("web1", "changed", 21.25, data={"packages": {"nginx": "1.26.3-3"}}, notify=["Restart nginx"])
    journal.result("db1", "skipped", 0.0)
    journal.task("Write the sites", "ansible.builtin.template", role, check_mode=False)
    journal.during("host_start", "web1")
    journal.during("item", "web1", status="changed", item="wiki")
    journal.end(
        "web1",
        "changed",
        1.5,
        items=[{"item": "wiki", "status": "changed", "message": None}],
        items_total=3,
        diff=[{"name": "/etc/nginx/sites-enabled/wiki", "added": 12, "removed": 3}],
        files=["/etc/nginx/nginx.conf"],
        notify=["Reload"],
    )
    journal.task("Fetch the wiki", "ansible.builtin.get_url", role)
    journal.during("host_start", "web1")
    journal.during("retry", "web1", attempt=1, message="Connection refused")
    journal.end(
        "web1", "changed", 4.0, attempts=2, delegated_to="mirror1", warnings=["certificate of the mirror expires soon"]
    )
    journal.task("Set the password of the database", "community.mysql.mysql_user", role)
    journal.result("web1", censored=True)
    journal.task("Include the tasks of the wiki", "ansible.builtin.include_tasks", role)
    journal.result("web1")
    journal.include("playbooks/wiki.yml", ["web1"])
    journal.task("Start the import of pages", "ansible.builtin.command", role)
    journal.result("web1", "changed", job={"id": "j123.45", "finished": True})
    journal.task("Enable the search", "ansible.builtin.command", role)
    journal.result("web1", "failed", message="elasticsearch is not installed", rescued_by="block-1", data={"rc": 1})
    journal.task("Enable the simple search", "ansible.builtin.command", role, rescues="block-1")
    journal.result("web1")
    journal.task(
        "Restart the web server", "ansible.builtin.service", role, handler=True, listen=["Restart nginx", "Reload"]
    )
    journal.result("web1", duration=125.0)


def _baseline(journal: Journal, host: str, stage: str, statuses: dict[str, tuple[str, str]], **data: Any) -> None:
    checks = [
        control(
            name,
            status,
            severity,
            refs={"ssg": [f"rule_{name.lower()}"], "cis_debian13_1.0.0": ["5.1.1"]},
            reason={"not_applicable": "no such service here", "error": "permission denied"}.get(status, ""),
        )
        for name, (status, severity) in statuses.items()
    ]
    journal.checks(host, stage, "harden", checks, profile="debian-basis", profile_version="1", **data)


def delivered() -> Case:
    """Everything in order, and every kind of entry."""
    journal = Journal("20261123T100000Z-site-d00001", **START)
    journal.play("Set up the servers", HOSTS)
    journal.snapshots("before", {"web1": machine(1), "db1": machine(2)})
    before = {
        "SSH-001": ("fail", "high"),
        "ACC-009": ("fail", "medium"),
        "KRN-003": ("pass", "low"),
        "TLS-001": ("not_applicable", "low"),
    }
    for host in HOSTS:
        _baseline(journal, host, "before", before)
    journal.checks("web1", "during", "nginx", [check("nginx.answers", "fail", evidence="GET / 502", duration=0.25)])
    _work(journal)
    for host in HOSTS:
        journal.checks(host, "during", "base", [check("base.timezone")])
        journal.checks(
            host, "after", "base", [check("base.timezone"), check("base.swap", "not_applicable", reason="no swap")]
        )
    journal.checks(
        "web1", "after", "nginx", [check("nginx.answers", source="http", evidence="GET / 200", duration=0.125)]
    )
    after = {**before, "SSH-001": ("pass", "high"), "ACC-009": ("fail", "medium")}
    for host in HOSTS:
        _baseline(journal, host, "after", after)
    journal.snapshots("after", {"web1": machine(1, after=True), "db1": machine(2)})
    journal.finish()
    people = (INPUTS / "every_entry.jsonl").read_text(encoding="utf-8").splitlines()
    return Case(journal.lines, [json.loads(line) for line in people])


def remarks() -> Case:
    """Delivered with remarks: each of the reasons for one."""
    start = {**START, "assignment": None, "limit": "servers", "start_at": "Remove telnet"}
    journal = Journal("20261123T100000Z-site-d00002", **start)
    journal.play("Set up the servers", HOSTS)
    rules = {"accepted": [], "origins": ["deb.debian.org trixie"]}
    journal.snapshots("before", {"web1": machine(1)}, reference="20261101T100000Z-site-aaaaaa", **rules)
    journal.task("Remove telnet", "ansible.builtin.apt", "oplever.lab.base")
    journal.result("web1", "ignored", message="dpkg was locked")
    journal.result("db1", "ignored", message="dpkg was locked")
    journal.task("Fill the disk", "ansible.builtin.command")
    journal.result("web1", "ignored", message="no space left", attempts=3)
    delivery = {
        "record": "20261101T100000Z-site-aaaaaa",
        "at": "2026-11-01T10:00:00Z",
        "controls": {"KRN-003": "pass", "SSH-001": "pass", "ACC-009": "fail"},
        "later": [{"record": "r2", "at": "2026-11-10T10:00:00Z", "failing": ["KRN-003"]}],
    }
    after = {
        "KRN-003": ("fail", "low"),
        "ACC-009": ("fail", "medium"),
        "AUD-002": ("error", "medium"),
        "SUDO-004": ("fail", "high"),
        "SSH-001": ("fail", "high"),
        "APT-005": ("waived", "low"),
    }
    row = {
        "id": "E1",
        "control": "APT-005",
        "hosts": ["web1"],
        "reason": "no mirror",
        "owner": "ICT",
        "approver": "M. de Wit",
        "expires": "2027-01-01",
        "valid": True,
    }
    refused = {**row, "id": "E2", "control": "SSH-001", "valid": False, "problem": "no approver", "approver": ""}
    _baseline(journal, "web1", "after", after, reference=delivery, exceptions=[row, refused])
    journal.checks("web1", "after", "base", [check("base.timezone", "waived")])
    seen = machine(1)
    seen["groups"] = {**seen["groups"], "docker": 998}
    seen["packages"] = {**seen["packages"], "tzdata": ["2025c-1", "deb.debian.org trixie/main"]}
    journal.snapshots("after", {"web1": seen})
    journal.task("Refresh the index", "ansible.builtin.command")
    journal.result("web1", "changed", job={"id": "j7.8", "finished": False}, notify=["Restart the search"])
    journal.lose(7)
    journal.finish(lost=2, clock_shift=61.5)
    grant = {"control": "SUDO-004", "reason": "one account", "owner": "ICT", "approver": "M. de Wit"}
    people = [
        entry(0, "S. Yilmaz", "rest-point", item="Label the cables", owner="A. Vos", due="2026-12-01"),
        entry(1, "S. Yilmaz", "rest-point", item="Clean up"),
        entry(2, "S. Yilmaz", "exception", **grant, expires="2027-07-31", hosts=["web1"]),
        entry(3, "S. Yilmaz", "exception", **{**grant, "control": "ACC-009"}, expires="2026-01-01"),
        entry(4, "S. Yilmaz", "escalation", to="K. Jansen", message="Who owns dpkg?", fault="F-001"),
        entry(5, "S. Yilmaz", "none", what="proposals"),
        entry(6, "J. Bakker", "acceptance", user="J. Bakker", verdict="accepted_with_rest_points"),
        entry(
            7,
            "S. Yilmaz",
            "scan",
            tool="openscap",
            host="web1",
            file="arf.xml",
            digest=DIGEST,
            rules=[
                {"rule": "rule_krn-003", "status": "pass", "raw": "pass"},
                {"rule": "rule_ssh-001", "status": "error", "raw": "unknown"},
            ],
        ),
        entry(8, "M. de Wit", "accept-drift", item=["group/docker"], reason="asked for", until="2027-01-01"),
    ]
    return Case(journal.lines, people)


def failed() -> Case:
    """A machine that failed, one that was not reachable, tests that fail, a lost line, and a user who says no."""
    hosts = {**HOSTS, "pc1": ["workstations"]}
    journal = Journal("20261123T100000Z-site-d00003", **START)
    journal.play("Set up the servers", hosts)
    journal.snapshots("before", {"web1": machine(1), "db1": machine(2)})
    journal.task("Gather facts", "ansible.builtin.setup")
    journal.result("pc1", "unreachable", 10.0, message="Failed to connect to the host via ssh: timed out")
    journal.checks("web1", "during", "nginx", [check("nginx.starts", "fail", reason="the unit is masked")])
    journal.task("Start the database", "ansible.builtin.service", "oplever.lab.mariadb")
    journal.result("db1", "failed", 3.0, message="Unable to start service mariadb: exit code 1")
    failing = [
        check("nginx.answers", "fail", evidence="GET / 502"),
        check("nginx.tls", "error", reason="no route to host"),
    ]
    journal.checks("web1", "after", "nginx", failing)
    journal.checks("web1", "after", "site", [check("nginx.answers")])
    journal.checks("db1", "after", "nginx", [check("nginx.answers", "fail")])
    journal.snapshots("after", {"web1": machine(1), "db1": machine(2)})
    journal.lose(5)
    journal.finish()
    people = [
        entry(0, "S. Yilmaz", "fault", host="web1", symptom="the wiki gives a 502 now and then"),
        entry(1, "S. Yilmaz", "escalation", to="K. Jansen", message="MariaDB does not start", fault="F-003"),
        entry(2, "S. Yilmaz", "test", host="web1", title="the start page shows", status="fail", stage="during"),
        entry(3, "J. Bakker", "acceptance", user="J. Bakker", verdict="rejected", remarks="it does not work"),
    ]
    return Case(journal.lines, people)


def rejected() -> Case:
    """Everything in order for the machines; the supervisor says no."""
    case = visit("20261123T100000Z-site-d00004")
    entries = [
        entry(0, "J. Bakker", "acceptance", user="J. Bakker", verdict="accepted"),
        entry(1, "S. Yilmaz", "report", to="M. de Wit"),
        entry(2, "M. de Wit", "decision", decision="rejected", remarks="Hours are missing."),
    ]
    return Case(case.journal, entries, SHORT)


def visit(identifier: str, **start: Any) -> Case:
    """One machine and one test that passes."""
    journal = Journal(identifier, **{**START, **start})
    journal.play("Set up the server", {"web1": ["web"]})
    journal.snapshots("before", {"web1": machine(1)})
    journal.task("Install nginx", "ansible.builtin.apt", "oplever.lab.nginx")
    journal.result("web1", "changed", 21.25)
    journal.task("Ask the package database", "ansible.builtin.command", check_mode=False)
    journal.result("web1")
    journal.checks("web1", "during", "nginx", [check("nginx.installed")])
    journal.checks("web1", "after", "nginx", [check("nginx.answers")])
    journal.snapshots("after", {"web1": machine(1, after=True)})
    journal.finish()
    return Case(journal.lines, outputs=SHORT)


def check_mode() -> Case:
    """A trial run, in which one task runs all the same."""
    return visit("20261123T100000Z-site-d00005", check_mode=True, command=["ansible-playbook", "site.yml", "--check"])


def interrupted() -> Case:
    """The controller was killed: a task under way, a line that is lost, a last line that was cut short."""
    journal = Journal("20261123T100000Z-site-d00006", **{**START, "assignment": {"title": "Wiki", "people": "?"}})
    journal.play("Set up the servers", HOSTS)
    journal.snapshots("before", {"web1": machine(1), "db1": machine(2)})
    journal.task("Install nginx", "ansible.builtin.apt", "oplever.lab.nginx")
    journal.result("web1", "changed", 21.25)
    journal.checks("db1", "during", "base", [check("base.timezone", "fail")])
    journal.lose(8)
    journal.task("Fetch the wiki", "ansible.builtin.get_url", "oplever.lab.nginx")
    journal.during("host_start", "web1")
    journal.during("host_start", "db1")
    return Case([*journal.lines, b'{"seq": 99, "t": "2026-11-'], outputs=SHORT)


def stopped() -> Case:
    """Ansible was stopped and could still say so."""
    journal = Journal("20261123T100000Z-site-d00007")
    journal.play("Set up the servers", HOSTS)
    journal.task("Fetch the wiki", "ansible.builtin.get_url")
    journal.during("host_start", "web1")
    journal.add("run_end", lines=len(journal.lines), lost=0, reason="KeyboardInterrupt")
    return Case(journal.lines, outputs=SHORT)


def empty() -> Case:
    """No machine matched."""
    journal = Journal("20261123T100000Z-site-d00008")
    journal.play("Nobody", {})
    journal.add("no_hosts", why="no_hosts_matched")
    journal.finish()
    return Case(journal.lines, outputs=(*SHORT, "refused.txt", "export/"))


def hostile() -> Case:
    """Text of machines and of people that tries to break out, wherever text goes."""
    host = f"web1 {EVIL}"
    start = {
        **START,
        "person": EVIL,
        "command": ["ansible-playbook", EVIL],
        "assignment": {"title": EVIL, "location": EVIL},
    }
    journal = Journal("20261123T100000Z-site-d00009", **start)
    journal.play(EVIL, {host: [EVIL]})
    journal.snapshots("before", {host: machine(1)})
    journal.task(EVIL, EVIL, EVIL)
    journal.result(
        host, "failed", message=f"{EVIL}\n+SUM(A1)\t=1", items=[{"item": EVIL, "status": "failed", "message": EVIL}]
    )
    titled = {"title": text(EVIL, EVIL), "found": EVIL, "expected": " =1+1", "evidence": EVIL, "reason": EVIL}
    journal.checks(host, "after", EVIL, [check(EVIL, "fail", **titled)])
    journal.checks(
        host,
        "after",
        "harden",
        [control(EVIL, "fail", "high", **titled, remedy=EVIL, refs={EVIL: [EVIL]})],
        profile=EVIL,
    )
    after = {**machine(1), "files": {EVIL: EVIL}, "packages": {EVIL: [EVIL, EVIL]}, "units": {EVIL: [EVIL] * 4}}
    journal.snapshots("after", {host: after})
    journal.finish()
    people = [
        entry(0, EVIL, "hours", hours=1, activity="+31 6 12345678"),
        entry(1, EVIL, "rest-point", item=EVIL, owner=EVIL),
        entry(2, EVIL, "fault", symptom=EVIL, host=host),
        entry(3, EVIL, "acceptance", user=EVIL, verdict="rejected", remarks=EVIL),
    ]
    return Case(journal.lines, people)


def many() -> Case:
    """Forty machines: summaries instead of rows. Every tenth fails a test, one was not reachable."""
    hosts = {f"pc{number:02}": ["workstations"] for number in range(40)}
    journal = Journal("20261123T100000Z-site-d00010", tick=0.25, **START)
    journal.play("Set up the workstations", hosts)
    os = {"os": "Debian GNU/Linux 13 (trixie)"}
    journal.snapshots("before", {host: {"host": os, "packages": {"bash": ["1", "Debian"]}} for host in hosts})
    for number in range(3):
        journal.task(f"Task {number} of the work", "ansible.builtin.apt", "oplever.lab.desktop")
        for place, host in enumerate(hosts):
            journal.result(host, "changed" if place % 3 == number else "ok")
    journal.task("Restart the desktop", "ansible.builtin.service", "oplever.lab.desktop")
    journal.result("pc39", "unreachable", message="Failed to connect to the host via ssh: timed out")
    hosts.pop("pc39")
    for place, host in enumerate(hosts):
        journal.checks(host, "after", "desktop", [check("desktop.starts", "fail" if place % 10 == 0 else "pass")])
        _baseline(journal, host, "after", {"SSH-001": ("fail" if place % 8 == 0 else "pass", "high")})
    journal.snapshots("after", {host: {"host": os, "packages": {"bash": ["2", "Debian"]}} for host in hosts})
    journal.finish()
    return Case(journal.lines, outputs=("report.en.md", "report.nl.html.txt", "export/junit.xml"))


def joined() -> Case:
    """One record of two runs of an assignment: one that failed, and one of the next day that did all of it again on two
    of its machines. The third was never reached."""
    earlier, later = failed().journal, delivered().journal
    later = [line.replace(b"2026-11-23T", b"2026-11-24T") for line in later]
    runs = {"20261123T100000Z-site-d00003": earlier, "20261124T100000Z-site-d00001": later}
    opened = {"record": JOB, "kind": "installation", "title": "Web server for the school", "work_process": "1.3"}
    entries = [
        entry(40, "S. Yilmaz", "opened", **opened),
        *(entry(40, "S. Yilmaz", "run", record=name, **_cited(lines)) for name, lines in runs.items()),
        entry(50, "S. Yilmaz", "hours", hours=2.5, activity="mend the database", day="2026-11-24"),
    ]
    return Case([], entries, (*SHORT, "report.en.html.txt"), beside=runs)


def _cited(journal: list[bytes]) -> Data:
    """What a run without entries is cited by: the fingerprint is of the link that its first entry would have."""
    content = b"".join(journal)
    digest = hashlib.sha256(content).hexdigest()
    link = f"journal:{len(content)}:{digest}"
    return {"revision": 1, "fingerprint": hashlib.sha256(link.encode()).hexdigest()[:24], "digest": digest}


def imported() -> Case:
    """A run that ansible-runner recorded, through the importer."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "job_events"
        folder.mkdir()
        for number, (event, data) in enumerate(_job_events(), 1):
            created = BEGIN.replace(minute=number).isoformat()
            content = {"event": event, "created": created, "counter": number, "event_data": data}
            (folder / f"{number}-00000000-0000-0000-0000-{number:012}.json").write_text(json.dumps(content))
        command = {"command": ["ansible-playbook", "-i", "hosts", "-e", "token=Zq7hunter2Kx9", "site.yml"]}
        (Path(place) / "command").write_text(json.dumps(command))
        [source] = runner.sources(Path(place))
        lines = list(journal_lines(source, "20261123T100100Z-site-d00011"))
    return Case(lines, outputs=("journal.jsonl", *SHORT, "export/junit.xml"))


def _job_events() -> list[tuple[str, Data]]:
    play = {"play_uuid": "p1", "play": "Set up", "name": "Set up", "pattern": "all"}
    counts = {"web1": 1, "db1": 1}

    def task(name: str, action: str) -> Data:
        return {**play, "task_uuid": name, "task": name, "task_action": action, "task_path": f"site.yml:{len(name)}"}

    def result(name: str, host: str, **res: Any) -> Data:
        return {**task(name, "ansible.builtin.command"), "host": host, "duration": 1.5, "res": res}

    return [
        ("playbook_on_start", {"playbook": "site.yml"}),
        ("playbook_on_play_start", play),
        ("playbook_on_task_start", task("Install", "ansible.builtin.command")),
        ("runner_on_start", result("Install", "web1")),
        ("runner_on_ok", result("Install", "web1", changed=True)),
        ("runner_on_ok", result("Install", "db1", changed=False)),
        ("playbook_on_task_start", task("Start it", "ansible.builtin.command")),
        ("runner_retry", result("Start it", "web1", attempts=1, msg="not yet")),
        ("runner_on_failed", result("Start it", "web1", msg="exit code 1", attempts=2)),
        ("runner_on_failed", {**result("Start it", "db1", msg="exit code 1"), "ignore_errors": True}),
        (
            "playbook_on_stats",
            {
                "processed": counts,
                "ok": {"web1": 1, "db1": 2},
                "changed": {"web1": 1},
                "failures": {"web1": 1},
                "ignored": {"db1": 1},
            },
        ),
    ]


RUNS: dict[str, Callable[[], Case]] = {
    case.__name__: case
    for case in (delivered, remarks, failed, rejected, check_mode, interrupted, stopped, empty, hostile, many, imported)
}
"""Records with a journal."""
CASES = RUNS | ALIKE | INCIDENTS | INSTRUCTIONS | {"joined": joined}
