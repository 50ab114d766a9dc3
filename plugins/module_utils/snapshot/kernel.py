"""Kernel settings in force, set by a file or by hand, with what the next boot gives where that differs."""

from __future__ import annotations

import fnmatch
import os
import re

from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import (
    AS_NEW_INTERFACE,
    Fact,
    Kind,
    joined,
    masked,
)
from ansible_collections.oplever.lab.plugins.module_utils.sources import sysctl

KINDS = {
    "sysctl": Kind(
        "kernelinstelling",
        "kernel setting",
        "values in /proc/sys, without what the kernel counts, measures or derives from the size of the machine unless "
        "a file sets it",
    ),
}
# Counters, random numbers, what is derived from memory and processors, and per-device tables: told only where a file
# sets them.
PASSING = (
    "kernel/random/*", "kernel/ns_last_pid", "kernel/pty/nr", "kernel/hostname", "kernel/domainname", "kernel/tainted",
    "kernel/threads-max", "kernel/sched_*", "kernel/cap_last_cap", "kernel/ostype", "kernel/osrelease",
    "kernel/version", "kernel/ngroups_max", "kernel/msg_next_id", "kernel/sem_next_id", "kernel/shm_next_id",
    "kernel/cad_pid", "kernel/acpi_video_flags", "kernel/bootloader_*", "kernel/max_lock_depth",
    "kernel/perf_event_max_sample_rate", "kernel/keys/*", "kernel/msgmni", "kernel/spl/*", "kernel/firmware_config/*",
    "kernel/seccomp/actions_avail", "kernel/sysctl_writes_strict", "kernel/usermodehelper/*", "kernel/pid_max",
    "kernel/spl*", "kernel/numa_balancing*", "kernel/soft_watchdog", "kernel/apparmor_display_secid_mode",
    "kernel/oops_count", "kernel/warn_count", "fs/*-nr", "fs/*-state", "fs/dentry-*", "fs/file-max", "fs/nr_open",
    "fs/inotify/*", "fs/epoll/*", "fs/mqueue/*", "fs/quota/*", "fs/aio-nr", "fs/fanotify/*",
    "fs/xfs/*", "fs/nfs/*", "fs/verity/*", "vm/stat*", "vm/min_free_kbytes", "vm/lowmem_reserve_ratio",
    "vm/user_reserve_kbytes", "vm/admin_reserve_kbytes", "vm/drop_caches", "vm/compact_memory", "vm/max_map_count",
    "vm/nr_hugepages*", "vm/hugetlb*", "vm/numa*", "dev/[!t]*",
    "debug/*", "user/max_*", "sunrpc/*", "crypto/*", "abi/*",
    "net/*/neigh/*", "net/netfilter/nf_conntrack_count", "net/netfilter/nf_conntrack_max", "net/netfilter/*buckets*",
    "net/netfilter/nf_log/*", "net/nf_conntrack_max", "net/ipv4/tcp_mem", "net/ipv4/udp_mem",
    "net/ipv4/tcp_max_orphans", "net/ipv4/tcp_rmem", "net/ipv4/tcp_wmem", "net/ipv4/tcp_max_tw_buckets",
    "net/ipv4/tcp_max_syn_backlog", "net/ipv4/tcp_available*", "net/ipv4/tcp_allowed*", "net/ipv4/tcp_fastopen_key",
    "net/ipv4/route/*", "net/ipv6/route/*", "net/ipv4/xfrm4_gc_thresh", "net/ipv6/xfrm6_gc_thresh",
    "net/ipv4/inet_peer_*", "net/ipv4/*frag*", "net/ipv6/*frag*", "net/ipv6/conf/*/stable_secret",
    "net/core/bpf_jit_limit", "net/core/rps_*", "net/core/flow_limit*", "net/core/*mem*", "net/core/netdev_rss_key",
    "net/unix/*", "net/mptcp/*", "net/ipv4/cipso*", "net/ipv4/tcp_child_*", "net/ipv4/tcp_ehash*",
    "net/ipv4/udp_child*", "net/ipv4/udp_hash*", "net/*/conf/veth*", "net/*/conf/docker*", "net/*/conf/br-*",
    "net/*/conf/vnet*", "net/*/conf/tap*", "net/*/conf/lxc*", "net/*/conf/cali*", "net/sctp/*", "net/ipv6/conf/*/mtu",
    "net/ipv6/conf/*/hop_limit", "net/ipv6/conf/*/base_reachable*", "net/ipv6/conf/*/ra_defrtr_metric",
)  # fmt: skip
# One question answers for all keys; a value longer than this is a table.
LONGEST = 400
OF_INTERFACE = re.compile(r"(net/ipv[46]/conf/)(?!all/|default/)[^/]+(/)")


def collect(machine, places):
    passing = re.compile("|".join(fnmatch.translate(pattern) for pattern in PASSING))
    settings = machine.once(sysctl.configured)
    named = {entry[0] for entry in settings}
    base = machine.path("/proc/sys/")
    values = {}
    for path in _keys(base):
        left_out = passing.match(path)
        if left_out and path not in named:
            continue
        planned, where = sysctl.configured_for(settings, sysctl.dotted(path)) if settings else (None, "")
        try:
            with open(base + path, encoding="utf-8", errors="replace") as stream:
                value = values[path] = " ".join(stream.read(LONGEST + 1).split())
        except OSError:
            continue  # a key that is only written, or that this kernel does not answer
        if planned is not None and " ".join(planned.split()) != value:
            value = "%s (%s sets %s)" % (value, where.rpartition(":")[0], planned)
        elif value == values.get(OF_INTERFACE.sub(r"\1default\2", path)) and OF_INTERFACE.match(path):
            value = joined(value, AS_NEW_INTERFACE)  # what a boot gives it, whatever it had when the default was set
        yield Fact("sysctl", sysctl.dotted(path), masked(value) if len(value) <= LONGEST else "a table")


def _keys(base):
    for directory, inner, names in os.walk(base):
        inner.sort(key=lambda name: (name not in ("all", "default"), name))
        for name in sorted(names):
            yield os.path.join(directory, name)[len(base) :]
