"""Everything that `oplever add` takes, in forms of the same declarations, under the name of the account alone."""

from __future__ import annotations

import html
import re
from pathlib import Path

import published
import pytest
from desk_client import SAME_SITE, Browser, files, text
from oplever import store
from oplever.app.complete import lacking
from oplever.app.new import new
from oplever.page.translator import Translator
from oplever.record.entries.fields import typed_fields
from oplever.web.forms import about, label
from oplever.web.views.adding import ADDED

MINIMAL: dict[str, dict[str, str]] = {
    "assignment": {"title": "Wiki voor school"},
    "component": {"host": "web1", "name": "SSD 1 TB", "change": "installed"},
    "step": {"host": "web1", "name": "kast geopend", "status": "ok"},
    "test": {"host": "web1", "title": "lamp brandt", "status": "pass", "found": "lamp is aan"},
    "fault": {"host": "web1", "symptom": "schijf maakt lawaai"},
    "escalation": {"to": "M. de Wit", "message": "graag een nieuwe schijf", "type": "hierarchical"},
    "acceptance": {"user": "J. Bakker", "verdict": "accepted"},
    "rest-point": {"item": "kabel labelen", "owner": "S. Yilmaz", "due": "24-11-2099"},
    "consequence": {"solution": "nieuwe schijf", "maintenance": "geen", "information_system": "geen"},
    "proposal": {"process": "installation", "observation": "te langzaam", "proposal": "cache gebruiken"},
    "none": {"what": "rest_points"},
    "hours": {"hours": "2,5", "activity": "installatie"},
    "report": {"form": "written", "to": "M. de Wit"},
    "handover": {"instructions": "handleiding op papier\nwie te bellen"},
    "correction": {"field": "assignment.location", "value": "B 0.14", "reason": "verkeerd"},
}


@pytest.mark.slow
def test_every_kind_is_offered_and_has_a_form_of_its_fields(stored: dict[str, str]) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    record = stored["remarks"]
    offered = browser.page(f"/records/{record}/add")
    for name, kind in ADDED.items():
        assert f"/records/{record}/add/{name}" in offered
        page = browser.page(f"/records/{record}/add/{name}")
        names = set(re.findall(r'name="entry\.([a-z_]+)"', page))
        declared = {field.name for field in typed_fields(kind)}
        assert names == declared - (set(kind.declaration.offered) - names), name
    assert browser.get(f"/records/{record}/add/decision").status_code == 404
    assert browser.get(f"/records/{record}/add/signature").status_code == 404


@pytest.mark.parametrize("name", MINIMAL)
def test_what_was_filled_in_is_in_the_record(name: str, stored: dict[str, str], records: Path) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    path = f"/records/{stored['remarks']}/add/{name}"
    before = store.read_entries(records / stored["remarks"])
    answer = browser.send(path, **{f"entry.{field}": value for field, value in MINIMAL[name].items()})
    assert answer.status_code == 303, text(answer.text)
    *same, added = store.read_entries(records / stored["remarks"])
    assert tuple(same) == before
    assert (added.by, added.kind) == ("K. Jansen", name)


def test_the_name_is_that_of_the_account_whatever_is_sent(stored: dict[str, str], records: Path) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    name = stored["remarks"]
    odd = {
        "by": "M. de Wit",
        "entry.by": "M. de Wit",
        "name": "M. de Wit",
        "at": "2020-01-01",
        "entry.added": "decision",
    }
    more = {"entry.hours": "1", "entry.activity": "x", "entry.decision": "approved"}
    assert browser.send(f"/records/{name}/add/hours", **odd, **more).status_code == 303
    added = store.read_entries(records / name)[-1]
    assert (added.by, added.kind, added.at > "2025") == ("K. Jansen", "hours", True)


def test_what_does_not_fit_is_told_and_nothing_is_typed_again(stored: dict[str, str], records: Path) -> None:
    browser = Browser("nl").log_in("K. Jansen", "technician")
    path = f"/records/{stored['remarks']}/add/hours"
    before = files(records)
    answer = browser.send(path, **{"entry.hours": "veel", "entry.activity": '"><script>alert(1)</script>'})
    assert answer.status_code == 422
    assert "“Hoeveel, als 2,5”: veel is geen getal" in text(answer.text)
    assert 'value="veel"' in answer.text
    assert "<script>alert" not in answer.text
    assert html.escape('"><script>alert(1)</script>').replace("&quot;", "&#34;") in answer.text
    assert files(records) == before


def test_a_form_that_is_sent_twice_adds_once(stored: dict[str, str], records: Path) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    path = f"/records/{stored['remarks']}/add/hours"
    data = {**browser.fields(path), "entry.hours": "1", "entry.activity": "kabels"}
    codes = [browser.client.post(path, data=data, headers=SAME_SITE).status_code for _ in range(2)]
    assert codes == [303, 303]
    lines = store.load(records / stored["remarks"]).hours.lines
    assert [line.activity for line in lines].count("kabels") == 1


def test_an_approved_record_offers_what_it_takes(stored: dict[str, str], records: Path) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    name = stored["delivered"]
    assert store.load(records / name).status == "approved"
    offered = browser.page(f"/records/{name}/add")
    assert f"/records/{name}/add/correction" in offered
    assert f"/records/{name}/add/hours" not in offered
    answer = browser.send(f"/records/{name}/add/hours", **{"entry.hours": "1", "entry.activity": "x"})
    assert (answer.status_code, "is approved and cannot change" in answer.text) == (409, True)


def test_what_is_needed_leads_to_its_form_filled_in(stored: dict[str, str]) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    record = stored["failed"]
    page = browser.page(f"/records/{record}/add")
    links = [html.unescape(link) for link in re.findall(rf'href="(/records/{record}/add/[^"]+)"', page)]
    none = [link for link in links if "none?what=" in link]
    assert none
    section = none[0].partition("what=")[2]
    assert f'<option value="{section}" selected>' in browser.page(none[0])


@pytest.mark.slow
def test_forms_are_dutch_for_who_reads_dutch(stored: dict[str, str]) -> None:
    browser, t = Browser("nl").log_in("K. Jansen", "technician"), Translator("nl")
    for name, kind in ADDED.items():
        page = text(browser.page(f"/records/{stored['remarks']}/add/{name}"))
        shown = [field for field in typed_fields(kind) if f"entry.{field.name}" in page or t(label(field)) in page]
        for field in shown:
            assert t(label(field)) != label(field) or label(field) not in page, (name, field.name)
        assert t(about(kind)) in page


@pytest.mark.slow
def test_differences_that_may_stay_are_chosen_from_what_there_is(records: Path) -> None:
    name = published.store(records, ["drifted"])["drifted"].name
    browser = Browser().log_in("K. Jansen", "technician")
    page = browser.page(f"/records/{name}/add/accept-drift")
    offered = re.findall(r'type="checkbox" name="entry\.item" value="([^"]*)"', page)
    assert any("telnet" in item for item in offered)
    item = html.unescape(next(item for item in offered if "telnet" in item))
    answer = browser.send(f"/records/{name}/add/accept-drift", **{"entry.item": item, "entry.reason": "mag"})
    assert answer.status_code == 303, text(answer.text)


def test_all_that_is_needed_is_named_with_where_it_comes_from(records: Path) -> None:
    """Of a new installation a run has to supply most, and of an instruction commands; a supervisor decides."""
    names = {kind: new(records, kind, "K. Jansen", {"title": "Wiki"})[0] for kind in ("installation", "instruction")}
    technician = Browser("nl").log_in("K. Jansen", "technician")
    supervisor = Browser("nl").log_in("M. de Wit", "supervisor")
    t = Translator("nl")
    for kind, directory in names.items():
        page = technician.page(f"/records/{directory.name}/add")
        missing = lacking(store.load(directory))
        for needed in (*missing.sentences, *(question.text for question in missing.questions)):
            assert t(needed) in text(page), (kind, needed)
        decide = f"/records/{directory.name}/decide"
        assert (decide in page, decide in supervisor.page(f"/records/{directory.name}/add")) == (False, True)
    page = technician.page(f"/records/{names['instruction'].name}/add")
    assert f"oplever instruction give {names['instruction'].name}" in text(page)


def test_what_a_case_takes_its_own_page_says(stored: dict[str, str]) -> None:
    answer = Browser().log_in("K. Jansen", "technician").get(f"/records/{stored['incident_closed']}/add")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{stored['incident_closed']}")
