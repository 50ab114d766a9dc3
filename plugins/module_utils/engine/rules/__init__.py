"""The rules of the language of checks, linked as `oplever.checks.rules` (docs/decisions/0018).

Standard library and relative imports only; runs on the Python 3.9 of a target and passes strict types.
"""

from __future__ import annotations
