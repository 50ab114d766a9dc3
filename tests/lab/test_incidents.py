"""Incidents against real machines: mail through Postfix and Dovecot as Debian installs them, and a fault from the
failing test to the user who is satisfied."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from datetime import date
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from .conftest import BIN, ROOT, Lab  # type: ignore[import-not-found]

pytestmark = pytest.mark.truth

PASSWORD, WRONG = "kleine geheime zin", "verkeerde zin"
DESK, USER = "helpdesk@school.example", "bakker@school.example"
TECHNICIAN, COUNTER, SUPERVISOR = "S. Yilmaz", "L. Smit", "M. de Wit"
SERVER = """
export DEBIAN_FRONTEND=noninteractive
echo 'postfix postfix/main_mailer_type select Local only' | debconf-set-selections
echo 'postfix postfix/mailname string school.example' | debconf-set-selections
apt-get update -qq && apt-get install -qq -y --no-install-recommends postfix dovecot-imapd openssl
for user in helpdesk bakker; do
  id $user >/dev/null 2>&1 || useradd --create-home --shell /bin/bash $user
  echo "$user:{password}" | chpasswd
done
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=srv1 -addext subjectAltName=IP:{address} \
  -keyout /etc/ssl/private/desk.key -out /etc/ssl/certs/desk.pem 2>/dev/null
cat >/etc/dovecot/conf.d/99-desk.conf <<'END'
mail_location = maildir:~/Maildir
ssl = required
ssl_cert = </etc/ssl/certs/desk.pem
ssl_key = </etc/ssl/private/desk.key
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
END
postconf -e 'mydestination = school.example, localhost' 'myhostname = mail.school.example' 'home_mailbox = Maildir/' \
  'inet_interfaces = all' 'inet_protocols = ipv4' 'smtpd_tls_cert_file = /etc/ssl/certs/desk.pem' \
  'smtpd_tls_key_file = /etc/ssl/private/desk.key' 'smtpd_sasl_type = dovecot' 'smtpd_sasl_path = private/auth'
postconf -M 'submission/inet=submission inet n - y - - smtpd'
postconf -P 'submission/inet/smtpd_sasl_auth_enable=yes' 'submission/inet/smtpd_tls_security_level=encrypt' \
  'submission/inet/smtpd_relay_restrictions=permit_sasl_authenticated,reject'
echo 'broken: "|/bin/false"' >>/etc/aliases
newaliases
systemctl restart dovecot postfix
"""


class Post:
    """The mail server on srv1, its user, and the desk that reads there."""

    def __init__(self, lab: Lab, place: Path) -> None:
        self.lab, self.place = lab, place
        files = ROOT / ".lab" / lab.env["OPLEVER_LAB"]
        names = [line.split()[0] for line in (files / "known_hosts").read_text(encoding="utf-8").splitlines()]
        self.address = next(name.partition(",")[0] for name in names if name.endswith(",srv1"))

    def set_up(self) -> None:
        script = SERVER.replace("{password}", PASSWORD).replace("{address}", self.address)
        self.lab.shell("srv1", script, timeout=600)
        (self.place / "desk.pem").write_text(self.lab.shell("srv1", "cat /etc/ssl/certs/desk.pem"), encoding="utf-8")
        self.lab.env["DESK_PASSWORD"] = PASSWORD
        self.lab.env["OPLEVER_CONFIG"] = str(self.place / "oplever.yml")
        self.lab.env["OPLEVER_PERSON"] = COUNTER
        self.lab.env["OPLEVER_LANGUAGE"] = "en"
        self.configure()

    def configure(self, **imap: Any) -> None:
        secret = {"environment": "DESK_PASSWORD"}
        server = {"host": self.address, "user": "helpdesk", "password": secret, "ca": "desk.pem"}
        mail = {"address": DESK, "name": "Helpdesk De Linde", "receipt": True, "most_new_an_hour": 100,
                "imap": server | imap, "smtp": server | {"port": 587}}  # fmt: skip
        (self.place / "oplever.yml").write_text(json.dumps({"mail": mail}), encoding="utf-8")

    def oplever(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.lab.oplever("incident", *arguments)

    def send(self, text: str, sender: str = USER, **headers: str) -> None:
        """A user of the server sends the desk a mail."""
        message = EmailMessage(policy=policy.SMTP)
        for name, value in ({"From": sender, "To": DESK, "Subject": "Printer in 0.14"} | headers).items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        self.send_as_is(message.as_string().replace("\r\n", "\n"), sender)

    def send_as_is(self, message: str, sender: str = USER) -> None:
        address = sender.partition("<")[2].strip(">") or sender
        self.lab.shell("srv1", f"sendmail -f {address} -t <<'END'\n{message}\nEND")

    def wait(self, user: str, count: int, folder: str = "") -> list[str]:
        """The messages in a mailbox on the server, when so many arrived."""
        place = f"/home/{user}/Maildir{folder}"
        script = f"for f in $(ls -tr {place}/new/* {place}/cur/* 2>/dev/null); do cat $f; echo; echo =-=-=; done"
        for _ in range(60):
            messages = [part for part in self.lab.shell("srv1", script).split("\n=-=-=\n") if part.strip()]
            if len(messages) >= count:
                return messages
            time.sleep(1)
        raise AssertionError(f"{len(messages)} of {count} in the mailbox of {user}:\n" + "\n".join(messages)[-3000:])

    def take_in(self, code: int = 0) -> list[list[str]]:
        done = self.oplever("mail")
        assert done.returncode == code, done.stdout + done.stderr
        return [line.split() for line in done.stdout.splitlines() if not line.startswith("mail:")]

    def case(self, name: str) -> dict[str, Any]:
        content = json.loads((self.lab.records / name / "record.json").read_text(encoding="utf-8"))
        incident: dict[str, Any] = content["incident"]
        return incident


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
    (receipt,) = post.wait("bakker", 1)
    got = message_from_string(receipt, policy=policy.default)
    assert f"[INC {name[-6:]}]" in got["Subject"]
    assert got["Auto-Submitted"] == "auto-replied"
    assert got["Return-Path"] == "<>"

    post.send("Het lampje is rood.", Subject="Re: iets", In_Reply_To=str(got["Message-ID"]))
    post.wait("helpdesk", 1)
    assert [row[:2] for row in post.take_in()] == [["added", name]]
    told = post.oplever("tell", name[-6:], "--how", "We brengen toner.", "--when", date.today().isoformat(), "--send")
    assert told.returncode == 0, told.stderr
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
    made = [post.case(path.name)["text"] for path in post.lab.records.glob("*-incident-*") if path.name not in before]
    assert sorted(made) == sorted(f"Melding {number}." for number in range(20))
    assert post.take_in(1 if list((post.lab.records / "mail").glob("*.eml")) else 0) == []


def test_the_password_is_shown_nowhere_and_the_certificate_counts(post: Post) -> None:
    post.configure(security="starttls", port=143)
    assert post.take_in(1 if list((post.lab.records / "mail").glob("*.eml")) else 0) == []
    post.configure(ca=None)
    done = post.oplever("mail")
    assert (done.returncode, "certificate" in done.stderr.lower()) == (2, True)
    post.configure()
    post.lab.env["DESK_PASSWORD"] = WRONG
    done = post.oplever("mail")
    assert (done.returncode, "[mail-server]" in done.stderr, WRONG in done.stdout + done.stderr) == (
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


def step(post: Post, name: str, *arguments: str, by: str = TECHNICIAN) -> None:
    """One event of a case, as somebody at the desk types it."""
    action, *more = arguments
    done = post.oplever(action, name, "--by", by, *more)
    assert done.returncode == 0, f"{arguments}\n{done.stdout}{done.stderr}"


def taken(post: Post, name: str, user: str) -> None:
    """From the report to what the user is told."""
    step(post, name, "classify", "--impact", "2", "--urgency", "1", "--category", "software", by=COUNTER)
    step(post, name, "take", "--reason", "de site is weg")
    step(post, name, "assess", "--can-solve", "yes", "--reason", "nginx is gestopt")
    step(post, name, "tell", "--how", "We starten de webserver.", "--when", date.today().isoformat(), "--user", user)


def solved(post: Post, name: str) -> None:
    step(post, name, "work", "--activity", "nginx gestart met playbooks/site.yml")
    step(post, name, "material", "--none")
    step(post, name, "hours", "--hours", "0,5", "--activity", "nginx gestart")
    cause = ("--cause", "nginx stond stil")
    step(post, name, "solve", "--solution", "nginx gestart", "--guideline", "W-8", "--version", "1", *cause)


def closed(post: Post, name: str, user: str) -> None:
    step(post, name, "confirm", "--satisfied", "yes", "--user", user, by=COUNTER)
    step(post, name, "close", by=COUNTER)


def test_from_a_stopped_server_to_users_who_are_satisfied_and_a_question_that_is_answered(lab: Lab, post: Post) -> None:
    lab.shell("web1", "mkdir -p /srv/les && echo '<h1>Les</h1>' >/srv/les/index.html")
    lab.ansible("playbooks/site.yml", "--limit", "web1", "--tags", "nginx,verify", *CHOSEN, *SITE)
    delivered, _ = lab.latest()
    lab.shell("web1", "systemctl stop nginx")
    done = lab.ansible("playbooks/verify.yml", "--limit", "web1", *CHOSEN, *SITE, check=False)
    assert done.returncode == 2
    failed, _ = lab.latest()
    made = post.oplever("from-record", failed.name)
    [name] = made.stdout.split()
    case = post.case(name)
    assert (case["channel"], case["machine"], case["cause"].split()[0]) == ("machine", "web1", "web1")
    assert "inactive" in case["text"]
    assert post.oplever("from-record", failed.name).stdout == ""
    of_users = {reported(post, user, text): user for user, text in REPORTS.items()}

    for case_name, user in {name: "J. Bakker", **of_users}.items():
        taken(post, case_name, user)
    lab.ansible("playbooks/site.yml", "--limit", "web1", "--tags", "nginx", *SITE)
    early = lab.latest()[0].name
    for case_name in (name, *of_users):
        solved(post, case_name)
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
    closed(post, name, "J. Bakker")
    assert questions(lab) == [], "what a machine reports is nobody's question"
    for case_name, user in of_users.items():
        step(post, case_name, "retest", "--record", tested.name, "--tests", TEST.split()[1])
        closed(post, case_name, user)
    accounted_for(lab, post, name, tested.name)
    answered(lab, delivered.name, list(of_users))


def reported(post: Post, user: str, text: str) -> str:
    done = post.oplever("new", "--by", COUNTER, "--channel", "phone", "--reporter", user, "--text", text)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def accounted_for(lab: Lab, post: Post, name: str, tested: str) -> None:
    """The supervisor is told and decides; every byte that changes is named."""
    told = ("--to", SUPERVISOR, "--form", "oral", "--minutes", "kort")
    lab.oplever("add", "report", "--record", name, "--by", TECHNICIAN, *told)
    decided = lab.oplever("add", "decision", "--record", name, "--by", SUPERVISOR, "--decision", "approved")
    assert decided.returncode == 0, decided.stderr
    case = post.case(name)
    assert case["retests"][0]["record"] == tested
    assert case["retests"][0]["result"] == "pass"
    record = json.loads((lab.records / name / "record.json").read_text(encoding="utf-8"))
    assert (record["status"], record["stage"], record["completeness"]["missing"]) == ("closed", "approved", [])
    lab.oplever("report", name)
    assert lab.oplever("verify", name).returncode == 0
    for place in ("entries.jsonl", "report.nl.pdf", "record.json"):
        path = lab.records / name / place
        content = path.read_bytes()
        flipped = bytearray(content)
        flipped[len(flipped) // 2] ^= 1
        path.write_bytes(flipped)
        done = lab.oplever("verify", name)
        assert done.returncode != 0, place
        assert re.search(re.escape(place), done.stdout + done.stderr), place
        path.write_bytes(content)
    assert lab.oplever("verify", name).returncode == 0


def questions(lab: Lab) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(lab.oplever("faq", "list", "--format", "json").stdout)
    return rows


def page_of_questions(lab: Lab, language: str = "nl") -> str:
    done = lab.oplever("publish")
    assert done.returncode == 0, done.stderr
    return (lab.records / "overview" / f"faq.{language}.html").read_text(encoding="utf-8")


def answered(lab: Lab, delivered: str, cases: list[str]) -> None:
    """Three reports become a question; its answer is shown as long as the reports and the proof hold."""
    (candidate,) = questions(lab)
    assert (candidate["state"], candidate["guideline"], sorted(candidate["cases"])) == (
        "candidate",
        "W-8",
        sorted(cases),
    )
    about = ("--category", "software", "--guideline", "W-8", "--words-of", cases[0], "--language", "nl")
    bound = ("--answer", ANSWER, "--card", CARD, "--of", delivered)
    done = lab.oplever("faq", "propose", "--by", TECHNICIAN, *about, *bound)
    assert done.returncode == 0, done.stderr
    name = done.stdout.split()[-1]
    question = next(iter(REPORTS.values()))
    assert ANSWER not in page_of_questions(lab), "nobody accepted it"
    assert lab.oplever("faq", "accept", name, "--by", TECHNICIAN).returncode == 2
    assert lab.oplever("faq", "accept", name, "--by", COUNTER).returncode == 0
    text = page_of_questions(lab)
    assert (question in text, ANSWER in text, CARD in text) == (True, True, True)
    assert "systemctl" not in text, "the card is for administrators, the page for users"
    assert all(case in text for case in cases)
    assert [user for user in REPORTS if user in text] == []

    lab.shell("web1", "systemctl stop nginx")
    lab.ansible("playbooks/verify.yml", "--limit", "web1", *CHOSEN, *SITE, check=False)
    failing = lab.latest()[0].name
    assert ANSWER not in page_of_questions(lab)
    checked = lab.oplever("faq", "check")
    assert (checked.returncode, f"{TEST} does not pass in {failing}" in checked.stdout) == (1, True), checked.stdout
    lab.shell("web1", "systemctl start nginx")
    lab.ansible("playbooks/verify.yml", "--limit", "web1", *CHOSEN, *SITE)
    assert ANSWER in page_of_questions(lab)

    again = lab.oplever("incident", "reopen", cases[1], "--by", COUNTER, "--reason", "de site is weer weg")
    assert again.returncode == 0, again.stderr
    text = page_of_questions(lab)
    assert (ANSWER in text, f"de melding {cases[1]} is heropend" in text) == (False, True)
    withdrawn = lab.oplever("faq", "check", "--withdraw", "--by", COUNTER)
    assert withdrawn.returncode == 0, withdrawn.stdout + withdrawn.stderr
    (kept,) = [
        row
        for row in json.loads(lab.oplever("faq", "list", "--all", "--format", "json").stdout)
        if row["state"] != "candidate"
    ]
    assert kept["state"] == "withdrawn"
    assert ANSWER not in page_of_questions(lab)
    assert lab.oplever("verify", name).returncode == 0
