"""The SHA-256 of every file of the golden records that are named. A test prints them in a process of their own."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence

from golden.outputs import content, fixed_version, makers_of_case
from oplever.errors import OpleverError


def main() -> None:
    print(json.dumps(fingerprints(sys.argv[1:])))


def fingerprints(names: Sequence[str]) -> dict[str, str]:
    """By record and file; of a file that is refused the code of the refusal."""
    digests = {}
    with fixed_version():
        for of in names:
            for name in makers_of_case(of):
                try:
                    digests[f"{of}/{name}"] = hashlib.sha256(content(of, name)).hexdigest()
                except OpleverError as problem:
                    digests[f"{of}/{name}"] = problem.slug
    return digests


if __name__ == "__main__":
    main()
