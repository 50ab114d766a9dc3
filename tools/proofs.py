"""Which scenarios of molecule passed with just the files that they have now, so that `make test` need not run them.

`tests/proofs.txt` has a line for each scenario that is left out: the digest of its files when all its rounds passed on
both releases, and its name. It is not run as long as its files have that digest; one that has no line is always run.
`tools/pool --prove` renews the lines that are there; a scenario is added by hand, with any digest.
Its files are its own, those of its role, and those of the roles and the modules that these name. What every scenario
uses (SHARED, the lab, Ansible, the archive of Debian) is not among them: the scenarios that are always run show that.
Standard library only.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROOFS = ROOT / "tests/proofs.txt"
SHARED = frozenset({"apt_purge", "checks", "configure", "preflight", "snapshot"})
PLUGINS = ("modules", "action", "lookup", "filter")
FOR_PEOPLE = frozenset({"README.md", "handout.yml"})
NAMESPACE = "ansible_collections.oplever.lab."


def proofs() -> dict[str, str]:
    """Scenario -> digest of its files when it passed."""
    lines = PROOFS.read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in map(str.split, lines)}


def keep(passed: Mapping[str, str]) -> None:
    """Note the digests with which scenarios passed: of those that have a line."""
    noted = proofs()
    noted |= {name: value for name, value in passed.items() if name in noted}
    PROOFS.write_text("".join(f"{value} {name}\n" for name, value in sorted(noted.items())), encoding="ascii")


def proven(name: str) -> bool:
    noted = proofs().get(name)
    return noted is not None and noted == digest(name)


def scenario(name: str) -> Path:
    return ROOT / "extensions/molecule" / name


def digest(name: str) -> str:
    """SHA-256, hexadecimal, of the names and the contents of the files of a scenario."""
    total = hashlib.sha256()
    for path in sorted(files(name)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    return total.hexdigest()


def files(name: str) -> set[Path]:
    """What a scenario depends on, apart from what every scenario uses."""
    shared = modules_of(SHARED)
    paths = {path for path in (ROOT / "extensions/molecule/playbooks").iterdir() if path.is_file()}
    paths |= tree(scenario(name))
    names, seen = [name], set[str]()
    while names:
        current = names.pop()
        if current in seen or current in SHARED:
            continue
        seen.add(current)
        own = tree(ROOT / "roles" / current) | (tree(scenario(name)) if current == name else set())
        names.extend(word for path in own for word in named(path))
        paths |= own | (modules_of([current]) - shared)
    return paths


def tree(directory: Path) -> set[Path]:
    """Files of a directory, none where it is not there; not what people read, for a play does not depend on that."""
    paths = (path for path in directory.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path for path in paths if path.name not in FOR_PEOPLE}


def named(path: Path) -> list[str]:
    """The roles and plugins of this collection that a file of a role names."""
    return re.findall(r"\boplever\.lab\.([a-z_]+)", path.read_text(encoding="utf-8", errors="replace"))


def modules_of(names: Iterable[str]) -> set[Path]:
    """The plugins of these names, and what they import of this collection, directly or not."""
    candidates = [ROOT / "plugins" / kind / f"{name}.py" for name in names for kind in PLUGINS]
    waiting, seen = [path for path in candidates if path.is_file()], set[Path]()
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(imported(path))
    return seen


def imported(path: Path) -> Iterator[Path]:
    """The files of this collection that a file imports."""
    for level, name, members in imports(path.read_bytes()):
        start = path.parents[level - 1] if level else ROOT
        module = start.joinpath(*name.removeprefix(NAMESPACE).split("."))
        for place in (module, *(module / member for member in members)):
            yield from (file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file())


@cache  # scenarios have most of their modules in common, and to parse them takes half a second for each scenario
def imports(source: bytes) -> tuple[tuple[int, str, tuple[str, ...]], ...]:
    """What a source imports of this collection: how many levels up, the module, and what of it."""
    return tuple(
        (node.level, node.module or "", tuple(alias.name for alias in node.names))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith(NAMESPACE))
    )
