#!/usr/bin/env python3
"""Make and remove a lab of booted Debian machines on this host; called by the tasks of the role `lab`.

    lab.py preflight|base|up|ready|harvest|down < spec.json

Every call reads one description of the lab (see `Spec`) on standard input, does only what is missing, and prints
`{"changed": bool, "actions": [str, ...]}`. What cannot go on ends with exit code 1 and one line on standard error that
says what is wrong and what to do. Nothing is made on the host that does not carry the lab's id in its name.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CACHE = Path("/var/cache/oplever")
STATE = Path("/var/lib/oplever")
FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
FORWARD_BEFORE = STATE / "ip_forward.before"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = "http://deb.debian.org/debian"
SECURITY = "http://deb.debian.org/debian-security"
BASE_PACKAGES = (
    "systemd,systemd-sysv,libpam-systemd,dbus,python3,python3-apt,openssh-server,sudo,iproute2,ca-certificates,procps"
)
NEED_MB = 6000
"""Free space that two base trees, three machines and their packages take, with room to work (MB)."""


class LabError(Exception):
    """What is wrong, and what to do about it, in one line."""


@dataclass(frozen=True)
class Machine:
    name: str
    release: str
    address: str


@dataclass
class Spec:
    """One lab: `id` is in every name; `subnet` is the first three octets; `checkout` says whose it is."""

    id: str
    name: str
    checkout: str
    subnet: str
    domain: str
    user: str
    public_key: str
    fresh: bool
    timeout: int
    machines: list[Machine]
    host_keys: dict[str, str]
    actions: list[str] = field(default_factory=list)

    @property
    def bridge(self) -> str:
        return f"opl{self.id}"

    @property
    def table(self) -> str:
        return f"oplever_{self.id}"

    @property
    def directory(self) -> Path:
        return STATE / self.id

    def full_name(self, machine: Machine) -> str:
        return f"opl{self.id}-{machine.name}"

    def did(self, what: str) -> None:
        self.actions.append(what)


def read_spec() -> Spec:
    data: dict[str, Any] = json.load(sys.stdin)
    machines = [
        Machine(m["name"], m["release"], f"{data['subnet']}.{m['address']}") for m in data["machines"]
    ]  # fmt: skip
    return Spec(**{**data, "machines": machines})


def run(*argv: str, check: bool = True, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(argv, text=True, capture_output=True, input=stdin, check=False)
    if check and done.returncode:
        tail = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
        raise LabError(f"{' '.join(argv[:3])} failed: {tail[0]}")
    return done


@contextlib.contextmanager
def waiting_turn(name: str) -> Iterator[None]:
    """Hold a host-wide lock; two checkouts that want the same base tree build it once, one after the other."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting: another lab on this host is busy with {name}", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# --- before anything is made ---------------------------------------------------------------------------------------


def preflight(spec: Spec) -> None:
    if os.geteuid() != 0:
        raise LabError("the lab needs root: run as root, or as a user who may use sudo")
    if not Path("/etc/debian_version").exists():
        raise LabError("this host is not Debian-like: use a Debian 12 host, or the read-only playbook local.yml")
    for directory in (CACHE, STATE):
        directory.mkdir(parents=True, exist_ok=True)
    if "overlay" not in Path("/proc/filesystems").read_text() and run("modprobe", "overlay", check=False).returncode:
        raise LabError("the kernel has no overlay file system: load the module overlay, or use another host")
    free = shutil.disk_usage(STATE).free // 1_000_000
    if not any_machine(spec) and free < NEED_MB:
        raise LabError(f"{STATE} has {free} MB free and the lab needs {NEED_MB} MB: make room, or mount a larger disk")
    forget_dead_labs(spec)
    refuse_used_range(spec)


def any_machine(spec: Spec) -> bool:
    return any((spec.directory / m.name).exists() for m in spec.machines)


def refuse_used_range(spec: Spec) -> None:
    """The range must not be reachable through anything but this lab's own bridge."""
    wanted = ipaddress.ip_network(f"{spec.subnet}.0/24")
    for route in json.loads(run("ip", "-json", "-4", "route", "show", "table", "all").stdout or "[]"):
        if route["dst"] == "default" or route.get("dev") in (spec.bridge, "lo"):
            continue
        if ipaddress.ip_network(route["dst"], strict=False).overlaps(wanted):
            raise LabError(
                f"{wanted} is in use (route {route['dst']} on {route.get('dev', '?')}): choose another range with "
                "OPLEVER_LAB_SUBNET, for example OPLEVER_LAB_SUBNET=10.99.7"
            )


def forget_dead_labs(spec: Spec) -> None:
    """Remove what labs left whose checkout is gone from this host."""
    for owner in STATE.glob("*/checkout"):
        lab = owner.parent.name
        if lab != spec.id and not Path(owner.read_text().strip()).exists():
            dead = Spec(lab, "", "", "", "", "", "", False, 0, [], {})
            down(dead)
            spec.did(f"removed lab {lab} of a checkout that no longer exists")


# --- base trees: one per release, made once ------------------------------------------------------------------------


def base_tree(release: str) -> Path:
    recipe = hashlib.sha256(f"2 {BASE_PACKAGES} {MIRROR}".encode()).hexdigest()[:8]
    return CACHE / "base" / f"{release}-{recipe}"


def base(spec: Spec) -> None:
    builds = []
    for release in sorted({m.release for m in spec.machines}):
        if not base_tree(release).exists():
            builds.append(release)
    for release in builds:
        with waiting_turn(f"base-{release}"):
            if not base_tree(release).exists():
                build_base(release)
                spec.did(f"built the base tree of {release}")


def build_base(release: str) -> None:
    tree = base_tree(release)
    half = tree.with_name(tree.name + ".part")
    shutil.rmtree(half, ignore_errors=True)
    tree.parent.mkdir(parents=True, exist_ok=True)
    sources = "\n".join(
        f"deb [signed-by={KEYRING}] {url} {suite} main"
        for url, suite in ((MIRROR, release), (MIRROR, f"{release}-updates"), (SECURITY, f"{release}-security"))
    )
    done = run(
        "mmdebstrap", "--quiet", "--variant=minbase", f"--include={BASE_PACKAGES}", "--mode=root",
        "--aptopt=Acquire::Languages \"none\"", "--skip=cleanup/apt/lists",
        "--customize-hook=rm -f \"$1\"/etc/ssh/ssh_host_* \"$1\"/etc/hostname",
        "--customize-hook=: > \"$1\"/etc/machine-id",
        release, str(half), "-", stdin=sources + "\n", check=False,
    )  # fmt: skip
    if done.returncode:
        shutil.rmtree(half, ignore_errors=True)
        last = [line for line in done.stderr.splitlines() if line.startswith("E:")][-1:] or done.stderr.splitlines()[
            -1:
        ]
        raise LabError(f"building the base tree of {release} failed: {' '.join(last)}: is the Debian mirror reachable?")
    half.rename(tree)


# --- network ---------------------------------------------------------------------------------------------------------


def network(spec: Spec) -> None:
    if run("ip", "link", "show", spec.bridge, check=False).returncode:
        run("ip", "link", "add", spec.bridge, "type", "bridge", "forward_delay", "0")
        run("ip", "address", "add", f"{spec.subnet}.1/24", "dev", spec.bridge)
        run("ip", "link", "set", spec.bridge, "up")
        spec.did(f"bridge {spec.bridge} with {spec.subnet}.1/24")
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


# --- machines --------------------------------------------------------------------------------------------------------


def up(spec: Spec) -> None:
    if spec.fresh:
        stop_all(spec)
        shutil.rmtree(spec.directory, ignore_errors=True)
    spec.directory.mkdir(parents=True, exist_ok=True)
    (spec.directory / "checkout").write_text(spec.checkout + "\n")
    network(spec)
    for machine in spec.machines:
        if running_pid(spec, machine) is None:
            prepare(spec, machine)
            boot(spec, machine)
            spec.did(f"booted {machine.name} ({machine.release})")


def prepare(spec: Spec, machine: Machine) -> None:
    place = spec.directory / machine.name
    root = place / "root"
    end_inhabitants(place)
    unmount(root)
    new = not (place / "upper").exists()
    for part in ("upper", "work", "root"):
        (place / part).mkdir(parents=True, exist_ok=True)
    lower = base_tree(machine.release)
    run("mount", "-t", "overlay", "overlay", str(root),
        "-o", f"lowerdir={lower},upperdir={place / 'upper'},workdir={place / 'work'}")  # fmt: skip
    if new or not (place / "release").exists():
        furnish(spec, machine, root)
        (place / "release").write_text(machine.release + "\n")


def furnish(spec: Spec, machine: Machine, root: Path) -> None:
    """What a machine has to know before its first boot: name, network, key and the packages fetched before."""
    home = root / "home" / spec.user
    files = {
        "etc/hostname": f"{machine.name}\n",
        "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {machine.name}.{spec.domain} {machine.name}\n::1 localhost\n",
        "etc/systemd/network/10-lab.network": (
            f"[Match]\nName=host0\n\n[Network]\nAddress={machine.address}/24\nGateway={spec.subnet}.1\n"
        ),
        "etc/apt/apt.conf.d/90lab": 'APT::Keep-Downloaded-Packages "true";\nAcquire::Languages "none";\n',
        # In a container the manager of a user's session can miss that its last process ended; the next login waits for
        # it, by default two minutes, and Ansible calls the machine unreachable.
        "etc/systemd/system/user@.service.d/lab.conf": "[Service]\nTimeoutStopSec=2s\n",
        f"etc/sudoers.d/{spec.user}": f"{spec.user} ALL=(ALL:ALL) NOPASSWD: ALL\n",
        "etc/ssh/ssh_host_ed25519_key": spec.host_keys[machine.name],
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600 if "host_ed25519" in name else 0o440 if "sudoers" in name else 0o644)
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    if run("chroot", str(root), "id", spec.user, check=False).returncode:
        run("chroot", str(root), "useradd", "--create-home", "--shell=/bin/bash", "--groups=sudo", spec.user)
    # A locked password would also lock key login under some PAM stacks; an impossible one does not.
    run("chroot", str(root), "usermod", "--password", "*", spec.user)
    run("chroot", str(root), "systemctl", "enable", "systemd-networkd.service")
    (home / ".ssh").mkdir(mode=0o700, exist_ok=True)
    (home / ".ssh/authorized_keys").write_text(spec.public_key.strip() + "\n")
    run("chroot", str(root), "chown", "-R", f"{spec.user}:{spec.user}", f"/home/{spec.user}")
    link_debs(CACHE / "debs" / machine.release, root / "var/cache/apt/archives")


def link_debs(source: Path, target: Path) -> int:
    """Hard-link package files that the target lacks (copy where links cannot be made); how many."""
    target.mkdir(parents=True, exist_ok=True)
    linked = 0
    for deb in source.glob("*.deb"):
        if (target / deb.name).exists():
            continue
        try:
            os.link(deb, target / deb.name)
        except OSError:
            shutil.copyfile(deb, target / deb.name)
        linked += 1
    return linked


def harvest(spec: Spec) -> None:
    """Keep what the machines fetched, for the next machine and the next lab."""
    for place in sorted(spec.directory.glob("*/upper")):
        marker = place.parent / "release"
        if not marker.exists():
            continue
        linked = link_debs(place / "var/cache/apt/archives", CACHE / "debs" / marker.read_text().strip())
        if linked:
            spec.did(f"kept {linked} packages of {place.parent.name}")


def boot(spec: Spec, machine: Machine) -> None:
    place = spec.directory / machine.name
    with (place / "console.log").open("ab") as console:
        process = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--directory", str(place / "root"), "--boot", "--register=no", "--keep-unit",
             f"--machine={spec.full_name(machine)}", f"--hostname={machine.name}", f"--network-bridge={spec.bridge}",
             "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe"],
            stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True, cwd="/",
        )  # fmt: skip
    (place / "pid").write_text(f"{process.pid}\n")
    time.sleep(0.3)
    if process.poll() is not None:
        tail = (place / "console.log").read_text(errors="replace").strip().splitlines()[-1:]
        raise LabError(f"{machine.name} did not boot: {' '.join(tail) or 'no output'} (see {place / 'console.log'})")


def ready(spec: Spec) -> None:
    """Wait until every machine has booted and answers on SSH; before that, only root may log in."""
    deadline = time.monotonic() + spec.timeout
    for machine in spec.machines:
        while (lacking := not_ready(spec, machine)) and time.monotonic() < deadline:
            time.sleep(0.2)
        if lacking:
            raise LabError(
                f"{machine.name} is not ready after {spec.timeout} s: {lacking}; look at "
                f"{spec.directory / machine.name / 'console.log'}, or give it longer: -e lab_timeout=300"
            )


def not_ready(spec: Spec, machine: Machine) -> str:
    """What a machine still lacks, or nothing."""
    nspawn = running_pid(spec, machine)
    inits = children(nspawn) if nspawn else []
    if not inits:
        return "it stopped"
    state = run(
        "nsenter", f"--target={inits[0]}", "--all", "systemctl", "is-system-running", check=False
    ).stdout.strip()
    if state not in ("running", "degraded"):
        return f"systemd says {state or 'nothing yet'}"
    with contextlib.suppress(OSError), socket.create_connection((machine.address, 22), timeout=2) as connection:
        connection.settimeout(2)
        if connection.recv(4) == b"SSH-":
            return ""
    return "it does not answer on SSH"


def running_pid(spec: Spec, machine: Machine) -> int | None:
    """The nspawn process of a machine, or None; a pid that now belongs to something else does not count."""
    with contextlib.suppress(OSError, ValueError):
        pid = int((spec.directory / machine.name / "pid").read_text())
        if f"--machine={spec.full_name(machine)}" in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
            return pid
    return None


def stop_all(spec: Spec) -> None:
    """Ask every machine of the lab to power off, wait, then end what is left."""
    stray = nspawn_pids(spec)
    for pid in stray:
        for child in children(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGRTMIN + 4)
    deadline = time.monotonic() + 15
    while nspawn_pids(spec) and time.monotonic() < deadline:
        time.sleep(0.1)
    for root in spec.directory.glob("*/root"):
        end_inhabitants(root.parent)
    if stray:
        spec.did(f"stopped {len(stray)} machines")
    for root in spec.directory.glob("*/root"):
        unmount(root)


def nspawn_pids(spec: Spec) -> list[int]:
    """Every nspawn process of this lab, also one whose pid file was never written."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            argv = entry.read_bytes().split(b"\0")
            if argv[0].endswith(b"systemd-nspawn") and any(
                part.startswith(f"--machine=opl{spec.id}-".encode()) for part in argv
            ):
                found.append(int(entry.parent.name))
    return found


def end_inhabitants(place: Path) -> None:
    """End what still lives on a machine's overlay; an init outlives a killed nspawn and keeps its network."""
    deadline = time.monotonic() + 10
    while (pids := inhabitants(place)) and time.monotonic() < deadline:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def inhabitants(place: Path) -> list[int]:
    """Processes of other mount namespaces that see this machine's overlay."""
    ours = os.readlink("/proc/self/ns/mnt")
    mark = f"upperdir={place / 'upper'},"
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(entry / "ns/mnt") != ours and mark in (entry / "mountinfo").read_text():
                found.append(int(entry.name))
    return found


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def unmount(root: Path) -> None:
    while str(root) in {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}:
        if run("umount", str(root), check=False).returncode:
            run("umount", "--lazy", str(root))


def down(spec: Spec) -> None:
    harvest(spec)
    stop_all(spec)
    if run("ip", "link", "show", spec.bridge, check=False).returncode == 0:
        run("ip", "link", "delete", spec.bridge)
        spec.did(f"removed bridge {spec.bridge}")
    if run("nft", "list", "table", "inet", spec.table, check=False).returncode == 0:
        run("nft", "delete", "table", "inet", spec.table)
        spec.did(f"removed nftables table {spec.table}")
    if spec.directory.exists():
        shutil.rmtree(spec.directory)
        spec.did("removed the machines")
    restore_forwarding(spec)


def restore_forwarding(spec: Spec) -> None:
    """Put forwarding back as it was, once the last lab of this host is gone."""
    if FORWARD_BEFORE.exists() and not list(STATE.glob("*/checkout")):
        FORWARD.write_text(FORWARD_BEFORE.read_text())
        FORWARD_BEFORE.unlink()
        spec.did("put IPv4 forwarding back")


COMMANDS = {"preflight": preflight, "base": base, "up": up, "ready": ready, "harvest": harvest, "down": down}


def main() -> int:
    spec = read_spec()
    try:
        COMMANDS[sys.argv[1]](spec)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.strerror}: {error.filename}: is the disk full or read only?", file=sys.stderr)
        return 1
    print(json.dumps({"changed": bool(spec.actions), "actions": spec.actions}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
