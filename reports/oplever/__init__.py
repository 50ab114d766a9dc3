"""Oplever turns what Ansible did into an installation record."""

from __future__ import annotations

__version__ = "0.1.0"
