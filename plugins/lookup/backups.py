# Copyright: The Oplever team; MIT licence
"""oplever.lab.backups: what roles declare that a backup of their machine must hold."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: backups
short_description: What roles declare that a backup of their machine must hold
version_added: "0.1.0"
description:
  - Reads C(backup) in C(meta/oplever.yml) of each role. Left out are roles that declare nothing, those that the machine
    no longer has (C(<role>_state) is C(absent)), and those whose C(when) names an option that is empty.
options:
  _terms:
    description: Roles of this collection by name, other roles as C(include_role) takes them.
    type: list
    elements: str
    required: true
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Show what is backed up
  ansible.builtin.debug:
    msg: "{{ lookup('oplever.lab.backups', 'mariadb', 'nginx', wantlist=true) }}"
"""

RETURN = r"""
_raw:
  description: For each role C(role), C(paths), and C(command) that must go before, or an empty text.
  type: list
  elements: dict
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible.utils.collection_loader._collection_finder import _get_collection_role_path

ROLES = Path(__file__).resolve().parents[2] / "roles"


class LookupModule(LookupBase):
    """Answers on the controller."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        return list(self._declared(terms, variables or {}))

    def _declared(self, terms: list[str], variables: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for term in terms:
            directory = place(term)
            declared = self._content(directory / "meta/oplever.yml").get("backup")
            if not isinstance(declared, dict):
                continue
            defaults = self._content(directory / "defaults/main.yml")
            options = [f"{directory.name}_{name}" for name in ("state", declared.get("when")) if name]
            values = [self._templar.template(variables.get(name, defaults.get(name, ""))) for name in options]
            if values[0] != "absent" and all(values[1:]):
                yield {
                    "role": directory.name,
                    "paths": list(declared.get("paths") or []),
                    "command": str(declared.get("before") or ""),
                }

    def _content(self, path: Path) -> Mapping[str, Any]:
        """A file of a role; empty when it has none."""
        loaded = self._loader.load_from_file(str(path)) if path.is_file() else {}
        return loaded if isinstance(loaded, Mapping) else {}


def place(term: str) -> Path:
    """The directory of a role. Raises AnsibleError when there is none."""
    if "/" in term:
        return Path(term)
    if "." in term:
        resource = _get_collection_role_path(term)
        if resource is None:
            raise AnsibleError(f"There is no role {term}.")
        return Path(resource[1])
    if not (ROLES / term).is_dir():
        raise AnsibleError(f"There is no role {term} in this collection.")
    return ROLES / term
