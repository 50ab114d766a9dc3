"""A wiki and a room of workstations as delivered, with the cards that their roles declare: the input of tests of
handouts, instructions and questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils import handout
from golden.journal import Journal, check

ROLES = Path(__file__).resolve().parents[1] / "roles"
RECORD = "20261123T100000Z-site-e00002"
ADDRESS = "http://wiki.school.example/"
ROOM = {"ws1": ["room_014"], "ws2": ["room_014"]}
Tests = dict[str, str]
PASSING: Tests = {"dokuwiki.page": "pass", "dokuwiki.login.docent": "pass"}


def journal(
    wiki: Tests | None = None, *, identifier: str = RECORD, address: str = ADDRESS, **start: Any
) -> list[bytes]:
    """The lines of a run that delivers a wiki on web1 and a browser in room 0.14; `wiki` are tests of the wiki with
    their results."""
    lines = Journal(identifier, **start)
    lines.play("School", {"web1": ["wiki_servers"], **ROOM})
    for role, hosts in (("dokuwiki", ["web1"]), ("workstation", list(ROOM)), ("browser", list(ROOM))):
        name = f"oplever.lab.{role}"
        lines.add("role", role=name, **{"handout": [], **handout.read(str(ROLES / role))})
        lines.task(f"Install {role}", "ansible.builtin.apt", role=name)
        for host in hosts:
            lines.result(host, "changed")
    results = [
        check(test, status, source="http", subject=address, endpoint="tcp 127.0.0.1 80")
        for test, status in (PASSING if wiki is None else wiki).items()
    ]
    if results:
        lines.checks("web1", "after", "dokuwiki", results)
    for host in ROOM:
        lines.checks(host, "after", "workstation", [check("workstation.spelling")])
        lines.checks(host, "after", "browser", [check("browser.opens")])
    lines.finish()
    return lines.lines


def store(base: Path, lines: list[bytes], name: str = RECORD) -> Path:
    """A directory of a record with this journal."""
    directory = base / name
    directory.mkdir(parents=True)
    (directory / "journal.jsonl").write_bytes(b"".join(lines))
    return directory
