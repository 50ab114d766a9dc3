"""The SHA-256 of every file of the golden records that are named. A test prints them in a process of their own."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence

from golden.outputs import files, fixed_version, made
from oplever.errors import OpleverError


def main() -> None:
    print(json.dumps(fingerprints(sys.argv[1:])))


def fingerprints(names: Sequence[str]) -> dict[str, str]:
    """By record and file; of a file that is refused the code of the refusal."""
    found = {}
    with fixed_version():
        for of in names:
            for name in files(of):
                try:
                    found[f"{of}/{name}"] = hashlib.sha256(made(of, name)).hexdigest()
                except OpleverError as problem:
                    found[f"{of}/{name}"] = problem.slug
    return found


if __name__ == "__main__":
    main()
