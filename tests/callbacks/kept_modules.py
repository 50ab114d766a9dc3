"""Keep the archives in which Ansible sends its modules, for the next command that starts.

Ansible makes the archive of a module once for each start of a command, from some fifty sources that it has to parse:
0.1 to 0.4 s of processor time for each kind of module. `tools/pool` names this directory to the programs that it
starts; nobody else does. Archives are kept in `.cache/modules/`, apart for each version of Ansible and each state of
the sources, as hard links where that can be: an archive is there as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import ansible
from ansible import constants
from ansible.plugins.callback import CallbackBase

PLACE = Path(__file__).resolve().parents[2] / ".cache/modules"
NAMES = ("ansible.modules.", "ansible_collections.")
"""How the archives begin that are kept. What lies beside a playbook has other names, or names that others have too."""


def state() -> str:
    """What the sources of the modules are: names, times and sizes of those of this collection, wherever Ansible loads
    it from, and when anything was installed beside Ansible."""
    try:
        collection = list(importlib.import_module("ansible_collections.oplever.lab").__path__)
    except ImportError:
        collection = []
    packages = Path(ansible.__file__).parents[1]
    words = [ansible.__version__, sys.version, str(packages), str(packages.stat().st_mtime_ns)]
    for top in sorted(f"{path}/plugins/{kind}" for path in collection for kind in ("modules", "module_utils")):
        for directory, _, files in sorted(os.walk(top)):
            for name in sorted(name for name in files if name.endswith(".py")):
                entry = os.stat(f"{directory}/{name}")
                words += [f"{directory}/{name}", str(entry.st_mtime_ns), str(entry.st_size)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


def whole(directory: Path) -> Iterator[Path]:
    """The archives in a directory that are finished."""
    for path in directory.glob("*"):
        if path.name.startswith(NAMES) and not path.name.endswith((".lock", "-part")):
            yield path


def share(source: Path, target: Path) -> None:
    """Have what lies in one directory in the other one too. Nothing of this is worth an error of the command."""
    with contextlib.suppress(OSError):
        target.mkdir(parents=True, exist_ok=True)
        for path in whole(source):
            link(path, target / path.name)


def link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except FileExistsError:
        return
    except OSError:  # on another file system
        part = target.with_name(f"{target.name}.{os.getpid()}-part")
        shutil.copyfile(path, part)
        part.rename(target)


class CallbackModule(CallbackBase):
    """Linked before the first play, and back after the last one."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "kept_modules"

    def v2_playbook_on_start(self, playbook: object) -> None:
        self.private = Path(constants.DEFAULT_LOCAL_TMP) / "ansiballz_cache"
        self.kept = PLACE / state()
        share(self.kept, self.private)

    def v2_playbook_on_stats(self, stats: object) -> None:
        share(self.private, self.kept)
