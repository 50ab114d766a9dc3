"""Documents of a record: one tree per language, drawn as HTML, PDF and Markdown.

`render_all(record, directory)` writes `report.{nl,en}.{html,pdf,md}`; `render(record, fmt, language)` gives one.
"""

from __future__ import annotations

from oplever.render.registry import FORMATS, Format, render, render_all

__all__ = ["FORMATS", "Format", "render", "render_all"]
