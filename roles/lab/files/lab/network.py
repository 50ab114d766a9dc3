"""The bridge, the table of the packet filter and forwarding: made and taken away, or refused where in the way."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

from spec import STATE, LabError, Spec, run

FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
FORWARD_BEFORE = STATE / "ip_forward.before"


def refuse_used_range(spec: Spec) -> None:
    """The range must not be reachable through anything but this lab's own bridge."""
    subnet = ipaddress.ip_network(f"{spec.subnet}.0/24")
    for route in json.loads(run("ip", "-json", "-4", "route", "show", "table", "all").stdout or "[]"):
        if route["dst"] == "default" or route.get("dev") in (spec.bridge, "lo"):
            continue
        if ipaddress.ip_network(route["dst"], strict=False).overlaps(subnet):
            raise LabError(
                f"{subnet} is in use (route {route['dst']} on {route.get('dev', '?')}): choose another range with "
                "OPLEVER_LAB_SUBNET, for example OPLEVER_LAB_SUBNET=10.99.7"
            )


def network(spec: Spec) -> None:
    """Make what is missing, each part on its own: an earlier call may have been killed between any two of them."""
    if run("ip", "link", "show", spec.bridge, check=False).returncode:
        run("ip", "link", "add", spec.bridge, "type", "bridge", "forward_delay", "0")
        spec.did(f"bridge {spec.bridge}")
    link = json.loads(run("ip", "-json", "address", "show", "dev", spec.bridge).stdout)[0]
    if f"{spec.subnet}.1" not in [address.get("local") for address in link["addr_info"]]:
        run("ip", "address", "add", f"{spec.subnet}.1/24", "dev", spec.bridge)
        spec.did(f"address {spec.subnet}.1/24")
    if "UP" not in link["flags"]:
        run("ip", "link", "set", spec.bridge, "up")
    if run("nft", "list", "table", "inet", spec.table, check=False).returncode:
        run("nft", "-f", "-", stdin=ruleset(spec))
        spec.did(f"nftables table {spec.table}")
    if FORWARD.read_text().strip() != "1":
        if not FORWARD_BEFORE.exists():
            FORWARD_BEFORE.write_text(FORWARD.read_text())
        FORWARD.write_text("1\n")
        spec.did("switched IPv4 forwarding on")


def ruleset(spec: Spec) -> str:
    """Out to the world by masquerading; segments no longer than the path, since an uplink may be below 1500 bytes."""
    return f"""
table inet {spec.table} {{
  chain forward {{
    type filter hook forward priority -10; policy accept;
    iifname "{spec.bridge}" tcp flags syn tcp option maxseg size set rt mtu
    oifname "{spec.bridge}" tcp flags syn tcp option maxseg size set rt mtu
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {spec.subnet}.0/24 oifname != "{spec.bridge}" masquerade
  }}
}}
"""


def restore_forwarding(spec: Spec) -> None:
    """Put forwarding back as it was, once the last lab of this host is gone."""
    if FORWARD_BEFORE.exists() and not list(STATE.glob("*/checkout")):
        FORWARD.write_text(FORWARD_BEFORE.read_text())
        FORWARD_BEFORE.unlink()
        spec.did("put IPv4 forwarding back")
