"""The machines of the lab as a site file describes them, for tests that write one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab.conftest import Lab

HEAD = """\
plugin: oplever.lab.site
domain: lab.example
networks:
  lab: {{cidr: {subnet}.0/24, gateway: {subnet}.1}}
connection: {{user: beheer, key: {files}/id_ed25519, known_hosts: {files}/known_hosts}}
"""
"""How every such file begins, to be filled in with `SiteFile.facts`."""
FACTS = "msg={{ {'subnet': lab_subnet, 'files': lab_files, 'forwarders': dns_forwarders} | to_json }}"


class SiteFile:
    """A site file at `path`. `facts` of the lab: its `subnet`, `files` to log in with, and `forwarders`."""

    def __init__(self, lab: Lab, path: Path) -> None:
        self.lab, self.path = lab, path
        answer = lab.adhoc("srv1", "-m", "ansible.builtin.debug", "-a", FACTS)
        self.facts: dict[str, Any] = json.loads(json.loads(answer.partition("=> ")[2])["msg"])
        self.subnet: str = self.facts["subnet"]

    def shell(self, host: str, command: str) -> str:
        return self.lab.adhoc(host, "-i", str(self.path), "-m", "ansible.builtin.shell", "-a", command)
