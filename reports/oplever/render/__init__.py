"""Documents of a record: one tree per language, drawn as HTML, PDF and Markdown.

`draw_all(record)` gives `report.{nl,en}.{html,pdf,md}` one by one; `render(record, fmt, language)` gives one.
"""

from __future__ import annotations

from oplever.render.registry import FORMATS, Format, draw_all, render

__all__ = ["FORMATS", "Format", "draw_all", "render"]
