"""Prints the SHA-256 of every file of the golden records that are named. A test runs it in processes of their own."""

from __future__ import annotations

import hashlib
import json
import sys

from golden.outputs import raw, record
from oplever.errors import OpleverError


def main() -> None:
    fingerprints = {}
    for of in sys.argv[1:]:
        for name, make in raw(record(of)).items():
            try:
                fingerprints[f"{of}/{name}"] = hashlib.sha256(make()).hexdigest()
            except OpleverError as problem:
                fingerprints[f"{of}/{name}"] = problem.slug
    print(json.dumps(fingerprints))


if __name__ == "__main__":
    main()
