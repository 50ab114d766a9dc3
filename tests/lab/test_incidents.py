"""Incidents against real machines: mail through Postfix and Dovecot as Debian installs them, and a fault from the
failing test to the user who is satisfied."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from datetime import date
from email import message_from_string, policy
from typing import Any

import pytest

from .conftest import BIN, ROOT, Lab  # type: ignore[import-not-found]
from .mail_server import COUNTER, DESK, PASSWORD, USER, Post  # type: ignore[import-not-found]

pytestmark = pytest.mark.truth

WRONG_PASSWORD = "verkeerde zin"  # noqa: S105
TECHNICIAN, SUPERVISOR = "S. Yilmaz", "M. de Wit"


@pytest.fixture(scope="module")
def post(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Post:
    lab.quiet.ansible("playbooks/lab_up.yml", "-e", "lab_fresh=true")
    post = Post(lab, tmp_path_factory.mktemp("desk"))
    post.set_up()
    return post


def test_a_mail_becomes_a_case_and_answers_go_to_and_fro(post: Post) -> None:
    post.send("De printer doet niets.\n\nGroet, Zoë Bakker", sender=f"Zoë Bakker <{USER}>")
    post.wait("helpdesk", 1)
    [[outcome, name, *_]] = post.take_in()
    assert outcome == "new"
    case = post.case(name)
    assert (case["channel"], case["reporter"], case["text"].split("\n")[0]) == (
        "mail",
        "Zoë Bakker",
        "De printer doet niets.",
    )
    (content,) = post.wait("bakker", 1)
    receipt = message_from_string(content, policy=policy.default)
    assert f"[INC {name[-6:]}]" in receipt["Subject"]
    assert receipt["Auto-Submitted"] == "auto-replied"
    assert receipt["Return-Path"] == "<>"

    post.send("Het lampje is rood.", Subject="Re: iets", In_Reply_To=str(receipt["Message-ID"]))
    post.wait("helpdesk", 1)
    assert [row[:2] for row in post.take_in()] == [["added", name]]
    done = post.oplever("tell", name[-6:], "--how", "We brengen toner.", "--when", date.today().isoformat(), "--send")
    assert done.returncode == 0, done.stderr
    answer = message_from_string(post.wait("bakker", 2)[-1], policy=policy.default)
    assert "We brengen toner." in answer.get_content()
    assert answer["In-Reply-To"]
    post.send("Dank!", Subject=f"Antw: {answer['Subject']}", References=str(answer["Message-ID"]))
    post.wait("helpdesk", 1)
    assert [row[:2] for row in post.take_in()] == [["added", name]]
    case = post.case(name)
    assert [mail["direction"] for mail in case["mails"]] == ["in", "out", "in", "out", "in"]
    assert case["contacts"][0]["medium"] == "mail"
    assert post.lab.oplever("verify", name).returncode == 0
    assert post.take_in() == []


def test_what_a_server_returns_was_not_told(post: Post) -> None:
    post.send("Stuk.")
    post.wait("helpdesk", 1)
    [[_, name, *_]] = post.take_in()
    arguments = ("tell", name, "--how", "we komen", "--when", date.today().isoformat(), "--send", "--address")
    refused = post.oplever(*arguments, "niemand@school.example")
    assert (refused.returncode, "[mail-server]" in refused.stderr) == (2, True)
    assert "User unknown" in refused.stderr
    assert post.case(name)["contacts"] == []
    assert post.oplever(*arguments, "broken@school.example").returncode == 0
    post.wait("helpdesk", 1)
    assert [row[:2] for row in post.take_in()] == [["returned", name]]
    assert post.case(name)["contacts"][0]["returned"]


def test_machines_and_the_desk_itself_get_no_answer(post: Post) -> None:
    before = len(post.wait("bakker", 0))
    post.send("Ik ben er niet.", Auto_Submitted="auto-replied")
    post.send("Nieuwsbrief", Precedence="bulk")
    post.send("aan mijzelf", sender=DESK)
    post.send("rond", X_Loop=DESK)
    post.wait("helpdesk", 4)
    assert [row[0] for row in post.take_in()] == ["aside"] * 4
    post.wait("helpdesk", 4, "/.Oplever-aside")
    assert post.take_in() == []
    time.sleep(3)
    assert len(post.wait("bakker", 0)) == before
    assert post.lab.shell("srv1", "postqueue -p").strip() == "Mail queue is empty"


def test_a_process_that_is_killed_loses_nothing_and_counts_nothing_twice(post: Post) -> None:
    before = {path.name for path in post.lab.records.glob("*-incident-*")}
    for number in range(20):
        post.send(f"Melding {number}.", sender=f"u{number}@elders.example", Subject=f"Melding {number}")
    post.wait("helpdesk", 20)
    for seconds in (1.0, 1.6, 2.2, 2.8):
        process = subprocess.Popen(
            [str(BIN / "oplever"), "incident", "mail"], cwd=ROOT, env=post.lab.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    post.oplever("mail")
    new = [post.case(path.name)["text"] for path in post.lab.records.glob("*-incident-*") if path.name not in before]
    assert sorted(new) == sorted(f"Melding {number}." for number in range(20))
    assert post.take_in(1 if list((post.lab.records / "mail").glob("*.eml")) else 0) == []


def test_the_password_is_shown_nowhere_and_the_certificate_counts(post: Post) -> None:
    post.configure(security="starttls", port=143)
    assert post.take_in(1 if list((post.lab.records / "mail").glob("*.eml")) else 0) == []
    post.configure(ca=None)
    done = post.oplever("mail")
    assert (done.returncode, "certificate" in done.stderr.lower()) == (2, True)
    post.configure()
    post.lab.env["DESK_PASSWORD"] = WRONG_PASSWORD
    done = post.oplever("mail")
    assert (done.returncode, "[mail-server]" in done.stderr, WRONG_PASSWORD in done.stdout + done.stderr) == (
        2,
        True,
        False,
    )
    post.lab.env["DESK_PASSWORD"] = PASSWORD
    holding = [
        path for path in post.lab.records.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()
    ]
    assert holding == []


CHOSEN = ("-e", "oplever_verify=nginx", "-e", "oplever_audit=false", "-e", "oplever_drift=false")
SITE = ("-e", json.dumps({"nginx_sites": [{"server_names": ["les.school.example"], "root": "/srv/les"}]}))
REPORTS = {
    "A. Karimi": "De site van de school opent niet meer.",
    "F. de Groot": "Ik krijg geen verbinding met de site",
    "J. Bakker": "De lessite is weg!",
}
CARD, TEST = "nginx/site", "web1 nginx.service"
ANSWER = "Open het adres op de kaart. Ziet u niets, bel dan de helpdesk: die start de webserver."


def act(post: Post, name: str, *arguments: str, by: str = TECHNICIAN) -> None:
    """One event of a case, as somebody at the desk types it."""
    action, *more = arguments
    done = post.oplever(action, name, "--by", by, *more)
    assert done.returncode == 0, f"{arguments}\n{done.stdout}{done.stderr}"


def take_up(post: Post, name: str, user: str) -> None:
    """From the report to what the user is told."""
    act(post, name, "classify", "--impact", "2", "--urgency", "1", "--category", "software", by=COUNTER)
    act(post, name, "take", "--reason", "de site is weg")
    act(post, name, "assess", "--can-solve", "yes", "--reason", "nginx is gestopt")
    act(post, name, "tell", "--how", "We starten de webserver.", "--when", date.today().isoformat(), "--user", user)


def solve(post: Post, name: str) -> None:
    act(post, name, "work", "--activity", "nginx gestart met playbooks/site.yml")
    act(post, name, "material", "--none")
    act(post, name, "hours", "--hours", "0,5", "--activity", "nginx gestart")
    cause = ("--cause", "nginx stond stil")
    act(post, name, "solve", "--solution", "nginx gestart", "--guideline", "W-8", "--version", "1", *cause)


def confirm_and_close(post: Post, name: str, user: str) -> None:
    act(post, name, "confirm", "--satisfied", "yes", "--user", user, by=COUNTER)
    act(post, name, "close", by=COUNTER)


def test_from_a_stopped_server_to_users_who_are_satisfied_and_a_question_that_is_answered(lab: Lab, post: Post) -> None:
    lab.shell("web1", "mkdir -p /srv/les && echo '<h1>Les</h1>' >/srv/les/index.html")
    lab.ansible("playbooks/site.yml", "--limit", "web1", "--tags", "nginx,verify", *CHOSEN, *SITE)
    delivered, _ = lab.latest()
    lab.shell("web1", "systemctl stop nginx")
    done = lab.ansible("playbooks/verify.yml", "--limit", "web1", *CHOSEN, *SITE, check=False)
    assert done.returncode == 2
    failed, _ = lab.latest()
    [name] = post.oplever("from-record", failed.name).stdout.split()
    case = post.case(name)
    assert (case["channel"], case["machine"], case["cause"].split()[0]) == ("machine", "web1", "web1")
    assert "inactive" in case["text"]
    assert post.oplever("from-record", failed.name).stdout == ""
    of_users = {report(post, user, text): user for user, text in REPORTS.items()}

    for case_name, user in {name: "J. Bakker", **of_users}.items():
        take_up(post, case_name, user)
    lab.ansible("playbooks/site.yml", "--limit", "web1", "--tags", "nginx", *SITE)
    early = lab.latest()[0].name
    for case_name in (name, *of_users):
        solve(post, case_name)
    assert post.oplever("retest", name, "--by", TECHNICIAN, "--record", failed.name).returncode == 2
    refused = post.oplever("close", name, "--by", COUNTER)
    assert (refused.returncode, "retest" in refused.stderr) == (2, True)
    lab.ansible("playbooks/verify.yml", "--limit", "web1", *CHOSEN, *SITE)
    tested, _ = lab.latest()
    assert tested.name != early
    offered = post.oplever("from-record", tested.name, "--retest", "--by", TECHNICIAN)
    assert "passes again" in offered.stderr
    refused = post.oplever("confirm", name, "--satisfied", "yes", "--user", TECHNICIAN)
    assert "[decision-by-executor]" in refused.stderr
    confirm_and_close(post, name, "J. Bakker")
    assert open_questions(lab) == [], "what a machine reports is nobody's question"
    for case_name, user in of_users.items():
        act(post, case_name, "retest", "--record", tested.name, "--tests", TEST.split()[1])
        confirm_and_close(post, case_name, user)
    check_account(lab, post, name, tested.name)
    check_question(lab, delivered.name, list(of_users))


def report(post: Post, user: str, text: str) -> str:
    done = post.oplever("new", "--by", COUNTER, "--channel", "phone", "--reporter", user, "--text", text)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def check_account(lab: Lab, post: Post, name: str, tested: str) -> None:
    """The supervisor is told and decides; every byte that changes is named."""
    meeting = ("--to", SUPERVISOR, "--form", "oral", "--minutes", "kort")
    lab.oplever("add", "report", "--record", name, "--by", TECHNICIAN, *meeting)
    decided = lab.oplever("add", "decision", "--record", name, "--by", SUPERVISOR, "--decision", "approved")
    assert decided.returncode == 0, decided.stderr
    case = post.case(name)
    assert case["retests"][0]["record"] == tested
    assert case["retests"][0]["result"] == "pass"
    record = json.loads((lab.records / name / "record.json").read_text(encoding="utf-8"))
    assert (record["status"], record["stage"], record["completeness"]["missing"]) == ("closed", "approved", [])
    lab.oplever("report", name)
    check_every_byte(lab, name)


def check_every_byte(lab: Lab, name: str) -> None:
    """A byte that changes is seen, in the entries, in a document and in the record."""
    assert lab.oplever("verify", name).returncode == 0
    for file in ("entries.jsonl", "report.nl.pdf", "record.json"):
        path = lab.records / name / file
        content = path.read_bytes()
        altered = bytearray(content)
        altered[len(altered) // 2] ^= 1
        path.write_bytes(altered)
        done = lab.oplever("verify", name)
        assert done.returncode != 0, file
        assert file in done.stdout + done.stderr
        path.write_bytes(content)
    assert lab.oplever("verify", name).returncode == 0


def open_questions(lab: Lab) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(lab.oplever("faq", "list", "--format", "json").stdout)
    return rows


def page_of_questions(lab: Lab, language: str = "nl") -> str:
    done = lab.oplever("publish")
    assert done.returncode == 0, done.stderr
    return (lab.records / "overview" / f"faq.{language}.html").read_text(encoding="utf-8")


def check_question(lab: Lab, delivered: str, cases: list[str]) -> None:
    """Three reports become a question; its answer is shown as long as the reports and the proof hold."""
    name = propose_answer(lab, delivered, cases)
    check_page_with_answer(lab, name, cases)
    check_answer_goes_with_its_proof(lab)
    check_answer_is_withdrawn(lab, cases[1])
    assert lab.oplever("verify", name).returncode == 0


def propose_answer(lab: Lab, delivered: str, cases: list[str]) -> str:
    (candidate,) = open_questions(lab)
    assert (candidate["state"], candidate["guideline"], sorted(candidate["cases"])) == (
        "candidate",
        "W-8",
        sorted(cases),
    )
    about = ("--category", "software", "--guideline", "W-8", "--words-of", cases[0], "--language", "nl")
    proof = ("--answer", ANSWER, "--card", CARD, "--of", delivered)
    done = lab.oplever("faq", "propose", "--by", TECHNICIAN, *about, *proof)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def check_page_with_answer(lab: Lab, name: str, cases: list[str]) -> None:
    """The answer is on the page once somebody else accepted it, with no word for administrators and no name."""
    assert ANSWER not in page_of_questions(lab), "nobody accepted it"
    assert lab.oplever("faq", "accept", name, "--by", TECHNICIAN).returncode == 2
    assert lab.oplever("faq", "accept", name, "--by", COUNTER).returncode == 0
    text = page_of_questions(lab)
    question = next(iter(REPORTS.values()))
    assert (question in text, ANSWER in text, CARD in text) == (True, True, True)
    assert "systemctl" not in text, "the card is for administrators, the page for users"
    assert all(case in text for case in cases)
    assert [user for user in REPORTS if user in text] == []


def check_answer_goes_with_its_proof(lab: Lab) -> None:
    """While the test that proves it fails the answer is not shown."""
    lab.shell("web1", "systemctl stop nginx")
    lab.ansible("playbooks/verify.yml", "--limit", "web1", *CHOSEN, *SITE, check=False)
    failing = lab.latest()[0].name
    assert ANSWER not in page_of_questions(lab)
    checked = lab.oplever("faq", "check")
    assert (checked.returncode, f"{TEST} does not pass in {failing}" in checked.stdout) == (1, True), checked.stdout
    lab.shell("web1", "systemctl start nginx")
    lab.ansible("playbooks/verify.yml", "--limit", "web1", *CHOSEN, *SITE)
    assert ANSWER in page_of_questions(lab)


def check_answer_is_withdrawn(lab: Lab, case: str) -> None:
    """A case that is opened again takes the answer away."""
    done = lab.oplever("incident", "reopen", case, "--by", COUNTER, "--reason", "de site is weer weg")
    assert done.returncode == 0, done.stderr
    text = page_of_questions(lab)
    assert (ANSWER in text, f"de melding {case} is heropend" in text) == (False, True)
    done = lab.oplever("faq", "check", "--withdraw", "--by", COUNTER)
    assert done.returncode == 0, done.stdout + done.stderr
    questions = json.loads(lab.oplever("faq", "list", "--all", "--format", "json").stdout)
    assert [question["state"] for question in questions if question["state"] != "candidate"] == ["withdrawn"]
    assert ANSWER not in page_of_questions(lab)
