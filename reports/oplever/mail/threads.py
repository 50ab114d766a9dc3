"""Which case a message belongs to: by the messages that it answers, else by the number in its subject. Pure."""

from __future__ import annotations

import re

_TAG = re.compile(r"\[INC[ -]?([0-9a-f]{6})\]", re.IGNORECASE)
_NAME = re.compile(r"\b\d{8}T\d{6}Z-incident-([0-9a-f]{6})\b")
_PREFIXES = re.compile(r"^(?:\s*(?:re|fw|fwd|antw|doorst|aw|wg|tr|betr)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE)


def tag(case: str) -> str:
    """What stands in the subject of every message about a case: `[INC 3f9c1a]`."""
    return f"[INC {case[-6:]}]"


def numbers(subject: str) -> tuple[str, ...]:
    """The numbers of cases that a subject names, as the last six characters of their names."""
    matches = (match for pattern in (_TAG, _NAME) for match in pattern.findall(subject))
    return tuple(dict.fromkeys(match.lower() for match in matches))


def bare(subject: str) -> str:
    """A subject without numbers of cases and without what programs put before it."""
    text = " ".join(_TAG.sub(" ", subject).split())
    return _PREFIXES.sub("", text).strip()
