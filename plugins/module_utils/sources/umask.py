"""The command `umask` of a shell: which bits a value takes away (tests/unit/engine/test_against_shell.py)."""

from __future__ import annotations

import re

# Where a command may stand: at the beginning of a line, or behind a sign or word that begins one.
COMMAND = re.compile(
    r"(?:^|[;&|({]|\b(?:then|else|do|builtin|command)\b)[ \t]*umask((?:[ \t]+[^\s;&|)}#]+)*)", re.MULTILINE
)
CLAUSE = re.compile(r"([ugoa]*)((?:[-+=][rwxXstugo]*)+)\Z")
ACTION = re.compile(r"([-+=])([rwxXstugo]*)")
BITS = {"r": 4, "w": 2, "x": 1, "X": 0, "s": 0, "t": 0}
SHIFTS = {"u": 6, "g": 3, "o": 0}
EVERYBODY = 0o777


def settings(text):
    """The masks that a shell file sets, in order. What a file sets with a variable is not known, and left out."""
    masks, before = [], 0o022
    for line in text.replace("\\\n", " ").splitlines():
        for hit in COMMAND.finditer(_without_strings(line)):
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


def _without_strings(line):
    """The line without its comment; a # inside a word begins none."""
    return re.sub(r"(?:^|(?<=\s))#.*", "", line)
