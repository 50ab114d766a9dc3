"""A certificate in a file, or the one that a server shows; read by the openssl command."""

from __future__ import annotations

import calendar
import re
import ssl
import time

from ansible_collections.oplever.lab.plugins.module_utils import network
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "path"
SELECTORS = ("path", "connect", "name", "timeout")
NEEDS = ("path", "connect")
ATTRIBUTES = ("exists", "subject", "issuer", "not_after", "days_left", "names", "self_signed", "protocol")
SHOW = ["openssl", "x509", "-noout", "-subject", "-issuer", "-enddate", "-ext", "subjectAltName", "-nameopt", "RFC2253"]
NAME = re.compile(r"(?:DNS|IP Address):([^,\s]+)")


def describe(select):
    name = " for %s" % select["name"] if select.get("name") else ""
    return "certificate %s%s" % (select.get("path") or "at %s" % select.get("connect"), name)


def endpoint(machine, select):
    if not select.get("connect"):
        return ""
    host, _, port = str(select["connect"]).rpartition(":")
    return network.endpoint(machine, "tcp", host.strip("[]"), port)


def look_up(machine, select):
    protocol = None
    if select.get("connect"):
        machine.must_run("certificate of %s" % select["connect"])
        pem, protocol = _shown_by(machine, select)
        if pem is None:
            return {"exists": False}
    else:
        pem = machine.read(str(select["path"]))
        if pem is None:
            return {"exists": False}
    done = machine.tool(SHOW, stdin=pem)
    if done.rc:
        raise UnreadableError(
            "openssl cannot read it: %s" % (done.stderr.strip().splitlines() or ["no reason given"])[0]
        )
    return dict(parse(done.stdout), exists=True, protocol=protocol)


def parse(text):
    """The output of `openssl x509` with the options of SHOW."""
    fields = dict(line.partition("=")[::2] for line in text.splitlines() if "=" in line)
    try:
        end = time.strptime(fields["notAfter"].strip(), "%b %d %H:%M:%S %Y %Z")
    except (KeyError, ValueError):
        raise UnreadableError("openssl shows no expiry date for this certificate") from None
    subject, issuer = fields.get("subject", "").strip(), fields.get("issuer", "").strip()
    common = re.search(r"CN=([^,]+)", subject)
    return {
        "subject": subject,
        "issuer": issuer,
        "not_after": time.strftime("%Y-%m-%dT%H:%M:%SZ", end),
        "days_left": int((calendar.timegm(end) - time.time()) // 86400),
        "names": NAME.findall(text) or ([common.group(1)] if common else []),
        "self_signed": subject == issuer,
    }


def _shown_by(machine, select):
    host, _, port = str(select["connect"]).rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        plain = network.connect(machine, host.strip("[]"), int(port), float(select.get("timeout", 10)))
        with plain, context.wrap_socket(plain, server_hostname=select.get("name") or host) as secure:
            return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True) or b""), secure.version()
    except ConnectionRefusedError:
        return None, None
    except (OSError, ValueError) as problem:
        raise UnreadableError("%s: %s" % (select["connect"], problem)) from None
