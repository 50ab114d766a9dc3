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
    """Elements that time out come and go by design."""
    if any(line.startswith("flags") and ("timeout" in line or "dynamic" in line) for line in lines):
        kept, inside = [], False
        for line in lines:
            inside = inside or line.startswith("elements")
            if not inside:
                kept.append(line)
            inside = inside and not line.endswith("}")
        return kept
    return lines
