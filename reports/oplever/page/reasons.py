"""Why a verdict is what it is and what a record lacks, as sentences in a reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oplever.page.translator import N_, Translator
from oplever.words import Reason

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
    "steps_tried": N_("These steps were only a trial on {hosts}, and changed nothing: {steps}."),
    "check_mode_unknown": N_("Whether this was a trial run is not known: the data of {tool} do not say it."),
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
    "helpers_unreachable": N_("Not reachable: {helpers}. A step there, needed for {hosts}, was not carried out."),
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
    "not_asked_back": N_("Nobody showed yet that this was understood: {subjects}."),
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
    if reason.code == "no_hosts" and params.get("stated"):
        return t("The record names no machine that was worked on.")  # no playbook was run
    if reason.code == "stopped":
        params = {**params, "reason": _stop(t, params)}
    text = _message(t, REASONS, reason.code, params)
    return f"{text} {t('Lines are missing: this is not certain.')}" if params.get("uncertain") else text


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
