"""The whole snapshot (docs/reference/snapshot.md): a description of the machine, and facts of every kind by key.

What cannot be read is named: a part of the description in `problems`, a kind of fact in `unseen`.
"""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils import bounded
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.readable import readable
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    description,
    facts,
    hardware,
    host,
    marks,
    network,
    registry,
    storage,
)

FORMAT = 2
SECONDS = 60  # for one source; what it told until then is kept
TROUBLE = (UnreadableError, OSError, ValueError, KeyError, IndexError, bounded.TooLongError)
# part of the description -> (function of the machine, what stands there when it cannot be read)
DESCRIPTION = {
    "host": (host.host, {}),
    "hardware": (hardware.hardware, {}),
    "packages": (description.packages, {}),
    "manual": (description.manual, []),
    "upgradable": (description.upgradable, None),
    "mounts": (storage.mounts, {}),
    "network": (network.network, {}),
}


class Places:
    """What the task and the roles add: `trees` and `exclude` (patterns of paths), `show` and `hide` (patterns of files
    of which lines may, or must not, be shown), `tables` of applications, and whether the files of packages are compared
    as a `whole`."""

    __slots__ = ("exclude", "hide", "show", "tables", "trees", "whole")

    def __init__(self, *, trees=(), exclude=(), tables=(), show=(), hide=(), whole=False):
        self.trees = tuple(trees)
        self.show = tuple(show)
        self.hide = tuple(hide)
        self.exclude = tuple(exclude)
        self.tables = tuple(tables)
        self.whole = whole


def snapshot(machine, places):
    """What is on a machine, as plain data."""
    for argv in [command for source in registry.SOURCES for command in getattr(source, "COMMANDS", ())]:
        machine.begin(list(argv))
    description.begin(machine)
    state = _State(_machine_id(machine))
    for source in registry.SOURCES:
        state.read(source, machine, places)
    result, problems = {"format": FORMAT}, []
    for name, (part, nothing) in DESCRIPTION.items():
        try:
            result[name] = machine.once(part)
        except TROUBLE as problem:
            result[name] = nothing
            problems.append({"source": name, "reason": _reason(problem)})
    try:
        key = marks.key_name(machine)
    except UnreadableError:
        key = ""
    facts_of_kinds = {"state": state.words, "texts": state.texts, "unseen": state.unseen}
    return readable(dict(result, problems=problems, digest_key=key, **facts_of_kinds))


def _machine_id(machine):
    try:
        return (machine.read("/etc/machine-id") or "").strip()
    except UnreadableError:
        return ""


def _reason(problem):
    if isinstance(problem, bounded.TooLongError):
        return "it took longer than %d s" % SECONDS
    return str(problem) or type(problem).__name__


class _State:
    """`words`: kind -> key -> words. `texts`: kind -> key -> lines behind the words. `unseen`: kind -> reasons."""

    def __init__(self, machine_id):
        self.machine_id = machine_id
        self.words = {name: {} for name in registry.KINDS}
        self.texts, self.unseen, self.room = {}, {}, facts.MOST_TEXT

    def read(self, source, machine, places):
        try:
            with bounded.within(SECONDS):
                for fact in source.collect(machine, places):
                    self._add(fact)
        except TROUBLE as problem:
            for kind in source.KINDS:
                self._miss(kind, _reason(problem))

    def _add(self, fact):
        if isinstance(fact, facts.Unseen):
            self._miss(fact.kind, fact.reason)
            return
        if self.machine_id:
            fact = fact._replace(**{part: self._without_id(getattr(fact, part)) for part in ("key", "words", "text")})
        words = self.words[fact.kind]
        if len(words) >= facts.MOST_FACTS:
            self._miss(fact.kind, "more than %d; the rest was left out" % facts.MOST_FACTS)
            return
        # Two of one name, as rules of the same priority, are told together: none may stand before the other.
        words[fact.key] = "; ".join(dict.fromkeys([words[fact.key], fact.words] if fact.key in words else [fact.words]))
        if fact.text is not None and len(fact.text) <= self.room:
            self.room -= len(fact.text)
            self.texts.setdefault(fact.kind, {})[fact.key] = fact.text

    def _without_id(self, text):
        """The machine id is confidential (machine-id(5)), and names of directories hold it."""
        return text.replace(self.machine_id, "(machine id)") if text and self.machine_id in text else text

    def _miss(self, kind, reason):
        reasons = self.unseen.setdefault(kind, [])
        if reason not in reasons and len(reasons) < 5:
            reasons.append(reason)
