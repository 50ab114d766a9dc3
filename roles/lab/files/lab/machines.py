"""One machine: its overlay on the base tree, what it knows before its first boot, its boot, and whether it is ready."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from pathlib import Path

import cgroups
from base import ARCHIVES, CACHE, base_tree, link_debs
from processes import children, end_inhabitants, running_pid, supervisor, unmount
from spec import LabError, Machine, Spec, run


def prepare(spec: Spec, machine: Machine) -> None:
    place = spec.directory / machine.name
    root = place / "root"
    end_inhabitants(place)
    unmount(root)
    for part in ("upper", "work", "root"):
        (place / part).mkdir(parents=True, exist_ok=True)
    new = not (place / "release").exists()
    if new:
        bring_packages(machine, place / "upper")
    mount(base_tree(machine.release), place)
    if new:
        furnish(spec, machine, root)
        (place / "release").write_text(machine.release + "\n")


def bring_packages(machine: Machine, upper: Path) -> None:
    """The packages that machines fetched before, hundreds of megabytes for each machine. They are linked, not copied:
    what is to be mounted above the base tree is on one file system with the cache, the mounted tree is not."""
    for part in reversed([ARCHIVES, *ARCHIVES.parents[:-1]]):
        (upper / part).mkdir(exist_ok=True)
        shutil.copystat(base_tree(machine.release) / part, upper / part)
    link_debs(CACHE / "debs" / machine.release, upper / ARCHIVES)


def mount(lower: Path, place: Path) -> None:
    """Mount the root of a machine. Nothing in it is waited for until it is on disk: installing packages would take
    several times as long. What a machine wrote last is lost when the host itself crashes, and only then."""
    # The kernel leaves this mark to say so, and mounts no tree that bears it.
    shutil.rmtree(place / "work/work/incompat", ignore_errors=True)
    run("mount", "-t", "overlay", "overlay", str(place / "root"),
        "-o", f"lowerdir={lower},upperdir={place / 'upper'},workdir={place / 'work'},volatile")  # fmt: skip


def furnish(spec: Spec, machine: Machine, root: Path) -> None:
    """What a machine has to know before its first boot: name, network and key."""
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
    if spec.bytecode:
        add_bytecode(root)


def add_bytecode(root: Path) -> None:
    """Have every Python of this machine keep the bytecode of modules (see bytecode.py)."""
    for library in (root / "usr/lib").glob("python3.*"):
        place = root / "usr/local/lib" / library.name / "dist-packages"
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(__file__).parents[1] / "bytecode.py", place / "oplever_lab_bytecode.py")
        (place / "oplever_lab_bytecode.pth").write_text("import oplever_lab_bytecode; oplever_lab_bytecode.start()\n")
        # Now, and not when the first module starts: a look at the machine writes nothing.
        module = f"/usr/local/lib/{library.name}/dist-packages/oplever_lab_bytecode.py"
        run("chroot", str(root), "python3", "-S", "-m", "py_compile", module)


def boot(spec: Spec, machine: Machine) -> None:
    place, name = spec.directory / machine.name, spec.full_name(machine)
    nspawn = [
        "systemd-nspawn", "--quiet", "--directory", str(place / "root"), "--boot", "--register=no", "--keep-unit",
        f"--machine={name}", f"--hostname={machine.name}", f"--network-bridge={spec.bridge}",
        "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe",
    ]  # fmt: skip
    (place / "pid").unlink(missing_ok=True)
    with (place / "console.log").open("ab") as console:
        process = subprocess.Popen(
            supervisor(place / "pid", cgroups.wrapped(name, nspawn)),
            stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True, cwd="/",
        )  # fmt: skip
    while process.poll() is None and not (place / "pid").exists():
        time.sleep(0.05)
    time.sleep(0.3)
    if process.poll() is not None:
        tail = (place / "console.log").read_text(errors="replace").strip().splitlines()[-1:]
        raise LabError(f"{machine.name} did not boot: {' '.join(tail) or 'no output'} (see {place / 'console.log'})")


def ready(spec: Spec) -> None:
    """Wait until every machine has booted and answers on SSH; before that, only root may log in."""
    deadline = time.monotonic() + spec.timeout
    for machine in spec.machines:
        while (lacking := not_ready(spec, machine, deadline)) and time.monotonic() < deadline:
            time.sleep(0.2)
        if lacking:
            raise LabError(
                f"{machine.name} is not ready after {spec.timeout} s: {lacking}; look at "
                f"{spec.directory / machine.name / 'console.log'}, or give it longer: -e lab_timeout=300"
            )
        finish_packages(spec, machine)


def finish_packages(spec: Spec, machine: Machine) -> None:
    """A machine that died while it installed something has packages that are half there; apt refuses to go on."""
    inits = children(running_pid(spec, machine) or 0)
    if not inits or not any((spec.directory / machine.name / "root/var/lib/dpkg/updates").iterdir()):
        return
    # Fails when something is still installing: then there is nothing to finish.
    done = run("nsenter", f"--target={inits[0]}", "--all", "env", "DEBIAN_FRONTEND=noninteractive",
               "dpkg", "--configure", "-a", "--force-confold", check=False)  # fmt: skip
    if done.returncode == 0:
        spec.did(f"finished what {machine.name} was installing when it died")


def not_ready(spec: Spec, machine: Machine, deadline: float) -> str:
    """What a machine still lacks, or nothing. While it boots, systemd itself tells when that is done."""
    nspawn = running_pid(spec, machine)
    inits = children(nspawn) if nspawn else []
    if not inits:
        return "it stopped"
    left = str(max(1, int(deadline - time.monotonic())))
    waiting = ("systemctl", "is-system-running", "--wait")
    state = run("timeout", left, "nsenter", f"--target={inits[0]}", "--all", *waiting, check=False).stdout.strip()
    if state not in ("running", "degraded"):
        return f"systemd says {state or 'nothing yet'}"
    with contextlib.suppress(OSError), socket.create_connection((machine.address, 22), timeout=2) as connection:
        connection.settimeout(2)
        if connection.recv(4) == b"SSH-":
            return ""
    return "it does not answer on SSH"
