"""Passwords that Ansible will ask for: asked here first, since its own prompts are not on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import click
import yaml
from msgspec import Struct

from oplever.errors import OpleverError
from oplever.files import open_file
from oplever.messages import M_

_SAME = M_("it writes the same record")
_DEPTH = 5
_FLAGS = "bCDhv"
"""Short options of ansible-playbook without a value, beside those that ask."""


class Prompt(Struct, frozen=True):
    """`pattern` (regular expression) is what Ansible will print, `label` what is asked here."""

    pattern: str
    label: str


CONNECTION = Prompt(r"SSH password:\s*$", "SSH password")
BECOME = Prompt(r"BECOME password[^:\n]*:\s*$", "BECOME password")
VAULT = Prompt(r"Vault password:\s*$", "Vault password")
_SHORT = {"k": CONNECTION, "K": BECOME, "J": VAULT}
_LONG = {
    "--ask-pass": CONNECTION,
    "--ask-become-pass": BECOME,
    "--ask-vault-pass": VAULT,
    "--ask-vault-password": VAULT,
}


def required(words: Sequence[str]) -> tuple[Prompt, ...]:
    """What these arguments of ansible-playbook make it ask for, each once."""
    prompts: dict[str, Prompt] = {}
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        for prompt in _of(word, following):
            prompts[prompt.pattern] = prompt
    return tuple(prompts.values())


def _of(word: str, following: str) -> Iterator[Prompt]:
    if word.startswith("--"):
        name, _, value = word.partition("=")
        if name == "--vault-id" and (value or following).endswith("@prompt"):
            label = (value or following).removesuffix("@prompt")
            yield Prompt(rf"Vault password \({label}\):\s*$", f"Vault password ({label})") if label else VAULT
        # Ansible takes any unambiguous beginning of a name; `--ask-vault-pass` is one of `--ask-vault-password`.
        if len(name) > len("--ask-"):
            yield from {prompt for long, prompt in _LONG.items() if long.startswith(name)}
    elif word.startswith("-"):
        for letter in word[1:]:
            if letter in _SHORT:
                yield _SHORT[letter]
            elif letter not in _FLAGS:
                return  # the rest is this option's value


def answers(words: Sequence[str], *, terminal: bool, ask: Callable[[str], str] | None = None) -> dict[str, str]:
    """Pattern to password for every prompt. Raises OpleverError (`run-prompt`) for what cannot be asked."""
    for playbook in (Path(word) for word in words if word.endswith((".yml", ".yaml"))):
        for name in _variables_asked(playbook):
            if not _is_given(name, words):
                raise OpleverError(
                    "run-prompt",
                    M_(
                        "{playbook} asks for {name} (vars_prompt), which oplever run cannot ask",
                        playbook=playbook,
                        name=name,
                    ),
                    M_(
                        "give a file that sets it with -e @FILE, or run ansible-playbook itself: {command}",
                        command=_SAME,
                    ),
                )
    prompts = required(words)
    if prompts and not terminal:
        raise OpleverError(
            "run-prompt",
            M_("{label} cannot be asked without a terminal", label=prompts[0].label),
            M_(
                "give it in a file (--connection-password-file, --become-password-file, --vault-password-file), "
                "or run ansible-playbook itself: {command}",
                command=_SAME,
            ),
        )
    return {prompt.pattern: (ask or _ask)(prompt.label) for prompt in prompts}


def _ask(label: str) -> str:
    # Enter alone is an answer: Ansible then takes the SSH password to become another user.
    return str(click.prompt(label, hide_input=True, err=True, default="", show_default=False))


class _Loader(yaml.SafeLoader):
    """Reads what a playbook says and no value behind a tag (`!vault`)."""


_Loader.add_multi_constructor("!", lambda *_: None)


def _variables_asked(playbook: Path, depth: int = 0) -> Iterator[str]:
    """Names under `vars_prompt`, in imported playbooks too. A file that cannot be read is Ansible's to report."""
    try:
        with open_file(playbook) as file:  # what a pipe holds can be read once: by Ansible
            plays = yaml.load(file.read().decode("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return
    for play in plays if isinstance(plays, list) else ():
        if not isinstance(play, dict):
            continue
        variables = play.get("vars_prompt")
        for variable in variables if isinstance(variables, list) else ():
            if isinstance(variable, dict) and variable.get("name"):
                yield str(variable["name"])
        imported = play.get("import_playbook", play.get("ansible.builtin.import_playbook"))
        if isinstance(imported, str) and depth < _DEPTH:
            yield from _variables_asked(playbook.parent / imported, depth + 1)


def _is_given(name: str, words: Sequence[str]) -> bool:
    return any(name in (_content(word.partition("@")[2]) if "@" in word else word) for word in words)


def _content(path: str) -> str:
    try:
        with open_file(Path(path)) as file:
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
