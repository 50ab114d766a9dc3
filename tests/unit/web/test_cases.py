"""Incidents at the desk: taken in by category, handled in the order of the queue, followed by who reported them."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from desk import EVENTS
from desk_client import PASSWORD, REPORT, SAME_SITE, Browser, category, files, hidden, taken_in, text
from oplever import store
from oplever.app import incidents
from oplever.kinds.documents import build
from oplever.page.translator import Translator
from oplever.render import markdown


def test_what_a_reporter_sends_is_a_case_in_his_name_and_he_can_follow_it(records: Path) -> None:
    browser = Browser().log_in("J. Bakker", "reporter")
    assert re.findall(r'href="/report\?category=', browser.page("/report"))
    assert "What is wrong, in your own words (has to be filled in)" in text(
        browser.page(f"/report?category={category()}")
    )
    name = taken_in(browser, **{"reporter": "M. de Wit", "entry.reporter": "M. de Wit", "entry.impact": "1"})
    case = store.load(records / name).case
    assert (case.reporter, case.reported_by, case.text, case.classifications) == (
        "J. Bakker",
        "J. Bakker",
        REPORT["text"],
        (),
    )
    assert f"/reported/{name}" in browser.page("/")
    followed = text(browser.page(f"/reported/{name}"))
    assert REPORT["text"] in followed
    assert "new" in followed


def test_nobody_follows_the_report_of_somebody_else(stored: dict[str, str]) -> None:
    name = taken_in(Browser().log_in("J. Bakker", "reporter"))
    other = Browser().log_in("P. Smit", "reporter")
    assert other.get(f"/reported/{name}").status_code == 404
    assert name not in other.page("/")
    for path in (f"/cases/{name}", "/cases", f"/records/{name}", f"/records/{stored['delivered']}"):
        assert other.get(path).status_code == 403, path
    assert Browser().log_in("K. Jansen", "counter").get(f"/reported/{name}").status_code == 404
    assert other.get(f"/reported/{stored['delivered']}").status_code == 404


def test_the_link_shows_the_report_and_no_more(records: Path) -> None:
    counter = Browser().log_in("K. Jansen", "counter")
    answer = counter.send("/report", f"/report?category={category()}", **REPORT, **{"entry.reporter": "J. Bakker"})
    link = re.search(r'href="http://127.0.0.1:8765(/follow/[\w-]+)"', answer.text)
    assert link
    page = text(Browser().page(link[1]))
    assert REPORT["text"] in page
    for words in ("Priority", "Hours", "History", "K. Jansen"):
        assert words not in page
    assert Browser().get("/follow/" + "x" * 43).status_code == 410
    assert Browser().get(link[1].replace("/follow/", "/accept/")).status_code == 410  # a link does one thing


def test_the_counter_takes_in_with_all_there_is_to_ask(records: Path) -> None:
    counter = Browser().log_in("K. Jansen", "counter")
    more = {"entry.reporter": "J. Bakker", "entry.channel": "phone", "entry.impact": "2", "entry.urgency": "1"}
    case = store.load(records / taken_in(counter, **more)).case
    assert (case.reporter, case.channel, case.priority is not None) == ("J. Bakker", "phone", True)


def test_what_is_missing_is_told_beside_the_form(records: Path) -> None:
    browser = Browser().log_in("J. Bakker", "reporter")
    before = files(records)
    page = f"/report?category={category()}"
    answer = browser.send("/report", page, text="  ", place='blijft <b>"staan"</b>', machine="print1")
    assert answer.status_code == 422
    assert "Not taken" in answer.text
    assert 'value="blijft &lt;b&gt;&#34;staan&#34;&lt;/b&gt;"' in answer.text
    assert files(records) == before


CLASSIFIED = {"entry.reporter": "J. Bakker", "entry.impact": "3", "entry.urgency": "3"}
UNTIL_TESTED: list[tuple[str, dict[str, str]]] = [
    ("assessed", {"can_solve": "yes", "reason": "bekend"}),
    ("taken", {}),
    ("contact", {"how": "vandaag kijken", "when": "24-11-2026"}),
    ("worked", {"activity": "toner vervangen"}),
    ("material", {"name": "toner", "quantity": "1"}),
    ("hours", {"hours": "0,5", "activity": "toner"}),
    ("solved", {"solution": "toner vervangen", "guideline": "W-14", "version": "3", "cause": "toner leeg"}),
    ("retested", {"result": "pass", "reason": "testpagina"}),
]


@pytest.mark.slow
def test_a_case_goes_from_new_to_closed_at_the_desk(records: Path) -> None:
    counter = Browser().log_in("K. Jansen", "counter", "technician")
    name = taken_in(counter, **CLASSIFIED)
    for kind, values in (*UNTIL_TESTED, ("confirmed", {"satisfied": "yes"}), ("closed", {})):
        page = counter.page(f"/cases/{name}")
        assert f"/cases/{name}/{kind}" in page, kind
        answer = counter.send(f"/cases/{name}/{kind}", **{f"entry.{field}": value for field, value in values.items()})
        assert answer.status_code == 303, (kind, text(answer.text))
    record = store.load(records / name)
    assert record.status == "closed"
    assert {entry.by for entry in store.read_entries(records / name)} == {"K. Jansen"}
    refused = counter.send(f"/cases/{name}/worked", **{"entry.activity": "nog iets"})
    assert (refused.status_code, "is closed" in refused.text) == (409, True)


def handled(counter: Browser, name: str, *kinds: str) -> None:
    for kind, values in UNTIL_TESTED:
        if not kinds or kind in kinds:
            sent = counter.send(f"/cases/{name}/{kind}", **{f"entry.{field}": value for field, value in values.items()})
            assert sent.status_code == 303, (kind, text(sent.text))


@pytest.mark.slow
def test_who_reported_it_says_by_the_link_whether_it_is_good(records: Path) -> None:
    counter = Browser().log_in("K. Jansen", "counter", "technician")
    taken = counter.send("/report", f"/report?category={category()}", **REPORT, **CLASSIFIED)
    link = re.search(r'href="http://127.0.0.1:8765(/follow/[\w-]+)"', taken.text)
    assert link
    path, user = link[1], Browser()
    [name] = [place.name for place in records.glob("*-incident-*") if REPORT["text"] in store.load(place).case.text]
    assert "Is it good?" not in user.page(path)
    handled(counter, name)
    page = text(user.page(path))
    promise = "vandaag kijken (when: 24 November 2026)"
    assert [words for words in (promise, "toner vervangen") if words not in page] == []
    assert user.send(path, satisfied="").status_code == 422
    assert store.load(records / name).case.confirmations == ()

    assert user.send(path, satisfied="no", remark="het lampje is nog rood").status_code == 303
    record = store.load(records / name)
    [said] = record.case.confirmations
    assert (record.status, said.satisfied, said.user, said.by, said.remark) == (
        "in_progress", "no", "J. Bakker", "J. Bakker", "het lampje is nog rood",
    )  # fmt: skip
    page = user.page(path)
    assert ("Is it good?" in page, "het lampje is nog rood" in page) == (False, True)
    handled(counter, name, "solved", "retested")
    assert user.send(path, satisfied="yes").status_code == 303
    assert counter.send(f"/cases/{name}/closed").status_code == 303
    record = store.load(records / name)
    assert record.status == "closed"
    assert "answered himself" in markdown.draw(build(record, Translator("en"))).decode()


@pytest.mark.slow
def test_an_answer_about_a_case_that_went_on_since_is_not_taken(records: Path) -> None:
    counter, user = Browser().log_in("K. Jansen", "counter", "technician"), Browser().log_in("J. Bakker", "reporter")
    name = taken_in(user)
    other = taken_in(Browser().log_in("P. Smit", "reporter"))
    handled(counter, name)
    own = f"/reported/{name}"
    form = hidden(user.page(own), f"{own}/answer")
    counter.send(f"/cases/{name}/reopened", **{"entry.reason": "toch niet"})
    handled(counter, name, "solved")
    late = user.client.post(f"{own}/answer", data=form | {"satisfied": "yes"}, headers=SAME_SITE)
    assert (late.status_code, store.load(records / name).case.confirmations) == (409, ())
    assert user.send(f"{own}/answer", own, satisfied="yes").status_code == 303
    assert store.load(records / name).case.confirmations[-1].by == "J. Bakker"
    assert user.client.post(f"/reported/{other}/answer", data=form, headers=SAME_SITE).status_code == 404


def test_the_queue_is_in_order_and_the_order_is_kept(records: Path) -> None:
    counter = Browser().log_in("K. Jansen", "counter", "technician")
    low = taken_in(counter, **{"entry.reporter": "J. Bakker", "entry.impact": "3", "entry.urgency": "3"})
    high = taken_in(counter, **{"entry.reporter": "P. Smit", "entry.impact": "1", "entry.urgency": "1"})
    page = counter.page("/cases")
    assert page.index(high) < page.index(low)
    refused = counter.send(f"/cases/{low}/taken")
    assert (refused.status_code, "is first in the queue" in refused.text) == (409, True)
    assert counter.send(f"/cases/{low}/taken", **{"entry.reason": "staat ernaast"}).status_code == 303
    assert "staat ernaast" in counter.page(f"/cases/{low}") or store.load(records / low).status == "in_progress"


def test_the_queue_shows_what_is_late_and_what_nobody_has_read(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Browser().log_in("K. Jansen", "counter", "technician")
    late = taken_in(counter, **{"entry.reporter": "J. Bakker", "entry.impact": "3", "entry.urgency": "3"})
    assert "late" not in text(counter.page("/cases")).split()
    with monkeypatch.context() as patch:
        patch.setattr("oplever.web.views.cases.clock", SimpleNamespace(now=lambda: "2036-01-01T00:00:00.000000Z"))
        assert "late" in text(counter.page("/cases")).split()
    for kind, values in (*UNTIL_TESTED, ("confirmed", {"satisfied": "yes"}), ("closed", {})):
        incidents.add(records / late, kind, "K. Jansen", values | ({"when": "2026-11-24"} if kind == "contact" else {}))
    mail = {**EVENTS["mail-received"], "text": "Hij is weer stuk."}
    incidents.add(records / late, "mail-received", "K. Jansen", mail)
    counter.desk.changed()
    assert "closed 1 new mail" in text(counter.page("/cases"))
    assert late in counter.page("/cases?all=yes")


def test_who_handles_a_case_reads_all_of_it_at_the_desk(records: Path) -> None:
    """Also at the counter, which documents are not for: answers at the intake, what was told, and mails."""
    counter = Browser().log_in("K. Jansen", "counter")
    name = taken_in(counter, **{"entry.reporter": "J. Bakker", "machine": "print1"})
    incidents.add(records / name, "contact", "K. Jansen", {"how": "we komen", "when": "2026-11-24"})
    incidents.add(
        records / name, "mail-received", "K. Jansen", {**EVENTS["mail-received"], "text": "Het lampje brandt"}
    )
    counter.desk.changed()
    page = counter.page(f"/cases/{name}")
    for words in ("print1", "we komen", "Het lampje brandt", "1 new mail"):
        assert words in text(page), words
    assert "Nothing recorded" not in page


def test_a_case_that_goes_on_is_named_by_six_characters(records: Path) -> None:
    counter = Browser().log_in("K. Jansen", "counter")
    first, second = (taken_in(counter, **{"entry.reporter": name}) for name in ("J. Bakker", "P. Smit"))
    sent = {"entry.into": f" {first[-6:]} ", "entry.reason": "dezelfde"}
    assert counter.send(f"/cases/{second}/merged", **sent).status_code == 303
    assert store.load(records / second).case.merged_into == first


def test_a_reporter_sees_what_was_said_to_him_and_no_solution_that_is_none(records: Path) -> None:
    counter, user = Browser().log_in("K. Jansen", "counter", "technician"), Browser().log_in("J. Bakker", "reporter")
    name = taken_in(user)
    handled(counter, name)
    told = {"entry.how": "de gang blijft dicht", "entry.when": "24-11-2026", "entry.user": "P. Smit"}
    assert counter.send(f"/cases/{name}/contact", **told).status_code == 303
    page = text(user.page(f"/reported/{name}"))
    assert ("vandaag kijken" in page, "toner vervangen" in page, "de gang blijft dicht" in page) == (True, True, False)
    assert user.send(f"/reported/{name}/answer", f"/reported/{name}", satisfied="no").status_code == 303
    assert "toner vervangen" not in text(user.page(f"/reported/{name}"))


def test_who_reported_what_was_joined_sees_how_the_other_one_stands(records: Path) -> None:
    counter, user = Browser().log_in("K. Jansen", "counter", "technician"), Browser().log_in("J. Bakker", "reporter")
    name, other = taken_in(user), taken_in(counter, **{"entry.reporter": "P. Smit", "text": "De kopieerder piept"})
    incidents.add(records / other, "taken", "K. Jansen", {"reason": "staat ernaast"})
    sent = {"entry.into": other, "entry.reason": "dezelfde"}
    assert counter.send(f"/cases/{name}/merged", **sent).status_code == 303
    page = text(user.page(f"/reported/{name}"))
    assert "The report that goes on – in progress" in page
    assert [words for words in ("De kopieerder", "P. Smit", other) if words in page] == []


def test_what_was_not_taken_is_told_in_the_words_of_the_page(records: Path) -> None:
    """Nobody at the desk has a command line."""
    counter = Browser().log_in("K. Jansen", "counter", "technician")
    first, name = (taken_in(counter, **{"entry.reporter": "J. Bakker"}) for _ in range(2))
    refused = {
        "taken": counter.send(f"/cases/{name}/taken"),
        "classified": counter.send(
            f"/cases/{name}/classified", **{"entry.impact": "3", "entry.urgency": "3", "entry.priority": "1"}
        ),
        "solved": counter.client.post(
            f"/cases/{name}/solved", data=counter.fields(f"/cases/{name}/solved"), headers=SAME_SITE
        ),
    }
    told = {kind: re.search(r'role="alert".*?</div>', answer.text, re.DOTALL) for kind, answer in refused.items()}
    words = {kind: text(shown[0]) for kind, shown in told.items() if shown}
    assert words.keys() == refused.keys()
    assert [line for line in words.values() if "oplever incident" in line or "--" in line or "docs/" in line] == []
    assert "“Take it up”" in words["taken"]
    assert "“Why the priority is another one”" in words["classified"]
    without = counter.fields(f"/cases/{first}/assessed")
    missing = counter.client.post(f"/cases/{first}/assessed", data=without, headers=SAME_SITE).text
    assert "“Whether you can solve it alone”: this is missing" in text(missing)
    handled(counter, first)
    open_ends = counter.send(f"/cases/{first}/closed").text
    assert ("“Note whether the user is satisfied”" in open_ends, "oplever incident" in open_ends) == (True, False)


def test_another_language_keeps_what_was_chosen(stored: dict[str, str]) -> None:
    browser = Browser().log_in("K. Jansen", "supervisor")
    page = browser.page("/hours?week=2026-W48&person=S.+Yilmaz&language=en")
    assert 'href="/hours?week=2026-W48&amp;person=S.+Yilmaz&amp;language=nl"' in page
    away = Browser().get("/hours?week=2026-W48")
    assert away.headers["location"] == "/login?next=/hours%3Fweek%3D2026-W48"


@pytest.mark.parametrize("kind", ["rules", "opened", "reported", "decision", "signature", "mail-received", "nothing"])
def test_what_a_program_adds_nobody_fills_in(kind: str, stored: dict[str, str]) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    assert browser.get(f"/cases/{stored['incident_escalated']}/{kind}").status_code == 404


@pytest.mark.slow
def test_every_event_has_a_form_in_both_languages(stored: dict[str, str]) -> None:
    from oplever.kinds.incident.states import COMMANDS  # noqa: PLC0415

    for language in ("nl", "en"):
        browser = Browser(language).log_in("K. Jansen", *(() if language == "en" else ("technician",)))
        for kind in COMMANDS:
            assert browser.get(f"/cases/{stored['incident_escalated']}/{kind}").status_code == 200, kind
    assert browser.get(f"/cases/{stored['delivered']}/worked").status_code == 404
    assert browser.get(f"/records/{stored['incident_closed']}").headers["location"].startswith("/cases/")


def test_a_path_that_is_none_of_the_desk_is_told_on_a_page(records: Path) -> None:
    answer = Browser("nl").get("/nergens?language=nl")
    assert (answer.status_code, 'lang="nl"' in answer.text, 'href="/"' in answer.text) == (404, True, True)
    assert "die pagina bestaat niet" in text(answer.text)


def test_what_stands_outside_the_matrix_is_ticked(records: Path) -> None:
    browser = Browser("nl").log_in("K. Jansen", "technician")
    name = taken_in(Browser().log_in("L. Smit", "counter"), **{"entry.reporter": "J. Bakker"})
    path = f"/cases/{name}/classified"
    page = browser.page(path)
    ticks = re.findall(r'type="checkbox" name="entry.flag" value="(\w+)"> ([^<]+)<', page)
    assert [word for word, _ in ticks] == ["data_leak", "major", "safety"]
    assert [words for _, words in ticks] == ["datalek", "groot incident", "veiligheid"]
    data = {"entry.impact": "1", "entry.urgency": "1", "entry.flag": ["major", "data_leak"]}
    assert browser.send(path, **data).status_code == 303
    case = store.load(records / name).case
    assert case.classifications[-1].flags == ("major", "data_leak")
    assert case.leak is not None


def test_after_a_decision_about_a_case_its_page_says_so(stored: dict[str, str], records: Path) -> None:
    name = stored["incident_closed"]
    browser = Browser().log_in("T. Bos", "supervisor")
    form = {"choice": "rejected", "remarks": "ook de kabel", "password": PASSWORD}
    answer = browser.send(f"/records/{name}/decide", **form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{name}?done=decision")
    assert "Your decision is in the record." in text(browser.page(answer.headers["location"]))


def test_a_user_at_the_counter_takes_the_link_with_the_camera(records: Path) -> None:
    """From the screen of who takes the report in; who reports for himself has the link before him."""
    counter = Browser().log_in("K. Jansen", "counter")
    page = counter.send("/report", f"/report?category={category()}", **REPORT, **{"entry.reporter": "J. Bakker"}).text
    assert re.search(r'<img src="data:image/svg\+xml;base64,[^"]+" alt="http://127.0.0.1:8765/follow/', page)
    assert "The link works for 90 days." in text(page)
    own = Browser().log_in("P. Smit", "reporter").send("/report", f"/report?category={category()}", **REPORT).text
    assert "data:image/svg" not in own


def test_a_label_asks_what_the_form_takes(records: Path) -> None:
    """At a counter somebody reports it, always; and how a day is written stands below its field."""
    page = Browser().log_in("K. Jansen", "counter").page(f"/report?category={category()}")
    assert "Who reports it (has to be filled in)" in text(page)
    assert "left out only when a machine does" not in page
    described = re.search(r'name="entry.since"[^>]*aria-describedby="([^"]+)"', page)
    assert described
    assert f'<small id="{described[1]}">As 24-11-2026.</small>' in page


def test_what_was_emptied_stays_empty_when_the_form_comes_back(records: Path) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    path = f"/cases/{taken_in(browser, **{'entry.reporter': 'J. Bakker'})}/material"
    number = r'name="entry.quantity" type="text" value="([^"]*)"'
    assert re.findall(number, browser.page(path)) == ["1"]
    refused = browser.send(path, **{"entry.name": "toner", "entry.quantity": ""})  # nobody took the case yet
    assert (refused.status_code, re.findall(number, refused.text)) == (409, [""])
