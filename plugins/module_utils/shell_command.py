"""The programs and files that a command of a shell comes to, as full paths: what decides what it does."""

from __future__ import annotations

import posixpath
import re
import shlex
import stat

from ansible_collections.oplever.lab.plugins.module_utils import loading, writable

FULL_PATH = re.compile(r"/[^\s\"'$`*?\[\]]+\Z")
NAME = re.compile(r"[\w.+-]+\Z", re.ASCII)
PART = re.compile(r"[A-Za-z0-9_-]+\Z")
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=(.*)\Z", re.DOTALL)
# Behind these a command begins; behind a word of the shell too.
OPERATORS = re.compile(r"[;&|(){}!]+\Z")
WORDS_BEFORE = {"if", "then", "elif", "else", "while", "until", "do", "exec", "eval", "command", "builtin"}
# These start the program that is their first word that is no option, or read it.
STARTERS = (
    ".", "ash", "bash", "chronic", "chrt", "dash", "env", "ionice", "nice", "nohup", "perl", "php", "python3", "ruby",
    "setsid", "sh", "source", "stdbuf", "sudo", "systemd-cat", "systemd-inhibit", "systemd-run", "time", "timeout",
    "xargs", "zsh",
)  # fmt: skip
OPTION = re.compile(r"[-+]|\d+[smhd]?\Z")
REDIRECTION = re.compile(r"[<>&]*[<>][<>&]*\Z")
INSIDE = re.compile(r"[\s;&|`]")
# In a script: what it reads as part of itself, what it starts, and what only people read.
SOURCED = re.compile(r"(?:^|[;&|({\s])(?:\.|source)[ \t]+[\"']?(/[^\s\"';&|)$*]+)", re.MULTILINE)
STARTED = re.compile(
    r"(?:^|[;&|({`!]|\b(?:if|then|elif|else|while|until|do|exec|eval|command)\b)[ \t]*(/[^\s;&|()<>'\"`$]+)",
    re.MULTILINE,
)
COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
SCRIPT = re.compile(r"#!.*\b(?:ba|da|k|z)?sh\b")
HOME = re.compile(r"(?:~|\$HOME|\$\{HOME\})(?=/)")
DEEPEST = 5
LARGEST_SCRIPT = 1 << 16


class Place:
    """Where a command runs: `path` is its PATH, `directory` where it begins, `home` what ~ stands for."""

    __slots__ = ("directory", "home", "path")

    def __init__(self, path="", directory="", home="/root"):
        self.path = path
        self.directory = directory
        self.home = home


def words(command):
    """Words of the command as a shell splits them, operators apart."""
    lexer = shlex.shlex(command.replace("`", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return list(lexer)
    except ValueError:
        return command.split()


def paths(machine, command, place, depth=0):
    """Full paths of programs that a command names, of files that it reads as arguments where they are there, and of
    places where everybody could put a program that is found before the one it means."""
    result, directory, path = set(), place.directory, place.path
    begins, before = True, ""
    for word in words(command):
        if OPERATORS.match(word):
            begins, before = True, word
            continue
        assigned = ASSIGNMENT.match(word) if begins else None
        if assigned:
            result.update(of_variable(*assigned.groups()))
            path = assigned.group(2).replace("$PATH", path) if assigned.group(1) == "PATH" else path
        elif before == "cd":
            directory = posixpath.join(directory, HOME.sub(place.home, word))
        elif not REDIRECTION.match(before):
            inner = Place(path, directory, place.home)
            result.update(_of_word(machine, word, inner, depth, is_program=begins))
            if posixpath.basename(before) == "run-parts":
                result.update(name for name in machine.glob(word + "/*") if PART.match(posixpath.basename(name)))
        stays = assigned or REDIRECTION.match(word) or (posixpath.basename(before) in STARTERS and OPTION.match(word))
        begins = word in WORDS_BEFORE or (begins and bool(stays or posixpath.basename(word) in STARTERS))
        is_option = posixpath.basename(before) in ("run-parts", *STARTERS) and OPTION.match(word)
        before = before if is_option else word
    return result


def of_script(machine, text):
    """Full paths in a script of a shell that it starts or reads, as far as they are there."""
    bare = COMMENT.sub("", text)
    return {path for path in (*SOURCED.findall(bare), *STARTED.findall(bare)) if machine.status(path) is not None}


def of_scripts(machine, programs):
    """The same of those of these programs that are scripts."""
    result = set()
    for path in programs:
        status = machine.status(path)
        if status is not None and stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_SCRIPT:
            text = machine.text(path) or ""
            result |= of_script(machine, text) if SCRIPT.match(text) else set()
    return result


def _of_word(machine, word, place, depth, is_program):
    if INSIDE.search(word):
        # Commands in a word, as of `sh -c`.
        return paths(machine, word, place, depth + 1) if depth < DEEPEST else set()
    word = HOME.sub(place.home, word)
    if "/" in word and not word.startswith("/") and place.directory.startswith("/"):
        word = posixpath.normpath(posixpath.join(place.directory, word))
    if FULL_PATH.match(word):
        is_left_out = word.startswith("/dev/") or not (is_program or machine.status(word) is not None)
        return set() if is_left_out else {word}
    if not NAME.match(word):
        return set()
    places = [posixpath.join(directory, word) for directory in place.path.split(":") if directory.startswith("/")]
    first = next((number for number, path in enumerate(places) if _is_program(machine, path)), None)
    if first is None:
        return set()
    return {*(path for path in places[:first] if any(writable.by_others(machine, path))), places[first]}


def of_variable(name, value):
    """Full paths in a variable by which programs load code."""
    return {part for part in re.split(r"[\s:]", value) if name in loading.VARIABLES and FULL_PATH.match(part)}


def _is_program(machine, path):
    status = machine.status(path)
    return status is not None and stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o111)
