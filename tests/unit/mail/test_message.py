"""What a message says, whatever its charset and form; and who or what wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mails import BYTES_IN, DESK, Corpus
from oplever.mail.charsets import decoded
from oplever.mail.compose import Outgoing, compose, subject
from oplever.mail.message import UnreadableError, attachments, header, parse
from oplever.mail.nature import nature
from oplever.mail.plain import from_html, without_quotes
from oplever.mail.threads import bare, numbers


@pytest.mark.parametrize(("charset", "text"), BYTES_IN.items())
def test_text_is_read_in_the_charset_that_it_has(charset: str, text: str) -> None:
    corpus = Corpus()
    content = corpus.raw(corpus.headers(), text.encode(charset), charset)
    assert parse(content).text == text
    assert decoded(text.encode("utf-8"), "x-klingon") == text
    assert decoded(b"caf\xe9 \x80", "us-ascii") == "café €"
    assert "\x1b" not in decoded(b"\x1b[2J\x00", "utf-8")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>De printer <b>doet</b> niets</p><script>alert(1)</script><style>p{}</style>", "De printer doet niets"),
        ("<head><title>t</title></head><body>stuk<br>echt", "stuk\necht"),
        ('<a href="https://evil.example/x">school.example</a>', "school.example <https://evil.example/x>"),
        ('<a href="javascript:x()">hier</a>', "hier"),
        ("&lt;script&gt; &amp; &euro; &#0;", "<script> & € \N{REPLACEMENT CHARACTER}"),
        ("<table><tr><td>0.14</td></tr><tr><td>print1</td></tr></table>", "0.14\n\nprint1"),
        ("<div>" * 2000 + "diep", "diep"),
        ("a<!-- weg -->b</script>c", "abc"),
        ("<script>een<script>twee</script>drie", "drie"),
    ],
)
def test_html_is_shown_as_text_and_nothing_in_it_runs(html: str, text: str) -> None:
    assert from_html(html) == text


@pytest.mark.parametrize(
    ("text", "above"),
    [
        ("Dank!\n\nOp di 24 nov 2026 om 10:00 schreef Helpdesk <h@x.example>:\n> hoe gaat het?", "Dank!"),
        ("Ja.\n\nOn Tue, 24 Nov 2026 at 10:00, Helpdesk <h@x.example>\nwrote:\n> hoe?", "Ja."),
        ("Nee.\n-----Oorspronkelijk bericht-----\nVan: x", "Nee."),
        ("Top.\n\n───── Graag boven deze regel antwoorden ─────\nDag", "Top."),
        ("Zie onder.\n> eerste\n> tweede", "Zie onder."),
        ("> hoe gaat het?\nGoed.\n> en nu?\nOok goed.", "> hoe gaat het?\nGoed.\n> en nu?\nOok goed."),
        (
            "Kijk:\nOp di 24 nov 2026 schreef Jan:\n> a\nja\n> b\nnee",
            "Kijk:\nOp di 24 nov 2026 schreef Jan:\n> a\nja\n> b\nnee",
        ),
        ("> alleen een citaat", "> alleen een citaat"),
        ("Op de printer staat: schreef", "Op de printer staat: schreef"),
        (
            "Kijk.\n---------- Forwarded message ---------\nVan: Piet\n\nPc 12 piept.",
            "Kijk.\n---------- Forwarded message ---------\nVan: Piet\n\nPc 12 piept.",
        ),
        ("", ""),
    ],
)
def test_what_is_quoted_is_left_out_and_what_is_written_between_is_not(text: str, above: str) -> None:
    assert without_quotes(text) == above


@pytest.mark.parametrize("subject", ["FW: Magister", "Doorst: Magister", "WG[2]: Magister", "Fwd: Re: Magister"])
def test_what_is_forwarded_is_the_report(subject: str) -> None:
    body = "Zie hieronder.\n\n-----Oorspronkelijk bericht-----\nVan: Piet Puk\n\nMagister laat 2.04 niet meer zien."
    assert parse(Corpus().text(body, Subject=subject)).text == body
    assert parse(Corpus().text(body, Subject=f"Re: {subject}")).text == "Zie hieronder."


def parted(kind: str, *parts: tuple[str, str]) -> bytes:
    """A mail of these parts: their type and text."""
    corpus = Corpus()
    lines = [f"--b\r\nContent-Type: {of}\r\n\r\n{text}\r\n" for of, text in parts]
    headers = corpus.headers(Content_Type=f'multipart/{kind}; boundary="b"')
    return corpus.raw(headers, "".join([*lines, "--b--\r\n"]).encode())


def test_no_text_of_a_mail_is_left_out() -> None:
    """A choice is read once; what stands beside it, such as the foot of a list under HTML, is more text."""
    plain, html = ("text/plain; charset=utf-8", "De wifi valt weg."), ("text/html; charset=utf-8", "<p>In 1.08.</p>")
    foot = ("text/plain; charset=utf-8", "Afmelden: lijst")
    assert parse(parted("alternative", plain, html)).text == "De wifi valt weg."
    assert parse(parted("alternative", ("text/plain", "  "), html)).text == "In 1.08."
    assert parse(parted("mixed", plain, html)).text == "De wifi valt weg.\n\nIn 1.08."
    assert parse(parted("mixed", html, foot)).text == "In 1.08.\n\nAfmelden: lijst"


def test_an_invitation_and_a_table_are_files() -> None:
    calendar, table = ("text/calendar; method=REQUEST", "BEGIN:VCALENDAR"), ("text/csv", "lokaal;pc")
    content = parted("mixed", ("text/plain", "Zie."), calendar, table)
    mail = parse(content)
    assert (mail.text, [file.type for file in mail.attachments]) == ("Zie.", ["text/calendar", "text/csv"])
    assert [file.strip() for file in attachments(content)] == [b"BEGIN:VCALENDAR", b"lokaal;pc"]


def test_messages_that_a_long_thread_names_are_found() -> None:
    many = [f"<{number:04}.a-long-name-of-a-message@list.example>" for number in range(60)]
    mail = parse(Corpus().text("En nu?", References="\r\n ".join(many)))
    assert mail.references == tuple(reversed(many))


@pytest.mark.parametrize(
    "subject",
    ["Automatisch antwoord: x", "Afwezigheidsmelding", "Automatische Antwort: x", "Abwesenheitsnotiz: x",
     "Abwesenheit", "Réponse automatique : x", "Absence du bureau", "Out of the office: x"],
)  # fmt: skip
def test_an_automatic_answer_without_a_header_is_known_by_its_subject(subject: str) -> None:
    assert nature(parse(Corpus().text("Ik ben er niet.", Subject=subject)), [DESK]).kind == "automatic"
    assert nature(parse(Corpus().text("Hij sluit niet.", Subject="Automatische deur")), [DESK]).kind == "person"


def test_numbers_in_a_subject_are_found_however_they_are_written() -> None:
    assert numbers("Re: Printer [INC 3f9c1a]") == ("3f9c1a",)
    assert numbers("ANTW: [inc-3F9C1A] en [INC 77b0d2]") == ("3f9c1a", "77b0d2")
    assert numbers("over 20261124T080000Z-incident-3f9c1a graag") == ("3f9c1a",)
    assert numbers("[INC 3f9c] [INC zzzzzz] 3f9c1a") == ()
    assert bare("RE: Fwd: Antw[2]: Printer [INC 3f9c1a] stuk") == "Printer stuk"
    assert bare("Register: x") == "Register: x"


def test_headers_are_read_as_far_as_they_can_be() -> None:
    assert header("=?utf-8?B?U3R1ayDigqw=?=") == "Stuk €"
    assert header("=?utf-8?B?A?= rest") == "=?utf-8?B?A?= rest"  # one character of base64 is none
    assert header("a\r\n b\x00c") == "a b\N{REPLACEMENT CHARACTER}c"
    assert len(header("x" * 100_000)) == 1000


@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_headers_with_letters_that_no_charset_goes_with_are_read(charset: str) -> None:
    """Servers with SMTPUTF8 send UTF-8 as it is; old programs what they have."""
    headers = f"From: Zoë Bakker <z@school.example>\nSubject: {'Café' * 50}\nMessage-ID: <1@x.example>\n\n"
    mail = parse(headers.encode(charset) + b"stuk")
    assert (mail.sender, mail.sender_address) == ("Zoë Bakker", "z@school.example")
    assert mail.subject == "Café" * 50


def test_a_subject_that_goes_out_is_short_and_can_be_seen() -> None:
    written = subject("20261124T080000Z-incident-3f9c1a", "Re: foto\u202egnp.exe " + "y" * 5000, is_answer=True)
    assert written.startswith("Re: foto?gnp.exe y")
    assert written.endswith(" [INC 3f9c1a]")
    assert len(written) < 200


@settings(max_examples=300)
@given(st.binary(max_size=600))
def test_no_bytes_do_more_than_be_unreadable(content: bytes) -> None:
    for message in (content, b"Subject: x\r\nFrom: a@x.example\r\n" + content):
        try:
            mail = parse(message)
        except UnreadableError:
            continue
        for text in (mail.subject, mail.sender, mail.text, mail.message_id, mail.date, mail.reason):
            text.encode("utf-8")
        nature(mail, [DESK])
        assert len(attachments(message)) == len(mail.attachments)


@settings(max_examples=200)
@given(
    st.sampled_from(["From", "Reply-To", "Subject", "Content-Type", "In-Reply-To", "Content-Disposition", "Date"]),
    st.text(max_size=80),
)
def test_no_header_does_more_than_be_strange(name: str, value: str) -> None:
    corpus = Corpus()
    line = value.replace("\r", " ").replace("\n", " ").encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    content = corpus.raw(corpus.headers() | {name: line}, b"stuk")
    mail = parse(content)
    assert mail.sender.isprintable()
    assert "\n" not in mail.subject
    sent = compose(
        Outgoing("20261124T080000Z-incident-3f9c1a", "<a@x.example>", DESK, "Helpdesk", "user@x.example", mail.sender,
                 subject("20261124T080000Z-incident-3f9c1a", mail.subject, is_answer=True), mail.text or "-",
                 (mail.message_id,), at="2026-11-24T08:00:00.000000Z")
    )  # fmt: skip
    again = parse(sent.as_bytes())
    assert numbers(again.subject) == ("3f9c1a",)
    assert again.headers["to"].endswith("user@x.example") or "<user@x.example>" in again.headers["to"]
    assert [key for key in again.headers if key in ("bcc", "cc")] == []
    assert nature(again, [DESK]).kind == "loop"
