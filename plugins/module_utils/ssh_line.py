"""Lines of the configuration of OpenSSH, of its server and of its client."""

from __future__ import annotations

import re

KEYWORD = re.compile(r'\s*(?:"([^"]*)"\s*|([^\s="]*)\s*=?\s*)')
# Where one word of an option ends, as argv_split of OpenSSH has it; a # that begins a word begins a comment.
WORD = re.compile(r"""(?:\\["'\\ ]|"(?:\\["\\]|[^"])*"|'(?:\\['\\]|[^'])*'|[^\s"'])+""")
PIECE = re.compile(r"""\\(["'\\ ])|"((?:\\["\\]|[^"])*)"|'((?:\\['\\]|[^'])*)'|(.)""", re.DOTALL)


def split(line):
    """(option in lower case, value) of a line, words of the value separated by one space; ("", "") of a comment."""
    keyword = KEYWORD.match(line)
    option = keyword.group(1) or keyword.group(2) or ""
    if not option or option.startswith("#"):
        return "", ""
    words = []
    for hit in WORD.finditer(line, keyword.end()):
        if hit.group().startswith("#"):
            break
        words.append("".join("".join(part) for part in PIECE.findall(hit.group())))
    return option.lower(), " ".join(words)
