"""What the callback and the package both apply to text and results: linked there as `oplever._shared`.

Imports nothing but the standard library and, relatively, its own modules (docs/decisions/0016).
"""

from __future__ import annotations
