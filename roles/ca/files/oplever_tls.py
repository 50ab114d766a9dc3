#!/usr/bin/python3
"""The certificate of this machine by the certificate authority of the site.

  oplever-tls request [--new-key]   make a key when there is none, and print the request for a certificate
  oplever-tls install               take the answer of the authority on standard input: root, certificate
  oplever-tls renew                 fetch the certificate that the authority renewed; for the timer
  oplever-tls remove                remove key, certificate and trust in the root

--check tells what would be done. The key is made here and never leaves its directory; what goes over the network is
public, and is taken only when the root of this machine signed it for the key of this machine. Standard library and
openssl only, Python 3.9 and up.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

HOME = Path(os.environ.get("OPLEVER_TLS_HOME", "/var/lib/oplever-tls"))
SETTINGS = Path(os.environ.get("OPLEVER_TLS_SETTINGS", "/etc/oplever-tls.json"))
TRUST = Path(os.environ.get("OPLEVER_TLS_TRUST", "/usr/local/share/ca-certificates/oplever-ca.crt"))
SITES = Path(os.environ.get("OPLEVER_TLS_SITES", "/etc/nginx/sites-enabled"))
KEY, NEXT_KEY, CERTIFICATE, ROOT = HOME / "host.key", HOME / "host.key.next", HOME / "host.pem", HOME / "root.pem"
UNREAD = HOME / "unread"
"""There as long as a service may still use the certificate of before."""
LIMIT = 1 << 16
SECONDS = 15


class RefusedError(Exception):
    """What is asked for cannot be; the message says why."""


def request(new_key: bool, check: bool) -> str:
    """The request as text; empty in check mode where there is no key yet."""
    key = NEXT_KEY if new_key or NEXT_KEY.is_file() else KEY
    if not key.is_file():
        if check:
            return ""
        HOME.mkdir(mode=0o755, exist_ok=True)
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(key))
    return openssl("req", "-new", "-key", str(key), "-subj", "/CN=host", "-config", "/dev/null")


def install(answer: dict[str, Any], settings: dict[str, Any], check: bool) -> list[str]:
    """Put the root and the certificate in their place; gives a line for each change."""
    done = []
    if answer["root"] and trusted() != answer["root"]:
        done.append("root: trusted")
        if not check:
            HOME.mkdir(mode=0o755, exist_ok=True)
            put(ROOT, answer["root"])
            TRUST.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            put(TRUST, answer["root"])
            run("update-ca-certificates", "--fresh")
    certificate = answer["certificate"]
    if certificate is None:
        return done + give_up(check)
    if not CERTIFICATE.is_file() or CERTIFICATE.read_text("ascii") != certificate or NEXT_KEY.is_file():
        done.append("certificate: installed")
        if not check:
            take(certificate)
    elif UNREAD.is_file():
        done.append("certificate: told to the services again")
    if UNREAD.is_file() and not check:
        let_services_read(settings)
    return done


def trusted() -> str:
    """The root that this machine trusts; empty when the files do not agree."""
    texts = {path.read_text("ascii") if path.is_file() else "" for path in (ROOT, TRUST)}
    return texts.pop() if len(texts) == 1 else ""


def take(certificate: str) -> None:
    """Check a certificate and put it in its place, with the key it is for."""
    key = next(
        (path for path in (NEXT_KEY, KEY) if path.is_file() and public_key(path) == shown_key(certificate)), None
    )
    if key is None:
        raise RefusedError("the certificate is for another key than that of this machine")
    new = HOME / "host.new"
    put(new, certificate)
    done = subprocess.run(
        ["openssl", "verify", "-CAfile", str(ROOT), str(new)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        new.unlink()
        raise RefusedError(
            f"the root of this machine did not sign the certificate: {(done.stderr or done.stdout).strip()}"
        )
    if key == NEXT_KEY:
        NEXT_KEY.rename(KEY)
    NEXT_KEY.unlink(missing_ok=True)
    UNREAD.touch()
    new.rename(CERTIFICATE)


def renew(settings: dict[str, Any]) -> list[str]:
    """Fetch the certificate of this machine and take it when it is another one. What services did not read before, they
    are told again."""
    if not CERTIFICATE.is_file():
        return []
    url = f"{settings['url']}/hosts/{settings['name']}.pem"
    # The address is http: the settings of the role make it. What comes is public and is checked.
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310
        text = answer.read(LIMIT).decode("ascii")
    done = []
    if text != CERTIFICATE.read_text("ascii"):
        if start(text) < start(CERTIFICATE.read_text("ascii")):
            raise RefusedError(f"{url} has a certificate that is older than the one in use")
        take(text)
        done.append("certificate: renewed")
    elif UNREAD.is_file():
        done.append("certificate: told to the services again")
    if UNREAD.is_file():
        let_services_read(settings)
    return done


def give_up(check: bool) -> list[str]:
    """Remove key and certificate, unless a web site still shows it."""
    present = [path for path in (KEY, NEXT_KEY, CERTIFICATE) if path.exists()]
    if present:
        sites = SITES.iterdir() if SITES.is_dir() else ()
        users = sorted(
            site.name for site in sites if site.is_file() and str(CERTIFICATE) in site.read_text("utf-8", "replace")
        )
        if users:
            raise RefusedError(
                f"nginx still shows {CERTIFICATE} in {', '.join(users)}: take tls away from these sites first"
            )
    for path in present if not check else ():
        path.unlink()
    return [f"{path}: removed" for path in present]


def remove(check: bool) -> list[str]:
    done = give_up(check)
    if TRUST.exists() or ROOT.exists():
        done.append("root: trusted no more")
        if not check:
            TRUST.unlink(missing_ok=True)
            ROOT.unlink(missing_ok=True)
            run("update-ca-certificates", "--fresh")
    if HOME.is_dir() and not check:
        for path in (HOME / "host.new", UNREAD):
            path.unlink(missing_ok=True)
        HOME.rmdir()
    return done


def let_services_read(settings: dict[str, Any]) -> None:
    """Let running services read the new certificate: reload those of "reload", restart those of "restart". Raises
    RefusedError when one did not; the others have read it, and all are told again the next time."""
    units = [("reload-or-restart", unit) for unit in settings["reload"]]
    units += [("restart", unit) for unit in settings["restart"]]
    problems = []
    for verb, unit in units:
        if subprocess.run(["systemctl", "is-active", "--quiet", unit], check=False).returncode == 0:
            try:
                run("systemctl", verb, unit)
            except RefusedError as problem:
                problems.append(f"{unit} did not read the certificate ({problem})")
    if problems:
        raise RefusedError("; ".join(problems))
    UNREAD.unlink()


def public_key(path: Path) -> str:
    return openssl("pkey", "-in", str(path), "-pubout")


def shown_key(certificate: str) -> str:
    return openssl("x509", "-noout", "-pubkey", stdin=certificate)


def start(certificate: str) -> str:
    """From when a certificate is valid, as text that sorts by time."""
    text = openssl("x509", "-noout", "-startdate", "-dateopt", "iso_8601", stdin=certificate)
    return re.sub(r".*=", "", text.strip())


def openssl(*arguments: str, stdin: str = "") -> str:
    return run("openssl", *arguments, stdin=stdin)


def run(*command: str, stdin: str = "") -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(f"{' '.join(command[:2])}: {done.stderr.strip()}")
    return done.stdout


def put(path: Path, text: str) -> None:
    """Replace a public file in one step."""
    new = path.with_name(path.name + ".put")
    new.write_text(text, encoding="ascii")
    new.chmod(0o644)
    new.rename(path)


def main() -> int:
    parser = argparse.ArgumentParser(prog="oplever-tls", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="tell what would be done")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("request", help="print the request").add_argument("--new-key", action="store_true")
    for name, text in (
        ("install", "take the answer on standard input"),
        ("renew", "fetch it"),
        ("remove", "remove all"),
    ):
        commands.add_parser(name, help=text)
    arguments = parser.parse_args()
    os.umask(0o077)
    try:
        settings = json.loads(SETTINGS.read_text(encoding="utf-8")) if SETTINGS.is_file() else {}
        if arguments.command == "request":
            print(request(arguments.new_key, arguments.check), end="")
            return 0
        if arguments.command == "install":
            done = install(json.load(sys.stdin), settings, arguments.check)
        elif arguments.command == "renew":
            done = renew(settings)
        else:
            done = remove(arguments.check)
        if done:
            print("\n".join(done))
    except (RefusedError, OSError, ValueError) as problem:
        print(f"oplever-tls: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
