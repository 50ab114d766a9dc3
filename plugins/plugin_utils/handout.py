"""What a role gives a user to check when the work is handed over: `meta/handout.yml`, lines in Dutch and English.

A role without that file gives nothing, and so does a file that is not such a list: a record is made of any playbook.
"""

from __future__ import annotations

import os
from typing import Any

import yaml
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import one_line

FILE = os.path.join("meta", "handout.yml")
MOST_LINES = 10
LONGEST = 200
LANGUAGES = ("nl", "en")


def lines(role_path: str) -> list[dict[str, str]]:
    """`{nl, en}` for each line, in the order of the file."""
    try:
        with open(os.path.join(role_path, FILE), encoding="utf-8") as file:
            content: Any = yaml.safe_load(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []
    rows = content if isinstance(content, list) else []
    return [_line(row) for row in rows[:MOST_LINES] if _is_line(row)]


def _is_line(row: object) -> bool:
    return isinstance(row, dict) and any(isinstance(row.get(language), str) for language in LANGUAGES)


def _line(row: dict[str, Any]) -> dict[str, str]:
    texts = ((language, row.get(language)) for language in LANGUAGES)
    return {language: one_line(text, LONGEST) for language, text in texts if isinstance(text, str)}
