"""The packet filter in force: `nft -j list ruleset`, asked once."""

from __future__ import annotations

import json

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import nftables_wide

MAIN = "chain"
SELECTORS = ("chain", "hook")
NEEDS = ("chain", "hook")
ATTRIBUTES = ("exists", "policy", "rules", "terminal", "accepted_ports", "ruled_ports", "wide")
VERDICTS = ("drop", "reject", "accept")
RUNNING = True
# Matches on these still let everybody in: they say nothing about who sent the packet.
UNCONDITIONAL = {"match", "counter", "log", "comment", *VERDICTS}
ABOUT_ANYBODY = ("ct state", "protocol", "l4proto", "nfproto")


def describe(select):
    return "nft list ruleset, %s" % (select.get("chain") or "hook %s" % select.get("hook"))


def look_up(machine, select):
    chains, rules = machine.once(ruleset)
    if select.get("chain"):
        chosen = [key for key in chains if key == tuple(str(select["chain"]).split("/"))]
    else:
        chosen = [
            key for key, chain in chains.items() if chain.get("hook") == select["hook"] and chain["type"] == "filter"
        ]
    if not chosen:
        return {"exists": False}
    # A packet must get through every chain of a hook: the strictest decides, and what one closes is closed.
    facts = {key: _chain(chains[key], rules.get(key, [])) for key in chosen}
    strict = [key for key in chosen if facts[key]["terminal"] != "accept"] or chosen
    verdicts = {key: _verdicts(rules.get(key, []), rules, key) for key in chosen}
    closed = {where for decided in verdicts.values() for where, verdict in decided.items() if verdict != "accept"}
    opened = [
        {where[1] for where, verdict in verdicts[key].items() if verdict == "accept" and where not in closed}
        for key in strict
    ]
    ruled = [set(_ruled(rules.get(key, []), rules, key)) for key in strict]
    ports = {"accepted_ports": sorted(set.intersection(*opened)), "ruled_ports": sorted(set.intersection(*ruled))}
    wide = [nftables_wide.rules(rules.get(key, []), rules, key) for key in strict]
    ports["wide"] = wide[0] if all(wide) else []
    return dict(facts[strict[0]], rules=sum(f["rules"] for f in facts.values()), **ports)


def ruleset(machine):
    """(chains, rules): (family, table, chain) -> chain, and -> its rules, as nft describes them in JSON."""
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
            rules.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(rule["expr"])
    return chains, rules


def end(chain, expressions):
    """What becomes of a packet that no rule decided on: accept, drop or reject; None of a chain without hook."""
    last = expressions[-1] if expressions else []
    closing = [v for v in VERDICTS if any(v in e for e in last)] if not any("match" in e for e in last) else []
    return closing[0] if closing else _policy(chain)


def _policy(chain):
    return chain.get("policy", "accept" if chain.get("hook") else None)


def _chain(chain, expressions):
    return {
        "exists": True,
        "policy": _policy(chain),
        "rules": len(expressions),
        "terminal": end(chain, expressions),
    }


def _verdicts(expressions, rules, key, depth=0):
    """(protocol, port) -> what becomes of a packet to it whoever sends it: that of the first rule which says so. A rule
    that names a source, a network or the like says nothing here, nor does one that drops only what is too much."""
    decided = {}
    for expression in expressions:
        matches = [e["match"] for e in expression if "match" in e]
        about = [_about(match["left"]) for match in matches]
        if not all(a in ABOUT_ANYBODY or a.endswith(" dport") for a in about):
            continue
        verdict = next((v for v in VERDICTS if any(v in e for e in expression)), None)
        if verdict and (verdict == "accept" or all(set(e) <= UNCONDITIONAL for e in expression)):
            for match, name in zip(matches, about):  # noqa: B905  Python 3.9 has no strict
                for port in _numbers(match["right"]) if name.endswith(" dport") else ():
                    decided.setdefault((name.split()[0], port), verdict)
        for e in expression:
            jump = e.get("jump") or e.get("goto")
            if jump and depth < 8 and not matches:
                inner = _verdicts(rules.get((*key[:2], jump["target"]), []), rules, key, depth + 1)
                decided = {**inner, **decided}
    return decided


def _ruled(expressions, rules, key, depth=0):
    """Ports that some rule accepts, from whomever."""
    ports = []
    for expression in expressions:
        if any("accept" in e for e in expression):
            for match in (e["match"] for e in expression if "match" in e):
                ports += _numbers(match["right"]) if _about(match["left"]).endswith(" dport") else []
        for e in expression:
            jump = e.get("jump") or e.get("goto")
            if jump and depth < 8:
                ports += _ruled(rules.get((*key[:2], jump["target"]), []), rules, key, depth + 1)
    return ports


def _about(left):
    """What the left side of a match looks at: `tcp dport`, `ip saddr`, `ct state`, `iifname`, ..."""
    if not isinstance(left, dict):
        return str(left)
    if "payload" in left:
        return "%s %s" % (left["payload"].get("protocol"), left["payload"].get("field"))
    if "meta" in left:
        return str(left["meta"].get("key"))
    if "ct" in left:
        return "ct %s" % left["ct"].get("key")
    return "something else"


def _numbers(right):
    if isinstance(right, int):
        return [right]
    if isinstance(right, dict) and "set" in right:
        return [number for member in right["set"] for number in _numbers(member)]
    if isinstance(right, dict) and "range" in right:
        first, last = right["range"]
        return list(range(first, last + 1))
    return []
