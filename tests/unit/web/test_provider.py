"""A login of the organisation: who comes back is who left, every fault of a token is refused, and a supervisor without
password shows there anew who he is before he decides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import oidc_provider
import pytest
from command import attempt
from desk_client import ORIGIN, PASSWORD, SAME_SITE, Browser, files, text
from oidc_provider import Provider
from oplever import clock, store
from oplever.app import add as adding
from oplever.app.desk import accounts, key, retention
from oplever.app.desk import provider as providers
from oplever.app.verify import verify
from oplever.store import desk as desk_store

NAME, IDENTITY = "M. de Wit", "mdewit"


@pytest.fixture(scope="module")
def socket_of_provider() -> Iterator[Provider]:
    with oidc_provider.running() as provider:
        yield provider


@pytest.fixture
def provider(socket_of_provider: Provider, records: Path, monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = socket_of_provider
    provider.fault, provider.delay, provider.requests = "", 0, []
    provider.person = {"sub": "u-1", "preferred_username": IDENTITY}
    configure(provider, records, monkeypatch)
    return provider


def configure(provider: Provider, records: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    monkeypatch.setenv("OIDC_SECRET", oidc_provider.SECRET)
    oidc = {
        "issuer": provider.issuer, "client": oidc_provider.CLIENT, "claim": "preferred_username",
        "secret": {"environment": "OIDC_SECRET"}, "name": "De Linde", **more,
    }  # fmt: skip
    path = records.parent / "oplever.yml"
    path.write_text(json.dumps({"desk": {"oidc": oidc}}))
    monkeypatch.setenv("OPLEVER_CONFIG", str(path))
    providers._find.cache_clear()


def leave(browser: Browser, path: str = "/login/provider") -> str:
    """Where the desk sends the browser."""
    answer = browser.get(path)
    assert answer.status_code == 303, text(answer.text)
    return str(answer.headers["location"])


def come_back(browser: Browser, address: str) -> Any:
    assert address.startswith(f"{ORIGIN}/login/provider/back?")
    return browser.get(address.removeprefix(ORIGIN))


def logged_in(provider: Provider, browser: Browser | None = None) -> Browser:
    browser = browser or Browser()
    answer = come_back(browser, provider.log_in(leave(browser)))
    assert (answer.status_code, answer.headers.get("location")) == (303, "/"), text(answer.text)
    return browser


@pytest.mark.slow
def test_somebody_logs_in_where_the_organisation_does(provider: Provider) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    browser = Browser()
    assert 'href="/login/provider?next=/machines"' in browser.page("/login?next=/machines")
    answer = come_back(browser, provider.log_in(leave(browser, "/login/provider?next=/machines")))
    assert (answer.status_code, answer.headers["location"]) == (303, "/machines")
    assert NAME in text(browser.page("/"))
    page = text(browser.page("/account"))
    assert IDENTITY in page
    assert "Present password" not in page
    [request] = provider.requests
    assert "prompt" not in request
    assert len({request["state"], request["nonce"], request["code_challenge"]}) == 3


def test_without_configuration_there_is_no_such_way(records: Path) -> None:
    assert "/login/provider" not in Browser().page("/login")
    for path in ("/login/provider", "/login/provider/back?state=x&code=y"):
        answer = Browser().get(path)
        assert (answer.status_code, "[provider-none]" in answer.text) == (404, True)


FAULTS = (
    "issuer", "audience", "audiences", "party", "nonce", "expired", "none", "public key", "another key", "no claim",
    "without iss", "without aud", "without exp", "without iat", "without nonce", "without sub",
    "without preferred_username",
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_token_that_is_not_right_lets_nobody_in(provider: Provider, fault: str) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    browser, provider.fault = Browser(), fault
    answer = come_back(browser, provider.log_in(leave(browser)))
    assert (answer.status_code, "[provider-refused]" in answer.text) == (401, True), text(answer.text)
    assert browser.get("/account").status_code == 303
    provider.fault = ""
    logged_in(provider, browser)


def test_a_way_back_works_once_and_in_the_browser_that_left(provider: Provider) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    browser = Browser()
    back = provider.log_in(leave(browser))
    for other, address in (
        (Browser(), back),  # another browser
        (Browser(), back.replace("state=", "state=x")),
        (browser, back.replace("state=", "other=")),
    ):
        assert come_back(other, address).status_code == 401
        assert other.get("/account").status_code == 303
    browser = Browser()
    back = provider.log_in(leave(browser))
    state = browser.client.cookies[browser.desk.state_cookie]
    assert come_back(browser, back).status_code == 303
    browser.client.cookies.set(browser.desk.state_cookie, state)  # as if it was kept
    answer = come_back(browser, back)
    assert (answer.status_code, "it was used already" in text(answer.text)) == (401, True)


def test_a_code_of_somebody_else_or_of_before_is_refused(provider: Provider) -> None:
    """The code is bound to who left with its challenge, so that a stolen one is of no use."""
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    stolen = provider.log_in(leave(Browser()))
    browser = Browser()
    answer_address = provider.log_in(leave(browser))
    code = stolen.partition("code=")[2].partition("&")[0]
    mixed = answer_address.replace(answer_address.partition("code=")[2].partition("&")[0], code)
    answer = come_back(browser, mixed)
    assert (answer.status_code, "invalid_grant" in answer.text) == (401, True)
    browser = Browser()
    answer_address = provider.log_in(leave(browser))
    used = answer_address.partition("code=")[2].partition("&")[0]
    provider.codes.pop(used)
    assert "invalid_grant" in come_back(browser, answer_address).text


def test_a_login_that_took_too_long_is_over(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    browser = Browser()
    back = provider.log_in(leave(browser))
    later = clock.written(clock.moment(clock.now()) + timedelta(minutes=11))
    monkeypatch.setattr(clock, "now", lambda: later)
    assert come_back(browser, back).status_code == 401


@pytest.mark.parametrize("more", ["&error=access_denied", "&iss=https://evil.example"])
def test_what_the_provider_refuses_is_refused(provider: Provider, more: str) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    browser = Browser()
    back = provider.log_in(leave(browser)).partition("&iss=")[0]
    answer = come_back(browser, back + more)
    assert (answer.status_code, "[provider-refused]" in answer.text) == (401, True)


def test_who_logs_out_here_can_log_out_there(provider: Provider) -> None:
    """Else the next one at this computer is let in without a password."""
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    browser = logged_in(provider)
    assert provider.is_logged_in
    answer = browser.send("/logout", "/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?left")
    assert browser.get("/").status_code == 303
    page = browser.page("/login?left")
    assert "At De Linde you may still be logged in." in text(page)
    assert 'href="/logout/provider"' in page
    place = provider.log_out(leave(browser, "/logout/provider"))
    assert (place, provider.is_logged_in) == (f"{ORIGIN}/login", False)
    assert "/logout/provider" not in browser.page("/login")


def test_a_provider_where_one_cannot_log_out_says_so(provider: Provider) -> None:
    provider.fault = "no log-out"
    answer = Browser().get("/logout/provider")
    assert (answer.status_code, "[provider-no-logout]" in answer.text) == (404, True)


def test_who_has_no_identity_logs_out_of_the_desk_alone(provider: Provider) -> None:
    answer = Browser().log_in("K. Jansen", "technician").send("/logout", "/account")
    assert answer.headers["location"] == "/login"


def test_without_a_provider_nobody_is_sent_to_one(records: Path) -> None:
    assert "/logout/provider" not in Browser().page("/login?left")
    assert Browser().get("/logout/provider").status_code == 404


def test_who_has_no_account_gets_none(provider: Provider) -> None:
    """An account of the same name is not the same person: only what the account says counts."""
    accounts.add("T. Bos", ("supervisor",), PASSWORD)
    provider.person["preferred_username"] = "T. Bos"
    browser = Browser()
    answer = come_back(browser, provider.log_in(leave(browser)))
    assert (answer.status_code, "[provider-account]" in answer.text) == (403, True)
    accounts.change("T. Bos", identity="T. Bos")
    logged_in(provider)
    accounts.change("T. Bos", close=True)
    assert come_back(browser, provider.log_in(leave(browser))).status_code == 403


@pytest.mark.slow
def test_roles_are_those_of_the_desk_unless_groups_give_them(
    provider: Provider, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.add(NAME, ("reporter",), identity=IDENTITY)
    provider.person |= {"groups": ["ict", "supervisors"], "roles": ["supervisor"]}
    assert logged_in(provider).get("/records").status_code == 403
    roles = {"claim": "groups", "values": {"ict": ["technician"], "supervisors": ["supervisor"], "x": ["privacy"]}}
    configure(provider, records, monkeypatch, roles=roles)
    browser = logged_in(provider)
    assert browser.get("/records").status_code == 200
    [account] = accounts.every()
    assert account.roles == ("technician", "supervisor")
    provider.person["groups"] = "ict"
    logged_in(provider)
    assert [account.roles for account in accounts.every()] == [("technician",)]
    assert browser.get("/records").status_code == 303  # what began with other roles is over
    provider.person["groups"] = ["nobody"]
    other = Browser()
    assert come_back(other, provider.log_in(leave(other))).status_code == 403


def prove(provider: Provider, browser: Browser, record: str) -> Any:
    return come_back(browser, provider.log_in(leave(browser, f"/records/{record}/prove")))


@pytest.mark.slow
def test_a_supervisor_shows_anew_who_he_is_and_decides(
    provider: Provider, stored: dict[str, str], records: Path, tmp_path: Path
) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    browser, record = logged_in(provider), stored["remarks"]
    page = browser.page(f"/records/{record}/decide")
    assert 'name="password"' not in page
    assert '<button name="choice"' not in page
    assert "had just logged in as you at De Linde" in text(page)
    answer = prove(provider, browser, record)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/records/{record}/decide")
    assert (provider.requests[-1]["prompt"], provider.requests[-1]["max_age"]) == ("login", "0")
    answer = browser.send(f"/records/{record}/decide", choice="approved", remarks="netjes")
    assert answer.status_code == 303, text(answer.text)
    assert store.load(records / record).accountability.decided_by == NAME
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(key.allowed_line() + "\n")
    assert verify(records / record, str(allowed)).problems == ()


@pytest.mark.parametrize("case", ["without", "long ago", "no moment", "somebody else", "another record", "changed"])
def test_without_a_fresh_login_nothing_is_decided(
    provider: Provider, stored: dict[str, str], records: Path, case: str
) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    accounts.add("T. Bos", ("supervisor",), identity="tbos")
    browser, record = logged_in(provider), stored["remarks"]
    if case == "long ago":
        provider.delay = 3600
    elif case == "no moment":
        provider.fault = "without auth_time"
    elif case == "somebody else":
        provider.person["preferred_username"] = "tbos"
    if case != "without":
        answer = prove(provider, browser, stored["delivered"] if case == "another record" else record)
        assert answer.status_code == (303 if case in ("another record", "changed") else 401)
    fields = browser.fields(f"/records/{record}/decide") if case == "changed" else browser.fields("/logout", "/account")
    if case == "changed":
        adding.add(records / record, "fault", "S. Yilmaz", {"symptom": "schijf maakt lawaai", "host": "web1"})
    from oplever.store import chain  # noqa: PLC0415

    head = chain.head(records / record)
    before = files(records)
    data = {**fields, "head": head, "choice": "approved", "password": ""}
    answer = browser.client.post(f"/records/{record}/decide", data=data, headers=SAME_SITE)
    assert (answer.status_code, "you did not show who you are" in answer.text) == (401, True), text(answer.text)
    assert files(records) == before


def test_a_proof_is_for_the_session_that_asked_for_it(provider: Provider, stored: dict[str, str]) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    browser, record = logged_in(provider), stored["remarks"]
    back = provider.log_in(leave(browser, f"/records/{record}/prove"))
    browser.send("/logout", "/account")
    assert come_back(browser, back).status_code == 401
    other = logged_in(provider)
    assert '<button name="choice"' not in other.page(f"/records/{record}/decide")


@pytest.mark.slow
def test_an_account_with_a_password_gives_it_as_before(provider: Provider, stored: dict[str, str]) -> None:
    accounts.add(NAME, ("supervisor",), PASSWORD, IDENTITY)
    browser = logged_in(provider)
    answer = browser.send(f"/records/{stored['remarks']}/decide", choice="approved", password=PASSWORD)
    assert answer.status_code == 303
    assert Browser().log_in(NAME)


def test_an_account_without_password_takes_none(provider: Provider) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    for password in ("", "x", PASSWORD):
        assert Browser().send("/login", name=NAME, password=password).status_code == 401


def test_a_provider_that_is_away_says_so_and_a_password_still_works(
    provider: Provider, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.add("K. Jansen", ("technician",), PASSWORD)
    configure(provider, records, monkeypatch, issuer="http://127.0.0.1:9")
    answer = Browser().get("/login/provider")
    assert (answer.status_code, "[provider-unreachable]" in answer.text) == (503, True)
    browser = Browser().log_in("K. Jansen")
    assert browser.send("/logout", "/account").status_code == 303
    assert "[provider-unreachable]" in Browser().get("/logout/provider").text


def test_a_provider_of_another_name_is_refused(provider: Provider) -> None:
    provider.fault = "discovery"
    answer = Browser().get("/login/provider")
    assert (answer.status_code, "it calls itself" in text(answer.text)) == (503, True)


def test_another_key_of_the_provider_is_fetched(provider: Provider) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    logged_in(provider)
    provider.key = oidc_provider.key("second")
    assert NAME in text(logged_in(provider).page("/"))


def test_the_commands_give_an_identity_and_try_it(provider: Provider) -> None:
    assert attempt("web", "account", "add", NAME, "--role", "supervisor", "--identity", IDENTITY).exit_code == 0
    assert IDENTITY in attempt("web", "account", "list").output
    taken = attempt("web", "account", "add", "T. Bos", "--role", "supervisor", "--identity", IDENTITY)
    assert (taken.exit_code, "[account-taken]" in taken.output) == (2, True)
    assert [account.name for account in accounts.every()] == [NAME]
    tried = attempt("web", "auth-test", NAME)
    assert (tried.exit_code, "not well" in tried.output) == (0, False), tried.output
    for part in (IDENTITY, provider.issuer, "keys: 1", "/login/provider/back", "preferred_username"):
        assert part in tried.output
    provider.fault = "discovery"
    providers._find.cache_clear()
    assert attempt("web", "auth-test", NAME).exit_code == 1
    assert attempt("web", "account", "change", NAME, "--identity", "").exit_code == 0
    assert accounts.every()[0].identity == ""


def test_what_is_kept_is_no_use_to_a_reader_of_the_database(provider: Provider) -> None:
    browser = Browser()
    leave(browser)
    state = browser.client.cookies[browser.desk.state_cookie]
    with desk_store.opened() as database:
        rows = database.rows("SELECT * FROM oplever_desk_arrivals")
    assert len(rows) == 1
    assert state not in rows[0]
    assert urlsplit(provider.issuer).hostname == "127.0.0.1"


NOTICE = "/logout/provider/notice"


def tell(provider: Provider, **claims: Any) -> int:
    """The provider tells the desk that somebody logged out there: a server, without cookie, origin or form."""
    answer = Browser().client.post(NOTICE, data={"logout_token": provider.notice(**claims)})
    return int(answer.status_code)


def is_in(browser: Browser) -> bool:
    return bool(browser.get("/account").status_code == 200)


def test_who_logs_out_at_the_provider_is_out_of_the_desk(provider: Provider) -> None:
    """By the session there, or all sessions of the person; sessions of others and those with a password go on."""
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    accounts.add("T. Bos", ("supervisor",), PASSWORD, identity="tbos")
    browsers = {}
    for sid in ("s-1", "s-2", "s-3"):
        provider.person = {"sub": "u-1", "preferred_username": IDENTITY, "sid": sid}
        browsers[sid] = logged_in(provider)
    provider.person = {"sub": "u-2", "preferred_username": "tbos", "sid": "s-4"}
    browsers |= {"s-4": logged_in(provider), "password": Browser().log_in("T. Bos")}
    assert tell(provider, sid="s-1") == 200
    assert [name for name, browser in browsers.items() if not is_in(browser)] == ["s-1"]
    assert tell(provider, sid="s-1") == 200  # once more is no fault
    assert tell(provider, sub="u-2", sid="s-2") == 200  # of somebody else
    assert is_in(browsers["s-2"])
    assert tell(provider, sub="u-1", sid="s-2") == 200
    assert [name for name, browser in browsers.items() if not is_in(browser)] == ["s-1", "s-2"]
    assert tell(provider, sub="u-1") == 200
    assert tell(provider, sub="u-2") == 200
    assert [name for name, browser in browsers.items() if is_in(browser)] == ["password"]


def test_where_a_login_named_no_session_the_person_is_out(provider: Provider) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    browser = logged_in(provider)
    assert tell(provider, sid="s-1") == 200  # nobody knows whose that is
    assert is_in(browser)
    assert tell(provider, sub="u-1", sid="s-1") == 200
    assert not is_in(browser)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"}, {"aud": "another"}, {"iat": None}, {"iat": 1_700_000_000}, {"iat": "now"},
        {"jti": None}, {"events": None}, {"events": {}}, {"events": "log-out"}, {"nonce": "x"},
        {"sub": None, "sid": None}, {"sub": 7}, {"exp": 1_700_000_000},
    ],
    ids=str,
)  # fmt: skip
def test_a_notice_that_is_not_right_logs_nobody_out(provider: Provider, claims: dict[str, Any]) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    browser = logged_in(provider)
    assert tell(provider, **{"sub": "u-1", **claims}) == 400
    assert is_in(browser)


def test_a_notice_that_the_provider_did_not_sign_logs_nobody_out(provider: Provider) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    browser = logged_in(provider)
    id_token, provider.fault = provider.id_token("x"), "another key"
    assert tell(provider, sub="u-1") == 400
    for token in ("", "x.y.z", id_token):
        answer = Browser().client.post(NOTICE, data={"logout_token": token})
        assert answer.status_code == 400, token
    assert is_in(browser)


def test_bad_notices_make_the_desk_ask_for_keys_once(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    fetch = providers._get
    monkeypatch.setattr(providers, "_get", lambda oidc, place: asked.append(place) or fetch(oidc, place))
    providers._keys_of_minute.cache_clear()
    monkeypatch.setattr(providers, "_KEYS_SECONDS", 1e9)  # a minute that does not end meanwhile
    providers.find(providers.configured())
    asked.clear()
    provider.fault = "another key"
    assert {tell(provider, sub="u-1") for _ in range(5)} == {400}
    assert len(asked) == 1


def test_without_a_provider_there_is_nobody_to_tell(records: Path) -> None:
    answer = Browser().client.post(NOTICE, data={"logout_token": "x"})
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, "text/plain")


def test_what_is_known_of_sessions_of_the_provider_goes_with_them(provider: Provider) -> None:
    accounts.add(NAME, ("supervisor",), identity=IDENTITY)
    provider.person = {"sub": "u-1", "preferred_username": IDENTITY, "sid": "s-1"}
    browser = logged_in(provider)
    rows = "SELECT subject, sid FROM oplever_desk_origins"
    with desk_store.opened() as database:
        [row] = database.rows(rows)
        assert not {"u-1", "s-1"} & set(row)
        retention.forget(database)
        assert database.rows(rows) == [row]
    browser.send("/logout", "/account")
    with desk_store.opened() as database:
        retention.forget(database)
        assert database.rows(rows) == []
