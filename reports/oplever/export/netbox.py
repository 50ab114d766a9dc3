"""CSV for NetBox's import of devices. Manufacturer, device type and platform have to exist there; columns of which a
record knows nothing are empty, to be filled in before the import."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from oplever.export.csv import cell
from oplever.export.shape import Shape
from oplever.record import figures
from oplever.record.model import Record, System

COLUMNS = ("name", "status", "role", "manufacturer", "device_type", "serial", "site", "platform", "comments")


def draw(record: Record, shape: Shape) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    tasks = figures.tasks(record.systems)
    for system in record.systems:
        role = ", ".join(name.rsplit(".", 1)[-1] for name in tasks[system.name])
        writer.writerow([cell(value, shape) for value in _row(record, system, role)])
    return text.getvalue().encode()


def _row(record: Record, system: System, role: str) -> Iterator[str]:
    """A machine is in use when its record says that it is in order, else it waits for that."""
    is_done = record.verdict in ("delivered", "delivered_with_remarks") and not record.document.check_mode
    is_ready = system.reachable and is_done
    yield from (system.name, "active" if is_ready else "staged", role, system.vendor, system.model, system.serial)
    address = figures.address(system)
    yield from (record.assignment.location, system.os, "; ".join(part for part in (address, record.id) if part))
