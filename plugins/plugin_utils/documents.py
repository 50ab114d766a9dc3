"""Build the documents of a record in a process of their own: the play's result never depends on it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys

from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import one_line

TIMEOUT = 600.0
LINES = 30


class NoCommandError(Exception):
    """The command that was named cannot be run."""


def command(option: str | None, directory: str) -> list[str] | None:
    """How to start `oplever`: as named (a relative path starts at `directory`), with this Python, or as found on PATH.
    None when it is nowhere. Raises NoCommandError."""
    if option:
        named = os.path.join(directory, os.path.expanduser(option))
        if not (os.path.isfile(named) and os.access(named, os.X_OK)):
            raise NoCommandError(
                f"{named} is not an executable file; correct `command` in ansible.cfg or OPLEVER_COMMAND"
            )
        return [named]
    if _is_in_this_python():
        # -P: a directory called oplever where the user happens to stand is not the package.
        return [sys.executable, "-P", "-m", "oplever"]
    # Whoever has the working directory on PATH would run what somebody else put there.
    places = [place for place in os.environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(place)]
    program = shutil.which("oplever", path=os.pathsep.join(places)) if places else None
    return [program] if program else None


def _is_in_this_python() -> bool:
    """Found without importing it. What lies where the user happens to stand is not the package (`python -m ansible`
    looks there); a bare directory of that name has no origin."""
    try:
        spec = importlib.util.find_spec("oplever")
    except (ImportError, ValueError):
        return False
    if spec is None or spec.origin is None:
        return False
    return os.path.dirname(os.path.dirname(os.path.realpath(spec.origin))) != os.path.realpath(os.getcwd())


def build(words: list[str], record: str) -> tuple[list[str], str]:
    """(lines to show, what went wrong or ''). Waits for the documents."""
    command = [*words, "report", record]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return [], f"not ready after {TIMEOUT:.0f} seconds"
    except OSError as problem:
        return [], problem.strerror or str(problem)
    lines = [_harmless(line) for line in done.stdout.decode("utf-8", "replace").splitlines()[:LINES]]
    # 0: all well; 1: the documents are there and the record says no. Anything else: no documents.
    if done.returncode in (0, 1) and os.path.exists(os.path.join(record, "record.json")):
        return lines, ""
    return lines, _sentence(done.stderr.decode("utf-8", "replace")) or f"exit code {done.returncode}"


def _sentence(errors: str) -> str:
    """What went wrong: `oplever: ...` is followed by advice and a code; of anything else the last line says it."""
    lines = [line for line in errors.splitlines() if line.strip()]
    own = [line.removeprefix("oplever: ") for line in lines if line.startswith("oplever: ")]
    return one_line((own or lines or [""])[-1], 300)


def _harmless(line: str) -> str:
    """Molecule greps the output for `changed=1` to see whether a second run changed something: never look like it."""
    indent = len(line) - len(line.lstrip(" "))
    return " " * min(indent, 8) + one_line(line, 300).replace("changed=", "changed ")
