#!/usr/bin/python3
"""The certificate authority of a site: signs for the hosts in its settings, renews, revokes and publishes.

  oplever-ca apply          make the root when there is none, renew, revoke what no longer holds, publish; for the timer
  oplever-ca sign NAME      sign the request on standard input for a host; an empty one gives up its certificate
  oplever-ca revoke NAME    revoke the certificate of a host; it gets another one for another key alone
  oplever-ca list           name, serial number, end and state of each certificate

--check tells what would be done. The key of the root is made here by openssl and never leaves its directory. Standard
library and openssl only, Python 3.9 and up.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import fcntl
import hashlib
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

HOME = Path(os.environ.get("OPLEVER_CA_HOME", "/var/lib/oplever-ca"))
PUBLIC = Path(os.environ.get("OPLEVER_CA_PUBLIC", "/var/lib/oplever-ca-public"))
SETTINGS = Path(os.environ.get("OPLEVER_CA_SETTINGS", "/etc/oplever-ca.json"))
LOCK = Path(os.environ.get("OPLEVER_CA_LOCK", "/run/oplever-ca.lock"))
"""In a directory of root alone: in that for locks of everybody, somebody else could hold it."""
KEY, ROOT, CONFIG, INDEX = HOME / "root.key", HOME / "root.pem", HOME / "openssl.cnf", HOME / "index.txt"
ISSUED, REQUESTS, REFUSED = HOME / "issued", HOME / "requests", HOME / "refused-keys"
OPENSSL_CONFIG = """\
[ca]
default_ca = site
[site]
database = {home}/index.txt
new_certs_dir = {home}/issued
crlnumber = {home}/crlnumber
certificate = {home}/root.pem
private_key = {home}/root.key
default_md = sha256
policy = policy
unique_subject = no
rand_serial = yes
[policy]
commonName = supplied
[req]
distinguished_name = name
string_mask = utf8only
[name]
[root]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""
HOST_EXTENSIONS = """\
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
crlDistributionPoints = URI:{url}/root.crl
subjectAltName = {names}
"""


class RefusedError(Exception):
    """What is asked for cannot be; the message says why and what to do."""


class Row(NamedTuple):
    """A certificate in the index of openssl: state V or R, end, serial number, name of the host."""

    state: str
    end: datetime.datetime
    serial: str
    host: str

    @property
    def path(self) -> Path:
        return ISSUED / f"{self.serial}.pem"


class Authority:
    """Everything that is done in one call; `done` are the lines that tell of it."""

    def __init__(self, settings: dict[str, Any], check: bool) -> None:
        self.settings, self.check = settings, check
        self.done: list[str] = []
        self.now = datetime.datetime.now(datetime.timezone.utc)

    # What is there

    def rows(self) -> list[Row]:
        rows = []
        for line in INDEX.read_text(encoding="utf-8").splitlines() if INDEX.is_file() else ():
            state, end, _, serial, _, subject = line.split("\t")
            form = "%y%m%d%H%M%SZ" if len(end) == len("491231235959Z") else "%Y%m%d%H%M%SZ"  # from 2050 on
            moment = datetime.datetime.strptime(end, form).replace(tzinfo=datetime.timezone.utc)
            rows.append(Row(state, moment, serial, subject.rpartition("CN=")[2]))
        return rows

    def current(self, host: str) -> Row | None:
        """The newest valid certificate of a host; the index has them in the order in which they were made."""
        rows = [row for row in self.rows() if row.host == host and row.state == "V" and row.end > self.now]
        return rows[-1] if rows else None

    def names(self, host: str) -> set[str]:
        """What the certificate of a host is for, as openssl writes it in subjectAltName."""
        entry = self.settings["hosts"][host]
        addresses = {f"IP:{ipaddress.ip_address(address)}" for address in entry["addresses"]}
        return {f"DNS:{name}" for name in entry["names"]} | addresses

    def is_due(self, row: Row) -> bool:
        """Half of its life is over, it would live longer than it may now, it is for other names, or it says that the
        list of revoked ones is elsewhere."""
        life, text = datetime.timedelta(days=self.settings["days"]), extensions(row.path)
        place = f"URI:{self.settings['url']}/root.crl"
        is_other = certificate_names(text) != self.names(row.host) or place not in text.split()
        return is_other or not life / 2 <= row.end - self.now <= life

    # What is done

    def make_root(self) -> None:
        if ROOT.is_file():
            return
        self.done.append("root: made")
        if self.check:
            return
        for directory in (HOME, ISSUED, REQUESTS):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        permitted = ",".join(f"permitted;DNS:{domain}" for domain in self.settings["domains"])
        constraints = ["-addext", f"nameConstraints=critical,{permitted}"] if permitted else []
        write_config()
        INDEX.touch()
        (HOME / "crlnumber").write_text("01\n", encoding="ascii")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(KEY))
        new = HOME / "root.new"
        openssl(
            "req", "-x509", "-new", "-config", str(CONFIG), "-extensions", "root", "-key", str(KEY), "-sha256", "-utf8",
            "-days", str(self.settings["root_days"]), "-subj", subject(self.settings["name"]), *constraints,
            "-out", str(new),
        )  # fmt: skip
        new.rename(ROOT)

    def revoke(self, host: str, reason: str, refuse_key: bool = True) -> None:
        """Every valid certificate of a host; with `refuse_key` its key gets no other one."""
        for row in [row for row in self.rows() if row.host == host and row.state == "V" and row.end > self.now]:
            self.revoke_row(row, reason, refuse_key)
        if refuse_key and not self.check:
            (REQUESTS / f"{host}.pem").unlink(missing_ok=True)

    def revoke_row(self, row: Row, reason: str, refuse_key: bool) -> None:
        self.done.append(f"{row.host}: revoked, {reason}")
        if self.check:
            return
        if refuse_key:
            with REFUSED.open("a", encoding="ascii") as stream:
                stream.write(key_digest("x509", row.path.read_text("ascii")) + "\n")
        self.ca("-revoke", str(row.path))

    def issue(self, host: str, why: str) -> None:
        """A certificate for the stored request of a host, with the names of the settings and no others."""
        self.done.append(f"{host}: certificate {why}")
        if self.check:
            return
        old, names = self.current(host), self.names(host)
        wanted = HOME / "extensions.new"
        url = self.settings["url"]
        wanted.write_text(HOST_EXTENSIONS.format(url=url, names=",".join(sorted(names))), encoding="utf-8")
        new = HOME / "host.new"
        # An hour earlier: clocks differ a little.
        start = (self.now - datetime.timedelta(hours=1)).strftime("%Y%m%d%H%M%SZ")
        end = (self.now + datetime.timedelta(days=self.settings["days"])).strftime("%Y%m%d%H%M%SZ")
        self.ca(
            "-batch", "-notext", "-startdate", start, "-enddate", end, "-subj", subject(host),
            "-extfile", str(wanted), "-in", str(REQUESTS / f"{host}.pem"), "-out", str(new),
        )  # fmt: skip
        verified = openssl("verify", "-CAfile", str(ROOT), str(new), refuse=False)
        if verified.returncode:
            self.revoke_row(self.rows()[-1], "it does not hold", refuse_key=False)
            raise RefusedError(
                f"{host} gets no certificate for {', '.join(sorted(names))}: the root is for other domains. Give it "
                "names in those domains, or make a new root: ca_state: absent, and then present again."
            )
        if old is not None and certificate_names(extensions(old.path)) - names:
            self.revoke_row(old, "it has names that the host lost", refuse_key=False)

    def ca(self, *arguments: str) -> None:
        write_config()
        openssl("ca", "-config", str(CONFIG), *arguments)

    # Commands

    def apply(self) -> None:
        self.make_root()
        hosts = self.settings["hosts"]
        for host in sorted({row.host for row in self.rows() if row.state == "V" and row.end > self.now}):
            if host in self.settings["revoked"]:
                self.revoke(host, "it is in ca_revoked")
            elif host not in hosts:
                self.revoke(host, "it is no host of the site any more")
            elif (row := self.current(host)) and self.is_due(row) and (REQUESTS / f"{host}.pem").is_file():
                self.issue(host, "renewed")
        self.publish()

    def sign(self, host: str, request: str) -> dict[str, Any]:
        """The answer for a host. `new_key` says that its key was revoked and it must make another one."""
        if host not in self.settings["hosts"]:
            raise RefusedError(f"{host} is not in ca_hosts of this machine, so it gets no certificate; add it there.")
        answer: dict[str, Any] = {"certificate": None, "new_key": False, "revoked": host in self.settings["revoked"]}
        if not request.strip():
            self.revoke(host, "the host gave it up", refuse_key=False)
            if not self.check:
                (REQUESTS / f"{host}.pem").unlink(missing_ok=True)
        elif not answer["revoked"]:
            openssl("req", "-verify", "-noout", stdin=request)
            digest = key_digest("req", request)
            refused = REFUSED.read_text("ascii").split() if REFUSED.is_file() else []
            answer["new_key"] = digest in refused
            if not answer["new_key"]:
                self._sign(host, request, digest)
        self.publish()
        row = self.current(host)
        if row is not None and not answer["new_key"]:
            answer["certificate"] = row.path.read_text("ascii")
        root = ROOT.read_text("ascii") if ROOT.is_file() else ""
        return {**answer, "root": root, "url": self.settings["url"], "done": self.done}

    def _sign(self, host: str, request: str, digest: str) -> None:
        row = self.current(host)
        same_key = row is not None and key_digest("x509", row.path.read_text("ascii")) == digest
        if row is not None and same_key and not self.is_due(row):
            return
        if not self.check:
            (REQUESTS / f"{host}.pem").write_text(request, encoding="ascii")
        self.issue(host, "made" if row is None else "renewed" if same_key else "made for another key")
        if row is not None and not same_key and not self.check:
            old = [entry for entry in self.rows() if entry.serial == row.serial and entry.state == "V"]
            for entry in old:
                self.revoke_row(entry, "the host has another key", refuse_key=False)

    def publish(self) -> None:
        """The root, the list of revoked certificates and the certificate of each host, for everybody to fetch."""
        if self.check or not ROOT.is_file():
            return
        crl = PUBLIC / "root.crl"
        if crl.is_file() and not self.done and self.crl_is_old(crl):
            self.done.append("list of revoked certificates: made again")
        (PUBLIC / "hosts").mkdir(mode=0o755, parents=True, exist_ok=True)
        for directory in (PUBLIC, PUBLIC / "hosts"):
            directory.chmod(0o755)
        if self.done or not crl.is_file():
            pem = HOME / "crl.new"
            self.ca("-gencrl", "-crldays", str(self.settings["crl_days"]), "-out", str(pem))
            binary = openssl("crl", "-in", str(pem), "-outform", "DER").stdout
            put(crl, binary)
        put(PUBLIC / "root.pem", ROOT.read_bytes())
        # The newest of each host is the last one of the index.
        valid = {row.host: row for row in self.rows() if row.state == "V" and row.end > self.now}
        for path in (PUBLIC / "hosts").iterdir():
            if path.name.removesuffix(".pem") not in valid:
                path.unlink()
        for host, row in valid.items():
            put(PUBLIC / "hosts" / f"{host}.pem", row.path.read_bytes())

    def crl_is_old(self, crl: Path) -> bool:
        """Half of its life is over, or it is damaged."""
        age = self.now.timestamp() - crl.stat().st_mtime
        check = openssl("crl", "-inform", "DER", "-in", str(crl), "-CAfile", str(ROOT), "-noout", refuse=False)
        return age > self.settings["crl_days"] * 86400 / 2 or b"verify OK" not in check.stderr

    def table(self) -> Iterator[str]:
        for row in sorted(self.rows(), key=lambda row: (row.host, row.end)):
            state = "revoked" if row.state == "R" else "valid" if row.end > self.now else "expired"
            yield f"{row.host}\t{row.serial}\t{row.end:%Y-%m-%dT%H:%M:%SZ}\t{state}"


def write_config() -> None:
    CONFIG.write_text(OPENSSL_CONFIG.format(home=HOME), encoding="utf-8")


def openssl(*arguments: str, stdin: str = "", refuse: bool = True) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(["openssl", *arguments], input=stdin.encode(), capture_output=True, check=False)
    if refuse and done.returncode:
        raise RefusedError(f"openssl {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done


def subject(name: str) -> str:
    return "/CN=" + re.sub(r"([\\/+=,])", r"\\\1", name)


def extensions(path: Path) -> str:
    """For which names a certificate is, and where its list of revoked ones is, as openssl writes it."""
    return openssl("x509", "-in", str(path), "-noout", "-ext", "subjectAltName,crlDistributionPoints").stdout.decode()


def certificate_names(text: str) -> set[str]:
    addresses = re.findall(r"IP Address:([0-9A-Fa-f.:]+)", text)
    names = re.findall(r"DNS:([^,\s]+)", text)
    return {f"DNS:{name}" for name in names} | {f"IP:{ipaddress.ip_address(address)}" for address in addresses}


def key_digest(kind: str, text: str) -> str:
    """Of the public key in a request (`req`) or certificate (`x509`)."""
    return hashlib.sha256(openssl(kind, "-noout", "-pubkey", stdin=text).stdout).hexdigest()


def put(path: Path, content: bytes) -> None:
    """Replace a published file in one step, when it changes."""
    if path.is_file() and path.read_bytes() == content:
        return
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    new.chmod(0o644)
    new.rename(path)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hosts ask at the same time, and the index of openssl takes one change at a time."""
    with LOCK.open("w", encoding="ascii") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def main() -> int:
    parser = argparse.ArgumentParser(prog="oplever-ca", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="tell what would be done")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("apply", "make the root when there is none, renew, revoke and publish"),
        ("sign", "sign the request on standard input"),
        ("revoke", "revoke the certificate of a host"),
        ("list", "show all certificates"),
    ):
        command = commands.add_parser(name, help=text)
        if name in ("sign", "revoke"):
            command.add_argument("host")
    arguments = parser.parse_args()
    os.umask(0o077)
    try:
        authority = Authority(json.loads(SETTINGS.read_text(encoding="utf-8")), arguments.check)
        with alone():
            if arguments.command == "sign":
                print(json.dumps(authority.sign(arguments.host, sys.stdin.read())))
                return 0
            if arguments.command == "list":
                print("\n".join(authority.table()))
                return 0
            if arguments.command == "revoke":
                if authority.current(arguments.host) is None:
                    raise RefusedError(f"{arguments.host} has no valid certificate; oplever-ca list shows them all.")
                authority.revoke(arguments.host, "by hand")
                authority.publish()
            else:
                authority.apply()
        if authority.done:
            print("\n".join(authority.done))
    except (RefusedError, OSError, ValueError) as problem:
        print(f"oplever-ca: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    if shutil.which("openssl") is None:
        sys.exit("oplever-ca: there is no openssl on this machine; install it")
    sys.exit(main())
