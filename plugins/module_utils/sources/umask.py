"""The command `umask` of a shell: which bits a value takes away (tests/unit/engine/test_against_shell.py)."""

from __future__ import annotations

import re

# Where a command may stand: at the beginning of a line, or behind a sign or word that begins one.
COMMAND = re.compile(
    r"(?:^|[;&|(){`!]|\b(?:if|elif|while|until|then|else|do|time|builtin|command)\b)[ \t]*"
    r"umask((?:[ \t]+[^\s;&|)}#]+)*)",
    re.MULTILINE,
)
EVALUATED = re.compile(r"""\beval[ \t]+(["'])(.*?)\1""")
QUOTED = re.compile(r""""(?:\\.|[^"\\])*"|'[^']*'|\\.""")
SEVERAL_WORDS = re.compile(r"[\s;&|]")
COMMENT = re.compile(r"(?:^|(?<=\s))#.*")  # a # inside a word begins none
HERE_DOCUMENT = re.compile(r"""<<-?[ \t]*(["']?)(\w+)\1""")
CLAUSE = re.compile(r"([ugoa]*)((?:[-+=][rwxXstugo]*)+)\Z")
ACTION = re.compile(r"([-+=])([rwxXstugo]*)")
BITS = {"r": 4, "w": 2, "x": 1, "X": 0, "s": 0, "t": 0}
SHIFTS = {"u": 6, "g": 3, "o": 0}
EVERYBODY = 0o777


def settings(text):
    """The masks that a shell file sets, in order. What a file sets with a variable is not known, and left out."""
    masks, before = [], 0o022
    for line in lines(text):
        for hit in COMMAND.finditer(line):
            words = [word.strip("\"'") for word in hit.group(1).split() if word not in ("-S", "-p", "--")]
            mask = parse(words[0], before) if words else None
            if mask is not None:
                masks.append(mask)
                before = mask
    return masks


def parse(word, before):
    """The mask that `umask WORD` leaves where it was `before`; None for what a shell refuses."""
    if word.isdigit():
        return int(word, 8) & EVERYBODY if re.match(r"[0-7]+\Z", word) else None
    allowed = EVERYBODY & ~before
    for clause in word.split(","):
        hit = CLAUSE.match(clause)
        if not hit:
            return None
        who = [SHIFTS[letter] for letter in (hit.group(1).replace("a", "ugo") or "ugo")]
        for sign, letters in ACTION.findall(hit.group(2)):
            allowed = _applied(allowed, sign, letters, set(who))
    return EVERYBODY & ~allowed


def _applied(allowed, sign, letters, shifts):
    bits = 0
    for letter in letters:
        bits |= BITS[letter] if letter in BITS else allowed >> SHIFTS[letter] & 7
    for shift in shifts:
        if sign == "+":
            allowed |= bits << shift
        elif sign == "-":
            allowed &= ~(bits << shift)
        else:
            allowed = allowed & ~(7 << shift) | bits << shift
    return allowed


def lines(text):
    """Lines of a shell file that say what is done: without the texts of here-documents, comments, and strings of more
    than a word; what `eval` gets is done."""
    every, end = text.replace("\\\n", " ").splitlines(), None
    for number, raw in enumerate(every):
        if end is not None:
            end = None if raw.lstrip("\t") == end else end
            continue
        line = COMMENT.sub("", QUOTED.sub(_emptied, EVALUATED.sub(r"; \2", raw)))
        begins = HERE_DOCUMENT.search(line)
        # A shift of bits looks the same, and has no end.
        if begins and any(other.lstrip("\t") == begins.group(2) for other in every[number + 1 :]):
            end = begins.group(2)
        yield line


def _emptied(hit):
    return "''" if SEVERAL_WORDS.search(hit.group()) else hit.group()
