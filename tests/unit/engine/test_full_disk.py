"""A file system on which nothing can be written any more is named: small real ones, in a mount namespace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ASK = """
import json
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import mount
print(json.dumps(mount.look_up(Machine(), {"all": True})["full"]()))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
@pytest.mark.parametrize(
    ("options", "filling", "found"),
    [
        ("size=1m", "head -c 1020k /dev/zero > {}/file", "{}: 0 MB of 1 MB free"),
        ("size=1m,nr_inodes=64", "for n in $(seq 63); do : > {}/$n; done", "{}: room for 0 files more"),
        ("size=1m", "head -c 900k /dev/zero > {}/file", ""),
        ("size=1m", "head -c 1020k /dev/zero > {0}/file; mount -o remount,ro {0}", ""),
        ("size=1m", "head -c 1020k /dev/zero > {0}/file; mkdir {0}.twice; mount --bind {0} {0}.twice",
         "{}: 0 MB of 1 MB free"),
    ],
    ids=["bytes", "files", "room left", "for reading only", "mounted twice"],
)  # fmt: skip
def test_only_what_is_full_is_named(tmp_path: Path, options: str, filling: str, found: str) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    script = f"set -e; mount -t tmpfs -o {options} tmpfs {place}; {filling.format(place)}; exec {sys.executable} -"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], input=ASK, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "collections")},
    )  # fmt: skip
    texts = [text for text in json.loads(done.stdout) if str(tmp_path) in text]
    assert texts == ([found.format(place)] if found else [])
