"""Frequently asked questions: candidates from closed incidents, and whether the answers still hold.

An answer holds as long as each of its incidents is closed and of its category and guideline, and its proof is so in the
newest record that says anything of it. That is seen when somebody asks, and never stored: it cannot be out of date.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from oplever import clock, store
from oplever.app.add import admit, with_entry
from oplever.app.handouts import reasons
from oplever.app.new import begin, named
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.kinds.faq.entries import FEWEST_CASES, faq_of
from oplever.kinds.incident.states import OPEN
from oplever.messages import M_, Message
from oplever.overview import extract
from oplever.overview.questions import Question
from oplever.record import handout
from oplever.record.fold import Run
from oplever.record.handout import FilledCard
from oplever.record.identity import is_measured, latest
from oplever.record.model import Faq, Record, Test
from oplever.store import Sources
from oplever.store.filters import Filter
from oplever.store.index import Index, open_index
from oplever.store.machine_history import runs_of
from oplever.store.query import extracts
from oplever.store.query import listing as listing_of
from oplever.words import Text

KIND = "faq"
Load = Callable[[str], Record | None]
"""The record of a name; None when it is not there or cannot be read."""


class Candidate(Struct, frozen=True):
    """Closed incidents that were alike: `words` are those of the users, by the name of the incident, newest first."""

    category: str
    guideline: str
    version: str
    words: dict[str, str]


class Listing(Struct, frozen=True):
    questions: tuple[Question, ...]
    candidates: tuple[Candidate, ...]


def listing() -> Listing:
    """Every question, newest first, and what could become one. Raises OpleverError (`store-unusable`, ...)."""
    with open_index() as index:
        questions = every(index)
        live = {(q.faq.category, q.faq.guideline) for q in questions if q.state != "withdrawn"}
        return Listing(questions, tuple(c for c in candidates(index) if (c.category, c.guideline) not in live))


def every(index: Index) -> tuple[Question, ...]:
    """Every question with how it stands now, newest first."""
    load = loader(index)
    names = [row.name for row in listing_of(index, Filter(kind=KIND)) if row.problem is None]
    faqs = ((name, record.faq) for name in names if (record := load(name)))
    return tuple(_standing(index, load, name, faq) for name, faq in faqs if faq)


def loader(index: Index) -> Load:
    @lru_cache(maxsize=64)
    def load(name: str) -> Record | None:
        try:
            return store.load(index.base / name)
        except OpleverError:
            return None

    return load


class _ClosedCase(NamedTuple):
    """An incident that users reported: their words, and the version of the guideline by which it was solved."""

    name: str
    words: str
    version: str


def candidates(index: Index) -> list[Candidate]:
    """Categories and guidelines by which enough incidents were closed, those with most first."""
    groups: dict[tuple[str, str], list[_ClosedCase]] = defaultdict(list)
    for row in reversed(extracts(index)):
        record = extract.decode(row.body).record if row.problem is None else None
        case = record.incident if record and record.status == "closed" else None
        if case is None or not case.solutions or not case.category or case.channel == "machine":
            continue  # not ready, or no user asked anything
        last = case.solutions[-1]
        groups[case.category, last.guideline].append(_ClosedCase(row.name, case.text, last.version))
    large = [
        Candidate(category, guideline, cases[0].version, {case.name: case.words for case in cases})
        for (category, guideline), cases in groups.items()
        if len(cases) >= FEWEST_CASES
    ]
    return sorted(large, key=lambda candidate: (-len(candidate.words), candidate.category, candidate.guideline))


def propose(by: str, data: Mapping[str, Any], *, source: Path, card: str, tests: Iterable[str]) -> tuple[Path, Record]:
    """The directory of a new question and its record. `data` has `category`, `guideline`, `answer`, `language`, and
    optionally `words_of` (an incident, else the newest) and `question` (else its words).

    Raises OpleverError: `entry-invalid` when there are too few closed incidents, or nothing shows the answer;
    `file-unwritable`.
    """
    with open_index() as index:
        candidate = _candidate(candidates(index), str(data["category"]), str(data["guideline"]))
    case = _case_with_words(candidate, str(data.get("words_of") or ""))
    words = candidate.words[case].strip()
    question = str(data.get("question") or words).strip()
    delivered = store.load(source)
    content = {
        "question": question,
        "answer": data["answer"],
        "language": data["language"],
        "category": candidate.category,
        "guideline": candidate.guideline,
        "guideline_version": candidate.version or None,
        "cases": list(candidate.words),
        "words_of": case,
        "is_edited": question != words,
        "source": source.name,
        "source_digest": delivered.document.journal_digest or None,
        **_proof(delivered, card, list(tests)),
    }
    return _begin(store.records_directory(), by, question, content)


def _case_with_words(candidate: Candidate, name: str) -> str:
    """The incident whose words are the question: the one of this name, else the newest."""
    if name and name not in candidate.words:
        raise OpleverError(
            "entry-invalid",
            M_("{case} is not among its incidents", case=name),
            M_("choose: {choices}", choices=", ".join(candidate.words)),
        )
    return name or next(iter(candidate.words))


def _begin(base: Path, by: str, question: str, content: dict[str, Any]) -> tuple[Path, Record]:
    name, at = named(KIND), clock.now()
    opened = {"record": name, "kind": KIND, "title": question, "work_process": "3.1"}
    sources = Sources(Run(), "", (registry.LOG.make("opened", by, at, opened),))
    sources = with_entry(sources, registry.LOG.make("faq-proposed", by, at, content))
    return begin(base, name, sources.entries)


def _candidate(choices: list[Candidate], category: str, guideline: str) -> Candidate:
    for candidate in choices:
        if (candidate.category, candidate.guideline) == (category, guideline):
            return candidate
    present = "; ".join(f"{c.category} / {c.guideline} ({len(c.words)})" for c in choices) or M_("none")
    raise OpleverError(
        "entry-invalid",
        M_(
            "fewer than {count} incidents of {category} were closed by {guideline}",
            count=FEWEST_CASES, category=category, guideline=guideline,
        ),
        M_("there are: {present}", present=present),
    )  # fmt: skip


def _proof(record: Record, card: str, tests: list[str]) -> dict[str, Any]:
    """The card and the tests by which an answer is bound; each has to hold in the record that is named."""
    if not card:
        for name in tests:
            problem = _test_problem(record, name)
            if problem:
                raise OpleverError("entry-invalid", problem, M_("repair it and test again, then propose it"))
        return {"tests": tests}
    cards = handout.find(record, card)
    if len(cards) != 1:
        left_out = tuple(left for left in handout.handouts(record).left_out if left.card == card)
        raise OpleverError(
            "entry-invalid",
            M_("{record} has no handout {card}", record=record.id, card=card)
            if not cards
            else M_("{record} has {count} versions of {card}", record=record.id, count=len(cards), card=card),
            M_("name another handout, or a test: --test 'web1 dokuwiki.page'"),
            reasons(left_out),
        )
    proving = [f"{test.host} {test.id}" for test in handout.proving(record, cards[0])]
    return {"card": card, "version": cards[0].digest, "tests": [*tests, *proving]}


def add(directory: Path, kind: str, by: str, data: Mapping[str, Any]) -> Record:
    """The question with one more entry. Raises OpleverError: `entry-invalid`, `decision-by-executor`,
    `record-unknown`, and what `admit` raises."""
    faq_of(store.load(directory))
    return admit(directory, [registry.LOG.make(kind, by, clock.now(), dict(data))])


def accept(directory: Path, by: str, remark: str = "") -> Record:
    """The question, accepted. Raises OpleverError (`entry-invalid`) when its answer no longer holds, and as `add`."""
    with open_index() as index:
        question = _standing(index, loader(index), directory.name, faq_of(store.load(directory)))
    if question.lapsed:
        raise OpleverError(
            "entry-invalid",
            M_("the answer of {name} does not hold", name=directory.name),
            M_("withdraw it: oplever faq withdraw {name}", name=directory.name),
            question.lapsed,
        )
    return add(directory, "faq-accepted", by, {"remark": remark or None})


def withdraw_lapsed(by: str) -> tuple[Question, ...]:
    """Withdraw every question that no longer holds, with the reason. Raises OpleverError, as `add`."""
    lapsed = tuple(q for q in listing().questions if q.lapsed and q.state != "withdrawn")
    for question in lapsed:
        reasons = "; ".join(map(str, question.lapsed))
        add(store.find(question.name), "faq-withdrawn", by, {"reason": reasons})
    return lapsed


def _standing(index: Index, load: Load, name: str, faq: Faq) -> Question:
    if faq.withdrawn_at:
        return Question(name, faq, "withdrawn")
    cases = {case: load(case) for case in faq.cases}
    lapsed = [problem for case, record in cases.items() if (problem := _case_problem(record, case, faq))]
    card, problem = _card_now(index, load, faq) if faq.card else (None, None)
    lapsed += [problem] if problem else []
    lapsed += [problem for test in faq.tests if (problem := _proof_problem(index, load, test))]
    state: Literal["proposed", "accepted"] = "accepted" if faq.accepted_at else "proposed"
    return Question(name, faq, state, tuple(lapsed), _steps(card, faq), _category(cases.values()))


def _steps(card: FilledCard | None, faq: Faq) -> tuple[str, ...]:
    """What a user does; what only administrators do is not for the page of users."""
    if card is None or not set(card.audiences) - {"administrator"}:
        return ()
    return tuple((step.do.nl if faq.language == "nl" else step.do.en) for step in card.steps)


def _category(cases: Iterable[Record | None]) -> Text | None:
    rules = (record.incident.rule for record in cases if record and record.incident)
    return next((category.title for category in rules if category), None)


def _case_problem(record: Record | None, name: str, faq: Faq) -> Message | None:
    """Why an incident no longer supports the question."""
    if record is None or record.incident is None:
        return M_("the incident {name} is not here any more", name=name)
    if record.status in OPEN:
        return M_("the incident {name} was reopened", name=name)
    if record.status != "closed":
        return M_("the incident {name} is not closed", name=name)
    case = record.incident
    if case.category != faq.category or not case.solutions or case.solutions[-1].guideline != faq.guideline:
        return M_("the incident {name} is of another category or guideline now", name=name)
    if name == faq.words_of and not faq.is_edited and case.text.strip() != faq.question:
        return M_("the words of the incident {name} were changed", name=name)
    return None


def _card_now(index: Index, load: Load, faq: Faq) -> tuple[FilledCard | None, Message | None]:
    """The handout as the newest record has it that has it, and what is wrong with it."""
    for name in _runs(index, faq.tests):
        record = load(name)
        cards = handout.find(record, faq.card) if record else ()
        if cards:
            same = next((card for card in cards if card.digest == faq.version), None)
            changed = M_("the handout {card} says something else in {name}", card=faq.card, name=name)
            return (same, None) if same else (cards[0], changed)
    return None, M_("no record has the handout {card} any more", card=faq.card)


def _runs(index: Index, tests: Iterable[str]) -> list[str]:
    """Records of the machines of these tests, newest first."""
    hosts = dict.fromkeys(test.partition(" ")[0] for test in tests)
    names = dict.fromkeys(name for host in hosts for name in runs_of(index, host))
    return sorted(names, reverse=True) if len(hosts) > 1 else list(names)


def _proof_problem(index: Index, load: Load, test: str) -> Message | None:
    """What the newest record that tested it says against it; None when it passed there."""
    for name in runs_of(index, test.partition(" ")[0]):
        record = load(name)
        if record and _results(record, test):
            return _test_problem(record, test)
    return M_("no record has the test {test} any more", test=test)


def _results(record: Record, name: str) -> list[Test]:
    """The last results of a test, which is named by its machine and id; of several suites there can be more."""
    return [t for t in latest(record.tests) if f"{t.host} {t.id}" == name and is_measured(t)]


def _test_problem(record: Record, name: str) -> Message | None:
    results = _results(record, name)
    if not results:
        return M_("{record} has no test {test}", record=record.id, test=name)
    if any(test.status != "pass" for test in results):
        return M_("the test {test} does not pass in {record}", test=name, record=record.id)
    return None
