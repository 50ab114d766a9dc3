"""Ask a mail server whether it would take a message, and send none: `ask.py HOST PORT TLS ACCOUNT SENDER RECIPIENT...`

TLS is starttls, implicit or none; the password of the account is in OPLEVER_PASSWORD. Writes `takes it`, or what the
server said."""

import os
import smtplib
import ssl
import sys

TRUSTED = "/etc/ssl/certs/ca-certificates.crt"  # what Postfix trusts too


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
            server.login(account, os.environ["OPLEVER_PASSWORD"])
        server.ehlo_or_helo_if_needed()
        answers = [server.mail(sender), *(server.rcpt(recipient) for recipient in recipients)]
        server.rset()
    refusals = ["%d %s" % (code, text.decode(errors="replace")) for code, text in answers if code >= 300]
    return "; ".join(refusals) or "takes it"


if __name__ == "__main__":
    try:
        print(main(*sys.argv[1:]))
    except smtplib.SMTPResponseException as refusal:
        print("%d %s" % (refusal.smtp_code, refusal.smtp_error.decode(errors="replace")))
    except (OSError, smtplib.SMTPException) as problem:
        print(problem)
