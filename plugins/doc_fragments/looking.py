# Copyright: The Oplever team; MIT licence
"""Attributes of modules that only look: they behave the same in check mode and return no diff."""

from __future__ import annotations


class ModuleDocFragment:
    """Used by `extends_documentation_fragment: oplever.lab.looking`."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Behaves the same in check mode.
    support: full
  diff_mode:
    description: Returns no diff.
    support: none
"""
