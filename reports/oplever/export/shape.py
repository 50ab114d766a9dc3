"""What a person can choose about an export."""

from __future__ import annotations

from msgspec import Struct

from oplever.words import Language


class Shape(Struct, frozen=True):
    """`language` of titles and remedies. `subject`, `excel` and `for_people` matter to CSV alone, `before` and
    `everything` to SARIF (see there)."""

    language: Language = "en"
    subject: str = "tests"
    excel: bool = False
    for_people: bool = False
    before: bool = False
    everything: bool = False
