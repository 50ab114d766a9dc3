"""The rules of the packet filter as `nft -j list ruleset` describes them, for all that is judged by them.

A rule that looks into a map or into a set of concatenations decides by what it finds there: it comes here as one rule
for each member. Named sets and maps stand in the place of their names.
"""

from __future__ import annotations

import json
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

VERDICTS = ("drop", "reject", "accept")
DEEPEST = 8  # jumps from chain to chain that are followed
FAMILIES = ("ip", "ip6", "inet")  # those of packets that reach a program; arp, bridge and netdev are others
JSON_WITH_FLAGS = [1, 1]
"""Before this version nft tells flags of a table in words alone."""
SWITCHED_OFF = re.compile(r"^table (\S+) (\S+) \{[^\n]*\n\s*flags [^\n]*\bdormant\b", re.MULTILINE)
MOST_MEMBERS = 1000  # of a map or set that becomes as many rules
# With nothing but these a rule is for all packets that fit; one with a limit only for what is too much.
PLAIN = {"match", "counter", "log", "comment", "mangle", "notrack", "jump", "goto", "return", *VERDICTS}
# With these up to so many: for a rule that accepts, that is nearly all.
UP_TO = {"limit", "quota", "ct count"}
LIST = ["nft", "-j", "list", "ruleset"]
LIST_IN_WORDS = ["nft", "-s", "list", "ruleset"]
# A file is loaded where it changes nothing: in a network that only this command has.
LOAD = ["unshare", "--net", "sh", "-c", 'nft -f "$1" && %s && %s' % (" ".join(LIST), " ".join(LIST_IN_WORDS)), "sh"]


class Rule:
    """One rule: `matches` are what it asks of a packet, `verdict` is what it does with one that fits (accept, drop,
    reject or None), `jump` the name of the chain in which the packet goes on, if any."""

    __slots__ = ("jump", "matches", "statements", "verdict")

    def __init__(self, statements):
        self.statements = statements
        self.matches = [statement["match"] for statement in statements if "match" in statement]
        self.verdict = next((verdict for verdict in VERDICTS if self.has(verdict)), None)
        jumps = [statement.get("jump") or statement.get("goto") for statement in statements]
        self.jump = next((jump["target"] for jump in jumps if jump), None)

    def has(self, name):
        """Whether a statement of this name is in the rule, as `limit` or `vmap`."""
        return any(name in statement for statement in self.statements)

    @property
    def is_plain(self):
        """Whether it holds for every packet that its matches fit."""
        return all(set(statement) <= PLAIN for statement in self.statements)

    @property
    def is_generous(self):
        """Whether it holds for nearly every packet that its matches fit."""
        return all(
            set(statement) <= PLAIN | UP_TO and not any(_is_over(value) for value in statement.values())
            for statement in self.statements
        )

    @property
    def is_for_all(self):
        return self.is_plain and not self.matches


def _is_over(limit):
    """Whether a limit is for what goes over it."""
    return isinstance(limit, dict) and bool(limit.get("inv"))


class Ruleset:
    """All `chains`, the `rules` in them in their order, and the number of rules as they are written, each by (family,
    table, chain)."""

    __slots__ = ("chains", "numbers", "rules")

    def __init__(self, chains, rules, numbers):
        self.chains = chains
        self.rules = rules
        self.numbers = numbers

    def rules_of(self, key):
        return self.rules.get(key, [])

    def of_hook(self, hook, families=FAMILIES):
        """The keys of the filter chains of a hook."""
        return [
            key
            for key, chain in self.chains.items()
            if key[0] in families and chain.get("hook") == hook and chain.get("type") == "filter"
        ]

    def policy_of(self, key):
        """The policy of a chain; None of a chain without hook."""
        chain = self.chains.get(key, {})
        return chain.get("policy", "accept" if chain.get("hook") else None)

    def end_of(self, key, depth=0):
        """What becomes of a packet that no condition of a rule fits: accept, drop or reject; None of a chain that says
        nothing about it. The first rule for all goes before the policy, also in a chain that is jumped to."""
        for rule in self.rules_of(key):
            if not rule.is_for_all:
                continue
            if rule.verdict:
                return rule.verdict
            end = self.end_of(target(key, rule), depth + 1) if rule.jump and depth < DEEPEST else None
            if end or rule.has("goto") or rule.has("return"):
                return end or self.policy_of(key)
        return self.policy_of(key)

    def reached(self, keys):
        """The keys of these chains and of all that a rule in them jumps to."""
        reached, waiting = set(), list(keys)
        while waiting:
            key = waiting.pop()
            if key not in reached:
                reached.add(key)
                waiting += [target(key, rule) for rule in self.rules_of(key) if rule.jump]
        return reached


def ruleset(machine):
    """The Ruleset in force."""
    return _parse(machine.output(LIST), lambda: machine.output(LIST_IN_WORDS))


def ruleset_of(machine, path):
    """The Ruleset of a file, where nothing but the file is loaded."""
    rules, _, words = machine.output([*LOAD, path]).partition("\n")
    return _parse(rules, lambda: words)


def _parse(text, in_words):
    """The Ruleset that nft lists as JSON; `in_words` lists it again, for what only words tell."""
    try:
        items = json.loads(text)["nftables"]
    except (ValueError, KeyError):
        raise UnreadableError("nft -j list ruleset did not return JSON") from None
    chains, rules, numbers = {}, {}, {}
    dormant, members = _dormant(items, in_words), _members(items)
    for item in items:
        if "chain" in item:
            chain = item["chain"]
            if (chain["family"], chain["table"]) not in dormant:
                chains[chain["family"], chain["table"], chain["name"]] = chain
        elif "rule" in item:
            rule = item["rule"]
            key = rule["family"], rule["table"], rule["chain"]
            numbers[key] = numbers.get(key, 0) + 1
            rules.setdefault(key, []).extend(map(Rule, _variants(_resolved(rule["expr"], key, members))))
    return Ruleset(chains, rules, numbers)


def _dormant(items, in_words):
    """(family, table) of each table that is switched off, with all its chains."""
    tables = [item["table"] for item in items if "table" in item]
    version = next((item["metainfo"].get("version", "") for item in items if "metainfo" in item), "")
    if tables and [int(part) for part in re.findall(r"\d+", version)[:2]] < JSON_WITH_FLAGS and version:
        return set(SWITCHED_OFF.findall(in_words()))
    return {(table["family"], table["name"]) for table in tables if "dormant" in table.get("flags", ())}


def _members(items):
    """(family, table, name) of a named set or map -> its members."""
    return {
        (entry["family"], entry["table"], entry["name"]): [_bare(member) for member in entry.get("elem", ())]
        for item in items
        for entry in (item.get("set"), item.get("map"))
        if entry
    }


def _bare(member):
    """A member of a set without its comment, time or counter; of a map the pair of it and the verdict."""
    if isinstance(member, list) and len(member) == 2:
        return [_bare(member[0]), member[1]]
    return member["elem"]["val"] if isinstance(member, dict) and "elem" in member else member


def _resolved(statements, key, members):
    """The statements of a rule with the members of named sets and maps in place of the names."""

    def inside(value):
        if isinstance(value, str) and value.startswith("@"):
            return {"set": members.get((*key[:2], value[1:]), [])}
        if isinstance(value, dict) and "set" in value:
            elements = value["set"] if isinstance(value["set"], list) else [value["set"]]
            return {"set": [_bare(member) for member in elements]}
        return value

    for statement in statements:
        if "match" in statement:
            yield {"match": {**statement["match"], "right": inside(statement["match"]["right"])}}
        elif "vmap" in statement:
            yield {"vmap": {**statement["vmap"], "data": inside(statement["vmap"]["data"])}}
        else:
            yield statement


def _variants(statements):
    """The statements of each rule that a rule with maps and concatenations comes to."""
    variants = [[]]
    for statement in statements:
        choices = _choices(statement)
        if len(variants) * len(choices) > MOST_MEMBERS:
            choices = [[statement]]
        variants = [[*before, *choice] for before in variants for choice in choices]
    return variants


def _choices(statement):
    if "vmap" in statement:
        key, data = statement["vmap"]["key"], statement["vmap"]["data"]
        pairs = data.get("set", []) if isinstance(data, dict) else []
        return [[*part, verdict] for value, verdict in pairs for part in _choices(_equal(key, value))]
    match = statement.get("match")
    left = match["left"] if match else None
    if not isinstance(left, dict) or "concat" not in left or match.get("op", "==") not in ("==", "in"):
        return [[statement]]
    right = match["right"]
    values = right["set"] if isinstance(right, dict) and "set" in right else [right]
    if not all(isinstance(value, dict) and "concat" in value for value in values):
        return [[statement]]
    return [list(map(_equal, left["concat"], value["concat"])) for value in values]


def _equal(left, right):
    return {"match": {"op": "==", "left": left, "right": right}}


def target(key, rule):
    """The key of the chain to which a rule of the chain `key` jumps: one of the same table."""
    return (*key[:2], rule.jump)


def about(left):
    """What the left side of a match looks at: `tcp dport`, `ip saddr`, `ct state`, `iifname`, ..."""
    if not isinstance(left, dict):
        return str(left)
    if "&" in left:
        return about(left["&"][0])
    if "payload" in left:
        return "%s %s" % (left["payload"].get("protocol"), left["payload"].get("field"))
    if "meta" in left:
        return str(left["meta"].get("key"))
    if "ct" in left:
        return "ct %s" % left["ct"].get("key")
    if "fib" in left:
        flags = left["fib"].get("flags")
        return "fib %s %s" % (" . ".join(flags if isinstance(flags, list) else [str(flags)]), left["fib"].get("result"))
    return "something else"
