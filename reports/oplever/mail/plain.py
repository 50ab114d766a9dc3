"""Plain text of what a message holds: bytes in any charset, HTML, and quotes of the message that is answered. Pure."""

from __future__ import annotations

import codecs
import re
from html.parser import HTMLParser

SEPARATOR = "─────"
"""Begins the line above which somebody who answers writes: what is below it is ours."""

_SILENT = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object"})
_BLOCKS = frozenset(
    {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "pre", "hr"}
)
_WROTE = r"\b(?:wrote|schreef|geschreven|schrieb|a écrit)\b"
_QUOTE_BEGINS = re.compile(
    rf"^(?:{SEPARATOR}.*"
    r"|-{2,} ?(?:original message|oorspronkelijk bericht) ?-{2,}"
    rf"|(?=.*\d)(?:on|op|am|le) .{{6,200}}{_WROTE}.{{0,120}}:)\s*$",
    re.IGNORECASE,
)
_QUOTE_BEGINS_ON_TWO = re.compile(
    rf"^(?=.*\d)(?:on|op|am|le) .{{6,200}}\n.{{0,120}}{_WROTE}.{{0,60}}:\s*$", re.IGNORECASE
)
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def decoded(content: bytes, charset: str) -> str:
    """Bytes as text: in the charset that is named, else in UTF-8, else in the one of Windows. Without characters that
    steer a terminal."""
    for name in (charset, "utf-8"):
        try:
            if codecs.lookup(name)._is_text_encoding:  # not zip, hex and such
                return tidy(content.decode(name))
        except (LookupError, UnicodeError, ValueError, AttributeError):
            continue
    return tidy(content.decode("cp1252", "replace"))


def tidy(text: str) -> str:
    """Without carriage returns, and without characters that nobody can see or that cannot be written."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))


class _Text(HTMLParser):
    """The text of HTML; where a link leads stands behind it, since its text may say something else."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "").strip())

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag == "a" and self._links:
            target = self._links.pop()
            if target.lower().startswith(("http:", "https:", "ftp:")):
                self.pieces.append(f" <{target[:200]}>")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(re.sub(r"\s+", " ", data))


def from_html(html: str) -> str:
    """What HTML says, as lines of text; nothing in it is fetched or run."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in tidy("".join(reader.pieces)).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def without_quotes(text: str) -> str:
    """What somebody wrote above the message that he answers. The whole text when there is nothing above it, when he
    wrote between its lines, and of what he forwards: that is what he writes about."""
    lines = text.strip().split("\n")
    end = next((number for number in range(len(lines)) if _begins_quote(lines, number)), len(lines))
    above = lines[:end]
    if end < len(lines) and _has_answers_within(lines[end + 1 :]):
        above = lines
    while above and (above[-1].startswith(">") or not above[-1].strip()):
        above.pop()
    return "\n".join(line.rstrip() for line in above).strip() or text.strip()


def _begins_quote(lines: list[str], number: int) -> bool:
    line = lines[number].lstrip("> ")
    return bool(
        _QUOTE_BEGINS.match(line) or _QUOTE_BEGINS_ON_TWO.match("\n".join([line, *lines[number + 1 : number + 2]]))
    )


def _has_answers_within(quoted: list[str]) -> bool:
    """Whether some lines below the mark are quotes, and others between them are not."""
    marked = [line.startswith(">") for line in quoted if line.strip()]
    if True not in marked:
        return False
    last = len(marked) - 1 - marked[::-1].index(True)
    return False in marked[marked.index(True) : last]
