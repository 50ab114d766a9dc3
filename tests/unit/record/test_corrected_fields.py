"""What a correction of a field does to the record, and what it tells of one that does not fit."""

from __future__ import annotations

from typing import Any

import pytest
from journals import complete
from oplever.errors import OpleverError
from oplever.kinds.derive import derive
from oplever.record import corrections
from oplever.record.entries import make
from oplever.record.model import Correction, Record

AT = "2026-11-24T09:00:00.000000Z"


def corrected(*fields: tuple[str, str]) -> Record:
    rows = [{"field": field, "reason": "sticker read wrongly", "value": value} for field, value in fields]
    rows = [{key: value for key, value in row.items() if value} for row in rows]
    return derive(complete().finish(ok=5).events(), "", [make("correction", "S. Yilmaz", AT, row) for row in rows])


def refusal(field: str, value: str = "x") -> OpleverError:
    record = complete().finish(ok=5).record()
    with pytest.raises(OpleverError) as caught:
        corrections.check(record, field, value)
    return caught.value


def test_each_correction_is_listed_with_old_new_reason_who_and_when() -> None:
    (listed,) = corrected(("systems.a.serial", "7XK2")).document.corrections
    assert listed == Correction("systems.a.serial", "", "7XK2", "sticker read wrongly", "S. Yilmaz", AT)


@pytest.mark.parametrize(
    ("field", "value", "old"),
    [
        ("components.bash.after", "5.2-3", "5.2-2"),
        ("plan.1.name", "Servers", "All"),
        ("assignment.title", "Wiki", ""),
        ("assignment.norm_hours", "8.5", ""),
        ("assignment.prescribed_order", "true", "False"),
        ("systems.a.groups.web", "db", "web"),
        ("scope.systems.a", "b", "a"),
    ],
)
def test_a_value_is_found_by_name_number_or_itself(field: str, value: str, old: str) -> None:
    (listed,) = corrected((field, value)).document.corrections
    assert (listed.old, listed.new) == (old, value)


def test_the_rest_of_the_record_stays() -> None:
    record, plain = corrected(("components.nginx.after", "1.27")), complete().finish(ok=5).record()
    assert [item.after for item in record.components] == ["5.2-2", "1.27", ""]
    assert [item.name for item in record.components] == [item.name for item in plain.components]
    assert (record.systems, record.tests, record.plan) == (plain.systems, plain.tests, plain.plan)


def test_a_comment_without_a_value_is_listed_and_changes_nothing() -> None:
    record = corrected(("tests.x.y", ""))
    assert [(item.field, item.old, item.new) for item in record.document.corrections] == [("tests.x.y", "", "")]
    corrections.check(record, "tests.x.y", "")


def test_an_older_correction_that_fits_no_more_changes_nothing_and_later_ones_count() -> None:
    record = corrected(("systems.gone.serial", "1"), ("systems.a.serial", "7XK2"))
    assert [(item.field, item.old, item.new) for item in record.document.corrections] == [
        ("systems.gone.serial", "", "1"),
        ("systems.a.serial", "", "7XK2"),
    ]
    assert record.systems[0].serial == "7XK2"


ADVICE = "leave --value out to comment on it"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "verdict", "delivered",
            "verdict cannot be changed, only assignment, components, handover, people, plan, scope, settings, systems; "
            + ADVICE + ", or correct the entry that it came with: entry.<revision>",
        ),
        ("systems.a.recap.failed", "0", f"recap was measured and stays; {ADVICE}"),
        ("systems.a.reachable", "true", f"reachable was measured and stays; {ADVICE}"),
        ("systems.a.machine_seconds", "1", f"machine_seconds was measured and stays; {ADVICE}"),
        ("systems.a.snapshot_before", "x", f"snapshot_before was measured and stays; {ADVICE}"),
        ("systems.a.snapshot_after", "x", f"snapshot_after was measured and stays; {ADVICE}"),
        ("systems..serial", "1", "systems..serial: there is no ; there are: a"),
        ("systems.b.serial", "1", "systems.b.serial: there is no b; there are: a"),
        ("components.vim.after", "1", "components.vim.after: there is no vim; there are: bash, nginx, old"),
        ("settings.x.after", "1", "settings.x.after: there is no x; there are: none"),
        ("systems.a.serial.more", "1", "systems.a.serial.more: there is no more"),
        (
            "scope.seriall", "1",
            "scope.seriall: there is no seriall; there are: systems, work_processes, limit, tags, skip_tags, "
            "exclusions",
        ),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_corrected_is_refused_with_what_can(field: str, value: str, message: str) -> None:
    problem = refusal(field, value)
    assert (problem.slug, problem.message) == ("entry-invalid", message)
    assert problem.advice == "see: oplever add correction --help"


def test_a_value_of_another_type_is_refused_with_the_field() -> None:
    message = refusal("systems.a.memory_mb", "much").message
    assert message == "systems.a.memory_mb: Expected `int | null`, got `str`"


def test_a_comment_on_a_section_that_there_is_not_is_refused() -> None:
    message = refusal("nothing.at.all", "").message
    assert message.startswith("there is no section nothing.at.all: schema, id, ")


def test_of_many_rows_ten_are_named() -> None:
    journal = complete()
    for number in range(12):
        journal.task(f"on {number}", host=f"h{number}")
    with pytest.raises(OpleverError) as caught:
        corrections.check(journal.finish().record(), "systems.x.serial", "1")
    assert caught.value.message.endswith("there are: a, h0, h1, h2, h3, h4, h5, h6, h7, h8")


def test_only_sections_that_describe_are_corrected() -> None:
    record: Any = corrected(*((f"{section}.x", "1") for section in ("tests", "faults", "hours", "signatures", "id")))
    plain = complete().finish(ok=5).record()
    assert (record.tests, record.faults, record.hours, record.signatures) == (
        plain.tests, plain.faults, plain.hours, plain.signatures,
    )  # fmt: skip
