"""Add the report of another scanner to a record, as second opinions beside our controls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from oplever import clock, store
from oplever.app.add import admit
from oplever.files import sha256
from oplever.journal.importers import lynis, openscap
from oplever.journal.importers.junit_machines import unknown_machine
from oplever.journal.importers.scans import Scan
from oplever.kinds import registry
from oplever.messages import M_
from oplever.record.model import Record, SecondOpinion
from oplever.text import printable

SCANNERS: dict[str, Callable[[Path], Scan]] = {"openscap": openscap.read, "lynis": lynis.read}


class ImportedScan(Struct, frozen=True):
    """`opinions` are those of this report, set beside our controls."""

    record: Record
    tool: str
    host: str
    opinions: tuple[SecondOpinion, ...]


def import_scan(directory: Path, path: Path, scanner: str, by: str, host: str | None = None) -> ImportedScan:
    """Add the report in `path` of a scanner of `SCANNERS`. `host` is the machine when the report does not name it as
    the record does.

    Raises OpleverError: `scan-broken`, `entry-invalid`, and what `admit` raises.
    """
    scan = SCANNERS[scanner](path)
    machine = _machine(store.load(directory), host or scan.host)
    data = {
        **{key: getattr(scan, key) for key in ("tool", "version", "profile", "at")},
        **{
            "host": machine,
            "file": printable(path.name),
            "digest": sha256(path),
            "rules": msgspec.to_builtins(scan.opinions),
        },
    }
    record = admit(directory, [registry.LOG.make("scan", by, clock.now(), data)])
    opinions = (o for o in record.baseline.opinions if (o.tool, o.host) == (scan.tool, machine))
    return ImportedScan(record, scan.tool, machine, tuple(opinions))


def _machine(record: Record, name: str) -> str:
    machines = [system.name for system in record.systems]
    if name not in machines:
        raise unknown_machine(M_("the record has no machine {name}", name=name), machines)
    return name
