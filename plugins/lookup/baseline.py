# Copyright: The Oplever team; MIT licence
"""oplever.lab.baseline: the security profile of one machine, for the module oplever.lab.checks."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: baseline
short_description: The security profile of this machine
version_added: "0.1.0"
description:
  - Gives the controls of the profile in C(harden_profile) (or C(oplever_profile)) that hold for this machine, the
    values of its parameters, the exceptions from C(oplever_exceptions) and from the file C(exceptions.yml) beside the
    inventory or else in the directory of C(ansible.cfg), and how the controls stood when the machine was last
    delivered.
  - Needs no facts. A mistake in a variable or in the file of exceptions is an error that names it.
options:
  _terms:
    description: The keys to return; without any, the whole dictionary.
    type: list
    elements: str
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Security baseline
  oplever.lab.checks:
    baseline: "{{ lookup('oplever.lab.baseline') }}"

- name: Its parameters alone
  ansible.builtin.debug:
    msg: "{{ lookup('oplever.lab.baseline', 'parameters') }}"
"""

RETURN = r"""
_raw:
  description: One dictionary with C(profile), C(profile_version), C(checks), C(parameters), C(remedied) (ids whose
    remedy is wanted), C(exceptions), C(reference) and C(host); or the parts of it that were asked.
  type: list
  elements: raw
"""

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.oplever.lab.plugins.plugin_utils import baseline, delivered
from ansible_collections.oplever.lab.plugins.plugin_utils.assignment import EXCEPTIONS
from ansible_collections.oplever.lab.plugins.plugin_utils.shared import project

FILES = Path(__file__).resolve().parents[2] / "roles/harden/files"
PROFILE = "debian-basis"
RULES = ("firewall_allow", "firewall_services")
LISTS = ("harden_areas", "harden_skip", "harden_purposes")


class LookupModule(LookupBase):
    """Runs on the controller alone."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        host_variables = {} if variables is None else variables
        try:
            profile = self._profile(host_variables)
            baseline.require_known("oplever.lab.baseline", terms, profile)
            return [profile[term] for term in terms] if terms else [profile]
        except baseline.BaselineError as problem:
            raise AnsibleError(str(problem)) from None

    def _profile(self, variables: dict[str, Any]) -> dict[str, Any]:
        name = str(self._value(variables, "harden_profile") or self._value(variables, "oplever_profile") or PROFILE)
        every, profiles = _controls(), _profiles()
        baseline.require_known("harden_profile", [name], profiles)
        areas, skip, purposes = (list(self._value(variables, key) or []) for key in LISTS)
        ids = [control["id"] for control in every]
        baseline.require_known("harden_areas", areas, {control["area"] for control in every})
        baseline.require_known("harden_skip", skip, ids)
        baseline.require_known("harden_purposes", purposes, _purposes())
        profile = profiles[name]
        checks = baseline.controls(every, profile["level"], areas, purposes)
        host = str(variables.get("inventory_hostname", ""))
        return {
            "profile": name,
            "profile_version": profile["version"],
            "checks": checks,
            "parameters": self._parameters(variables, profile["parameters"]),
            "remedied": [check["id"] for check in checks if check["id"] not in skip],
            "exceptions": self._exceptions(variables, ids, host),
            "reference": delivered.controls(delivered.directory(), host, delivered.least_stage()),
            "host": host,
        }

    def _parameters(self, variables: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
        """The values of the profile, each replaced by `harden_<name>` where the site gives it."""
        site_values = {
            name: self._value(variables, f"harden_{name}") for name in defaults if f"harden_{name}" in variables
        }
        if "harden_ports" not in variables:
            rules = [rule for name in RULES for rule in self._value(variables, name) or []]
            allowed = [rule.get("port") for rule in rules]
            site_values["ports"] = baseline.ports(defaults["ports"], [self._value(variables, "ansible_port"), *allowed])
        return {**defaults, **site_values}

    def _value(self, variables: dict[str, Any], name: str) -> Any:
        return self._templar.template(variables[name]) if name in variables else None

    def _exceptions(self, variables: dict[str, Any], ids: list[str], host: str) -> list[dict[str, Any]]:
        groups = variables.get("groups", {})
        rows = baseline.exceptions(
            self._value(variables, "oplever_exceptions") or [], "oplever_exceptions", ids, groups
        )
        named = self._value(variables, "oplever_exceptions_file")
        if named and not Path(str(named)).is_file():
            raise baseline.BaselineError(f"oplever_exceptions_file: there is no file {named}")
        if path := Path(str(named)) if named else _file_of_exceptions(variables.get("inventory_dir")):
            rows += baseline.exceptions(_loaded(path), str(path), ids, groups)
        return baseline.granted_to(rows, host, list(variables.get("group_names", [])))


def _file_of_exceptions(inventory_dir: Any) -> Path | None:
    """`exceptions.yml` beside the inventory, else in the directory of the project."""
    places = (inventory_dir and f"{inventory_dir}/{EXCEPTIONS}", project.beside(project.current(), EXCEPTIONS))
    return next((Path(place) for place in places if place and Path(place).is_file()), None)


def _loaded(path: Path) -> Any:
    try:
        with path.open(encoding="utf-8") as stream:
            return yaml.load(stream, Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise baseline.BaselineError(f"{path} cannot be read: {problem}") from None


@cache
def _controls() -> list[dict[str, Any]]:
    return _once_a_run("controls", _read_controls)


def _read_controls() -> list[dict[str, Any]]:
    return [control for path in sorted((FILES / "baseline").glob("*.yml")) for control in _loaded(path)]


def _once_a_run(name: str, read: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What `read` gives, kept in the directory that Ansible makes for a run and removes after it. Each task on each
    machine has a process of its own, and YAML of this size takes forty times as long to read as JSON."""
    kept = Path(constants.DEFAULT_LOCAL_TMP) / f"oplever-{name}.json"
    try:
        rows: list[dict[str, Any]] = json.loads(kept.read_bytes())
    except (OSError, ValueError):
        rows = read()
        draft = kept.with_suffix(f".{os.getpid()}")
        try:
            draft.write_text(json.dumps(rows), encoding="utf-8")
            draft.replace(kept)
        except OSError:
            draft.unlink(missing_ok=True)
    return rows


@cache
def _profiles() -> dict[str, dict[str, Any]]:
    profiles = [_loaded(path) for path in sorted((FILES / "profiles").glob("*.yml"))]
    return {profile["profile"]: profile for profile in profiles}


def _purposes() -> set[str]:
    return {name for control in _controls() for key in ("not_for", "only_for") for name in control.get(key, [])}
