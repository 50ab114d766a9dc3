"""The rules of the packet filter as `nft -j list ruleset` describes them, for all that is judged by them."""

from __future__ import annotations

import json

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

VERDICTS = ("drop", "reject", "accept")
DEEPEST = 8  # jumps from chain to chain that are followed


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


class Ruleset:
    """All `chains`, and the `rules` in them in their order, both by (family, table, chain)."""

    __slots__ = ("chains", "rules")

    def __init__(self, chains, rules):
        self.chains = chains
        self.rules = rules

    def rules_of(self, key):
        return self.rules.get(key, [])

    def policy_of(self, key):
        """The policy of a chain; None of a chain without hook."""
        chain = self.chains[key]
        return chain.get("policy", "accept" if chain.get("hook") else None)

    def end_of(self, key):
        """What becomes of a packet that no rule of a chain decided on: accept, drop or reject; None of a chain without
        hook. A last rule without a condition goes before the policy."""
        last = self.rules_of(key)[-1:]
        closing = [rule.verdict for rule in last if rule.verdict and not rule.matches]
        return closing[0] if closing else self.policy_of(key)


def ruleset(machine):
    """The Ruleset in force."""
    try:
        items = json.loads(machine.output(["nft", "-j", "list", "ruleset"]))["nftables"]
    except (ValueError, KeyError):
        raise UnreadableError("nft -j list ruleset did not return JSON") from None
    chains, rules = {}, {}
    for item in items:
        if "chain" in item:
            chain = item["chain"]
            chains[chain["family"], chain["table"], chain["name"]] = chain
        elif "rule" in item:
            rule = item["rule"]
            rules.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(Rule(rule["expr"]))
    return Ruleset(chains, rules)


def target(key, rule):
    """The key of the chain to which a rule of the chain `key` jumps: one of the same table."""
    return (*key[:2], rule.jump)
