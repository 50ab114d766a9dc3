"""The programs of the role ca, with openssl itself: who gets a certificate, for what, and what ends one."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from programs import program

FILES = Path(__file__).resolve().parents[3] / "roles/ca/files"


def openssl(*arguments: str, stdin: str = "") -> str:
    done = subprocess.run(["openssl", *arguments], input=stdin, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Site:
    """An authority and one host, each with a directory of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.public, self.host = root, root / "public", root / "host"
        self.settings: dict[str, Any] = {
            "name": "CA of a/b, c", "domains": ["lab.example"], "revoked": [], "url": "http://192.0.2.1",
            "root_days": 3650, "days": 90, "crl_days": 14,
            "hosts": {"web1": {"names": ["web1.lab.example"], "addresses": ["192.0.2.12", "2001:db8::12"]}},
        }  # fmt: skip
        bin_directory = root / "bin"
        bin_directory.mkdir()
        for name in ("update-ca-certificates", "systemctl"):
            (bin_directory / name).write_text(f"#!/bin/sh\necho {name} $* >>{root}/calls\n", encoding="ascii")
            (bin_directory / name).chmod(0o755)
        self.env = {
            **os.environ, "PATH": f"{bin_directory}:{os.environ['PATH']}",
            "OPLEVER_CA_HOME": str(root / "ca"), "OPLEVER_CA_PUBLIC": str(self.public),
            "OPLEVER_CA_SETTINGS": str(root / "ca.json"), "OPLEVER_CA_LOCK": str(root / "lock"),
            "OPLEVER_TLS_HOME": str(self.host), "OPLEVER_TLS_SETTINGS": str(root / "tls.json"),
            "OPLEVER_TLS_TRUST": str(root / "trust/oplever-ca.crt"), "OPLEVER_TLS_SITES": str(root / "sites"),
        }  # fmt: skip
        self.save()

    def save(self) -> None:
        (self.root / "ca.json").write_text(json.dumps(self.settings), encoding="utf-8")
        tls = {
            "name": "web1", "url": self.public.as_uri(),
            "reload": ["nginx.service"], "restart": ["samba-ad-dc.service"],
        }  # fmt: skip
        (self.root / "tls.json").write_text(json.dumps(tls), encoding="utf-8")

    def run(self, program: str, *arguments: str, stdin: str = "", refused: bool = False) -> str:
        command = [sys.executable, str(FILES / program), *arguments]
        done = subprocess.run(command, env=self.env, input=stdin, text=True, capture_output=True, check=False)
        assert done.returncode == (1 if refused else 0), done.stderr
        assert "Traceback" not in done.stderr
        assert "PRIVATE KEY" not in done.stdout + done.stderr
        return done.stderr if refused else done.stdout

    def ca(self, *arguments: str, stdin: str = "", refused: bool = False) -> str:
        return self.run("oplever_ca.py", *arguments, stdin=stdin, refused=refused)

    def tls(self, *arguments: str, stdin: str = "", refused: bool = False) -> str:
        return self.run("oplever_tls.py", *arguments, stdin=stdin, refused=refused)

    def answer(self, *options: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.ca("sign", "web1", stdin=self.tls("request", *options)))
        return answer

    def deliver(self) -> str:
        self.ca("apply")
        return self.tls("install", stdin=json.dumps(self.answer()))

    def verified(self, certificate: str) -> bool:
        """Whether the root and the published list of revoked certificates say that it holds."""
        crl, path = self.root / "crl.pem", self.root / "looked-at.pem"
        path.write_text(certificate, encoding="ascii")
        openssl("crl", "-inform", "DER", "-in", str(self.public / "root.crl"), "-out", str(crl))
        command = [
            "openssl",
            "verify",
            "-CAfile",
            str(self.public / "root.pem"),
            "-crl_check",
            "-CRLfile",
            str(crl),
            str(path),
        ]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_host_gets_a_certificate_for_its_names_and_a_second_run_changes_nothing(site: Site) -> None:
    assert site.deliver().splitlines() == ["root: trusted", "certificate: installed"]
    certificate = (site.host / "host.pem").read_text("ascii")
    names = openssl("x509", "-noout", "-ext", "subjectAltName", stdin=certificate)
    assert names.split("\n")[1].split(", ") == [
        "    DNS:web1.lab.example", "IP Address:192.0.2.12", "IP Address:2001:DB8:0:0:0:0:0:12",
    ]  # fmt: skip
    assert site.verified(certificate)
    assert (site.public / "hosts/web1.pem").read_text("ascii") == certificate
    assert site.ca("apply") == ""
    assert site.answer()["done"] == []
    assert site.tls("install", stdin=json.dumps(site.answer())) == ""


def test_keys_are_for_root_alone_and_what_is_published_for_everybody(site: Site) -> None:
    site.deliver()
    for key in (site.root / "ca/root.key", site.host / "host.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE((site.root / "ca").stat().st_mode) == 0o700
    for path in (site.public, site.public / "hosts"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o755
    for path in (
        site.public / "root.pem",
        site.public / "root.crl",
        site.public / "hosts/web1.pem",
        site.host / "host.pem",
    ):
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert not [path for path in site.public.rglob("*") if path.is_file() and b"PRIVATE" in path.read_bytes()]


def test_the_root_is_of_no_use_for_other_domains(site: Site) -> None:
    site.deliver()
    site.settings["hosts"]["web1"]["names"] = ["www.bank.example"]
    site.save()
    message = site.ca("sign", "web1", stdin=site.tls("request"), refused=True)
    assert "the root is for other domains" in message
    assert "www.bank.example" in message


def test_the_names_of_a_request_do_not_count(site: Site) -> None:
    site.ca("apply")
    request = openssl(
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", os.devnull,
        "-subj", "/CN=db1", "-addext", "subjectAltName=DNS:db1.lab.example",
    )  # fmt: skip
    certificate = json.loads(site.ca("sign", "web1", stdin=request))["certificate"]
    assert "db1" not in openssl("x509", "-noout", "-text", stdin=certificate)
    assert "is not in ca_hosts" in site.ca("sign", "db1", stdin=request, refused=True)


def test_a_host_that_lost_a_name_gets_another_certificate_and_the_old_one_ends(site: Site) -> None:
    site.settings["hosts"]["web1"]["names"].append("old.lab.example")
    site.save()
    site.deliver()
    old = (site.host / "host.pem").read_text("ascii")
    site.settings["hosts"]["web1"]["names"].remove("old.lab.example")
    site.save()
    assert site.ca("--check", "apply") == "web1: certificate renewed\n"
    assert site.ca("apply").splitlines() == [
        "web1: certificate renewed",
        "web1: revoked, it has names that the host lost",
    ]
    assert not site.verified(old)
    assert site.tls("renew") == "certificate: renewed\n"
    assert site.verified((site.host / "host.pem").read_text("ascii"))


def test_a_shorter_life_holds_for_the_next_certificate_and_changes_nothing_twice(site: Site) -> None:
    site.deliver()
    old = (site.host / "host.pem").read_text("ascii")
    time.sleep(1)  # certificates count in seconds
    site.settings["days"] = 20
    site.settings["hosts"]["web1"]["names"].append("www.lab.example")
    site.save()
    assert site.ca("apply") == "web1: certificate renewed\n"
    assert site.ca("apply") == ""
    assert site.tls("renew") == "certificate: renewed\n"
    (site.public / "hosts/web1.pem").write_text(old, encoding="ascii")  # somebody answers with the former one
    assert "is older than the one in use" in site.tls("renew", refused=True)


def test_a_certificate_is_renewed_when_half_of_its_life_is_over_and_the_host_fetches_it(site: Site) -> None:
    site.settings["days"] = 20
    site.save()
    site.deliver()
    old = (site.host / "host.pem").read_text("ascii")
    site.settings["days"] = 90
    site.save()
    assert site.ca("apply") == "web1: certificate renewed\n"
    assert site.tls("renew") == "certificate: renewed\n"
    new = (site.host / "host.pem").read_text("ascii")
    assert new != old
    assert site.verified(new)
    assert site.verified(old)  # it ends by itself
    calls = (site.root / "calls").read_text("ascii").splitlines()
    assert calls[-4:] == [
        "systemctl is-active --quiet nginx.service", "systemctl reload-or-restart nginx.service",
        "systemctl is-active --quiet samba-ad-dc.service", "systemctl restart samba-ad-dc.service",
    ]  # fmt: skip
    assert site.tls("renew") == ""


def test_a_service_that_does_not_read_a_certificate_keeps_none_of_the_others_and_is_told_again(site: Site) -> None:
    site.deliver()
    systemctl = site.root / "bin/systemctl"
    works = systemctl.read_text("ascii")
    systemctl.write_text(works + 'test "$1" != reload-or-restart || exit 1\n', encoding="ascii")
    site.settings["hosts"]["web1"]["names"].append("www.lab.example")
    site.save()
    site.ca("apply")
    (site.root / "calls").unlink()
    assert "nginx.service did not read the certificate" in site.tls("renew", refused=True)
    assert "systemctl restart samba-ad-dc.service" in (site.root / "calls").read_text("ascii")
    assert (site.host / "unread").exists()
    assert "nginx.service did not read" in site.tls("install", stdin=json.dumps(site.answer()), refused=True)
    systemctl.write_text(works, encoding="ascii")
    assert site.tls("renew") == "certificate: told to the services again\n"
    assert not (site.host / "unread").exists()
    assert site.tls("renew") == ""


def test_a_certificate_that_ends_after_2049_is_one_as_others(site: Site) -> None:
    site.settings["days"], site.settings["root_days"] = 10000, 20000
    site.save()
    site.deliver()
    assert "\tvalid" in site.ca("list")
    assert site.ca("apply") == ""


def test_another_address_of_the_authority_comes_into_every_certificate(site: Site) -> None:
    site.deliver()
    site.settings["url"] = "http://192.0.2.2"
    site.save()
    assert site.ca("apply") == "web1: certificate renewed\n"
    text = openssl("x509", "-noout", "-text", "-in", str(site.public / "hosts/web1.pem"))
    assert "URI:http://192.0.2.2/root.crl" in text
    assert site.ca("apply") == ""


def test_nobody_but_root_can_hold_the_lock() -> None:
    assert str(program(FILES / "oplever_ca.py").LOCK.parent) == "/run"


def test_a_host_takes_no_certificate_of_another_root_or_key(site: Site, tmp_path: Path) -> None:
    site.deliver()
    other = tmp_path / "other"
    other.mkdir()
    stranger = Site(other)
    stranger.settings["days"] = 900
    stranger.save()
    stranger.deliver()
    before = (site.host / "host.pem").read_text("ascii")
    (site.public / "hosts/web1.pem").write_text((stranger.host / "host.pem").read_text("ascii"), encoding="ascii")
    assert "is for another key" in site.tls("renew", refused=True)
    (site.host / "host.key").write_text((stranger.host / "host.key").read_text("ascii"), encoding="ascii")
    assert "did not sign" in site.tls("renew", refused=True)
    assert (site.host / "host.pem").read_text("ascii") == before


def test_a_revoked_key_gets_no_other_certificate_and_another_key_does(site: Site) -> None:
    site.deliver()
    old, old_key = (site.host / "host.pem").read_text("ascii"), (site.host / "host.key").read_text("ascii")
    assert site.ca("revoke", "web1") == "web1: revoked, by hand\n"
    assert not site.verified(old)
    assert not (site.public / "hosts/web1.pem").exists()
    assert site.answer()["new_key"] is True
    answer = site.answer("--new-key")
    assert (answer["new_key"], answer["done"]) == (False, ["web1: certificate made"])
    assert site.tls("install", stdin=json.dumps(answer)) == "certificate: installed\n"
    assert (site.host / "host.key").read_text("ascii") != old_key
    assert site.verified((site.host / "host.pem").read_text("ascii"))
    assert site.tls("request")
    assert not (site.host / "host.key.next").exists()
    assert "has no valid certificate" in site.ca("revoke", "db1", refused=True)


@pytest.mark.parametrize("how", ["revoked", "gone"])
def test_a_host_that_is_revoked_or_gone_has_no_valid_certificate(site: Site, how: str) -> None:
    site.deliver()
    old = (site.host / "host.pem").read_text("ascii")
    if how == "revoked":
        site.settings["revoked"] = ["web1"]
    else:
        del site.settings["hosts"]["web1"]
    site.save()
    assert site.ca("apply").startswith("web1: revoked, it is ")
    assert not site.verified(old)
    assert site.ca("apply") == ""
    if how == "revoked":
        answer = site.answer()
        assert (answer["certificate"], answer["revoked"]) == (None, True)


def test_a_damaged_list_of_revoked_certificates_is_made_again(site: Site) -> None:
    site.deliver()
    (site.public / "root.crl").write_bytes(b"no list")
    assert site.ca("apply") == "list of revoked certificates: made again\n"
    assert site.verified((site.host / "host.pem").read_text("ascii"))


def test_check_mode_changes_nothing(site: Site) -> None:
    assert site.ca("--check", "apply") == "root: made\n"
    assert site.tls("--check", "request") == ""
    assert not (site.root / "ca").exists()
    site.deliver()
    site.ca("revoke", "web1")
    before = sorted((path, path.read_bytes()) for path in site.root.rglob("*") if path.is_file())
    site.ca("--check", "sign", "web1", stdin=site.tls("--check", "request"))
    site.tls("--check", "remove")
    assert sorted((path, path.read_bytes()) for path in site.root.rglob("*") if path.is_file()) == before


def test_nothing_stays_on_a_host_that_leaves_and_a_site_that_shows_the_certificate_stops_it(site: Site) -> None:
    site.deliver()
    (site.root / "sites").mkdir()
    user = site.root / "sites/oplever"
    user.write_text(f"ssl_certificate {site.host}/host.pem;\n", encoding="ascii")
    assert "nginx still shows" in site.tls("remove", refused=True)
    user.unlink()
    old = (site.host / "host.pem").read_text("ascii")
    assert json.loads(site.ca("sign", "web1"))["certificate"] is None
    assert not site.verified(old)
    assert "root: trusted no more" in site.tls("remove")
    assert not site.host.exists()
    assert not (site.root / "trust/oplever-ca.crt").exists()
    assert site.tls("remove") == ""
