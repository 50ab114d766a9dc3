"""Reading journals: lines to typed events."""

from __future__ import annotations
