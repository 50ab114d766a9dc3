"""Attacks on the desk, each without effect: nothing is shown that is not for whoever asks, nothing runs in a browser,
and nothing is added."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import published
import pytest
from desk_client import ORIGIN, PASSWORD, SAME_SITE, WRONG, Browser, empty_desk, files, taken_in
from oplever import store
from oplever.app import add as adding
from oplever.app.desk import accounts
from oplever.render.registry import render
from oplever.web.shield import LARGEST_FORM
from oplever.web.views.overview import PAGES

PAYLOAD = "\"><svg/onload=alert(1)>'{{7*7}}<script>alert(1)</script>"
SECRETS = (b"SQLite format 3", b"root:x:0", b"OPENSSH PRIVATE KEY", b"$argon2")
RUNNING = r"<svg/|<script(?! src=\"/static/)|\son\w+=|href=\"(?!/|#|http://127\.0\.0\.1:8765/|data:,)"
"""What would run in a browser, or lead away from the desk."""
REFUSED = frozenset((303, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422))


class Place(NamedTuple):
    """Whom an attack is on: a technician who is logged in, records of all sorts, and a case of somebody else."""

    browser: Browser
    stored: dict[str, str]
    records: Path
    case: str


@pytest.fixture(scope="module")
def desk_with_records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], str]:
    """Records, the names of golden ones by what they show, and the name of a case: made once, and copied."""
    with pytest.MonkeyPatch.context() as patch:
        base = empty_desk(patch, tmp_path_factory.mktemp("attacks"))
        patch.setenv("OPLEVER_DOCUMENTS", "0")
        stored = {case: directory.name for case, directory in published.store(base).items()}
        case = taken_in(Browser().log_in("J. Bakker", "reporter"))
        accounts.add("K. Jansen", ("technician",), PASSWORD)
        return base, stored, case


@pytest.fixture
def place(desk_with_records: tuple[Path, dict[str, str], str], records: Path) -> Place:
    base, stored, case = desk_with_records
    shutil.copytree(base, records, dirs_exist_ok=True, ignore=shutil.ignore_patterns("index.sqlite*"))
    return Place(Browser().log_in("K. Jansen"), stored, records, case)


def harmless(answer: Any) -> None:
    """What any page is, whatever was in the request or the records."""
    assert answer.status_code < 500, answer.text
    for secret in SECRETS:
        assert secret not in answer.content
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert re.findall(RUNNING, answer.text) == []
        assert ">49<" not in answer.text


PATHS: dict[str, str] = {
    "traversal: record": "/records/../desk.sqlite",
    "traversal: record, encoded": "/records/%2e%2e%2fdesk.sqlite",
    "traversal: record, encoded twice": "/records/%252e%252e%252fdesk.sqlite",
    "traversal: record, backslash": "/records/..%5cdesk.sqlite",
    "traversal: absolute": "/records/%2fetc%2fpasswd",
    "traversal: hidden": "/records/.documents",
    "traversal: the link to the latest": "/records/latest",
    "traversal: end of a text in C": "/records/{remarks}%00.html",
    "traversal: document": "/records/{remarks}/..%2fdesk.sqlite",
    "traversal: journal as a document": "/records/{remarks}/journal.jsonl",
    "traversal: manifest as a document": "/records/{remarks}/manifest.json",
    "traversal: key as a document": "/records/{remarks}/desk_key",
    "traversal: annex": "/records/{remarks}/annexes/..%2f..%2fdesk_key",
    "traversal: static": "/static/..%2f..%2fgate.py",
    "traversal: static, another digest": "/static/desk.0000000000000000.js",
    "traversal: kind of entry": "/records/{remarks}/add/..%2f..",
    "traversal: overview": "/overview/..%2findex.sqlite",
    "traversal: event of a case": "/cases/{case}/..%2fopened",
    "injection: machine": "/machines/x'%20OR%20'1'='1",
    "injection: host in a path": "/machines/web1%00",
    "injection: week": "/hours?week=2026-W48'%20OR%201=1",
    "injection: finding": "/proposals/slow-00000000'--",
    "idor: the report of somebody else": "/reported/{case}",
    "idor: a file of the report of somebody else": "/reported/{case}/annexes/" + "0" * 64,
    "idor: a case as a record's decision": "/records/{case}/decide",
    "idor: who read what": "/reads",
    "idor: a link that nobody made": "/accept/" + "A" * 43,
    "idor: a follow link as acceptance": "/accept/{follow}",
    "idor: the thanks of a link that nobody used": "/accept/{follow}/done",
    "method: what is only sent": "/logout",
    "huge: a record": "/records/" + "x" * 8000,
    "huge: a token": "/follow/" + "x" * 8000,
}
REFLECTED: dict[str, str] = {
    "xss: search": "/records?text={payload}",
    "xss: search of machines": "/machines?text={payload}",
    "xss: filter": "/records?verdict={payload}&state={payload}&waits_for={payload}&skip={payload}",
    "xss: language": "/records?language={payload}",
    "xss: preset of a form": "/records/{remarks}/add/rest-point?item={payload}&owner={payload}",
    "xss: where to go after the login": "/login?next={payload}",
    "xss: category of a report": "/report?category={payload}",
    "xss: person of hours": "/hours?person={payload}",
    "xss: who is asked for": "/records/{remarks}?done={payload}",
    "xss: record": "/records/{payload}",
    "xss: machine": "/machines/{payload}",
}
STORED: dict[str, tuple[str, dict[str, str]]] = {
    "xss: hours": ("hours", {"hours": "1", "activity": PAYLOAD}),
    "xss: open point": ("rest-point", {"item": PAYLOAD, "owner": PAYLOAD, "due": "2099-01-01"}),
    "xss: component": ("component", {"host": "web1", "name": PAYLOAD, "origin": PAYLOAD}),
    "xss: proposal": ("proposal", {"observation": PAYLOAD, "proposal": PAYLOAD}),
    "xss: escalation": ("escalation", {"to": PAYLOAD, "message": PAYLOAD, "why": "not_able"}),
    "xss: handover": ("handover", {"warranty": PAYLOAD, "support": PAYLOAD}),
}


def filled_in_path(place: Place, path: str) -> str:
    values = {name: quote(value, safe="") for name, value in place.stored.items()}
    values |= {"case": place.case, "payload": quote(PAYLOAD, safe=""), "follow": "B" * 43}
    return path.format(**values)


@pytest.mark.parametrize("name", PATHS)
def test_a_path_leads_nowhere_else(name: str, place: Place) -> None:
    before = files(place.records)
    answer = place.browser.get(filled_in_path(place, PATHS[name]))
    harmless(answer)
    assert answer.status_code in REFUSED, answer.text[:2000]
    assert files(place.records) == before


@pytest.mark.parametrize("name", REFLECTED)
def test_what_is_in_an_address_is_text(name: str, place: Place) -> None:
    for language in ("nl", "en"):
        harmless(place.browser.get(filled_in_path(place, REFLECTED[name]), headers={"accept-language": language}))


@pytest.mark.parametrize("name", STORED)
def test_what_people_add_is_text_wherever_it_is_shown(name: str, place: Place) -> None:
    kind, values = STORED[name]
    record = place.stored["remarks"]
    adding.add(place.records / record, kind, "S. Yilmaz", values)
    for path in ("/", "/records", f"/records/{record}", f"/records/{record}/add", "/proposals", "/overview/points"):
        harmless(place.browser.get(path))
    document = render(store.load(place.records / record), "html", "nl").decode()
    assert "<svg/onload" not in document
    assert "&lt;svg/onload=alert(1)&gt;" in document


def _report(place: Place) -> None:
    reporter = Browser().log_in("P. Smit", "reporter")
    name = taken_in(reporter, text=PAYLOAD, place=PAYLOAD, machine=PAYLOAD)
    for path in ("/", f"/reported/{name}"):
        harmless(reporter.get(path))
    for path in (f"/cases/{name}", "/cases"):
        harmless(place.browser.get(path))


def _name_of_account(place: Place) -> None:
    accounts.add(PAYLOAD[:90], ("technician",), PASSWORD)
    harmless(Browser().log_in(PAYLOAD[:90]).get("/account"))


def _name_of_file(place: Place) -> None:
    path = f"/records/{place.stored['remarks']}/annex"
    data = {**place.browser.fields(path), "what": PAYLOAD}
    sent = {"file": (f"..\\../{PAYLOAD}\r\nx-evil: 1.txt", b"hello")}
    assert place.browser.client.post(path, data=data, files=sent, headers=SAME_SITE).status_code == 303
    page = place.browser.get(f"/records/{place.stored['remarks']}")
    harmless(page)
    link = re.search(r'href="(/records/[^"]+/annexes/[^"]+)"', page.text)
    assert link
    answer = place.browser.get(link[1])
    assert "x-evil" not in answer.headers
    assert re.fullmatch(r"attachment; filename\*=UTF-8''[\w.%~-]+", answer.headers["content-disposition"])
    assert {path.parent.name for path in place.records.rglob("*.txt")} == {"annexes"}


def _person_of_hours(place: Place) -> None:
    """A technician asks for the hours of somebody else."""
    adding.add(place.records / place.stored["remarks"], "hours", "P. Smit", {"hours": "1", "activity": "geheim"})
    assert "geheim" not in place.browser.get("/hours?person=P.+Smit").text
    assert b"geheim" not in place.browser.get("/hours/sheet?person=P.+Smit").content


def _name_of_machine(place: Place) -> None:
    machines = place.browser.page("/machines")
    links = [html.unescape(link) for link in re.findall(r'href="(/machines/[^"]+)"', machines)]
    [machine] = (link for link in links if "script" in link)
    for path in ("/machines", machine, f"/records/{place.stored['hostile']}"):
        answer = place.browser.get(path)
        harmless(answer)
        assert (answer.status_code, "&lt;script&gt;" in answer.text) == (200, True), path


def _output_of_machine(place: Place) -> None:
    record = place.stored["hostile"]
    for path in (f"/records/{record}/run", f"/records/{record}/run/events", *(f"/overview/{page}" for page in PAGES)):
        harmless(place.browser.get(path))
    assert "&lt;script&gt;" in place.browser.page(f"/records/{record}/run")


def _two_supervisors(place: Place) -> None:
    """Both have the page open; of the second one nothing is taken."""
    path = f"/records/{place.stored['remarks']}/decide"
    first, second = (Browser().log_in(name, "supervisor") for name in ("M. de Wit", "T. Bos"))
    data = {**second.fields(path), "choice": "rejected", "remarks": "x", "password": PASSWORD}
    assert first.send(path, choice="approved", password=PASSWORD).status_code == 303
    before = files(place.records)
    assert second.client.post(path, data=data, headers=SAME_SITE).status_code == 409
    assert files(place.records) == before


def _changed_meanwhile(place: Place) -> None:
    """What a supervisor approves is what was on the page, and nothing that somebody added after that."""
    path = f"/records/{place.stored['remarks']}/decide"
    supervisor = Browser().log_in("M. de Wit", "supervisor")
    data = {**supervisor.fields(path), "choice": "approved", "password": PASSWORD}
    adding.add(place.records / place.stored["remarks"], "fault", "K. Jansen", {"symptom": "kabel los", "host": "web1"})
    before = files(place.records)
    assert supervisor.client.post(path, data=data, headers=SAME_SITE).status_code == 409
    assert files(place.records) == before


def _many_fields(place: Place) -> None:
    before, path = files(place.records), filled_in_path(place, HOURS)
    data = {**place.browser.fields(path), **{f"f{number}": "x" for number in range(3000)}}
    assert place.browser.client.post(path, data=data, headers=SAME_SITE).status_code == 400
    assert files(place.records) == before


def _refused_post(path: str, *, fields_of: str = "", **values: str) -> Callable[[Place], None]:
    def attack(place: Place) -> None:
        before = files(place.records)
        address = filled_in_path(place, path)
        data = {
            **place.browser.fields(filled_in_path(place, fields_of) or address, filled_in_path(place, fields_of)),
            **values,
        }
        answer = place.browser.client.post(address, data=data, headers=SAME_SITE)
        harmless(answer)
        assert answer.status_code in REFUSED - {303}, answer.status_code
        assert files(place.records) == before

    return attack


def _headers(**headers: str) -> Callable[[Place], None]:
    def attack(place: Place) -> None:
        before = files(place.records)
        path = f"/records/{place.stored['remarks']}/add/hours"
        data = {**place.browser.fields(path), "entry.hours": "1", "entry.activity": "x"}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = place.browser.client.post(path, data=data, headers=sent)
        assert answer.status_code in (400, 403)
        assert files(place.records) == before

    return attack


def _fixation(place: Place) -> None:
    browser = Browser()
    browser.client.cookies.set(browser.desk.cookie, "x" * 43, domain="127.0.0.1")
    browser.client.cookies.set(browser.desk.form_cookie, "y" * 43, domain="127.0.0.1")
    browser.log_in_by_form("K. Jansen")
    kept = {cookie.value for cookie in browser.client.cookies.jar if cookie.name == browser.desk.cookie}
    assert "x" * 43 not in kept
    thief = Browser()
    thief.client.cookies.set(thief.desk.cookie, "x" * 43, domain="127.0.0.1")
    assert thief.get("/").status_code == 303


def _address_of_another(place: Place) -> None:
    """The throttle counts the address of the connection, whatever a header says."""
    browser = Browser()
    codes = set()
    for number in range(40):
        data = {**browser.fields("/login"), "name": f"N. {number}", "password": WRONG}
        headers = {**SAME_SITE, "x-forwarded-for": f"198.51.100.{number}", "forwarded": f"for=198.51.100.{number}"}
        codes.add(browser.client.post("/login", data=data, headers=headers).status_code)
    assert 429 in codes


def _other_kind_of_entry(place: Place) -> None:
    """Fields of other kinds, and names of the chain, are none of a form."""
    path = f"/records/{place.stored['remarks']}/add/hours"
    more = {"entry.added": "decision", "entry.by": "M. de Wit", "by": "M. de Wit", "at": "2020-01-01", "previous": "x"}
    done = place.browser.send(path, **{"entry.hours": "1", "entry.activity": "kabels", **more})
    assert done.status_code == 303
    entry = store.read_entries(place.records / place.stored["remarks"])[-1]
    assert (entry.by, entry.kind, entry.at[:4] > "2020") == ("K. Jansen", "hours", True)


def _session_of_a_closed_account(place: Place) -> None:
    fields = place.browser.fields(f"/records/{place.stored['remarks']}/add/hours")
    accounts.change("K. Jansen", close=True)
    answer = place.browser.client.post(f"/records/{place.stored['remarks']}/add/hours", data=fields, headers=SAME_SITE)
    assert answer.status_code == 401


HOURS = "/records/{remarks}/add/hours"
ACTS: dict[str, Callable[[Place], None]] = {
    "xss: name of a machine": _name_of_machine,
    "xss: output of a machine": _output_of_machine,
    "xss: a report": _report,
    "xss: name of an account": _name_of_account,
    "xss: name of a file": _name_of_file,
    "idor: hours of somebody else": _person_of_hours,
    "idor: a decision by a technician": _refused_post(
        "/records/{remarks}/decide", fields_of="/account", choice="approved", password=PASSWORD
    ),
    "idor: a file with the report of somebody else": _refused_post("/reported/{case}/annex", fields_of="/account"),
    "csrf: no origin": _headers(),
    "csrf: another site": _headers(origin="https://evil.example", sec_fetch_site="cross-site"),
    "csrf: a subdomain": _headers(origin="http://evil.127.0.0.1:8765", sec_fetch_site="same-site"),
    "csrf: a sandboxed frame": _headers(origin="null"),
    "csrf: another port": _headers(origin="http://127.0.0.1:8766", sec_fetch_site="same-site"),
    "host: another name for this address": _headers(host="evil.example", origin=ORIGIN),
    "host: this name with more": _headers(host="127.0.0.1:8765.evil.example", origin=ORIGIN),
    "fixation: a session from outside": _fixation,
    "throttle: an address in a header": _address_of_another,
    "idor: fields of another kind": _other_kind_of_entry,
    "session: a closed account": _session_of_a_closed_account,
    "race: two supervisors": _two_supervisors,
    "race: a record that changes while its page is open": _changed_meanwhile,
    "huge: fields": _many_fields,
    "huge: a request": _refused_post(HOURS, **{"entry.activity": "x" * LARGEST_FORM, "entry.hours": "1"}),
    "huge: a field": _refused_post(HOURS, **{"entry.activity": "x" * 5000, "entry.hours": "1"}),
    "number: not a number": _refused_post(HOURS, **{"entry.activity": "x", "entry.hours": "1e999"}),
    "number: below nothing": _refused_post(HOURS, **{"entry.activity": "x", "entry.hours": "-1"}),
    "stale: a page of before": _refused_post(HOURS, **{"entry.activity": "x", "entry.hours": "1", "head": "entry:0"}),
    "stale: a page of no record": _refused_post(HOURS, **{"entry.activity": "x", "entry.hours": "1", "head": ""}),
    "control: characters that steer a terminal": _refused_post(
        HOURS, **{"entry.activity": "a\x1b]0;x\x07b", "entry.hours": "1"}
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_attack_has_no_effect(name: str, place: Place) -> None:
    ACTS[name](place)


def test_there_are_as_many_as_the_guide_says() -> None:
    """What is slow needs a socket: `test_it_serves_on_a_socket_and_slow_and_odd_clients_hold_up_nobody`."""
    names = [*PATHS, *REFLECTED, *STORED, *ACTS]
    kinds = {name.partition(":")[0] for name in names}
    assert len(names) >= 60
    assert kinds >= {"xss", "traversal", "injection", "idor", "csrf", "host", "fixation", "throttle", "huge", "stale",
                     "race"}  # fmt: skip
