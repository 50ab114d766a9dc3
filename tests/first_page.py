"""What the first page of a record says, for tests that hold it sentence by sentence."""

from __future__ import annotations

import re
from typing import Any

from oplever.kinds.installation.chapters.attention import attention
from oplever.kinds.installation.chapters.summary import STATES
from oplever.kinds.installation.headline import headline
from oplever.kinds.installation.order import Order
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.model import Record
from oplever.text import clean

TIME = re.compile(r"\d+ \w+ \d{4},? \d\d:\d\d(?::\d\d)?(?: \w+)?")


def first_page(record: Record) -> dict[str, Any]:
    """Title, what needs attention (label: text (detail)), and the state of each machine."""
    view, t = View.of(clean(record)), Translator("en")
    (block,) = attention(view, t)
    lines = [
        f"{item.label}: {item.text}" + (f" ({detail})" if (detail := "".join(p.text for p in item.detail)) else "")
        for item in block.lines  # type: ignore[union-attr]
    ]
    order = Order(record)
    return {
        "title": headline(t, record)[1],
        "attention": [TIME.sub("TIME", line) for line in lines],
        "machines": {system.name: STATES[order.state(system)][1] for system in record.systems},
    }
