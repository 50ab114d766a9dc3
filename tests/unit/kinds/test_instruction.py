"""An instruction: what it cannot do without, how far it came, and who may say what of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from oplever import clock
from oplever.app.add import with_entry
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.kinds.documents import build
from oplever.kinds.instruction.entries import ENTRIES
from oplever.overview import extract
from oplever.overview.sources import Readable, Source
from oplever.overview.waiting import waits
from oplever.page.document import NO_PAPER
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.entries.fields import fields
from oplever.record.fold import Run
from oplever.record.model import Language, Record
from oplever.render import markdown
from oplever.store import Sources

TEACHER, USER, SUPERVISOR = "S. Yilmaz", "J. Bakker", "M. de Wit"
WHO, OTHER = "P-0123456789", "P-abcdef0123"
BEGIN = datetime(2026, 11, 24, 9, tzinfo=UTC)
CARD = {
    "card": "dokuwiki/open", "source": "20261123T100000Z-site-e00002", "version": "ab" * 32, "steps": 3,
    "ease": 82.0,
}  # fmt: skip


class Room:
    """An instruction in memory; every entry is checked as the commands check it."""

    def __init__(self) -> None:
        self.minute = 0
        opened = {"record": "20261124T090000Z-instruction-ab0001", "kind": "instruction", "title": "Wiki"}
        line = registry.LOG.make("opened", TEACHER, self.now(), {**opened, "work_process": "3.1"})
        self.sources = Sources(Run(), "", (line,))

    def now(self) -> str:
        return clock.written(BEGIN + timedelta(minutes=self.minute))

    def add(self, kind: str, by: str = TEACHER, **data: Any) -> Room:
        self.minute += 1
        self.sources = with_entry(self.sources, registry.LOG.make(kind, by, self.now(), data))
        return self

    def given(self) -> Room:
        self.add("instructed", day="2026-11-24", place="0.14").add("attended", who=WHO, audience="teacher")
        return self.add("explained", subject="De wiki openen", **CARD)

    def understood(self, judged: str = "understood") -> Room:
        return self.add("asked-back", subject="S1", who=WHO, question="Hoe?", answer="Met het adres.", judged=judged)

    def understood_of_all(self) -> Room:
        """Of each subject that was explained until now, by the one attendee."""
        if not self.record.instruction or not self.record.instruction.attendees:
            self.add("instructed", day="2026-11-24").add("attended", who=WHO)
        for subject in self.record.instruction.subjects if self.record.instruction else ():
            self.add("asked-back", subject=subject.id, who=WHO, question="Hoe?", answer="Zo.", judged="understood")
        return self

    def reviewed(self, verdict: str = "clear") -> Room:
        return self.add("reviewed", card="dokuwiki/open", user=USER, verdict=verdict, remark="de knop heet anders")

    def complete(self) -> Room:
        self.given().understood().reviewed().add("supported", none=True).add("none", what="rest_points")
        return self.add("report", to=SUPERVISOR).add("decision", by=SUPERVISOR, decision="approved")

    @property
    def record(self) -> Record:
        return self.sources.record()

    @property
    def missing(self) -> set[str]:
        return {thing.code for thing in self.record.completeness.missing}

    @property
    def reasons(self) -> dict[str, Any]:
        return {reason.code: reason.params for reason in self.record.document.reasons}


def refused(room: Room, kind: str, by: str = TEACHER, **data: Any) -> OpleverError:
    with pytest.raises(OpleverError) as problem:
        room.add(kind, by, **data)
    return problem.value


def test_what_is_missing_goes_with_the_entry_that_supplies_it_and_with_nothing_else() -> None:
    """Each obligation of 3.1 is open until what it asks for is there."""
    room = Room()
    asked = {thing.code: thing.obligations for thing in room.record.completeness.missing}
    assert {code for code, ids in asked.items() if "3.1-02" in ids} == {
        "instruction_missing", "attendees_missing", "subjects_missing", "understood_missing",
    }  # fmt: skip
    assert {obligation for ids in asked.values() for obligation in ids} == {
        "3.1-01", "3.1-02", "3.1-03", "3.1-05",
    }  # fmt: skip
    steps: list[tuple[set[str], str, dict[str, Any]]] = [
        ({"instruction_missing"}, "instructed", {"day": "2026-11-24"}),
        ({"attendees_missing"}, "attended", {"who": WHO}),
        ({"subjects_missing"}, "explained", {"subject": "Inloggen"}),
        ({"handout_missing"}, "explained", {"subject": "Openen", **CARD}),
        (set(), "asked-back", {"subject": "S1", "who": WHO, "question": "?", "answer": "a", "judged": "understood"}),
        ({"understood_missing"}, "asked-back",
         {"subject": "S2", "who": WHO, "question": "?", "answer": "a", "judged": "partly"}),
        ({"review_missing"}, "reviewed", {"card": "dokuwiki/open", "user": USER, "verdict": "clear"}),
        ({"support_missing"}, "supported", {"user": USER, "question": "Waar?", "answer": "Daar."}),
        ({"rest_points_missing"}, "none", {"what": "rest_points"}),
        ({"report_missing"}, "report", {"to": SUPERVISOR}),
    ]  # fmt: skip
    for supplied, kind, data in steps:
        before = room.missing
        room.add(kind, **data)
        assert before - room.missing == supplied, kind
    room.add("decision", by=SUPERVISOR, decision="approved")
    assert room.missing == set()
    assert room.record.completeness.complete


def test_stages_follow_what_was_shown() -> None:
    room = Room()
    stages = [room.record.stage]
    for step in (room.given, room.understood, room.reviewed):
        stages.append(step().record.stage)
    room.add("report", to=SUPERVISOR).add("decision", by=SUPERVISOR, decision="approved")
    stages.append(room.record.stage)
    assert stages == ["nothing_done", "carried_out", "tested", "accepted", "approved"]
    assert (room.record.verdict, room.reasons) == ("delivered", {})


def test_what_nobody_was_asked_about_is_not_in_order() -> None:
    room = Room().given()
    assert (room.record.verdict, room.record.stage) == ("delivered_with_remarks", "carried_out")
    assert room.reasons == {"not_asked_back": {"subjects": ["De wiki openen"]}}
    assert room.understood().reasons == {}


def test_the_last_answer_about_a_subject_counts() -> None:
    room = Room().given().understood("not_understood")
    assert (room.record.verdict, room.record.stage) == ("not_delivered", "carried_out")
    assert room.reasons == {"not_understood": {"subjects": ["De wiki openen"]}}
    assert "understood_missing" in room.missing
    room.understood("partly")
    assert (room.record.verdict, list(room.reasons)) == ("delivered_with_remarks", ["understood_partly"])
    layout = registry.of(room.record).layout
    _, title, sentence = layout.headline(Translator("en"), room.record)
    assert (title, sentence.partition(";")[0]) == ("Understood in part", "Not everything was understood")
    stages = {stage.label: stage.state for stage in layout.verdict(room.record, Translator("en")).stages}
    assert (stages["explained"], stages["understood"]) == ("done", "open")
    assert room.understood().record.verdict == "delivered"


def test_a_handout_that_is_not_clear_has_to_be_reviewed_again() -> None:
    room = Room().given().understood().reviewed("unclear")
    assert room.reasons == {"handout_unclear": {"handouts": ["dokuwiki/open"]}}
    assert "review_missing" in room.missing
    assert room.record.stage == "tested"
    assert room.reviewed().reasons == {}


def test_a_review_says_nothing_about_another_version() -> None:
    room = Room().given().understood().reviewed()
    assert "review_missing" not in room.missing
    room.add("explained", subject="De wiki openen, na de verhuizing", **(CARD | {"version": "cd" * 32}))
    assert "review_missing" in room.missing


def test_a_handout_that_breaks_the_rules_for_cards_is_a_remark() -> None:
    room = Room().add("explained", subject="Openen", **(CARD | {"mistakes": 2}))
    assert room.reasons["handout_mistakes"] == {"handouts": ["dokuwiki/open"]}


def test_nobody_reviews_what_he_explains() -> None:
    room = Room().given()
    for name in (TEACHER, "sevda yilmaz"):
        problem = refused(room, "reviewed", card="dokuwiki/open", user=name, verdict="clear")
        assert problem.slug == "decision-by-executor"
    room.add("instructed", day="2026-11-24", given_by=USER)
    assert refused(room, "reviewed", card="dokuwiki/open", user=USER, verdict="clear").slug == "decision-by-executor"
    assert refused(room, "decision", by=TEACHER, decision="approved").slug == "decision-by-executor"


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("attended", {"who": USER}, "attendees are kept by pseudonym"),
        ("attended", {"who": WHO}, "is on the list already"),
        ("asked-back", {"subject": "S9", "who": WHO, "question": "?", "answer": "a", "judged": "understood"}, "S9"),
        ("asked-back", {"subject": "S1", "who": OTHER, "question": "?", "answer": "a", "judged": "understood"}, OTHER),
        ("reviewed", {"card": "dokuwiki/edit", "user": USER, "verdict": "clear"}, "dokuwiki/edit"),
        ("reviewed", {"card": "dokuwiki/open", "user": USER, "verdict": "unclear"}, "what is not clear"),
        ("supported", {"user": USER, "question": "Waar?"}, "say who asked what"),
        ("supported", {"none": True, "user": USER}, "say who asked what"),
        ("supported", {}, "say who asked what"),
        ("instructed", {"day": "2026-11-30"}, "lies in the future"),
        ("explained", {"subject": "x", "card": "dokuwiki/open"}, "a handout has a version"),
        ("acceptance", {"user": USER, "verdict": "accepted"}, "an instruction takes no acceptance"),
        ("solved", {"solution": "a", "guideline": "b", "version": "1", "cause": "c"}, "an instruction takes no solved"),
    ],
)
def test_what_does_not_fit_is_refused(kind: str, data: dict[str, Any], words: str) -> None:
    problem = refused(Room().given(), kind, **data)
    assert problem.slug == "entry-invalid"
    assert words in problem.message


def test_that_nobody_asked_is_a_statement_that_help_given_later_undoes() -> None:
    room = Room().add("supported", none=True)
    assert "support_missing" not in room.missing
    room.add("supported", user=USER, question="Waar?", answer="Daar.")
    instruction = room.record.instruction
    assert instruction is not None
    assert (instruction.no_support, len(instruction.support)) == (False, 1)
    assert "asked for help" in refused(room, "supported", none=True).message


def test_an_approval_with_open_points_says_that_there_are_remarks() -> None:
    room = Room().given().understood().reviewed()
    room.add("rest-point", item="kaarten ophangen", owner=TEACHER, due="2026-12-01").add("report", to=SUPERVISOR)
    record = room.add("decision", by=SUPERVISOR, decision="approved").record
    tone, title, _ = registry.of(record).layout.headline(Translator("en"), record)
    assert (tone, title) == ("warn", "Instruction approved, with remarks")
    letter = registry.of(record).layout.letter(View.of(record), Translator("en"), NO_PAPER)
    assert "read the remarks." in letter
    assert "Needs attention:\n- Open points: 1.\n" in letter  # there they are


def test_an_approved_instruction_stays_as_it_is() -> None:
    assert refused(Room().complete(), "attended", who=OTHER).slug == "record-approved"


def test_the_supervisor_is_told_and_decides() -> None:
    """Orally with notes or in writing; not by who explained, and anew after a rejection."""
    room = Room().given().understood().reviewed()
    assert {"report_missing", "decision_missing"} <= room.missing
    assert refused(room, "decision", by=TEACHER, decision="approved").slug == "decision-by-executor"
    assert "minutes" in refused(room, "report", to=SUPERVISOR, form="oral").message
    room.add("report", to=SUPERVISOR, form="oral", minutes="alles begrepen")
    assert (room.record.status, "report_missing" in room.missing) == ("submitted", False)
    room.add("decision", by=SUPERVISOR, decision="rejected", remarks="ook de stagiairs")
    assert (room.record.verdict, room.record.status) == ("not_delivered", "rejected")
    room.add("report", to=SUPERVISOR).add("decision", by=SUPERVISOR, decision="approved")
    account = room.record.accountability
    assert (account.decision, account.decided_by, room.record.stage) == ("approved", SUPERVISOR, "approved")


def waiting(record: Record) -> dict[str, list[str]]:
    kept = extract.of(record)
    source = Source(record.id, record.document.created, None, None, kept, "")
    return {wait.who: [item.code for item in wait.missing] for wait in waits(Readable(source, kept))}


def test_it_waits_for_who_can_do_something_now() -> None:
    room = Room().add("instructed", day="2026-11-24")
    assert set(waiting(room.record)) == {"executor"}
    assert set(waiting(Room().given().understood("not_understood").record)) == {"executor"}
    room = Room().given().understood()
    assert waiting(room.record)["user"] == ["review_missing"]
    assert "supervisor" not in waiting(room.record)
    assert waiting(room.reviewed().record)["supervisor"] == ["decision_missing"]
    assert waiting(Room().complete().record) == {}


def test_another_kind_of_record_takes_none_of_its_entries() -> None:
    opened = {"record": "20261124T090000Z-installation-ab0001", "kind": "installation", "title": "Wiki"}
    line = registry.LOG.make("opened", TEACHER, clock.written(BEGIN), {**opened, "work_process": "1.3"})
    sources = Sources(Run(), "", (line,))
    with pytest.raises(OpleverError) as problem:
        with_entry(sources, registry.LOG.make("attended", TEACHER, clock.written(BEGIN), {"who": WHO}))
    assert problem.value.slug == "record-unknown"


def test_every_field_of_an_entry_has_words() -> None:
    assert [(kind.tag(), field.name) for kind in ENTRIES for field in fields(kind) if not field.description] == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", ["Instructie goedgekeurd\n", "voorgedaan", "82", "niet begrepen", "duidelijk", "Waar is mijn pagina?"]),
        ("en", ["Instruction approved\n", "shown", "82", "not understood", "clear", "Waar is mijn pagina?"]),
    ],
)
def test_the_report_tells_everything_that_was_said(language: Language, words: list[str]) -> None:
    room = Room().add("instructed", day="2026-11-23", way="demonstration").given().understood("not_understood")
    room.understood().reviewed().add("supported", user=USER, question="Waar is mijn pagina?", answer="Hier.")
    room.add("none", what="rest_points").add("report", to=SUPERVISOR)
    room.add("decision", by=SUPERVISOR, decision="approved")
    text = markdown.draw(build(room.record, Translator(language))).decode()
    said = (*words, "Met het adres.", WHO, "abababab", "dokuwiki/open", "20261123T100000Z-site-e00002")
    assert [word for word in said if word not in text] == []


def test_the_sheet_to_sign_has_a_line_for_each_and_room_for_more() -> None:
    record = Room().given().add("attended", who=OTHER).record
    page = registry.of(record).layout.forms["attendance"](View.of(record), Translator("nl"), NO_PAPER)
    text = markdown.draw(page).decode()
    assert WHO in text
    assert OTHER in text
    assert "De wiki openen" in text
    rows = next(block for block in page.summary if hasattr(block, "rows")).rows
    assert len(rows) == 12
    assert [row[2].text.strip("\u00a0\n") for row in rows] == [""] * 12, "names are written by hand"


def test_a_card_that_was_mended_and_given_again_counts_as_it_was_given_last() -> None:
    """What was not clear in the version before it, or not by the rules, is over."""
    room = Room().add("explained", subject="De wiki openen", **(CARD | {"mistakes": 1})).understood_of_all()
    room.reviewed("unclear")
    assert set(room.reasons) == {"handout_unclear", "handout_mistakes"}
    room.add("explained", subject="De wiki openen, nieuwe kaart", **(CARD | {"version": "cd" * 32}))
    room.understood_of_all()
    assert (set(room.reasons), "review_missing" in room.missing, room.record.stage) == (set(), True, "tested")
    assert "review_missing" not in room.reviewed().missing
    figures = registry.of(room.record).layout.verdict(room.record, Translator("en")).figures
    assert "2 of 2 subjects understood, 1 attendee, 1 handout." in figures
