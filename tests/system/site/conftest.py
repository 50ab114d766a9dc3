"""The small site of the fast tests."""

from __future__ import annotations

from unit.site.conftest import site_text

__all__ = ["site_text"]
