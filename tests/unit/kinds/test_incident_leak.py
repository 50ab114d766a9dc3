"""A personal-data breach has 72 hours, whatever the desk does meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from desk import COLLEAGUE, EVENTS, UNTIL_CLOSED, Desk
from oplever.errors import OpleverError

DAY = 24 * 60.0
LEAK = {"what": "cijferlijst naar een vreemde", "risk": "risk", "reason": "namen en cijfers"}
CLOSING = [kind for kind in UNTIL_CLOSED if kind != "closed"]


def codes(desk: Desk) -> set[str]:
    return {reason.code for reason in desk.record.document.reasons}


def refused(desk: Desk, kind: str, **data: Any) -> OpleverError:
    with pytest.raises(OpleverError) as refusal:
        desk.add(kind, **data)
    return refusal.value


def test_the_72_hours_count_from_when_it_was_known_through_a_weekend() -> None:
    desk = Desk(begun=4 * DAY)  # Friday nine o'clock; it was known the evening before
    desk.add("data-leak", aware="2026-11-26 18:30", **LEAK)
    leak = desk.case.leak
    assert leak is not None
    assert (leak.aware, leak.due) == ("2026-11-26T17:30:00.000000Z", "2026-11-29T17:30:00.000000Z")
    assert desk.case.due == leak.due
    assert "case_leak_untold" in codes(desk)
    desk.add("leak-told", to="authority", who="AP", moment="2026-11-27 09:01")
    assert desk.case.leak is not None
    assert desk.case.leak.in_time is True
    assert desk.case.due is None
    assert not codes(desk) & {"case_leak_untold", "case_leak_late"}


def test_the_flag_begins_the_clock_before_anybody_wrote_down_what_it_is() -> None:
    desk = Desk().add("classified", impact="2", urgency="3", flag=["data_leak"])
    assert desk.case.leak is not None
    assert desk.case.leak.due == "2026-11-26T08:03:00.000000Z"
    assert {"case_leak_missing", "case_leak_untold"} <= {item.code for item in desk.record.completeness.missing}
    desk.add("classified", impact="2", urgency="3", flag=["data_leak"], after=60)
    assert desk.case.leak.due == "2026-11-26T08:03:00.000000Z"


def test_waiting_and_closing_stop_no_clock_of_a_breach() -> None:
    desk = Desk().add("data-leak", **LEAK).add_all("classified", "taken", "waiting")
    leak = desk.case.leak
    assert leak is not None
    assert desk.case.due == leak.due
    desk.add("leak-told", to="authority", who="AP", after=73 * 60)
    assert desk.case.leak is not None
    assert desk.case.leak.in_time is False
    assert "case_leak_late" in codes(desk)


def test_a_case_is_not_closed_before_who_has_to_be_told_was_told() -> None:
    desk = Desk().add_all(*CLOSING).add("data-leak", **(LEAK | {"risk": "high"}))
    for audience in ("authority", "people"):
        assert "oplever incident notify" in " ".join(refused(desk, "closed").details)
        desk.add("leak-told", to=audience, who="J. de Boer")
    assert desk.add("closed").record.status == "closed"


def test_only_without_likely_harm_nobody_has_to_be_told() -> None:
    desk = Desk().add("data-leak", **LEAK)
    assert "unless a risk is unlikely" in refused(desk, "leak-told", to="authority", not_needed="klein").message
    desk.add("data-leak", **(LEAK | {"risk": "unlikely", "reason": "versleuteld"}))
    desk.add("leak-told", to="authority", not_needed="bestand was versleuteld")
    assert desk.case.due is None or desk.case.leak is None or desk.case.due != desk.case.leak.due
    assert "case_leak_untold" not in codes(desk)
    desk.add("data-leak", **LEAK)  # judged again: what was said while it was unlikely counts no more
    assert "case_leak_untold" in codes(desk)


def test_a_breach_that_was_none_is_withdrawn() -> None:
    desk = Desk().add("data-leak", **LEAK)
    desk.add("correction", field=f"entry.{desk.record.document.revision}", reason="het was een testbestand")
    assert desk.case.leak is None
    assert "case_leak_untold" not in codes(desk)


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("data-leak", {"aware": "2026-11-23 09:30"}, "lies in the future"),
        ("data-leak", {"aware": "2026-13-23 09:30"}, "is not a day"),
        ("leak-told", {"to": "authority"}, "say who was told"),
        ("leak-told", {"to": "people", "who": "x", "not_needed": "y"}, "say who was told"),
    ],
)
def test_what_cannot_be_is_refused(kind: str, data: dict[str, str], words: str) -> None:
    desk = Desk()
    if kind == "leak-told":
        desk.add("data-leak", **LEAK)
    else:
        data = LEAK | data
    assert words in refused(desk, kind, **data).message


def test_telling_of_a_breach_needs_a_breach() -> None:
    assert "no personal-data breach" in refused(Desk(), "leak-told", **EVENTS["leak-told"]).message
    assert Desk().add("data-leak", by=COLLEAGUE, **LEAK).case.leak is not None


@pytest.mark.parametrize("typed", ["2026-11-23 08:30", "2026-11-23T08:30", "23-11-2026 8:30", "23-11-2026 om 08.30"])
def test_a_moment_is_typed_as_people_here_write_it(typed: str) -> None:
    desk = Desk().add("data-leak", **(EVENTS["data-leak"] | {"aware": typed, "people": "12"}))
    assert desk.case.leak is not None
    assert (desk.case.leak.aware, desk.case.leak.people) == ("2026-11-23T07:30:00.000000Z", 12)


@pytest.mark.parametrize(
    ("field", "typed", "advice"),
    [
        ("aware", "gisteren", "2026-11-24 14:30"),
        ("aware", "2026-11-24", "2026-11-24 14:30"),
        ("aware", "2026-11-24 25:00", "2026-11-24 14:30"),
        ("aware", "2026-02-30 10:00", "2026-11-24"),
        ("people", "2,5", "a whole number"),
        ("people", "veel", "a whole number"),
    ],
)
def test_what_is_no_moment_or_number_of_people_is_refused_with_how_to_write_it(
    field: str, typed: str, advice: str
) -> None:
    with pytest.raises(OpleverError) as refused:
        Desk().add("data-leak", **(EVENTS["data-leak"] | {field: typed}))
    assert (refused.value.slug, advice in refused.value.advice) == ("entry-invalid", True), refused.value.advice
    assert "regex" not in refused.value.message
