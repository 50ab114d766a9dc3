"""Keys wherever sshd looks for them, and accounts of any number and shell."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import account, home, ssh_key

RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAIQC7 x"


def tree(root: Path, **files: str) -> Machine:
    for path, text in files.items():
        place = root / path.replace("__", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return Machine(str(root), offline=True)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("", "home/jan/.ssh/authorized_keys"),
        ("", "home/jan/.ssh/authorized_keys2"),
        ("AuthorizedKeysFile\t/etc/keys/%u .ssh/other", "etc/keys/jan"),
        ("AuthorizedKeysFile\t/etc/keys/%u .ssh/other", "home/jan/.ssh/other"),
        ("AuthorizedKeysFile /etc/keys/%U/%%", "etc/keys/70000/%"),
        ("AuthorizedKeysFile %h/k", "home/jan/k"),
    ],
)
def test_keys_are_looked_for_where_sshd_does(tmp_path: Path, line: str, path: str) -> None:
    status = "Package: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2+deb12u3\n"
    files = {"etc/ssh/sshd_config": line + "\n", "var/lib/dpkg/status": status, path: RSA + "\n"}
    machine = tree(tmp_path, **{"etc/passwd": "jan:x:70000:70000::/home/jan:/bin/bash\n", "etc/group": "", **files})
    keys = ssh_key.look_up(machine, {"what": "authorized"})["keys"]
    assert [key.split()[:2] for key in keys] == [[f"/{path}:1", "ssh-rsa"]]


def test_a_person_has_any_number_and_a_shell_any_name(tmp_path: Path) -> None:
    rows = ["a:x:70000:1::/home/a:/bin/bash", "b:x:500:1::/home/b:/opt/nologin", "c:x:99:1::/:/usr/sbin/nologin",
            "nobody:x:65534:1::/none:", "d:x:1001:1::/home/d:"]  # fmt: skip
    machine = tree(tmp_path, **{"etc/passwd": "\n".join(rows) + "\n", "etc/group": ""})
    facts = account.look_up(machine, {"all": True})
    assert facts["system_login"] == ["b", "nobody"]
    assert facts["login"] == ["a", "b", "d", "nobody"]
    assert home.look_up(machine, {"what": "homes"})["missing"] == ["a: /home/a", "d: /home/d"]
