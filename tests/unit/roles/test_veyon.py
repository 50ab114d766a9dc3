"""Veyon: what a teacher sees, whose keys a machine takes, what is refused before a machine is touched, and how the
tests of the role ask for a screen."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template
from ansible.utils.collection_loader import AnsibleCollectionConfig
from programs import program

ROLE = Path(__file__).resolve().parents[3] / "roles/classroom"
VEYON = program(ROLE / "files/veyon.py")
ROOMS = [
    {
        "name": "101",
        "machines": [
            {"name": "pc-1", "address": "192.0.2.1", "mac": "52:54:00:12:34:56"},
            {"name": "pc-2", "address": "192.0.2.2"},
        ],
    }
]
TEACHER = {"classroom_teacher": True, "classroom_teacher_group": "docenten", "classroom_rooms": ROOMS}
CHALLENGE = bytes(range(128))


def value(name: str, options: dict[str, Any]) -> Any:
    loader = DataLoader()
    variables: dict[str, Any] = {"group_names": [], "inventory_hostname": "docent.school.example"}
    variables["ansible_search_path"] = [str(ROLE)]
    for kind in ("defaults", "vars"):
        variables |= loader.load_from_file(str(ROLE / f"{kind}/main.yml"), trusted_as_template=True)
    return Templar(loader, {**variables, **options}).template(trust_as_template("{{ " + name + " }}"))


def test_rooms_have_the_same_numbers_each_time() -> None:
    objects = value("__classroom_veyon_objects", TEACHER)
    assert objects == value("__classroom_veyon_objects", TEACHER)
    assert [(row["Type"], row["Name"], row.get("HostAddress")) for row in objects] == [
        (2, "101", None), (3, "pc-1", "192.0.2.1"), (3, "pc-2", "192.0.2.2"),
    ]  # fmt: skip
    assert {row["ParentUid"] for row in objects[1:]} == {objects[0]["Uid"]}
    assert len({row["Uid"] for row in objects}) == 3
    assert value("__classroom_veyon_objects", {"classroom_rooms": ROOMS}) == []


def test_a_room_is_told_as_veyon_lists_it() -> None:
    assert value("__classroom_veyon_list", TEACHER).splitlines() == [
        'Location "101"',
        '\tComputer "pc-1" (host address: "192.0.2.1" MAC address: "52:54:00:12:34:56")',
        '\tComputer "pc-2" (host address: "192.0.2.2" MAC address: "")',
    ]


def test_a_machine_takes_the_keys_of_its_teachers_and_no_others() -> None:
    teachers = [{"name": "pc-docent.school.example", "address": "192.0.2.9"}]
    watched = {"classroom_watched": True, "classroom_teachers": teachers}
    assert value("__classroom_veyon_public", watched) == ["/etc/veyon/keys/public/pc-docent-school-example/key"]
    assert value("__classroom_veyon_public", TEACHER) == ["/etc/veyon/keys/public/docent-school-example/key"]
    assert value("__classroom_veyon_public", {"classroom_teachers": teachers}) == []


def test_a_check_asks_with_its_words_in_their_order() -> None:
    if AnsibleCollectionConfig.collection_finder is None:  # once in each process
        init_plugin_loader()
    checks = value("lookup('ansible.builtin.template', 'veyon_checks.yml.j2') | from_yaml", TEACHER)
    by_id = {check["id"]: check for check in checks}
    argv = by_id["classroom.veyon_stranger"]["all"][0]["select"]["argv"]
    assert argv == ["python3", "-I", "-", "-", "docent-school-example", "127.0.0.1"]
    private = "/etc/veyon/keys/private/docent-school-example/key"
    argv = by_id["classroom.veyon_reach"]["all"][0]["select"]["argv"]
    assert argv == ["python3", "-I", "-", private, "docent-school-example", "192.0.2.1=pc-1", "192.0.2.2=pc-2"]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"classroom_watched": True}, "classroom_watched: nobody could watch"),
        ({**TEACHER, "classroom_rooms": []}, "classroom_teacher: it needs"),
        ({**TEACHER, "classroom_teacher_group": ""}, "classroom_teacher: it needs"),
        (TEACHER, ""),
    ],
)
def test_what_could_not_work_is_refused(options: dict[str, Any], word: str) -> None:
    mistakes = value("__classroom_mistakes", options)
    assert [mistake.startswith(word) for mistake in mistakes] == ([True] if word else [])


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("keys")
    for name in ("known", "other"):
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out", str(place / name)], check=True)
    subprocess.run(
        ["openssl", "pkey", "-in", str(place / "known"), "-pubout", "-out", str(place / "public")], check=True
    )
    return place


@pytest.fixture
def server(keys: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A machine that takes one key, as Veyon does. `ways` says what it offers, `name` what it was told."""
    facts: dict[str, Any] = {"ways": [3]}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setattr(VEYON, "PORT", listening.getsockname()[1])
        thread = threading.Thread(target=serve, args=(listening, keys, facts))
        thread.start()
        yield facts
        thread.join(20)


def serve(listening: socket.socket, keys: Path, facts: dict[str, Any]) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"RFB 003.008\n")
        assert VEYON.take(connection, 12) == b"RFB 003.008\n"
        connection.sendall(bytes([1, 40]))
        assert VEYON.take(connection, 1) == bytes([40])
        numbers = [len(facts["ways"]), *facts["ways"]]
        VEYON.send(connection, b"".join(struct.pack(">IBi", 2, 0, number) for number in numbers))
        if facts["ways"] != [3]:
            return
        VEYON.receive(connection)
        VEYON.send(connection, b"")
        VEYON.send(connection, VEYON.data(CHALLENGE))
        answer = VEYON.receive(connection)
        name, size = answer[9 : 9 + struct.unpack(">I", answer[5:9])[0]], struct.unpack(">I", answer[5:9])[0]
        facts["name"] = name.decode("utf-16-be")
        (keys / "signature").write_bytes(answer[9 + size + 9 :])
        argv = ["openssl", "dgst", "-sha512", "-verify", str(keys / "public"), "-signature", str(keys / "signature")]
        if subprocess.run(argv, input=CHALLENGE, capture_output=True, check=False).returncode == 0:
            connection.sendall(bytes(4))


@pytest.mark.parametrize(("key", "answer"), [("known", "accepted (3)"), ("other", "refused (closed)")])
def test_the_key_decides(server: dict[str, Any], keys: Path, key: str, answer: str) -> None:
    assert VEYON.ask("127.0.0.1", str(keys / key), "pc-docent") == answer
    assert server["name"] == "pc-docent"


def test_a_machine_that_asks_for_a_password_is_told(server: dict[str, Any], keys: Path) -> None:
    server["ways"] = [4]
    assert VEYON.ask("127.0.0.1", str(keys / "known"), "pc-docent") == "refused (offers 4)"


def test_a_machine_that_is_off_is_silent(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setattr(VEYON, "PORT", listening.getsockname()[1])
    assert VEYON.ask("127.0.0.1", str(keys / "known"), "pc-docent") == "silent"
