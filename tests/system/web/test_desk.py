"""The desk in a real browser: a job from its run to the approval, by everybody who has a part in it."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from desk_browser import browsers, draw, fits, log_in, served
from desk_client import PASSWORD, empty_desk
from oplever import store
from oplever.app.desk import accounts, key
from oplever.app.verify import verify
from oplever.web.desk import Desk
from playwright.sync_api import Page, expect
from stored import check, store_record, visit

NAME = "20261123T100000Z-site-aaaaaa"


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    base = empty_desk(monkeypatch, tmp_path)
    monkeypatch.setenv("OPLEVER_DOCUMENTS", "0")
    store_record(base, NAME, check(visit(), "web1", "pass").finish())
    accounts.add("K. Jansen", ("technician",), PASSWORD)
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    return base


def decide(page: Page, desk: Desk, button: str, remarks: str = "") -> None:
    page.goto(f"{desk.origin}/records/{NAME}/decide")
    page.locator("textarea[name=remarks]").fill(remarks)
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_url(f"{desk.origin}/records/{NAME}?done=decision", timeout=120_000)


def test_a_job_from_delivery_to_approval(records: Path, tmp_path: Path) -> None:
    complaints: list[str] = []
    with served() as desk, browsers(complaints) as opened:
        technician = log_in(opened(), desk, "K. Jansen")
        technician.goto(f"{desk.origin}/records/{NAME}/add/hours")
        technician.get_by_label("Hoeveel, als 2,5").fill("1,5")
        technician.get_by_label("Wat er is gedaan").fill("Wiki ingericht")
        technician.get_by_role("button", name="Toevoegen").click()
        technician.wait_for_url(f"{desk.origin}/records/{NAME}")
        technician.get_by_role("link", name="Een gebruiker laten accepteren").click()
        technician.get_by_label("Naam van de gebruiker").fill("J. Bakker")
        technician.get_by_role("button", name="Link maken").click()
        expect(technician.locator(".picture img")).to_be_visible()
        address = technician.locator(".picture img").get_attribute("alt")
        assert address

        user = opened(width=390, has_touch=True, is_mobile=True)
        user.goto(address)
        assert fits(user)
        user.get_by_label("Geaccepteerd", exact=True).check()
        draw(user)
        user.get_by_role("button", name="Versturen").click()
        expect(user.get_by_text("Dank u wel. Uw antwoord staat in het dossier.")).to_be_visible()
        acceptance = store.load(records / NAME).acceptance
        assert (acceptance.user, acceptance.opened_by) == ("J. Bakker", "K. Jansen")
        assert acceptance.drawn.startswith("M")
        assert acceptance.drawn.count("L") >= 8

        supervisor = log_in(opened("en-GB"), desk, "M. de Wit")
        expect(supervisor.get_by_text(NAME)).to_be_visible()
        decide(supervisor, desk, "Reject", "label the cable")
        assert store.load(records / NAME).status == "rejected"

        technician.goto(f"{desk.origin}/records/{NAME}/add/step")
        technician.get_by_label("De machine, zoals het dossier die noemt").select_option("web1")
        technician.get_by_label("Wat er is gedaan").fill("kabel gelabeld")
        technician.get_by_role("button", name="Toevoegen").click()
        technician.wait_for_url(f"{desk.origin}/records/{NAME}")

        decide(supervisor, desk, "Approve", "thanks")
        expect(supervisor.locator(".verdict")).to_contain_text("Delivered")
    record = store.load(records / NAME)
    assert (record.status, record.stage) == ("approved", "approved")
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(key.allowed_line() + "\n")
    checked = verify(records / NAME, str(allowed))
    assert checked.problems == ()
    assert [signature.signer is not None for signature in checked.signatures] == [True, True]
    assert complaints == []


def test_without_script_everything_still_works(records: Path) -> None:
    complaints: list[str] = []
    with served() as desk, browsers(complaints) as opened:
        technician = log_in(opened(java_script_enabled=False), desk, "K. Jansen")
        technician.goto(f"{desk.origin}/records/{NAME}/invite")
        technician.get_by_label("Naam van de gebruiker").fill("J. Bakker")
        technician.get_by_role("button", name="Link maken").click()
        address = technician.locator(".picture img").get_attribute("alt")
        assert address
        user = opened(java_script_enabled=False)
        user.goto(address)
        expect(user.locator("canvas")).not_to_be_visible()
        user.get_by_label("Geaccepteerd", exact=True).check()
        user.get_by_label("Of typ uw naam").fill("J. Bakker")
        user.get_by_role("button", name="Versturen").click()
        expect(user.get_by_text("Dank u wel.")).to_be_visible()
        supervisor = log_in(opened(java_script_enabled=False), desk, "M. de Wit")
        decide(supervisor, desk, "Goedkeuren")
    assert store.load(records / NAME).status == "approved"
    assert complaints == []


def test_every_page_fits_at_four_times_its_size(records: Path) -> None:
    """1280 pixels at 400 % are 320."""
    complaints: list[str] = []
    paths = (
        "/", "/records", f"/records/{NAME}", f"/records/{NAME}/decide", "/machines", "/machines/web1", "/cases",
        "/report", "/account",
    )  # fmt: skip
    with served() as desk, browsers(complaints) as opened:
        page = log_in(opened(width=320), desk, "M. de Wit")
        assert [path for path in paths if page.goto(desk.origin + path) and not fits(page)] == []
        page = log_in(opened(width=320), desk, "K. Jansen")
        more = (
            f"/records/{NAME}/add",
            f"/records/{NAME}/add/correction",
            f"/records/{NAME}/invite",
            f"/records/{NAME}/run",
        )
        assert [path for path in more if page.goto(desk.origin + path) and not fits(page)] == []
    assert complaints == []


def test_a_run_changes_on_the_page_while_it_goes_on(records: Path) -> None:
    complaints: list[str] = []
    journal = records / NAME / store.JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:3]))
    with served() as desk, browsers(complaints) as opened:
        page = log_in(opened("en-GB"), desk, "M. de Wit")
        page.goto(f"{desk.origin}/records/{NAME}/run")
        expect(page.locator(".live-state")).to_have_text("The run goes on.")
        with journal.open("ab") as file:
            file.write(b"".join(lines[3:-1]))
        expect(page.locator(".pairs dd").nth(3)).not_to_have_text("0")
        with journal.open("ab") as file:
            file.write(lines[-1])
        expect(page.locator(".live-state")).to_have_text("The run is over.")
        deadline = time.monotonic() + 10
        while not re.search("web1", page.content()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert "web1" in page.content()
    assert complaints == []


def test_a_failure_that_comes_later_is_on_the_page_that_was_open(records: Path) -> None:
    complaints: list[str] = []
    name = "20261123T110000Z-site-bbbbbb"
    events = (
        {"kind": "run_start", "format": "oplever-journal", "version": 2, "id": name},
        {"kind": "play_start", "play": "p", "name": "Room", "hosts": "all", "targets": ["web1"]},
        {"kind": "task_start", "task": "t", "play": "p", "name": "Install nginx"},
        {"kind": "result", "task": "t", "host": "web1", "status": "failed", "message": "no <b>room</b> left"},
    )
    lines = [json.dumps({"seq": seq, "t": "2026-11-23T11:00:00.000000Z", **event}) for seq, event in enumerate(events)]
    journal = records / name / store.JOURNAL
    journal.parent.mkdir()
    journal.write_text(lines[0] + "\n")
    with served() as desk, browsers(complaints) as opened:
        page = log_in(opened("en-GB"), desk, "M. de Wit")
        page.goto(f"{desk.origin}/records/{name}/run")
        expect(page.get_by_text("Nothing so far.")).to_be_visible()
        with journal.open("a") as file:
            file.write("\n".join(lines[1:]) + "\n")
        expect(page.get_by_text("no <b>room</b> left")).to_be_visible()
        expect(page.locator("main")).to_contain_text("Install nginx")
        expect(page.locator("td.number").first).to_have_text("1")
        expect(page.get_by_text("Nothing so far.")).not_to_be_visible()
    assert complaints == []
