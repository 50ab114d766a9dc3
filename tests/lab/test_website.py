"""The website of a school from a site file: trusted over TLS in the room, a picture that is uploaded as people do it,
and the whole of it back from the backup after its files and its database are gone."""

from __future__ import annotations

import json

import pytest

from lab.conftest import Lab
from lab.site_file import HEAD, SiteFile

pytestmark = pytest.mark.truth

MACHINES = """\
rooms:
  "101": {{machines: ws1, address: {subnet}.13}}
servers:
  srv1: {{address: {subnet}.11, roles: {{ca: {{}}, backup: {{}}}}}}
  web1:
    address: {subnet}.12
    aliases: [www]
    roles:
      wordpress: {{server_names: [www.lab.example], title: School De Linde, admin_email: beheer@lab.example,
                  admin_password: Niet-geheim-4826, tls: {{ca: true}}}}
"""
TAGS = "firewall,ca,wordpress,backup"
SITE = "https://www.lab.example"
# Logs in and uploads a picture with the form of the administration: `upload.py PASSWORD FILE`. Prints its address.
UPLOAD = r"""
import re, subprocess, sys
password, path = sys.argv[1:]
site = "https://www.lab.example"
def ask(*words):
    curl = ["curl", "-sSL", "-m", "60", "-b", "/tmp/jar", "-c", "/tmp/jar", *words]
    return subprocess.run(curl, capture_output=True, text=True, check=True).stdout
subprocess.run(["rm", "-f", "/tmp/jar"], check=True)
ask(f"{site}/wp-login.php")
names = ("log=beheer", f"pwd={password}", "testcookie=1")
ask(*(word for name in names for word in ("--data-urlencode", name)), f"{site}/wp-login.php")
form = ask(f"{site}/wp-admin/media-new.php?browser-uploader")
nonce = re.search('name="_wpnonce" value="([^"]+)"', form)
if nonce is None:
    sys.exit("not logged in")
ask("-F", f"_wpnonce={nonce[1]}", "-F", "post_id=0", "-F", "html-upload=Upload", "-F", f"async-upload=@{path}",
    f"{site}/wp-admin/media-new.php")
library = ask(f"{site}/wp-admin/upload.php?mode=list")
pictures = re.findall(rf'{site}/[^"\s]*/uploads/[^"\s]*linde[^"\s]*[.]png', library)
print(*sorted(set(pictures)))
"""
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
"""One pixel."""


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> SiteFile:
    site = SiteFile.booted(lab, tmp_path_factory)
    site.path.write_text((HEAD + MACHINES).format(**site.facts), encoding="utf-8")
    play(site, "playbooks/site.yml", "--tags", TAGS)
    site.shell(
        "ws1",
        "DEBIAN_FRONTEND=noninteractive apt-get install -y -q curl >/dev/null;"
        f" echo '{site.subnet}.12 www.lab.example' >> /etc/hosts; echo {PICTURE} | base64 -d > /tmp/linde.png;"
        f" cat > /tmp/upload.py <<'END'\n{UPLOAD}\nEND",
    )
    return site


def play(site: SiteFile, playbook: str, *options: str) -> str:
    return site.lab.ansible("-i", str(site.path), playbook, *options).stdout


def upload(site: SiteFile, password: str) -> str:
    return site.shell("ws1", f"python3 /tmp/upload.py {password} /tmp/linde.png 2>&1 || true").strip()


def status(site: SiteFile, address: str) -> str:
    return site.shell("ws1", f"curl -sS -m 20 -o /tmp/answer -w '%{{http_code}}' {address} 2>&1 || true")


def test_the_website_is_trusted_where_its_visitors_are(site: SiteFile) -> None:
    assert status(site, SITE) == "200"
    assert "School De Linde" in site.shell("ws1", "cat /tmp/answer")
    assert status(site, SITE.replace("https", "http")) == "301"


def test_what_people_made_comes_back_from_the_backup(site: SiteFile) -> None:
    assert upload(site, "Niet-geheim-4827") == "not logged in"
    picture = upload(site, "Niet-geheim-4826")
    assert picture.startswith(f"{SITE}/"), picture
    site.lab.shell("web1", "systemctl start oplever-backup", timeout=300)

    site.shell("web1", "rm -r /var/lib/wordpress/wp-content/uploads/*; mariadb -e 'DROP DATABASE wordpress'")
    assert status(site, picture) == "404"
    assert status(site, SITE) == "500"
    paths = ["/var/lib/wordpress/wp-content/uploads", "/var/backups/oplever-mariadb"]
    variables = json.dumps({"backup_restore_paths": paths, "backup_restore_confirmed": True})
    play(site, "playbooks/restore.yml", "--limit", "web1", "-e", variables)
    site.shell("web1", "mariadb -e 'CREATE DATABASE wordpress'; oplever-mariadb restore wordpress")
    assert status(site, picture) == "200"
    assert site.shell("ws1", "cmp /tmp/answer /tmp/linde.png && echo same") == "same\n"
    assert status(site, SITE) == "200"
    assert picture in upload(site, "Niet-geheim-4826").split()


def test_at_the_end_all_tests_pass_and_no_password_is_in_a_record(site: SiteFile) -> None:
    only = ("-e", "oplever_verify=wordpress", "-e", "oplever_audit=false", "-e", "oplever_drift=false")
    play(site, "playbooks/verify.yml", *only, "--limit", "web1")
    _, record = site.lab.latest()
    assert len(record["tests"]) > 10
    assert {test["status"] for test in record["tests"]} == {"pass"}
    for path in (path for directory in site.lab.all() for path in directory.rglob("*") if path.is_file()):
        assert b"Niet-geheim-4826" not in path.read_bytes(), path
