"""Every fixed word of the record in a reader's language: codes, states, roles, kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oplever._shared.differences import KINDS
from oplever.page.blocks import Cell, Tone
from oplever.page.translator import N_, Translator
from oplever.words import Reason

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
    "delivered_with_remarks": N_("in order, with remarks"),
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
    """What settings of a kind are called together; of a kind without such a word what one of them is called."""
    return t(PLAIN[kind]) if kind in PLAIN or kind not in KINDS else getattr(KINDS[kind], t.language)


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


REASONS: dict[str, str] = {
    "nothing_done": N_("No task did anything: each was skipped, or there was none."),
    "nothing_stated": N_("Nobody has stated any work yet."),
    "stated": N_("Stated by people, not measured: the work was done by hand and no journal recorded it."),
    "hosts_stopped": N_("After \u201c{step}\u201d, which failed on {failed}, nothing more was done on {hosts}."),
    "hosts_left": N_("These machines dropped out of a play without an error and did not get all of the work: {hosts}."),
    "hosts_not_reached": N_("A play that works in batches ended before the turn of these machines: {hosts}."),
    "plays_not_begun": N_("Plays that did not start: {plays}."),
    "hand_steps_failed": N_("Manual steps that failed: {steps}."),
    "faults_open": N_("Open faults: {faults}."),
    "runs_unreadable": N_("Runs of which nothing can be read, so what they did is not known: {runs}."),
    "decision_rejected": N_("The supervisor ({by}) rejected the work."),
    "changed_in_trial": N_("Although this was a trial run, these steps made changes on {hosts}: {steps}."),
    "started_at": N_("The playbook was run from \u201c{step}\u201d on; the steps before it were passed over."),
    "handlers_not_run": N_("Handlers that were notified and did not run on {hosts}: {handlers}. Run them by hand."),
    "jobs_not_awaited": N_("Left running in the background on {hosts}, outcome unknown: {steps}."),
    "hosts_ended": N_("The playbook itself ended the work early on {hosts}."),
    "plays_ended": N_("The playbook itself ended these plays early: {plays}."),
    "runs_beside": N_("Another run worked on {hosts} at the same time: {run}, from controller {controller}."),
    "runs_not_ended": N_(
        "Another run had begun on {hosts}, and its end was not seen: {run}, from controller {controller}."
    ),
    "unreachable_ignored": N_("Did not answer at some step, after which the playbook continued: {hosts}."),
    "faults_escalated": N_("Faults handed to somebody else, who has not answered: {faults}."),
    "hosts_untested": N_("Not tested: {hosts}."),
    "interrupted": N_("The run was cut off; the last event recorded is from {at}."),
    "stopped": N_("The run was stopped: {reason}."),
    "no_hosts": N_("The playbook matched no machine."),
    "tool_failed": N_("According to {tool}, which recorded the run, it did not succeed: {outcome}."),
    "hosts_unreachable": N_("Not reachable: {hosts}."),
    "hosts_failed": N_("A step failed on {hosts}."),
    "tests_failed": N_("Failed tests: {count} ({tests})."),
    "acceptance_rejected": N_("{user} rejected the work."),
    "controls_failed": N_(
        "Security controls that fail or could not be measured: {high} high, {medium} medium, {low} low."
    ),
    "drift_accepted": N_("Differences with the delivery that were accepted: {count}."),
    "failures_ignored": N_("Failures that the playbook ignores: {count}."),
    "no_tests": N_("Nothing was tested."),
    "snapshots_missing": N_("Changes on {hosts} are unknown: no snapshot before and after."),
    "rest_points_open": N_("Open points: {count}."),
    "accepted_with_rest_points": N_("{user} accepted the work with open points."),
    "check_mode": N_("It was a trial run (check mode)."),
    "journal_lines_lost": N_("The journal is not complete, missing lines: {count}."),
    "journal_lines_differ": N_(
        "The journal was altered: its last line counts {written} lines before it, but there are {read}."
    ),
    "clock_set": N_(
        "The controller's clock was changed during the run, by up to {seconds} s; times here count from its start."
    ),
    "case_open": N_("The report is not closed yet."),
    "case_merged": N_("It is the same as another report, which goes on: {record}."),
    "case_not_reached": N_("{user} could not be reached; nobody knows whether the solution is good."),
    "case_without_user": N_("There was no other user to ask whether the solution is good."),
    "case_test_stated": N_("That it works again was tested by hand; no machine recorded it."),
    "case_test_not_needed": N_("It was not tested again: {reason}"),
    "case_late": N_("Time limits that were not met: {count}."),
    "case_leak_untold": N_(
        "The supervisory authority was not told of the personal-data breach; the 72 hours end at {at}."
    ),
    "case_leak_people_untold": N_("The people whose data it is were not told of the personal-data breach."),
    "case_leak_late": N_("The authority was told of the personal-data breach after the 72 hours, which ended at {at}."),
    "case_unread": N_("Mails that nobody has read: {count}."),
    "case_mail_returned": N_("Mails to the user that did not arrive: {count}."),
    "case_priority_set": N_("The priority was set by hand: {reason}"),
    "faq_withdrawn": N_("It was withdrawn: {reason}"),
    "faq_not_accepted": N_("Nobody has accepted the answer yet."),
    "faq_edited": N_("The question was changed from the words of the user in {case}."),
    "nobody_instructed": N_("Nobody has been instructed yet: when, who or what is missing."),
    "not_understood": N_("Not understood: {subjects}."),
    "understood_partly": N_("Understood in part: {subjects}."),
    "handout_unclear": N_("A user could not follow this handout: {handouts}."),
    "handout_mistakes": N_("This handout does not follow the rules for cards: {handouts}."),
    "case_void": N_("Entries without effect, because they do not fit the state then: revisions {revisions}."),
}
MISSING: dict[str, str] = {
    "procedures_missing": N_("Which procedures and guidelines apply"),
    "work_process_missing": N_("To which work process the work belongs"),
    "people_missing": N_("Who carried out the work"),
    "components_missing": N_("Which parts and materials were used"),
    "snapshots_missing": N_("A snapshot of every machine before and after the work"),
    "tests_during_missing": N_("Tests during the work"),
    "tests_after_missing": N_("Tests directly after the work"),
    "baseline_missing": N_("A security-baseline check"),
    "acceptance_missing": N_("The user's verdict on the work, after checking the settings"),
    "rest_points_missing": N_("Open points, or the statement that there are none"),
    "proposals_missing": N_("Improvement proposals, or the statement that there are none"),
    "hands_on_hours_missing": N_("Hours worked"),
    "report_missing": N_("The report to the supervisor: in writing or orally, when and to whom"),
    "decision_missing": N_("The supervisor's decision"),
    "case_report_missing": N_("What was reported, by whom and how"),
    "case_classification_missing": N_("Impact and urgency, from which the priority follows"),
    "case_assessment_missing": N_("Whether the technician can solve it alone, and why"),
    "case_work_missing": N_("The work that was done"),
    "case_solution_missing": N_("The solution, its guideline and the cause"),
    "case_retest_missing": N_("A retest after the solution that passed, or why none is needed"),
    "case_contact_missing": N_("What the user was told: how and when it is handled"),
    "case_confirmation_missing": N_("Whether the user is satisfied with the solution"),
    "case_mail_unread": N_("That somebody read the mails that came in last"),
    "case_leak_missing": N_("What the personal-data breach is, and how great the risk"),
    "case_leak_untold": N_("That the authority was told of the personal-data breach, and others who have to be"),
    "case_materials_missing": N_("Materials used, or the statement that there are none"),
    "faq_missing": N_("The question, its incidents, its answer and what shows that it is right"),
    "faq_acceptance_missing": N_("A colleague who accepts question and answer"),
    "instruction_missing": N_("When it was explained, and by whom"),
    "attendees_missing": N_("Who was there"),
    "subjects_missing": N_("What was explained"),
    "handout_missing": N_("A handout in writing with the steps"),
    "understood_missing": N_("For each subject a question back that shows that it was understood"),
    "review_missing": N_("For each handout a user who read it and found it clear"),
    "support_missing": N_("Help that users asked for in daily use, or the statement that nobody did"),
    "case_escalation_missing": N_("The escalation of what the technician cannot solve alone"),
}
STOPS: dict[str, str] = {
    "before_recap": N_("before its recap, by somebody or by an error that Ansible reported"),
    "between_playbooks": N_("after {begun} of {playbooks} playbooks"),
    "data_end": N_("the data of {tool} end before the recap"),
}
"""How a run was stopped, by the code that its journal gives."""
_MOST_NAMES = 12
"""Names in one sentence, after which only their number is told."""


def reason_text(t: Translator, reason: Reason) -> str:
    """Why the verdict is what it is, in words."""
    params = reason.params
    if reason.code == "stopped":
        params = {**params, "reason": _stop(t, params)}
    return _message(t, REASONS, reason.code, params)


def _stop(t: Translator, params: Mapping[str, Any]) -> str:
    """How a run was stopped: by its code, else in the words that its journal has. `outcome` is a tool's own word."""
    code, outcome = str(params.get("code", "")), params.get("outcome")
    if code not in STOPS:
        return str(params.get("reason", code))
    stop = _message(t, STOPS, code, params)
    return f"{stop} ({outcome})" if outcome else stop


def missing_text(t: Translator, code: str, params: Mapping[str, Any]) -> str:
    """What the record lacks, in words."""
    return _message(t, MISSING, code, params)


def _message(t: Translator, table: Mapping[str, str], code: str, params: Mapping[str, Any]) -> str:
    """The text of a code filled in; a code or parameters this version does not know are shown as they are."""
    shown = {key: t.moment(str(value)) if key == "at" else _parameter(t, value) for key, value in params.items()}
    try:
        return t(table[code], **shown)
    except (KeyError, IndexError):
        listed = ", ".join(f"{key}: {value}" for key, value in shown.items())
        return f"{code} ({listed})" if listed else code


def _parameter(t: Translator, value: object) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, (int, float)):
        return t.number(value, 0 if float(value).is_integer() else 1)
    if isinstance(value, (list, tuple)):
        more = t("and {count} more", count=len(value) - _MOST_NAMES) if len(value) > _MOST_NAMES else ""
        return ", ".join([*(str(item) for item in value[:_MOST_NAMES]), *([more] if more else [])])
    return str(value)
