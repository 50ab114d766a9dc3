"""Certificates that a web server shows: only what its configuration takes in counts."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import web_certificate


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
