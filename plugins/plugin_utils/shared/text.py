"""Make text that came from a machine fit to keep: no control characters, no direction tricks, never endless."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

MESSAGE_LIMIT = 2000
VALUE_LIMIT = 16_384
DEPTH_LIMIT = 24
MARGIN = 4096
"""Characters: longer than any secret on one line."""

# CSI and OSC sequences first (they have a body), then any other escape with one byte after it.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]?|\x9b[0-?]*[ -/]*[@-~]")
# C0 and C1 controls except tab and newline, direction overrides and isolates, invisible joiners, lone surrogates.
_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")


def is_plain(text: str) -> bool:
    """Whether `clean` would leave the text as it is (limit aside)."""
    return (text.isascii() and text.isprintable()) or not (_HOSTILE.search(text) or _SURROGATES.search(text))


def clean(text: str, limit: int = VALUE_LIMIT, redact: Callable[[str], str] = str) -> str:
    """The text without escape sequences, control and direction characters; lone surrogates become U+FFFD."""
    # Work on a bounded part only: 100 MB of output must not cost 100 MB of regular expressions.
    part, gone = head(text, limit * 4, redact)
    return cap(part, limit, gone)


def _strip(text: str) -> str:
    if is_plain(text):
        return text
    return _SURROGATES.sub("\ufffd", _HOSTILE.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n"))))


def cap(text: str, limit: int, already_gone: int = 0) -> str:
    """At most `limit` characters; what was left out is counted at the end."""
    over = max(0, len(text) - limit) + already_gone
    return f"{text[:limit]}… [{over} more characters]" if over else text


def one_line(text: str, limit: int = MESSAGE_LIMIT, redact: Callable[[str], str] = str) -> str:
    """Cleaned text on a single line."""
    part, gone = head(text, limit * 4, redact)
    return cap(_BLANKS.sub(" ", part).strip(), limit, gone)


def head(text: str, size: int, redact: Callable[[str], str] = str) -> tuple[str, int]:
    """(about the first `size` characters, cleaned and redacted; how many were left out). Only a bounded part is looked
    at. What the cut leaves of a secret is not recognised as one, so the margin that it can be in goes too."""
    if len(text) <= size + MARGIN:
        return redact(_strip(text)), 0
    return redact(_strip(text[: size + MARGIN]))[:-MARGIN], len(text) - size


def tail(text: str, size: int, redact: Callable[[str], str] = str) -> str:
    """About the last `size` characters, in the same way."""
    if len(text) <= size + MARGIN:
        return redact(_strip(text))
    return redact(_strip(text[-size - MARGIN :]))[MARGIN:]


def plain(value: Any, redact: Callable[[str], str] = str, depth: int = 0) -> Any:
    """Any value as JSON types with cleaned text. What JSON cannot say becomes the name of its type, never `str(value)`:
    turning an unknown object into text could decrypt it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean(str(value), redact=redact)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if value - value == 0 else None  # JSON has no infinity and no NaN
    if depth >= DEPTH_LIMIT:
        return f"<{type(value).__name__}>"
    if isinstance(value, Mapping):
        return {clean(str(key), 512, redact): plain(item, redact, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, redact, depth + 1) for item in value]
    return f"<{type(value).__name__}>"


def slug(text: str, limit: int = 60) -> str:
    """A name for files: only a-z, 0-9, `_` and `-`; never empty."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_-]+", "-", folded).strip("-_")[:limit].strip("-_") or "play"
