"""The process that makes documents after a command has answered (`oplever.app.build.start`)."""

from __future__ import annotations

import sys
from pathlib import Path

from oplever.app.build import draw, start_if_behind
from oplever.store import documents


def main(directory: Path, lock: int) -> int:
    """Draw the documents; `lock` is a descriptor that holds the lock for drawing. What goes wrong is kept in a note:
    nobody looks at this process."""
    try:
        draw(directory)
    except Exception:
        return 1
    finally:
        documents.release(directory, lock)
    start_if_behind(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
