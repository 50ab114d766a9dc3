"""The command line as it may be kept: no value of an extra variable, no argument of a module, no secret."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from typing import Any

from .names import is_no_secret
from .redact import MASK, Redactor, is_secret_name

_FLAGS = "bCDhJkKov"
"""Short options without a value: others may follow in the same word (`-vve name=value`)."""
_SHORT = re.compile(rf"-(?P<flags>[{_FLAGS}]*)(?P<option>[A-Za-z])(?P<value>.*)", re.S)
_PAIR = re.compile(r"(?P<name>[^\s=]+)=(?P<value>.*)", re.S)
_VARIABLE = re.compile(r"[A-Za-z_]\w*")
_FLOW_KEY = re.compile(r"""\s*(?:"(?P<double>[^"\\]*)"|'(?P<single>[^']*)'|(?P<plain>[A-Za-z_][\w.-]*))\s*:""")
_OPERATORS = frozenset({"&&", "||", "|", ";", "&"})
_SHELL = re.compile(r"\bansible[\w-]*\s")


def redact_command(argv: Sequence[str], redactor: Redactor) -> list[str]:
    """argv with values of extra variables, arguments of modules and secrets replaced; names and paths stay."""
    kept: list[str] = []
    words = iter(argv)
    for word in words:
        head, kind, value = _split(word)
        if not kind:
            kept.append(_redact_line(word, redactor) if _SHELL.search(word) else redactor.text(word))
        elif value is None:  # the value is the next word
            kept.append(word)
            following = next(words, None)
            if following is not None:
                kept.append(_redact_value(kind, following, redactor))
        else:
            kept.append(head + _redact_value(kind, value, redactor))
    return kept


def _redact_line(line: str, redactor: Redactor) -> str:
    """One word that is a command line by itself, as ansible-runner gives to a shell: `sh -c "ansible-playbook ..."`."""
    try:
        words = shlex.split(line)
    except ValueError:
        return MASK
    if len(words) == 1:
        return redactor.text(line)
    kept = redact_command(words, redactor)
    return " ".join(word if word in _OPERATORS else shlex.quote(word) for word in kept)


def extra_variables(argv: Sequence[str]) -> dict[str, Any]:
    """Variables given on the command line with -e (files are not read)."""
    variables: dict[str, Any] = {}
    words = iter(argv)
    for word in words:
        _head, kind, value = _split(word)
        if kind and value is None:
            value = next(words, "")
        if kind == "extra" and value and not value.startswith("@"):
            variables.update(_as_mapping(value) or dict(_pairs(value)))
    return variables


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
    if name.startswith("--ar") and "--args".startswith(name):
        return "arguments"
    takes_value = not name.startswith("--ask") and is_secret_name(name[2:]) and not name.endswith(("-key", "-id"))
    return "secret" if takes_value else ""


def _redact_value(kind: str, value: str, redactor: Redactor) -> str:
    if kind != "extra":
        return MASK
    if value.startswith("@"):
        return redactor.text(value)
    if value.lstrip().startswith("{"):
        names = list(_as_mapping(value) or ()) or _flow_names(value)
        return json.dumps(dict.fromkeys(names, MASK), ensure_ascii=False) if names else MASK
    # A word without a name in front is part of a value, or a value that lost its quotes.
    pairs = _pairs(value)
    return " ".join(f"{name}={MASK}" for name, _ in pairs) if pairs else MASK


def _flow_names(value: str) -> list[str]:
    """The outer names of YAML in one line, `{a: 1, b: {c: 2}}`; none when a name cannot be told from a value."""
    names: list[str] = []
    depth, start = 0, True
    position = 0
    while position < len(value):
        character = value[position]
        if depth == 1 and start:
            match = _FLOW_KEY.match(value, position)
            if match is None:
                return names if not value[position:].strip(" }") else []
            names.append(next(part for part in match.groups() if part is not None))
            position, start = match.end(), False
            continue
        if character in "\"'":  # a text in quotes, from here to its end
            end = value.find(character, position + 1)
            if end < 0:
                return []
            position = end
        elif character in "{[":
            depth += 1
            start = depth == 1
        elif character in "}]":
            depth -= 1
        elif character == ",":
            start = depth == 1
        position += 1
    return names if depth == 0 else []


def _as_mapping(value: str) -> dict[str, Any] | None:
    try:
        loaded = json.loads(value)
    except ValueError:
        return None
    return loaded if isinstance(loaded, dict) else None


def _pairs(value: str) -> list[tuple[str, str]]:
    """`a=1 b="x y"` as pairs, as Ansible takes them; an empty list when the text is anything else."""
    if value.lstrip()[:1] in ("{", "[", ""):
        return []
    try:
        words = shlex.split(value)
    except ValueError:
        return []
    matches = [_PAIR.fullmatch(word) for word in words]
    # Ansible passes over words without a name. A name that is none of a variable shows that a value was cut in pieces.
    pairs = [(match["name"], match["value"]) for match in matches if match]
    return pairs if all(_VARIABLE.fullmatch(name) for name, _ in pairs) else []


def redact_mapping(value: Any, redactor: Redactor) -> Any:
    """A JSON value with what has the name of a secret replaced, and every other text redacted."""
    if isinstance(value, dict):
        return {
            redactor.text(name): MASK
            if is_secret_name(name) and not _says_nothing(part)
            else redact_mapping(part, redactor)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [redact_mapping(item, redactor) for item in value]
    return redactor.text(value) if isinstance(value, str) else value


def _says_nothing(value: Any) -> bool:
    """`password: yes` and the like. A mapping or a list is masked as a whole."""
    return value is None or isinstance(value, bool) or (isinstance(value, str) and is_no_secret(value))
