"""The machines before and after, and what changed on them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec import structs

from oplever.page.blocks import MOST_FOLDS, Block, Cell, Column, Details, Group
from oplever.page.parts import (
    Blocks,
    alike_text,
    changes_table,
    code,
    every_name,
    folds,
    machines_table,
    names_of,
    pairs,
    table,
)
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.page.vocabulary import CHANGE, kind_name, setting_name, setting_value, word
from oplever.record import facts, origins
from oplever.record.alike import Alike
from oplever.record.model import Component, Score, Setting, System
from oplever.record.start import is_stated


def starting_state(view: View, t: Translator) -> Blocks:
    scores = {score.host: score.before for score in view.record.baseline.hosts}
    rows = []
    for system in view.record.systems:
        score = scores.get(system.name)
        rows.append(
            (
                Cell(system.name),
                Cell(t("taken"), "good", note=t.moment(system.snapshot_before))
                if system.snapshot_before
                else Cell(t("no snapshot was taken"), "warn"),
                Cell(t.number(score.score)) if score and score.score is not None else Cell(t("not measured"), "info"),
                Cell(t.number(score.failed), note=_unread(t, score)) if score else Cell("–"),
            )
        )
    columns = (
        Column(t("Machine"), 2),
        Column(t("Snapshot before the work"), 3),
        Column(t("Security score before"), 2, True),
        Column(t("Failing controls before"), 2, True),
    )
    return machines_table(t, t("State before the work"), columns, rows)


def _unread(t: Translator, score: Score) -> str:
    """How many controls could not be read: nobody knows whether they failed."""
    return t("{count} could not be measured", count=t.number(score.errors)) if score.errors else ""


def components(view: View, t: Translator) -> Blocks:
    parts = [part for part in view.record.components if part.kind != "package"]
    rows = [(Cell(p.host), Cell(word(t, p.kind)), *_component(t, p)[:4], Cell(word(t, p.by))) for p in parts]
    columns = [t("Machine"), t("Kind"), t("Component"), t("What happened"), t("Before"), t("After"), t("Recorded by")]
    return (
        *table(t("Parts and tools"), [Column(title) for title in columns], rows),
        *folds(
            t,
            [_packages(t, group) for group in view.packages],
        ),
    )


def _component(t: Translator, part: Component) -> tuple[Cell, ...]:
    return (code(part.name), Cell(word(t, part.change)), code(part.before), code(part.after), Cell(part.origin))


def _packages(t: Translator, group: Alike[Component]) -> Details:
    columns = (
        Column(t("Package"), 3),
        Column(t("What happened"), 2),
        Column(t("Before"), 2),
        Column(t("After"), 2),
        Column(t("Origin"), 2),
    )
    packages, host = group.differences, names_of(t, group.hosts)
    asked, along = origins.apart(packages)
    title = t("Packages on {host}", host=alike_text(t, group.hosts))
    first = t("Packages on {host} that were asked for", host=host)
    second = t("Packages on {host} that came along", host=host) if asked else t("Packages on {host}", host=host)
    counts = _counts(t, Counter(part.change for part in packages), CHANGE)
    apart = t("{count} asked for", count=t.number(len(asked))) if asked else ""
    return Details(
        title,
        (
            *changes_table(first, columns, [_component(t, part) for part in asked]),
            *changes_table(second, columns, [_component(t, part) for part in along]),
            *every_name(t, group.hosts),
        ),
        count=", ".join(part for part in (counts, apart) if part),
    )


def _counts(t: Translator, counts: Mapping[str, int], order: Iterable[str]) -> str:
    return ", ".join(f"{t.number(counts[key])} {word(t, key)}" for key in order if counts.get(key))


def systems(view: View, t: Translator) -> Blocks:
    built = [
        Details(
            system.name,
            _as_built(view, t, system),
            count=system.os or t("unknown: no snapshot"),
            open=len(view.record.systems) <= 3,
            paper=True,
        )
        for system in view.record.systems
    ]
    changed = folds(t, [_settings(view, t, group) for group in view.settings])
    machines = (*(_as_one_table(view, t) if len(built) > MOST_FOLDS else ()), *folds(t, built))
    return (*machines, Group(t("Settings that changed"), changed)) if changed else machines


def _as_one_table(view: View, t: Translator) -> Blocks:
    """What the machines are, in a line each, where a page for each would be too many."""
    rows = [
        (
            Cell(system.name, note=system.os),
            code(system.address),
            Cell(", ".join(system.groups)),
            Cell(", ".join(view.roles[role] for role in system.roles)),
        )
        for system in view.record.systems
    ]
    columns = (Column(t("Machine"), 3), Column(t("Address"), 2), Column(t("Groups"), 3), Column(t("Roles"), 4))
    return table(t("Machines as built"), columns, rows, 200)


def _as_built(view: View, t: Translator, system: System) -> Blocks:
    memory = t.size(system.memory_mb * 1_000_000) if system.memory_mb else ""
    cpu = " × ".join(part for part in (t.number(system.cpu_count) if system.cpu_count else "", system.cpu) if part)
    upgradable = system.upgradable_count
    packages = [
        t.plural("{count} installed", "{count} installed", system.package_count) if system.package_count else "",
        t.plural("{count} can be upgraded", "{count} can be upgraded", upgradable) if upgradable is not None else "",
    ]
    return (
        *pairs(
            (t("Address"), code(system.address)),
            (t("Reachable"), None if is_stated(view.record) else _reachable(t, system)),
            (t("Roles"), ", ".join(view.roles[role] for role in system.roles)),
            (t("Groups"), ", ".join(system.groups)),
            (t("Operating system"), system.os),
            (t("Kernel"), code(" ".join(part for part in (system.kernel, system.architecture) if part))),
            (t("Virtualisation"), system.virtualization),
            (t("Manufacturer and model"), " ".join(part for part in (system.vendor, system.model) if part)),
            (t("Serial number"), code(system.serial)),
            (t("Hardware id"), code(system.uuid)),
            (t("Firmware"), code(system.firmware)),
            (t("Processor"), cpu),
            (t("Memory"), memory),
            (t("Default gateway"), code(system.default_gateway)),
            (t("Name servers"), code(", ".join(system.dns_servers))),
            (t("Packages"), ", ".join(part for part in packages if part)),
            (t("Snapshot after the work"), t.moment(system.snapshot_after) if system.snapshot_after else None),
        ),
        *_interfaces(t, system),
        *_volumes(t, system),
    )


def _interfaces(t: Translator, system: System) -> Blocks:
    rows = [
        (code(i.name), code("\n".join(i.addresses)), code(i.mac), Cell(str(i.mtu or "")), Cell(i.state))
        for i in system.interfaces
    ]
    columns = (
        Column(t("Interface")),
        Column(t("Addresses"), 3),
        Column(t("MAC address"), 3),
        Column("MTU", 1, True),
        Column(t("State"), 1),
    )
    return table(t("Network of {host}", host=system.name), columns, rows)


def _volumes(t: Translator, system: System) -> Blocks:
    def size(megabytes: int | None) -> Cell:
        return Cell(t.size(megabytes * 1_000_000) if megabytes is not None else "")

    rows = [(code(v.target), code(v.source), Cell(v.fstype), size(v.size_mb), size(v.free_mb)) for v in system.volumes]
    columns = (
        Column(t("Mounted at"), 3),
        Column(t("Source"), 3),
        Column(t("Kind"), 2),
        Column(t("Size"), 2, True),
        Column(t("Free"), 2, True),
    )
    return table(t("Storage of {host}", host=system.name), columns, rows)


_ORIGINS: dict[origins.Origin, str] = {
    "role": N_("{kind} on {host}, changed by roles"),
    "other": N_("{kind} on {host}: other"),
    "package": N_("{kind} on {host}, brought by packages"),
    "link": N_("{kind} on {host}: links"),
    "directory": N_("{kind} on {host}: directories"),
}


def _settings(view: View, t: Translator, group: Alike[Setting]) -> Details:
    columns = (Column(t("Name"), 3), Column(t("Change"), 1), Column(t("Before"), 2), Column(t("After"), 4))
    kinds: list[Block] = []
    changes, host = group.differences, names_of(t, group.hosts)
    counts: Counter[str] = Counter(setting.kind for setting in changes)
    for kind in facts.in_order(counts):
        of_kind = [setting for setting in changes if setting.kind == kind]
        name = _capitalise(kind_name(t, kind))
        for caption, settings in _by_origin(view, kind, of_kind):
            rows = [_setting(view, t, setting) for setting in settings]
            kinds += changes_table(t(caption, kind=name, host=host), columns, rows)
    count = ", ".join(f"{kind_name(t, kind)}: {t.number(counts[kind])}" for kind in facts.in_order(counts))
    title = t("Settings of {host}", host=alike_text(t, group.hosts))
    return Details(title, (*kinds, *every_name(t, group.hosts)), count=count)


def _by_origin(view: View, kind: str, settings: list[Setting]) -> Iterator[tuple[str, list[Setting]]]:
    """Files that roles wrote apart from those that came with packages; other kinds are one table."""
    if kind not in origins.FILES:
        yield N_("{kind} on {host}"), settings
        return
    groups: dict[origins.Origin, list[Setting]] = defaultdict(list)
    for setting in settings:
        groups[origins.origin(setting, view.writers)].append(setting)
    for origin, caption in _ORIGINS.items():
        yield caption, groups[origin]


def _setting(view: View, t: Translator, setting: Setting) -> tuple[Cell, ...]:
    writer = view.writers.get((setting.host, setting.name), "") if setting.kind in origins.FILES else ""
    lines = tuple(_left_out(t, line) for line in setting.lines if line)
    return (
        Cell(
            setting_name(t, setting.kind, setting.name),
            code=setting.kind != "host",
            note=view.roles.get(writer, writer),
        ),
        Cell(word(t, setting.change)),
        code(setting_value(t, setting.before)),
        structs.replace(code(setting_value(t, setting.after)), lines=lines),
    )


def _left_out(t: Translator, line: str) -> str:
    """A changed line, or how many of them are not shown: `… 3`."""
    count = line.removeprefix("… ")
    return (
        t.plural("{count} more line", "{count} more lines", int(count)) if line != count and count.isdecimal() else line
    )


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]


def _reachable(t: Translator, system: System) -> Cell:
    return Cell(t("yes"), "good") if system.reachable else Cell(t("no"), "bad")
