"""Names of pages: safe on the file systems of shares, never the same for two."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from oplever.overview import paths

SAFE = re.compile(r"[a-z]+(-[a-z0-9]+)+")


@given(st.text(min_size=1))
def test_any_name_gives_a_safe_file_name(name: str) -> None:
    for page in (paths.machine(name), paths.machine(name, 3), paths.group(name), paths.person(name)):
        assert SAFE.fullmatch(page)
        assert len(page) < 80


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_names_have_two_pages_also_where_case_counts_for_nothing(a: str, b: str) -> None:
    if a != b:
        assert paths.machine(a) != paths.machine(b)
        assert paths.person(a) != paths.person(b)


def test_names_that_differ_in_case_alone() -> None:
    assert paths.machine("PC1") != paths.machine("pc1")


def test_a_person_is_in_no_file_name() -> None:
    assert "yilmaz" not in paths.person("S. Yilmaz")
