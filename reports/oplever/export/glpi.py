"""GLPI's inventory format: a JSON file for each machine, in a ZIP, as `glpi-injector` takes them without a server.

It is a partial inventory: a record knows which packages changed, not all that are installed, and a list that is not
whole would take software away in GLPI. What was not measured is left out.
"""

from __future__ import annotations

import json
import re
from typing import Any

from oplever import __version__
from oplever.errors import OpleverError
from oplever.export.bundle import pack
from oplever.export.findings import numbered
from oplever.export.shape import Shape
from oplever.messages import M_
from oplever.record.model import Interface, Record, System

_STATES = frozenset({"up", "down", "dormant", "notpresent", "lowerlayerdown", "unknown", "testing"})
_ARCHITECTURES = re.compile(r"mips|mips64|alpha|sparc|sparc64|m68k|i\d86|x86_64|powerpc|powerpc64|arm.*|aarch64")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def draw(record: Record, shape: Shape) -> bytes:
    if not record.systems:
        message = M_("{id} has no machines, and {fmt} contains nothing else", id=record.id, fmt="glpi")
        raise OpleverError("export-empty", message, M_("export a record of a run: oplever list"))
    names = _file_names(record)
    files = {names[system.name]: _json(_inventory(record, system)) for system in record.systems}
    return pack(files)


def _file_names(record: Record) -> dict[str, str]:
    """A file for each machine, whatever its name holds."""
    return {
        system.name: f"{number:04}-{_UNSAFE.sub('_', system.name)[:100]}.json"
        for number, system in enumerate(record.systems, 1)
    }


def _json(inventory: dict[str, Any]) -> bytes:
    return (json.dumps(inventory, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _inventory(record: Record, system: System) -> dict[str, Any]:
    return {
        "deviceid": f"{system.name}-{numbered(record, 'glpi', system.uuid or system.name)}",
        "action": "inventory",
        "itemtype": "Computer",
        "partial": True,
        "content": {name: part for name, part in _content(system).items() if part},
    }


def _content(system: System) -> dict[str, Any]:
    return {
        "versionclient": f"Oplever_v{__version__}",
        "hardware": _present(
            name=system.name,
            uuid=system.uuid,
            memory=system.memory_mb,
            vmsystem=system.virtualization,
            defaultgateway=system.default_gateway,
            dns="/".join(system.dns_servers),
        ),
        "bios": _present(
            smanufacturer=system.vendor, smodel=system.model, ssn=system.serial, bversion=system.firmware
        ),
        "operatingsystem": _present(
            full_name=system.os, kernel_name="linux" if system.kernel else "", kernel_version=system.kernel,
            arch=system.architecture,
        ),
        "cpus": [_cpu(system)] if system.cpu else [],
        "networks": [network for interface in system.interfaces for network in _networks(interface)],
        "drives": [
            _present(
                type=volume.target, volumn=volume.source, filesystem=volume.fstype, total=volume.size_mb,
                free=volume.free_mb,
            )
            for volume in system.volumes
        ],
    }  # fmt: skip


def _cpu(system: System) -> dict[str, Any]:
    architecture = system.architecture if _ARCHITECTURES.fullmatch(system.architecture) else ""
    return _present(name=system.cpu, arch=architecture, thread=system.cpu_count)


def _networks(interface: Interface) -> list[dict[str, Any]]:
    """One for each address, as GLPI's own agent writes them; one without an address when there is none."""
    state = interface.state.lower()
    head = _present(
        description=interface.name,
        mac=interface.mac,
        mtu=interface.mtu,
        status=state if state in _STATES else "",
        type="loopback" if interface.name == "lo" else "",
    )
    plain = [address.partition("/")[0] for address in interface.addresses]
    addresses = [{"ipaddress6" if ":" in address else "ipaddress": address} for address in plain]
    return [{**head, **address} for address in addresses or [{}]]


def _present(**values: str | int | None) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None)}
