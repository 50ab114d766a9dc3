"""The evidence of a record in one ZIP: every file of it with size and digest, so that it can be checked elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from oplever.export.bundle import pack
from oplever.record.model import Record

MANIFEST = "evidence.json"


def draw(record: Record, files: Mapping[str, bytes]) -> bytes:
    """`files` by their path below the record. The list of them stands beside them, and as `sha256sum -c` takes it."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    manifest = {
        "format": "oplever-evidence",
        "version": 1,
        "record": record.id,
        "revision": record.document.revision,
        "verdict": record.verdict,
        "stage": record.stage,
        "files": [{"name": name, "bytes": len(files[name]), "sha256": digest} for name, digest in digests.items()],
    }
    listed = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    described = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    inside = {**files, MANIFEST: described.encode(), "SHA256SUMS": listed.encode()}
    return pack({f"{record.id}/{name}": content for name, content in inside.items()})
