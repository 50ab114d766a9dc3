"""Every fixed word of the record in a reader's language: codes, states, roles, kinds."""

from __future__ import annotations

from collections.abc import Mapping

from oplever._shared import differences
from oplever.page.blocks import Cell, Tone
from oplever.page.translator import N_, Translator

STAGES: dict[str, tuple[Tone, str]] = {
    "nothing_done": ("bad", N_("nothing done")),
    "trial": ("info", N_("trial run")),
    "started": ("bad", N_("started, not finished")),
    "carried_out": ("info", N_("carried out")),
    "tested": ("info", N_("tested")),
    "accepted": ("info", N_("accepted")),
    "approved": ("good", N_("approved")),
    # A document cannot check a key; `oplever verify` does.
    "signed": ("info", N_("signed")),
}
VERDICTS: dict[str, str] = {
    "delivered": N_("in order"),
    "delivered_with_remarks": N_("with remarks"),
    "not_delivered": N_("not delivered"),
    "interrupted": N_("interrupted"),
}
"""What machines showed, in words for a list: whether work is delivered is for people to say."""
CHECK: dict[str, tuple[Tone, str]] = {
    "pass": ("good", N_("passed")),
    "fail": ("bad", N_("failed")),
    "error": ("bad", N_("could not be tested")),
    "not_applicable": ("info", N_("not applicable")),
    "waived": ("warn", N_("with an exception")),
}
TASK: dict[str, tuple[Tone, str]] = {
    "ok": ("plain", N_("OK")),
    "changed": ("good", N_("changed")),
    "failed": ("bad", N_("failed")),
    "skipped": ("info", N_("skipped")),
    "unreachable": ("bad", N_("not reachable")),
    "rescued": ("warn", N_("failed, then rescued")),
    "ignored": ("warn", N_("failed, ignored by the playbook")),
}
NO_HOSTS: dict[str, tuple[Tone, str]] = {
    "no_hosts_matched": ("warn", N_("not carried out: no machine matched")),
    "no_hosts_remaining": ("bad", N_("stopped: no machine was left")),
}
SEVERITY: dict[str, tuple[Tone, str]] = {
    "high": ("bad", N_("high")),
    "medium": ("warn", N_("medium")),
    "low": ("info", N_("low")),
}
FAULT_STATUS: dict[str, tuple[Tone, str]] = {
    "open": ("bad", N_("open")),
    "solved": ("good", N_("solved")),
    "ignored": ("warn", N_("ignored")),
    "escalated": ("warn", N_("escalated")),
}
DOCUMENT_STATUS: dict[str, tuple[Tone, str]] = {
    "concept": ("info", N_("draft")),
    "submitted": ("info", N_("submitted for review")),
    "approved": ("good", N_("approved")),
    "rejected": ("bad", N_("rejected")),
    "superseded": ("info", N_("withdrawn")),
    # of an incident
    "new": ("warn", N_("new")),
    "assigned": ("info", N_("assigned")),
    "in_progress": ("info", N_("in progress")),
    "waiting": ("warn", N_("on hold")),
    "solved": ("good", N_("solved")),
    "closed": ("good", N_("closed")),
    "merged": ("info", N_("joined with another report")),
}
OUTCOMES: dict[str, str] = {
    "new": N_("new"),
    "added": N_("added"),
    "returned": N_("returned"),
    "present": N_("present"),
    "aside": N_("aside"),
    "receipt": N_("receipt"),
}
"""What was done with a mail."""
ACCEPTANCE: dict[str, tuple[Tone, str]] = {
    "accepted": ("good", N_("accepted")),
    "accepted_with_rest_points": ("warn", N_("accepted with open points")),
    "rejected": ("bad", N_("rejected")),
}
CHANGE: dict[str, str] = {
    "installed": N_("installed"),
    "removed": N_("removed"),
    "upgraded": N_("upgraded"),
    "downgraded": N_("downgraded"),
    "used": N_("used"),
    "added": N_("added"),
    "changed": N_("changed"),
}
PLAIN: dict[str, str] = {
    # who must act, and roles of people
    "executor": N_("technician"),
    "verifier": N_("verifier"),
    "supervisor": N_("supervisor"),
    "principal": N_("client"),
    "user": N_("user"),
    "toolkit": N_("technician"),
    "machine": N_("machine"),
    # kinds of faults
    "task_failed": N_("step failed"),
    "unreachable": N_("machine not reachable"),
    "test_failed": N_("test failed"),
    "interrupted": N_("run interrupted"),
    "reported": N_("reported by a person"),
    # kinds of settings and components
    "file": N_("files"),
    "unit": N_("services"),
    "socket": N_("listening ports"),
    "account": N_("user accounts"),
    "group": N_("groups"),
    "mount": N_("mounts"),
    "sysctl": N_("kernel settings"),
    "module": N_("kernel modules"),
    "network": N_("network settings"),
    "host": N_("machine settings"),
    "package": N_("packages"),
    "part": N_("part"),
    # escalations
    "not_able": N_("not able to"),
    "not_allowed": N_("not allowed to"),
    "not_in_time": N_("not in time"),
    "functional": N_("functional"),
    "hierarchical": N_("hierarchical"),
    # processes a proposal is about
    "assembly": N_("assembly"),
    "installation": N_("installation"),
    "configuration": N_("configuration"),
    "test": N_("test"),
    "cabling": N_("cabling"),
    "maintenance": N_("maintenance"),
    # roles of the desk
    "reporter": N_("reporter"),
    "counter": N_("counter"),
    "technician": N_("technician"),
    "privacy": N_("privacy officer"),
    "auditor": N_("auditor"),
    # hours
    "hands_on": N_("hands-on"),
    "travel": N_("travel"),
    "waiting": N_("waiting"),
    # accountability
    "written": N_("in writing"),
    "oral": N_("orally"),
    "approved": N_("approved"),
    "rejected": N_("rejected"),
    "accepted": N_("accepted"),
    # rest points
    "open": N_("open"),
    "done": N_("done"),
    # levels
    "Bg": N_("supervisor-led (Bg)"),
    "G": N_("shared steering (G)"),
    "Bk": N_("independent (Bk)"),
}
ENTRIES: dict[str, str] = {
    "accept-drift": N_("accepted differences with the delivery"),
    "acceptance": N_("acceptance"),
    "annex": N_("annex"),
    "asked-back": N_("question back"),
    "assessed": N_("assessment"),
    "assigned": N_("assigned"),
    "assignment": N_("assignment"),
    "attended": N_("attendee"),
    "classified": N_("impact and urgency"),
    "closed": N_("closed"),
    "component": N_("component"),
    "confirmed": N_("confirmation by the user"),
    "consequence": N_("consequence"),
    "contact": N_("contact with the user"),
    "correction": N_("correction"),
    "decision": N_("decision"),
    "desk-signature": N_("signature of the desk"),
    "escalation": N_("escalation"),
    "exception": N_("exception"),
    "explained": N_("subject explained"),
    "faq-accepted": N_("answer accepted"),
    "faq-proposed": N_("question proposed"),
    "faq-withdrawn": N_("question withdrawn"),
    "fault": N_("fault"),
    "handover": N_("handover"),
    "hours": N_("hours of work"),
    "instructed": N_("instruction given"),
    "linked": N_("link"),
    "material": N_("material"),
    "merged": N_("joined with another report"),
    "none": N_("statement that there are none"),
    "joined": N_("run taken in"),
    "opened": N_("record opened"),
    "passed-on": N_("passed on"),
    "proposal": N_("improvement proposal"),
    "pseudonymised": N_("names replaced by pseudonyms"),
    "data-leak": N_("personal-data breach"),
    "leak-told": N_("told of the personal-data breach"),
    "mail-read": N_("mail read"),
    "mail-received": N_("mail came in"),
    "mail-returned": N_("mail came back"),
    "mail-sent": N_("mail sent"),
    "reopened": N_("reopened"),
    "report": N_("report to the supervisor"),
    "reported": N_("report taken in"),
    "rest-point": N_("open point"),
    "results": N_("results from a test file"),
    "resumed": N_("resumed"),
    "retested": N_("retest"),
    "reviewed": N_("review by a user"),
    "rules": N_("rules for incidents"),
    "run": N_("run of the playbook"),
    "scan": N_("second opinion of a scanner"),
    "signature": N_("signature"),
    "solved": N_("solution"),
    "step": N_("manual step"),
    "supported": N_("help in daily use"),
    "taken": N_("taken up"),
    "test": N_("test by hand"),
    "waiting": N_("put on hold"),
    "worked": N_("work"),
}
"""What made a revision, by the kind of the entry; `run` is the journal."""
HOST_SETTINGS: dict[str, str] = {
    "hostname": N_("host name"),
    "fqdn": N_("full host name"),
    "os": N_("operating system"),
    "timezone": N_("time zone"),
    "locale": N_("language and region"),
    "keyboard": N_("keyboard layout"),
}
"""Names of the settings of a machine itself."""
NO_DIGEST: dict[str, str] = {"(secret)": N_("(secret)"), "(large)": N_("(large)")}
"""Why the snapshot has no digest of a file."""
MEANINGS: dict[str, str] = {
    "executor": N_("The work was carried out as this record says; its content is correct."),
    "verifier": N_("I checked the results against the assignment and the tests."),
    "supervisor": N_("I have read the report and approve the work."),
    "principal": N_("The assignment was carried out, except for the open points."),
    "user": N_("I accept the work, except for the open points in this record."),
}
WORK_PROCESSES: dict[str, str] = {
    "1.1": N_("assemble and connect"),
    "1.3": N_("install and configure"),
    "1.4": N_("lay cabling"),
    "2.1": N_("prevent faults"),
    "2.2": N_("remedy faults"),
    "3.1": N_("instruct users"),
    "3.2": N_("register incidents"),
    "3.3": N_("handle incidents"),
}


AREAS: dict[str, str] = {
    "ACC": N_("accounts and shells"),
    "APT": N_("package sources and updates"),
    "AUD": N_("kernel audit log"),
    "BAN": N_("banners"),
    "BOOT": N_("boot loader"),
    "CRON": N_("scheduled jobs"),
    "CTR": N_("containers"),
    "FIM": N_("file integrity"),
    "FW": N_("packet filter"),
    "KMOD": N_("kernel modules"),
    "KRN": N_("kernel"),
    "LOG": N_("logging"),
    "MAC": N_("AppArmor"),
    "MNT": N_("file systems"),
    "NET": N_("network"),
    "PAM": N_("passwords and logins"),
    "PERM": N_("file permissions"),
    "SSH": N_("SSH server"),
    "SUDO": N_("sudo and su"),
    "SVC": N_("services and packages"),
    "TIME": N_("time"),
    "TLS": N_("TLS"),
}
"""What an area of the security baseline is about."""


def area(t: Translator, code: str, *, short: bool = False) -> str:
    """An area by name and code, or by its name alone; one without a name is shown by its code."""
    if code not in AREAS:
        return code or t("other")
    return t(AREAS[code]) if short else f"{t(AREAS[code])} ({code})"


def word(t: Translator, code: str) -> str:
    """The word for a code; a code without a word is shown as it is."""
    return t(PLAIN.get(code) or CHANGE.get(code) or code)


def history_text(t: Translator, code: str) -> str:
    """What made a revision, in words; a code without a word is shown as it is. What it is about follows a colon."""
    kind, _, about = code.partition(": ")
    number, _, state = about.partition(" ")
    about = f"{number} {word(t, state)}" if state else about
    return ": ".join(part for part in (t(ENTRIES[kind]) if kind in ENTRIES else kind, about) if part)


def toned(t: Translator, table: Mapping[str, tuple[Tone, str]], code: str, note: str = "") -> Cell:
    tone, text = table.get(code, ("plain", code))
    return Cell(t(text), tone, note=note)


def kind_name(t: Translator, kind: str) -> str:
    """What settings of a kind are called together; of a kind without such a word what one of them is called. One that
    this version does not know is a setting."""
    return t(PLAIN[kind]) if kind in PLAIN else getattr(differences.kind(kind), t.language)


def setting_name(t: Translator, kind: str, name: str) -> str:
    """What a setting is called: those of the machine itself have a word, others are shown by their own name."""
    return t(HOST_SETTINGS[name]) if kind == "host" and name in HOST_SETTINGS else name


def setting_value(t: Translator, value: str) -> str:
    """A value as the snapshot gives it; a file without a digest has the reason in brackets in its place."""
    digest, space, attributes = value.partition(" ")
    return t(NO_DIGEST[digest]) + space + attributes if digest in NO_DIGEST else value


def work_process(t: Translator, code: str) -> str:
    name = WORK_PROCESSES.get(code)
    return f"{code} {t(name)}" if name else code
