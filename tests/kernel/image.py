"""Disks of Debian with a kernel and a boot loader of their own, made once for each release and kept for all checkouts.

No loop device is used, and only mmdebstrap mounts something: each file system is made from a directory, right in the
image, and GRUB is installed by the machine itself when it starts for the first time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "roles/lab/files/lab"))

from base import BASE_PACKAGES, bootstrap, clear, turn  # noqa: E402 - the lab's own code, which is no package
from spec import CACHE, LabError, run  # noqa: E402

RELEASES = {"debian12": "bookworm", "debian13": "trixie"}
USER = "beheer"
PACKAGES = f"{BASE_PACKAGES},linux-image-amd64,initramfs-tools,zstd,grub-pc,udev,kmod,e2fsprogs"
# What hardening installs; fetched before, so that the network is no part of what is tested and measured.
FETCHED = "auditd apparmor libpam-pwquality unattended-upgrades nftables chrony"
MIB = 1 << 20
GRUB_ROOM = "21686148-6449-6E6F-744E-656564454649"
"""Type of the partition that GRUB puts itself in."""
LAYOUT = (
    # name of the file system, where it is mounted, MiB
    ("grub", "", 1),
    ("root", "/", 2600),
    ("var", "/var", 1200),
    ("log", "/var/log", 300),
    ("audit", "/var/log/audit", 300),
    ("vartmp", "/var/tmp", 600),  # noqa: S108 - a place on the machine
    ("home", "/home", 100),
)
# Runs as the first process, once, with the root file system mounted and nothing else; says how it went on the console.
INSTALL = r"""
#!/bin/sh
set -e
trap 'sync; echo o >/proc/sysrq-trigger; sleep 60' EXIT
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -o remount,rw /
mount --all
chmod 1777 /var/tmp
chmod 0750 /var/log/audit
grub-install /dev/vda
update-grub
rm /install
umount --all || true
mount -o remount,ro / || true
echo installed
"""
TRANSLATION = "tcg,thread=multi"
"""Works everywhere, and takes some minutes for a boot. OPLEVER_ACCEL=kvm is for hosts whose processor runs machines."""


def accelerator(choice: str, flags: set[str]) -> str:
    """What QEMU runs the machine with, on a processor with these flags.

    Raises LabError for KVM on a processor that cannot run machines: what /dev/kvm does there is read each instruction
    of a boot loader by itself, which ends in minutes without a word on the console, or in an instruction unknown to it.
    """
    if choice.startswith("kvm") and not flags & {"svm", "vmx"}:
        raise LabError(
            "OPLEVER_ACCEL=kvm needs a processor with svm or vmx, which this host does not have: leave it out"
        )
    return choice or TRANSLATION


def processor_flags() -> set[str]:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return {flag for line in lines if line.startswith("flags") for flag in line.split()}


def qemu() -> list[str]:
    """The words that every machine starts with. Of a processor that is a machine itself, KVM often cannot give away
    what it says of its own faults."""
    return [
        "qemu-system-x86_64", "-accel", accelerator(os.environ.get("OPLEVER_ACCEL", ""), processor_flags()),
        "-cpu", "max,-arch-capabilities", "-m", "1024",
        "-smp", str(os.cpu_count() or 1), "-nodefaults", "-no-user-config", "-vga", "std", "-display", "none",
    ]  # fmt: skip


FILES = {
    "etc/hostname": "kernel\n",
    "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 kernel\n::1 localhost\n",
    "etc/resolv.conf": "nameserver 10.0.2.3\n",
    "etc/systemd/network/10-wired.network": "[Match]\nName=en*\n\n[Network]\nDHCP=ipv4\n",
    "etc/apt/apt.conf.d/90lab": 'APT::Keep-Downloaded-Packages "true";\nAcquire::Languages "none";\n',
    "etc/default/grub.d/console.cfg": "GRUB_TIMEOUT=1\nGRUB_CMDLINE_LINUX=console=ttyS0\n",
    # The image that hardening makes anew has only what this machine needs; with everything that takes minutes.
    "etc/initramfs-tools/conf.d/modules": "MODULES=dep\n",
    "etc/fstab": "".join(
        f"LABEL={name} {target} ext4 defaults 0 {1 if target == '/' else 2}\n" for name, target, _ in LAYOUT if target
    ),
    f"etc/sudoers.d/{USER}": f"{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n",
    "install": INSTALL.lstrip(),
}
MODES = {f"etc/sudoers.d/{USER}": 0o440, "install": 0o755}


@dataclass(frozen=True)
class Image:
    """A disk that no machine writes to, and the key that lets into every machine that is started from it."""

    place: Path

    @property
    def disk(self) -> Path:
        return self.place / "disk.img"

    @property
    def key(self) -> Path:
        return self.place / "id_ed25519"


def image(release: str) -> Image:
    """The disk of `debian12` or `debian13`; made when there is none of this recipe."""
    if os.geteuid() != 0:
        raise LabError("the disk of a virtual machine is made by root: run this as root")
    recipe = hashlib.sha256(repr((PACKAGES, FETCHED, LAYOUT, FILES, MODES)).encode()).hexdigest()[:8]
    place = CACHE / "kernel" / f"{release}-{recipe}"
    with turn(f"kernel-{release}"):
        if not place.exists():
            for old in place.parent.glob(f"{release}-*"):
                clear(old)
            half = place.with_name(place.name + ".part")
            clear(half)
            half.mkdir(mode=0o700, parents=True)
            try:
                make(RELEASES[release], Image(half))
            except BaseException:
                clear(half)
                raise
            half.rename(place)
    return Image(place)


def make(release: str, made: Image) -> None:
    tree = made.place / "tree"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "oplever kernel tests", "-f", str(made.key))
    bootstrap(
        release, PACKAGES, tree, "--skip=cleanup/apt/cache",
        '--customize-hook=chroot "$1" apt-get clean',
        f'--customize-hook=chroot "$1" apt-get install --yes --download-only --no-install-recommends {FETCHED}',
    )  # fmt: skip
    furnish(tree, made.key.with_suffix(".pub").read_text(encoding="utf-8"))
    kernel, initrd = made.place / "vmlinuz", made.place / "initrd"
    shutil.copy(next((tree / "boot").glob("vmlinuz-*")), kernel)
    shutil.copy(next((tree / "boot").glob("initrd.img-*")), initrd)
    partition(made.disk)
    fill(made.disk, tree)
    shutil.rmtree(tree)
    install_boot_loader(made.disk, kernel, initrd)


def furnish(tree: Path, public_key: str) -> None:
    """What the machine has to know before it starts: name, network, file systems, and who may log in."""
    for name, text in FILES.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(MODES.get(name, 0o644))
    run("chroot", str(tree), "useradd", "--create-home", "--shell=/bin/bash", "--groups=sudo", USER)
    run("chroot", str(tree), "usermod", "--password", "*", USER)
    run("chroot", str(tree), "systemctl", "enable", "systemd-networkd.service")
    keys = tree / "home" / USER / ".ssh"
    keys.mkdir(mode=0o700)
    (keys / "authorized_keys").write_text(public_key, encoding="utf-8")
    run("chroot", str(tree), "chown", "-R", f"{USER}:{USER}", f"/home/{USER}")


def starts() -> dict[str, int]:
    """Where each part of the disk starts, in MiB."""
    places, at = {}, 1
    for name, _, size in LAYOUT:
        places[name] = at
        at += size
    return places


def partition(disk: Path) -> None:
    with disk.open("wb") as stream:
        stream.truncate((sum(size for _, _, size in LAYOUT) + 2) * MIB)
    rows = [
        f"start={starts()[name]}MiB, size={size}MiB, type={'L' if target else GRUB_ROOM}"
        for name, target, size in LAYOUT
    ]
    run("sfdisk", "--quiet", str(disk), stdin="label: gpt\n" + "\n".join(rows) + "\n")


def fill(disk: Path, tree: Path) -> None:
    """Make the file systems, the deepest first: what is in them leaves the tree, and the place stays."""
    part = tree.with_name("part")
    for name, target, size in sorted(LAYOUT, key=lambda row: -len(row[1])):
        if not target:
            continue
        source = tree if target == "/" else part
        if target != "/":
            place = tree / target.lstrip("/")
            place.mkdir(exist_ok=True)
            place.rename(part)
            place.mkdir(mode=0o755)
        offset = f"offset={starts()[name] * MIB}"
        run("mke2fs", "-q", "-F", "-t", "ext4", "-L", name, "-E", offset, "-d", str(source), str(disk), f"{size}M")
        shutil.rmtree(part, ignore_errors=True)


def install_boot_loader(disk: Path, kernel: Path, initrd: Path) -> None:
    """Start the machine once, with the kernel given from outside, to install GRUB on its own disk."""
    words = "root=LABEL=root console=ttyS0 quiet panic=-1 init=/install"
    command = [
        *qemu(), "-no-reboot", "-serial", "stdio", "-drive", f"file={disk},if=virtio,format=raw",
        "-kernel", str(kernel), "-initrd", str(initrd), "-append", words,
    ]  # fmt: skip
    done = subprocess.run(command, text=True, errors="replace", capture_output=True, timeout=600, check=False)
    if "\ninstalled" not in done.stdout.replace("\r", ""):
        words = textwrap.indent((done.stdout + done.stderr)[-2000:], "  ")
        raise LabError(f"the machine could not install its boot loader:\n{words}")
