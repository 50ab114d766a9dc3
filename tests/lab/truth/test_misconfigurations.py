"""Every planted misconfiguration is named by its control on a machine that runs, and no longer when it is undone.

Planted over SSH on both releases, those together that do not meet; the check engine is asked on the machine, which is
told that it is no container and serves nobody, so that no control is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ..conftest import Lab  # type: ignore[import-not-found]
from ..planted.plants import controls
from .changes import HOSTS
from .line import Line, on_each
from .misconfigurations import Misconfiguration, harmless, misconfigurations, named, named_wrongly, rounds

pytestmark = pytest.mark.truth
ROUNDS, HARMLESS = rounds(misconfigurations()), rounds(harmless())
PLACES = "/etc /opt /usr/local $(ls -d /var/spool/cron 2>/dev/null)"
# The copy that usermod and the like leave is of the state before theirs.
FILES = f"find {PLACES} -xdev -type f ! -path '/etc/*-' -exec md5sum {{}} + 2>/dev/null | sort -k 2"
NO_UPDATES = ("systemctl", "mask", "--runtime", "apt-daily.service", "apt-daily-upgrade.service")
NEEDED = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y", "install", "acl")
Results = dict[str, dict[str, dict[str, Any]]]
"""Machine -> control -> result."""


@dataclass(frozen=True)
class Servers:
    """The two servers of the lab, and what the audit says and which settings they have when nothing is planted."""

    lines: dict[str, Line]
    results: Results
    files: dict[str, set[str]]


@pytest.fixture(scope="module")
def servers(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Delivered and hardened, with what the lines that plant need. No update comes between two looks."""
    lab.ansible("playbooks/lab_up.yml")
    lab.ansible("playbooks/site.yml", "--limit", "servers", "-e", "oplever_audit=false")
    sockets = tmp_path_factory.mktemp("ssh")
    lines = {host: Line(lab, host, sockets) for host in HOSTS.values()}
    on_each(lines, lambda line: line.run(*NO_UPDATES))
    on_each(lines, lambda line: line.run(*NEEDED))
    on_each(lines, Line.bring_engine)
    chosen = {control for group in ROUNDS + HARMLESS for entry in group for control in entry.controls}
    yield Servers(lines, audit(lines, chosen), files(lines))
    on_each(lines, Line.close)


def audit(lines: dict[str, Line], chosen: set[str]) -> Results:
    checks = [controls()[name] for name in sorted(chosen)]
    return on_each(lines, lambda line: line.audit(checks))


def files(lines: dict[str, Line]) -> dict[str, set[str]]:
    """Machine -> its settings, each file with its digest."""
    return on_each(lines, lambda line: set(line.run("sh", "-c", FILES).splitlines()))


@pytest.mark.parametrize("number", range(len(ROUNDS)))
def test_it_is_named_and_no_longer_when_it_is_undone(servers: Servers, number: int) -> None:
    assert wrong(servers, ROUNDS[number]) == {}


@pytest.mark.parametrize("number", range(len(HARMLESS)))
def test_what_does_no_harm_is_not_named(servers: Servers, number: int) -> None:
    assert wrong(servers, HARMLESS[number]) == {}


def wrong(servers: Servers, entries: list[Misconfiguration]) -> dict[str, Any]:
    """What is not as it must be when these are planted and undone: lines by machine and entry."""
    planted = {host: [entry for entry in entries if entry.on(host)] for host in servers.lines}
    chosen = {control for entry in entries for control in entry.controls}
    lines: dict[str, Any] = step(servers.lines, planted, "plant")
    during = audit(servers.lines, chosen)
    lines |= step(servers.lines, planted, "undo")
    after, files_after = audit(servers.lines, chosen), files(servers.lines)
    for host, some in planted.items():
        was, came_back = servers.results[host], after[host]
        told = {entry.id: named(entry, during[host]) + named_wrongly(entry, was, during[host]) for entry in some}
        lines |= {f"{host} {name}": texts for name, texts in told.items() if texts}
        changed = [name for name in chosen if (was[name]["status"], was[name]["found"])
                   != (came_back[name]["status"], came_back[name]["found"])]  # fmt: skip
        changed += sorted(servers.files[host] ^ files_after[host])
        lines |= {f"{host} after the undo": changed} if changed else {}
    return lines


def step(lines: dict[str, Line], planted: dict[str, list[Misconfiguration]], name: str) -> dict[str, str]:
    """Run one of the steps of all entries: which of them failed, and with what words."""
    scripts = {host: [(entry.id, getattr(entry, name)) for entry in entries] for host, entries in planted.items()}
    failed = on_each(lines, lambda line: line.shell(scripts[line.host]))
    return {
        f"{host} {name} {entry}": text
        for host, texts in failed.items()
        for entry, text in texts.items()
    }  # fmt: skip
