#!/usr/bin/env python3
"""Make the keys of a lab as the user who runs it: `keys.py DIRECTORY SUBNET < machines.json`.

One key to log in with, one host key per machine, and the known_hosts that ties them to addresses, so that host key
checking stays on. Prints `{"changed": bool, "host_keys": {machine: private key}}`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def make_key(path: Path, comment: str) -> bool:
    if path.exists() and path.with_suffix(".pub").exists():
        return False
    path.unlink(missing_ok=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return True


def main() -> int:
    directory, subnet = Path(sys.argv[1]), sys.argv[2]
    machines = json.load(sys.stdin)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    changed = make_key(directory / "id_ed25519", "oplever lab")
    known, private = [], {}
    for machine in machines:
        key = directory / f"host_{machine['name']}"
        changed |= make_key(key, machine["name"])
        algorithm, public = key.with_suffix(".pub").read_text().split()[:2]
        known.append(f"{subnet}.{machine['address']},{machine['name']} {algorithm} {public}\n")
        private[machine["name"]] = key.read_text()
    known_hosts = directory / "known_hosts"
    if not known_hosts.exists() or known_hosts.read_text() != "".join(known):
        known_hosts.write_text("".join(known))
        changed = True
    print(json.dumps({"changed": changed, "host_keys": private}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
