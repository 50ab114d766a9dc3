"""One question that users ask more than once, with its answer and what shows that the answer is right."""

from __future__ import annotations

from msgspec import Struct

from oplever.words import Language


class Faq(Struct, frozen=True):
    """`cases` are the closed incidents of one `category` and `guideline` that it was made of; the question is in the
    words of `words_of`, one of them, unless it `is_edited`. The answer is bound to a `card` of the record `source`
    (`version` is the SHA-256 of what it says), or to `tests`, as `host id`, that passed there. `remark` is of who
    accepted it, `reason` of who withdrew it."""

    question: str = ""
    answer: str = ""
    language: Language = "nl"
    category: str = ""
    guideline: str = ""
    guideline_version: str = ""
    cases: tuple[str, ...] = ()
    words_of: str = ""
    is_edited: bool = False
    card: str = ""
    version: str = ""
    tests: tuple[str, ...] = ()
    source: str = ""
    source_digest: str = ""
    proposed_by: str = ""
    proposed_at: str = ""
    accepted_by: str = ""
    accepted_at: str = ""
    remark: str = ""
    withdrawn_by: str = ""
    withdrawn_at: str = ""
    reason: str = ""
