"""`oplever import openscap` and `oplever import lynis`: second opinions of other scanners beside our baseline."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from oplever import clock, store
from oplever.app.build import build
from oplever.errors import OpleverError
from oplever.journal.importers import lynis, openscap
from oplever.journal.importers.scans import Scan
from oplever.record import entries


def _command(name: str, read: Callable[[Path], Scan], what: str) -> click.Command:
    @click.command(name, help=f"PATH: {what}. It joins RECORD as a second opinion.", short_help=what)
    @click.argument("path", type=click.Path(path_type=Path))
    @click.option("--record", default="latest", show_default=True, help="Record, by name or path.")
    @click.option("--by", required=True, envvar="OPLEVER_PERSON", show_envvar=True, help="Who adds it.")
    @click.option("--host", help="The machine in the record; not needed when the report names it as the record does.")
    @click.help_option(help="Show this help and exit.")
    def command(path: Path, record: str, by: str, host: str | None) -> None:
        scan = read(path)
        directory = store.find(record)
        known = sorted(system.name for system in store.load(directory).systems)
        machine = host or scan.host
        if machine not in known:
            raise OpleverError(
                "entry-invalid", f"the record has no machine {machine}", f"name it with --host: {', '.join(known)}"
            )
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        data = {
            **{key: getattr(scan, key) for key in ("tool", "version", "profile", "at")},
            **{"host": machine, "file": path.name, "digest": digest, "rules": msgspec.to_builtins(scan.opinions)},
        }
        at = clock.now()
        store.add(directory, entries.make("scan", by, at, data))
        derived = build(directory)
        own = [one for one in derived.baseline.opinions if (one.tool, one.host) == (scan.tool, machine)]
        count = Counter({True: "agree", False: "differ", None: "not compared"}[one.agrees] for one in own)
        told = ", ".join(f"{number} {word}" for word, number in sorted(count.items()))
        click.echo(f"added: {len(own)} rules of {scan.tool} on {machine}: {told}")

    return command


import_openscap = _command("openscap", openscap.read, "results of OpenSCAP, XCCDF 1.2 or ARF")
import_lynis = _command("lynis", lynis.read, "lynis-report.dat of Lynis")
