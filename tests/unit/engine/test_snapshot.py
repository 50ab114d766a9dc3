"""The snapshot as a whole: which sources it has, what it does with what they find, and what roles declare."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.oplever.lab.plugins.action.snapshot import KEYS, declarations
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    collect,
    facts,
    hardware,
    marks,
    registry,
)
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.collect import Places
from programs import program

from .small_machine import Scripted, as_root, machine, put

__all__ = ["as_root", "machine"]
ROOT = Path(__file__).resolve().parents[3]


def test_the_registry_has_every_source_and_no_kind_twice() -> None:
    package = ROOT / "plugins/module_utils/snapshot"
    with_kinds = {path.stem for path in package.glob("*.py") if "\nKINDS = {" in path.read_text(encoding="utf-8")}
    assert {source.__name__.rpartition(".")[2] for source in registry.SOURCES} == with_kinds - {"registry"}
    assert len(registry.KINDS) == sum(len(source.KINDS) for source in registry.SOURCES)


def test_everything_made_of_the_kinds_is_up_to_date() -> None:
    for path, text in program(ROOT / "tools/snapshot-kinds").texts().items():
        assert path.read_text(encoding="utf-8") == text, f"run tools/snapshot-kinds: {path}"


def test_the_rules_of_masking_run_on_the_python_of_a_target() -> None:
    for path in (ROOT / "plugins/module_utils/masking").glob("*.py"):
        if path.stem in ("redact", "names", "shapes", "programs", "__init__"):
            code = path.read_text(encoding="utf-8")
            for newer in ("pairwise", "list | tuple", "strict=", "\n    match "):
                assert newer not in code, f"{path.name}: {newer}"


class TestTheWhole:
    def test_the_key_of_the_digests_follows_the_host_key(self, machine: Scripted) -> None:
        before = marks.key_name(machine), marks.keyed(machine, b"x")
        assert (marks.key_name(Scripted(Path(machine.root))), marks.keyed(machine, b"x")) == before
        put(machine, "/etc/ssh/ssh_host_ed25519_key", "OTHER")
        other = Scripted(Path(machine.root))
        assert {marks.key_name(other), marks.keyed(other, b"x")}.isdisjoint(before)

    def test_every_kind_is_there_and_what_cannot_be_read_is_named(self, machine: Scripted) -> None:
        result = collect.snapshot(machine, Places())
        assert set(result["state"]) == set(registry.KINDS)
        assert result["unseen"]["filter"] == ["there is no command nft"]
        assert result["unseen"]["unit"] == ["there is no command systemctl"]
        assert result["state"]["file"]["/etc/motd"]
        assert {problem["source"] for problem in result["problems"]} >= {"manual", "network"}
        assert json.loads(json.dumps(result)) == result

    def test_a_source_that_finds_too_much_is_cut_and_says_so(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(facts, "MOST_FACTS", 1)
        result = collect.snapshot(machine, Places())
        assert len(result["state"]["account"]) == 1
        assert result["unseen"]["account"] == ["more than 1; the rest was left out"]

    def test_lines_beyond_the_limit_are_left_out_and_their_digests_not(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(facts, "MOST_TEXT", 0)
        result = collect.snapshot(machine, Places())
        assert result["texts"] == {}
        assert result["state"]["file"]["/etc/motd"]

    def test_a_command_that_was_begun_gives_its_outcome_once(self, tmp_path: Path) -> None:
        machine = Machine()
        machine.begin(["echo", "begun"])
        machine.begin(["no-such-command"])
        assert machine.output(["echo", "begun"]) == "begun\n"
        with pytest.raises(UnreadableError, match="there is no command no-such-command"):
            machine.output(["no-such-command"])
        assert machine.output(["echo", "begun"]) == "begun\n"


@pytest.mark.slow
def test_what_every_role_declares_is_understood() -> None:

    declared = declarations(DataLoader(), sorted(ROOT.glob("roles/*/vars/watch.yml")))
    assert set(declared) == KEYS
    assert {"/var/www", "/usr/share/dokuwiki"} <= {tree for tree in declared["trees"] if isinstance(tree, str)}
    for table in declared["tables"]:
        assert set(table["key"]) <= set(table["columns"])
        assert ("path" in table) != ("command" in table and "needs" in table), table["name"]


def test_a_declaration_with_a_word_that_is_not_known_is_refused(tmp_path: Path) -> None:

    (tmp_path / "watch.yml").write_text("__x_watch: {tree: [/a]}\n", encoding="utf-8")
    with pytest.raises(AnsibleError, match="tree: use leave_out, tables, trees"):
        declarations(DataLoader(), [tmp_path / "watch.yml"])


def test_the_machine_id_is_nowhere_in_a_snapshot(machine: Scripted) -> None:
    put(machine, "/var/log/journal/0123456789abcdef/system.journal", "x")
    put(machine, "/etc/kernel/entry", "options systemd.machine_id=0123456789abcdef\n")
    result = collect.snapshot(machine, Places())
    assert "/var/log/journal/(machine id)/system.journal" in result["state"]["log"]
    assert "0123456789abcdef" not in json.dumps(result)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("To Be Filled By O.E.M.", ""),
        ("System Product Name", ""),
        ("Not Applicable", ""),
        ("SYS-1234567890", ""),
        ("03000200-0400-0500-0006-000700080009", ""),
        ("0123456789", ""),
        ("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", ""),
        ("SYS-5019D-FN8TP", "SYS-5019D-FN8TP"),
        ("PF3ABCDE", "PF3ABCDE"),
        ("12345678", "12345678"),
    ],
)
def test_what_makers_leave_in_a_field_names_no_machine(machine: Scripted, text: str, kept: str) -> None:
    """Machines with the same filler are one machine to an inventory (fusioninventory/fusioninventory-for-glpi#2163)."""
    put(machine, f"{hardware.DMI}product_serial", f"{text}\n")
    assert hardware.hardware(machine)["serial"] == kept
