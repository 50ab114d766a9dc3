"""What users and administrators are told: the cards of all machines, with what was delivered last."""

from __future__ import annotations

from oplever.overview.collection import Collection
from oplever.overview.tree import Part
from oplever.page.blocks import Block, Paragraph
from oplever.page.cards import AUDIENCE_WORDS, About, groups
from oplever.page.translator import Translator
from oplever.record.handout import AUDIENCES


def handouts(collection: Collection, t: Translator) -> tuple[Part, ...]:
    """The cards by audience, users first: students and teachers have what is for every user there."""
    parts = []
    for audience in AUDIENCES:
        about = About(audience)
        parts_of: list[Block] = [*groups((card for card in collection.cards if audience in card.audiences), about, t)]
        if parts_of or audience in ("user", "administrator"):
            nothing = Paragraph(t("No card can be made: no role has one, or its tests do not pass."), "info")
            title = t("For {audience}", audience=t(AUDIENCE_WORDS[audience]))
            parts.append(Part(audience, title, tuple(parts_of) or (nothing,)))
    return tuple(parts)
