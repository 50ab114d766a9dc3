"""Mail that comes in, whatever happens meanwhile; and what goes out."""

from __future__ import annotations

import json
import os
import shutil
import stat
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from command import attempt, run
from desk import EVENTS, UNTIL_SOLVED
from mails import DESK, Corpus
from oplever import clock, store
from oplever.app import incidents, mail_answers, mail_intake
from oplever.app.verify import verify
from oplever.config import Retention, Secret
from oplever.errors import OpleverError
from oplever.kinds.incident.entries import COMMANDS
from oplever.kinds.incident.entries.mail import place as mail_place
from oplever.mail.secret import password, without
from oplever.mail.sources import Maildir
from oplever.store import mails, retention
from post import Post

BY = "S. Yilmaz"


class PowerCutError(BaseException):
    """The process is gone."""


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Post:
    monkeypatch.setenv("OPLEVER_PERSON", BY)
    return Post(tmp_path, monkeypatch, receipt=True)


def the_case(post: Post) -> Path:
    (directory,) = post.records.glob("*-incident-*")
    return directory


def incident(directory: Path) -> Any:
    return incidents.case_of(store.load(directory))


def reported(post: Post, **headers: str) -> Path:
    post.deliver(Corpus().text("De printer doet niets.", **headers))
    (done,) = post.take_in()
    assert done.outcome == "new", done
    return store.find(done.case)


def answer(directory: Path) -> Any:
    data = {"how": "We komen langs.", "when": clock.now()[:10]}
    return mail_answers.tell(directory, BY, data, mail_intake.settings()).case.mails[-1]


def test_a_mail_is_a_report_with_its_sender_and_words(post: Post) -> None:
    directory = reported(post, From='"J. Bakker" <J.Bakker@School.example>', Subject="Fwd: Printer 0.14")
    record = store.load(directory)
    case = record.case
    assert (record.assignment.title, case.channel, case.reporter) == ("Printer 0.14", "mail", "J. Bakker")
    assert case.text == "De printer doet niets."
    assert case.mails[0].address == "j.bakker@school.example"
    assert case.unread == 0
    content = (directory / mail_place(case.mails[0].digest)).read_bytes()
    assert b"De printer doet niets." in content
    assert not (post.records / "latest").exists()


STEPS = {
    "before the case is there": ("oplever.app.incidents.begin", "new"),
    "before the log": ("oplever.store.mails.log", "new"),
    "before the receipt went out": ("oplever.mail.sending.send", "receipt"),
    "before the receipt is in the case": ("oplever.app.mail_answers.admit", "receipt"),
    "before the mail leaves the mailbox": ("oplever.mail.sources.Maildir.put", "new"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_mail_counts_once_wherever_it_was_stopped(post: Post, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """As if the power went: what comes after never happens. The next run ends it."""
    post.deliver(Corpus().text("De printer doet niets."))
    with monkeypatch.context() as patched:
        patched.setattr(STEPS[step][0], _cut)
        with pytest.raises(PowerCutError):
            post.take_in()
    assert len(post.folder()) == 1
    post.take_in()
    directory = the_case(post)
    assert len([mail for mail in incident(directory).mails if mail.direction == "in"]) == 1
    assert post.folder() == []
    assert len(post.folder(".Oplever")) == 1
    assert len(post.outgoing()) <= 1
    assert manifest_problems(directory) == ()


def _cut(*_: Any, **__: Any) -> None:
    raise PowerCutError


def manifest_problems(directory: Path) -> tuple[str, ...]:
    attempt("report", directory.name)
    return verify(directory).problems


@pytest.mark.slow
@pytest.mark.parametrize("step", ["oplever.app.mail_intake.admit", "oplever.store.mails.log"])
def test_an_answer_counts_once_wherever_it_was_stopped(post: Post, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    directory = reported(post)
    sent = answer(directory)
    post.deliver(Corpus(seed=2, count=50).text("Dank.", In_Reply_To=sent.message_id))
    with monkeypatch.context() as patched:
        patched.setattr(step, _cut)
        with pytest.raises(PowerCutError):
            post.take_in()
    post.take_in()
    assert [mail.text for mail in incident(directory).mails if mail.direction == "in"] == [
        "De printer doet niets.",
        "Dank.",
    ]
    assert manifest_problems(directory) == ()


def test_an_answer_that_may_have_gone_out_is_named(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = reported(post)
    with monkeypatch.context() as patched:
        patched.setattr("oplever.app.mail_answers.admit", _cut)
        with pytest.raises(PowerCutError):
            answer(directory)
    assert incident(directory).contacts == ()
    done = attempt("incident", "mail")
    assert done.exit_code == 1
    assert "may have gone out and is in no case" in done.stderr
    assert f"{directory.name}." in done.stderr


def test_nobody_is_told_when_the_mail_did_not_go_out(post: Post, tmp_path: Path) -> None:
    directory = reported(post)
    (tmp_path / "sendmail").write_text("#!/bin/sh\necho 'queue is full' >&2\nexit 75\n", encoding="utf-8")
    arguments = ("incident", "tell", directory.name, "--how", "we komen", "--when", clock.now()[:10], "--send")
    done = attempt(*arguments)
    assert (done.exit_code, "queue is full" in done.stderr, "[mail-server]" in done.stderr) == (2, True, True)
    assert incident(directory).contacts == ()
    assert mails.unfinished(post.records) == []


def test_an_answer_says_the_number_and_its_answer_finds_the_case(post: Post) -> None:
    directory = reported(post, Subject="Printer\r\n bij\r\n de aula")
    done = attempt("incident", "tell", directory.name[-6:], "--how", "We komen.", "--when", clock.now()[:10], "--send")
    assert done.exit_code == 0, done.output
    message = message_from_bytes(post.outgoing()[-1], policy=policy.default)
    case = incident(directory)
    assert message["Subject"] == f"Re: Printer bij de aula [INC {directory.name[-6:]}]"
    assert message["In-Reply-To"] in {mail.message_id for mail in case.mails}
    assert case.mails[0].message_id in message["References"]
    assert message["Auto-Submitted"] is None
    assert "We komen." in message.get_content()
    assert [(contact.medium, contact.how) for contact in case.contacts] == [("mail", "We komen.")]
    assert case.targets[0].reached is None or case.targets[0].reached == case.contacts[0].at
    assert (
        "is for a mail that is sent"
        in attempt(
            "incident", "tell", directory.name, "--how", "x", "--when", clock.now()[:10], "--address", "a@x.example"
        ).stderr
    )


def test_an_answer_needs_an_address_that_is_one(post: Post) -> None:
    made = attempt(
        "incident", "new", "--channel", "counter", "--reporter", "J. Bakker", "--text", "stuk"
    ).stdout.split()[-1]
    tell = ("incident", "tell", made, "--how", "we komen", "--when", clock.now()[:10], "--send")
    for more in ((), ("--address", "geen adres"), ("--address", "a@x.example\nBcc: b@y.example")):
        done = attempt(*tell, *more)
        assert (done.exit_code, "[mail-unaddressed]" in done.stderr) == (2, True), done.output
    assert post.outgoing() == []
    assert attempt(*tell, "--address", "a@x.example").exit_code == 0


NO_ADDRESSES = (
    "a@",
    "@x.example",
    "a@@x.example",
    "a b@x.example",
    "a@x..example",
    "é@x.example",
    "a@b@x.example",
    "<>",
)


@pytest.mark.slow
def test_a_mail_with_a_senseless_address_is_a_report_without_an_answer(post: Post) -> None:
    corpus = Corpus(seed=11)
    post.deliver(*(corpus.text("stuk", From=f"Jan <{address}>") for address in NO_ADDRESSES))
    post.deliver(*(corpus.text("stuk", Reply_To=address) for address in NO_ADDRESSES))
    handled = post.take_in()
    assert [done.outcome for done in handled] == ["new"] * 2 * len(NO_ADDRESSES)
    assert [done.notice for done in handled if done.notice] == []
    assert len(post.outgoing()) == len(NO_ADDRESSES)  # those with a sender get their receipt there
    for address in NO_ADDRESSES:
        words = ("--how", "x", "--when", clock.now()[:10], "--send", "--address", address)
        assert "[mail-unaddressed]" in run("incident", "tell", handled[0].case, *words, code=2).stderr, address


def test_what_came_back_was_not_told(post: Post) -> None:
    directory = reported(post)
    sent = answer(directory)
    assert incident(directory).contacts[0].returned == ""
    post.deliver(Corpus(seed=3, count=60).bounce(sent.message_id))
    (done,) = post.take_in()
    assert (done.outcome, done.case) == ("returned", directory.name)
    case = incident(directory)
    assert case.contacts[0].returned == "550 5.1.1 no such user"
    assert "case_contact_missing" in {missing.code for missing in store.load(directory).completeness.missing}
    assert "case_mail_returned" in {reason.code for reason in store.load(directory).document.reasons}


REPORTS = {
    "delayed": ("delivery-status", "message/delivery-status", "Action: delayed\r\nStatus: 4.4.1"),
    "delivered": ("delivery-status", "message/delivery-status", "Action: delivered\r\nStatus: 2.0.0"),
    "abuse": ("feedback-report", "message/feedback-report", "Feedback-Type: abuse\r\nVersion: 1"),
    "read": ("disposition-notification", "message/disposition-notification", "Disposition: x; displayed"),
}


@pytest.mark.parametrize("what", REPORTS)
def test_what_is_late_or_was_read_did_not_come_back(post: Post, what: str) -> None:
    """A server writes about more than what did not arrive; it belongs to the case, and asks for no reading."""
    directory = reported(post)
    sent = answer(directory)
    kind, of, status = REPORTS[what]
    corpus = Corpus(seed=20, count=60)
    headers = corpus.headers(
        From="Mail Delivery System <MAILER-DAEMON@mx.example>", Auto_Submitted="auto-replied",
        Content_Type=f'multipart/report; report-type={kind}; boundary="r"',
    )  # fmt: skip
    post.deliver(
        corpus.raw(
            headers,
            (
                f"--r\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n--r\r\nContent-Type: {of}\r\n\r\n"
                f"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; x@y.example\r\n{status}\r\n\r\n"
                f"--r\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {sent.message_id}\r\n\r\n--r--\r\n"
            ).encode(),
        )
    )
    (done,) = post.take_in()
    assert (done.outcome, done.case) == ("added", directory.name)
    case = incident(directory)
    assert (case.contacts[0].returned, case.unread, case.mails[-1].is_automatic) == ("", 0, True)


def test_an_automatic_answer_is_added_once_for_a_sender(post: Post) -> None:
    directory = reported(post)
    sent, corpus = answer(directory), Corpus(seed=21, count=60)
    more = {"From": "weg@school.example", "Auto-Submitted": "auto-replied", "In-Reply-To": sent.message_id}
    outcomes = []
    for subject in ("Gelezen", "Afwezig", "Afwezig"):  # each time that mail is taken in, as a timer does
        post.deliver(corpus.text("Ik ben er niet.", Subject=subject, **more))
        outcomes += [done.outcome for done in post.take_in()]
    assert outcomes == ["added", "added", "aside"]


def test_no_answer_goes_to_whoever_writes_the_number_of_a_case(post: Post) -> None:
    """Somebody may have seen the number on a desk; of a report by telephone nobody knows the address."""
    words = ("--channel", "phone", "--reporter", "J. Bakker", "--text", "Geen geluid")
    name = attempt("incident", "new", *words).stdout.split()[-1]
    tag, corpus = f"[INC {name[-6:]}]", Corpus(seed=22, count=60)
    post.deliver(corpus.text("Hoe staat het?", From="J. Bakker <mallory@evil.example>", Subject=tag))
    assert [done.outcome for done in post.take_in()] == ["added"]
    told = ("--how", "Zie kast 3.", "--when", clock.now()[:10], "--send")
    refused = run("incident", "tell", name, *told, code=2).stderr
    assert "[mail-unaddressed]" in refused
    assert "J. Bakker (mallory@evil.example)" in refused
    assert "J. Bakker <mallory@evil.example>" in attempt("incident", "show", name).stdout
    assert attempt("incident", "tell", name, *told, "--address", "j.bakker@school.example").exit_code == 0
    assert attempt("incident", "tell", name, *told).exit_code == 0
    receivers = [path.read_text().split()[-1] for path in post.sent.iterdir() if path.suffix == ".to"]
    assert receivers == ["j.bakker@school.example"] * 2


def test_an_answer_to_a_report_by_mail_goes_to_who_sent_that(post: Post) -> None:
    directory = reported(post, From="Joke <joke@school.example>")
    post.deliver(Corpus(seed=23, count=60).text("Wat?", From="x@evil.example", Subject=f"[INC {directory.name[-6:]}]"))
    post.take_in()
    assert answer(directory).address == "joke@school.example"


def test_an_answer_does_not_go_to_the_desk_itself(post: Post) -> None:
    """A copier or a form that wants answers at the desk would have each come back there (PostHog/posthog#92017)."""
    directory = reported(post, From="Kopieerapparaat <kopie@school.example>", Reply_To=f"Helpdesk <{DESK}>")
    assert answer(directory).address == "kopie@school.example"
    receivers = [path.read_text().split()[-1] for path in post.sent.iterdir() if path.suffix == ".to"]
    assert receivers == ["kopie@school.example"] * 2


def test_who_calls_his_mail_as_that_of_somebody_else_gets_no_answers_to_it(post: Post) -> None:
    directory, corpus = reported(post, Message_ID="<rapport@school.example>"), Corpus(seed=24, count=60)
    other = corpus.text("Iets anders.", Message_ID="<rapport@school.example>")
    post.deliver(other, corpus.text("Ook in 0.15.", In_Reply_To="<rapport@school.example>"))
    stranger, answered = post.take_in()
    assert (stranger.outcome, answered.case) == ("new", directory.name)


def test_nobody_gets_two_receipts_in_an_hour_whoever_asks_for_them(post: Post) -> None:
    corpus = Corpus(seed=25)
    post.deliver(*(corpus.text("Hallo.", Reply_To="slachtoffer@elders.example") for _ in range(3)))
    assert [done.outcome for done in post.take_in()] == ["new"] * 3
    assert len(post.outgoing()) == 1


def test_a_user_who_answers_by_a_link_reads_no_mail(post: Post) -> None:
    directory = reported(post, From="J. Bakker <j.bakker@school.example>")
    for kind in ("taken", "solved"):
        incidents.add(directory, kind, BY, EVENTS[kind])
    post.deliver(Corpus(seed=26, count=60).text("Hij piept weer.", Subject=f"[INC {directory.name[-6:]}]"))
    post.take_in()
    incidents.add(directory, "confirmed", "J. Bakker", {"satisfied": "yes", "user": "J. Bakker"})
    assert incident(directory).unread == 1
    incidents.add(directory, "confirmed", BY, {"satisfied": "yes"})
    assert incident(directory).unread == 0


@pytest.mark.slow
def test_a_thousand_bounces_make_no_case_and_no_answer(post: Post) -> None:
    """Some about an answer of the desk, most about what somebody sent in its name."""
    directory = reported(post)
    sent = answer(directory)
    before, revision = len(post.outgoing()), store.load(directory).document.revision
    corpus = Corpus(seed=4, count=100)
    ids = [sent.message_id if number % 100 == 0 else f"<{number}@vals.example>" for number in range(1000)]
    post.deliver(*(corpus.bounce(name) for name in ids))
    handled = post.take_in()
    assert [done.outcome for done in handled].count("returned") == 1
    assert [done.outcome for done in handled].count("aside") == 999
    assert len(list(post.records.glob("*-incident-*"))) == 1
    assert store.load(directory).document.revision == revision + 1
    assert len(post.outgoing()) == before
    assert len(post.folder(".Oplever-aside")) == 999
    assert post.folder() == []


@pytest.mark.slow
def test_a_storm_of_one_sender_is_set_aside_and_can_be_accepted(post: Post) -> None:
    corpus = Corpus(seed=5)
    post.deliver(*(corpus.text(f"alarm {number}", From="bewaking@school.example") for number in range(25)))
    handled = post.take_in()
    assert [done.outcome for done in handled].count("new") == 20
    stormy = [done for done in handled if done.outcome == "aside"]
    assert len(stormy) == 5
    assert all(done.is_problem and "more than 20 reports in an hour" in done.reason for done in stormy)
    assert len(post.outgoing()) == 1  # one receipt an hour
    (taken,) = post.take_in(accepted=stormy[0].digest[:12])
    assert (taken.outcome, taken.digest) == ("new", stormy[0].digest)
    assert len(post.folder(".Oplever-aside")) == 4
    with pytest.raises(OpleverError, match="no mail that was set aside"):
        post.take_in(accepted="ffffffffffff")


def set_aside(post: Post, *digests: str) -> None:
    for digest in digests:
        mails.log(post.records, mails.Logged(clock.now(), "aside", digest, reason="a machine wrote it"))


def test_what_several_mails_are_named_takes_none_of_them_in(post: Post) -> None:
    set_aside(post, "abcdef" + "0" * 58, "abcdef" + "1" * 58)
    with pytest.raises(OpleverError, match="2 mails that were set aside are named abcdef") as refused:
        post.take_in(accepted="abcdef")
    assert "abcdef000000, abcdef111111" in refused.value.advice


@pytest.mark.parametrize("digest", ["", " ", "?", "a", "abcde", "nosuch"])
def test_what_is_no_digest_takes_nothing_in(post: Post, digest: str) -> None:
    """Nor does it take in all that waits: an empty variable in a script."""
    post.deliver(Corpus().text("De printer doet niets."))
    done = attempt("incident", "mail", "--accept", digest)
    assert done.exit_code == 2
    assert "--accept takes a digest" in done.stderr
    assert len(post.folder()) == 1


def test_a_list_of_what_was_set_aside_asks_for_no_name(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPLEVER_PERSON")
    set_aside(post, "ab" * 32)
    assert "abababababab" in run("incident", "mail", "--aside").stdout


def test_what_was_taken_in_after_all_is_not_set_aside_any_more(post: Post) -> None:
    post.deliver(Corpus().text("Ik ben er niet.", Auto_Submitted="auto-replied"))
    (done,) = post.take_in()
    assert done.digest[:12] in run("incident", "mail", "--aside").stdout
    (taken,) = post.take_in(accepted=done.digest[:12])
    assert taken.outcome == "new"
    assert run("incident", "mail", "--aside").stdout == "no mail was set aside\n"


def test_what_was_set_aside_is_listed_in_the_language_of_whoever_asks(post: Post) -> None:
    corpus = Corpus(seed=6)
    post.deliver(corpus.text("Ik ben er niet.", **{"Auto-Submitted": "auto-replied"}), b"nonsense")
    done = run("--language", "nl", "incident", "mail", code=1)
    assert "een machine schreef de mail (auto-submitted)" in done.stdout
    assert "mail: 2 apart gelegd" in done.stdout
    assert "a machine wrote it (auto-submitted)" in attempt("incident", "mail", "--aside").stdout
    listed = attempt("--language", "nl", "incident", "mail", "--aside").stdout
    assert "een machine schreef de mail (auto-submitted)" in listed
    assert "het bestand heeft geen kopregels van een mail" in listed
    lines = [line for line in mails.logged(post.records) if line.outcome == "aside"]
    assert all(line.digest[:12] in listed for line in lines)
    # A line of an earlier version, or one that somebody changed, says what it says.
    mails.log(post.records, mails.Logged(lines[0].at, "aside", "ab" * 32, reason="old", pattern="{gone}"))
    assert "old" in attempt("--language", "nl", "incident", "mail", "--aside").stdout


def test_a_mail_that_is_too_large_stays_and_is_named(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oplever.mail.sources.Maildir.read", _cut)  # it is not even read
    post.deliver(b"Subject: groot\r\n\r\n" + b"x" * (26 << 20))
    done = attempt("incident", "mail")
    assert (done.exit_code, "larger than 25 MiB" in done.output) == (1, True)
    assert len(post.folder(".Oplever-aside")) == 1


def test_a_mail_about_a_broken_case_is_kept(post: Post) -> None:
    directory = reported(post)
    sent = answer(directory)
    with (directory / "entries.jsonl").open("ab") as file:
        file.write(b"{broken\n")
    post.deliver(Corpus(seed=6, count=70).text("Dank.", In_Reply_To=sent.message_id))
    (done,) = post.take_in()
    assert done.outcome in ("new", "aside")
    assert len(post.folder(".Oplever")) + len(post.folder(".Oplever-aside")) == 2


def shown_of(name: str) -> str:
    return attempt("incident", "show", name).stdout


@pytest.mark.slow
def test_a_mail_changes_no_state_and_has_to_be_read(post: Post) -> None:
    directory = reported(post)
    name = directory.name
    for kind in (*UNTIL_SOLVED, "retested", "confirmed"):
        options = [
            word for field, value in EVENTS[kind].items() for word in (f"--{field.replace('_', '-')}", str(value))
        ]
        options = [clock.now()[:10] if word == "2026-11-24" else word for word in options]
        done = attempt("incident", COMMANDS[kind], name, *options)
        assert done.exit_code == 0, done.output
    number = f"[INC {name[-6:]}]"
    corpus = Corpus(seed=7, count=80)
    post.deliver(corpus.text("Hij is weer stuk.", Subject=number))
    post.take_in()
    assert (store.load(directory).status, incident(directory).unread) == ("solved", 1)
    refused = attempt("incident", "close", name)
    assert (refused.exit_code, "somebody read the mails" in refused.stderr) == (2, True)
    assert "1 new mail" in attempt("incident", "list").stdout
    assert ["Text", "Hij is weer stuk."] in [line.split(maxsplit=1) for line in shown_of(name).splitlines()]
    assert attempt("incident", "read", name, "--meaning", "bedankje").exit_code == 0
    assert "Hij is weer stuk." not in shown_of(name)
    assert attempt("incident", "close", name).exit_code == 0
    assert name not in attempt("incident", "list").stdout
    post.deliver(corpus.text("Toch niet goed.", Subject=number))
    post.take_in()
    assert (store.load(directory).status, incident(directory).unread) == ("closed", 1)
    assert name in attempt("incident", "list").stdout
    assert attempt("incident", "reopen", name, "--reason", "weer stuk").exit_code == 0
    assert incident(directory).unread == 0


def test_a_case_that_is_past_gets_a_new_one_that_names_it(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = reported(post)
    monkeypatch.setattr("oplever.app.mail_intake._is_past", lambda record: True)
    post.deliver(Corpus(seed=8, count=90).text("Weer.", Subject=f"[INC {directory.name[-6:]}]"))
    (done,) = post.take_in()
    assert done.outcome == "new"
    assert [(link.relation, link.target) for link in incident(store.find(done.case)).links] == [
        ("earlier", directory.name)
    ]


def test_a_mail_about_a_merged_case_goes_to_the_one_that_goes_on(post: Post) -> None:
    first, corpus = reported(post), Corpus(seed=9, count=95)
    post.deliver(corpus.text("Ook stuk."))
    (done,) = post.take_in()
    assert attempt("incident", "merge", done.case, "--into", first.name, "--reason", "dezelfde").exit_code == 0
    post.deliver(corpus.text("En nu?", Subject=f"[INC {done.case[-6:]}]"))
    (later,) = post.take_in()
    assert (later.outcome, later.case) == ("added", first.name)


@pytest.mark.slow
def test_attachments_come_out_as_they_went_in_and_only_where_somebody_says(post: Post, tmp_path: Path) -> None:
    corpus = Corpus(seed=10)
    post.deliver(*(letter.content for letter in corpus.attached()))
    before = set(tmp_path.rglob("*"))
    handled = post.take_in()
    for done in handled[:10]:
        target = tmp_path / "out.bin"
        listed = attempt("incident", "attachment", done.case)
        assert "application/octet-stream" in listed.stdout
        assert attempt("incident", "attachment", done.case, "1", "--output", str(target)).exit_code == 0
        assert target.read_bytes().endswith(b"\x89PNG")
    assert attempt("incident", "attachment", handled[0].case, "2", "-o", "x").exit_code == 2
    written = {path.name for path in set(tmp_path.rglob("*")) - before if path.is_file()}
    assert not any(part in name for name in written for part in ("cron", "dll", "gnp", "bashrc"))


@pytest.mark.slow
def test_a_flipped_byte_of_a_mail_is_named(post: Post) -> None:
    directory = reported(post)
    assert manifest_problems(directory) == ()
    path = directory / mail_place(incident(directory).mails[0].digest)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    assert [problem for problem in verify(directory).problems if path.name in problem]


@pytest.mark.slow
def test_names_and_messages_go_when_their_time_is_over(post: Post, tmp_path: Path) -> None:
    directory = reported(post, From='"Fatma Demir" <fatma.demir@school.example>', Subject="Vraag van Fatma Demir")
    name = directory.name
    attempt("incident", "tell", name, "--how", "Beste Fatma Demir, mail fatma.demir@school.example", "--when",
        clock.now()[:10], "--send")  # fmt: skip
    now = clock.moment("2031-01-01T00:00:00Z")
    due = retention.plan(post.records, Retention(hours_names="2 years"), now)
    assert [row.record for row in due] == [name]
    retention.carry_out(post.records, due[0], now)
    attempt("report", name)
    assert not (directory / "mail").exists()
    left = [path.name for path in directory.rglob("*") if path.is_file() and b"demir" in path.read_bytes().lower()]
    assert left == []
    assert verify(directory).problems == ()
    assert len(incident(directory).mails) == 3


def test_passwords_come_from_where_they_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_PASSWORD", "geheim1")
    file = tmp_path / "password"
    file.write_text("geheim2\n", encoding="utf-8")
    file.chmod(0o600)
    assert password(Secret(environment="DESK_PASSWORD")) == "geheim1"
    assert password(Secret(file=str(file))) == "geheim2"
    assert password(Secret(command=("printf", "geheim3\\n"))) == "geheim3"
    file.chmod(0o640)
    monkeypatch.delenv("DESK_PASSWORD")
    wrong = (Secret(), Secret(environment="DESK_PASSWORD"), Secret(file=str(file)), Secret(command=("false",)),
             Secret(command=("/does/not/exist",)))  # fmt: skip
    for secret in wrong:
        with pytest.raises(OpleverError) as refused:
            password(secret)
        assert refused.value.slug == "mail-secret"
        assert "geheim" not in refused.value.message


@pytest.mark.slow
def test_a_mailbox_that_is_not_set_or_not_there_is_one_error(
    post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_PASSWORD", "geheim")
    (tmp_path / "oplever.yml").write_text("mail: {address: a@x.example}", encoding="utf-8")
    assert "[mail-not-set]" in attempt("incident", "mail").stderr
    (tmp_path / "oplever.yml").write_text("mail: {maildir: nergens}", encoding="utf-8")
    assert "[file-unreadable]" in attempt("incident", "mail").stderr
    (tmp_path / "oplever.yml").write_text(f"mail: {{maildir: {tmp_path}}}", encoding="utf-8")
    assert f"{tmp_path} is no Maildir: it has no cur and new" in attempt("incident", "mail").stderr
    secret = {"environment": "DESK_PASSWORD"}
    imap = {"host": "127.0.0.1", "port": 9, "user": "desk", "password": secret}
    (tmp_path / "oplever.yml").write_text(json.dumps({"mail": {"imap": imap}}), encoding="utf-8")
    done = attempt("incident", "mail")
    assert ("[mail-server]" in done.stderr, "geheim" in done.output) == (True, False)
    imap |= {"host": "mail.example", "security": "none"}
    (tmp_path / "oplever.yml").write_text(json.dumps({"mail": {"imap": imap}}), encoding="utf-8")
    assert "for this machine only" in attempt("incident", "mail").stderr


def test_what_is_kept_of_mail_is_for_its_owner_alone(post: Post) -> None:
    directory = reported(post)
    for path in (*directory.rglob("*"), post.records / mails.LOG):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    assert DESK not in (post.records / mails.LOG).read_text(encoding="utf-8")
    assert "user1@school.example" not in (post.records / mails.LOG).read_text(encoding="utf-8")


@pytest.mark.slow
def test_check_names_mails_that_are_in_no_case(post: Post) -> None:
    """No report without a record: what came in by mail is held against the cases."""
    first, second, third = (reported(post, Message_ID=f"<{number}@x.example>") for number in range(3))
    assert "problem" not in attempt("incident", "check").stdout
    shutil.rmtree(first)
    lines = (second / "entries.jsonl").read_bytes().splitlines(keepends=True)
    (second / "entries.jsonl").write_bytes(b"".join(line for line in lines if b"mail-received" not in line))
    now = clock.moment("2031-01-01T00:00:00Z")
    for due in retention.plan(post.records, Retention(record="2 years"), now):
        if due.record == third.name:
            retention.carry_out(post.records, due, now)
    (mails.outgoing(post.records) / "x.eml").write_bytes(b"")
    done = attempt("incident", "check")
    assert done.exit_code == 1
    assert f"made case {first.name}, which is not there" in done.stderr
    assert f"is not in case {second.name}" in done.stderr
    assert third.name not in done.stderr
    assert "x.eml: this mail may have gone out" in done.stderr


def test_a_mail_that_another_program_moves_meanwhile_is_left_to_the_next_time(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = Corpus()
    post.deliver(corpus.text("De printer doet niets."), corpus.text("De beamer flikkert."))
    first, _ = sorted((post.maildir / "new").iterdir())
    scan = os.scandir

    def scan_and_move(path: Path) -> list[Any]:
        rows = list(scan(path))
        first.unlink(missing_ok=True)
        return rows

    monkeypatch.setattr("oplever.mail.sources.os.scandir", scan_and_move)
    assert [waiting.key for waiting in Maildir(post.maildir).waiting()] == [f"new/{1764000002}.00002.host"]


@pytest.mark.parametrize("secret", ["geheim wachtwoord", "geheim  met spaties"])
def test_no_part_of_a_secret_is_left_where_a_text_is_cut_off(secret: str) -> None:
    for length in range(270, 302):
        shown = without(secret, "x" * length + secret)
        assert set(shown) <= set("x*"), length
        assert len(shown) <= 300
