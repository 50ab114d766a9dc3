"""What root runs or reads beside the clock, at a boot, a login, an update or for a new device, and whether somebody
else can change it."""

from __future__ import annotations

import posixpath
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils import shell_command, writable
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import apt_source, cron, kernel_module, sysctl

MAIN = "what"
SELECTORS = ("what",)
NEEDS = ("what",)
ATTRIBUTES = ("exists", "writable")
# Read or run by root, or by a program that runs as root; everything in them, by name.
HOOKS = (
    "/etc/profile", "/etc/profile.d/*", "/etc/bash.bashrc", "/etc/environment", "/etc/update-motd.d/*", "/etc/pam.d/*",
    "/etc/security/pam_env.conf", "/etc/nsswitch.conf", "/etc/sudo.conf", "/etc/gitconfig", "/etc/systemd/system",
    "/etc/systemd/system/*", "/etc/systemd/*.conf", "/etc/systemd/*.conf.d/*", "/etc/systemd/*-generators/*",
    "/etc/systemd/system-shutdown/*", "/etc/systemd/network/*", "/usr/local/lib/systemd/system/*",
    "/etc/dbus-1/system.d/*", "/etc/tmpfiles.d/*", "/etc/sysusers.d/*", "/etc/modprobe.d/*", "/etc/modules-load.d/*",
    "/etc/binfmt.d/*", "/etc/sysctl.conf", "/etc/sysctl.d/*", "/etc/udev/rules.d/*", "/etc/udev/udev.conf",
    "/etc/logrotate.conf", "/etc/logrotate.d/*", "/etc/network/interfaces", "/etc/network/interfaces.d/*",
    "/etc/network/if-*.d/*", "/etc/dhcp/*.d/*", "/etc/networkd-dispatcher/*/*", "/etc/NetworkManager/dispatcher.d/*",
    "/etc/ppp/*.d/*", "/etc/rc.local", "/etc/init.d/*", "/etc/default/*", "/etc/kernel/*.d/*",
    "/etc/initramfs-tools/*/*", "/etc/grub.d/*", "/etc/fstab", "/etc/crypttab", "/etc/hosts", "/etc/ld.so.conf",
    "/etc/ld.so.conf.d/*", "/etc/ssl/openssl.cnf", "/etc/ssh/ssh_config", "/etc/ssh/ssh_config.d/*",
    "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*", "/etc/systemd/user/*", "/etc/systemd/user/*.d/*",
    "/etc/polkit-1/rules.d/*", "/etc/polkit-1/localauthority/*/*", "/etc/apt/apt.conf", "/etc/apt/apt.conf.d/*",
    "/etc/dpkg/dpkg.cfg", "/etc/dpkg/dpkg.cfg.d/*", "/etc/security/*", "/etc/bash_completion.d/*", "/etc/inputrc",
    "/etc/zsh/*", "/etc/nftables.conf", "/etc/nftables.d/*", "/etc/vim/*", "/etc/acpi/events/*", "/etc/rsyslog.conf",
    "/etc/rsyslog.d/*", "/etc/python3*/*.py", "/etc/perl/*.pl", "/etc/ca-certificates.conf", "/etc/apt/sources.list",
    "/etc/apt/sources.list.d/*", "/etc/apt/preferences.d/*", "/etc/apt/keyrings/*", "/etc/apt/trusted.gpg.d/*",
    "/etc/apt/trusted.gpg", "/usr/share/keyrings/*",
)  # fmt: skip
PROGRAMS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin")
UNITS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system")
RULES = ("/etc/udev/rules.d/*.rules", "/run/udev/rules.d/*.rules")
OF_UDEV = re.compile(r'\b(?:RUN(?:\{program\})?|PROGRAM|IMPORT\{program\})[+:]?=+"([^"]+)"')
OF_PAM = re.compile(r"\bpam_exec\.so\b[ \t]+(?:[^/\s]\S*[ \t]+)*(/\S+)")
# What a shell of root reads as part of itself.
SHELL_FILES = ("/etc/profile", "/etc/profile.d/*.sh", "/etc/bash.bashrc", "/root/.profile", "/root/.bash*")
# Programs that the kernel starts as root, when a program crashes or a module is asked for.
OF_KERNEL = re.compile(
    r"^[ \t]*-?kernel[./](?:core_pattern[ \t]*=[ \t]*\||(?:modprobe|hotplug)[ \t]*=[ \t]*)[ \t]*(/\S+)", re.M
)
OF_MODPROBE = re.compile(r"^[ \t]*(?:install|remove)[ \t]+\S+[ \t]+(.+)", re.MULTILINE)
OF_INTERFACE = re.compile(r"^[ \t]*(?:pre-|post-)?(?:up|down)[ \t]+(.+)", re.MULTILINE)
OF_SUDO = re.compile(r"^[ \t]*(?:Plugin[ \t]+\S+|Path[ \t]+\S+)[ \t]+(/\S+)", re.MULTILINE)
SCRIPT_OF_LOGROTATE = re.compile(r"^[ \t]*(?:pre|post|first|last)(?:rotate|action)\b(.*?)^[ \t]*endscript", re.M | re.S)


def describe(select):
    return "what root runs at a boot, a login, an update or a new device"


def look_up(machine, select):
    """`writable`: lines of `path: what is open to whom`, for all that others than root could change."""
    if select["what"] != "hooks":
        raise UnreadableError("root_program does not know %s (it knows: hooks)" % select["what"])
    paths = dict.fromkeys([*_hooks(machine), *_named(machine)])
    wrong = ["%s: %s" % (path, reason) for path in paths for reason in writable.by_others(machine, path)]
    return {"exists": True, "writable": [*wrong, *_loose_programs(machine)]}


def _hooks(machine):
    for pattern in HOOKS:
        paths = machine.glob(pattern) if "*" in pattern else [pattern]
        yield from (path for path in paths if machine.status(path) is not None)


def _named(machine):
    """Programs that the hooks name by their path."""
    for directory in UNITS:
        for name in machine.names(directory):
            if name.endswith(".service") or name.endswith(".service.d"):
                service = name[: -len(".d")] if name.endswith(".d") else name
                yield from cron.of_service(machine, service)
                yield from cron.settings_of_service(machine, service)
    for pattern in SHELL_FILES:
        for text in _texts(machine, pattern):
            yield from shell_command.of_script(machine, text)
    for pattern, about in (
        *((pattern, OF_UDEV) for pattern in RULES),
        ("/etc/pam.d/*", OF_PAM),
        ("/etc/sudo.conf", OF_SUDO),
        *((directory + "/*.conf", OF_KERNEL) for directory in sysctl.DIRECTORIES),
        *((directory + "/*.conf", OF_MODPROBE) for directory in kernel_module.DIRECTORIES),
        ("/etc/network/interfaces", OF_INTERFACE),
        ("/etc/network/interfaces.d/*", OF_INTERFACE),
    ):
        for text in _texts(machine, pattern):
            for command in about.findall(text):
                yield from cron.paths_of(machine, command)
    for entry in machine.once(apt_source.entries):
        yield from (word for word in entry.signed_by.split() if word.startswith("/"))
    for text in (*_texts(machine, "/etc/logrotate.d/*"), *_texts(machine, "/etc/logrotate.conf")):
        for script in SCRIPT_OF_LOGROTATE.findall(text):
            yield from cron.paths_of(machine, script)


def _texts(machine, pattern):
    for path in machine.glob(pattern):
        status = machine.status(path)
        if status is not None and stat.S_ISREG(status.st_mode):
            yield shell_command.COMMENT.sub("", machine.text(path) or "")


def _loose_programs(machine):
    """Programs on root's search path that belong to somebody else, but for those that run as their owner."""
    for directory in PROGRAMS:
        for name in machine.names(directory):
            path = posixpath.join(directory, name)
            status = machine.status(path)
            if status is None or (status.st_uid == 0 and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
                continue
            runs_as_owner = status.st_mode & stat.S_ISUID and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            if not runs_as_owner:
                yield from ("%s: %s" % (path, reason) for reason in writable.by_others(machine, path))
