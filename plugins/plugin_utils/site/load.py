"""From the path of a site file to what Ansible gets: the only module here that reads files of the admin."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible_collections.oplever.lab.plugins.plugin_utils.site import building, checking, declaration, output, reading
from ansible_collections.oplever.lab.plugins.plugin_utils.site.problems import Report, SiteError, dotted
from ansible_collections.oplever.lab.plugins.plugin_utils.site.roles import COLLECTION, Roles
from ansible_collections.oplever.lab.plugins.plugin_utils.site.trust import LOADER_OPTIONS

PLUGIN = "oplever.lab.site"


def site_file(path: str, loader: Any) -> output.Inventory:
    """Groups, machines and variables of the site in the file. Raises SiteError with every problem in it."""
    shown = os.path.relpath(path)
    shown = path if shown.startswith("..") else shown
    directory = os.path.dirname(os.path.abspath(path))
    places = _places(shown, path, loader)
    report = Report(places)
    for key_path, place, first in places.duplicates:
        report.add_at(place, f"{dotted(key_path)}: stands here for the second time; the first is on line {first.line}")
    report.raise_any()
    data = _values(shown, path, loader)
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


def entries() -> list[dict[str, Any]]:
    """The one list of roles."""
    text = (COLLECTION / "playbooks/vars/roles.yml").read_text(encoding="utf-8")
    return list(declaration.parse(text)["oplever_roles"])


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
    except (OSError, AnsibleError) as problem:
        raise SiteError([f"{shown}:1:1: cannot be read: {problem}"]) from None


def _values(shown: str, path: str, loader: Any) -> Any:
    try:
        return loader.load_from_file(path, cache="none", **LOADER_OPTIONS)
    except AnsibleError as problem:
        raise SiteError([f"{shown}:1:1: {str(problem).splitlines()[0]}"]) from None


def _role_paths(directory: str) -> list[str]:
    """Where the admin's own roles are: beside the site file, then where Ansible looks."""
    return [os.path.join(directory, "roles"), *(constants.DEFAULT_ROLES_PATH or [])]


def _beside(directory: str, name: str) -> str:
    """The text of a file beside the site file. Raises OSError or ValueError."""
    return Path(directory, os.path.expanduser(name)).read_text(encoding="utf-8")
