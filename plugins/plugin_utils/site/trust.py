"""Texts of this collection that Ansible may fill in as templates."""

from __future__ import annotations

from typing import Any

try:
    from ansible.template import trust_as_template

    LOADER_OPTIONS: dict[str, Any] = {"trusted_as_template": True}
    """For DataLoader.load_from_file: what stands in the file of an admin is the admin's own."""
except ImportError:  # ansible-core before 2.19 takes every text as a template
    LOADER_OPTIONS = {}

    def trust_as_template(value: str) -> str:
        return value


def trusted(value: Any) -> Any:
    """The value with its texts marked as templates, as the loader of Ansible does with a file of variables."""
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, dict):
        return {key: trusted(item) for key, item in value.items()}
    return [trusted(item) for item in value] if isinstance(value, list) else value
