"""Ask a mail server whether it would take a message, and send none: `ask.py HOST PORT TLS ACCOUNT SENDER RECIPIENT...`

TLS is starttls, implicit or none. The account logs in with the password that Postfix has for it. Writes `takes it`, or
what the server said."""

import smtplib
import ssl
import subprocess
import sys

TRUSTED = "/etc/ssl/certs/ca-certificates.crt"  # what Postfix trusts too
LOGINS = "texthash:/etc/postfix/oplever-login"


def main(host, port, tls, account, sender, *recipients):
    context = ssl.create_default_context(cafile=TRUSTED)
    if tls == "implicit":
        server = smtplib.SMTP_SSL(host, int(port), timeout=20, context=context)
    else:
        server = smtplib.SMTP(host, int(port), timeout=20)
    with server:
        if tls == "starttls":
            server.starttls(context=context)
        if account:
            name, _, password = login_at("[%s]:%s" % (host, port)).partition(":")
            if name != account:
                return "Postfix logs in as %s" % (name or "nobody")
            server.login(account, password)
        server.ehlo_or_helo_if_needed()
        answers = [server.mail(sender), *(server.rcpt(recipient) for recipient in recipients)]
        server.rset()
    refusals = ["%d %s" % (code, text.decode(errors="replace")) for code, text in answers if code >= 300]
    return "; ".join(refusals) or "takes it"


def login_at(server):
    """Account and password with which Postfix logs in there, with a colon between them."""
    done = subprocess.run(["postmap", "-q", server, LOGINS], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    try:
        print(main(*sys.argv[1:]))
    except smtplib.SMTPResponseException as refusal:
        print("%d %s" % (refusal.smtp_code, refusal.smtp_error.decode(errors="replace")))
    except (OSError, smtplib.SMTPException) as problem:
        print(problem)
