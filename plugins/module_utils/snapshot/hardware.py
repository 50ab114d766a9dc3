"""What the machine is made of, as firmware and kernel tell it."""

from __future__ import annotations

import os
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

DMI = "/sys/class/dmi/id/"
FIELDS = {"vendor": "sys_vendor", "model": "product_name", "serial": "product_serial", "uuid": "product_uuid"}
# What makers leave in a field that they did not fill.
FILLERS = re.compile(
    r"(?:to be filled by o\.?e\.?m\.?|o\.?e\.?m\.?|default string|default|(?:system|base ?board|board|chassis|product)"
    r" (?:serial number|product name|name|manufacturer|version)|not (?:specified|present|available|applicable|settable)"
    r"|n/?a|none|null|\(null string\)|invalid|unknow?n?|empty|<bad index>|(?:sys|sn|mb)-\d{5,}|[0f-]+|[x.]+"
    r"|0?123456789\d*|03000200-0400-0500-0006-000700080009)",
    re.IGNORECASE,
)
VIRTUAL_DISKS = ("loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd")


def hardware(machine):
    cpu = machine.read("/proc/cpuinfo", limit=8 << 20) or ""
    models = re.findall(r"^(?:model name|Model)\s*:\s*(.+)$", cpu, re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+) kB", machine.read("/proc/meminfo") or "", re.MULTILINE)
    return dict(
        {name: _field(machine, DMI + file) for name, file in FIELDS.items()},
        firmware=" ".join(filter(None, (_field(machine, DMI + "bios_vendor"), _field(machine, DMI + "bios_version")))),
        cpu=" ".join(models[0].split()) if models else "",
        cpu_count=os.cpu_count(),
        memory_mb=int(memory.group(1)) >> 10 if memory else None,
        disks=[_disk(machine, path) for path in machine.glob("/sys/block/*") if _real(path)],
    )


def _real(path):
    return not path.rsplit("/", 1)[1].startswith(VIRTUAL_DISKS)


def _disk(machine, path):
    sectors = _line(machine, path + "/size")
    return {
        "name": path.rsplit("/", 1)[1],
        # The kernel counts in sectors of 512 bytes, whatever the disk does.
        "size_mb": int(sectors) * 512 >> 20 if sectors.isdigit() else None,
        "model": _field(machine, path + "/device/model"),
        "serial": _field(machine, path + "/device/serial"),
    }


def _field(machine, path):
    """Text of a one-line file; empty when it is missing, not for this user, or a filler."""
    text = _line(machine, path)
    return "" if FILLERS.fullmatch(text) else text


def _line(machine, path):
    try:
        return " ".join((machine.read(path) or "").split())
    except UnreadableError:
        return ""
