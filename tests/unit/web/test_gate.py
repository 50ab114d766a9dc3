"""Nobody gets past the gate: without account, role, token or origin, for another host, too large, too often."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import pytest
from command import attempt
from desk_client import ORIGIN, PASSWORD, SAME_SITE, WRONG, Browser, path_of, taken_in, text
from oplever import clock
from oplever.app.desk import accounts, sessions
from oplever.app.desk.permissions import PERMISSIONS, ROLES, Role, may
from oplever.errors import OpleverError
from oplever.store import desk as desk_store
from oplever.web.gate import Way
from oplever.web.routes import WAYS
from oplever.web.shield import HEADERS, LARGEST_FORM

GUARDED = [way for way in WAYS if way.action != "public"]


def ask(browser: Browser, way: Way, name: str, headers: dict[str, str] | None = None, **data: Any) -> Any:
    path = path_of(way, name)
    if way.method == "GET":
        return browser.get(path)
    return browser.client.post(path, data=data, headers=SAME_SITE if headers is None else headers)


@pytest.mark.parametrize("way", GUARDED, ids=lambda way: f"{way.method} {way.path}")
def test_without_account_there_is_only_the_way_in(way: Way, stored: dict[str, str]) -> None:
    answer = ask(Browser(), way, stored["remarks"])
    assert answer.status_code == (401 if way.method == "POST" else 303)
    if way.method == "GET":
        assert answer.headers["location"].startswith("/login")


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_every_way_is_open_to_the_roles_of_its_action_and_to_no_other(role: Role, stored: dict[str, str]) -> None:
    """Of what may not be done nothing is looked up: the answer is the same for a record that is not there."""
    browser = Browser().log_in("A. Visser", role)
    token = browser.fields("/logout", "/account")["form_token"]
    for way in GUARDED:
        if way.path in ("/logout", "/account"):
            continue  # these end the session
        may = role in PERMISSIONS[way.action]
        for name in (stored["remarks"], "20000101T000000Z-nothing-000000"):
            answer = ask(browser, way, name, form_token=token)
            is_refused = answer.status_code == 403 and "[not-permitted]" in answer.text
            assert is_refused is not may, (way, answer.status_code)


def test_who_has_more_roles_may_what_any_of_them_may_and_nothing_else(stored: dict[str, str]) -> None:
    """The gate asks for all roles of the account, which is seen at the pages of two that have none in common."""
    for count in range(len(ROLES) + 1):
        for roles in combinations(ROLES, count):
            allowed = {action for action in PERMISSIONS if may(roles, action)}
            assert allowed - {"public"} == {action for action, who in PERMISSIONS.items() if who & set(roles)}
    browser = Browser().log_in("A. Visser", "counter", "privacy")
    for path, status in {"/report": 200, "/reads": 200, f"/records/{stored['remarks']}/add": 403}.items():
        assert browser.get(path).status_code == status, path


POSTS = [way for way in WAYS if way.is_form]
FOREIGN: list[dict[str, str]] = [
    {},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
    {"origin": ORIGIN, "sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"origin": ORIGIN.replace("8765", "8766"), "sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("way", POSTS, ids=lambda way: way.path)
def test_a_form_of_another_site_does_nothing(way: Way, stored: dict[str, str]) -> None:
    browser = Browser().log_in("M. de Wit", *ROLES)
    token = browser.fields("/account")["form_token"]
    for headers in FOREIGN:
        answer = ask(browser, way, stored["remarks"], headers, form_token=token)
        assert (answer.status_code, "[form-refused]" in answer.text) == (403, True), headers
    for wrong in ("", "x", token[:-1], token + "x"):
        answer = ask(browser, way, stored["remarks"], form_token=wrong)
        assert (answer.status_code, "[form-refused]" in answer.text) == (403, True), wrong


def test_a_token_of_another_session_is_no_token(stored: dict[str, str]) -> None:
    other = Browser().log_in("P. Visser", "supervisor").fields("/account")["form_token"]
    browser = Browser().log_in("M. de Wit", "supervisor")
    answer = browser.client.post("/logout", data={"form_token": other}, headers=SAME_SITE)
    assert answer.status_code == 403
    assert browser.get("/").status_code == 200


def test_every_answer_has_the_headers(stored: dict[str, str]) -> None:
    browser = Browser().log_in("M. de Wit", "supervisor")
    for path in ("/", "/healthz", "/login", "/nothing", f"/records/{stored['hostile']}", "/records/none", "/machines"):
        answer = browser.get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (path, name)
        assert "server" not in answer.headers
    assert "'unsafe" not in HEADERS["content-security-policy"]


def test_no_page_has_a_script_or_style_of_its_own(stored: dict[str, str]) -> None:
    browser = Browser().log_in("M. de Wit", "supervisor")
    for path in ("/", "/records", f"/records/{stored['hostile']}", f"/records/{stored['delivered']}/decide"):
        page = browser.page(path)
        assert re.findall(r"<script(?! src=\"/static/)|<style|\sstyle=|\son\w+=\"|javascript:[^)]*\"", page) == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "", "127.0.0.1:8765.evil.example"])
def test_another_host_is_refused(host: str) -> None:
    """A name that leads to 127.0.0.1 makes the pages of this desk no pages of that site."""
    assert Browser().get("/login", headers={"host": host}).status_code == 400
    assert Browser().get("/login", headers={"host": "localhost:8765"}).status_code == 200


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    browser = Browser()
    token = browser.fields("/login")
    large = {**token, "name": "x" * LARGEST_FORM, "password": "x"}
    assert browser.client.post("/login", data=large, headers=SAME_SITE).status_code == 413
    many = {**token, **{f"f{number}": "x" for number in range(3000)}}
    assert browser.client.post("/login", data=many, headers=SAME_SITE).status_code in (400, 413)


def test_logging_in_gives_another_token_each_time_and_takes_none_from_outside() -> None:
    """What somebody else put into the browser is nothing after the login."""
    browser = Browser()
    browser.client.cookies.set(browser.desk.cookie, "chosen-by-somebody-else", domain="127.0.0.1")
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    browser.log_in_by_form("M. de Wit")
    first = {c.value for c in browser.client.cookies.jar if c.name == browser.desk.cookie}
    assert "chosen-by-somebody-else" not in first
    with desk_store.opened() as database:
        assert sessions.load(database, "chosen-by-somebody-else") is None
        kept = database.column("SELECT token FROM oplever_desk_sessions")
        assert len(kept) == 1
        assert not first & set(kept)  # the database has only the digest
    browser.send("/login", name="M. de Wit", password=PASSWORD)
    with desk_store.opened() as database:
        assert len(database.column("SELECT token FROM oplever_desk_sessions")) == 1  # the old one is over
        assert not set(kept) & set(database.column("SELECT token FROM oplever_desk_sessions"))


def test_logging_out_ends_the_session_on_the_server() -> None:
    browser = Browser().log_in("M. de Wit", "supervisor")
    cookies = dict(browser.client.cookies)
    browser.send("/logout", "/account")
    thief = Browser()
    thief.client.cookies.update(cookies)
    assert thief.get("/").status_code == 303


def at(monkeypatch: pytest.MonkeyPatch, minutes: float) -> None:
    from datetime import timedelta  # noqa: PLC0415

    moment = clock.written(clock.moment("2026-11-26T08:00:00Z") + timedelta(minutes=minutes))
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.mark.slow
def test_an_unused_session_ends_and_a_used_one_goes_on_until_its_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 0)
    browser = Browser().log_in("M. de Wit", "supervisor")
    for minute in range(20, 12 * 60, 20):
        at(monkeypatch, minute)
        assert browser.get("/").status_code == 200, minute
    at(monkeypatch, 12 * 60 + 1)
    assert browser.get("/").status_code == 303
    at(monkeypatch, 24 * 60)
    other = Browser().log_in("M. de Wit")
    at(monkeypatch, 24 * 60 + 31)
    assert other.get("/").status_code == 303


def test_too_many_attempts_are_refused_also_with_the_right_password(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 0)
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    browser = Browser()
    for _ in range(sessions.MOST_OF_ACCOUNT):
        assert browser.send("/login", name="m. DE  wit", password=WRONG).status_code == 401
    answer = browser.send("/login", name="M. de Wit", password=PASSWORD)
    assert answer.status_code == 429
    assert "too many attempts" in answer.text
    at(monkeypatch, 16)
    assert browser.send("/login", name="M. de Wit", password=PASSWORD).status_code == 303


@pytest.mark.slow
def test_one_address_cannot_try_every_account(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 0)
    browser = Browser()
    codes = [
        browser.send("/login", name=f"P. {number}", password=WRONG).status_code
        for number in range(sessions.MOST_OF_ADDRESS + 1)
    ]
    assert codes == [401] * sessions.MOST_OF_ADDRESS + [429]


def test_who_has_no_account_is_told_the_same_as_who_mistypes() -> None:
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    answers = [text(Browser().send("/login", name=name, password=WRONG).text) for name in ("M. de Wit", "N. Obody")]
    assert answers[0] == answers[1]
    assert "the name or the password is not right" in answers[0]


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/\\evil.example", "/a\nb", "javascript:x"])
def test_after_the_login_one_stays_here(path: str) -> None:
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    answer = Browser().send("/login", name="M. de Wit", password=PASSWORD, next=path)
    assert answer.headers["location"] == "/"
    assert (
        Browser().send("/login", name="M. de Wit", password=PASSWORD, next="/records").headers["location"] == "/records"
    )


def test_an_account_that_is_closed_or_changed_is_logged_out() -> None:
    browser = Browser().log_in("M. de Wit", "supervisor")
    accounts.change("M. de Wit", close=True)
    assert browser.get("/").status_code == 303
    assert Browser().send("/login", name="M. de Wit", password=PASSWORD).status_code == 401


def test_a_password_is_changed_with_the_present_one() -> None:
    browser = Browser().log_in("M. de Wit", "supervisor")
    new = "nog vier andere woorden"
    assert browser.send("/account", password=WRONG, new=new).status_code == 401
    assert browser.send("/account", password=PASSWORD, new="short").status_code == 422
    assert browser.send("/account", password=PASSWORD, new=new).status_code == 303
    assert browser.get("/").status_code == 303
    assert Browser().send("/login", name="M. de Wit", password=PASSWORD).status_code == 401
    assert Browser().send("/login", name="M. de Wit", password=new).status_code == 303


def test_a_desk_without_accounts_says_so() -> None:
    assert attempt("web", "account", "list").output == "nobody has an account at the desk yet\n"
    accounts.add("S. Yilmaz", ("technician",), PASSWORD)
    assert attempt("web", "account", "list").output.startswith("S. Yilmaz")


def test_one_person_has_one_account() -> None:
    accounts.add("S. Yilmaz", ("technician",), PASSWORD)
    with pytest.raises(OpleverError) as problem:
        accounts.add("Yilmaz, S.", ("supervisor",), PASSWORD)
    assert problem.value.slug == "account-taken"


def test_over_tls_the_cookie_is_bound_to_this_host() -> None:
    from oplever.web.desk import Desk  # noqa: PLC0415

    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    browser = Browser(desk=Desk("https://desk.school.example"))
    data = {**browser.fields("/login"), "name": "M. de Wit", "password": PASSWORD}
    headers = {"origin": "https://desk.school.example", "sec-fetch-site": "same-origin"}
    answer = browser.client.post("/login", data=data, headers=headers)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("__Host-oplever="))
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {"secure", "httponly", "path=/", "samesite=lax"}
    assert "max-age" in answer.headers["strict-transport-security"]


TYPED = "de kabel achter de kast is los & <b>stuk</b>"


def kept(page: str) -> bool:
    return TYPED in text(page) and "<b>stuk" not in page


def test_what_was_typed_is_not_lost_when_the_session_ended(
    stored: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands on the page that says so, to copy, and the login leads back to the form."""
    at(monkeypatch, 0)
    browser = Browser().log_in("K. Jansen", "technician")
    path = f"/records/{stored['remarks']}/add/hours"
    data = {**browser.fields(path), "entry.activity": TYPED, "entry.hours": "2,5", "password": "two words"}
    at(monkeypatch, 31)
    answer = browser.client.post(path, data=data, headers=SAME_SITE)
    assert (answer.status_code, "[login-ended]" in answer.text, kept(answer.text)) == (401, True, True)
    assert "two words" not in answer.text
    assert data["once"] not in answer.text.replace('name="once"', "")
    assert f'href="/login?next={path}"' in answer.text
    browser.log_in("K. Jansen")
    answer = browser.client.post(path, data=data, headers=SAME_SITE)  # as the page was, with the token of before
    assert (answer.status_code, "[form-refused]" in answer.text, kept(answer.text)) == (403, True, True)
    assert f'<a href="{path}">Open the page again</a>' in answer.text


def test_what_another_site_sends_is_not_shown(stored: dict[str, str]) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    for headers in FOREIGN:
        answer = browser.client.post("/report", data={"text": TYPED}, headers=headers)
        assert (answer.status_code, kept(answer.text)) == (403, False)


def test_a_form_that_stands_on_another_page_leads_to_that_in_the_other_language(stored: dict[str, str]) -> None:
    browser = Browser().log_in("J. Bakker", "reporter")
    path = f"/reported/{taken_in(browser)}"
    for form in ("answer", "annex"):
        token = browser.fields("/logout", "/account")["form_token"]
        once = {"form_token": token, "once": f"{form:_>20}", "head": "x", "what": "een foto"}
        answer = browser.client.post(f"{path}/{form}", data=once, headers=SAME_SITE)
        assert answer.status_code in (409, 413), text(answer.text)
        assert f'href="{path}?language=nl"' in answer.text
    assert browser.get(f"{path}?language=nl").status_code == 200
