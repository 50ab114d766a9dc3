"""What differs between two snapshots of a machine, and what of it is drift: one definition for the play that looks, and
for the record that says so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from .values import at, items, mapping, whole_number

Snapshot = Mapping[str, Any]
Facts = dict[str, dict[str, str]]
"""Kind -> key -> words."""
Change = Literal["added", "removed", "changed"]
FIRST_FORMAT = 1
PACKAGE = "package"
_FIRST_FORMAT_KINDS = frozenset({"file", "unit", "socket", "account", "group"})
_AS_NEW = {"file": re.compile(r"as /etc/skel gives it"), "sysctl": re.compile(r"-?\d+, as the default for interfaces")}
"""By kind the words of what is as it is without anybody's doing, as plugins/module_utils/snapshot/facts.py has them.
All of the words, and of these kinds alone: other words can end with a text that somebody chose."""
LINK = "-> "
"""How the words of a link begin. The rest is where it leads to, which whoever made it chose."""
_KEYED = re.compile(r"\bkeyed [0-9a-f]{16}\b")
SUITE = "drift"
"""Of the tests that compare a machine with its delivery."""
_PACKAGED = frozenset({"file", "rights"})
_OF_PACKAGE = re.compile(r"\b(?:as|of) package (\S+)(?: brought it)?$")


class Kind(NamedTuple):
    """What a kind of facts is called. `drift`: a difference since the delivery is a failed test; what changes by itself
    is a setting only. `only` names the one change that says something; empty for all."""

    nl: str
    en: str
    drift: bool
    only: Literal["", "added", "removed", "changed"]


KINDS: Mapping[str, Kind] = {
    name: Kind(**fields)
    for name, fields in json.loads(Path(__file__).with_name("kinds.json").read_text(encoding="utf-8")).items()
}
"""Made by tools/snapshot-kinds from the sources of the snapshot."""
DRIFTING = frozenset(name for name, kind in KINDS.items() if kind.drift) | {PACKAGE}
"""Kinds of what stays as it is when nobody touches it."""
_OTHER = Kind("instelling", "setting", drift=True, only="")


class Look(NamedTuple):
    """The parts of a snapshot that are compared. `versions` of packages, `unseen`: kind -> why it was not seen, or not
    in full; `digest_key`: the name of the key of digests of files that not everybody may read. `origins` of packages as
    apt knows them, `manual` those that somebody asked for by name (None: not known)."""

    written_in: int
    versions: dict[str, str]
    facts: Facts
    unseen: dict[str, str]
    digest_key: object
    origins: dict[str, str]
    manual: frozenset[str] | None


def test_id(kind_of_thing: str, name: str) -> str:
    """The name of the test that one thing fails when it differs."""
    return f"{SUITE}.{kind_of_thing}.{name}"


def thing(identifier: str) -> tuple[str, str]:
    """Kind and name of the thing that a test is about: the reverse of `test_id`."""
    kind_of_thing, _, name = identifier.removeprefix(f"{SUITE}.").partition(".")
    return kind_of_thing, name


class Difference(NamedTuple):
    """A package or a setting that came, went or changed; `before` and `after` are a version, or words."""

    kind: str
    name: str
    change: Change
    before: str
    after: str

    @property
    def id(self) -> str:
        """The name of the test that it fails."""
        return test_id(self.kind, self.name)


class Uncompared(NamedTuple):
    """What was not compared with the delivery. `is_error`: it could be seen then, so that nothing is known of it now;
    otherwise there was nothing to compare."""

    name: str
    reason: str
    is_error: bool

    @property
    def id(self) -> str:
        return f"{SUITE}.{self.name}"


def kind(name: str) -> Kind:
    """A kind that a newer toolkit wrote and this one does not know counts as any other."""
    return KINDS.get(name, _OTHER)


def written_in(snapshot: Snapshot) -> int:
    """The format of a snapshot; one that does not say is of the first."""
    return whole_number(snapshot.get("format")) or FIRST_FORMAT


def look(snapshot: Snapshot, facts_of_first_format: Facts | None = None) -> Look:
    """The snapshot as it is compared. A snapshot of the first format has its facts in another form: whoever reads them
    gives them."""
    is_first = written_in(snapshot) == FIRST_FORMAT
    state = {
        str(name): {str(key): str(words) for key, words in mapping(keys).items()}
        for name, keys in mapping(snapshot.get("state")).items()
    }
    unseen = mapping(snapshot.get("unseen")).items()
    installed = mapping(snapshot.get("packages")).items()
    manual = items(snapshot.get("manual"))
    return Look(
        written_in(snapshot),
        {str(name): at(value, 0) for name, value in installed},
        (facts_of_first_format or {}) if is_first else state,
        {str(name): "; ".join(map(str, items(reasons))) for name, reasons in unseen},
        snapshot.get("digest_key"),
        {str(name): at(value, 1) for name, value in installed},
        frozenset(map(str, manual)) if manual else None,
    )


def packages(before: Look, after: Look) -> list[Difference]:
    """Packages that came, went or have another version, in the order of their names."""
    return list(_differences(PACKAGE, before.versions, after.versions))


def settings(before: Look, after: Look) -> list[Difference]:
    """What differs, of the kinds that both have, as far as it is sure: of a kind that was not seen in full before, what
    is there after may have been there all along, and of one that was not seen in full after, what is gone may be there
    still."""
    unsure = {"added": before.unseen, "removed": after.unseen, "changed": {}}
    keyed = before.digest_key == after.digest_key
    return [
        difference
        for name, facts in before.facts.items()
        if name in after.facts
        for difference in _differences(name, facts, after.facts[name])
        if is_shown(name, difference.change, difference.before if difference.change == "removed" else difference.after)
        and name not in unsure[difference.change]
        and (keyed or difference.change != "changed" or _unkeyed(difference.before) != _unkeyed(difference.after))
    ]


def is_shown(name: str, change: Change, words: str) -> bool:
    """Whether a difference means something; `words` are those after it, or before it where nothing is left."""
    as_new = _AS_NEW.get(name)
    return kind(name).only in ("", change) and not (as_new and as_new.fullmatch(words))


def drift(before: Look, after: Look) -> list[Difference]:
    """What changed since the delivery and does not change by itself; settings first, then packages."""
    components = packages(before, after)
    moved = {(package.name, package.change) for package in components}
    return [*(d for d in _of_drift(before, after) if not _follows(d, moved)), *components]


def uncompared(before: Look, after: Look) -> list[Uncompared]:
    """What the delivery could see and this look could not is an error; what neither saw does not apply. A kind that the
    delivery knew and this look does not even name was made by a toolkit that looks at more than this one does."""
    if before.written_in != after.written_in:
        reason = "another version of the toolkit made it; only packages were compared: deliver again"
        return [Uncompared("format", reason, is_error=True)]
    parts: list[Uncompared] = []
    if after.written_in != FIRST_FORMAT and before.digest_key != after.digest_key:
        reason = "the SSH host key or the machine id was replaced, so their digests cannot be compared"
        parts.append(Uncompared("digest_key", reason, is_error=True))
    for name in sorted(after.facts.keys() - before.facts.keys()):
        parts.append(Uncompared(name, "not looked at when it was delivered", is_error=False))
    then, now = before.unseen, after.unseen
    for name in sorted(before.facts.keys() - after.facts.keys() - then.keys() - now.keys()):
        if kind(name).drift:
            parts.append(Uncompared(name, "looked at when it was delivered, and not now", is_error=True))
    for name in sorted(then.keys() | now.keys()):
        if kind(name).drift:
            reason = f"not seen: {now[name]}" if name in now else f"not seen at the delivery: {then[name]}"
            parts.append(Uncompared(name, reason, is_error=name in now and now[name] != then.get(name)))
    return parts


def _of_drift(before: Look, after: Look) -> Iterator[Difference]:
    formats = {before.written_in, after.written_in}
    if len(formats) > 1:
        return  # the words of two formats differ where the machine does not
    for difference in settings(before, after):
        is_first = formats == {FIRST_FORMAT}
        if difference.kind in _FIRST_FORMAT_KINDS if is_first else kind(difference.kind).drift:
            yield difference


def _follows(setting: Difference, moved: set[tuple[str, Change]]) -> bool:
    """Whether a file, with its rights, came or went with a package: then the package says it. `moved` are the packages
    with how they changed."""
    words = setting.after or setting.before
    if setting.kind not in _PACKAGED or setting.change == "changed" or words.startswith(LINK):
        return False
    match = _OF_PACKAGE.search(words)
    return match is not None and (match[1], setting.change) in moved


def _differences(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            yield Difference(name, key, "added", "", new[key])
        elif key not in new:
            yield Difference(name, key, "removed", old[key], "")
        elif old[key] != new[key]:
            yield Difference(name, key, "changed", old[key], new[key])


def _unkeyed(words: str) -> str:
    return _KEYED.sub("", words)
