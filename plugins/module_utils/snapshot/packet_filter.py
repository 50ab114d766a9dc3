"""The packet filter in force, chain by chain, as text: which rule came, which went."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import marks
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind, Unseen, joined, masked

KINDS = {
    "filter": Kind(
        "pakketfilter",
        "packet filter",
        "chains and sets in force with their rules, without counters and without elements that time out",
    ),
}
COMMAND = ["nft", "--stateless", "list", "ruleset"]
COMMANDS = (COMMAND,)
TABLE = re.compile(r"table (\S+ \S+) \{")
BLOCK = re.compile(r"\t(chain|set|map|flowtable|counter|quota|limit|ct \w+) (\S+) \{")
FLAGS = re.compile(r"^(table \S+ \S+) \{\n\tflags (.+)$", re.MULTILINE)
HEAD = re.compile(r"type \S+ hook (\S+).*? policy (\w+);")
SETS = ["ipset", "save"]
# What the kernel chose for a set when it was made, or since then.
CHOSEN = re.compile(r" (?:hashsize|initval|bucketsize) \S+")
LEGACY = {"iptables": "/proc/net/ip_tables_names", "ip6tables": "/proc/net/ip6_tables_names"}


def collect(machine, places):
    try:
        text = machine.output(COMMAND)
    except UnreadableError as problem:
        yield Unseen("filter", str(problem))
        text = ""
    for name, lines in blocks(text):
        words = joined(
            "%d lines" % len(lines), *("hook %s, policy %s" % pair for pair in HEAD.findall("\n".join(lines)))
        )
        body = "\n".join(lines)
        yield Fact("filter", name, joined(words, marks.plain(body.encode())), masked(body))
    for name, flags in FLAGS.findall(text):
        yield Fact("filter", name, joined("flags " + flags, "its rules do not work" if "dormant" in flags else ""))
    yield from _sets(machine)
    for program, names in LEGACY.items():
        for table in (machine.read(names) or "").split():
            lines = [line for line in machine.output([program + "-legacy", "-t", table, "-S"]).splitlines() if line]
            body = "\n".join(lines)
            yield Fact(
                "filter",
                "%s %s" % (program, table),
                "%d lines, %s" % (len(lines), marks.plain(body.encode())),
                masked(body),
            )


def _sets(machine):
    """Sets of iptables, which stand beside its rules."""
    loaded = re.search(r"^ip_set ", machine.read("/proc/modules", limit=4 << 20) or "", re.MULTILINE)
    if not loaded or machine.status("/usr/sbin/ipset") is None:
        return
    try:
        text = machine.output(SETS)
    except UnreadableError as problem:
        yield Unseen("filter", str(problem))
        return
    members = {}
    for words, name, line in re.findall(r"^(create|add) (\S+) (.*)$", text, re.MULTILINE):
        if words == "create" or " timeout " not in line:
            members.setdefault(name, []).append(CHOSEN.sub("", " " + line).strip())
    for name, lines in members.items():
        body = "\n".join([lines[0], *sorted(lines[1:])])
        yield Fact("filter", "ipset " + name, "%d lines, %s" % (len(lines), marks.plain(body.encode())), masked(body))


def blocks(text):
    """(`inet filter chain input`, its lines) for each chain, set and map of `nft list ruleset`."""
    table, name, lines = "", "", []
    for line in text.splitlines():
        head, block = TABLE.match(line), BLOCK.match(line)
        if head:
            table = head.group(1)
        elif block:
            name, lines = "%s %s %s" % (table, *block.groups()), []
        elif line == "\t}" and name:
            yield name, _lasting(lines)
            name = ""
        elif name:
            lines.append(line.strip())


def _lasting(lines):
    """Elements that time out come and go by design, and so do those that packets add. What somebody adds to stay, in a
    set whose other elements time out, is the point: where the set has no time of its own, nft tells that of each."""
    flags = " ".join(line for line in lines if line.startswith("flags"))
    if "timeout" not in flags and "dynamic" not in flags:
        return lines
    begin = next((at for at, line in enumerate(lines) if line.startswith("elements")), None)
    if begin is None:
        return lines
    end = next((at for at, line in enumerate(lines[begin:], begin) if line.endswith("}")), len(lines) - 1)
    if "dynamic" in flags or any(line.startswith("timeout ") for line in lines[:begin]):
        return lines[:begin] + lines[end + 1 :]
    elements = " ".join(lines[begin : end + 1]).partition("{")[2].rpartition("}")[0].split(",")
    staying = [element.strip() for element in elements if " timeout " not in element]
    return [*lines[:begin], *(["elements = { %s }" % ", ".join(staying)] if staying else []), *lines[end + 1 :]]
