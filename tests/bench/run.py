"""What recording and reading cost, as ratios measured in one run. Prints Markdown tables.

`python tests/bench/run.py [--quick]` from the repository root with the interpreter that has ansible-core.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence

import callback
import reading


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small play, two rounds: shows that it works, no figure")
    quick = parser.parse_args().quick
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; ratios are medians of pairs run in turns")
    table(callback.HEADINGS, callback.figures(quick=quick))
    table(reading.HEADINGS, reading.figures(quick=quick))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print()
    for row in (headings, ["---"] * len(headings), *rows):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
