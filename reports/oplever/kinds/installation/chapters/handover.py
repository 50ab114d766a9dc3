"""Open points, decisions and signatures, and what is handed over."""

from __future__ import annotations

from collections.abc import Collection

from oplever.kinds.installation.chapters.runs import run_name
from oplever.kinds.installation.stage import changed_since_decision, is_of_decision
from oplever.page.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Group,
    KeyValue,
    Paragraph,
    SignatureLine,
    Signatures,
)
from oplever.page.parts import Blocks, code, pairs, people_named, table
from oplever.page.photos import photos, taken
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.page.vocabulary import ACCEPTANCE, MEANINGS, word
from oplever.record.model import Record, Signature
from oplever.record.persons import same_person


def rest_points(view: View, t: Translator) -> Blocks:
    points = view.record.rest_points
    if not points.items:
        return (
            (Paragraph(t("There are no open points; this was stated explicitly."), "good"),)
            if points.none_stated
            else ()
        )
    rows = [
        (
            Cell(t("done"), "good", note=point.id)
            if point.status == "done"
            else Cell(t("open"), "warn", note=point.id),
            Cell(point.item),
            Cell(point.owner),
            Cell(t.day(point.due)),
            Cell(point.by),
        )
        for point in points.items
    ]
    columns = (
        Column(t("State"), 2),
        Column(t("Open point"), 5),
        Column(t("Owner")),
        Column(t("Due")),
        Column(t("Noted by")),
    )
    return table(t("Open points"), columns, rows)


def consequences(view: View, t: Translator) -> Blocks:
    rows = [
        (Cell(c.solution), Cell(c.maintenance), Cell(c.information_system), Cell(c.by))
        for c in view.record.consequences
    ]
    columns = (
        Column(t("Solution"), 3),
        Column(t("Effect on maintenance"), 4),
        Column(t("Effect on the information system"), 4),
        Column(t("Noted by")),
    )
    return table(t("Consequences"), columns, rows)


def proposals(view: View, t: Translator) -> Blocks:
    section = view.record.proposals
    if not section.items:
        return (
            (Paragraph(t("There are no proposals; this was stated explicitly."), "good"),)
            if section.none_stated
            else ()
        )
    rows = [
        (
            Cell(p.observation, note=t("suggested by Oplever; a person decides") if p.candidate else p.by),
            Cell(p.proposal),
            Cell(word(t, p.process)),
            Cell(p.gain),
            Cell(word(t, p.decision), note=p.reason) if p.decision else Cell(t("no decision yet"), "info"),
        )
        for p in section.items
    ]
    columns = (
        Column(t("Observation"), 4),
        Column(t("Proposal"), 4),
        Column(t("Process")),
        Column(t("Expected gain"), 3),
        Column(t("Decision"), 3),
    )
    return table(t("Improvement proposals"), columns, rows)


def hours(view: View, t: Translator) -> Blocks:
    section = view.record.hours
    rows = [
        (
            Cell(t.day(line.day)),
            Cell(line.person, note=t("recorded by {person}", person=line.by) if line.by else ""),
            Cell(word(t, line.kind)),
            Cell(line.activity, note=run_name(t, line.run)),
            Cell(t.number(line.hours, 2)),
        )
        for line in section.lines
    ]
    columns = (
        Column(t("Day"), 2),
        Column(t("Person"), 2),
        Column(t("Kind"), 2),
        Column(t("Activity"), 4),
        Column(t("Hours spent"), 1, True),
    )
    if not rows:
        return ()
    total = section.hands_on + section.other
    norm = section.norm
    # Travel and waiting are no work that a norm is about, and before anybody gave hours there is nothing to compare.
    has_work = any(line.kind != "machine" for line in section.lines)
    ratio = t("{percent}% of the norm", percent=t.number(100 * section.hands_on / norm)) if norm and has_work else ""
    sums = pairs(
        (t("Machine time"), t.hours(section.machine)),
        (t("Hands-on"), Cell(t.hours(section.hands_on), note=ratio) if has_work else Cell(t("not given yet"), "info")),
        (t("Travel and waiting"), t.hours(section.other) if has_work else None),
        (t("Hours worked in total"), t.hours(total) if has_work else None),
        (t("Norm"), t.hours(norm) if norm is not None else None),
    )
    return (*table(t("Hours"), columns, rows), *sums)


def accountability(view: View, t: Translator) -> Blocks:
    section = view.record.accountability
    decision = {"approved": Cell(t("approved"), "good"), "rejected": Cell(t("rejected"), "bad")}
    if section.form is None and section.decision is None:
        return ()
    return pairs(
        (t("Form of the report"), word(t, section.form) if section.form else None),
        (t("Reported to"), section.to),
        (t("Date"), t.moment(section.at) if section.at else None),
        (t("Notes of the conversation"), section.minutes),
        (t("Decision"), decision[section.decision] if section.decision else Cell(t("no decision yet"), "warn")),
        (t("Changed since"), _since(view.record, t)),
        (t("Decided by"), section.decided_by),
        (t("Decided on"), t.moment(section.decided_at) if section.decided_at else None),
        (t("Remarks of the supervisor"), section.remarks),
    )


def _since(record: Record, t: Translator) -> Cell | None:
    """A decision is about what stood there then."""
    changed = changed_since_decision(record)
    return Cell(t("revision {old} -> {new}", old=changed[0], new=changed[1]), "warn") if changed else None


def after_care(view: View, t: Translator) -> Blocks:
    section = view.record.handover
    blocks: list[Block] = []
    if section.instructions:
        blocks.append(Group(t("Instructions and manuals"), (Bullets(tuple(Cell(i) for i in section.instructions)),)))
    facts = (
        (t("Warranty"), section.warranty),
        (t("Support"), section.support),
        (t("Maintenance"), section.maintenance),
    )
    return (*blocks, *pairs(*facts))


def annexes(view: View, t: Translator) -> Blocks:
    tools = tuple((name, code(version)) for name, version in view.record.document.tool_versions.items())
    versions: Blocks = (Group(t("Versions of the tools"), (KeyValue(tools),)),) if tools else ()
    return (*attached(view, t), *versions)


def attached(view: View, t: Translator) -> Blocks:
    """Photos, small, and the list of all files that people added."""
    numbers = {annex.sha256: number for number, annex in enumerate(taken(view.record), 1)}
    rows = [
        (
            Cell(
                annex.name,
                note=t("photo {number}", number=numbers[annex.sha256]) if annex.sha256 in numbers else annex.type,
            ),
            Cell(annex.what, note=f"{annex.by} · {t.moment(annex.at)}" if annex.at else ""),
            Cell(t.size(annex.size_bytes)),
            code(annex.sha256),
        )
        for annex in view.record.annexes
    ]
    columns = (Column(t("File"), 3), Column(t("What it is"), 4), Column(t("Size"), 1, True), Column("SHA-256", 5))
    return (*photos(t, view.record), *table(t("Files of this record"), columns, rows))


_SIGN_ROLES = ("executor", "verifier", "supervisor", "user")


def signatures(view: View, t: Translator) -> Blocks:
    return (signing(view, t),)


def signing(view: View, t: Translator, roles: Collection[str] | None = None) -> Signatures:
    """Signatures with a key, and for every role that has none a place to sign on paper, with what was stated for it; of
    these roles alone, or of all of them."""
    signed = [s for s in view.record.signatures if not s.through and (roles is None or s.role in roles)]
    lines = [
        SignatureLine(
            role=role_name(t, s.role),
            meaning=_meaning(t, s),
            name=s.name,
            date=t.moment(s.at),
            digest=s.key,
            note=t("To check whose key this is and that nothing changed: oplever verify"),
        )
        for s in signed
    ]
    of_interest = [role for role in _SIGN_ROLES if roles is None or role in roles]
    open_roles = [role for role in of_interest if role not in {s.role for s in signed}]
    lines += [
        SignatureLine(
            _with_names(role_name(t, role), people_named(view.record, role)),
            t(MEANINGS[role]),
            note=_statement(view.record, t, role),
            drawn=view.record.acceptance.drawn if role == "user" else "",
        )
        for role in open_roles
    ]
    return Signatures(t("Name"), t("Date"), t("Signature"), t("Signed with an SSH key"), tuple(lines))


def _statement(record: Record, t: Translator, role: str) -> str:
    """What was written down for a role that did not sign, and by whom."""
    acceptance, decision = record.acceptance, record.accountability
    if role == "user" and acceptance.verdict:
        verdict = t(ACCEPTANCE[acceptance.verdict][1])
        if acceptance.opened_by:
            signed = t("signed on the screen") if acceptance.drawn else t("signed with a typed name")
            return t(
                "{verdict} by {user} on a page that {person} opened for them, {signed}, not with a key",
                verdict=verdict,
                user=acceptance.user,
                person=acceptance.opened_by,
                signed=signed,
            )
        if same_person(acceptance.user, acceptance.by):
            return t("{verdict}, entered under the name {person}, not signed", verdict=verdict, person=acceptance.by)
        return t(
            "{verdict}, stated by {person} on behalf of {user}, not signed",
            verdict=verdict,
            person=acceptance.by,
            user=acceptance.user,
        )
    if role == "supervisor" and decision.decision:
        verdict = word(t, decision.decision)
        if key := _desk_key(record):
            return t(
                "{verdict} at the desk by {person}, who had logged in; signed with key {key} of the desk, "
                "not with a key of their own",
                verdict=verdict,
                person=decision.decided_by,
                key=key,
            )
        return t("{verdict}, entered under the name {person}, not signed", verdict=verdict, person=decision.decided_by)
    return ""


def _desk_key(record: Record) -> str:
    """The key with which a desk signed the decision for who took it; empty when none did."""
    of_desk = (s for s in record.signatures if s.through and is_of_decision(s, record.accountability))
    return next((signature.key for signature in of_desk), "")


def _meaning(t: Translator, signature: Signature) -> str:
    """A signature with a key keeps to the revision it was put under."""
    meaning = t(MEANINGS.get(signature.meaning, signature.meaning))
    return f"{meaning} ({t('revision {n}', n=signature.revision)})" if signature.revision else meaning


def role_name(t: Translator, role: str) -> str:
    return word(t, role).capitalize()


def _with_names(role: str, names: str) -> str:
    return f"{role}: {names}" if names else role
