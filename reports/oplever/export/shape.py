"""What a person can choose about an export."""

from __future__ import annotations

from msgspec import Struct

from oplever.words import Language


class Shape(Struct, frozen=True):
    """`language` of titles and remedies; `subject` and `excel` matter to CSV alone (see there)."""

    language: Language = "en"
    subject: str = "tests"
    excel: bool = False
