"""Words of the desk that stand in tables."""

from __future__ import annotations

from oplever.app.desk.permissions import Action, Role
from oplever.page.translator import N_

ACCOUNT_PAGE = N_("My account")
MENU: tuple[tuple[str, str, Action], ...] = (
    ("/", N_("My work"), "own"),
    ("/records", N_("Records"), "read_records"),
    ("/machines", N_("Machines"), "read_records"),
    ("/cases", N_("Reports"), "read_cases"),
    ("/hours", N_("Hours by week"), "read_hours"),
    ("/proposals", N_("Decisions and proposals"), "read_records"),
    ("/faq", N_("Frequently asked questions"), "own"),
    ("/more", N_("More"), "read_records"),
    ("/reads", N_("Who read what"), "read_reads"),
)
"""Path, name and the action that somebody may do who sees it."""

CHOICES: dict[str, str] = {
    "accepted": N_("accepted"),
    "accepted_with_rest_points": N_("accepted with open points"),
    "during": N_("during the work"),
    "after": N_("after the work"),
    "pass": N_("passed"),
    "fail": N_("failed"),
    "ok": N_("well"),
    "failed": N_("failed"),
    "not_applicable": N_("does not apply"),
    "yes": N_("yes"),
    "no": N_("no"),
    "not_needed": N_("not needed"),
    "not_reached": N_("could not be reached"),
    "chat": N_("chat"),
    "mail": N_("e-mail"),
    "phone": N_("telephone"),
    "round": N_("a round through the building"),
    "visit": N_("a visit"),
    "colleague": N_("a colleague"),
    "supplier": N_("a supplier"),
    "parts": N_("parts"),
    "other": N_("other"),
    "duplicate": N_("the same report"),
    "earlier": N_("an earlier report"),
    "follow_up": N_("what follows from it"),
    "problem": N_("the problem behind it"),
    "record": N_("a record"),
    "rest_points": N_("open points"),
    "major": N_("major incident"),
    "data_leak": N_("personal-data breach"),
    "safety": N_("safety"),
    "proposals": N_("proposals"),
}
"""Words for what can be chosen in a form, where documents have another word for it or none."""

EVENTS: dict[str, str] = {
    "classified": N_("Give impact and urgency"),
    "assessed": N_("Assess whether you can solve it"),
    "assigned": N_("Assign"),
    "taken": N_("Take it up"),
    "passed-on": N_("Pass on to a colleague"),
    "waiting": N_("Put on hold"),
    "resumed": N_("Go on"),
    "contact": N_("Note what the user was told"),
    "worked": N_("Note work"),
    "material": N_("Note material"),
    "solved": N_("Solve"),
    "retested": N_("Retest"),
    "confirmed": N_("Note whether the user is satisfied"),
    "closed": N_("Close"),
    "reopened": N_("Reopen"),
    "merged": N_("Join with another report"),
    "linked": N_("Link something"),
    "data-leak": N_("Report a personal-data breach"),
    "leak-told": N_("Note who was told of the breach"),
    "mail-read": N_("Mark mail as read"),
    "escalation": N_("Escalate"),
    "hours": N_("Note hours"),
}
"""What can be done with a case, by the entry that says that it was done."""

ROLES: dict[Role, str] = {
    "reporter": N_("reports something that does not work"),
    "counter": N_("takes reports in, and lets users accept work"),
    "technician": N_("does the work and adds to records"),
    "supervisor": N_("decides about records"),
    "privacy": N_("sees who read what"),
    "auditor": N_("reads everything, changes nothing"),
}
