"""What roles give a user to check: from their file to the form."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
import yaml_files
from ansible_collections.oplever.lab.plugins.plugin_utils import handout
from golden import outputs
from golden.cases import Case
from golden.journal import Journal, machine
from oplever.kinds.documents import build
from oplever.kinds.installation.chapters import acceptance
from oplever.kinds.installation.chapters.summary import task_cells
from oplever.page.blocks import Checklist
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.model import GroupTask, Language, Recap, System, Text

ROLES = Path(__file__).resolve().parents[3] / "roles"
USED = sorted(path.name for path in ROLES.iterdir() if path.name != "lab")


@pytest.mark.parametrize("role", USED)
def test_every_role_gives_lines_in_both_languages(role: str) -> None:
    content = yaml_files.load(ROLES / role / handout.FILE)
    lines = handout.read(str(ROLES / role))["handout"]
    assert lines == (content["check"] if isinstance(content, dict) else content)
    assert 1 <= len(lines) <= handout.MOST_LINES
    assert all(set(line) == {"nl", "en"} and all(text.endswith(".") for text in line.values()) for line in lines)


@pytest.mark.parametrize("content", ["", "{a: b}", "- 5\n- nl: 7\n", "- [", "\udcff", "x"])
def test_a_file_that_is_no_list_of_lines_gives_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta/handout.yml").write_text(content, errors="surrogateescape")
    assert handout.read(str(tmp_path)) == {}
    assert handout.read(str(tmp_path / "missing")) == {}


CARD = """cards:
  - id: open
    for: [user]
    title: {nl: Openen, en: Open}
    steps: [{do: {nl: Klik., en: Click.}}]
"""


def cards(text: str, place: Path) -> list[object]:
    (place / "meta").mkdir(exist_ok=True)
    (place / "meta/handout.yml").write_text(text)
    return handout.read(str(place)).get("cards", [])


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        ("en: Open}", "fr: Ouvrir}"),
        ("en: Click.", "en: 5"),
        ("{do: {nl: Klik., en: Click.}}", ""),
        ("id: open", "id: 7"),
        ("[{do: {nl: Klik., en: Click.}}]", "5"),
    ],
)
def test_a_card_is_whole_or_is_not_taken(part: str, instead: str, tmp_path: Path) -> None:
    assert len(cards(CARD, tmp_path)) == 1
    assert cards(CARD.replace(part, instead), tmp_path) == []


def test_lines_are_cut_to_what_a_form_can_hold(tmp_path: Path) -> None:
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta/handout.yml").write_text(yaml.safe_dump([{"nl": "x" * 500, "fr": "y"}] * 20))
    lines = handout.read(str(tmp_path))["handout"]
    assert len(lines) == handout.MOST_LINES
    assert set(lines[0]) == {"nl"}
    assert len(lines[0]["nl"]) < 260


def form(language: Language, *, skipped: bool = False) -> list[str]:
    journal = Journal("20261123T100000Z-site-e00002")
    journal.play("Wiki", {"web1": [], "db1": []})
    journal.snapshots("before", {"web1": machine(1), "db1": machine(2)})
    journal.add("role", role="oplever.lab.dokuwiki", handout=[{"nl": "De wiki opent.", "en": "The wiki opens."}])
    journal.task("Install the wiki", role="oplever.lab.dokuwiki")
    journal.result("web1", "skipped" if skipped else "changed")
    journal.finish()
    page = build(outputs.record_of(Case(journal.lines)), Translator(language))
    blocks = next(section.blocks for section in page.sections if section.key == "acceptance")
    return [line.text for block in blocks if isinstance(block, Checklist) for line in block.lines]


def test_the_form_has_the_lines_of_the_roles_of_each_machine() -> None:
    assert form("nl")[0] == "web1: De wiki opent."
    assert form("en")[0] == "web1: The wiki opens."
    assert len(form("nl")) == 2
    assert "web1: De wiki opent." not in form("nl", skipped=True)


def test_a_machine_has_at_most_ten_lines() -> None:
    lines = tuple(Text(f"regel {number}", f"line {number}") for number in range(14))
    items = acceptance.handout(Translator("en"), System("a", Recap(), handout=lines))
    assert [(item.host, item.text) for item in items] == [("a", f"line {number}") for number in range(10)]


def test_lines_of_applications_come_first_each_in_the_order_of_its_role() -> None:
    journal = Journal("20261123T100000Z-site-e00003")
    journal.play("Wiki", {"web1": []})
    for role in ("base", "dokuwiki"):
        lines = [{"nl": f"{role} {number}.", "en": f"{role} {number}."} for number in (1, 2)]
        journal.add("role", role=role, handout=lines)
        journal.task(f"Install {role}", role=role)
        journal.result("web1", "changed")
    journal.finish()
    [system] = outputs.record_of(Case(journal.lines)).systems
    assert [line.en for line in system.handout] == ["dokuwiki 1.", "dokuwiki 2.", "base 1.", "base 2."]


def test_groups_have_words_in_both_languages_or_none(tmp_path: Path) -> None:
    tasks = {
        "wiki_servers": {"nl": "de wiki", "en": "the wiki"}, "php_servers": {"nl": "PHP"}, 5: {"nl": "a", "en": "b"},
        "web_servers": "websites",
    }  # fmt: skip
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta/handout.yml").write_text(yaml.safe_dump({"tasks": tasks}))
    assert handout.read(str(tmp_path)) == {"tasks": {"wiki_servers": tasks["wiki_servers"]}}


def test_a_machine_is_for_what_roles_say_of_its_groups() -> None:
    journal = Journal("20261123T100000Z-site-e00004")
    journal.play("Wiki", {"web1": ["wiki_servers", "room1"], "srv1": ["room1"]})
    journal.add("role", role="dokuwiki", handout=[], tasks={"wiki_servers": {"nl": "de wiki", "en": "the wiki"}})
    journal.task("Install dokuwiki", role="dokuwiki")
    journal.result("web1", "changed")
    journal.task("Install php", role="php_fpm")
    journal.result("srv1", "changed")
    journal.finish()
    record = outputs.record_of(Case(journal.lines))
    cells = {language: task_cells(View.of(record), Translator(language)) for language in ("nl", "en")}
    assert {system.name: system.tasks for system in record.systems} == {
        "web1": (GroupTask("wiki_servers", Text("de wiki", "the wiki")),), "srv1": (),
    }  # fmt: skip
    assert {(cell.text, cell.note) for cell in cells["nl"]} == {("de wiki", "dokuwiki"), ("php_fpm", "")}
    assert {(cell.text, cell.note) for cell in cells["en"]} == {("the wiki", "dokuwiki"), ("php_fpm", "")}


def test_every_group_of_servers_has_words() -> None:
    """A supervisor reads what a server is for, and no name of a group."""
    groups = {group for entry in yaml_files.load(ROLES.parent / "playbooks/vars/roles.yml")["oplever_roles"]
              for group in entry["groups"] if group.endswith(("servers", "routers"))}  # fmt: skip
    words = {group for role in USED for group in handout.read(str(ROLES / role)).get("tasks", {})}
    assert len(groups) > 10
    assert groups - words == set()
