"""The pages over all records are as they were read, in both languages."""

from __future__ import annotations

import pytest
from golden import overview
from golden.test_golden import difference


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return overview.texts()


def test_the_pages_are_those_that_were_read(pages: dict[str, str]) -> None:
    assert sorted(pages) == sorted(path.name for path in overview.EXPECTED.iterdir())


@pytest.mark.parametrize("name", sorted(path.name for path in overview.EXPECTED.iterdir()))
def test_a_page_says_what_was_read(pages: dict[str, str], name: str) -> None:
    expected = (overview.EXPECTED / name).read_bytes().decode()
    if pages.get(name) != expected:
        pytest.fail(difference(f"expected_overview/{name}", expected, pages.get(name, "")), pytrace=False)
