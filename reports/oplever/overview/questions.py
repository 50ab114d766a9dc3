"""Frequently asked questions with how they stand, as the pages over all records show them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from oplever.messages import Message
from oplever.record.model import Faq
from oplever.words import Text


class Question(Struct, frozen=True):
    """A question with how it stands: `lapsed` are the reasons why it no longer holds. Only one that is `accepted` and
    holds is shown to users. `steps` are those of its handout, in the language of the question, when that is for users;
    `category` is what the rules of its incidents call that."""

    name: str
    faq: Faq
    state: Literal["proposed", "accepted", "withdrawn"]
    lapsed: tuple[Message, ...] = ()
    steps: tuple[str, ...] = ()
    category: Text | None = None

    @property
    def is_shown(self) -> bool:
        return self.state == "accepted" and not self.lapsed
