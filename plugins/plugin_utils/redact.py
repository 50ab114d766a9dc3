"""What of a result may be kept, and how it is made safe. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MESSAGE_LIMIT = 2000
SECRET_NAME = re.compile(r"pass|token|secret|key|credential|private", re.IGNORECASE)
SECRET_TEXT = (
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        "<private key>",
    ),
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), "<removed>"),
    (re.compile(r"((?:pass(?:word|wd)?|token|secret|api[_-]?key)\s*[=:]\s*)\S+", re.IGNORECASE), r"\1<removed>"),
    (re.compile(r"\b(?:gh[pousr]_|glpat-|xox[abp]-|AKIA)[A-Za-z0-9_-]{10,}"), "<token>"),
)
ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
# Control characters, bidirectional overrides and lone surrogates: none of them is text that a person wrote.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def safe_text(value: object, limit: int = MESSAGE_LIMIT) -> str:
    """A string of at most `limit` characters, without escapes, controls and recognisable secrets."""
    text = value if isinstance(value, str) else "" if value is None else f"<{type(value).__name__}>"
    # Cut before cleaning (bounded work on hostile output), with room for what cleaning removes.
    text = ESCAPES.sub("", text[: limit * 4])
    for pattern, instead in SECRET_TEXT:
        text = pattern.sub(instead, text)
    text = UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)
    total = max(len(text), len(value) if isinstance(value, str) and len(value) > limit * 4 else 0)
    return text if total <= limit else f"{text[:limit]}… [{total - limit} more characters]"


def one_line(value: object) -> str:
    return " ".join(safe_text(value).split())


def is_hidden(no_log: object, data: Mapping[str, Any]) -> bool:
    """`no_log` may be an unresolved expression in the controlling process, so what the data says counts as well."""
    if no_log is True or data.get("_ansible_no_log") or "censored" in data:
        return True
    items = data.get("results")
    return isinstance(items, list) and any(
        isinstance(item, Mapping) and (item.get("_ansible_no_log") or "censored" in item) for item in items
    )


def command_line(argv: Sequence[str]) -> list[str]:
    """The command as typed, without the values of extra variables (`-e @file` stays: it is only a name)."""
    kept: list[str] = []
    hide_next = False
    for word in argv:
        if hide_next:
            kept.append(extra_variable(word))
            hide_next = False
        elif word in ("-e", "--extra-vars"):
            kept.append(word)
            hide_next = True
        elif word.startswith("--extra-vars="):
            kept.append("--extra-vars=" + extra_variable(word.split("=", 1)[1]))
        elif word.startswith("-e") and not word.startswith("--"):
            kept.append("-e" + extra_variable(word[2:]))
        else:
            kept.append(safe_text(word, 500))
    return kept


def extra_variable(word: str) -> str:
    if word.startswith("@"):
        return safe_text(word, 500)
    names = re.findall(r"([A-Za-z_]\w*)\s*=", word)
    return " ".join(f"{name}=<removed>" for name in names) or "<removed>"


def message_of(data: Mapping[str, Any], exception: object) -> str:
    """One line that a person can act on: the module's own words, else its standard error, else the deepest cause."""
    for key in ("msg", "reason", "stderr"):
        value = data.get(key)
        if isinstance(value, str) and value.strip():
            return one_line(value.strip().splitlines()[-1] if key == "stderr" else value)
    return one_line(cause_of(exception))


def cause_of(exception: object) -> str:
    """Walk the chain of an error summary (ansible-core 2.19 and later) to its end."""
    event = getattr(exception, "event", None)
    message = ""
    for _ in range(20):
        if event is None:
            break
        message = getattr(event, "msg", "") or message
        event = getattr(getattr(event, "chain", None), "event", None)
    return message
