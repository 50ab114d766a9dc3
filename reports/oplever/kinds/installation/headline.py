"""The headline of an installation, and the steps it went through."""

from __future__ import annotations

from oplever.kinds.installation.stage import is_tested, reached, standing
from oplever.page.blocks import Stage
from oplever.page.document import REJECTED, Headline
from oplever.page.translator import N_, Translator
from oplever.record.model import Record

HEADLINES: dict[str, Headline] = {
    "interrupted": Headline(
        "bad", N_("Interrupted"), N_("The run stopped before its end: this record is not complete.")
    ),
    "nothing_done": Headline(
        "bad",
        N_("Nothing was done"),
        N_("No task did anything on a machine: there is nothing to deliver."),
    ),
    "nothing_stated": Headline(
        "info",
        N_("Nothing stated yet"),
        N_("Nobody has said what was done: there is nothing to deliver yet."),
    ),
    "stated": Headline(
        "warn",
        N_("In order as stated"),
        N_("People stated the work and its tests; no machine measured them."),
    ),
    "trial": Headline("info", N_("Trial run"), N_("This shows what a real run would do; nothing is delivered.")),
    "trial_failed": Headline(
        "bad", N_("Trial run with problems"), N_("A trial run delivers nothing; see the reasons below.")
    ),
    "not_delivered": Headline(
        "bad", N_("Not delivered"), N_("The work cannot be handed over yet, for the reasons below.")
    ),
    "rejected_by_user": Headline(
        "bad", N_("Rejected by the user"), N_("The work must be corrected and then judged again.")
    ),
    "rejected_by_supervisor": REJECTED,
    "untested": Headline(
        "warn", N_("Carried out, not tested"), N_("The work was done; no test shows yet that it works.")
    ),
    "in_order": Headline("good", N_("Technically in order"), N_("The work is done and tested.")),
    "in_order_with_remarks": Headline(
        "warn",
        N_("Technically in order, with remarks"),
        N_("The work is done and tested; read the remarks."),
    ),
    "delivered": Headline("good", N_("Delivered"), N_("The user accepted the work and the supervisor approved it.")),
    "delivered_with_remarks": Headline(
        "warn",
        N_("Delivered with remarks"),
        N_("The user accepted the work and the supervisor approved it; read the remarks."),
    ),
}
"""By stage.Headline; what was rejected says by whom."""
_PARTLY_TESTED = N_("The work is done, and tested on some of the machines; read the remarks.")
WAITS: dict[str, str] = {
    "user": N_("{state}, waits for the user"),
    "supervisor": N_("{state}, waits for the supervisor"),
    "both": N_("{state}, waits for the user and the supervisor"),
}


def headline(t: Translator, record: Record) -> Headline:
    state = standing(record)
    code = f"rejected_by_{state.rejected_by}" if state.rejected_by else state.headline
    message = HEADLINES[code]
    if code == "in_order_with_remarks" and not is_tested(record):
        message = message._replace(sentence=_PARTLY_TESTED)
    text = message.translated(t)
    if state.waits_for == "nobody":
        return text
    return text._replace(title=t(WAITS[state.waits_for], state=text.title))


STEPS = {
    "carried_out": N_("carried out"),
    "tested": N_("tested"),
    "accepted": N_("user"),
    "approved": N_("supervisor"),
    "signed": N_("signed"),
}


def stages(t: Translator, record: Record) -> tuple[Stage, ...]:
    """The five steps, each with whether it was reached, or refused by who takes it."""
    refused = {
        "accepted": record.acceptance.verdict == "rejected",
        "approved": record.accountability.decision == "rejected",
    }
    words = {step: t(text) for step, text in STEPS.items()}
    steps = reached(record)
    if steps["signed"]:
        words["signed"] = t("signed (key not checked here)")
    return tuple(
        Stage(words[step], "done" if is_reached else "refused" if refused.get(step) else "open")
        for step, is_reached in steps.items()
    )
