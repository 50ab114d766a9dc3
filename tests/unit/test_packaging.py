"""What is published says the same everywhere, claims nothing that does not exist, and is installed as it was tried."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import oplever
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
CODE = (".py", ".pyc")
LOCKS = sorted(ROOT.glob("requirements/*.lock"))
OWN_ADDRESS = re.compile(r"(?:https?://[\w.-]*|git@\S*|github\.com/|\(@|[\w.]@)oplever[\w.-]*", re.IGNORECASE)
"""A site, repository, account or mailbox with this name: there is none yet."""


def test_the_version_stands_in_one_place_and_the_others_agree() -> None:
    assert "version" not in PROJECT["project"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "oplever.__version__"}
    assert metadata("oplever")["Version"] == oplever.__version__
    assert GALAXY["version"] == oplever.__version__
    assert f"oplever-lab-{oplever.__version__}.tar.gz" in (ROOT / "reports/README.md").read_text(encoding="utf-8")
    changes = " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
    assert "## [Unreleased]" in changes
    assert f"the first version will be {oplever.__version__}." in changes


def test_every_program_in_python_is_linted() -> None:
    """One without the ending of Python is looked at only when it is named."""
    programs = [path for path in (ROOT / "tools").iterdir() if path.is_file() and not path.suffix]
    start = b"#!/usr/bin/env python"
    python = {str(path.relative_to(ROOT)) for path in programs if path.read_bytes().startswith(start)}
    assert python == set(PROJECT["tool"]["ruff"]["extend-include"])


@pytest.mark.slow
def test_no_address_is_claimed_that_is_not_ours() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    claimed = {}
    for name in listed.split("\0"):
        path = ROOT / name
        if not path.is_file() or path.suffix in (".png", ".pdf", ".woff2") or name.startswith("tests/"):
            continue
        addresses = OWN_ADDRESS.findall(path.read_text(encoding="utf-8", errors="replace"))
        claimed |= {name: addresses} if addresses else {}
    assert claimed == {}
    assert {"repository", "documentation", "homepage", "issues"}.isdisjoint(GALAXY)
    assert "urls" not in PROJECT["project"]


def test_the_page_of_the_package_stands_alone() -> None:
    """On a package index there are no files beside it."""
    text = (ROOT / PROJECT["project"]["readme"]).read_text(encoding="utf-8")
    assert re.findall(r"\]\((?!https?://|#)[^)]*\)|<img", text) == []
    for extra in PROJECT["project"]["optional-dependencies"]:
        assert f"`{extra}`" in text


def test_the_package_ships_every_file_that_it_reads() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["oplever"]
    package = ROOT / "reports/oplever"
    shipped = {path for pattern in patterns for path in package.glob(pattern) if path.is_file()}
    # What Python makes is not data; the link leads into the collection, which ships its own files.
    listed = [package, package / "_shared"]
    files = {path for place in listed for path in place.rglob("*") if path.is_file() and path.suffix not in CODE}
    assert files - shipped == set()
    assert package / "_shared/kinds.json" in shipped


def test_the_licence_is_named_and_shipped() -> None:
    assert (PROJECT["project"]["license"], PROJECT["project"]["license-files"]) == ("MIT", ["LICENSE"])
    assert metadata("oplever")["License-Expression"] == "MIT"
    assert GALAXY["license_file"] == "LICENSE"


def names(requirements: list[str]) -> dict[str, str]:
    """Name in lower case -> the rest, of `name[extra]>=1.0`."""
    pairs = (re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?(.*)", text) for text in requirements)
    return {pair[1].lower(): pair[2] for pair in pairs if pair}


def test_every_dependency_has_a_lower_bound_and_what_is_large_is_an_extra() -> None:
    base = names(PROJECT["project"]["dependencies"])
    extras = {name: names(some) for name, some in PROJECT["project"]["optional-dependencies"].items()}
    for some in (base, *extras.values()):
        assert {name for name, bound in some.items() if not bound.startswith(">=")} == set()
    assert base.keys().isdisjoint({"typst", "ansible-runner", "pexpect", "psycopg", "ansible-core"})
    assert {name: set(some) for name, some in extras.items()} == {
        "pdf": {"segno", "typst"}, "run": {"ansible-runner", "pexpect"}, "postgresql": {"psycopg"},
        "calendar": {"holidays"}, "mail": {"imap-tools"}, "oidc": {"cryptography", "httpx2", "joserfc"},
        "web": {"argon2-cffi", "pikepdf", "pillow", "python-multipart", "starlette", "uvicorn"},
    }  # fmt: skip


def locked(lock: Path) -> dict[str, str]:
    """Package -> its lines in the lock."""
    blocks = re.findall(r"^([\w.-]+)==(.*(?:\n    .*)*)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(blocks)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_its_digests_and_no_host_is_named(lock: Path) -> None:
    packages = locked(lock)
    assert len(packages) > 20
    assert {name for name, lines in packages.items() if "--hash=sha256:" not in lines} == set()
    assert not re.search(r"://|--(?:index|extra|find|trusted)", lock.read_text(encoding="utf-8"))


def test_the_locks_agree_and_hold_all_that_the_package_needs() -> None:
    run, dev = (locked(ROOT / f"requirements/{name}.lock") for name in ("run", "dev"))
    assert {name: lines for name, lines in run.items() if dev.get(name) != lines} == {}
    extras = PROJECT["project"]["optional-dependencies"]
    required = names([*PROJECT["project"]["dependencies"], *extras["pdf"], *extras["run"], *extras["web"]])
    assert required.keys() <= run.keys()
    assert names(extras["postgresql"]).keys() <= dev.keys()
