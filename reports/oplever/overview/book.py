"""Which pages there are, and the frame around each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from msgspec import Struct, structs

from oplever.overview import paths
from oplever.overview.collection import Collection, Life
from oplever.overview.pages import faq, handouts, lists, machines, people, records, start, trends
from oplever.overview.sources import Source, Visit
from oplever.overview.tree import Link, Part, Sheet
from oplever.page import document
from oplever.page.translator import N_, Translator
from oplever.words import Language

Parts = Callable[[Collection, Translator], tuple[Part, ...]]

MENU: dict[str, tuple[str, Parts]] = {
    "index": (N_("Start"), start.start),
    "waiting": (N_("What waits for whom"), start.waiting),
    "records": (N_("Records"), records.records),
    "machines": (N_("Machines"), machines.machines),
    "rooms": (N_("Rooms and groups"), machines.rooms),
    "people": (N_("People"), people.people),
    "incidents": (N_("Incidents"), lists.incidents),
    "handouts": (N_("How to use it"), handouts.handouts),
    "faq": (N_("Frequently asked questions"), faq.faq),
    "points": (N_("Open points"), lists.points),
    "exceptions": (N_("Exceptions"), lists.exceptions),
    "failing": (N_("Failing tests and controls"), lists.failing),
    "hours": (N_("Hours"), people.hours),
    "decisions": (N_("Decisions and proposals"), lists.decisions),
    "trends": (N_("Trends"), trends.trends),
    "search": (N_("Search"), records.search),
}
"""Pages that the menu leads to, in its order, with what is on them."""
_LANGUAGE_NAMES: dict[Language, str] = {"nl": "Nederlands", "en": "English"}


class Leaf(Struct, frozen=True):
    """A page to be made: `draw` gives it in one language. `basis` changes whenever it does; empty where it has to be
    made to know."""

    page: str
    basis: str
    draw: Callable[[Translator], Sheet]


def leaves(collection: Collection) -> Iterator[Leaf]:
    """Every page, the start page last: nothing that it leads to is missing when it is there."""
    for name in collection.months:
        yield Leaf(paths.month(name), _digest(collection.months[name]), partial(_month, collection, name))
    for life in collection.lives.values():
        yield from _machine_leaves(collection, life)
    for name in collection.groups:
        yield Leaf(paths.group(name), "", partial(_room, collection, name))
    for name in collection.people:
        yield Leaf(paths.person(name), "", partial(_person, collection, name))
    for page in reversed(MENU):
        yield Leaf(page, "", partial(_menu_page, collection, page))


def _machine_leaves(collection: Collection, life: Life) -> Iterator[Leaf]:
    """The page of a machine shows what is open today; its older history depends on the records in it alone."""
    history = machines.parts_of(life)
    for number, visits in enumerate(history[:-1], 1):
        basis = _digest(visit.of.source for visit in visits)
        yield Leaf(paths.machine(life.host, number), basis, partial(_older, collection, life, number, visits))
    cases = [of.source for of in collection.open_incidents if of.record.case.machine == life.host]
    basis = _digest([visit.of.source for visit in life.visits] + cases) + collection.today
    yield Leaf(paths.machine(life.host), basis, partial(_machine, collection, life))


def _digest(sources: Iterable[Source]) -> str:
    return hashlib.sha256("".join(source.digest for source in sources).encode()).hexdigest()


def _menu_page(collection: Collection, page: str, t: Translator) -> Sheet:
    title, build = MENU[page]
    facts = start.figures(collection, t) if page == "index" else ()
    name = t("Overview of all records") if page == "index" else t(title)
    sheet = _sheet(collection, t, page, name, build(collection, t))
    return structs.replace(sheet, facts=facts, is_packed=page == "search")


def _month(collection: Collection, name: str, t: Translator) -> Sheet:
    parts = records.month(collection, t, name)
    sheet = _sheet(collection, t, paths.month(name), t("Records of {month}", month=t.month(name)), parts)
    return _below(sheet, "records")


def _machine(collection: Collection, life: Life, t: Translator) -> Sheet:
    parts = machines.machine(collection, t, life)
    return _below(_sheet(collection, t, paths.machine(life.host), life.host, parts), "machines")


def _older(collection: Collection, life: Life, number: int, visits: list[Visit], t: Translator) -> Sheet:
    title = t("{machine}: older history", machine=life.host)
    page = paths.machine(life.host, number)
    sheet = _sheet(collection, t, page, title, machines.older(t, visits))
    return structs.replace(sheet, up=Link(life.host, paths.file(paths.machine(life.host), t.language)))


def _room(collection: Collection, name: str, t: Translator) -> Sheet:
    sheet = _sheet(collection, t, paths.group(name), name, machines.room(collection, t, name))
    return structs.replace(_below(sheet, "rooms"), poster=True)


def _person(collection: Collection, name: str, t: Translator) -> Sheet:
    return _below(_sheet(collection, t, paths.person(name), name, people.person(collection, t, name)), "people")


def _below(sheet: Sheet, page: str) -> Sheet:
    """The sheet as part of a page of the menu."""
    return structs.replace(sheet, up=next(link for link, name in zip(sheet.menu, MENU, strict=True) if name == page))


def _sheet(collection: Collection, t: Translator, page: str, title: str, parts: tuple[Part, ...]) -> Sheet:
    """A page in its frame."""
    language: Language = "en" if t.language == "nl" else "nl"
    menu = tuple(
        Link(t(words), paths.file(name, t.language), is_here=name == page) for name, (words, _) in MENU.items()
    )
    return Sheet(
        language=t.language,
        title=title,
        kind=t("Overview of all records"),
        facts=(),
        menu=menu,
        up=None,
        other=Link(_LANGUAGE_NAMES[language], paths.file(page, language)),
        feed=Link(t("Feed of the newest records"), paths.feed(t.language)),
        parts=tuple(structs.replace(part, blocks=document.named(part.title, part.blocks)) for part in parts),
        notes=(
            t("Computed from the records; nothing was retyped."),
            t("Times are in time zone {zone}.", zone=t.zone),
            t("Searching and filtering need a script; everything else works without."),
        ),
        labels={
            **document.labels(t, ""),
            "contents": t("Pages"),
            "up": t("Part of"),
            "language": t("In the other language"),
            "no_script": t("To search, this page needs a script. Without it, look on the pages by month."),
        },
        organisation=collection.organisation,
    )
