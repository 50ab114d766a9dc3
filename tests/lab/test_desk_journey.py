"""The desk and the lab, in a real browser and in both languages: a technician delivers a machine while somebody follows
the run, a user signs on a telephone, the supervisor rejects, the technician mends and delivers again, the supervisor
approves, and what was signed verifies on the command line."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_browser import Open, browsers, draw, fits
from desk_client import PASSWORD
from oplever.page.translator import Translator
from playwright.sync_api import Page, expect
from waiting import wait_for

from lab.conftest import BIN, ROOT, Lab

pytestmark = pytest.mark.truth

TECHNICIAN, USER, SUPERVISOR = "S. Yilmaz", "J. Bakker", "M. de Wit"
REASON = "Bestanden van 20 MB worden geweigerd."
CHOSEN = ("--limit", "web1", "--tags", "intake,nginx,verify", "-e", "oplever_verify=nginx", "-e", "oplever_audit=false",
          "-e", "oplever_drift=false")  # fmt: skip
PICTURES = ROOT / ".cache/desk-journey"
LOCALES = {"nl": "nl-NL", "en": "en-GB"}
KEEP_LINES = """
  const Stream = window.EventSource;
  window.EventSource = class extends Stream {
    constructor(address) {
      super(address);
      const keep = (name, values) => {
        const kept = JSON.parse(sessionStorage.getItem(name) ?? "[]");
        sessionStorage.setItem(name, JSON.stringify([...kept, ...values]));
      };
      this.addEventListener("open", () => keep("opened", [Date.now()]));
      this.addEventListener("message", (event) => keep("lines", JSON.parse(event.data).lines.map((line) => line[0])));
    }
  };
"""
"""What a page gets, kept where a reload of it leaves it."""


class Server:
    """The desk as a program of its own, on one port, that can be stopped and started."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [str(BIN / "oplever"), "web", "serve", "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=self.lab.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        assert self.origin in first, first

    def stop(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGINT)
            output, _ = self._process.communicate(timeout=60)
            assert "Traceback" not in output, output


class Delivery(threading.Thread):
    """`site.yml` on the machine, while the test does something else."""

    def __init__(self, lab: Lab, *options: str) -> None:
        super().__init__()
        self._lab, self._options, self._before = lab, options, set(lab.all())
        self.code: int | None = None
        self.start()

    def run(self) -> None:
        done = self._lab.ansible("playbooks/site.yml", *CHOSEN, *self._options, check=False)
        self.code = done.returncode
        self.output = done.stdout[-4000:] + done.stderr[-2000:]

    @property
    def record(self) -> Path:
        """Its record, as soon as there is a journal."""
        made: list[Path] = []

        def is_begun() -> bool:
            made[:] = [
                path for path in self._lab.all() if path not in self._before and (path / "journal.jsonl").exists()
            ]
            return bool(made)

        wait_for(is_begun)
        return made[0]

    def finish(self) -> Path:
        self.join(1200)
        assert self.code == 0, self.output
        wait_for((self.record / "report.en.pdf").is_file)
        return self.record


class Desk:
    """The desk as its people use it, in one language; a picture is kept of what each of them sees."""

    def __init__(self, server: Server, opened: Open, language: str) -> None:
        self.server, self.t, self._language, self._opened = server, Translator(language), language, opened
        self._number = 0

    def opened(self, **options: Any) -> Page:
        return self._opened(LOCALES[self._language], **options)

    def log_in(self, name: str, **options: Any) -> Page:
        page = self.opened(**options)
        self.open(page, "/login")
        page.locator("input[name=name]").fill(name)
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name=self.t("Log in")).click()
        page.wait_for_url(f"{self.server.origin}/")
        return page

    def open(self, page: Page, path: str) -> None:
        page.goto(self.server.origin + path)

    def shows_machines(self, page: Page, record: str) -> bool:
        """Before anything happened on a machine a page that follows the run begins anew with the first one."""
        self.open(page, f"/records/{record}/run")
        return page.locator(".sections table").count() > 0

    def keep(self, page: Page, name: str) -> None:
        self._number += 1
        page.screenshot(path=PICTURES / f"{self._language}-{self._number:02}-{name}.png", full_page=True)
        assert fits(page), name

    def add(self, page: Page, record: str, kind: str, **values: str) -> None:
        self.open(page, f"/records/{record}/add/{kind}")
        for name, value in values.items():
            field = page.locator(f"[name='entry.{name}']")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        page.get_by_role("button", name=self.t("Add"), exact=True).click()
        page.wait_for_url(f"{self.server.origin}/records/{record}")

    def link(self, page: Page, record: str) -> str:
        self.open(page, f"/records/{record}/invite")
        page.locator("input[name=user]").fill(USER)
        page.get_by_role("button", name=self.t("Make a link")).click()
        expect(page.locator(".picture img")).to_be_visible()
        self.keep(page, "link")
        address = page.locator(".picture img").get_attribute("alt")
        assert address
        return address

    def answer(self, page: Page, *, is_drawn: bool) -> None:
        """Each line of the checklist as wanted, a remark, and a signature."""
        for line in page.locator("fieldset.options").all():
            line.locator("input").first.check()
        page.locator("input[name=verdict][value=accepted]").check()
        if is_drawn:
            draw(page)
        else:
            page.locator("input[name=typed]").fill(USER)
        self.keep(page, "drawn" if is_drawn else "typed")
        page.get_by_role("button", name=self.t("Send")).click()
        page.wait_for_url("**/done")
        self.keep(page, "thanks")

    def decide(self, page: Page, record: str, choice: str, remarks: str = "") -> None:
        self.open(page, f"/records/{record}/decide")
        page.locator("textarea[name=remarks]").fill(remarks)
        page.locator("input[type=password]").fill(PASSWORD)
        self.keep(page, choice)
        page.locator(f"button[value={choice}]").click()
        page.wait_for_url(f"{self.server.origin}/records/{record}?done=decision", timeout=180_000)
        expect(page.get_by_role("status")).to_have_text(self.t("Your decision is in the record."))
        self.keep(page, f"{choice}-done")


@pytest.fixture(scope="module")
def server(lab: Lab) -> Iterator[Server]:
    lab.quiet.ansible("playbooks/lab_up.yml", "--limit", "localhost,web1", "-e", "lab_fresh=true")
    lab.env.update(OPLEVER_LANGUAGE="en", OPLEVER_DESK_STORE="", OPLEVER_STORE="")
    PICTURES.mkdir(parents=True, exist_ok=True)
    roles = {TECHNICIAN: "technician", SUPERVISOR: "supervisor", "A. Smit": "auditor"}
    for name, role in roles.items():
        command = [str(BIN / "oplever"), "web", "account", "add", name, "--role", role]
        subprocess.run(
            command, cwd=ROOT, env=lab.env, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True
        )
    running = Server(lab)
    running.start()
    yield running
    running.stop()


def results(journal: Path) -> list[int]:
    """The numbers of the lines that say what came of a task."""
    events = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    return [event["seq"] for event in events if event["kind"] == "result"]


def follow_run(desk: Desk, delivery: Delivery) -> None:
    """Somebody follows the run from its start to its end, and the desk is started again meanwhile: the page goes on
    with the line after the last one that it had."""
    record, page = delivery.record, desk.log_in("A. Smit")
    page.add_init_script(KEEP_LINES)
    wait_for(lambda: desk.shows_machines(page, record.name))
    first = int(re.search(r"after=(-?\d+)", page.locator(".live").get_attribute("data-stream") or "")[1])  # type: ignore[index]
    expect(page.locator(".live-state")).to_have_text(desk.t("The run goes on."))
    wait_for(lambda: int(page.evaluate("document.documentElement.dataset.seq ?? -1")) > first)
    desk.keep(page, "run")
    desk.server.stop()
    time.sleep(2)
    desk.server.start()
    assert delivery.is_alive(), "the run ended before the desk was back"
    opened = "JSON.parse(sessionStorage.getItem('opened') ?? '[]').length"
    wait_for(lambda: page.evaluate(opened) > 1)
    delivery.finish()
    expect(page.locator(".live-state")).to_have_text(desk.t("The run is over."), timeout=60_000)
    desk.keep(page, "run-over")
    lines = json.loads(page.evaluate("sessionStorage.getItem('lines')"))
    assert lines == [seq for seq in results(record / "journal.jsonl") if seq > first]
    assert len(lines) > 20


def let_user_answer(desk: Desk, technician: Page, record: str, *, is_drawn: bool) -> None:
    address = desk.link(technician, record)
    user = desk.opened(width=390, has_touch=True, is_mobile=True)
    user.goto(address)
    desk.keep(user, "checklist")
    desk.answer(user, is_drawn=is_drawn)
    user.goto(address)
    expect(user.locator("[name=verdict]")).to_have_count(0)
    desk.keep(user, "used")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_from_delivery_to_approval(lab: Lab, server: Server, language: str, tmp_path: Path) -> None:
    complaints: list[str] = []
    with browsers(complaints) as opened:
        desk = Desk(server, opened, language)
        first = Delivery(lab, "-e", size(tmp_path, "1m"))
        follow_run(desk, first)
        name = first.finish().name

        technician = desk.log_in(TECHNICIAN)
        desk.keep(technician, "work")
        desk.add(technician, name, "hours", hours="1,5" if language == "nl" else "1.5", activity="nginx")
        desk.keep(technician, "record")
        let_user_answer(desk, technician, name, is_drawn=True)
        supervisor = desk.log_in(SUPERVISOR)
        expect(supervisor.locator("main").get_by_text(name).first).to_be_visible()
        desk.keep(supervisor, "waits")
        desk.decide(supervisor, name, "rejected", REASON)
        narrow = desk.log_in(SUPERVISOR, width=390)
        desk.open(narrow, f"/records/{name}/decide")
        desk.keep(narrow, "decide-narrow")

        second = Delivery(lab, "-e", size(tmp_path, "20m")).finish()
        joined = lab.oplever("join", name, second.name, "--by", TECHNICIAN)
        assert joined.returncode == 0, joined.stdout + joined.stderr
        delivery = joined.stdout.split()[-1]
        desk.open(technician, f"/records/{delivery}")
        desk.keep(technician, "joined")
        desk.add(technician, delivery, "hours", hours="1", activity="nginx")
        let_user_answer(desk, technician, delivery, is_drawn=False)
        desk.decide(supervisor, delivery, "approved")
        expect(supervisor.locator(".verdict")).to_contain_text(desk.t("Delivered"))
        desk.open(narrow, f"/records/{delivery}")
        desk.keep(narrow, "approved-narrow")
    lost = "net::ERR_"  # of the connection that was cut on purpose
    assert [text for text in complaints if lost not in text and "status of 410" not in text] == []
    assert "client_max_body_size 20m" in lab.shell("web1", "nginx -T 2>/dev/null")
    check_signatures(lab, delivery, tmp_path)


def size(place: Path, largest: str) -> str:
    """The site as the assignment has it, with the largest upload that it takes."""
    path = place / f"{largest}.json"
    sites = [{"server_names": ["web1.lab.example"], "root": "/var/www/html", "index": "index.nginx-debian.html",
              "body_size": largest}]  # fmt: skip
    path.write_text(json.dumps({"nginx_sites": sites}), encoding="utf-8")
    return f"@{path}"


def check_signatures(lab: Lab, name: str, place: Path) -> None:
    """The decision holds with the key of the desk, and with no other; a changed byte is named."""
    allowed = place / "allowed_signers"
    allowed.write_text(lab.oplever("web", "key").stdout, encoding="utf-8")
    done = lab.oplever("verify", name, "--allowed-signers", str(allowed))
    assert done.returncode == 0, done.stdout + done.stderr
    assert SUPERVISOR in done.stdout
    entries = lab.records / name / "entries.jsonl"
    content = entries.read_bytes()
    entries.write_bytes(content.replace(b'"decision":"approved"', b'"decision":"rejected"'))
    assert lab.oplever("verify", name, "--allowed-signers", str(allowed)).returncode == 1
    entries.write_bytes(content)
    empty = place / "nobody"
    empty.write_text("", encoding="utf-8")
    assert lab.oplever("verify", name, "--allowed-signers", str(empty)).returncode == 1
    assert os.stat(lab.records / "desk_key").st_mode & 0o077 == 0
