"""Plain text of what a message holds: HTML, and quotes of the message that is answered. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from oplever.mail.charsets import tidy

SEPARATOR = "─────"
"""Begins the line above which somebody who answers writes: what is below it is ours."""

_SILENT = frozenset({"script", "style", "title", "template"})
_BLOCKS = frozenset(
    """address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hr legend li main menu nav ol option p pre section summary table tbody
    tfoot thead tr ul""".split()  # noqa: SIM905 - as a list it takes a screen
)
_CELLS = frozenset({"td", "th"})
_WROTE = r"\b(?:wrote|schreef|geschreven|schrieb|a écrit)\b"
_QUOTE_BEGINS = re.compile(
    rf"^(?:{SEPARATOR}.*"
    r"|-{2,} ?(?:original message|oorspronkelijke? bericht(?:en)?|urspr(?:ü|ue)ngliche nachricht"
    r"|message d['\u2019]origine) ?-{2,}"
    rf"|(?=.*\d)(?:on|op|am|le) .{{6,200}}{_WROTE}.{{0,120}}:)\s*$",
    re.IGNORECASE,
)
_QUOTE_BEGINS_ON_TWO = re.compile(
    rf"^(?=.*\d)(?:on|op|am|le) .{{6,200}}\n.{{0,120}}{_WROTE}.{{0,60}}:\s*$", re.IGNORECASE
)
_WRITER_FIRST = re.compile(
    r"^(?=.*\d).{2,120}\b(?:wrote|schreef|schrieb|a écrit) (?:on|op|am|le)\b.{4,80}:\s*$", re.IGNORECASE
)
"""Some programs name the writer before the day; only above lines that are marked as a quote."""
_HEADS = tuple(
    re.compile(rf"^[\s*_]*(?:{words})[\s*_]*:", re.IGNORECASE)
    for words in (
        "from|van|von|de",
        "sent|date|verzonden|datum|gesendet|envoyé|date d['\u2019]envoi",
        "to|aan|an|à|subject|onderwerp|betreff|objet",
    )
)
"""Lines that Outlook puts above the message that is answered: who, when, and to whom or about what."""
_MOST_HEADS = 8
_SIGNATURE = "-- "
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")


class _Text(HTMLParser):
    """The text of HTML; where a link leads stands behind it, since its text may say something else."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent: list[str] = []
        self._held: list[str] = []
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "").strip())
        else:
            self._apart(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._apart(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            self._silent.remove(tag)
            self._held.clear()
        elif tag == "a" and self._links:
            target = self._links.pop()
            if target.lower().startswith(("http:", "https:", "ftp:")):
                self.pieces.append(f" <{target[:200]}>")
        else:
            self._apart(tag)

    def handle_data(self, data: str) -> None:
        pieces = self._held if self._silent else self.pieces
        pieces.append(re.sub(r"\s+", " ", data))

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """Of `<![...`, which Word writes and the library stops at when it does not know the word in it."""
        return self.parse_bogus_comment(i)

    def finish(self) -> str:
        """All of the text. A title that nobody ended is not the rest of the mail."""
        self.close()
        if self._silent and not {"script", "style"} & set(self._silent):
            self.pieces += self._held
        return "".join(self.pieces)

    def _apart(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag in _CELLS:
            self.pieces.append(" ")


def from_html(html: str) -> str:
    """What HTML says, as lines of text; nothing in it is fetched or run."""
    reader = _Text()
    reader.feed(html)
    lines = (" ".join(line.split()) for line in tidy(reader.finish()).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def unflowed(text: str, *, deletes_blank: bool) -> str:
    """Text of the format "flowed" (RFC 3676), with each paragraph on a line: one that ends in a blank goes on in the
    next, when that is quoted as deep. `deletes_blank` (DelSp): the blank only says so."""
    paragraphs: list[list[str]] = []
    marks_of_open: str | None = None
    for line in text.split("\n"):
        words = line.lstrip(">")
        marks = line[: len(line) - len(words)]
        words = words.removeprefix(" ")
        if marks == marks_of_open and words.strip() and words != _SIGNATURE:
            paragraphs[-1].append(words)
        else:
            paragraphs.append([f"{marks} " if marks else "", words])
        goes_on = words.endswith(" ") and words != _SIGNATURE
        marks_of_open = marks if goes_on else None
        if goes_on and deletes_blank:
            paragraphs[-1][-1] = words[:-1]
    return "\n".join("".join(pieces) for pieces in paragraphs)


def without_quotes(text: str, *, is_answer: bool = True) -> str:
    """What somebody wrote above the message that he answers. The whole text when there is nothing above it, when he
    wrote between its lines, and of what he forwards: that is what he writes about. Headers of a mail are a quote in an
    answer alone; elsewhere they are what somebody shows."""
    lines = text.strip().split("\n")
    end = next((number for number in range(len(lines)) if _begins_quote(lines, number, is_answer)), len(lines))
    above = lines[:end]
    if end < len(lines) and _has_answers_within(lines[end + 1 :]):
        above = lines
    is_quoted_below = end == len(lines) or lines[end].startswith(">")  # else what is quoted above the mark is his own
    while above and (not above[-1].strip(" _") or (is_quoted_below and above[-1].startswith(">"))):
        above.pop()
    return "\n".join(line.rstrip() for line in above).strip() or text.strip()


def _begins_quote(lines: list[str], number: int, is_answer: bool) -> bool:
    line = lines[number].lstrip("> ")
    if _QUOTE_BEGINS.match(line) or _QUOTE_BEGINS_ON_TWO.match("\n".join([line, *lines[number + 1 : number + 2]])):
        return True
    if _WRITER_FIRST.match(line):
        below = (lines[other] for other in range(number + 1, len(lines)))
        return next((text for text in below if text.strip()), "").startswith(">")
    return is_answer and bool(_HEADS[0].match(line)) and _has_heads(lines[number + 1 : number + 1 + _MOST_HEADS])


def _has_heads(lines: list[str]) -> bool:
    return all(any(head.match(line) for line in lines) for head in _HEADS[1:])


def _has_answers_within(quoted: list[str]) -> bool:
    """Whether some lines below the mark are quotes, and others between them are not."""
    marked = [line.startswith(">") for line in quoted if line.strip()]
    if True not in marked:
        return False
    last = len(marked) - 1 - marked[::-1].index(True)
    return False in marked[marked.index(True) : last]
