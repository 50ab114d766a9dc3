"""What axe-core says of a page in a browser: in light and dark, at every width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

COLOURS = ["cat.color"]
"""The rules of axe about colours; the light and the dark page differ in nothing else."""
SCHEMES: dict[Literal["light", "dark"], list[str] | None] = {"light": None, "dark": COLOURS}
_VIOLATIONS = """async (tags) => (
  await axe.run(document, tags ? {runOnly: {type: "tag", values: tags}} : {})
).violations.map((rule) => rule.id + ": " + rule.nodes.slice(0, 3).map((node) => node.html).join(" | "))"""


def violations(page: Page, widths: Sequence[int]) -> dict[str, Any]:
    """What axe says, by colours and width; nothing where it says nothing."""
    page.evaluate(AXE_FILE_PATH.read_text(encoding="utf-8"))
    answers: dict[str, Any] = {}
    for scheme, tags in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 1000})
            if violated := page.evaluate(_VIOLATIONS, tags):
                answers[f"{scheme} {width}"] = violated
    return answers
