"""Differences that updates made: newer packages from where the packages of the delivery came from, and what comes with
them. What cannot be shown to be one is drift."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from .differences import LINK, PACKAGE, Difference, Look
from .versions import is_newer

KERNELS: tuple[tuple[str, str], ...] = (
    (r"linux-image-\d.*", r"linux-image-[a-z].*"),
    (r"linux-(?:headers|kbuild)-\d.*", r"linux-headers-[a-z].*"),
)
"""Pattern of packages that come and go by themselves, and of the package whose update does it."""
_BROUGHT = re.compile(r"\bas package (\S+) brought it$")


class Update(NamedTuple):
    """`origin` is where a package came from (site and suite); of anything else, and of a package that came or went
    with another one, `by` is the package that did it."""

    difference: Difference
    origin: str
    by: str


def updates(
    before: Look, after: Look, differences: Collection[Difference], origins: Collection[str] = ()
) -> Mapping[str, Update]:
    """Those of the differences that are updates, by the name of their test. `origins` are approved beside those that
    packages of the delivery came from."""
    approved = {place(origin) for origin in before.origins.values()} | set(origins)
    approved.discard("")
    packages = [difference for difference in differences if difference.kind == PACKAGE]
    result = {
        package.id: Update(package, place(after.origins.get(package.name, "")), "")
        for package in packages
        if package.change == "changed"
        and is_newer(package.after, package.before)
        and place(after.origins.get(package.name, "")) in approved
    }
    upgraded = {update.difference.name for update in result.values()}
    result.update((update.difference.id, update) for update in _kernels(before, after, packages, upgraded, approved))
    result.update(
        (difference.id, Update(difference, "", package))
        for difference in differences
        if (package := _brought_by(difference)) in upgraded
    )
    return result


def place(origin: str) -> str:
    """Site and suite of an origin (`deb.debian.org bookworm/main`); empty when apt knows none."""
    suite, slash, _ = origin.rpartition("/")
    return suite if slash and " " in suite else ""


def _kernels(
    before: Look, after: Look, packages: Collection[Difference], upgraded: Collection[str], approved: Collection[str]
) -> Iterator[Update]:
    """Packages of a version of the kernel that nobody asked for by name."""
    for package in packages:
        side = before if package.change == "removed" else after
        if package.change == "changed" or side.manual is None or package.name in side.manual:
            continue
        if package.change == "added" and place(side.origins.get(package.name, "")) not in approved:
            continue
        if by := _cause(package.name, upgraded):
            yield Update(package, place(side.origins.get(package.name, "")), by)


def _cause(name: str, upgraded: Collection[str]) -> str:
    for pattern, cause in KERNELS:
        if re.fullmatch(pattern, name):
            return next((package for package in sorted(upgraded) if re.fullmatch(cause, package)), "")
    return ""


def _brought_by(difference: Difference) -> str:
    """The package of a configuration file that came or went as the package has it. One that changed was somebody's."""
    words = difference.after or difference.before
    if difference.kind != "file" or difference.change == "changed" or words.startswith(LINK):
        return ""
    match = _BROUGHT.search(words)
    return match[1] if match else ""
