"""The boot loader, the kernel and its modules, and mounts: this boot and the next."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    boot_loader,
    kernel_argument,
    kernel_module,
    mount,
)

from .trees import edit, release_of, write

GRUB = """
set superusers="root"
password_pbkdf2 root grub.pbkdf2.sha512.10000.AB.CD
menuentry 'Debian GNU/Linux' --class debian --unrestricted {
	linux	/boot/vmlinuz-6.1.0 root=UUID=1 ro quiet apparmor=1 audit=1
}
submenu 'Advanced options for Debian GNU/Linux' {
	menuentry 'Debian GNU/Linux, with Linux 6.1.0' {
		linux	/boot/vmlinuz-6.1.0 root=UUID=1 ro quiet apparmor=1 audit=1
	}
	menuentry 'Debian GNU/Linux, with Linux 6.1.0 (recovery mode)' {
		linux	/boot/vmlinuz-6.1.0 root=UUID=1 ro single
	}
}
"""


def test_boot_loader_wants_a_password_for_every_user_that_may_change_a_boot(tmp_path: Path) -> None:
    write(tmp_path, "/boot/grub/grub.cfg", GRUB)
    assert boot_loader.look_up(Machine(str(tmp_path)), {})["password"] is True
    edit(tmp_path, "/boot/grub/grub.cfg", 'superusers="root"', 'superusers="root, beheer"')
    assert boot_loader.look_up(Machine(str(tmp_path)), {})["password"] is False
    assert boot_loader.look_up(Machine(str(tmp_path / "boot")), {})["exists"] is False


def test_boot_loader_knows_secure_boot(tmp_path: Path) -> None:
    assert boot_loader.secure_boot(Machine(str(tmp_path))) is False
    place = tmp_path / boot_loader.SECURE_BOOT.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_bytes(b"\x06\x00\x00\x00\x01")
    assert boot_loader.secure_boot(Machine(str(tmp_path))) is True


def test_kernel_argument_compares_this_boot_with_the_next(tmp_path: Path) -> None:
    write(tmp_path, "/boot/grub/grub.cfg", GRUB)
    write(tmp_path, "/proc/cmdline", 'BOOT_IMAGE=/vmlinuz audit=1 audit=0 x="a b" nosmap -- audit=1\n')
    machine = Machine(str(tmp_path))
    assert kernel_argument.look_up(machine, {"name": "audit"}) == {"exists": True, "running": "0", "configured": "1"}
    assert kernel_argument.look_up(machine, {"name": "nosmap"})["running"] == "on"
    assert not kernel_argument.look_up(machine, {"name": "lsm"})["exists"]
    facts = kernel_argument.look_up(machine, {"all": True})
    assert facts["running"] == ["BOOT_IMAGE=/vmlinuz", "audit=1", "audit=0", "x=a b", "nosmap"]
    assert "single" not in facts["configured"]


def test_a_quote_that_is_not_closed_holds_the_rest_of_the_kernel_arguments() -> None:
    """next_arg() in lib/cmdline.c of Linux: between quotes only the end of the text ends a word."""
    assert kernel_argument.split('quiet init="/bin/sh -c x\n') == ["quiet", "init=/bin/sh -c x"]
    assert kernel_argument.split("a" * 1_000_000 + " b") == ["a" * 1_000_000, "b"]


def test_kernel_module_blacklisted_is_not_denied_and_builtin_cannot_be(tmp_path: Path) -> None:
    write(tmp_path, "/lib/modules/6.1.0/modules.dep", "kernel/drivers/usb-storage.ko.xz:\nkernel/net/sctp.ko:\n")
    write(tmp_path, "/lib/modules/6.1.0/modules.builtin", "kernel/net/can.ko\n")
    write(tmp_path, "/etc/modprobe.d/a.conf", "blacklist sctp\ninstall usb-storage /bin/false\ninstall can /bin/true\n")
    write(tmp_path, "/usr/lib/modprobe.d/a.conf", "install sctp /bin/false\n")
    machine = Machine(str(tmp_path), offline=True)
    modules = {name: kernel_module.look_up(machine, {"name": name}) for name in ("usb_storage", "sctp", "can", "x")}
    assert [modules[name]["denied"] for name in ("usb_storage", "sctp", "can")] == [True, False, False]
    assert modules["sctp"]["blacklisted"]
    assert modules["sctp"]["loadable"]
    assert (modules["can"]["builtin"], modules["x"]["exists"]) == (True, False)


def test_mount_knows_what_the_next_boot_gives(stock: Path) -> None:
    machine = Machine(str(stock), offline=True)
    configured = mount.look_up(machine, {"target": "/tmp"})["configured_options"]  # noqa: S108
    assert configured is None if release_of(stock) == "12" else "nosuid" in configured
    assert mount.look_up(machine, {"target": "/dev/shm"})["configured_options"][0] == "nosuid"  # noqa: S108
    write(stock, "/etc/systemd/system/tmp.mount", "[Mount]\nOptions=mode=1777\n")
    write(stock, "/etc/systemd/system/tmp.mount.d/x.conf", "[Mount]\nOptions=mode=1777,noexec\n")
    assert mount.look_up(machine, {"target": "/tmp"})["configured_options"] == ["mode=1777", "noexec"]  # noqa: S108
    # systemd makes a unit of fstab in /run, and what an admin has in /etc goes before it, as do drop-ins.
    write(stock, "/etc/fstab", "tmpfs /tmp tmpfs nodev 0 0\n")

    def options() -> list[str]:
        options: list[str] = mount.look_up(Machine(str(stock), offline=True), {"target": "/tmp"})["configured_options"]  # noqa: S108
        return options

    assert options() == ["mode=1777", "noexec"]
    (stock / "etc/systemd/system/tmp.mount").unlink()
    assert options() == ["mode=1777", "noexec"]
    (stock / "etc/systemd/system/tmp.mount.d/x.conf").unlink()
    assert options() == ["nodev"]
