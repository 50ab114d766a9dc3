"""Planted faults: the wrong state for each control, and what the audit must then say (docs/reference/planted.md)."""
