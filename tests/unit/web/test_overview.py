"""Pages over all records at the desk: hours, proposals, exceptions, instructions, handouts and questions."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from desk_client import SAME_SITE, Browser, files, text
from journals import ZERO, Journal
from oplever.app.add import add
from oplever.app.desk import reads
from oplever.app.new import new
from oplever.app.proposals import all_findings
from oplever.files import unreadable
from oplever.web.desk import Desk
from oplever.web.routes import WAYS
from oplever.web.views import lists, overview
from oplever.web.views.overview import PAGES
from stored import store_record

DAY = "2026-11-24"
WEEK = "2026-W48"


def hours(record: Path, person: str, count: str, activity: str) -> None:
    add(record, "hours", person, {"hours": count, "activity": activity, "day": DAY})


@pytest.fixture
def worked(stored: dict[str, str], records: Path) -> str:
    hours(records / stored["remarks"], "T. Kok", "2,5", "bekabeling")
    hours(records / stored["failed"], "P. Smit", "1,25", "netwerk")
    return stored["remarks"]


def test_a_technician_sees_the_own_hours_alone(worked: str) -> None:
    browser = Browser().log_in("kok, t.", "technician")
    page = text(browser.page(f"/hours?week={WEEK}"))
    assert ("bekabeling" in page, "2.5" in page) == (True, True)
    for path in (f"/hours?week={WEEK}&person=P.+Smit", f"/hours?week={WEEK}"):
        assert not {"netwerk", "P. Smit"} & set(re.findall(r"netwerk|P\. Smit", text(browser.page(path))))
    assert "gave no hours" in text(browser.page("/hours?week=2020-W01"))


@pytest.mark.slow
def test_a_supervisor_sees_the_sums_of_all_and_the_sheet_of_each(worked: str) -> None:
    browser = Browser("nl").log_in("M. de Wit", "supervisor")
    page = browser.page(f"/hours?week={WEEK}")
    for person, count in (("T. Kok", "2,5"), ("P. Smit", "1,25")):
        assert re.search(rf">{re.escape(person)}<.*?{count}", page, re.DOTALL), person
    link = re.search(rf'href="(/hours\?week={WEEK}&amp;person=P\.\+Smit)"', page)
    assert link
    sheet = text(browser.page(link[1].replace("&amp;", "&")))
    assert "netwerk" in sheet
    assert "bekabeling" not in sheet
    pdf = browser.get(f"/hours/sheet?week={WEEK}&person=P.+Smit")
    assert (pdf.status_code, pdf.content[:5], pdf.headers["content-type"]) == (200, b"%PDF-", "application/pdf")
    assert browser.get("/hours/sheet").status_code == 404


@pytest.mark.parametrize("week", ["2026-W99", "x", "2026-11-24", "0000-W01", "2026-W48' OR 1"])
def test_another_word_is_no_week(week: str) -> None:
    answer = Browser().log_in("M. de Wit", "supervisor").get("/hours", params={"week": week})
    assert (answer.status_code, "[week-invalid]" in answer.text) == (422, True)


def test_this_week_is_shown_when_none_is_asked_for(worked: str) -> None:
    year, week, _ = date.today().isocalendar()
    assert f"{year}-W{week:02d}" in Browser().log_in("M. de Wit", "supervisor").page("/hours")


@pytest.fixture
def slow(records: Path) -> None:
    """Three runs in which the same step is slow."""
    for number in (1, 2, 3):
        journal = Journal(assignment={"id": "W-1"})
        journal.add("play_start", play="p", name="All", hosts="all", targets=["a"], groups={"a": ["pcs"]})
        journal.add(
            "task_start", task="Fetch", play="p", name="Fetch", action="a.b.apt", path="t.yml:3", role="o.l.nginx"
        )
        journal.add("result", task="Fetch", host="a", status="ok", duration=42.0)
        journal.add("stats", recap={"a": {**ZERO, "ok": 3}})
        journal.add("run_end", lines=len(journal.lines), lost=0, reason="finished")
        store_record(records, f"2026110{number}T100000Z-site-{number:06}", journal)


@pytest.mark.parametrize("choice", ["accepted", "rejected"])
def test_a_finding_is_decided_about_as_the_command_does(choice: str, slow: None, records: Path) -> None:
    finding = next(finding for finding in all_findings() if finding.decision is None)
    browser = Browser().log_in("K. Jansen", "technician")
    assert f"/proposals/{finding.id}" in browser.page("/proposals")
    path = f"/proposals/{finding.id}"
    before = files(records)
    refused = browser.send(path, choice="rejected", gain="blijft staan")
    assert (refused.status_code, "blijft staan" in refused.text) == (422, True)
    assert files(records) == before
    done = browser.send(path, choice=choice, reason="de machines hebben geen netwerk", gain="sneller")
    assert done.status_code == 303, text(done.text)
    decided = next(again for again in all_findings() if again.id == finding.id).decision
    assert decided
    assert (decided.decision, decided.by) == (choice, "K. Jansen")
    assert f'href="{path}"' not in browser.page("/proposals").partition("Still to decide")[2].partition("</section>")[0]
    assert "Yours comes in its place" in browser.page(path)


def test_what_nobody_found_cannot_be_decided_about(slow: None, records: Path) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    assert browser.get("/proposals/slow-00000000").status_code == 404
    finding = all_findings()[0]
    before = files(records)
    answer = browser.send(f"/proposals/{finding.id}", choice="perhaps")
    assert (answer.status_code, files(records) == before) == (422, True)
    auditor = Browser().log_in("A. Visser", "auditor")
    assert "Still to decide" not in auditor.page("/proposals")
    assert auditor.get(f"/proposals/{finding.id}").status_code == 403


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("page", [*(f"/overview/{page}" for page in PAGES), "/more", "/instructions", "/faq"])
def test_every_link_of_such_a_page_leads_to_a_page_of_the_desk(
    page: str, language: str, stored: dict[str, str]
) -> None:
    browser = Browser(language).log_in("A. Visser", "auditor")
    links = {link for link in re.findall(r'<a href="([^"#?]+)', browser.page(page)) if not link.startswith("/static")}
    assert len(links) > 3
    for link in links:
        assert browser.get(link).status_code in (200, 303), link


def test_the_exceptions_of_records_are_listed_with_their_end(stored: dict[str, str]) -> None:
    page = text(Browser().log_in("A. Visser", "auditor").page("/overview/exceptions"))
    assert "Exceptions to the security baseline" in page
    assert "There are no exceptions." not in page


@pytest.mark.slow
def test_a_reporter_reads_answers_and_nothing_of_records(stored: dict[str, str]) -> None:
    browser = Browser().log_in("J. Bakker", "reporter")
    page = text(browser.page("/faq"))
    assert "Questions and answers" in page
    assert "Not shown to users" not in page
    for path in ("/more", "/instructions", "/overview/exceptions", "/hours", "/proposals"):
        assert browser.get(path).status_code == 403
    assert Browser().log_in("A. Visser", "auditor").get("/overview/people").status_code == 404


def test_an_answer_that_is_kept_is_asked_again_when_a_record_changes(stored: dict[str, str], records: Path) -> None:
    browser = Browser().log_in("K. Jansen", "technician", "supervisor")
    desk = browser.desk
    questions = []

    def read() -> int:
        return desk.read(("x",), lambda index: questions.append(index) or len(questions))

    assert (read(), read(), read()) == (1, 1, 1)
    browser.send(f"/records/{stored['remarks']}/add/hours", **{"entry.hours": "1", "entry.activity": "x"})
    assert (read(), read()) == (2, 2)


def test_what_others_add_is_seen_within_seconds(
    stored: dict[str, str], records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a look beside the answer, and before the answer when nobody asked for a while."""
    from oplever.web import desk as module  # noqa: PLC0415

    clock = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    desk = Desk("http://127.0.0.1:8765")

    def lines() -> int:
        return sum(line.activity == "later" for line in desk.collection().hours)

    assert lines() == 0
    add(records / stored["remarks"], "hours", "S. Yilmaz", {"hours": "1", "activity": "later"})
    assert lines() == 0
    clock[0] += 3
    assert lines() in (0, 1)  # the look goes on beside it
    with desk._looking:  # until it is over
        pass
    assert lines() == 1
    add(records / stored["failed"], "hours", "S. Yilmaz", {"hours": "1", "activity": "later"})
    clock[0] += 60
    assert lines() == 2


def test_a_look_that_fails_is_told_and_not_passed_over(stored: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it fails beside an answer: the next one has to wait for it, and says so."""
    from oplever.store import index  # noqa: PLC0415
    from oplever.web import desk as module  # noqa: PLC0415

    def failing(base: Path) -> dict[str, str]:
        raise unreadable(base, OSError(5, "Input/output error"))

    clock = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    browser = Browser()
    assert browser.get("/healthz").status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr(index, "fingerprints", failing)
        clock[0] += 3
        browser.get("/healthz")
        with browser.desk._looking:
            pass
        answer = browser.get("/healthz")
        assert (answer.status_code, "Input/output error" in answer.text) == (503, True)
    assert browser.get("/healthz").status_code == 200


def test_every_page_that_reads_records_is_noted() -> None:
    assert {way.path for way in WAYS if way.action == "read_hours"} == {"/hours", "/hours/sheet"}


def test_who_decides_about_a_finding_saw_what_was_decided_before(slow: None, records: Path) -> None:
    [finding] = all_findings()
    path = f"/proposals/{finding.id}"
    browser = Browser().log_in("M. de Wit", "supervisor")
    opened = {**browser.fields(path), "proposal": "eerder ophalen", "choice": "accepted"}
    other = Browser().log_in("T. Bos", "supervisor")
    assert other.send(path, choice="rejected", reason="duurt zo lang als het duurt").status_code == 303
    refused = browser.client.post(path, data=opened, headers=SAME_SITE)
    assert refused.status_code == 409
    assert "T. Bos decided: rejected: duurt zo lang als het duurt. Yours comes in its place." in text(refused.text)
    assert "eerder ophalen" in refused.text
    assert browser.send(path, choice="accepted", proposal="eerder ophalen").status_code == 303
    [finding] = all_findings()
    assert (finding.decision.by, finding.decision.decision) == ("M. de Wit", "accepted")


def test_a_list_that_is_not_whole_says_so(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "PAGE_ROWS", 2)
    monkeypatch.setattr(lists, "PAGE_ROWS", 2)
    for number in range(3):
        new(records, "instruction", "K. Jansen", {"title": f"Wiki {number}"})
    browser = Browser().log_in("A. Bakker", "auditor")
    assert "and 1 more" in text(browser.page("/instructions"))
    monkeypatch.setattr(reads, "_MOST", 1)
    assert "and 1 more" in text(browser.page("/reads"))
