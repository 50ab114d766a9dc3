"""From the path of a site file to what Ansible gets: the only module here that reads files of the admin."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible_collections.oplever.lab.plugins.plugin_utils import yaml_text
from ansible_collections.oplever.lab.plugins.plugin_utils.site import (
    building,
    checking,
    output,
    reading,
    vault,
)
from ansible_collections.oplever.lab.plugins.plugin_utils.site.problems import Report, SiteError, dotted
from ansible_collections.oplever.lab.plugins.plugin_utils.site.roles import COLLECTION, Roles
from ansible_collections.oplever.lab.plugins.plugin_utils.site.trust import LOADER_OPTIONS

PLUGIN = "oplever.lab.site"


def site_file(path: str, loader: Any) -> output.Inventory:
    """Groups, machines and variables of the site in the file. Raises SiteError with every problem in it."""
    shown = shown_path(path)
    directory = os.path.dirname(os.path.abspath(path))
    places = _places(shown, path, loader)
    report = Report(places)
    for key_path, place, first in places.duplicates:
        report.add_at(place, f"{dotted(key_path)}: stands here for the second time; the first is on line {first.line}")
    report.raise_any()
    data = _values(path, loader, places)
    if not isinstance(data, dict) or data.get("plugin") != PLUGIN:
        name = data.get("plugin") if isinstance(data, dict) else None
        wrong = f"must be {PLUGIN}, not {checking.shown(name)}" if name else f"is missing; write plugin: {PLUGIN}"
        report.add(("plugin",), wrong)
        report.raise_any()
    roles = Roles(entries(), _role_paths(directory), constants.COLLECTIONS_PATHS)
    site = building.build(data, roles, report, lambda name: _beside(directory, name))
    result = output.inventory(site, roles, directory, report)
    report.raise_any()
    return result


def shown_path(path: str) -> str:
    """As people would write it from where they are."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def entries() -> list[dict[str, Any]]:
    """The one list of roles."""
    text = (COLLECTION / "playbooks/vars/roles.yml").read_text(encoding="utf-8")
    return list(yaml_text.parse(text)["oplever_roles"])


def _places(shown: str, path: str, loader: Any) -> reading.Places:
    try:
        # A file in the vault is decrypted into a temporary one, which Ansible removes.
        text = Path(loader.get_real_file(path)).read_text(encoding="utf-8-sig")
        return reading.find_places(shown, text)
    except UnicodeDecodeError as problem:
        raise SiteError([f"{shown}:1:1: is not UTF-8: {problem.reason}; save it as UTF-8"]) from None
    except reading.YamlError as problem:
        place = problem.place
        raise SiteError([f"{place.file}:{place.line}:{place.column}: {problem}"]) from None
    except OSError as problem:
        raise SiteError([f"{shown}:1:1: cannot be read: {problem}"]) from None
    except AnsibleError as problem:
        raise SiteError([f"{shown}:1:1: {vault.sentence(problem, loader)}"]) from None


def _values(path: str, loader: Any, places: reading.Places) -> Any:
    """Raises SiteError, also for a value that cannot be decrypted: of that Ansible tells later, without a place."""
    try:
        values = loader.load_from_file(path, cache="none", **LOADER_OPTIONS)
    except AnsibleError as problem:
        place = (
            places.of(min(places.vaulted, default=(), key=str)) if "vault" in str(problem).lower() else places.of(())
        )
        line = vault.sentence(problem, loader) if places.vaulted else str(problem).splitlines()[0]
        raise SiteError([f"{place.file}:{place.line}:{place.column}: {line}"]) from None
    report = Report(places)
    for value_path in places.vaulted:
        try:
            str(_value(values, value_path))
        except AnsibleError as problem:
            report.add(value_path, vault.sentence(problem, loader))
    report.raise_any()
    return values


def _value(values: Any, path: reading.Path) -> Any:
    for key in path:
        try:
            values = values[key]
        except (LookupError, TypeError):  # it came along with an anchor, and another one goes before it
            return None
    return values


def _role_paths(directory: str) -> list[str]:
    """Where the admin's own roles are: beside the site file, then where Ansible looks."""
    return [os.path.join(directory, "roles"), *(constants.DEFAULT_ROLES_PATH or [])]


def _beside(directory: str, name: str) -> str:
    """The text of a file beside the site file. Raises OSError or ValueError."""
    return Path(directory, os.path.expanduser(name)).read_text(encoding="utf-8")
