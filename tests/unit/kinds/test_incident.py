"""The states of a case, its guards, and what follows from its events."""

from __future__ import annotations

from typing import Any

import pytest
from desk import COLLEAGUE, EVENTS, SUPERVISOR, TECHNICIAN, UNTIL_CLOSED, UNTIL_SOLVED, USER, Desk
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.kinds.derive import derive_folded
from oplever.kinds.incident.chapters import handling
from oplever.kinds.incident.entries import COMMANDS
from oplever.kinds.incident.entries import EVENTS as DECLARED
from oplever.kinds.incident.rules_file import defaults
from oplever.overview import extract
from oplever.overview.collection import names_of
from oplever.overview.pages.records import record_row
from oplever.overview.sources import Readable, Source
from oplever.page.blocks import Table
from oplever.page.document import NO_PAPER
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.entries import Entry
from oplever.record.fold import Run
from oplever.record.model import Record
from oplever.record.model.incident_rules import Authorisation, Category, Team
from oplever.words import Text

MOVES: dict[str, dict[str, set[str]]] = {
    "new": {
        "classified": {"new"}, "assessed": {"new"}, "contact": {"new"}, "linked": {"new"}, "escalation": {"new"},
        "hours": {"new"}, "taken": {"in_progress"}, "assigned": {"assigned"}, "passed-on": {"assigned"},
        "merged": {"merged"},
    },
    "assigned": {
        "classified": {"assigned"}, "assessed": {"assigned"}, "contact": {"assigned"}, "linked": {"assigned"},
        "escalation": {"assigned"}, "hours": {"assigned"}, "taken": {"in_progress"}, "assigned": {"assigned"},
        "passed-on": {"assigned"}, "merged": {"merged"}, "waiting": {"waiting"},
    },
    "in_progress": {
        "classified": {"in_progress"}, "assessed": {"in_progress"}, "contact": {"in_progress"},
        "linked": {"in_progress"}, "escalation": {"in_progress"}, "hours": {"in_progress"}, "worked": {"in_progress"},
        "material": {"in_progress"}, "retested": {"in_progress"}, "taken": {"in_progress"}, "assigned": {"assigned"},
        "passed-on": {"assigned"}, "merged": {"merged"}, "waiting": {"waiting"}, "solved": {"solved"},
    },
    "waiting": {
        "classified": {"waiting"}, "assessed": {"waiting"}, "contact": {"waiting"}, "linked": {"waiting"},
        "escalation": {"waiting"}, "hours": {"waiting"}, "worked": {"waiting"}, "material": {"waiting"},
        "assigned": {"assigned"}, "passed-on": {"assigned"}, "merged": {"merged"}, "resumed": {"in_progress"},
    },
    "solved": {
        "classified": {"solved"}, "assessed": {"solved"}, "worked": {"solved"},
        "contact": {"solved"}, "linked": {"solved"}, "escalation": {"solved"}, "hours": {"solved"},
        "material": {"solved"}, "retested": {"solved", "in_progress"}, "confirmed": {"solved", "in_progress"},
        "closed": {"closed"}, "reopened": {"in_progress"},
    },
    "closed": {"reopened": {"in_progress"}},
    "merged": {},
}  # fmt: skip
for _state in ("new", "assigned", "in_progress", "waiting", "solved", "closed"):
    for _kind in ("mail-received", "mail-sent", "mail-returned", "mail-read", "data-leak", "leak-told"):
        MOVES[_state][_kind] = {_state}
MOVES["merged"]["mail-returned"] = {"merged"}
"""What may follow from which state, written down a second time: the tables of the package are held against it."""

VARIANTS: dict[str, list[dict[str, Any]]] = {
    "retested": [{"result": "fail", "reason": "nog steeds"}, {"result": "not_needed", "reason": "alleen uitleg"}],
    "confirmed": [{"satisfied": "no"}, {"satisfied": "not_reached"}],
    "classified": [{"impact": "1", "urgency": "1", "lesson": "yes"}, {"impact": "3", "urgency": "3"}],
    "assessed": [{"can_solve": "no", "reason": "geen rechten"}],
    "material": [{"none": "yes"}],
}


def events() -> st.SearchStrategy[tuple[str, dict[str, Any], str]]:
    """An event with its content and who adds it."""
    contents = [(kind, data) for kind, data in EVENTS.items()]
    contents += [(kind, data) for kind, datas in VARIANTS.items() for data in datas]
    people = st.sampled_from([TECHNICIAN, COLLEAGUE])
    return st.tuples(st.sampled_from(contents), people).map(lambda drawn: (*drawn[0], drawn[1]))


def derived(entries: tuple[Entry, ...]) -> Record:
    return derive_folded(Run(), "", entries)


def attempt(desk: Desk, kind: str, by: str, data: dict[str, Any]) -> str | None:
    """Add an event; the code of the refusal, when it is refused."""
    try:
        desk.add(kind, by, **data)
    except OpleverError as refusal:
        return refusal.slug
    return None


@settings(max_examples=120)
@given(st.lists(events(), max_size=25))
def test_commands_bring_a_case_nowhere_else_than_the_table_allows(
    steps: list[tuple[str, dict[str, Any], str]],
) -> None:
    desk = Desk()
    for kind, data, by in steps:
        before, state = desk.sources, desk.record.status
        refusal = attempt(desk, kind, by, data)
        if refusal is None:
            assert desk.record.status in MOVES[state].get(kind, set()), (state, kind)
        else:
            assert refusal in ("incident-state", "incident-open-ends", "decision-by-executor", "entry-invalid")
            assert (refusal == "incident-state") == (kind not in MOVES[state]), (state, kind)
            assert desk.sources is before
    assert desk.case.void == ()
    assert derived(desk.sources.entries) == desk.record


@settings(max_examples=120)
@given(st.lists(events(), max_size=25))
def test_lines_that_do_not_fit_change_nothing_and_are_named(steps: list[tuple[str, dict[str, Any], str]]) -> None:
    """A file may hold anything: somebody edited it, or two desks wrote it without knowing of each other."""
    desk = Desk()
    entries = desk.sources.entries
    for number, (kind, data, by) in enumerate(steps):
        desk.minute = 10.0 + number
        before = derived(entries)
        entries = (*entries, desk.entry(kind, by, **data))
        after = derived(entries)
        assert after.document.revision == before.document.revision + 1
        assert after.status in MOVES[before.status].get(kind, set()) | {before.status}
        if kind not in MOVES[before.status] and kind not in ("hours", "escalation"):
            assert after.incident is not None
            assert after.incident.void[-1] == after.document.revision
            assert after.status == before.status
    assert derived(entries) == derived(tuple(entries))


@settings(max_examples=60)
@given(st.lists(events(), max_size=8), st.lists(events(), max_size=8))
def test_what_two_desks_wrote_apart_is_kept_of_both(
    first: list[tuple[str, dict[str, Any], str]], second: list[tuple[str, dict[str, Any], str]]
) -> None:
    desk = Desk()
    apart = []
    for place, steps in enumerate((first, second)):
        for number, (kind, data, by) in enumerate(steps):
            desk.minute = 10 + number * 2 + place
            apart.append(desk.entry(kind, by, **data))
    record = derived((*desk.sources.entries, *sorted(apart, key=lambda entry: entry.at)))
    history = [line.at for line in record.document.history[len(desk.sources.entries) :]]
    assert history == sorted(entry.at for entry in apart)
    the_other_way = [*apart[len(first) :], *apart[: len(first)]]
    assert record == derived((*desk.sources.entries, *sorted(the_other_way, key=lambda entry: entry.at)))


def test_every_event_has_a_command_or_comes_with_the_report() -> None:
    assert {kind.tag() for kind in DECLARED} - set(COMMANDS) == {
        "rules", "reported", "mail-received", "mail-sent", "mail-returned",
    }  # fmt: skip
    assert all(registry.entry_kind(kind) for kind in COMMANDS)


def refused(desk: Desk, kind: str, by: str = TECHNICIAN, **data: Any) -> OpleverError:
    with pytest.raises(OpleverError) as refusal:
        desk.add(kind, by, **data)
    return refusal.value


def test_a_refusal_says_what_is_possible_now() -> None:
    refusal = refused(Desk(), "solved", **EVENTS["solved"])
    assert refusal.slug == "incident-state"
    assert "is new: solve is not possible now" in refusal.message
    assert "take, assign, pass" in refusal.advice
    assert 'heeft de toestand "nieuw": solve kan nu niet' in refusal.in_language(Translator("nl")).message
    closed = Desk().add_all(*UNTIL_CLOSED)
    for kind in ("hours", "worked", "acceptance"):
        data = {"user": USER, "verdict": "accepted"} if kind == "acceptance" else EVENTS[kind]
        assert refused(closed, kind, **data).slug == "incident-state", kind
    assert "reopen" in refused(closed, "hours", **EVENTS["hours"]).advice


@pytest.mark.parametrize("left_out", [kind for kind in UNTIL_CLOSED if kind not in ("taken", "solved", "closed")])
def test_a_case_is_not_closed_while_something_is_missing(left_out: str) -> None:
    desk = Desk().add_all(*(kind for kind in UNTIL_CLOSED if kind not in (left_out, "closed")))
    refusal = refused(desk, "closed")
    assert refusal.slug == "incident-open-ends"
    [line] = refusal.details
    assert f"oplever incident {COMMANDS[left_out]}" in line
    assert desk.add_all(left_out).add("closed").record.status == "closed"


@pytest.mark.parametrize("kind", ["retested", "confirmed"])
def test_what_was_tested_or_confirmed_before_the_last_solution_does_not_count(kind: str) -> None:
    desk = Desk().add_all(*UNTIL_SOLVED, "retested", "confirmed", "reopened", "solved")
    refusal = refused(desk, "closed")
    assert len(refusal.details) == 2
    desk.add_all(*({"retested", "confirmed"} - {kind}))
    assert f"incident {COMMANDS[kind]}" in refused(desk, "closed").details[0]


def test_nobody_confirms_his_own_work() -> None:
    desk = Desk().add_all(*UNTIL_SOLVED, "retested")
    for name in ("S. Yilmaz", "Yilmaz, S.", "s.yilmaz@school.example"):
        assert refused(desk, "confirmed", user=name, satisfied="yes").slug == "decision-by-executor"
    assert refused(desk, "confirmed", satisfied="not_applicable").slug == "entry-invalid"
    assert desk.add("confirmed", satisfied="yes").case.confirmations[-1].user == USER


def test_who_solves_what_he_reported_himself_has_no_user_to_ask() -> None:
    desk = Desk(reporter=TECHNICIAN).add_all(*UNTIL_SOLVED, "retested")
    assert refused(desk, "confirmed", satisfied="yes").slug == "decision-by-executor"
    desk.add("confirmed", satisfied="not_applicable").add("closed")
    assert [reason.code for reason in desk.record.document.reasons] == ["case_without_user", "case_test_stated"]


def test_who_worked_on_a_case_does_not_approve_it() -> None:
    desk = Desk().add_all(*UNTIL_SOLVED)
    desk.add("reopened", reason="nog niet goed").add("taken", COLLEAGUE).add("worked", COLLEAGUE, activity="herstart")
    for name in (TECHNICIAN, COLLEAGUE):
        assert refused(desk, "decision", name, decision="approved").slug == "decision-by-executor"
    assert desk.add("decision", SUPERVISOR, decision="approved").record.accountability.decision == "approved"


def test_the_priority_follows_from_impact_and_urgency() -> None:
    desk = Desk()
    assert desk.case.priority is None
    assert [desk.add("classified", impact=i, urgency=u).case.priority for i in "123" for u in "123"] == [
        1, 2, 3, 2, 3, 4, 3, 4, 4,
    ]  # fmt: skip
    assert desk.add("classified", impact="2", urgency="2", lesson="yes").case.priority == 2
    assert desk.add("classified", impact="1", urgency="1", lesson="yes").case.priority == 1


def test_another_priority_needs_a_reason_and_is_told() -> None:
    desk = Desk()
    assert "reason" in refused(desk, "classified", impact="3", urgency="3", priority="1").message
    desk.add("classified", impact="3", urgency="3", priority="1", reason="eindexamen")
    assert desk.case.priority == 1
    assert ("case_priority_set", {"reason": "eindexamen"}) in [(r.code, r.params) for r in desk.record.document.reasons]


def test_a_corrected_classification_gives_the_priority_it_should_have_had() -> None:
    desk = Desk().add("classified", impact="1", urgency="1")
    revision = desk.record.document.revision
    desk.add("correction", field=f"entry.{revision}.impact", value="3", reason="alleen deze docent")
    assert (desk.case.priority, desk.case.due) == (3, desk.add("linked", **EVENTS["linked"]).case.due)
    desk.add("correction", field=f"entry.{revision}", reason="verkeerde melding")
    assert (desk.case.priority, desk.case.due) == (None, None)


def test_time_limits_by_the_calendar() -> None:
    desk = Desk().add("classified", impact="2", urgency="2", after=0)  # priority 3: 4 h and 1 day of 8 h
    assert [state.due for state in desk.case.targets] == ["2026-11-23T12:02:00.000000Z", "2026-11-24T07:02:00.000000Z"]
    assert desk.case.due == "2026-11-23T12:02:00.000000Z"
    desk.add("contact", after=30, **EVENTS["contact"])
    assert (desk.case.targets[0].in_time, desk.case.due) == (True, "2026-11-24T07:02:00.000000Z")


def test_a_changed_priority_counts_from_the_start() -> None:
    desk = Desk().add("classified", impact="3", urgency="3").add("classified", impact="1", urgency="1", after=60)
    assert [state.due for state in desk.case.targets] == ["2026-11-23T08:17:00.000000Z", "2026-11-23T10:02:00.000000Z"]


def test_waiting_stops_the_clock_of_the_solution_and_reopening_lets_it_go_on() -> None:
    desk = Desk().add("classified", impact="1", urgency="1", after=0).add("taken", after=8)  # 8 of 120 minutes
    desk.add("waiting", after=0, on="user", reason="antwoord")
    assert (desk.case.targets[1].due, desk.case.due) == (None, None)
    desk.add("resumed", after=60)
    assert desk.case.targets[1].due == "2026-11-23T11:02:00.000000Z"
    desk.add("solved", after=12, **EVENTS["solved"])
    assert desk.case.targets[1].in_time is True
    desk.add("reopened", after=120, reason="nee")
    assert (desk.case.targets[1].reached, desk.case.targets[1].due) == (None, "2026-11-23T13:02:00.000000Z")


def test_a_clock_that_was_set_back_gives_no_time_back() -> None:
    desk = Desk().add("classified", impact="1", urgency="1", after=0).add("taken", after=28)
    desk.add("waiting", after=0, on="user", reason="antwoord")
    due_before = "2026-11-23T10:02:00.000000Z"
    assert desk.add("resumed", after=-20).case.targets[1].due == due_before


def test_a_failed_retest_and_an_unsatisfied_user_bring_a_case_back_to_work() -> None:
    desk = Desk().add_all(*UNTIL_SOLVED).add("retested", result="fail", reason="niets")
    assert desk.record.status == "in_progress"
    desk.add_all("solved").add("confirmed", satisfied="no")
    assert desk.record.status == "in_progress"


def test_how_far_a_case_came() -> None:
    desk = Desk()
    stages = [(desk.record.stage, desk.record.verdict)]
    for kind in UNTIL_CLOSED:
        desk.add_all(kind)
        stages.append((desk.record.stage, desk.record.verdict))
    desk.add("report", to=SUPERVISOR).add("decision", SUPERVISOR, decision="approved")
    stages.append((desk.record.stage, desk.record.verdict))
    assert list(dict.fromkeys(stages)) == [
        ("nothing_done", "not_delivered"),
        ("started", "not_delivered"),
        ("carried_out", "not_delivered"),
        ("tested", "not_delivered"),
        ("accepted", "not_delivered"),
        ("accepted", "delivered_with_remarks"),
        ("approved", "delivered_with_remarks"),
    ]
    assert desk.record.completeness.missing == ()


def test_a_report_after_a_rejection_asks_for_another_decision() -> None:
    desk = Desk().add_all(*UNTIL_CLOSED).add("report", to=SUPERVISOR)
    desk.add("decision", SUPERVISOR, decision="rejected", remarks="bel de docent")
    assert desk.record.completeness.missing == ()
    desk.add("report", to=SUPERVISOR)
    assert [missing.code for missing in desk.record.completeness.missing] == ["decision_missing"]
    assert desk.add("decision", SUPERVISOR, decision="approved").record.completeness.missing == ()


def test_a_case_is_passed_on_to_who_is_authorised() -> None:
    category = Category(Text("Account", "Account"), needs="accounts")
    rules = structs.replace(
        defaults(),
        categories={"account": category},
        authorised={"accounts": Authorisation(("K. Jansen",), "mandaat accountbeheer")},
    )
    desk = Desk(rules, category="account")
    refusal = refused(desk, "passed-on", to=COLLEAGUE, ground="heeft tijd")
    assert (refusal.message, refusal.advice) == (
        f"{COLLEAGUE} is not authorised for this case",
        "authorised are: K. Jansen",
    )
    desk.add("passed-on", to="K. Jansen")
    assert (desk.record.status, desk.case.assignee) == ("assigned", "K. Jansen")
    assert desk.case.moves[-1].ground == "mandaat accountbeheer"
    assert "ground" in refused(Desk(), "passed-on", to=COLLEAGUE).message


def test_who_cannot_solve_it_alone_escalates() -> None:
    desk = Desk().add("assessed", can_solve="no", reason="geen garantie meer")
    codes = [missing.code for missing in desk.record.completeness.missing]
    assert "case_escalation_missing" in codes
    desk.add("escalation", to=SUPERVISOR, message="printer is op", why="not_able", type="hierarchical")
    assert "case_escalation_missing" not in [missing.code for missing in desk.record.completeness.missing]
    [escalation] = desk.record.escalations
    assert (escalation.to, escalation.why, escalation.at) == (SUPERVISOR, "not_able", desk.now())


def test_a_closed_case_is_reopened_within_two_weeks_only() -> None:
    desk = Desk().add_all(*UNTIL_CLOSED)
    refusal = refused(desk, "reopened", after=15 * 24 * 60, reason="weer stuk")
    assert "more than 14 days ago" in refusal.message
    desk.minute -= 2 * 24 * 60
    assert desk.add("reopened", reason="weer stuk").record.status == "in_progress"


def test_what_was_said_before_a_case_was_reopened_is_history() -> None:
    desk = Desk().add_all(*UNTIL_SOLVED, "retested", "confirmed", "reopened", "solved", "confirmed")
    view, t = View.of(desk.record), Translator("en")
    satisfied = [row[0] for block in handling.contacts(view, t) if isinstance(block, Table) for row in block.rows][-2:]
    retests = [row[0] for block in handling.solution(view, t) if isinstance(block, Table) for row in block.rows][-1:]
    marks = [(cell.tone, cell.note) for cell in (*satisfied, *retests)]
    before = ("info", "before it was reopened")
    assert marks == [before, ("good", ""), before]


def test_an_event_that_was_withdrawn_leaves_the_case_where_it_was() -> None:
    desk = Desk().add_all(*UNTIL_SOLVED)
    desk.add("correction", field=f"entry.{desk.record.document.revision}", reason="te vroeg")
    assert desk.record.status == "in_progress"
    taken = 6
    assert desk.record.document.history[taken - 1].what == "taken"
    desk.add("correction", field=f"entry.{taken}", reason="het was P. Visser")
    assert desk.record.status == "new"
    assert desk.case.void == (8, 9)
    assert "case_void" in [reason.code for reason in desk.record.document.reasons]


def test_answers_to_the_questions_of_a_category() -> None:
    rules = structs.replace(
        defaults(),
        categories={"printer": Category(Text("Printer", "Printer"), questions=QUESTIONS)},
    )
    with pytest.raises(OpleverError, match="answers are missing: lamp"):
        Desk(rules, category="printer")
    with pytest.raises(OpleverError, match="none of the choices"):
        Desk(rules, category="printer", answer=["lamp=paars"])
    with pytest.raises(OpleverError, match="no question kleur"):
        Desk(rules, category="printer", answer=["lamp=rood", "kleur=ja"])
    answers = Desk(rules, category="printer", answer=["lamp=rood", "papier=yes"]).case.answers
    assert [(answer.question, answer.answer) for answer in answers] == [("lamp", "rood"), ("papier", "yes")]


def question(identifier: str, **fields: Any) -> Any:
    from oplever.record.model.incident_rules import Question  # noqa: PLC0415

    return Question(identifier, Text("Vraag", "Question"), **fields)


QUESTIONS = (
    question("lamp", type="choice", choices=("rood", "groen"), required=True),
    question("papier", type="yes_no"),
)


@pytest.mark.parametrize(
    ("kind", "data"), [("confirmed", {"satisfied": "no"}), ("retested", {"result": "fail", "reason": "streperig"})]
)
def test_what_is_not_solved_after_all_asks_for_another_solution(kind: str, data: dict[str, str]) -> None:
    desk = Desk().add_all(*UNTIL_SOLVED, "retested")
    by = USER if kind == "confirmed" else TECHNICIAN
    missing = {item.code for item in desk.add(kind, by, **data).record.completeness.missing}
    assert missing >= {"case_solution_missing", "case_retest_missing", "case_confirmation_missing"}
    missing = {item.code for item in desk.add_all("solved").record.completeness.missing}
    assert "case_solution_missing" not in missing
    assert missing >= {"case_retest_missing", "case_confirmation_missing"}


def test_a_team_is_called_by_its_title_and_is_no_person() -> None:
    """What the rules call it among themselves is on no page, and a list of people does not have it."""
    team = Team(Text(nl="Netwerkbeheer", en="Network team"), (COLLEAGUE,))
    desk = Desk(structs.replace(defaults(), teams={"net": team})).add("assigned", to="net")
    layout, t = registry.of(desk.record).layout, Translator("nl")
    facts = dict(layout.facts(desk.record, t))
    assert facts["Wie"].text == "Netwerkbeheer"
    letter = layout.letter(View.of(desk.record), t, NO_PAPER)
    assert letter.rstrip().endswith("Netwerkbeheer")
    kept = extract.of(desk.record)
    of = Readable(Source(desk.record.id, desk.record.document.created, None, None, kept, ""), kept)
    assert record_row(t, of)[4].text == "Netwerkbeheer"
    assert "net" not in set(names_of(of))
    taken = extract.of(desk.add("assigned", to=COLLEAGUE).record)
    assert COLLEAGUE in set(names_of(Readable(of.source, taken)))


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([], "Uw melding is binnen."),
        ([("assigned", {"to": COLLEAGUE})], "Iemand heeft uw melding"),
        ([("taken", {})], "Iemand werkt aan uw melding."),
        ([("taken", {}), ("waiting", {"on": "supplier", "reason": "x"})], "wacht op de leverancier."),
        ([("taken", {}), ("waiting", {"on": "user", "reason": "x"})], "Wij hebben eerst een antwoord van u nodig."),
        ([("merged", EVENTS["merged"])], "Uw melding is dezelfde als een andere."),
    ],
)
def test_a_letter_tells_the_reporter_how_it_stands(events: list[tuple[str, dict[str, Any]]], sentence: str) -> None:
    desk = Desk()
    for kind, data in events:
        desk.add(kind, **data)
    letter = registry.of(desk.record).layout.letter(View.of(desk.record), Translator("nl"), NO_PAPER)
    assert sentence in letter
