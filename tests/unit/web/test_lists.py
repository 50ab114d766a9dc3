"""What is read at the desk: who waits for what, the list, one record, its documents, machines."""

from __future__ import annotations

import re
from pathlib import Path

import published
import pytest
from desk_client import Browser, text
from golden.cases import CASES
from journals import Journal
from oplever import store
from oplever.app.build import build
from oplever.errors import OpleverError
from oplever.kinds import documents
from oplever.page.translator import Translator
from oplever.store import desk as desk_store
from oplever.store import query
from oplever.store.index import open_index
from oplever.web.desk import Desk
from oplever.web.views import cases, lists
from oplever.web.views import records as records_page
from oplever.words import Language
from stored import check, store_record, visit

HOSTILE = "<script>alert(1)</script>"


@pytest.mark.slow
@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_record_has_the_words_of_its_document(language: Language, stored: dict[str, str], records: Path) -> None:
    browser = Browser(language).log_in("A. Bakker", "auditor")
    for case, name in stored.items():
        page = text(browser.page(f"/{'cases' if case.startswith('incident') else 'records'}/{name}"))
        drawn = documents.build(store.load(records / name), Translator(language))
        assert drawn.verdict is not None
        for words in (drawn.title, drawn.verdict.title, drawn.verdict.explanation, drawn.verdict.figures):
            assert " ".join(words.split()) in page, name
        assert "oplever add" not in page.partition("What you can do")[0]


def test_the_index_knows_for_whom_a_record_waits(stored: dict[str, str]) -> None:
    names = {name: case for case, name in stored.items()}
    with open_index() as index:
        waiting = {
            who: {names[name] for name in query.waiting(index, who, ["", *query.waiting_names(index, who)])}
            for who in ("supervisor", "user", "executor")
        }
    assert "remarks" in waiting["supervisor"]
    assert "remarks" not in waiting["user"]  # the user accepted
    assert "delivered" not in set().union(*waiting.values())
    assert "failed" in waiting["executor"]


def test_what_names_another_supervisor_does_not_wait_for_me(records: Path) -> None:
    people = [{"name": "S. Yilmaz", "role": "executor"}, {"name": "M. de Wit", "role": "supervisor"}]
    journal = Journal(work_process="1.3", assignment={"people": people})
    journal.add("play_start", play="q", name="Web", hosts="web", targets=["web1"], groups={"web1": ["web"]})
    check(journal, "web1", "pass")
    name = "20261123T100000Z-site-aaaaaa"
    store_record(records, name, journal.finish())
    assert name in Browser().log_in("M. de Wit", "supervisor").page("/")
    assert name not in Browser().log_in("T. Bos", "supervisor").page("/")


def test_a_run_of_a_record_of_several_waits_for_nobody_by_itself(records: Path) -> None:
    whole = published.store(records, ["joined"])["joined"].name
    runs = [path.name for path in records.iterdir() if "-site-" in path.name]
    browser = Browser().log_in("M. de Wit", "supervisor", "technician")
    every = browser.page("/records")
    assert [name for name in (whole, *runs) if name not in every] == []
    assert text(every).count(f"run of {whole}") == len(runs) == 2
    for role in ("supervisor", "user", "executor"):
        page = browser.page(f"/records?waits_for={role}")
        assert [name for name in runs if name in page.replace(f"run of {whole}", "")] == []
    work = [Browser().log_in("S. Yilmaz", "technician").page("/"), browser.page("/")]
    assert whole in work[0]
    assert [name for name in runs for page in work if name in page] == []


@pytest.mark.slow
def test_the_list_is_searched_and_turned(records: Path, stored: dict[str, str]) -> None:
    browser = Browser().log_in("A. Bakker", "auditor")
    every = browser.page("/records")
    assert all(name in every for name in stored.values())
    assert stored["failed"] in browser.page("/records?text=pc1")
    assert stored["delivered"] not in browser.page("/records?text=pc1")
    assert stored["remarks"] in browser.page("/records?waits_for=supervisor")
    assert stored["delivered"] not in browser.page("/records?waits_for=supervisor")
    assert "No record matches" in browser.page("/records?text=%25nothing_")
    assert stored["failed"] in browser.page("/records?verdict=not_delivered")
    for odd in ("skip=-1", "skip=x", "skip=99999999999999999999", "verdict=x", "state=%27", "text=" + "x" * 5000):
        assert browser.get(f"/records?{odd}").status_code == 200, odd


@pytest.mark.slow
def test_pages_turn_without_losing_the_search(records: Path) -> None:
    for number in range(120):
        name = f"202610{number % 28 + 1:02}T10{number // 28:02}00Z-site-{number:06x}"
        store_record(records, name, visit().finish())
    browser = Browser().log_in("A. Bakker", "auditor")
    listed: list[str] = []
    path = "/records?text=web1"
    while path:
        page = browser.page(path)
        listed += re.findall(r'href="/records/([^"?]+)"', page)
        older = re.search(r'href="([^"]+)">Older<', page)
        path = older[1].replace("&amp;", "&") if older else ""
        assert not path or "text=web1" in path
    assert len(listed) == len(set(listed)) == 120


CUT = ((lists, "_MOST_MACHINES"), (lists, "_MOST_VISITS"), (records_page, "_MOST_LINES"), (cases, "_MOST"))


def test_a_list_says_how_many_it_leaves_out(stored: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for module, most in CUT:
        monkeypatch.setattr(module, most, 1)
    browser = Browser().log_in("M. de Wit", "supervisor", "counter")
    for path in ("/machines", "/machines/web1", f"/records/{stored['remarks']}", "/cases?all=yes"):
        assert re.search(r"and \d+ more", text(browser.page(path))), path


@pytest.mark.slow
def test_what_a_machine_says_is_text(stored: dict[str, str]) -> None:
    browser = Browser().log_in("A. Bakker", "auditor")
    for path in ("/records", "/machines", f"/records/{stored['hostile']}"):
        page = browser.page(path)
        assert HOSTILE not in page
        assert "&lt;script&gt;" in page
    links = re.findall(r'href="(/machines/[^"]*)"', browser.page("/machines"))
    assert len(links) > 4
    for link in links:
        assert HOSTILE not in browser.page(link)


def test_a_search_is_shown_as_text(stored: dict[str, str]) -> None:
    browser = Browser().log_in("A. Bakker", "auditor")
    for path in ("/records", "/machines"):
        page = browser.page(f'{path}?text="><script>alert(1)</script>')
        assert HOSTILE not in page
        assert 'value="&#34;&gt;&lt;script&gt;' in page


@pytest.mark.parametrize(
    "path",
    [
        "/records/../desk.sqlite", "/records/%2e%2e/report.en.html", "/records/..%2frecords",
        "/records/desk.sqlite", "/records/desk_key", "/records/.new-abc", "/records/latest", "/records/%00",
        "/records/{name}/journal.jsonl", "/records/{name}/record.json", "/records/{name}/..%2f..%2fdesk_key",
        "/records/{name}/report.en.html%00.md", "/records/{name}/.documents", "/records/{name}/report.xx.html",
        "/static/../desk_key", "/static/..%2f..%2fdesk_key", "/static/desk.css",
        "/records/%2fetc%2fpasswd/report.en.html",
    ],
)  # fmt: skip
def test_no_path_leads_elsewhere(path: str, stored: dict[str, str], records: Path) -> None:
    (records / "latest").symlink_to(stored["delivered"])
    browser = Browser().log_in("A. Bakker", "auditor")
    answer = browser.get(path.format(name=stored["delivered"]))
    assert answer.status_code in (404, 405), answer.text[:200]
    assert "OPENSSH" not in answer.text


def test_a_name_is_that_of_a_record_and_no_path(stored: dict[str, str], records: Path) -> None:
    """Whatever the server in front of it makes of a path."""
    name = stored["delivered"]
    (records.parent / "journal.jsonl").write_text("not a record of ours")
    (records / name / "inner").mkdir()
    (records / name / "inner/journal.jsonl").write_text("nor this")
    assert Desk.record(name) == records / name
    for path in ("..", ".", "", f"../records/{name}", f"./{name}", f"{name}/inner", str(records / name), f"{name}\0"):
        with pytest.raises(OpleverError) as problem:
            Desk.record(path)
        assert problem.value.slug == "record-unknown", path


@pytest.mark.slow
def test_a_document_is_given_as_it_is_and_can_do_nothing_here(
    stored: dict[str, str], records: Path, tmp_path: Path
) -> None:
    directory = records / stored["delivered"]
    build(directory)
    browser = Browser().log_in("A. Bakker", "auditor")
    for name, kind in (
        ("report.nl.html", "text/html"),
        ("report.en.pdf", "application/pdf"),
        ("report.en.md", "text/plain"),
    ):
        answer = browser.get(f"/records/{directory.name}/{name}")
        assert (answer.status_code, answer.content) == (200, (directory / name).read_bytes())
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["x-content-type-options"] == "nosniff"
    policy = browser.get(f"/records/{directory.name}/report.nl.html").headers["content-security-policy"]
    assert "sandbox" in policy
    assert "allow-same-origin" not in policy
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (directory / "report.en.md").unlink()
    (directory / "report.en.md").symlink_to(secret)
    assert browser.get(f"/records/{directory.name}/report.en.md").status_code == 404


def test_who_looked_is_kept(stored: dict[str, str]) -> None:
    browser = Browser().log_in("A. Bakker", "auditor")
    browser.page(f"/records/{stored['delivered']}")
    browser.page("/machines/web1")
    with desk_store.opened() as database:
        rows = database.rows("SELECT login, subject, address FROM oplever_desk_reads ORDER BY at")
    assert rows == [
        ("a. bakker", stored["delivered"], "192.0.2.7"),
        ("a. bakker", "machine web1", "192.0.2.7"),
    ]


def test_a_record_that_cannot_be_read_hides_no_other(stored: dict[str, str], records: Path) -> None:
    (records / stored["failed"] / "journal.jsonl").write_text("broken\n")
    browser = Browser().log_in("A. Bakker", "auditor")
    page = text(browser.page("/records"))
    assert "cannot be read" in page
    assert stored["delivered"] in page
    answer = browser.get(f"/records/{stored['failed']}")
    assert (answer.status_code, "[journal-foreign]" in answer.text) == (503, True)


def test_health_says_why_not(stored: dict[str, str], records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser()
    assert browser.get("/healthz").status_code == 200
    monkeypatch.setenv("OPLEVER_DESK_STORE", "mysql://x")
    answer = browser.get("/healthz")
    assert (answer.status_code, "mysql" in answer.text) == (503, True)


@pytest.mark.slow
def test_every_golden_record_has_a_page(records: Path) -> None:
    browser = Browser().log_in("A. Bakker", "auditor")
    names = [case for case in sorted(CASES) if case not in published.CHOSEN][:40]
    for case in names:
        directory = published.store(records / "x", [case])[case]
        directory = directory.rename(records / f"{directory.name}{case}")
        assert browser.get(f"/records/{directory.name}").status_code in (200, 303), case


def test_what_is_past_its_day_is_found_by_a_tick(stored: dict[str, str]) -> None:
    browser = Browser().log_in("A. Bakker", "auditor")
    tick = r'name="overdue" type="checkbox" value="yes"( checked)?>'
    every, late = browser.page("/records"), browser.page("/records?overdue=yes")
    assert [re.findall(tick, page) for page in (every, late)] == [[""], [" checked"]]
    assert set(re.findall(r'href="(/records/\d{8}T[^"?/]+)"', late)) < set(
        re.findall(r'href="(/records/\d{8}T[^"?/]+)"', every)
    )
