"""Mails as they come to a desk, with what each of them is: 300 in two batches, always the same ones for a seed.

Nothing here calls the package. `Letter.truth` is `new`, `aside`, `present` (it came in before), or the key of the
thread that it belongs to; `thread` is the key of the thread that a new one begins.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

DESK = "helpdesk@school.example"
SUBJECTS = (
    "Printer in 0.14 doet niets", "Beamer flikkert", "Kan niet inloggen", "Wifi valt weg in 1.08", "Muis kapot",
    "Toetsenbord plakt", "Geen geluid in de aula", "Magister traag", "Laptop start niet op", "Wachtwoord vergeten",
)  # fmt: skip
NAMES = ("J. Bakker", "Fatma Özdemir", "Ruud van 't Hoff", "Zoë de Wit", "Ngũgĩ Wanjiru", "A. El-Amrani", "李 小龍")
HOSTILE_NAMES = (
    "../../../../etc/cron.d/x", "C:\\Windows\\system32\\x.dll", "foto\u202egnp.exe", "con", "a\r\nBcc: x@y.example",
    "x" * 4000, ".bashrc", "lamp\x00je.png", "", "-rf",
)  # fmt: skip
BYTES_IN = {
    "latin-1": "één dag, café",
    "cp1252": "€ 5 – “stuk”",
    "iso-8859-15": "€ stuk",
    "utf-8": "Zoë 打印机",
    "utf-16": "naïef",
}


@dataclass
class Letter:
    """One message, and what it is. `what` names the sort, for who reads a failure."""

    content: bytes
    truth: str
    what: str
    thread: str = ""


@dataclass
class Answer:
    """What the desk sent in a thread."""

    message_id: str
    subject: str
    text: str


@dataclass
class Corpus:
    seed: int = 1
    count: int = 0
    letters: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - the same mails every time

    # What all mails have

    def headers(self, **more: str) -> dict[str, str]:
        self.count += 1
        name = NAMES[self.count % len(NAMES)]
        return {
            "Received": "from mx.school.example by mail.school.example; Tue, 24 Nov 2026 09:00:00 +0100",
            "From": f'"{name}" <user{self.count}@school.example>',
            "To": DESK,
            "Subject": f"{SUBJECTS[self.count % len(SUBJECTS)]} ({self.count})",
            "Date": f"Tue, 24 Nov 2026 09:{self.count % 60:02}:00 +0100",
            "Message-ID": f"<{self.count}.{self.random.getrandbits(64):x}@user.example>",
        } | {name.replace("_", "-"): value for name, value in more.items()}

    def raw(self, headers: dict[str, str], body: bytes, charset: str = "utf-8", encoding: str = "8bit") -> bytes:
        lines = [f"{name}: {value}" for name, value in headers.items() if value]
        if not any(name.lower() == "content-type" for name in headers):
            lines += [f'Content-Type: text/plain; charset="{charset}"', f"Content-Transfer-Encoding: {encoding}"]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body

    def text(self, body: str, **headers: str) -> bytes:
        return self.raw(self.headers(**headers), body.encode())

    def _new(self, what: str, content: bytes, headers: dict[str, str] | None = None) -> Letter:
        key = f"t{self.count}"
        self.letters[key] = headers or {}
        return Letter(content, "new", what, key)

    def plain(self) -> Letter:
        headers = self.headers()
        return self._new("plain", self.raw(headers, b"Het lampje is rood.\r\n\r\nGroet, J."), headers)

    # The first batch: reports, and what is none

    def charset(self, name: str, text: str) -> Letter:
        headers = self.headers()
        return self._new(f"charset {name}", self.raw(headers, text.encode(name), name), headers)

    def odd(self) -> Iterator[Letter]:
        """Reports that are not well formed, or not what they say."""
        encoded = base64.b64encode("Geen geluid in de aula €".encode()).decode()
        variants: list[tuple[str, dict[str, str], bytes, str, str]] = [
            ("unknown charset", {}, b"stuk \xe9\xe9n", "x-klingon-8", "8bit"),
            ("bytes without a charset", {}, b"stuk \xe9\xe9n \x80", "us-ascii", "8bit"),
            ("codec that is no charset", {}, b"stuk", "zip", "8bit"),
            ("broken base64", {}, b"SGV0IGlzIHN0dWs=!!!!====x", "utf-8", "base64"),
            ("subject in base64", {"Subject": f"=?utf-8?B?{encoded}?="}, b"stuk", "utf-8", "8bit"),
            ("subject in broken base64", {"Subject": "=?utf-8?B?SGV0IG5pZ!?="}, b"stuk", "utf-8", "8bit"),
            ("subject in an unknown charset", {"Subject": "=?x-klingon?Q?stuk=E9?="}, b"stuk", "utf-8", "8bit"),
            ("subject in bytes", {"Subject": "caf\udce9 stuk"}, b"stuk", "utf-8", "8bit"),
            ("no subject", {"Subject": ""}, b"Alles is stuk.", "utf-8", "8bit"),
            ("no message id", {"Message-ID": ""}, b"Er is geen nummer.", "utf-8", "8bit"),
            ("no date", {"Date": ""}, b"Wanneer?", "utf-8", "8bit"),
            ("no name", {"From": f"kaal{self.count}@school.example"}, b"stuk", "utf-8", "8bit"),
            ("two senders", {"From": "a@x.example, b@y.example", "Sender": "a@x.example"}, b"stuk", "utf-8", "8bit"),
            ("group as sender", {"From": "Groep: a@x.example;"}, b"stuk", "utf-8", "8bit"),
            ("sender with comments", {"From": "(a (b) c) a@x.example (d)"}, b"stuk", "utf-8", "8bit"),
            ("sender without address", {"From": "Jan"}, b"stuk", "utf-8", "8bit"),
            ("empty body", {}, b"", "utf-8", "8bit"),
            ("nul bytes", {}, b"stuk\x00\x00\x1b[2Jweg", "utf-8", "8bit"),
            ("very long line", {}, b"a" * 300_000, "utf-8", "8bit"),
            ("very long subject", {"Subject": "s" * 20_000}, b"stuk", "utf-8", "8bit"),
            ("turned text", {"Subject": "stuk \u202egnp.exe"}, "stuk \u202e omgekeerd".encode(), "utf-8", "8bit"),
            ("number of no case", {"Subject": "[INC ffffff] kapot"}, b"stuk", "utf-8", "8bit"),
            ("re without a thread", {"Subject": "RE: Printer"}, b"stuk", "utf-8", "8bit"),
            ("answer to what we do not have", {"In-Reply-To": "<weg@x.example>"}, b"stuk", "utf-8", "8bit"),
            ("through a list", {"List-Id": "<docenten.school.example>"}, b"stuk", "utf-8", "8bit"),
            ("list precedence", {"Precedence": "list"}, b"stuk", "utf-8", "8bit"),
            ("answers to another address", {"Reply-To": f"prive{self.count}@x.example"}, b"stuk", "utf-8", "8bit"),
            ("multipart without end", {"Content-Type": "multipart/mixed; boundary=q"}, b"--q\r\n\r\nstuk", "", ""),
            ("multipart without parts", {"Content-Type": "multipart/mixed; boundary=q"}, b"stuk", "", ""),
            ("multipart without boundary", {"Content-Type": "multipart/mixed"}, b"stuk", "", ""),
            ("encrypted", {"Content-Type": "application/pkcs7-mime; name=smime.p7m"}, b"MIIB", "", ""),
            ("invitation", {"Content-Type": "text/calendar; method=REQUEST"}, b"BEGIN:VCALENDAR", "", ""),
        ]
        for what, more, body, charset, encoding in variants:
            headers = self.headers() | more
            yield self._new(what, self.raw(headers, body, charset, encoding), headers)

    def html(self) -> Iterator[Letter]:
        bodies = (
            "<p>De printer <b>doet</b> niets</p><script>alert(1)</script><style>p{color:red}</style>",
            '<a href="https://evil.example/x">https://school.example</a><img src="https://evil.example/p.gif">',
            "<div>" * 3000 + "diep" + "</div>" * 10,
            "<![CDATA[ stuk ]]><!-- <p>weg --><p>hier",
            "<table><tr><td>0.14<td>print1</table><iframe src=javascript:1></iframe>&lt;script&gt;",
            "<title>t</title><body onload=x>&#0;&#x202e;&nbsp;stuk&#1114112;",
        )
        for body in bodies:
            message = MIMEText(body, "html", "utf-8")
            yield self._mime("hostile html", message)

    def attached(self) -> Iterator[Letter]:
        for name in HOSTILE_NAMES:
            message = MIMEMultipart()
            message.attach(MIMEText("Zie de foto", "plain", "utf-8"))
            part = MIMEBase("application", "octet-stream")
            part.set_payload(base64.b64encode(name.encode() + b"\x89PNG").decode())
            part["Content-Transfer-Encoding"] = "base64"
            quoted = "".join(f"%{byte:02X}" for byte in name.encode())
            part["Content-Disposition"] = f"attachment; filename*=utf-8''{quoted}"
            message.attach(part)
            yield self._mime(f"attachment {name[:20]!r}", message)
        inner = MIMEText("Dit kreeg ik", "plain", "utf-8")
        inner["Subject"], inner["From"], inner["Message-ID"] = "Storing", "x@y.example", "<inner@y.example>"
        message = MIMEMultipart()
        message.attach(MIMEText("Zie het bericht hieronder", "plain", "utf-8"))
        part = MIMEBase("message", "rfc822")
        part.set_payload([inner])
        message.attach(part)
        yield self._mime("a message in a message", message)

    def _mime(self, what: str, message: MIMEBase) -> Letter:
        headers = self.headers()
        for name, value in headers.items():
            message[name] = value
        return self._new(what, message.as_bytes(), headers)

    def machines(self) -> Iterator[Letter]:
        """What no person wrote, and what comes from the desk itself."""
        hops = "from a by b; Tue, 24 Nov 2026 09:00:00 +0100\r\nReceived: " * 30 + "from c by d"
        variants = {
            "generated": {"Auto-Submitted": "auto-generated"},
            "absent": {"Auto-Submitted": "auto-replied; owner-email=x@y.example", "Subject": "Afwezig"},
            "newsletter": {"Precedence": "bulk"},
            "junk": {"Precedence": "junk"},
            "null sender": {"Return-Path": "<>"},
            "autoreply": {"X-Autoreply": "yes"},
            "autorespond": {"X-Autorespond": "helpdesk"},
            "outlook absent": {"Subject": "Automatisch antwoord: toets"},
            "outlook away": {"Subject": "Automatic reply: test"},
            "from the desk": {"From": f"Helpdesk <{DESK.upper()}>"},
            "x-loop": {"X-Loop": DESK},
            "our mark": {"X-Oplever": "receipt"},
            "round and round": {"Received": hops},
            "failed recipients": {"X-Failed-Recipients": "x@y.example"},
            "daemon": {"From": "MAILER-DAEMON@mx.example"},
        }
        for what, more in variants.items():
            yield Letter(self.text("Ik ben er niet.", **more), "aside", what)
        yield Letter(self.bounce("<elders@x.example>"), "aside", "bounce of somebody else")
        yield Letter(b"\x00\x01\x02 geen mail\xff\xfe" * 20, "aside", "no mail at all")
        yield Letter(b"", "aside", "nothing")
        yield Letter(self._nested(), "aside", "nested too deep")

    def _nested(self) -> bytes:
        lines = [self.raw(self.headers(Content_Type="multipart/mixed; boundary=b0"), b"").decode()]
        for depth in range(1, 1500):
            lines.append(f"--b{depth - 1}\r\nContent-Type: multipart/mixed; boundary=b{depth}\r\n\r\n")
        return "".join(lines).encode()

    def bounce(self, message_id: str, code: str = "5.1.1") -> bytes:
        headers = self.headers(
            From="Mail Delivery System <MAILER-DAEMON@mx.example>", Subject="Undelivered Mail Returned to Sender",
            Return_Path="<>", Auto_Submitted="auto-replied",
            Content_Type='multipart/report; report-type=delivery-status; boundary="r"',
        )  # fmt: skip
        body = (
            "--r\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n"
            "--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
            f"Final-Recipient: rfc822; x@y.example\r\nAction: failed\r\nStatus: {code}\r\n"
            f"Diagnostic-Code: smtp; 550 {code} no such user\r\n\r\n"
            f"--r\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: {DESK}\r\nMessage-ID: {message_id}\r\n\r\n--r--\r\n"
        )
        return self.raw(headers, body.encode())

    def first(self, count: int = 170) -> list[Letter]:
        letters = [*self.odd(), *self.html(), *self.attached(), *self.machines()]
        letters += [self.charset(name, text) for name, text in BYTES_IN.items()]
        letters += [self.plain() for _ in range(count - len(letters))]
        self.random.shuffle(letters)
        return letters

    # The second batch: what comes back

    def second(self, answers: dict[str, Answer], firsts: list[Letter], count: int = 130) -> list[Letter]:
        """`answers` are what the desk sent, by the key of the thread."""
        letters: list[Letter] = []
        keys = sorted(answers, key=lambda key: int(key[1:]))
        sorts: tuple[Callable[[str, Answer], Letter], ...] = (
            self._reply, self._only_number, self._shouted_number, self._whole_name, self._colleague,
            self._changed_subject, self._below, self._long_references, self._absent,
        )  # fmt: skip
        new = [letter for letter in firsts if letter.truth == "new"]
        for number, letter in enumerate(new[:12]):
            again = letter.content if number % 2 else b"Received: from elsewhere by here\r\n" + letter.content
            letters.append(Letter(again, "present", "came in before"))
        for number in range(8):
            key = keys[-1 - number]
            letters.append(Letter(self.bounce(answers[key].message_id), key, "bounce of an answer"))
            letters.append(Letter(self.bounce(answers[key].message_id), "aside", "the same bounce again"))
        reused = {"Message-ID": answers and self.letters[keys[0]].get("Message-ID", "")}
        headers = self.headers() | reused
        letters.append(self._new("the id of another mail", self.raw(headers, b"heel iets anders"), headers))
        letters += [self.plain() for _ in range(20)]
        number = 0
        while len(letters) < count:
            key = keys[number % len(keys)]
            letters.append(sorts[number % len(sorts)](key, answers[key]))
            number += 1
        bounces = [letter for letter in letters if "bounce" in letter.what]
        others = [letter for letter in letters if "bounce" not in letter.what]
        self.random.shuffle(others)
        return [*others, *bounces]

    def _reply(self, key: str, answer: Answer) -> Letter:
        quoted = "\r\n".join(f"> {line}" for line in answer.text.splitlines())
        body = f"Hij doet het weer.\r\n\r\nOp 24 nov 2026 om 10:00 schreef Helpdesk <{DESK}>:\r\n{quoted}"
        more = {"Subject": f"Re: {answer.subject}", "In_Reply_To": answer.message_id, "References": answer.message_id}
        return Letter(self.text(body, **more), key, "reply")

    def _only_number(self, key: str, answer: Answer) -> Letter:
        return Letter(self.text("Nog steeds stuk.", Subject=f"Antw: {answer.subject}"), key, "number alone")

    def _shouted_number(self, key: str, answer: Answer) -> Letter:
        subject = answer.subject.upper().replace("[INC ", "FW: RE[2]: [INC-")
        return Letter(self.text("Nog steeds.", Subject=subject), key, "number written otherwise")

    def _whole_name(self, key: str, answer: Answer) -> Letter:
        name = answer.message_id.strip("<").partition(".")[0]
        return Letter(self.text("Over deze.", Subject=f"melding {name} graag"), key, "whole name in the subject")

    def _colleague(self, key: str, answer: Answer) -> Letter:
        report = self.letters[key].get("Message-ID") or answer.message_id
        return Letter(self.text("Bij mij ook.", Subject="ook", References=report), key, "colleague answers the report")

    def _changed_subject(self, key: str, answer: Answer) -> Letter:
        more = {"Subject": "iets anders", "In_Reply_To": f"Your mail {answer.message_id} of today"}
        return Letter(self.text("Nu iets anders.", **more), key, "other subject")

    def _below(self, key: str, answer: Answer) -> Letter:
        body = "> hoe gaat het?\r\nGoed.\r\n> en nu?\r\nOok goed."
        return Letter(self.text(body, In_Reply_To=answer.message_id), key, "written between the lines")

    def _long_references(self, key: str, answer: Answer) -> Letter:
        many = " ".join(f"<{number}@oud.example>" for number in range(40))
        return Letter(self.text("Zie.", References=f"{many}\r\n {answer.message_id}"), key, "many references")

    def _absent(self, key: str, answer: Answer) -> Letter:
        more = {"Auto_Submitted": "auto-replied", "In_Reply_To": answer.message_id, "Subject": "Afwezig"}
        return Letter(self.text("Ik ben er niet.", **more), key, "absence, in answer")
