"""Words, dates and numbers in one language.

Messages are written in English in the code and translated through gettext: `locale/<language>/LC_MESSAGES/oplever.po`
is read at run time, so there is no compiled file that can be out of date. Babel is imported where it is used: a command
that says one sentence needs none of it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from functools import cached_property, lru_cache
from importlib import resources
from string import Formatter
from typing import TYPE_CHECKING, Any, get_args

from oplever import clock, messages
from oplever.messages import translated
from oplever.page.blocks import Mark, Phrase
from oplever.page.catalogue import Catalogue, read
from oplever.words import Language

if TYPE_CHECKING:
    from babel.core import Locale

N_ = messages.N_
LANGUAGES: tuple[Language, ...] = get_args(Language)
ZONE = "Europe/Amsterdam"


@lru_cache
def catalog(language: Language) -> Catalogue:
    """The translations of one language; English needs none."""
    if language == "en":
        return Catalogue({})
    path = resources.files("oplever") / "locale" / language / "LC_MESSAGES" / "oplever.po"
    return read(path.read_text(encoding="utf-8"))


@lru_cache
def _zone() -> tzinfo:
    """Dutch time, or UTC on a host without a time zone database; every document says which."""
    from babel import dates  # noqa: PLC0415

    try:
        return dates.get_timezone(ZONE)
    except LookupError:
        return UTC


@lru_cache(maxsize=8192)
def _decimal(locale: Locale, value: float, digits: int) -> str:
    """Of thousands of numbers in a document there are few different ones, and each takes long."""
    from babel import numbers  # noqa: PLC0415

    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return numbers.format_decimal(value, pattern, locale=locale)


@lru_cache(maxsize=8192)
def _date(locale: Locale, day: date, pattern: str) -> str:
    from babel import dates  # noqa: PLC0415

    return dates.format_date(day, pattern, locale=locale)


class Translator:
    """Call it with an English message and its parameters: `t("{count} tests", count=3)`."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._catalog = catalog(language)

    @cached_property
    def _locale(self) -> Locale:
        from babel.core import Locale  # noqa: PLC0415

        return Locale.parse("en_GB" if self.language == "en" else self.language)

    def __call__(self, message: str, /, **params: Any) -> str:
        text = self._catalog.gettext(message) if message else ""
        return text.format(**{key: translated(value, self) for key, value in params.items()}) if params else text

    def mark(self, language: Language) -> Mark:
        """What says that a text is in this language; nothing where that is the language of the page."""
        return "" if language == self.language else language

    def phrases(self, message: str, language: Language, /, **params: str) -> tuple[Phrase, ...]:
        """A message in pieces, of which the parameters are in `language`."""
        pieces = []
        for words, name, _, _ in Formatter().parse(self._catalog.gettext(message)):
            pieces += [Phrase(words)] if words else []
            pieces += [Phrase(params[name], self.mark(language))] if name is not None and params[name] else []
        return tuple(pieces)

    def pattern(self, singular: str, plural: str, count: int, /) -> str:
        """The message for so many, as it is before its parameters are in it."""
        return self._catalog.ngettext(singular, plural, count)

    def plural(self, singular: str, plural: str, count: int, /, **params: Any) -> str:
        text = self.pattern(singular, plural, count)
        return text.format(count=self.number(count), **params)

    @property
    def timezone(self) -> tzinfo:
        """The zone that times are shown in."""
        return _zone()

    @property
    def zone(self) -> str:
        return str(_zone())

    def _local(self, iso: str) -> datetime | None:
        """A time of the record in local time; None when it is not one."""
        try:
            return clock.moment(iso).astimezone(_zone())
        except (ValueError, OverflowError):  # the last hours of the year 9999 are in no year further east
            return None

    def moment(self, iso: str) -> str:
        """Date and time to the minute; what is not a time is returned as it is."""
        local = self._local(iso)
        if local is None or len(iso) <= len("2026-11-23"):
            return self.day(iso)
        return f"{self._day(local)}, {local:%H:%M}"

    def day(self, iso: str) -> str:
        local = self._local(iso) if len(iso) > len("2026-11-23") else self._local(f"{iso}T12:00")  # a day has no zone
        return self._day(local) if local else iso

    def _day(self, moment: datetime) -> str:
        return _date(self._locale, moment.date(), "d MMMM y")

    def short_day(self, iso: str) -> str:
        """A day as a column of a table has it, never on two lines: `23 nov 2026`."""
        local = self._local(iso) if len(iso) > len("2026-11-23") else self._local(f"{iso}T12:00")
        if local is None:
            return iso
        return _date(self._locale, local.date(), "d MMM y").replace(".", "").replace(" ", "\u00a0")

    def month(self, iso: str) -> str:
        """A month such as `2026-11` in words; what is not one is returned as it is."""
        local = self._local(f"{iso[:7]}-15T12:00")
        return _date(self._locale, local.date(), "LLLL y") if local else iso

    def clock(self, iso: str) -> str:
        """Time of day to the second."""
        local = self._local(iso)
        return f"{local:%H:%M:%S}" if local else iso

    def stamp(self, iso: str) -> str:
        """Date and time to the second, as a spreadsheet sorts and counts with them."""
        local = self._local(iso)
        return f"{local:%Y-%m-%d %H:%M:%S}" if local else iso

    def number(self, value: float, digits: int = 0) -> str:
        return _decimal(self._locale, value, digits)

    def hours(self, value: float) -> str:
        return self("{hours} hours", hours=self.number(value, 2))

    def duration(self, seconds: float) -> str:
        """`0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`: short, with units that both languages share."""
        if seconds < 10:
            return f"{self.number(seconds, 1)} s"
        rounded = round(seconds)
        if rounded < 60:
            return f"{rounded} s"
        if rounded < 3600:
            return f"{rounded // 60} min {rounded % 60:02d} s"
        return self("{hours} h {minutes} min", hours=rounded // 3600, minutes=f"{rounded % 3600 // 60:02d}")

    def size(self, size_bytes: float) -> str:
        value, unit = float(size_bytes), "B"
        for larger in ("kB", "MB", "GB", "TB"):
            if value < 1000:
                break
            value, unit = value / 1000, larger
        return f"{self.number(value, 0 if unit == 'B' or value >= 100 else 1)} {unit}"
