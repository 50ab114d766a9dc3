"""The documentation points at things that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "roles/*/README.md", "extensions/**/*.md")
    for path in ROOT.glob(pattern)
)  # fmt: skip
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"```.*?```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    targets = [target for target in LINK.findall(text) if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_obligation_is_listed_with_tests_that_exist() -> None:
    text = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d\.\d-\d\d) \|(.*)\|$", text, re.MULTILINE)
    assert len({identifier for identifier, _ in rows}) == len(rows) == 122
    served = [(identifier, row) for identifier, row in rows if "*open*" not in row]
    assert f"Served: {len(served)} of 122" in text
    for identifier, row in served:
        tests = re.findall(r"`(tests/[^`]+)`", row)
        assert tests, f"{identifier} says it is served and names no test"
        assert [test for test in tests if not (ROOT / test).exists()] == [], identifier
