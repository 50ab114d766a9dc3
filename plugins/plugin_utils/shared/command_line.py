"""The command line as it may be kept: secrets given with -e, -a and the like taken out."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from typing import Any

from .redact import MASK, Redactor, is_secret_name

_FLAGS = "bCDhkKv"
"""Short options without a value: others may follow in the same word (`-vve name=value`)."""
_SHORT = re.compile(rf"-(?P<flags>[{_FLAGS}]*)(?P<option>[A-Za-z])(?P<value>.*)", re.S)
_PAIR = re.compile(r"(?P<name>[^\s=]+)=(?P<value>.*)", re.S)


def redact_command(argv: Sequence[str], redactor: Redactor) -> list[str]:
    """argv with values of secrets replaced; names, paths and everything else stay."""
    kept: list[str] = []
    words = iter(argv)
    for word in words:
        head, kind, value = _split(word)
        if not kind:
            kept.append(redactor.text(word))
        elif value is None:  # the value is the next word
            kept.append(word)
            following = next(words, None)
            if following is not None:
                kept.append(_redact_value(kind, following, redactor))
        else:
            kept.append(head + _redact_value(kind, value, redactor))
    return kept


def extra_variables(argv: Sequence[str]) -> dict[str, Any]:
    """Variables given on the command line with -e (files are not read)."""
    found: dict[str, Any] = {}
    words = iter(argv)
    for word in words:
        _head, kind, value = _split(word)
        if kind and value is None:
            value = next(words, "")
        if kind == "extra" and value and not value.startswith("@"):
            found.update(_as_mapping(value) or dict(_pairs(value)))
    return found


def _split(word: str) -> tuple[str, str, str | None]:
    """(what precedes the value, kind of option or '', the value or None when it is the next word)."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        kind = _long_kind(name)
        return name + equals, kind, value if equals else None
    match = _SHORT.fullmatch(word) if word.startswith("-") else None
    kind = {"e": "extra", "a": "arguments"}.get(match["option"], "") if match else ""
    if not match or not kind:
        return word, "", None
    return word[: match.start("value")], kind, match["value"] or None


def _long_kind(name: str) -> str:
    # Ansible accepts any unambiguous beginning of an option's name.
    if name.startswith("--e") and "--extra-vars".startswith(name):
        return "extra"
    if name.startswith("--arg") and "--args".startswith(name):
        return "arguments"
    takes_value = not name.startswith("--ask") and is_secret_name(name[2:]) and not name.endswith(("-key", "-id"))
    return "secret" if takes_value else ""


def _redact_value(kind: str, value: str, redactor: Redactor) -> str:
    if kind in ("secret", "arguments"):
        return MASK
    if value.startswith("@"):
        return redactor.text(value)
    mapping = _as_mapping(value)
    if mapping is not None:
        return json.dumps(redact_mapping(mapping, redactor), ensure_ascii=False)
    pairs = _pairs(value)
    if not pairs:
        # Not name=value and not JSON (YAML in one line, perhaps): nothing tells what in it is secret.
        return MASK
    return " ".join(f"{name}={MASK if is_secret_name(name) else redactor.text(text)}" for name, text in pairs)


def _as_mapping(value: str) -> dict[str, Any] | None:
    try:
        loaded = json.loads(value)
    except ValueError:
        return None
    return loaded if isinstance(loaded, dict) else None


def _pairs(value: str) -> list[tuple[str, str]]:
    """`a=1 b="x y"` as pairs; an empty list when the text is anything else."""
    if value.lstrip()[:1] in ("{", "[", ""):
        return []
    try:
        words = shlex.split(value)
    except ValueError:
        return []
    matches = [_PAIR.fullmatch(word) for word in words]
    return [(match["name"], match["value"]) for match in matches if match] if all(matches) else []


def redact_mapping(value: Any, redactor: Redactor) -> Any:
    """A JSON value with what has the name of a secret replaced, and every other text redacted."""
    if isinstance(value, dict):
        return {k: MASK if is_secret_name(k) else redact_mapping(v, redactor) for k, v in value.items()}
    if isinstance(value, list):
        return [redact_mapping(item, redactor) for item in value]
    return redactor.text(value) if isinstance(value, str) else value
