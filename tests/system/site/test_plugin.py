"""The plugin as Ansible sees it: its commands on the example, and on sites with vault, templates and own roles."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
EXAMPLE = ROOT / "inventories/example"
LOCKED = "is in the vault, and no password of the vault was given; add --ask-vault-pass, or name a file"


def run(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of Ansible in the repository; it touches no machine."""
    env = {**os.environ, "OPLEVER_JOURNAL": "0", "ANSIBLE_NOCOLOR": "1", **environment}
    return subprocess.run(
        [str(BIN / program), *arguments], cwd=ROOT, env=env, text=True, capture_output=True, check=False
    )


def host(inventory: Path, name: str, *arguments: str) -> dict[str, Any]:
    done = run("ansible-inventory", "-i", str(inventory), "--host", name, *arguments)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def write(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory / "site.yml"


def test_the_example_is_a_school_in_a_hundred_lines() -> None:
    lines = (EXAMPLE / "site.yml").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 100
    done = run("ansible-inventory", "-i", str(EXAMPLE), "--list")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    groups = json.loads(done.stdout)
    assert len(groups["servers"]["hosts"]) == 4
    rooms = groups["workstations"]["children"]
    assert {room: len(groups[room]["hosts"]) for room in rooms} == dict.fromkeys(rooms, 20)
    assert len(rooms) == 3
    assert len(groups["_meta"]["hostvars"]) == 64  # nothing of the table, the host keys or the roles beside it


@pytest.mark.parametrize("source", [EXAMPLE, EXAMPLE / "site.yml"], ids=["directory", "file"])
def test_the_playbooks_take_the_example(source: Path) -> None:
    done = run("ansible-playbook", "-i", str(source), "playbooks/site.yml", "--list-hosts", "--limit", "lokaal_101")
    assert done.returncode == 0, done.stderr
    counts = [line.strip() for line in done.stdout.splitlines() if "hosts (" in line]
    assert set(counts) == {"hosts (20):", "hosts (0):"}


@pytest.mark.parametrize("program", ["ansible-inventory", "ansible-playbook", "ansible"])
def test_a_wrong_site_ends_every_command(program: str, site_text: str, tmp_path: Path) -> None:
    """Ansible alone would warn, go on without these machines, and end well."""
    path = write(tmp_path, {"site.yml": site_text.replace("organisation", "organization").replace("cidr", "cdir", 1)})
    arguments = {
        "ansible-inventory": ["--graph"],
        "ansible-playbook": ["playbooks/verify.yml", "--list-hosts"],
        "ansible": ["all", "--list-hosts"],
    }
    done = run(program, "-i", "localhost,", "-i", str(path), *arguments[program])
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f'ERROR! {path}:2:1: organization: unknown key; did you mean "organisation"?',
        f"ERROR! {path}:5:3: networks.servers: misses cidr, the network as 192.0.2.0/24",
        f'ERROR! {path}:5:13: networks.servers.cdir: unknown key; did you mean "cidr"?',
        "No machine was touched. docs/reference/site.md describes every key of this file; "
        "`ansible-inventory -i <file> --graph` reads it without touching a machine.",
    ]


@pytest.mark.parametrize("line", ["plugin: oplever.lab.stie", "plugin: oplever.lab.sit e", ""])
def test_a_wrong_first_line_is_not_left_to_other_plugins(line: str, site_text: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"site.yml": site_text.replace("plugin: oplever.lab.site", line)})
    done = run("ansible-inventory", "-i", str(path), "--graph")
    assert done.returncode == 4
    assert f"ERROR! {path}:1:1: plugin: " in done.stderr


def test_a_file_with_nothing_but_a_wrong_first_line_is_not_either(tmp_path: Path) -> None:
    path = write(tmp_path, {"site.yml": "plugin: oplever.lab.siet\n"})
    done = run("ansible-inventory", "-i", str(path), "--graph")
    assert done.returncode == 4
    assert f'ERROR! {path}:1:1: plugin: must be oplever.lab.site, not "oplever.lab.siet"' in done.stderr


def test_another_inventory_with_that_name_is_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path, {"site.yml": "servers: {hosts: {srv1: {}}}\n"})
    done = run("ansible-inventory", "-i", str(path), "--list")
    assert json.loads(done.stdout)["servers"]["hosts"] == ["srv1"], done.stderr


def test_group_vars_and_host_vars_beside_the_file_go_before_it(site_text: str, tmp_path: Path) -> None:
    files = {
        "site.yml": site_text,
        "group_vars/all.yml": "sshd_allow_groups: [docent]\nsite_checks: []\n",
        "group_vars/lokaal_101.yml": "harden_profile: debian-hoog\n",
        "host_vars/srv2.yml": "mariadb_databases: [wiki]\n",
    }
    path = write(tmp_path, files)
    assert host(path, "srv2")["mariadb_databases"] == ["wiki"]
    machine = host(path, "pc-101-01")
    assert machine["sshd_allow_groups"] == ["docent"]
    assert machine["site_checks"] == []
    assert machine["harden_profile"] == "debian-hoog"
    assert "harden_profile" not in host(path, "pc-med-1")


def test_secrets_come_from_the_vault(site_text: str, tmp_path: Path) -> None:
    password = write(tmp_path / "key", {"site.yml": "sleutel"})
    vault = f"--vault-password-file={password}"
    done = run("ansible-vault", "encrypt_string", vault, "geheim", "--encrypt-vault-id", "default")
    assert done.returncode == 0, done.stderr
    secret = textwrap.indent(done.stdout.strip(), " " * 14).lstrip()
    options = f"mariadb:\n        users:\n          jan:\n            password: {secret}"
    text = site_text.replace("mariadb: {databases: [leerlingen]}", options)
    path = write(tmp_path, {"site.yml": text})
    done = run("ansible", "srv2", "-i", str(path), vault, "-m", "ansible.builtin.debug", "-a", "var=mariadb_users")
    assert '"password": "geheim"' in done.stdout, done.stdout + done.stderr
    assert "geheim" not in run("ansible-inventory", "-i", str(path), vault, "--list").stdout


def test_a_whole_file_can_be_in_the_vault(site_text: str, tmp_path: Path) -> None:
    """Its mistakes have their lines too."""
    password = write(tmp_path / "key", {"site.yml": "sleutel"})
    vault = f"--vault-password-file={password}"
    path = write(tmp_path, {"site.yml": site_text})
    assert run("ansible-vault", "encrypt", vault, str(path)).returncode == 0
    assert host(path, "srv2", vault)["mariadb_databases"] == ["leerlingen"]
    done = run("ansible-inventory", "-i", str(path), "--graph")
    assert done.returncode == 4
    assert f"ERROR! {path}:1:1: {LOCKED}" in done.stderr
    write(tmp_path, {"site.yml": site_text.replace("gateway", "gatway")})
    assert run("ansible-vault", "encrypt", vault, str(path)).returncode == 0
    done = run("ansible-inventory", "-i", str(path), vault, "--graph")
    assert f"ERROR! {path}:5:33: networks.servers.gatway" in done.stderr


def test_a_text_of_the_vault_that_cannot_be_decrypted_is_named(site_text: str, tmp_path: Path) -> None:
    """Ansible alone would name no key, and go on without these machines where another inventory has some."""
    password, other = (write(tmp_path / name, {"site.yml": name}) for name in ("key", "other"))
    done = run("ansible-vault", "encrypt_string", f"--vault-password-file={password}", "geheim")
    secret = textwrap.indent(done.stdout.strip(), " " * 6).lstrip()
    text = site_text.replace(
        "  beheer: {groups: [sudo], sudo: password}", f"  beheer:\n    password_hash: {secret}\n    sudo: password"
    )
    path = write(tmp_path, {"site.yml": text})
    wrong = [f"--vault-password-file={other}"]
    for options, sentence in (([], LOCKED), (wrong, "cannot be decrypted with the password of the vault that")):
        done = run("ansible-inventory", "-i", "localhost,", "-i", str(path), *options, "--graph")
        assert done.returncode == 4
        assert done.stderr.startswith(f"ERROR! {path}:10:5: users.beheer.password_hash: {sentence}")
    path = write(tmp_path, {"site.yml": site_text.replace("[leerlingen]", "!vault leerlingen")})
    done = run("ansible-inventory", "-i", str(path), *wrong, "--graph")
    assert done.returncode == 4
    assert f"ERROR! {path}:32:17: servers.srv2.roles.mariadb.databases: is no text of the vault; " in done.stderr


def test_a_site_file_under_another_name_is_refused_with_the_reason(site_text: str, tmp_path: Path) -> None:
    write(tmp_path, {"school.yml": site_text})
    done = run("ansible-inventory", "-i", "localhost,", "-i", str(tmp_path / "school.yml"), "--graph")
    assert done.returncode == 4
    assert done.stderr.startswith(f"ERROR! {tmp_path}/school.yml:1:1: the name of a site file ends in site.yml; ")


def test_a_table_of_an_old_spreadsheet_is_refused_with_what_to_do(site_text: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"site.yml": site_text.replace("[01-03]\n", "[01-03]\n    csv: pcs.csv\n")})
    (tmp_path / "pcs.csv").write_bytes("name,mac\npc-\N{LATIN SMALL LETTER E WITH DIAERESIS},\n".encode("latin-1"))
    done = run("ansible-inventory", "-i", str(path), "--graph")
    assert f"ERROR! {path}:15:5: rooms.101.csv: pcs.csv is not UTF-8; save it as UTF-8" in done.stderr


def test_values_can_be_templates(site_text: str, tmp_path: Path) -> None:
    networks = "{{ oplever_site.networks.values() | map('regex_replace', '/.*', '') }}"
    text = site_text.replace("forwarders: [192.0.2.1]", f'forwarders: "{networks}"')
    path = write(tmp_path, {"site.yml": text})
    done = run("ansible", "srv1", "-i", str(path), "-m", "ansible.builtin.debug", "-a", "var=dns_forwarders")
    assert json.loads(done.stdout.partition("=> ")[2])["dns_forwarders"] == ["192.0.2.0", "198.51.100.0"], done.stderr


def test_what_is_taken_away_gets_the_default_of_the_role(site_text: str, tmp_path: Path) -> None:
    """Also where the default is a template, and the variable of a wider group would shine through."""
    text = site_text.replace("roles:\n  sshd", "roles:\n  timesync: {pools: [pool.example]}\n  sshd", 1)
    text = text.replace("      mariadb: {", "      timesync: {pools: ~}\n      mariadb: {")
    path = write(tmp_path, {"site.yml": text})
    done = run(
        "ansible", "srv1,srv2", "-i", str(path), "-m", "ansible.builtin.debug", "-a", "var=timesync_pools", "-o",
        "-e", '{"timesync_serve_to": [], "timesync_servers": []}',
    )  # fmt: skip
    answers = {line.split(" ")[0]: line for line in done.stdout.splitlines()}
    assert "pool.example" in answers["srv1"], done.stdout + done.stderr
    assert "2.debian.pool.ntp.org" in answers["srv2"]


OWN_ROLE = {
    "roles/kiosk/tasks/main.yml": (
        "- name: Write the address\n  ansible.builtin.copy:\n"
        "    content: '{{ kiosk_url }}'\n    dest: '{{ inventory_dir }}/kiosk'\n    mode: '0644'\n"
    ),
    "roles/kiosk/tasks/verify.yml": (
        "- name: Test the address\n  oplever.lab.checks:\n    suite: kiosk\n    stage: '{{ oplever_stage }}'\n"
        "    checks:\n      - id: kiosk.file\n        title: {nl: het bestand is er, en: the file exists}\n"
        "        source: file\n        select: '{{ inventory_dir }}/kiosk'\n        expect: {exists: true}\n"
    ),
    "roles/kiosk/meta/argument_specs.yml": (
        "argument_specs:\n  main:\n    options:\n      kiosk_url: {type: str, required: true}\n"
    ),
    "roles/kiosk/meta/oplever.yml": "stage: Workstations\n",
}


def test_a_role_of_ones_own_is_installed_and_tested(site_text: str, tmp_path: Path) -> None:
    """On this machine, which stands for one of the room; --tags takes it alone."""
    text = site_text.replace("    network: lokalen\n", "    network: lokalen\n    roles: {kiosk: {url: http://a/}}\n")
    text = text.replace("rooms:", "vars: {ansible_connection: local, ansible_become: false}\nrooms:")
    path = write(tmp_path, {"site.yml": text, **OWN_ROLE})
    for playbook in ("stage.yml", "verify.yml"):
        done = run(
            "ansible-playbook", "-i", str(path), f"playbooks/{playbook}", "--limit", "pc-med-1", "-e",
            '{"oplever_stage_name": "Workstations", "oplever_verify": "kiosk", "oplever_drift": false}',
            "--tags", "kiosk,verify", "--skip-tags", "audit,handover",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "kiosk" in done.stdout
    assert (tmp_path / "kiosk").read_text(encoding="utf-8") == "http://a/"


def test_the_plugin_is_documented() -> None:
    done = run("ansible-doc", "-t", "inventory", "oplever.lab.site")
    assert done.returncode == 0, done.stderr
    assert "exit code 4" in done.stdout
