"""What a role gives people: `meta/handout.yml`, with lines to check at the handover, cards that say how to use it, and
words for what machines of a group are for.

A role without that file gives nothing, and neither does a part of it that is not as it should be: a record is made of
any playbook, and `oplever handout --lint` tells a role's author what is wrong.
"""

from __future__ import annotations

import os
from typing import Any

import yaml
from ansible_collections.oplever.lab.plugins.plugin_utils import yaml_text
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import one_line

FILE = os.path.join("meta", "handout.yml")
MOST_LINES = 10
MOST_CARDS = 12
MOST_STEPS = 10
MOST_VALUES = 8
MOST_TASKS = 12
LONGEST = 200
LANGUAGES = ("nl", "en")
SOURCES = ("test", "machine", "package")
"""Where a value on a card comes from: each is a key of `values.<name>`."""


def read(role_path: str) -> dict[str, list[Any] | dict[str, Any]]:
    """`handout` (a list of `{nl, en}`), `cards` and `tasks` (group -> `{nl, en}`), each only when the role has any; in
    the order of the file."""
    try:
        with open(os.path.join(role_path, FILE), encoding="utf-8") as file:
            content: Any = yaml_text.parse(file.read())
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    parts = content if isinstance(content, dict) else {"check": content}
    lines = [_line(row) for row in _rows(parts.get("check"))[:MOST_LINES] if _is_line(row)]
    cards = [card for row in _rows(parts.get("cards"))[:MOST_CARDS] if (card := _card(row))]
    declared = (("handout", lines), ("cards", cards), ("tasks", _tasks(parts.get("tasks"))))
    return {name: part for name, part in declared if part}


def _rows(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_line(row: object) -> bool:
    return isinstance(row, dict) and any(isinstance(row.get(language), str) for language in LANGUAGES)


def _line(row: dict[str, Any]) -> dict[str, str]:
    texts = ((language, row.get(language)) for language in LANGUAGES)
    return {language: one_line(text, LONGEST) for language, text in texts if isinstance(text, str)}


def _card(row: object) -> dict[str, Any] | None:
    """A card; None when it has no name, no title in both languages, or a step that is not one."""
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        return None
    title = _text(row.get("title"))
    steps = [_pair(step, "do", "see") for step in _rows(row.get("steps"))[:MOST_STEPS]]
    trouble = [_pair(case, "when", "do") for case in _rows(row.get("trouble"))[:MOST_STEPS]]
    if title is None or not steps or None in steps or any(case is None or "do" not in case for case in trouble):
        return None
    return {
        "id": one_line(row["id"], LONGEST),
        "audiences": _names(row.get("for")),
        "title": title,
        "everywhere": row.get("everywhere") is True,
        "proof": _names(row.get("proof")),
        "steps": steps,
        "trouble": trouble,
        "values": _values(row.get("values")),
    }


def _tasks(value: object) -> dict[str, dict[str, str]]:
    rows = list(value.items())[:MOST_TASKS] if isinstance(value, dict) else []
    return {one_line(group, LONGEST): text for group, row in rows if isinstance(group, str) and (text := _text(row))}


def _text(value: object) -> dict[str, str] | None:
    """A text in both languages: on a card nothing is missing in one of them."""
    text = _line(value) if isinstance(value, dict) else {}
    return text if len(text) == len(LANGUAGES) else None


def _pair(row: object, needed: str, other: str) -> dict[str, dict[str, str]] | None:
    if not isinstance(row, dict):
        return None
    texts = {name: text for name in (needed, other) if (text := _text(row.get(name)))}
    return texts if needed in texts else None


def _names(value: object) -> list[str]:
    names = [value] if isinstance(value, str) else _rows(value)
    return [one_line(name, LONGEST) for name in names[:MOST_STEPS] if isinstance(name, str)]


def _values(value: object) -> dict[str, dict[str, Any]]:
    values: dict[str, dict[str, Any]] = {}
    for name, source in list(value.items())[:MOST_VALUES] if isinstance(value, dict) else []:
        if isinstance(name, str) and isinstance(source, dict):
            texts = {key: one_line(source[key], LONGEST) for key in SOURCES if isinstance(source.get(key), str)}
            label = _text(source.get("label"))
            values[name] = {**texts, **({"label": label} if label else {})}
    return values
