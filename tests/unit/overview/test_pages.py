"""What stands on the pages over all records, and what never does."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import published
import pytest
from golden.cases import EVIL
from journals import Journal
from oplever.app import desk_week
from oplever.app.publish import publish
from oplever.overview import paths
from oplever.page.view import SEVERITIES
from oplever.record import entries
from oplever.store import retention
from oplever.store.append import append
from oplever.store.hiding import NAMELESS
from oplever.store.pseudonyms import KEY, pseudonym
from published import Page, pages, target
from stored import check, store_record, visit

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    base = tmp_path / "records"
    base.mkdir()
    monkeypatch.setenv("OPLEVER_RECORDS", str(base))
    monkeypatch.delenv("OPLEVER_STORE", raising=False)
    return base


def publish_pages(base: Path) -> dict[str, Page]:
    publish(NOW)
    return pages(base / "overview")


def rows(page: Page, part: str) -> str:
    """The text of one part of a page."""
    source = page.path.read_text(encoding="utf-8")
    return source.partition(f'id="part-{part}"')[2].partition("</section>")[0]


@pytest.mark.slow
def test_every_record_is_reached_from_the_start_in_both_languages(base: Path) -> None:
    records = published.store(base)
    hand = store_record(base, "20261001T100000Z-site-bad000", Journal())
    (hand / "journal.jsonl").write_bytes(b"nonsense")
    shown = publish_pages(base)
    for language in ("nl", "en"):
        seen, todo = set(), [f"index.{language}.html"]
        while todo:
            name = todo.pop()
            if name in seen or not name.endswith(f".{language}.html"):
                continue
            seen.add(name)
            todo += [target(shown[name], link)[0].name for link in shown[name].links]
        text = "".join(shown[name].text for name in seen)
        assert [path.name for path in (*records.values(), hand) if path.name not in text] == []
        assert {name for name in shown if name.endswith(f".{language}.html")} == seen


@pytest.mark.slow
def test_every_link_leads_somewhere(base: Path) -> None:
    directory = published.store(base)["delivered"]
    for name in ("report.nl.html", "report.en.pdf"):
        (directory / name).write_bytes(b"<!DOCTYPE html><title>x</title>")
    shown, count = publish_pages(base), 0
    for page in shown.values():
        for link in page.links:
            path, fragment = target(page, link)
            assert path.is_file(), link
            assert not fragment or fragment in shown[path.name].ids, link
            count += 1
    assert count > 500


@pytest.mark.slow
def test_only_documents_that_are_there_are_linked(base: Path) -> None:
    directory = published.store(base, ["delivered"])["delivered"]
    assert not any("report." in link for page in publish_pages(base).values() for link in page.links)
    (directory / "report.nl.html").write_bytes(b"x")
    links = {link for page in publish_pages(base).values() for link in page.links if "report." in link}
    assert links == {f"../{directory.name}/report.nl.html"}  # in the other language than none at all
    (directory / "report.nl.html").unlink()
    assert not any("report." in link for page in publish_pages(base).values() for link in page.links)


def test_a_record_that_cannot_be_read_is_listed_with_its_reason(base: Path) -> None:
    broken = store_record(base, "20261001T100000Z-site-bad000", Journal())
    (broken / "journal.jsonl").write_bytes(b"nonsense")
    shown = publish_pages(base)
    for name in ("records.en.html", "records-2026-10.en.html"):
        assert broken.name in shown[name].text
        assert "has no complete line" in shown[name].text
        assert str(base) not in shown[name].text
    assert "1 record cannot be read" in shown["index.en.html"].text


@pytest.mark.slow
def test_text_of_machines_stays_text(base: Path) -> None:
    published.store(base, ["hostile"])
    shown = publish_pages(base)
    evil = [page for page in shown.values() if EVIL[:12] in page.text]
    assert len(evil) > 20
    for page in shown.values():
        scripts = [attributes for tag, attributes in page.elements if tag == "script"]
        types = [attributes.get("type", "ours") for attributes in scripts]
        assert [kind for kind in types if kind != "text/plain"] == ["ours"]
        assert [attributes for attributes in scripts if attributes.keys() - {"type", "class", "data-count"}] == []
        assert [a for _, a in page.elements if any(name.startswith("on") or name == "style" for name in a)] == []
        assert "\u202e" not in page.text
        assert "\x1b" not in page.text
    for path in (base / "overview").glob("feed.*.xml"):
        assert EVIL.split("<")[0][:8] in path.read_text(encoding="utf-8")
        ET.parse(path)  # noqa: S314 - of our own making


@pytest.mark.slow
@pytest.mark.parametrize("spelled", ["S. Yilmaz", "Yilmaz, S.", "sevda yilmaz"])
def test_names_that_were_taken_from_a_record_are_on_no_page(base: Path, spelled: str) -> None:
    """Not of its entries, and not of its journal, in whichever way it writes them."""
    journal = visit().finish(ok=4)
    journal.lines = [line.replace(b'"S. Yilmaz"', f'"{spelled}"'.encode()) for line in journal.lines]
    directory = store_record(base, "20241101T100000Z-site-aaaaaa", journal)
    for number, name in enumerate(("S. Yilmaz", "s.  YILMAZ")):
        at = f"2024-11-01T11:{number:02}:00.000000Z"
        append(directory, [entries.make("hours", name, at, {"hours": 1, "activity": f"with {name}"})])
    append(directory, [entries.make("decision", "M. de Wit", "2024-11-02T09:00:00.000000Z", {"decision": "approved"})])
    before = "".join(page.text for page in publish_pages(base).values())
    assert spelled in before
    assert "M. de Wit" in before
    key = b"key of this directory"
    (base / KEY).write_bytes(key)
    retention.pseudonymise(directory, ("hours_names",), key, NOW)
    after = publish_pages(base)
    text = "".join(page.path.read_text(encoding="utf-8") for page in after.values())
    assert not re.search("yilmaz", text, re.IGNORECASE)
    assert pseudonym("S. Yilmaz", key) in text
    assert "M. de Wit" in text  # the time of who decided is not over
    assert not any(
        pseudonym("S. Yilmaz", key) in page.text for name, page in after.items() if name.startswith("person")
    )
    files = [path.read_text(encoding="utf-8") for path in (base / "overview").iterdir()]
    assert not any(re.search("yilmaz", content, re.IGNORECASE) for content in files)


@pytest.mark.slow
def test_a_name_in_a_title_goes_too(base: Path) -> None:
    """Also of somebody who has no part in the record."""
    journal = Journal(assignment={"title": "Laptop of (A. de Boer), new"}).task("one", host="web1").finish(ok=1)
    directory = store_record(base, "20241101T100000Z-site-aaaaaa", journal)
    at = "2024-11-01T11:00:00.000000Z"
    append(directory, [entries.make("hours", "A. de Boer", at, {"hours": 1, "activity": "x"})])
    assert "Laptop of (A. de Boer), new" in publish_pages(base)["index.en.html"].text
    key = b"key of this directory"
    (base / KEY).write_bytes(key)
    retention.pseudonymise(directory, ("hours_names",), key, NOW)
    shown = publish_pages(base)
    assert f"Laptop of ({pseudonym('A. de Boer', key)}), new" in shown["index.en.html"].text
    assert not any("de Boer" in page.text for page in shown.values())


def test_without_the_key_nobody_of_the_journal_is_named(base: Path) -> None:
    journal = visit().finish(ok=4)
    supervisor = b'"people": [{"name": "M. de Wit", "role": "supervisor"}, '
    journal.lines = [line.replace(b'"people": [', supervisor) for line in journal.lines]
    directory = store_record(base, "20241101T100000Z-site-aaaaaa", journal)
    at = "2024-11-01T11:00:00.000000Z"
    append(directory, [entries.make("hours", "S. Yilmaz", at, {"hours": 1, "activity": "x"})])
    append(directory, [entries.make("decision", "M. de Wit", at, {"decision": "approved"})])
    retention.pseudonymise(directory, ("hours_names",), b"thrown away", NOW)
    text = "".join(page.text for page in publish_pages(base).values())
    assert "Yilmaz" not in text
    assert NAMELESS in text
    assert "M. de Wit" in text  # the entries still have it


def test_a_person_with_two_spellings_is_one(base: Path) -> None:
    directory = store_record(base, "20261101T100000Z-site-aaaaaa", visit().finish(ok=4))
    for name, hours in (("S. Yilmaz", 1), ("Yilmaz, S.", 2)):
        at = "2026-11-01T11:00:00.000000Z"
        append(directory, [entries.make("hours", name, at, {"hours": hours, "activity": "x", "day": "2026-11-01"})])
    shown = publish_pages(base)
    assert [name for name in shown if name.startswith("person")] == [
        paths.file(paths.person("S. Yilmaz"), "en"),
        paths.file(paths.person("S. Yilmaz"), "nl"),
    ]
    assert "3.00" in shown["hours.en.html"].text


@pytest.mark.slow
def test_what_fails_is_what_the_last_record_that_measured_it_says(base: Path) -> None:
    store_record(base, "20261101T100000Z-site-aaaaaa", check(visit(), "web1", "fail", "nginx.tls").finish(ok=4))
    assert "nginx.tls" in rows(publish_pages(base)["failing.en.html"], "tests")
    store_record(base, "20261102T100000Z-plain-bbbbbb", Journal().task("one", host="web1").finish(ok=1))
    assert "nginx.tls" in rows(publish_pages(base)["failing.en.html"], "tests")  # nobody measured it since
    store_record(base, "20261103T100000Z-site-cccccc", check(visit(), "web1", "pass", "nginx.tls").finish(ok=4))
    assert "nginx.tls" not in publish_pages(base)["failing.en.html"].text


@pytest.mark.slow
def test_a_machine_on_which_work_was_cut_off_needs_attention(base: Path) -> None:
    store_record(base, "20261124T100000Z-site-aaaaaa", visit())
    shown = publish_pages(base)
    assert "web1" in rows(shown["index.en.html"], "attention")
    assert "Nothing needs attention today" not in rows(shown["index.en.html"], "attention")
    assert "with remarks" not in rows(shown["trends.en.html"], "machines")


def test_a_control_of_high_severity_that_fails_needs_attention(base: Path) -> None:
    published.store(base, ["delivered", "remarks", "failed"])
    pages_now = publish_pages(base)
    start, failing = rows(pages_now["index.en.html"], "attention"), rows(pages_now["failing.en.html"], "controls")
    assert "Control of high severity fails" in start
    severities = re.findall(r">\S*\s*(high|medium|low)<", failing)
    assert severities == sorted(severities, key=SEVERITIES.index) != []


@pytest.mark.slow
def test_what_ends_soon_and_what_is_over(base: Path) -> None:
    directory = published.store(base, ["remarks"])["remarks"]  # with an exception until 2027-07-31
    day, at = "%Y-%m-%d", "2026-11-25T09:00:00.000000Z"
    for days, item in ((-1, "late one"), (5, "in time")):
        due = (NOW + timedelta(days=days)).strftime(day)
        append(directory, [entries.make("rest-point", "S. Yilmaz", at, {"item": item, "owner": "A. Vos", "due": due})])
    start = rows(publish_pages(base)["index.en.html"], "attention")
    assert "late one" in start
    assert "in time" not in start
    assert "SUDO-004" not in start
    publish(datetime(2027, 7, 20, tzinfo=UTC))
    start = rows(pages(base / "overview")["index.en.html"], "attention")
    assert "SUDO-004" in start
    assert "Exception ends soon" in start
    publish(datetime(2027, 8, 1, tzinfo=UTC))
    start = rows(pages(base / "overview")["index.en.html"], "attention")
    assert "Exception over" in start


@pytest.mark.slow
def test_who_is_waited_for_is_what_the_document_says(base: Path) -> None:
    directory = store_record(base, "20261101T100000Z-site-aaaaaa", visit().finish(ok=4))

    def roles() -> list[str]:
        page = publish_pages(base)["waiting.en.html"]
        return [who for who in ("user", "supervisor") if directory.name in rows(page, who)]

    assert roles() == ["user", "supervisor"]
    at = "2026-11-01T11:00:00.000000Z"
    append(directory, [entries.make("acceptance", "J. Bakker", at, {"user": "J. Bakker", "verdict": "accepted"})])
    assert roles() == ["supervisor"]
    append(directory, [entries.make("decision", "M. de Wit", at, {"decision": "approved"})])
    assert roles() == []


@pytest.mark.slow
def test_incidents_are_in_the_order_in_which_they_are_handled(base: Path) -> None:
    published.store(base, ["incident_reopened", "incident_escalated"])
    table = rows(publish_pages(base)["incidents.en.html"], "open")
    assert table.index("Niemand in 5V kan inloggen") < table.index("Printer in 0.14 doet niets")  # priority 1, then 2


def test_the_weeks_of_the_desk_are_counted_as_its_overview_counts_them(base: Path) -> None:
    published.store(base, ["incident_reopened", "incident_escalated", "incident_merged", "incident_leaked"])
    table = rows(publish_pages(base)["incidents.en.html"], "weeks")
    assert "2026-W48" in table
    counted = [int(cell) for cell in re.findall(r">(?:[^<>\d]*)(\d+)<", table.split("2026-W48")[1])[:5]]
    week = desk_week.desk_week(date(2026, 11, 23), NOW).figures
    assert counted == [week.came_in, week.closed, week.open_after, week.overdue, week.missed]
    assert week.came_in >= 3
    assert "2026-W46" not in table


def test_an_incident_that_is_late_is_on_the_start_page(base: Path) -> None:
    published.store(base, ["incident_reopened"])
    start = rows(publish_pages(base)["index.en.html"], "attention")
    assert "Incident overdue" in start
    assert "Printer in 0.14 doet niets" in start


def test_trends_say_of_an_open_report_that_is_late_that_it_is(base: Path) -> None:
    """Nobody took it, so nothing was in time or not; it is no record of what machines showed either."""
    published.store(base, ["incident_reopened"])
    store_record(base, "20261101T100000Z-site-aaaaaa", visit().finish(ok=4))
    text = rows(publish_pages(base)["trends.en.html"], "incidents")
    assert "time limit not met" in text
    assert "no time limit missed" not in text
    records = rows(publish_pages(base)["trends.en.html"], "records")
    assert [sum(map(int, re.findall(r"<td[^>]*>(?:<[^>]*>)*(\d+)<", row))) for row in records.split("<tr")[2:]] == [1]


def test_a_machine_of_which_nothing_can_be_drawn_has_no_empty_part(base: Path) -> None:
    store_record(base, "20261101T100000Z-site-aaaaaa", visit().finish(ok=4))
    shown = publish_pages(base)
    pages_of = [page for name, page in shown.items() if name.startswith("machine-")]
    assert pages_of
    for page in pages_of:
        source = page.path.read_text(encoding="utf-8")
        for part in re.findall(r'<section[^>]*id="part-[a-z]+".*?</section>', source, re.DOTALL):
            assert re.sub(r"<h2.*?</h2>|<[^>]+>|\s", "", part, flags=re.DOTALL), part


def test_hours_of_all_records_stand_together(base: Path) -> None:
    """Of installations and of incidents; what machines took is not among them."""
    for number, (kind, hours) in enumerate((("hands_on", 1), ("travel", 0.5))):
        directory = store_record(base, f"2026110{number + 1}T100000Z-site-aaaaaa", visit().finish(ok=4))
        content = {"hours": hours, "activity": "x", "kind": kind, "day": "2026-11-01"}
        append(directory, [entries.make("hours", "S. Yilmaz", "2026-11-02T11:00:00.000000Z", content)])
    published.store(base, ["incident_closed"])  # half an hour
    table = rows(publish_pages(base)["hours.en.html"], "months")
    assert re.findall(r">(\d+\.\d\d)<", table) == ["1.50", "0.50", "2.00"]


def test_a_trial_run_is_no_state_of_a_machine(base: Path) -> None:
    store_record(base, "20261101T100000Z-site-aaaaaa", visit().finish(ok=4))
    trial = Journal(check_mode=True).task("one", host="web1").finish(ok=1)
    store_record(base, "20261102T100000Z-trial-bbbbbb", trial)
    machines = publish_pages(base)["machines.en.html"].text
    assert "trial run" not in machines
    assert "1\u00a0Nov\u00a02026" in machines


@pytest.mark.slow
def test_neither_an_exception_nor_what_could_not_be_read_is_shown_as_a_failure(base: Path) -> None:
    journal = check(visit(), "web1", "waived", "nginx.tls")
    check(journal, "web1", "error", "nginx.log")
    store_record(base, "20261101T100000Z-site-aaaaaa", journal.finish(ok=4))
    shown = publish_pages(base)
    machine = shown[paths.file(paths.machine("web1"), "en")]
    assert "Test without a result" in rows(machine, "open")
    assert "Test fails" not in rows(machine, "open")
    assert "could not be tested" in rows(shown["failing.en.html"], "tests")
    assert "1 with an exception" in rows(machine, "now")
    store_record(base, "20261102T100000Z-site-bbbbbb", check(visit(), "web1", "waived", "nginx.tls").finish(ok=4))
    assert re.search(r'class="tone warn">.{40,80}?;1.of.2<', rows(publish_pages(base)[machine.path.name], "now"))


@pytest.mark.slow
def test_a_long_history_has_older_pages_that_never_change(base: Path) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)

    def add(first: int, last: int) -> None:
        for number in range(first, last):
            name = f"{begin + timedelta(hours=number):%Y%m%dT%H%M%SZ}-site-{number:06x}"
            store_record(base, name, Journal().task("one", host="web1").finish(ok=1))

    def numbers(page: Page) -> list[int]:
        return [int(found, 16) for found in re.findall(r"-site-([0-9a-f]{6})", rows(page, "history"))]

    add(0, 119)
    shown = publish_pages(base)
    assert numbers(shown[paths.file(paths.machine("web1"), "en")]) == list(range(118, -1, -1))
    add(119, 121)
    shown = publish_pages(base)
    older = paths.file(paths.machine("web1", 1), "en")
    assert numbers(shown[older]) == list(range(99, -1, -1))
    assert numbers(shown[paths.file(paths.machine("web1"), "en")]) == list(range(120, 99, -1))
    content = shown[older].path.read_bytes()
    add(121, 130)
    assert publish_pages(base)[older].path.read_bytes() == content


@pytest.mark.slow
def test_a_machine_is_told_by_what_it_is_for(base: Path) -> None:
    journal = visit("web1").add("role", role="oplever.lab.nginx", tasks={"web": {"nl": "websites <b>", "en": "sites"}})
    store_record(base, "20261124T100000Z-site-000001", journal.finish(ok=4))
    shown = publish_pages(base)
    for page in (paths.file(paths.machine("web1"), "nl"), paths.file(paths.group("web"), "nl"), "search.nl.html"):
        assert "websites <b>" in shown[page].text, page
    assert "sites" in shown[paths.file(paths.machine("web1"), "en")].text


@pytest.mark.slow
def test_a_sheet_for_the_wall_names_nobody(base: Path) -> None:
    published.store(base)
    shown = publish_pages(base)
    sheets = [page.text for name, page in shown.items() if name.startswith("group-") and "hidden" not in name]
    assert sheets
    for text in sheets:
        assert not re.search(r"Yilmaz|Bakker|de Wit|Jansen", text)


@pytest.mark.slow
def test_the_feed_is_atom_with_one_number_for_each_record(base: Path) -> None:
    records = published.store(base)
    publish_pages(base)
    numbers = []
    for language in ("nl", "en"):
        feed = ET.parse(base / "overview" / f"feed.{language}.xml").getroot()  # noqa: S314 - of our own making
        assert feed.tag == f"{ATOM}feed"
        for name in ("title", "id", "updated", "author"):
            assert feed.find(f"{ATOM}{name}") is not None, name
        updated = [entry.findtext(f"{ATOM}updated") or "" for entry in feed.findall(f"{ATOM}entry")]
        assert updated == sorted(updated, reverse=True)
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", moment) for moment in updated)
        numbers.append([entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")])
        for link in feed.iter(f"{ATOM}link"):
            assert (base / "overview" / link.attrib["href"]).is_file()
    assert numbers[0] == numbers[1]
    assert len(set(numbers[0])) == len(records)


def test_nothing_at_all_is_said_so(base: Path) -> None:
    shown = publish_pages(base)
    assert "There are no records." in shown["index.en.html"].text
    assert "Er zijn geen dossiers." in shown["index.nl.html"].text
    shutil.rmtree(base)
    assert "There are no records." in publish_pages(base)["records.en.html"].text
