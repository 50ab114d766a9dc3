"""Names in entries, and what takes their place."""

from __future__ import annotations

import pytest
from oplever.record import entries
from oplever.record.entries import CaseResult, Entry, HoursEntry, ResultsEntry
from oplever.store.pseudonyms import Pseudonyms, names, pseudonym, replaced

AT = "2026-11-24T10:00:00.000000Z"
KEY = b"key"


def new_entry(kind: str, by: str = "S. Yilmaz", **data: object) -> Entry:
    return entries.make(kind, by, AT, data)


def test_a_pseudonym_is_of_the_name_and_the_key() -> None:
    assert pseudonym("S. Yilmaz", KEY) == "P-99be7212e1" == pseudonym(" s.  YILMAZ ", KEY)
    assert pseudonym("S. Yilmaz", b"other") != pseudonym("S. Yilmaz", KEY) != pseudonym("S. Bos", KEY)
    assert (pseudonym("", KEY), pseudonym("P-0123456789", KEY)) == ("", "P-0123456789")
    assert pseudonym("P-0123456789x", KEY) != "P-0123456789x"


def test_names_are_of_their_sort() -> None:
    log = [
        new_entry("hours", hours=1, activity="x"), new_entry("hours", by="P-0123456789", hours=1, activity="x"),
        new_entry("acceptance", by="T. Bos", user="A. de Boer", verdict="accepted"),
    ]  # fmt: skip
    assert names(log, ("hours_names",)) == {"S. Yilmaz"}
    assert names(log, ("signatures",)) == {"T. Bos", "A. de Boer"}
    assert names(log, ("hours_names", "signatures")) == {"S. Yilmaz", "T. Bos", "A. de Boer"}
    assert names(log, ()) == names([], ("hours_names",)) == set()


def test_a_name_that_a_correction_gives_is_a_name() -> None:
    """Revision 2 is the first entry: the journal is revision 1."""
    log = [new_entry("acceptance", user="A. de Bor", verdict="accepted")]
    corrections = [
        new_entry("correction", by="T. Bos", field="entry.2.user", value="A. de Boer", reason="typo"),
        new_entry("correction", by="T. Bos", field="entry.2.remarks", value="no name", reason="typo"),
        new_entry("correction", by="T. Bos", field="entry.9.user", value="nobody", reason="typo"),
        new_entry("correction", by="T. Bos", field="systems.a.serial", value="7XK2", reason="typo"),
    ]
    assert names([*log, *corrections], ("signatures",)) == {"S. Yilmaz", "A. de Bor", "A. de Boer"}
    assert names([*log, *corrections], ("hours_names",)) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("S. Yilmaz", "P-99be7212e1"), (" s.  yilmaz", "P-99be7212e1"), ("with S.\n Yilmaz.", "with P-99be7212e1."),
        ("S. Yilmazova", "S. Yilmazova"), ("xS. Yilmaz", "xS. Yilmaz"), ("Bos", pseudonym("Bos", KEY)),
        ("in the Bos", "in the Bos"), ("", ""), ("S. Yilmaz-Bakker", pseudonym("S. Yilmaz-Bakker", KEY)),
    ],
)  # fmt: skip
def test_names_in_a_text(text: str, expected: str) -> None:
    assert Pseudonyms({"S. Yilmaz", "Bos", "S. Yilmaz-Bakker"}, KEY).text(text) == expected


def test_without_names_every_text_stays() -> None:
    assert Pseudonyms((), KEY).text("S. Yilmaz") == "S. Yilmaz"
    assert Pseudonyms((), KEY).count('"S. Yilmaz"') == 0


def test_names_in_a_line_of_the_journal_are_counted() -> None:
    pseudonyms = Pseudonyms({"S. Yilmaz", 'Jan "J" Bos', "svc", "T. Bos"})
    line = r'{"person":"S. Yilmaz","account":"svc","note":"s. yilmaz, svc of Jan \"J\" Bos"}'
    assert pseudonyms.count(line) == 4
    assert pseudonyms.count('"xsvc" "svc2" S. Yilmazova') == 0


def test_fields_whose_names_are_of_another_sort_stay() -> None:
    entry = new_entry("acceptance", by="T. Bos", user="S. Yilmaz", verdict="accepted", remarks="says S. Yilmaz")
    pseudonyms = Pseudonyms({"S. Yilmaz", "T. Bos"}, KEY)
    someone = pseudonym("S. Yilmaz", KEY)
    kept = replaced(entry, ("hours_names",), pseudonyms)
    assert (kept.by, kept.entry.user, kept.entry.remarks) == ("T. Bos", "S. Yilmaz", f"says {someone}")
    gone = replaced(entry, ("signatures",), pseudonyms)
    assert (gone.by, gone.entry.user, gone.entry.verdict) == (pseudonym("T. Bos", KEY), someone, "accepted")


def test_only_text_is_replaced() -> None:
    entry = new_entry("hours", hours=2, activity="x", day="2026-11-23")
    assert replaced(entry, ("hours_names",), Pseudonyms({"S. Yilmaz", "2026-11-23", "work"}, KEY)) == Entry(
        AT, "P-99be7212e1", HoursEntry(2.0, "x", day="2026-11-23")
    )


def test_text_in_lists_and_parts_is_replaced_too() -> None:
    case = CaseResult("pass", "asked S. Yilmaz", "pass", "S. Yilmaz", 1.5)
    entry = Entry(AT, "T. Bos", ResultsEntry("a", "after", "junit.xml", "0" * 64, (case, case)))
    changed = replaced(entry, ("hours_names",), Pseudonyms({"S. Yilmaz", "pass"}, KEY))
    cases = (CaseResult(pseudonym("pass", KEY), "asked P-99be7212e1", "pass", "P-99be7212e1", 1.5),) * 2
    assert changed == Entry(AT, "T. Bos", ResultsEntry("a", "after", "junit.xml", "0" * 64, cases))


def test_the_longest_name_counts_where_one_begins_with_another() -> None:
    longer = "S. Yilmaz Bakker"
    assert Pseudonyms({"S. Yilmaz", longer}, KEY).text(f"with {longer}!") == f"with {pseudonym(longer, KEY)}!"
