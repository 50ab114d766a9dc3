"""The rules by which the callback keeps text and takes secrets out of it, applied to what other tools kept.

The modules here are links to those in `plugins/plugin_utils`: one source, no copy (docs/decisions/0016).
"""

from __future__ import annotations
