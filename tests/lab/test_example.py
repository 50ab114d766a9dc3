"""The school of inventories/example run whole, as the guide tells an admin to: its own file with another range of
addresses, rooms of one or two machines, and a key, passwords and a vault filled in. Then people use what is there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.conftest import BIN, ROOT, Lab
from lab.site_file import MEMORY

pytestmark = pytest.mark.truth

EXAMPLE = ROOT / "inventories/example"
MACHINES = {
    "srv-naam": ("bookworm", 11),
    "srv-web": ("trixie", 12),
    "srv-wiki": ("bookworm", 13),
    "srv-data": ("trixie", 14),
    "pc-101-01": ("trixie", 139),
    "pc-102-01": ("bookworm", 169),
    "pc-med-01": ("trixie", 75),
    "pc-med-20": ("trixie", 76),
}
"""Release, and the last part of the address that the file gives the machine below."""
RANGES = {"192.0.2.": 0, "198.51.100.": 128, "203.0.113.": 64}
"""The networks of the example as parts of the one network of a lab: what is added to the last part of an address."""
REPLACED = {
    "key: ~/.ssh/id_ed25519, known_hosts: known_hosts": "key: FILES/id_ed25519, known_hosts: FILES/known_hosts",
    # There is no other name server or time server in a lab than these.
    "forwarders: [192.0.2.1]": "forwarders: FORWARDERS",
    "timesync: {servers: [ntp.time.nl]}": "timesync: {}",
    "packages_extra: [gimp, inkscape]": "packages_extra: [bc, tree]",
    "# password_hash: !vault ...": "password_hash: HASH",
    "# authorized_keys: [ssh-ed25519 AAAA... beheer]": "authorized_keys: [KEY]",
    "        # users:\n        #   administratie: {password: !vault ..., ": (
        "        users:\n          administratie: {password: '{{ vault_administratie }}', "
    ),
}
"""What an admin fills in, and what is not in a lab."""
PASSWORD, OF_DATABASE = "Wilg-en-Linde-7", "Beuk-en-Eik-8"


class School:
    """The example with the addresses of this lab, at `site`."""

    def __init__(self, lab: Lab, place: Path) -> None:
        self.lab, self.machines, self.site = lab, place / "machines", place / "school/site.yml"
        self.vault = place / "vault-password"

    def boot(self) -> None:
        hosts = {name: {"lab_release": release, "lab_address": last} for name, (release, last) in MACHINES.items()}
        shutil.copytree(ROOT / "inventories/lab/group_vars/all", self.machines / "group_vars/all")
        (self.machines / "hosts.yml").write_text(json.dumps({"lab": {"hosts": hosts}}), encoding="utf-8")
        self.lab.quiet.ansible("-i", str(self.machines), "playbooks/lab_up.yml")

    def facts(self) -> dict[str, Any]:
        expression = "msg={{ [lab_subnet, lab_files] | to_json }}"
        answer = self.lab.adhoc("srv-naam", "-i", str(self.machines), "-m", "ansible.builtin.debug", "-a", expression)
        subnet, files = json.loads(json.loads(answer.partition("=> ")[2])["msg"])
        lines = Path("/etc/resolv.conf").read_text(encoding="utf-8").splitlines()
        forwarders = [line.split()[1] for line in lines if line.startswith("nameserver ")]
        return {"subnet": subnet, "files": files, "forwarders": forwarders}

    def write(self) -> None:
        facts = self.facts()
        shutil.copytree(EXAMPLE, self.site.parent)
        text = (EXAMPLE / "site.yml").read_text(encoding="utf-8")
        for was, now in REPLACED.items():
            assert was in text, was
            text = text.replace(was, now)
        text = re.sub(r"\[01-(19|20)\]", "01", text)
        for network, more in RANGES.items():
            text = re.sub(
                re.escape(network) + r"(\d+)",
                lambda match, more=more: f"{facts['subnet']}.{int(match[1]) + more}",
                text,
            )
        key = Path(facts["files"], "id_ed25519.pub").read_text(encoding="utf-8").strip()
        made = subprocess.run(["openssl", "passwd", "-6", PASSWORD], text=True, capture_output=True, check=True)
        values = {"FILES": facts["files"], "FORWARDERS": json.dumps(facts["forwarders"]), "KEY": key,
                  "HASH": made.stdout.strip()}  # fmt: skip
        for name, value in values.items():
            text = text.replace(name, value)
        self.site.write_text(text, encoding="utf-8")
        table = self.site.with_name("lokaal-101.csv")
        # A lab is one cable without a relay for DHCP: without a MAC address a machine does not ask for its address.
        table.write_text("name\npc-101-01\n", encoding="utf-8")
        self.hide()

    def hide(self) -> None:
        """The passwords in the vault, as the guide says."""
        self.vault.write_text("not-a-secret\n", encoding="utf-8")
        path = self.site.parent / "group_vars/all/vault.yml"
        path.write_text(f"vault_administratie: {OF_DATABASE}\nansible_become_password: {PASSWORD}\n", encoding="utf-8")
        self.lab.env["ANSIBLE_VAULT_PASSWORD_FILE"] = str(self.vault)
        subprocess.run([str(BIN / "ansible-vault"), "encrypt", str(path)], check=True, capture_output=True,
                       env=self.lab.env)  # fmt: skip

    def play(self, playbook: str, *options: str) -> str:
        return self.lab.ansible("-i", str(self.site), f"playbooks/{playbook}.yml", *options, timeout=3000).stdout


@pytest.fixture(scope="module")
def school(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    school = School(lab, tmp_path_factory.mktemp("example"))
    try:
        school.boot()
        school.write()
        lab.shell("srv-web", "mkdir -p /srv/www/school && echo Welkom bij De Linde > /srv/www/school/index.html")
        school.play("site")
        yield school
    finally:
        lab.quiet.ansible("-i", str(school.machines), "playbooks/lab_down.yml")


def test_the_example_is_delivered_whole(school: School) -> None:
    directory, record = school.lab.latest()
    failed = [(test["host"], test["id"], test["found"]) for test in record["tests"]
              if test["status"] not in ("pass", "not_applicable", "waived")]  # fmt: skip
    assert failed == []
    assert {system["name"] for system in record["systems"]} == MACHINES.keys()
    assert record["verdict"] in ("delivered", "delivered_with_remarks")
    assert record["assignment"]["id"] == "W-2026-0412"
    journal = (directory / "journal.jsonl").read_text(encoding="utf-8")
    assert PASSWORD not in journal
    assert OF_DATABASE not in journal


def test_people_use_what_is_there(school: School) -> None:
    shell = school.lab.shell
    for pc in ("pc-101-01", "pc-102-01", "pc-med-20"):
        assert "Welkom bij De Linde" in shell(pc, "curl -s -S -m 10 https://www.school.example/", sudo=False)
        assert "zojuist opgeleverd" in shell(pc, "curl -s -S -m 10 https://wiki.school.example/", sudo=False)
    assert "198.51.100.5" not in (answer := shell("pc-101-01", "getent hosts printer-101.school.example", sudo=False))
    assert ".133 " in answer
    assert "srv-web" in shell("pc-101-01", "getent hosts www2.school.example", sudo=False)
    assert "docent" in shell("pc-101-01", "id docent")
    assert "no such user" in shell("pc-med-20", "id docent 2>&1 || true")
    assert "catalogus" in shell("pc-med-20", "cat /etc/firefox/policies/policies.json", sudo=False)
    query = f"MYSQL_PWD={OF_DATABASE} mariadb -u administratie -h 127.0.0.1 -e 'SHOW DATABASES'"
    assert "leerlingen" in shell("srv-data", query)


def test_no_server_needs_more_than_300_mb(school: School) -> None:
    used = {name: int(school.lab.shell(name, MEMORY)) for name in MACHINES if name.startswith("srv-")}
    print(used)
    assert [name for name, megabytes in used.items() if megabytes >= 300] == []


def test_a_second_run_changes_nothing(school: School) -> None:
    recap = school.play("site", "-e", "oplever_audit=false").partition("PLAY RECAP")[2]
    assert re.findall(r"^(\S+) .*changed=[1-9]", recap, re.MULTILINE) == []
