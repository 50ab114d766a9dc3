"""Why a setting differs, as far as the record can tell: a role wrote the file, or it came with a package. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from oplever._shared.differences import LINK
from oplever.record.model import Component, Record, Setting, Step

Origin = Literal["role", "package", "link", "directory", "other"]
"""`other` is a file that a script of a package or a command made; or a role, where the journal does not say which files
a step changed."""
FILES = ("file", "outside")
"""Kinds of settings that are files."""
_HEADED = re.compile(r" \((?:content|file attributes)\)$")
_OF_PACKAGE = " brought it"

Writers = Mapping[tuple[str, str], str]
"""Machine and path -> the role that changed the file, or the step of a playbook without roles."""


def writers(steps: tuple[Step, ...]) -> Writers:
    """Which role changed a file last, by what modules say that they changed."""
    by_file: dict[tuple[str, str], str] = {}
    for step in steps:
        for result in step.results:
            if result.status != "changed" or not (result.files or result.changes):
                continue
            names = (*result.files, *(_HEADED.sub("", change.name) for change in result.changes))
            by_file.update({(result.host, name): step.role or step.name for name in names if name.startswith("/")})
    return by_file


def origin(setting: Setting, by_file: Writers) -> Origin:
    if (setting.host, setting.name) in by_file:
        return "role"
    value = setting.after or setting.before
    if value.startswith(LINK):
        return "link"
    if value.startswith("directory "):
        return "directory"
    return "package" if value.endswith(_OF_PACKAGE) else "other"


class Changed(NamedTuple):
    """What changed on a machine. `asked` is how many of the packages were asked for (None: nobody knows), `by_roles`
    how many of the settings are files that roles wrote."""

    components: int
    asked: int | None
    settings: int
    by_roles: int


def changed(record: Record, by_file: Writers) -> dict[str, Changed]:
    """Of each machine that changed."""
    components = Counter(component.host for component in record.components)
    settings = Counter(setting.host for setting in record.settings)
    asked = Counter(component.host for component in record.components if component.asked)
    unknown = {
        component.host for component in record.components if component.kind == "package" and component.asked is None
    }
    roles = Counter(s.host for s in record.settings if s.kind in FILES and origin(s, by_file) == "role")
    return {
        host: Changed(components[host], None if host in unknown else asked[host], settings[host], roles[host])
        for host in components | settings
    }


def apart(packages: Sequence[Component]) -> tuple[list[Component], list[Component]]:
    """Packages that were asked for, and those that came along; where nobody knows, all of them are the second."""
    return [p for p in packages if p.asked], [p for p in packages if not p.asked]
