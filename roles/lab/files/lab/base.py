"""Base trees, one for each release and made once for all labs of the host, and the packages that machines fetched."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from processes import unmount
from spec import CACHE, BusyError, LabError, Spec, run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = "http://deb.debian.org/debian"
SECURITY = "http://deb.debian.org/debian-security"
ARCHIVES = Path("var/cache/apt/archives")
BASE_PACKAGES = (
    "systemd,systemd-sysv,libpam-systemd,dbus,python3,python3-apt,openssh-server,sudo,iproute2,ca-certificates,procps"
)


def base_tree(release: str) -> Path:
    recipe = hashlib.sha256(f"3 {BASE_PACKAGES} {MIRROR}".encode()).hexdigest()[:8]
    return CACHE / "base" / f"{release}-{recipe}"


def base(spec: Spec) -> None:
    builds = []
    for release in sorted({m.release for m in spec.machines}):
        if not base_tree(release).exists():
            builds.append(release)
    for release in builds:
        with turn(f"base-{release}"):
            if not base_tree(release).exists():
                build_base(release)
                spec.did(f"built the base tree of {release}")


@contextlib.contextmanager
def turn(name: str) -> Iterator[None]:
    """Hold a host-wide lock; two labs that want the same base tree build it once, one after the other."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"another lab on this host is busy with {name}: see `pgrep -af mmdebstrap`") from None
        yield


def build_base(release: str) -> None:
    tree = base_tree(release)
    half = tree.with_name(tree.name + ".part")
    tree.parent.mkdir(parents=True, exist_ok=True)
    bootstrap(
        release, BASE_PACKAGES, half,
        "--customize-hook=rm -f \"$1\"/etc/ssh/ssh_host_* \"$1\"/etc/hostname",
    )  # fmt: skip
    # Whoever first asks apt for something has it read the lists of all packages: once for each machine otherwise.
    run("chroot", str(half), "apt-cache", "gencaches")
    half.rename(tree)


def bootstrap(release: str, packages: str, tree: Path, *options: str) -> None:
    """Make a tree of Debian anew, with its lists of packages and without a machine id."""
    clear(tree)
    sources = "\n".join(
        f"deb [signed-by={KEYRING}] {url} {suite} main"
        for url, suite in ((MIRROR, release), (MIRROR, f"{release}-updates"), (SECURITY, f"{release}-security"))
    )
    done = run(
        "mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", "--mode=root",
        "--aptopt=Acquire::Languages \"none\"", "--skip=cleanup/apt/lists",
        *options,
        "--customize-hook=: > \"$1\"/etc/machine-id",
        release, str(tree), "-", stdin=sources + "\n", check=False,
    )  # fmt: skip
    if done.returncode:
        clear(tree)
        last = [line for line in done.stderr.splitlines() if line.startswith("E:")][-1:] or done.stderr.splitlines()[
            -1:
        ]
        raise LabError(f"building the base tree of {release} failed: {' '.join(last)}: is the Debian mirror reachable?")


def clear(tree: Path) -> None:
    """Remove a tree. What a killed mmdebstrap left mounted in it, /dev/shm of this host among others, is unmounted."""
    targets = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for target in reversed(targets):
        if target.startswith(f"{tree}/"):
            unmount(Path(target))
    shutil.rmtree(tree, ignore_errors=True)


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
        linked = link_debs(place / ARCHIVES, CACHE / "debs" / marker.read_text().strip())
        if linked:
            spec.did(f"kept {linked} packages of {place.parent.name}")
