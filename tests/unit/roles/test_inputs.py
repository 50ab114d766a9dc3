"""Values that cannot be: refused with the value and the place, where the real programs refuse them too."""

from __future__ import annotations

import base64
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml_files
from ansible_collections.oplever.lab.plugins.plugin_utils import inputs, kinds_of_values
from ansible_collections.oplever.lab.plugins.plugin_utils.public_keys import public_key
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import program

ROOT = Path(__file__).resolve().parents[3]
CLASSROOM = program(ROOT / "roles/classroom/files/classroom.py")
ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIHp1ygh5au83dWGPZ/ci8Me/n9fA7emq05vXj4xypk4m"
SHA512 = "$6$oplever$" + "a" * 86
CASES: dict[str, tuple[list[str], list[str]]] = {
    # kind -> (what can be, what cannot)
    "account": (["docent", "_apt", "s-yilmaz2"], ["Docent", "2docent", "do cent", "a" * 33, "do:cent", "docent\n"]),
    "full_name": (["D. Techniek"], ["Techniek, D.", "a:b", "a\nb"]),
    "id": (["0", "2000"], ["-1", "4294967295", "veel"]),
    "port": (["1", "22", "65535"], ["0", "65536", "ssh", "-22", "22-23"]),
    "port_or_range": (["22", "6000-6010"], ["0", "6010-6000", "1-70000", "1-2-3", "80,443"]),
    "address": (["192.0.2.10", "2001:db8::1"], ["192.0.2.256", "192.0.2", "2001:db8::g", "192.0.2.0/24"]),
    "network": (["192.0.2.0/24", "192.0.2.10", "2001:db8::/32"], ["192.0.2.10/24", "192.0.2.0/33", "10.0.0.300/8"]),
    "interface": (["eth0", "eth0.5", "enp3s0"], ["", "eth 0", "eth0:1", "a" * 16, "../x"]),
    "interface_address": (["192.0.2.11/24", "2001:db8::1/64", "192.0.2.10/31", "192.0.2.1/32"],
                          ["192.0.2.11", "192.0.2.0/24", "192.0.2.255/24", "192.0.2.300/24", "2001:db8::/64"]),
    "vlan": (["1", "4094"], ["0", "4095", "gasten"]),
    "mtu": (["1400", "9000"], ["500", "65536"]),
    "host": (["ntp.time.nl", "srv1", "192.0.2.1", "2001:db8::1"], ["ntp time", "192.0.2.300", "-ntp", "a..b"]),
    "host_name": (["srv-alfa", "WEB1"], ["srv_alfa", "-a", "a.b", "a" * 64]),
    "clock": (["03:00", "23:59"], ["3:00", "24:00", "03:60", "03:00:00"]),
    "mac": (["52:54:00:12:34:56", "52-54-00-AB-cd-EF"], ["52:54:00:12:34", "525400123456", "52:54:00:12:34:5g"]),
    "domain": (["school.example", "lab.example."], ["school example", "a..b", "-.nl", "a" * 64 + ".nl"]),
    "server_name": (["www.een.example", "*.een.example", "_"], ["een example", "een_twee", "192.0.2.300"]),
    "host_port": (["192.0.2.1:80", "app.example:8080", "[2001:db8::1]:80"],
                  ["192.0.2.1", ":80", "a b:80", "2001:db8::1:80", "app.example:0", "[app]:80"]),
    "url_path": (["/", "/oud", "/oud/*"], ["oud", "/a b", "/a;", "/$uri", "/*/a"]),
    "redirect": (["/nieuw", "https://school.example/x?y=1"], ["nieuw", "/a;b", "https:x", "/$host", "ftp://a"]),
    "size": (["0", "20m", "512k"], ["20 m", "20mb", "", "m"]),
    "bytes": (["500M", "10G"], ["0M", "10GB", "10 G", "10", "G"]),
    "name_server": (["192.0.2.1", "192.0.2.1#5353", "2001:db8::1"], ["ns.example", "192.0.2.1#0", "192.0.2.1#"]),
    "locale": (["nl_NL.UTF-8"], ["nl_NL", "nl-NL.UTF-8", "C"]),
    "time_zone": (["Europe/Amsterdam", "Etc/UTC"], ["Europe/Amsterdom", "../../etc/passwd", "/UTC", "CEST+"]),
    "keyboard": (["us", "us,nl"], ["US", "u", "us nl"]),
    "path": (["/var/www"], ["var/www", "/a\n/b"]),
    "package": (["vim-tiny", "libc6:amd64", "nginx=1.22.1-9"], ["Vim", "vim tiny", "-y", "a"]),
    "url": (["https://school.example/x", "about:blank"], ["school.example", "https://", "http://a b"]),
    "unit": (["nginx.service", "postgresql@15-main.service"], ["nginx", "a b.service", "-", "nginx.service;"]),
    "days": (["1", "3650"], ["0", "-1", "36501", "een jaar"]),
    "term": (["0", "3650"], ["-1", "36501"]),
    "scrape_seconds": (["1", "120"], ["0", "121"]),
    "measurements": (["500MB", "2GB"], ["2G", "0GB", "2 GB"]),
    "percent": (["1", "99"], ["0", "100"]),
    "language": (["nl", "en-gb", "zh-cn"], ["nl_NL", "NL", "nederlands", ""]),
    "language_tag": (["nl-NL", "en-GB"], ["nl", "nl_NL", "nl-NL.UTF-8", ""]),
    "desktop_file": (["firefox-esr", "org.gnome.Calculator"], ["thunar.desktop", "a b", "/usr/a", ""]),
    "drive_name": (["Klas 3a"], [" a", "a\nb", ""]),
    "drive": (["/srv/klas", "smb://srv-files/klas"], ["srv", "smb://jan@srv/klas", "http://a/b", "smb://srv", "/a\nb"]),
    "xfconf_property": (["/general/workspace_count", "/commands/custom/<Alt>F2"], ["general", "/", "/a//b", "/a b"]),
    "minutes": (["0", "1440"], ["-1", "1441", "10m"]),
    "moment": (
        ["2027-05-12 16:30", "2028-02-29 00:00"],
        ["2027-02-29 00:00", "2027-5-12 16:30", "16:30", "2027-05-12", ""],
    ),
    "week_time": (
        ["18:00", "Mon..Fri 18:00", "Mon,Wed..Thu 07:45"],
        ["Fri..Mon 18:00", "ma 18:00", "Mon..Tue..Wed 18:00", "Mon 24:00", "Mon", " 18:00", ", 18:00", ""],
    ),
    "line": (["Tot morgen."], ["a\nb", ""]),
    "office_path": (
        ["/org.openoffice.Office.Common/Save/Document", "/org.openoffice.Setup/Office/Factories/a:Factory['x.y']"],
        ["org.openoffice.Setup", "/etc/libreoffice", "/org.openoffice.Setup/", "/org.openoffice.Setup/a['b", ""],
    ),
    "setting_name": (["WarnAlienFormat"], ["a b", "a/b", ""]),
    "host_or_network": (["school.example", ".school.example", "192.0.2.0/24", "192.0.2.9"],
                        ["a b", "192.0.2.300", "*.school.example", ""]),
    "web_site": (["example.org", "example.org/games", "192.0.2.9", "*"],
                 ["http://example.org", "*.example.org", "example.org/*", "a b", "example.org:8080", ""]),
    "extension_url": (["file:///srv/a.xpi", "https://addons.example/a.xpi"], ["http://a.example/a.xpi", "/srv/a.xpi"]),
    "printer": (["lokaal101", "pr_1.b-2"], ["lokaal 101", "a/b", "-p", "a#b", "", "a" * 128]),
    "printer_uri": (
        ["ipp://192.0.2.201/ipp/print", "ipps://pr1.school.example:8631/", "socket://[2001:db8::1]:9100", "cups-pdf:/"],
        ["192.0.2.201", "http://192.0.2.201/", "ipp://jan:geheim@192.0.2.201/", "ipp://192.0.2.300/", "socket://a:0",
         "ipp://a b/", "cups-pdf:/etc", 'ipp://a/"'],
    ),
    "printer_driver": (["everywhere", "drv:///sample.drv/generpcl.ppd", "lsb/usr/cups-pdf/CUPS-PDF_opt.ppd"],
                       ["raw", "-m", "a b.ppd", "HP"]),
    "printer_user": (["jan", "@docenten"], ["@", "a b", "jan,piet", "@@a"]),
    "container": (["wiki", "wiki-2_b"], ["Wiki", "-a", "a/b", "a.b", "a" * 64, ""]),
    "container_image": (
        ["localhost/page:1", "registry.school.example:5000/a/b@sha256:" + "0" * 64],
        ["page", "localhost/page@sha256:12", "http://a/b", "localhost/a b", "localhost/Page"],
    ),
    "container_id": (["0" * 64], ["0" * 63, "sha256:" + "0" * 64, "G" * 64]),
    "container_word": (["a b", "$x", ""], ["a\nb"]),
    "container_path": (["/data", "/srv/a-b"], ["data", "/a:ro", "/a b", "/a,b", "/a%b"]),
    "container_variable": (["PASSWORD", "_a1"], ["1a", "a b", "a=b", ""]),
    "capability": (["NET_BIND_SERVICE"], ["net_raw", "ALL ", "A,B"]),
    "directory_account": (["l.devries", "docent1"], ["L.deVries", "2jan", "a" * 21, "a b", "a$"]),
    "directory_group": (["3a", "docenten"], ["3A", "domain admins", "-a"]),
    "directory_base": (
        ["DC=lab,DC=example", "OU=3 a,OU=leerlingen,DC=school,DC=example"],
        ["lab.example", "DC=lab, DC=example", "OU=leerlingen", "DC=a\n"],
    ),
    "directory_who": (["jan", "%docenten"], ["%", "ALL", "jan,piet", "%domain admins"]),
    "sudo_command": (
        ["ALL", "/usr/bin/systemctl restart cups.service", "/usr/bin/id"],
        ["id", "/usr/bin/id, /bin/sh", "!/bin/sh", "/bin/*", "/bin/a=b", "/bin/a\n", '/bin/a "b"'],
    ),
    "share": (["docs", "klas-3a"], ["homes", "Global", "ipc$", "a b", "-a"]),
    "shared_path": (
        ["/srv/files/docs", "/data/school"],
        ["/etc/school", "/srv", "/srv/../etc", "/srv/a b", "/srv/%U", "srv/a", "/srv/a/"],
    ),
    "share_user": (["jan", "%docenten", "everybody"], ["%", "@docenten", "%domain users"]),
    "workgroup": (["SCHOOL", "D12"], ["school", "A" * 16, "2D", "A.B"]),
    "file_name": (["leerlingen.csv", "/srv/export 2026.csv"], ["leerlingen.xlsx", "a\n.csv", ""]),
    "stratum": (["0", "15"], ["16", "-1"]),
    "ssh_pattern": (["docent", "*@192.0.2.*", "!root"], ["a b", "a#b", "a,b"]),
    "control": (["KMOD-010"], ["KMOD10", "kmod-010"]),
    "password_hash": (
        [SHA512, "$y$j9T$" + "a" * 22 + "$" + "b" * 43, "$2b$12$" + "c" * 53],
        ["welkom01", "", "!", SHA512[:-1], "$6$" + "a" * 86, "{{ vault_hash }}", "x:" + SHA512],
    ),
    "grub_hash": (["grub.pbkdf2.sha512.10000.AB.CD"], ["welkom01", "grub.pbkdf2"]),
    "public_key": (
        [f"ssh-ed25519 {ED25519} naam", f"ssh-ed25519 {ED25519}", f'from="192.0.2.*",no-pty ssh-ed25519 {ED25519} a b'],
        ["ssh-ed25519 AAAA insluiper", f"ssh-rsa {ED25519}", f"ssh-ed25519 {ED25519[:-4]}", ED25519, "id_ed25519.pub",
         f"ssh-ed25519 {ED25519}\nssh-ed25519 {ED25519}", f"ssh-dss {ED25519}"],
    ),
    "password": (["a"], [""]),
    "line_password": (["a 'b' :c"], ["", "a\nb"]),
    "count": (["1", "128"], ["0", "-1", "veel"]),
    "mail_address": (["beheer@school.example", "a.b+c@lab.example"],
                     ["beheer", "beheer@", "@school.example", "a b@school.example", "a@b c", "a@school.example,b@x.y"]),
    "apt_uri": (["http://deb.debian.org/debian", "file:/srv/debian"], ["deb.debian.org", "http://a b", "http://u:p@x/"]),
    "apt_word": (["trixie", "non-free-firmware", "./"], ["a b", "a]", "#"]),
    "apt_pin": (["release n=trixie", "version 1.2*"], ["trixie", "release", "release a\nPin: b"]),
    "sql_name": (["wiki_2"], ["wiki-2", "a b", "a" * 65]),
    "sql_host": (["localhost", "192.0.2.%"], ["a b", "'"]),
    "privilege": (["ALL", "CREATE VIEW"], ["SELECT;", ""]),
    "comment": (["voor de klas"], ['de "klas"', "a\nb"]),
    "wiki_account": (["d.techniek"], ["Docent", ".a", "a:b"]),
    "wiki_who": (["jan", "@docenten", "@ALL", "%USER%", "@%GROUP%"], ["", "@", "a b", "@domain users", "jan\n"]),
    "wiki_rule_page": (["*", "afdeling:*", "start"], ["", "a b", "start\n"]),
    "wiki_page": (["start", "afdeling:ict"], ["Start", "a::b"]),
    "wiki_field": (["Docent"], ["a:b", "a\nb"]),
}  # fmt: skip


def test_every_kind_has_cases() -> None:
    assert CASES.keys() | {"group"} == kinds_of_values.KINDS.keys()


@pytest.mark.parametrize("kind", CASES)
def test_a_kind_takes_what_can_be_and_refuses_what_cannot(kind: str) -> None:
    good, bad = CASES[kind]
    assert {value: problem for value in good if (problem := kinds_of_values.KINDS[kind](value))} == {}
    assert [value for value in bad if not kinds_of_values.KINDS[kind](value)] == []


def judged_by_ssh_keygen(line: str, place: Path) -> bool:
    place.write_text(line + "\n", encoding="utf-8")
    return subprocess.run(["ssh-keygen", "-lf", str(place)], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    "kind", ["ed25519", "ecdsa-256", "ecdsa-521", "rsa-1024", pytest.param("rsa-3072", marks=pytest.mark.slow)]
)
def test_real_keys_are_taken(tmp_path: Path, kind: str) -> None:
    name, _, bits = kind.partition("-")
    size = ["-b", bits] if bits else []
    subprocess.run(["ssh-keygen", "-q", "-t", name, *size, "-N", "", "-f", str(tmp_path / "k")], check=True)
    assert public_key((tmp_path / "k.pub").read_text().strip()) == ""
    assert "private key" in public_key((tmp_path / "k").read_text())


@given(st.integers(0, 50), st.integers(0, 255), st.integers(0, 60))
@settings(max_examples=60)
def test_a_damaged_key_that_openssh_refuses_is_refused(tmp_path: Path, at: int, byte: int, length: int) -> None:
    data = bytearray(base64.b64decode(ED25519))
    data[at] = byte
    line = f"ssh-ed25519 {base64.b64encode(bytes(data[: len(data) - max(0, length - 40)])).decode()}"
    assert judged_by_ssh_keygen(line, tmp_path / "k") or public_key(line)
    assert public_key(line) or judged_by_ssh_keygen(line, tmp_path / "k")


@pytest.mark.parametrize("size", [31, 33])
def test_a_key_of_another_length_is_refused(tmp_path: Path, size: int) -> None:
    data = b"\0\0\0\x0bssh-ed25519" + size.to_bytes(4, "big") + b"k" * size
    line = f"ssh-ed25519 {base64.b64encode(data).decode()}"
    assert not judged_by_ssh_keygen(line, tmp_path / "k")
    assert public_key(line)


@pytest.mark.parametrize("text", CASES["week_time"][0])
def test_a_time_of_the_week_is_one_for_the_program_of_the_role_too(text: str) -> None:
    assert CLASSROOM.next_moment([text], datetime(2026, 11, 27, 12, 0)) is not None


@pytest.mark.parametrize("first", kinds_of_values.DAYS)
@pytest.mark.parametrize("last", kinds_of_values.DAYS)
def test_days_of_the_week_are_those_of_the_program_of_the_role(first: str, last: str) -> None:
    days = list(range(kinds_of_values.DAYS.index(first), kinds_of_values.DAYS.index(last) + 1))
    assert (kinds_of_values.week_time(f"{first}..{last} 18:00") == "") is bool(days)
    assert CLASSROOM.week_days(f"{first}..{last}") == set(days or range(7))


def test_a_problem_names_the_place_and_the_value() -> None:
    users: list[Any] = [{"name": "docent", "keys": ["x"]}, {"name": "Docent"}, {"name": "docent"}]
    kinds = {"users.*.name": "account", "users.*.keys.*": "public_key", "zone": "time_zone", "none": "port"}
    problems = inputs.problems({"users": users, "zone": "Mars/Base"}, kinds, [["users.*.name"]])
    assert [line.split(" ")[0] for line in problems] == ["users[1].name", "users[0].keys[0]", "zone", "users[2].name"]
    assert problems[0].endswith(": 'Docent'.")
    assert problems[3] == "users[2].name has the same value as users[0].name: docent."


def test_a_secret_that_stands_twice_is_not_shown() -> None:
    users = [{"password": "tulip-73"}, {"password": "tulip-73"}]
    problems = inputs.problems({"users": users}, {"users.*.password": "password"}, [["users.*.password"]])
    assert problems == ["users[1].password has the same value as users[0].password."]


@pytest.mark.parametrize("kind", sorted(kinds_of_values.SECRET))
def test_a_secret_is_not_shown(kind: str) -> None:
    wrong = {"password": "", "line_password": "welkom01\n"}.get(kind, "welkom01")
    (problem,) = inputs.problems({"v": [{"p": wrong}]}, {"v.*.p": kind}, [])
    assert problem.startswith("v[0].p is ")
    assert "welkom01" not in problem


def test_a_private_key_in_the_place_of_a_public_one_is_not_shown() -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n"
    (problem,) = inputs.problems({"keys": [key]}, {"keys.*": "public_key"}, [])
    assert "b3Blb" not in problem


def test_only_where_a_kind_says_so_a_value_may_be_empty() -> None:
    assert inputs.problems({"a": "", "b": None}, {"a": "host_name?", "b": "port"}, []) == []
    assert len(inputs.problems({"a": ""}, {"a": "host_name"}, [])) == 1


def tasks(path: Path) -> list[dict[str, Any]]:
    """All tasks of a file, those in blocks too."""
    flat = []
    for task in yaml_files.load(path) or []:
        flat += [task, *task.get("block", ())]
    return flat


ENTRIES = yaml_files.load(ROOT / "playbooks/vars/roles.yml")["oplever_roles"]
POINTS = sorted({(entry["role"], entry.get("tasks", "main")) for entry in ENTRIES})


@pytest.mark.parametrize(
    ("role", "options"),
    [
        ("mariadb", {"mariadb_users": [{"name": "wiki", "password": "welkom01\n"}]}),
        ("mariadb", {"mariadb_root_password": "welkom01\n"}),
        ("postgresql", {"postgresql_users": [{"name": "wiki", "password": "welkom01\n"}]}),
    ],
)
def test_the_line_break_at_the_end_of_a_file_is_no_part_of_a_password(role: str, options: dict[str, Any]) -> None:
    """Programs that read their password from a file of one line do not get in with it."""
    (check,) = [
        t["oplever.lab.preflight"] for t in tasks(ROOT / f"roles/{role}/tasks/main.yml") if "oplever.lab.preflight" in t
    ]
    (problem,) = inputs.problems(
        options, {path: kind for path, kind in check["kinds"].items() if "password" in path}, []
    )
    assert "line break" in problem
    assert "welkom01" not in problem


@pytest.mark.parametrize(("role", "point"), POINTS)
def test_every_role_checks_variables_that_it_has_with_kinds_that_exist(role: str, point: str) -> None:
    (check,) = [
        t["oplever.lab.preflight"]
        for t in tasks(ROOT / f"roles/{role}/tasks/{point}.yml")
        if "oplever.lab.preflight" in t
    ]
    specs = yaml_files.load(ROOT / f"roles/{role}/meta/argument_specs.yml")
    options = specs["argument_specs"][point]["options"]
    for path in [*check["kinds"], *(path for paths in check.get("unique", ()) for path in paths)]:
        spec = {"options": options}
        for step in path.split("."):
            spec = spec if step == "*" else spec["options"][step]
    assert {kind.removesuffix("?") for kind in check["kinds"].values()} <= kinds_of_values.KINDS.keys()


@pytest.mark.parametrize("path", sorted(ROOT.glob("roles/*/tasks/*.yml")), ids=lambda p: f"{p.parts[-3]}-{p.stem}")
def test_before_apt_its_sources_are_asked_for_the_same_packages(path: Path) -> None:
    listed = tasks(path)
    for before, task in zip([{}, *listed], listed, strict=False):
        apt = task.get("ansible.builtin.apt")
        if not apt or apt.get("state") == "absent":
            continue
        probe = before.get("oplever.lab.apt_sources", {})
        packages = apt["name"] if "{{" in apt["name"] else [apt["name"]]
        assert probe == {"packages": packages} | ({"cache_valid_time": v} if (v := apt.get("cache_valid_time")) else {})
        answer = before.get("register")
        condition = f"{answer}.to_install | length > 0" if answer else before.get("when")
        assert task.get("when") == condition
