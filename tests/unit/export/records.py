"""One record with everything an export must tell apart."""

from __future__ import annotations

from journals import Journal
from oplever.kinds.derive import derive
from oplever.record import entries
from oplever.record.model import Record

HOSTILE = "=cmd|'/c calc'!A1\x1b[31m\x00</testcase>\u202e\"&;\r\n, {% raw %}"


CWD = "/srv/site"


def mixed() -> Record:
    """On host a: a control in each state, before and after; tests that pass, fail, do not apply; hostile text."""
    journal = Journal(cwd=CWD)
    journal.check("pass", "during").check("pass")
    journal.check("fail", id="x.bad", found=HOSTILE, evidence="/etc/x\nline 2")
    journal.check("not_applicable", id="x.away", reason="no such service")
    journal.check("error", id="x.unread", reason="permission denied")
    steps = {
        "ACC-001": ("fail", "pass"),
        "ACC-002": ("pass", "fail"),
        "SSH-001": ("fail", "fail"),
        "SSH-002": ("fail", "fail"),
        "SSH-003": ("pass", "pass"),
        "KRN-001": ("not_applicable", "not_applicable"),
        "KRN-002": ("error", "error"),
    }
    for stage, place in (("before", 0), ("after", 1)):
        for name, statuses in steps.items():
            journal.check(
                statuses[place],
                stage,
                id=name,
                severity="high" if name.startswith("SSH") else "medium",
                area=name[:3],
                found=f"{stage} value" if name == "SSH-001" else statuses[place],
                refs={"ssg": ["sshd_" + name.lower()]},
                remedy={"nl": "doe iets", "en": "do something"},
                reason="own kernel only" if statuses[place] == "not_applicable" else "",
            )
    grant = {"reason": "old device", "owner": "A. Owner", "approver": "B. Approver", "compensating": "own network"}
    day = "2026-11-24T10:00:00.000000Z"
    added = (
        entries.make("exception", "me", day, {**grant, "control": "SSH-002", "expires": "2027-07-31"}),
        entries.make("exception", "me", day, {**grant, "control": "ACC-002", "expires": "2025-01-01"}),
        entries.make("hours", "me", day, {"hours": 1.5, "activity": "+31 6 call"}),
    )
    return derive(journal.finish(ok=20).events(), "0" * 64, added)
