"""Settings of machines that may be meant and may be a mistake: somebody should ask. Pure.

Only what the run set or changed is looked at; what was there before it is in the snapshot and not in the record.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Literal, NamedTuple

from oplever.record.model import Record

_COMPARED = ("timezone", "locale", "keyboard")


class Unusual(NamedTuple):
    """A setting of the machine itself: `keyboard` for another language than that of the machine (`other` is its
    locale), or a value that most machines of the record do not have (`other` is theirs)."""

    why: Literal["keyboard", "minority"]
    name: str
    value: str
    other: str
    hosts: tuple[str, ...]


def unusual(record: Record) -> list[Unusual]:
    values: dict[str, dict[str, str]] = {name: {} for name in _COMPARED}
    for setting in record.settings:
        if setting.kind == "host" and setting.name in values and setting.after:
            values[setting.name][setting.host] = setting.after
    return [*_keyboards(values["keyboard"], values["locale"]), *_minorities(values)]


def _keyboards(keyboards: dict[str, str], locales: dict[str, str]) -> Iterator[Unusual]:
    hosts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for host, keyboard in keyboards.items():
        locale = locales.get(host, "")
        language, _, country = locale.partition(".")[0].lower().partition("_")
        if locale and not {language, country} & set(keyboard.lower().replace("-", ",").split(",")):
            hosts[keyboard, locale].append(host)
    for (keyboard, locale), names in hosts.items():
        yield Unusual("keyboard", "keyboard", keyboard, locale, tuple(names))


def _minorities(values: dict[str, dict[str, str]]) -> Iterator[Unusual]:
    for name, of_hosts in values.items():
        common, *others = [value for value, _ in Counter(of_hosts.values()).most_common()] or [""]
        for other in others:
            yield Unusual("minority", name, other, common, tuple(h for h, value in of_hosts.items() if value == other))
