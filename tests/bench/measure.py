"""How figures are taken and told, the same for every subject."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def spread(values: Sequence[float], digits: int = 2, unit: str = "") -> str:
    """The median with the least and the most: `1.03 (0.98-1.10)`."""
    low, middle, high = (f"{value:.{digits}f}" for value in (min(values), statistics.median(values), max(values)))
    return f"{middle}{unit} ({low}-{high})" if len(values) > 1 else f"{middle}{unit}"
