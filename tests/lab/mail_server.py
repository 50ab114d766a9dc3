"""A mail server on srv1, Postfix and Dovecot as Debian installs them, and the desk that reads and sends there."""

from __future__ import annotations

import json
import subprocess
import time
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from .conftest import ROOT, Lab  # type: ignore[import-not-found]

PASSWORD = "kleine geheime zin"  # noqa: S105 - of a machine that is thrown away
DESK, USER = "helpdesk@school.example", "bakker@school.example"
COUNTER = "L. Smit"
"""Who mans the counter of the desk."""
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
