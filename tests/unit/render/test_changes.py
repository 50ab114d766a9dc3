"""Changes as people mean them: what was asked for apart from what came along, and the lines of a changed file."""

from __future__ import annotations

import pytest
from golden import outputs
from golden.cases import Case
from golden.journal import Journal, machine
from journals import Journal as Lines
from msgspec import structs
from oplever.kinds.documents import build
from oplever.page.blocks import Block, Details, Group, Table
from oplever.page.translator import Translator
from oplever.record import origins, snapshots
from oplever.record.calls import Call, Snapshot
from oplever.record.model import Component, HostResult, Record, Setting, Step
from oplever.record.model.work import Change
from oplever.render.registry import render

FILES = {
    "/etc/nginx/nginx.conf": ("file 0644 root root, as package nginx brought it", "role"),
    "/etc/issue.net": ("file 0644 root root, 101 bytes, 71cc6f3c", "other"),
    "/etc/locale.alias": ("file 0644 root root, as package locales brought it", "package"),
    "/etc/alternatives/awk": ("-> /usr/bin/mawk", "link"),
    "/etc/vim": ("directory 0755 root root", "directory"),
}


def settings() -> tuple[Setting, ...]:
    return tuple(Setting("web1", "file", name, "added", after=value) for name, (value, _) in FILES.items())


def step(**result: object) -> Step:
    changed = HostResult("web1", "changed", "2026-11-23T10:00:00Z", 1.0, **result)  # type: ignore[arg-type]
    return Step(1, "Write", "p", "oplever.lab.nginx", "template", "", "", [changed])


def record() -> Record:
    journal = Journal("20261123T100000Z-site-c00002")
    journal.play("Web", {"web1": []})
    journal.snapshots("before", {"web1": machine(1)})
    journal.snapshots("after", {"web1": machine(1)})
    journal.finish()
    made = outputs.record_of(Case(journal.lines))
    packages = (("nginx", True), ("libpcre", False), ("curl", True), ("libcurl", False), ("libssl", False))
    lines = ("-PASS_MAX_DAYS\t99999", "… 12", "+PASS_MAX_DAYS\t365")
    changed = Setting("web1", "file", "/etc/login.defs", "changed", "file 1", "file 2", lines)
    return structs.replace(
        made,
        components=tuple(
            Component("web1", "package", name, "installed", after="1", asked=asked) for name, asked in packages
        ),
        settings=(*settings(), changed),
        steps=(step(files=("/etc/nginx/nginx.conf",)),),
    )


def blocks(outer: tuple[Block, ...]) -> list[Block]:
    inner = [block.blocks for block in outer if isinstance(block, (Group, Details))]
    return [*outer, *(block for of_one in inner for block in blocks(of_one))]


def tables(made: Record) -> dict[str, list[str]]:
    page = build(made, Translator("en"))
    return {
        block.caption: [row[0].text for row in block.rows]
        for section in page.sections
        for block in blocks(section.blocks)
        if isinstance(block, Table)
    }


def test_packages_that_were_asked_for_stand_apart() -> None:
    captions = tables(record())
    assert captions["Packages on web1 that were asked for"] == ["nginx", "curl"]
    assert captions["Packages on web1 that came along"] == ["libpcre", "libcurl", "libssl"]
    unknown = tuple(structs.replace(part, asked=None) for part in record().components)
    assert len(tables(structs.replace(record(), components=unknown))["Packages on web1"]) == 5


def asked(before: Snapshot, after: Snapshot) -> dict[str, bool | None]:
    """Whether each package that came was asked for."""
    calls = (Call("t", "a", {"snapshot": snapshot}, "") for snapshot in (before, after))
    return {component.name: component.asked for component in snapshots.changes(*calls).components}


def test_the_list_of_the_machine_says_what_was_asked_for() -> None:
    before = {"format": 2, "packages": {}, "state": {}}
    after = {**before, "packages": {"nginx": ["1", "d"], "libpcre": ["2", "d"]}, "manual": ["nginx"]}
    assert asked(before, after) == {"nginx": True, "libpcre": False}
    assert set(asked(before, {**after, "manual": None}).values()) == {None}
    unread = {**after, "manual": []}  # what the machine says when apt-mark fails
    assert set(asked(before, unread).values()) == {None}


@pytest.mark.parametrize(("name", "expected"), [(name, origin) for name, (_, origin) in FILES.items()])
def test_where_a_file_comes_from(name: str, expected: str) -> None:
    by_file = origins.writers((step(files=("/etc/nginx/nginx.conf",)),))
    (setting,) = [setting for setting in settings() if setting.name == name]
    assert origins.origin(setting, by_file) == expected


def test_a_difference_that_ansible_showed_names_the_role_too() -> None:
    change = Change("/etc/hosts (content)", 1, 0)
    assert origins.writers((step(changes=(change,)),)) == {("web1", "/etc/hosts"): "oplever.lab.nginx"}
    assert origins.writers((structs.replace(step(), results=[HostResult("a", "ok", "", 0, files=("/x",))]),)) == {}


def test_the_first_page_tells_them_apart() -> None:
    page = build(record(), Translator("en"))
    cell = next(block for block in page.summary if isinstance(block, Table)).rows[0][-1]
    assert cell.text == "2 packages asked for, 1 file by roles"
    assert cell.note == "came along: 3 components, 5 settings"
    unknown = tuple(structs.replace(part, asked=None) for part in record().components)
    page = build(structs.replace(record(), components=unknown), Translator("en"))
    cell = next(block for block in page.summary if isinstance(block, Table)).rows[0][-1]
    assert (cell.text, cell.note) == ("5 components, 1 file by roles, 5 settings", "")


@pytest.mark.parametrize("suffix", ["html", "md"])
def test_the_lines_of_a_changed_file_are_shown(suffix: str) -> None:
    content = render(record(), suffix, "en").decode()
    assert "-PASS\\_MAX\\_DAYS" in content or "-PASS_MAX_DAYS" in content
    assert content.index("99999") < content.index("12 more lines") < content.index("365")
    assert ('<span class="added">+PASS_MAX_DAYS' in content) is (suffix == "html")


def test_a_script_in_a_changed_line_is_text() -> None:
    evil = Setting("web1", "file", "/etc/x", "changed", "a", "b", ("+<script>alert(1)</script>",))
    assert "<script>alert(1)" not in render(structs.replace(record(), settings=(evil,)), "html", "en").decode()


def test_a_column_in_which_nothing_stands_is_left_out() -> None:
    """What came was not there before; where something changed, the column is there."""
    text = render(outputs.record("delivered"), "md", "nl").decode()

    def heads(caption: str) -> str:
        return text.partition(f"**{caption}**\n\n")[2].splitlines()[0]

    assert heads("Luisterende poorten op web1") == "| Naam | Wijziging | Na |"
    assert heads("Diensten op web1") == "| Naam | Wijziging | Voor | Na |"
    case = render(outputs.record("incident_closed"), "md", "nl").decode()
    assert "| Impact | Urgentie | Bijzonderheden | Door |" in case


def test_settings_of_a_kind_that_this_toolkit_does_not_know_are_shown_too() -> None:
    made = structs.replace(record(), settings=(Setting("web1", "to_come", "the key", "added", after="the words"),))
    text = render(made, "md", "en").decode()
    assert "the key" in text
    assert "the words" in text


def test_what_got_worse_says_what_it_was_at_the_delivery() -> None:
    check = {"id": "SSH-001", "title": "t", "status": "fail", "severity": "high", "area": "SSH"}
    delivered = {"record": "r0", "controls": {"SSH-001": "waived"}}
    journal = Lines().task("audit", data={"stage": "after", "checks": [check], "profile": "p", "reference": delivered})
    page = build(journal.finish(ok=1).record(), Translator("en"))
    tables = (b for section in page.sections for b in blocks(section.blocks) if isinstance(b, Table))
    [row] = next(table for table in tables if table.caption == "What got worse since the last delivery").rows
    assert (row[3].text, row[3].note) == ("with an exception", "r0")
