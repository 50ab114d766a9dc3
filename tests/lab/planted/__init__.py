"""Planted faults: the wrong state for each control of the baseline, and what the audit must then say (docs/reference/planted.md)."""
