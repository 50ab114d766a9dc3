"""A supervisor decides about exactly what was on the page, proves who it is, and the record holds it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from desk_client import PASSWORD, SAME_SITE, Browser, files, text
from oplever import store
from oplever.app import add as adding
from oplever.app.desk import key
from oplever.app.verify import verify
from oplever.page.translator import Translator
from oplever.render.registry import render
from oplever.store import chain


def allowed(tmp_path: Path) -> str:
    path = tmp_path / "allowed_signers"
    path.write_text(key.allowed_line() + "\n")
    return str(path)


def decide(browser: Browser, name: str, choice: str, **values: str) -> object:
    return browser.send(f"/records/{name}/decide", choice=choice, **{"password": PASSWORD, **values})


@pytest.mark.slow
def test_an_approval_is_in_the_record_signed_by_the_desk_and_verify_holds(
    stored: dict[str, str], records: Path, tmp_path: Path
) -> None:
    name = stored["remarks"]
    browser = Browser().log_in("M. de Wit", "supervisor")
    page = text(browser.page(f"/records/{name}/decide"))
    head = chain.head(records / name)
    for part in (
        "I have read the report and approve the work",
        "weaker than a signature",
        head.rpartition(":")[2],
        name,
    ):
        assert part in page
    answer = decide(browser, name, "approved", remarks="netjes")
    assert answer.status_code == 303, text(answer.text)
    record = store.load(records / name)
    assert (record.status, record.accountability.decision, record.accountability.decided_by) == (
        "approved", "approved", "M. de Wit",
    )  # fmt: skip
    checked = verify(records / name, allowed(tmp_path))
    assert checked.problems == ()
    [signature] = checked.signatures
    assert signature.signer is not None
    assert (signature.name, signature.role, signature.signer.principal) == ("M. de Wit", "supervisor", "oplever-desk")
    assert "no key of their own" in signature.note
    assert checked.decision is not None
    assert not checked.decision.is_signed  # only one's own key makes that
    assert record.stage == "approved" or record.acceptance.verdict is None
    shown = render(record, "md", "en").decode()
    assert "at the desk by M. de Wit" in shown
    assert "Signed with an SSH key" not in shown
    page = text(browser.page(f"/records/{name}"))
    assert "approved" in page
    assert "signature of the desk" in page.partition("History")[2]
    note = "Your decision is in the record."
    assert note in text(browser.page(str(answer.headers["location"])))
    other = Browser().log_in("T. Bos", "supervisor")
    assert note not in text(other.page(f"/records/{name}?done=decision"))  # it is not of whoever has the address


@pytest.mark.slow
def test_the_signature_of_the_desk_does_not_pass_for_one_of_the_person(
    stored: dict[str, str], records: Path, tmp_path: Path
) -> None:
    """Whoever lists the key of the desk under a name gets no signature of that name."""
    name = stored["remarks"]
    decide(Browser().log_in("M. de Wit", "supervisor"), name, "approved")
    path = tmp_path / "allowed_signers"
    words = key.allowed_line().split()
    path.write_text(f'"M. de Wit" {" ".join(words[1:])}\n')
    problems = verify(records / name, str(path)).problems
    assert len(problems) == 1
    assert "signed as oplever-desk for M. de Wit, with the key of M. de Wit" in problems[0]


@pytest.mark.slow
def test_an_entry_cannot_say_that_the_desk_was_not_there(stored: dict[str, str], records: Path, tmp_path: Path) -> None:
    name = stored["remarks"]
    decide(Browser().log_in("M. de Wit", "supervisor"), name, "approved")
    path = records / name / "entries.jsonl"
    path.write_bytes(path.read_bytes().replace(b',"through":"desk"', b""))
    assert any("does not match its entry" in problem for problem in verify(records / name, allowed(tmp_path)).problems)


@pytest.mark.slow
def test_a_rejection_needs_a_reason(stored: dict[str, str], records: Path) -> None:
    name = stored["remarks"]
    browser = Browser().log_in("M. de Wit", "supervisor")
    before = files(records)
    answer = decide(browser, name, "rejected", remarks="  ")
    assert (answer.status_code, "a rejection needs a reason" in answer.text) == (422, True)
    assert files(records) == before
    assert decide(browser, name, "rejected", remarks="test db1 opnieuw").status_code == 303
    assert store.load(records / name).accountability.remarks == "test db1 opnieuw"


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + "x"])
def test_without_the_password_nothing_is_decided(stored: dict[str, str], records: Path, password: str) -> None:
    browser = Browser().log_in("M. de Wit", "supervisor")
    before = files(records)
    answer = decide(browser, stored["remarks"], "approved", password=password, remarks="goed <b>gedaan</b>")
    assert answer.status_code == 401
    assert "goed &lt;b&gt;gedaan&lt;/b&gt;</textarea>" in answer.text  # nobody types it again
    assert files(records) == before


@pytest.mark.parametrize("name", ["S. Yilmaz", "s.yilmaz", "Yilmaz, S."])
def test_nobody_approves_his_own_work(stored: dict[str, str], records: Path, name: str) -> None:
    browser = Browser().log_in(name, "supervisor")
    record = stored["failed"]
    before = files(records)
    page = browser.get(f"/records/{record}/decide")
    assert (page.status_code, "[decision-by-executor]" in page.text) == (403, True)
    filled = {"head": chain.head(records / record), "password": PASSWORD, "choice": "approved"}
    data = {**browser.fields("/account"), **filled}
    answer = browser.client.post(f"/records/{record}/decide", data=data, headers=SAME_SITE)
    assert (answer.status_code, "[decision-by-executor]" in answer.text) == (403, True)
    assert files(records) == before


def test_what_changed_while_the_page_was_open_is_not_approved(stored: dict[str, str], records: Path) -> None:
    name = stored["remarks"]
    browser = Browser().log_in("M. de Wit", "supervisor")
    fields = browser.fields(f"/records/{name}/decide")
    adding.add(records / name, "fault", "S. Yilmaz", {"symptom": "schijf maakt lawaai", "host": "web1"})
    before = files(records)
    data = {**fields, "password": PASSWORD, "choice": "approved"}
    answer = browser.client.post(f"/records/{name}/decide", data=data, headers=SAME_SITE)
    assert (answer.status_code, "[record-changed]" in answer.text) == (409, True)
    assert files(records) == before
    assert "schijf maakt lawaai" in browser.page(f"/records/{name}/decide")


@pytest.mark.parametrize("head", ["", "-", "entry:0", "journal:1:2"])
def test_a_head_that_nobody_was_shown_decides_nothing(stored: dict[str, str], records: Path, head: str) -> None:
    browser = Browser().log_in("M. de Wit", "supervisor")
    answer = decide(browser, stored["remarks"], "approved", head=head)
    assert answer.status_code == 409
    assert store.load(records / stored["remarks"]).accountability.decision is None


@pytest.mark.slow
def test_of_two_supervisors_at_once_one_decides(stored: dict[str, str], records: Path) -> None:
    name = stored["remarks"]
    browsers = [Browser().log_in(person, "supervisor") for person in ("M. de Wit", "T. Bos")]
    fields = [browser.fields(f"/records/{name}/decide") for browser in browsers]

    def send(number: int) -> int:
        data = {**fields[number], "password": PASSWORD, "choice": ("approved", "rejected")[number], "remarks": "x"}
        return int(browsers[number].client.post(f"/records/{name}/decide", data=data, headers=SAME_SITE).status_code)

    with ThreadPoolExecutor(2) as pool:
        codes = sorted(pool.map(send, (0, 1)))
    assert codes == [303, 409]
    history = [line.what for line in store.load(records / name).document.history]
    assert history.count("decision") == 1


def test_what_somebody_altered_is_not_approved(stored: dict[str, str], records: Path) -> None:
    """The same refusal as on the command line."""
    name = stored["delivered"]
    browser = Browser().log_in("M. de Wit", "supervisor")
    decide(browser, name, "rejected", remarks="eerst dit")
    (records / name / "record.json").write_text("{}")
    answer = decide(browser, name, "approved")
    assert (answer.status_code, "[record-altered]" in answer.text) == (409, True)


def test_choices_other_than_the_two_are_refused(stored: dict[str, str], records: Path) -> None:
    browser = Browser().log_in("M. de Wit", "supervisor")
    for choice in ("", "maybe", "approved\0"):
        assert decide(browser, stored["remarks"], choice).status_code == 422
    assert store.load(records / stored["remarks"]).accountability.decision is None


def test_the_page_is_dutch_for_who_reads_dutch(stored: dict[str, str]) -> None:
    page = text(Browser("nl").log_in("M. de Wit", "supervisor").page(f"/records/{stored['remarks']}/decide"))
    assert Translator("nl")("Approve") in page
    assert "Uw wachtwoord" in page
