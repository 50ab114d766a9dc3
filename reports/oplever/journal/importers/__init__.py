"""Runs that other tools recorded, as journals in our own format: one module for each format."""

from __future__ import annotations
