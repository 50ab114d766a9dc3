"""What is the same on several machines is told once, and what is not the same is not told as one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command import attempt
from golden import outputs
from golden.alike import drifted
from golden.case import Case
from golden.journal import Journal
from oplever.kinds.derive import derive
from oplever.kinds.documents import build
from oplever.page.blocks import Block, Details, Group, Table
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record import alike
from oplever.record.alike import Same, TrialChange
from oplever.record.model import Component, Setting

FILE = "/etc/ssh/sshd_config"


def changed(host: str, before: str = "644 aa", after: str = "644 bb", name: str = FILE) -> Setting:
    return Setting(host, "file", name, "changed", before, after)


def groups(settings: list[Setting]) -> list[tuple[tuple[str, ...], list[str]]]:
    together = alike.alike(settings, alike.of_setting, lambda setting: setting.host)
    return [(group.hosts, [setting.after for setting in group.differences]) for group in together]


def test_every_difference_is_there_once_with_its_machines() -> None:
    settings = [changed("pc2", name="/etc/motd", after="x")] + [changed(f"pc{number}") for number in range(4)]
    assert groups(settings) == [(("pc0", "pc1", "pc2", "pc3"), ["644 bb"]), (("pc2",), ["x"])]


@pytest.mark.parametrize(
    "other",
    [
        changed("b", after="644 cc"),
        changed("b", before="644 ab"),
        changed("b", name="/etc/ssh/sshd_config.d"),
        Setting("b", "outside", FILE, "changed", "644 aa", "644 bb"),
        changed("b", after="644 keyed 0123456789abcdef"),
    ],
    ids=["digest after", "digest before", "name", "kind", "another key"],
)
def test_what_differs_in_one_part_is_not_the_same(other: Setting) -> None:
    assert [hosts for hosts, _ in groups([changed("a"), other])] == [("a",), ("b",)]


def test_nothing_is_not_the_empty_text() -> None:
    assert Same("file", FILE, None, "x") != Same("file", FILE, "", "x")


def test_rows_that_look_different_are_two() -> None:
    parts = [
        Component(host, "package", "vim", "installed", "", "1", origin) for host, origin in (("a", "x"), ("b", "y"))
    ]
    assert len(alike.alike(parts, alike.of_component, lambda part: part.host)) == 2


def test_of_a_trial_run_the_text_counts_and_not_the_number_of_lines() -> None:
    def change(host: str, mark: str) -> TrialChange:
        return TrialChange(host, "ssh", "Write it", FILE, 4, 1, mark)

    marked = alike.once([change("a", "1"), change("b", "1"), change("c", "2")], alike.of_trial_change, lambda c: c.host)
    assert [same.hosts for same in marked] == [("a", "b"), ("c",)]
    unmarked = alike.once([change("a", ""), change("b", "")], alike.of_trial_change, lambda c: c.host)
    assert [same.hosts for same in unmarked] == [("a", "b")]


def rows(blocks: tuple[Block, ...]) -> list[tuple[str, ...]]:
    """The texts of every row of every table, also of what is folded."""
    texts = []
    for block in blocks:
        if isinstance(block, Table):
            texts += [tuple(cell.text for cell in row) for row in block.rows]
        elif isinstance(block, (Details, Group)):
            texts += rows(block.blocks)
    return texts


def test_a_page_of_sixty_machines_tells_each_change_once() -> None:
    page = build(outputs.record("drifted"), Translator("en"))
    [settings] = [section for section in page.sections if section.key == "systems"]
    named = [row[0] for row in rows(settings.blocks) if row[0] in (FILE, "/etc/motd", "docker")]
    assert sorted(named) == ["/etc/motd", FILE, FILE, FILE, "docker"]
    [packages] = [section for section in page.sections if section.key == "components"]
    assert len(rows(packages.blocks)) == 1


@pytest.mark.slow
def test_all_machines_of_a_group_can_be_read() -> None:
    record = outputs.record("drifted")
    text = outputs.text("drifted", "report.en.md") or ""
    for group in View.of(record).settings:
        assert ", ".join(group.hosts) in text


def test_the_order_of_machines_is_that_of_the_tables() -> None:
    record = outputs.record("drifted")
    names = [system.name for system in record.systems]
    for group in View.of(record).settings:
        assert list(group.hosts) == [name for name in names if name in group.hosts]


def test_a_task_that_tries_in_a_real_run_makes_no_trial() -> None:
    journal = Journal("20261123T100000Z-site-e00014")
    journal.play("Set up", {"web1": []})
    journal.task("Ask what would change", check_mode=True)
    journal.result("web1", "changed", check_mode=True)
    journal.task("Change it")
    journal.result("web1", "changed")
    journal.finish()
    assert not View.of(outputs.record_of(Case(journal.lines))).trial
    assert View.of(outputs.record("trial")).trial


def stored(base: Path, name: str, case: Case) -> str:
    (base / name).mkdir()
    (base / name / "journal.jsonl").write_bytes(b"".join(case.journal))
    return name


def test_compare_shows_what_is_the_same_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.delenv("OPLEVER_STORE", raising=False)
    case = drifted()
    plain = [re.sub(rb'"telnet": \["0.17", "Debian"\](, )?|, "telnet": \["0.17", "Debian"\]', b"", line)
             for line in case.journal]  # fmt: skip
    sides = [stored(tmp_path, "20261101T100000Z-site-aaaaaa", Case(plain)),
             stored(tmp_path, "20261123T100000Z-site-d00021", case)]  # fmt: skip
    shown = attempt("compare", *sides, "--language", "nl")
    assert shown.exit_code == 1
    assert shown.output.count("telnet") == 2  # the package, and the test of what drifted
    assert "59 gelijke machines: pc00, pc01, pc02" in shown.output
    assert "pc58, pc59" in shown.output


def test_an_empty_record_has_no_groups() -> None:
    view = View.of(derive([]))
    assert (view.packages, view.settings, view.trial) == ((), (), ())
