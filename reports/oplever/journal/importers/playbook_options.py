"""What the command line of a recorded run says of it: whether it was a trial, and what it was limited to."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, NoReturn

from oplever._shared.redact import Redactor
from oplever._shared.text import one_line

_PLAYBOOK = "ansible-playbook"
_OPERATOR = ";&|"
"""Signs of which a shell makes the words between two commands."""
_FLAGS = (
    ("-v", "--verbose"), ("-b", "--become"), ("-k", "--ask-pass"), ("-K", "--ask-become-pass"),
    ("-J", "--ask-vault-password", "--ask-vault-pass"), ("--force-handlers",), ("--flush-cache",), ("--step",),
)  # fmt: skip
_VALUES = (
    ("-e", "--extra-vars"), ("-f", "--forks"), ("-M", "--module-path"), ("-u", "--user"), ("-c", "--connection"),
    ("-T", "--timeout"), ("--private-key", "--key-file"), ("--ssh-common-args",), ("--sftp-extra-args",),
    ("--scp-extra-args",), ("--ssh-extra-args",), ("--vault-id",), ("--vault-password-file", "--vault-pass-file"),
    ("--become-method",), ("--become-user",), ("--connection-password-file", "--conn-pass-file"),
    ("--become-password-file", "--become-pass-file"),
)  # fmt: skip
"""Options that say nothing here, and are known so that none of their values is taken for another option."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _parser() -> argparse.ArgumentParser:
    """The options of ansible-playbook. As there, a long one may be cut short."""
    parser = _Parser(add_help=False)
    for names in _FLAGS:
        parser.add_argument(*names, action="store_true")
    for names in _VALUES:
        parser.add_argument(*names, action="append")
    parser.add_argument("-C", "--check", action="store_true")
    parser.add_argument("-D", "--diff", action="store_true")
    parser.add_argument("-l", "--limit")
    parser.add_argument("-t", "--tags", action="append", default=[])
    parser.add_argument("--skip-tags", action="append", default=[])
    parser.add_argument("--start-at-task")
    parser.add_argument("-i", "--inventory", "--inventory-file", action="append", default=[])
    return parser


def playbook_options(command: Sequence[str], redactor: Redactor) -> dict[str, Any]:
    """Fields of `run_start`; none when this is no command of ansible-playbook that can be read."""
    arguments = _arguments(command)
    if arguments is None:
        return {}
    try:
        options, _ = _parser().parse_known_args(arguments)
    except ValueError:
        return {}
    return {
        "check_mode": options.check,
        "diff_mode": options.diff,
        "limit": _text(options.limit, redactor) if options.limit else None,
        "tags": _names(options.tags, redactor),
        "skip_tags": _names(options.skip_tags, redactor),
        "start_at": _text(options.start_at_task, redactor) if options.start_at_task else None,
        "inventories": [_text(source, redactor) for source in options.inventory],
    }


def _text(value: str, redactor: Redactor) -> str:
    return one_line(value, 1000, redactor.text)


def _names(values: Sequence[str], redactor: Redactor) -> list[str]:
    """Tags: the option can be given more than once, each time with several names."""
    names = (name.strip() for value in values for name in value.split(","))
    return [_text(name, redactor) for name in dict.fromkeys(names) if name]


def _arguments(command: Sequence[str]) -> list[str] | None:
    """The words after `ansible-playbook`, up to the next command; also of a line that is given to a shell or to a
    container. None where there is no such command."""
    for place, word in enumerate(command):
        if PurePath(word).name == _PLAYBOOK:
            words = command[place + 1 :]
            ends = (end for end, other in enumerate(words) if other and not other.strip(_OPERATOR))
            return list(words[: next(ends, len(words))])
        if f"{_PLAYBOOK} " in word:
            lexer = shlex.shlex(word, posix=True, punctuation_chars=_OPERATOR)
            lexer.whitespace_split, lexer.commenters = True, ""
            try:
                inner = list(lexer)
            except ValueError:
                return None
            return _arguments(inner) if len(inner) > 1 else None
    return None
