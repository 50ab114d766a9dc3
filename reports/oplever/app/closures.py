"""Public holidays as a proposal for the days on which the desk is closed; what counts is what people write down."""

from __future__ import annotations

from datetime import date
from typing import Any

from oplever import extras
from oplever.errors import OpleverError
from oplever.kinds.incident.hours import open_stretches
from oplever.messages import M_
from oplever.record.model.incident_rules import Calendar, Closure
from oplever.words import Language


def propose(calendar: Calendar, year: int, country: str, region: str, language: Language) -> tuple[Closure, ...]:
    """The public holidays of a country in a year on which the desk would be open by this calendar, in order. `country`
    and `region` are those of ISO 3166, `region` is empty for the whole country.

    Raises OpleverError: `extra-missing`, `country-unknown`.
    """
    names: dict[date, str] = dict(_holidays(year, country, region, language))
    days = sorted(day for day in names if open_stretches(calendar, day))
    return tuple(Closure(day.isoformat(), day.isoformat(), names[day]) for day in days)


def _holidays(year: int, country: str, region: str, language: Language) -> Any:
    """Name by day, in this language where the library has it, else in that of the country."""
    library = extras.load("holidays", "calendar")
    try:
        holidays = library.country_holidays(country, subdiv=region or None)
        words = next((name for name in holidays.supported_languages if name.split("_")[0] == language), None)
        return library.country_holidays(country, subdiv=region or None, years=year, language=words)
    except NotImplementedError:
        raise OpleverError(
            "country-unknown",
            M_("no holidays are known of {place}", place="-".join(filter(None, (country, region)))),
            M_("write the country by its two letters, as NL or BE, and a region as ISO 3166-2 has it"),
        ) from None
