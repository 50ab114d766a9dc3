#!/usr/bin/python3
"""What this machine shows of itself to the monitoring server, beside what the node exporter measures.

  oplever-monitoring-probe           write the measurements for the node exporter
  oplever-monitoring-probe print     print them instead

What the roles of the machine declare (units, ports, addresses), units that failed, until when certificates are valid,
the last backup, updates that wait and whether a restart is needed. What could not be measured is left out, and shows
as a probe that had a problem. Standard library only, Python 3.9 and up.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("OPLEVER_MONITORING_ROOT", "/"))
SETTINGS = ROOT / "etc/oplever-monitoring.json"
RESULTS = ROOT / "var/lib/prometheus/node-exporter"
CERTIFICATES = (ROOT / "var/lib/oplever-tls/host.pem", ROOT / "var/lib/oplever-tls/root.pem")
SITES = ROOT / "etc/nginx/sites-enabled"
SHOWN = re.compile(r"^\s*ssl_certificate\s+\"?([^\";]+)\"?;", re.MULTILINE)
BACKUP = ROOT / "etc/oplever-backup.json"
LAST_BACKUP = ROOT / "var/lib/oplever-backup/last.json"
LISTS = ROOT / "var/lib/apt/lists"
STATUS = ROOT / "var/lib/dpkg/status"
RESTART = ROOT / "run/reboot-required"
UPGRADE = re.compile(r"^Inst (\S+) (?:\[\S+\] )?\((.*)", re.MULTILINE)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SECONDS = 5

HELP = {
    "oplever_watch_up": "Whether what a role declares works.",
    "oplever_unit_failed": "A unit of systemd that failed.",
    "oplever_certificate_end_seconds": "When a certificate ends.",
    "oplever_backup_last_seconds": "When the last backup was made; 0 is never.",
    "oplever_backup_max_age_seconds": "How old it may be.",
    "oplever_updates_waiting": "Packages that can be upgraded.",
    "oplever_package_lists_seconds": "When the machine last asked for updates.",
    "oplever_restart_needed": "Whether an update asks for a restart.",
    "oplever_probe_problems": "Parts that could not be measured.",
}
Sample = tuple[str, dict[str, str], float]
"""Name, labels and value of a measurement."""


def samples(settings: dict[str, Any]) -> list[Sample]:
    """All measurements. A part that fails is counted and told; the others go on."""
    parts: tuple[Callable[[], Iterable[Sample]], ...] = (
        lambda: watched(settings["watch"], settings["address"]),
        failed_units,
        certificates,
        backup,
        updates,
    )
    measured: list[Sample] = []
    problems = 0
    for part in parts:
        try:
            measured += part()
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as problem:
            problems += 1
            print(f"oplever-monitoring-probe: {problem}", file=sys.stderr)
    return [*measured, ("oplever_probe_problems", {}, problems)]


def watched(rows: list[dict[str, Any]], address: str) -> Iterable[Sample]:
    """One sample for each row that a role declares; of a pattern one for each unit that it stands for."""
    states = unit_states([row["unit"] for row in rows if "unit" in row])
    for row in rows:
        labels = {"role": row["role"], "comment": row.get("comment", "")}
        if "unit" in row:
            matching = states[row["unit"]] or {row["unit"]: False}  # none is there
            for unit, is_active in sorted(matching.items()):
                yield "oplever_watch_up", {**labels, "kind": "unit", "place": unit}, is_active
        elif "port" in row:
            up = answers(int(row["port"]), address)
            yield "oplever_watch_up", {**labels, "kind": "port", "place": str(row["port"])}, up
        else:
            yield "oplever_watch_up", {**labels, "kind": "url", "place": row["url"]}, opens(row["url"])


def unit_states(patterns: list[str]) -> dict[str, dict[str, bool]]:
    """Pattern -> unit -> whether it is active, of the units that systemd has loaded."""
    states: dict[str, dict[str, bool]] = {}
    for pattern in dict.fromkeys(patterns):
        text = run("systemctl", "list-units", "--all", "--plain", "--no-legend", "--full", pattern)
        lines = [line.split() for line in text.splitlines()]
        states[pattern] = {words[0]: words[2] in ("active", "reloading") for words in lines if len(words) > 2}
    return states


def answers(port: int, address: str) -> bool:
    """Whether something takes connections on this port: at the address of the machine, or for itself alone."""
    for host in (address, "127.0.0.1", "::1"):
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=SECONDS):
            return True
    return False


def opens(url: str) -> bool:
    """Whether an address gives a page, with a certificate that the machine trusts."""
    try:
        # A role declares the address.
        with urllib.request.urlopen(url, timeout=SECONDS, context=ssl.create_default_context()) as answer:  # noqa: S310
            return bool(answer.status < 400)
    except (OSError, ValueError):
        return False


def failed_units() -> Iterable[Sample]:
    text = run("systemctl", "list-units", "--all", "--plain", "--no-legend", "--full", "--state=failed")
    for line in text.splitlines():
        yield "oplever_unit_failed", {"unit": line.split()[0]}, 1


def certificates() -> Iterable[Sample]:
    """The certificates of the role ca, and those that nginx shows."""
    sites = [path.read_text("utf-8", "replace") for path in SITES.iterdir() if path.is_file()] if SITES.is_dir() else []
    shown = [Path(name.strip()) for text in sites for name in SHOWN.findall(text)]
    for path in sorted({*(path for path in CERTIFICATES if path.is_file()), *shown}):
        text = run("openssl", "x509", "-noout", "-enddate", "-in", str(path)).strip().partition("=")[2]
        moment = datetime.datetime.strptime(text, "%b %d %H:%M:%S %Y %Z").replace(tzinfo=datetime.timezone.utc)
        yield "oplever_certificate_end_seconds", {"path": str(path)}, moment.timestamp()


def backup() -> Iterable[Sample]:
    """The last backup by the role backup, where the machine has that role."""
    if not BACKUP.is_file():
        return
    last = 0.0
    if LAST_BACKUP.is_file():
        name = STAMP.search(json.loads(LAST_BACKUP.read_text("utf-8"))["archive"])
        if name is None:
            raise ValueError(f"{LAST_BACKUP} names no archive with a date")
        last = datetime.datetime.strptime(name[0], "%Y-%m-%dT%H:%M:%S%z").timestamp()
    yield "oplever_backup_last_seconds", {}, last
    yield "oplever_backup_max_age_seconds", {}, 3600 * int(json.loads(BACKUP.read_text("utf-8"))["max_hours"])


def updates() -> Iterable[Sample]:
    """What apt would upgrade, by the lists that it has. It is asked again when lists or packages changed."""
    fetched = max((path.stat().st_mtime for path in LISTS.glob("*_Packages*")), default=0.0)
    with contextlib.suppress(FileNotFoundError):
        fetched = max(fetched, (ROOT / "var/lib/apt/periodic/update-success-stamp").stat().st_mtime)
    yield "oplever_restart_needed", {}, RESTART.exists()
    if not fetched:
        return  # lists were never fetched, so that nothing is known
    yield "oplever_package_lists_seconds", {}, fetched
    for kind, number in waiting(max(fetched, STATUS.stat().st_mtime)).items():
        yield "oplever_updates_waiting", {"kind": kind}, number


def waiting(changed: float) -> dict[str, int]:
    """Kind of update -> number of packages, from the last answer when nothing changed after it."""
    kept = RESULTS / "oplever-updates.json"
    if kept.is_file() and kept.stat().st_mtime > changed:
        counts: dict[str, int] = json.loads(kept.read_text("utf-8"))
        return counts
    text = run("apt-get", "-s", "-q", "-o", "Debug::NoLocking=true", "dist-upgrade")
    origins = [origin for _, origin in UPGRADE.findall(text)]
    security = sum("-security" in origin.lower() for origin in origins)
    counts = {"security": security, "other": len(origins) - security}
    put(kept, json.dumps(counts))
    return counts


def text_of(measured: list[Sample]) -> str:
    """The measurements as the node exporter reads them, each name together."""
    lines = []
    for name, meaning in HELP.items():
        values = {labels_of(labels): value for sample, labels, value in measured if sample == name}
        if values:
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]
            lines += [f"{name}{labels} {float(value):.0f}" for labels, value in values.items()]
    return "\n".join(lines) + "\n"


def labels_of(labels: dict[str, str]) -> str:
    pairs = []
    for name, value in labels.items():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        pairs.append(f'{name}="{escaped}"')
    return "{" + ",".join(pairs) + "}" if pairs else ""


def run(*command: str) -> str:
    env = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=env)
    if done.returncode:
        raise ValueError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[:300]}")
    return done.stdout


def put(path: Path, text: str) -> None:
    """Replace a file in one step; the exporter may read at any moment."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    new.chmod(0o644)
    new.rename(path)


def main() -> int:
    parser = argparse.ArgumentParser(prog="oplever-monitoring-probe", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", nargs="?", choices=["print"])
    arguments = parser.parse_args()
    try:
        text = text_of(samples(json.loads(SETTINGS.read_text("utf-8"))))
        if arguments.command == "print":
            print(text, end="")
        else:
            put(RESULTS / "oplever.prom", text)
    except (OSError, ValueError, KeyError) as problem:
        print(f"oplever-monitoring-probe: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
