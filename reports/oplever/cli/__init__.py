"""The `oplever` command: parses, calls, prints."""

from __future__ import annotations
