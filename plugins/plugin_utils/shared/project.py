"""The project that a command is about: the directory that records and files of Oplever are in.

`ansible.cfg` is found as Ansible finds it, but only a project's own counts: settings of a person (`~/.ansible.cfg`) or
of the machine (`/etc/ansible/ansible.cfg`) say nothing about where a project keeps its records.
"""

from __future__ import annotations

import configparser
import os
import stat
from typing import NamedTuple

NAME = "ansible.cfg"
RECORDS = "records"
DOCUMENTS = "documents"
_TRUE = frozenset({"1", "t", "true", "y", "yes", "on"})
"""What Ansible takes for true; anything else is false."""
NOT_OF_A_PROJECT = ("~/.ansible.cfg", "/etc/ansible/ansible.cfg")


class Project(NamedTuple):
    """`directory` is where relative paths start, `settings` the ansible.cfg that counts, None without one.

    `is_open` is whether everybody may write to `directory` and nothing but the working directory chose it: then, as
    with Ansible, no file in it may steer anything.
    """

    directory: str
    settings: str | None
    is_open: bool = False

    @property
    def ignored(self) -> str | None:
        """The ansible.cfg that is not read because `is_open`."""
        path = os.path.join(self.directory, NAME)
        return path if self.is_open and os.path.exists(path) else None


def current() -> Project:
    """The project by `$ANSIBLE_CONFIG` and the working directory. Raises OSError when there is no such directory."""
    directory = os.getcwd()
    is_open = bool(os.stat(directory).st_mode & stat.S_IWOTH)
    named = _named(os.environ.get("ANSIBLE_CONFIG"), directory)
    local = os.path.join(directory, NAME)
    settings = named or (local if not is_open and os.access(local, os.R_OK) else None)
    if settings is None or _is_of_no_project(settings):
        return Project(directory, None, is_open)
    return Project(os.path.dirname(settings), settings)


def records(project: Project) -> str:
    """The directory of all records: `$OPLEVER_RECORDS`, else `records` in section `[oplever]` of the project's
    settings, else `records`. Relative ones start at the project."""
    path = os.environ.get("OPLEVER_RECORDS") or _option(project.settings, RECORDS) or RECORDS
    return os.path.normpath(os.path.join(project.directory, os.path.expanduser(path)))


def reference(project: Project) -> str | None:
    """What must be said of a delivery before machines are compared with it: `$OPLEVER_REFERENCE`, else `reference` in
    section `[oplever]` of the project's settings."""
    return os.environ.get("OPLEVER_REFERENCE") or _option(project.settings, "reference")


def makes_documents(project: Project) -> bool:
    """Whether documents are made after each run and entry: `$OPLEVER_DOCUMENTS`, else `documents` in section
    `[oplever]` of the project's settings, else yes. Otherwise they wait for `oplever report`."""
    value = os.environ.get("OPLEVER_DOCUMENTS") or _option(project.settings, DOCUMENTS) or "true"
    return value.strip().lower() in _TRUE


def language(project: Project) -> str | None:
    """The language of commands: `$OPLEVER_LANGUAGE`, else `language` in section `[oplever]` of the project's settings,
    else nothing: then the locale says it."""
    return os.environ.get("OPLEVER_LANGUAGE") or _option(project.settings, "language")


def why_ignored(project: Project) -> str:
    """One sentence for the person who wonders why `ignored` is not read."""
    return (
        f"{project.ignored} is not read, because everybody may write to its directory: records are in "
        f"{records(project)}. Take that right away (chmod o-w), or name the file in ANSIBLE_CONFIG"
    )


def beside(project: Project, name: str) -> str | None:
    """The path of a file of Oplever in the project; None where everybody could have put it."""
    return None if project.is_open else os.path.join(project.directory, name)


def _named(value: str | None, directory: str) -> str | None:
    """The file that `$ANSIBLE_CONFIG` names, when Ansible can read it; it looks further when it cannot."""
    if value is None:
        return None
    # As Ansible's unfrackpath(follow=False): a link to a file elsewhere is in the directory of the link.
    path = os.path.normpath(os.path.join(directory, os.path.expanduser(os.path.expandvars(value))))
    path = os.path.join(path, NAME) if os.path.isdir(path) else path
    return path if os.access(path, os.R_OK) else None


def _is_of_no_project(path: str) -> bool:
    return any(_place(path) == _place(os.path.expanduser(other)) for other in NOT_OF_A_PROJECT)


def _place(path: str) -> tuple[str, str]:
    """Directory and name, links in the directory followed. A project may link its file to one of these."""
    directory, name = os.path.split(path)
    return os.path.realpath(directory), name


def _option(settings: str | None, name: str) -> str | None:
    """A value of section `[oplever]`, read as Ansible reads it."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, inline_comment_prefixes=(";",))
    try:
        if settings is not None:
            parser.read(settings, encoding="utf-8")
    except (OSError, ValueError, configparser.Error):
        return None  # Ansible itself says what is wrong with it
    value = parser.get("oplever", name, fallback="")
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return (value[1:-1] if is_quoted else value) or None
