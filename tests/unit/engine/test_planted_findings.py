"""What planted faults brought to light, kept small: each of these once was wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import cron, firewall, web_certificate


def write(root: Path, **files: str) -> Machine:
    for name, text in files.items():
        path = root / "etc/nginx" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Machine(root=str(root))


def test_a_snippet_that_nothing_includes_does_not_count(tmp_path: Path) -> None:
    machine = write(tmp_path, snippets__snakeoil="ssl_certificate /etc/ssl/certs/ssl-cert-snakeoil.pem;\n")
    assert web_certificate.named(machine) == []


def test_a_snippet_that_a_site_includes_counts(tmp_path: Path) -> None:
    machine = write(
        tmp_path,
        snippets__tls="  ssl_certificate /etc/ssl/wiki.pem;\n",
        **{"sites-enabled__wiki": "server {\n  include snippets/tls;\n}\n"},
    )
    assert web_certificate.named(machine) == ["/etc/ssl/wiki.pem"]


def test_a_job_of_root_that_somebody_else_owns_is_told(tmp_path: Path) -> None:
    for name, text in {"etc/crontab": "7 3 * * * root /opt/job\n", "opt/job": "#!/bin/sh\n"}.items():
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    if os.geteuid() == 0:
        os.chown(path, 5, 5)
    facts = cron.look_up(Machine(root=str(tmp_path)), {"what": "root_jobs"})
    assert any("belongs to" in line for line in facts["writable"]), facts


def test_front_ends_are_known_without_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: Machine) -> None:
        raise UnreadableError("there is no command nft")

    monkeypatch.setattr(firewall.nftables, "ruleset", missing)
    shown = Completed(0, "Id=ufw.service\nUnitFileState=enabled\n\nId=nftables.service\nUnitFileState=disabled\n")
    monkeypatch.setattr(Machine, "run", lambda *_, **__: shown)
    facts = firewall.look_up(Machine(), {})
    assert facts["front_ends"] == ["ufw"]
    assert isinstance(facts["stateful"], UnreadableError)
