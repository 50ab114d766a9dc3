"""Files that a run takes its variables from: their digests for the record, their secrets for the redactor."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import (
    every_text,
    may_hold_secrets,
    secret_values,
)

SIZE_LIMIT = 16 * 1024 * 1024
"""Bytes. A larger file (an inventory cache, say) is neither read nor given a digest."""
SINGLY = 100
"""Directories with more files than this get one digest for all of them: 10,000 host_vars must not fill a line."""
_VAULTED = b"$ANSIBLE_VAULT;"
_EXTRA_FILE = re.compile(r"^@(.+)", re.S)


def inventory_files(sources: Iterable[str], playbook_directory: str) -> Iterator[list[str]]:
    """Groups of files that belong together: each inventory, each `group_vars` and each `host_vars`."""
    directories = [playbook_directory]
    for source in sources:
        if "," in source:
            continue  # a list of hosts
        path = os.path.abspath(source)
        if os.path.isdir(path):
            directories.append(path)
            yield [entry.path for entry in _entries(path) if entry.is_file()]
        elif os.path.isfile(path):
            directories.append(os.path.dirname(path))
            yield [path]
    for directory in dict.fromkeys(directories):
        for name in ("group_vars", "host_vars"):
            yield _below(os.path.join(directory, name))


def variables_of_all(directory: str) -> list[str]:
    """Files with variables of all hosts, beside the inventory in `directory`: where Ansible looks, in its order."""
    place = os.path.join(directory, "group_vars", "all")
    if os.path.isdir(place):
        return _below(place)
    return [path for path in (place, *(f"{place}.{end}" for end in ("yml", "yaml", "json"))) if os.path.isfile(path)][
        :1
    ]


def extra_files(arguments: Iterable[Any]) -> list[str]:
    """Files given with `-e @file`."""
    matches = (_EXTRA_FILE.match(str(argument)) for argument in arguments)
    return [os.path.abspath(os.path.expanduser(match[1])) for match in matches if match]


def role_files(role_path: str) -> list[str]:
    return [path for part in ("defaults", "vars") for path in _below(os.path.join(role_path, part))]


def listed_files(names: Iterable[Any], directory: str) -> list[str]:
    """`vars_files` of a play that can be found without filling in variables."""
    files = []
    for name in names:
        for choice in name if isinstance(name, list) else [name]:
            places = (os.path.join(directory, "vars", str(choice)), os.path.join(directory, str(choice)))
            path = next((place for place in places if os.path.exists(place)), None)
            if path is not None:
                files += _below(path) if os.path.isdir(path) else [path]
    return files


def digests(groups: Iterable[list[str]], contents: dict[str, bytes | None]) -> dict[str, str | None]:
    """Path -> SHA-256 of its bytes; a large group under its directory, as the digest of its `sha256  path` lines."""
    result: dict[str, str | None] = {}
    for group in groups:
        group_digests = {path: digest(contents.get(path)) for path in group}
        if len(group) <= SINGLY:
            result |= group_digests
        else:
            lines = "".join(f"{sha256}  {path}\n" for path, sha256 in group_digests.items())
            result[os.path.commonpath(group) + os.sep] = digest(lines.encode("utf-8", "surrogateescape"))
    return result


def read(path: str) -> bytes | None:
    """The bytes, or None when it is no readable file of a sensible size."""
    with contextlib.suppress(OSError):
        if os.path.getsize(path) <= SIZE_LIMIT and os.path.isfile(path):
            with open(path, "rb") as file:
                return file.read()
    return None


def secrets(path: str, content: bytes | None, loader: Any) -> set[str]:
    """Secret values in a file of variables: all of it when the file is in the vault, else by name and by `!vault`."""
    if content is None or not (content.startswith(_VAULTED) or may_hold_secrets(content)):
        return set()
    try:
        # Never from or into Ansible's cache of files: what it keeps there differs by how it was asked for.
        loaded = loader.load_from_file(path, cache="none")
    except Exception:  # no YAML or no password: Ansible says so itself when it needs the file
        return set()
    if content.startswith(_VAULTED):
        return every_text(loaded)
    return secret_values(loaded) if isinstance(loaded, dict) else set()


def _entries(directory: str) -> list[os.DirEntry[str]]:
    with contextlib.suppress(OSError):
        return sorted(
            (entry for entry in os.scandir(directory) if not entry.name.startswith(".")), key=lambda entry: entry.name
        )
    return []


def _below(directory: str) -> list[str]:
    """Files in the directory and what is below it, in order, hidden ones left out."""
    files = []
    for entry in _entries(directory):
        if entry.is_dir(follow_symlinks=False):
            files += _below(entry.path)
        elif entry.is_file():
            files.append(entry.path)
    return files


def digest(content: bytes | None) -> str | None:
    """SHA-256 in hexadecimal; None for what could not be read."""
    return None if content is None else hashlib.sha256(content).hexdigest()
