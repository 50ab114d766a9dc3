"""Rules of the packet filter that let in nearly everything, whatever the end of the chain says."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.sources.nftables_ruleset import DEEPEST, target

MOST_PORTS = 1024
NEW = {"new", "untracked"}
CARRIERS = {"tcp", "udp", 6, 17}
FAMILIES = {"ipv4", "ipv6", "ip", "ip6"}
# Addresses to which only what was asked for comes, or nobody's own.
TO_MANY = ("224.", "255.255.", "239.", "ff0")


def rules(current, key, depth=0):
    """Texts of the rules of a chain before the first that decides for everybody: each accepts whoever sends, to
    whatever port."""
    texts = []
    rules_of_chain = current.rules_of(key)
    for rule in rules_of_chain:
        if not rule.has("limit") and all(map(_lets_in, rule.matches)):
            # The last rule without a condition is the end of the chain of the hook, which is judged as such.
            is_end = depth == 0 and rule is rules_of_chain[-1] and not rule.matches
            if rule.verdict == "accept" and not is_end:
                texts.append("accepts " + (", ".join(map(_words, rule.matches)) or "everything"))
            for statement in rule.statements:
                texts += _of_map(statement["vmap"]) if "vmap" in statement else []
            if rule.jump and depth < DEEPEST:
                texts += rules(current, target(key, rule), depth + 1)
        if rule.verdict and not rule.matches:
            break
    return texts


def _of_map(vmap):
    pairs = vmap["data"].get("set", []) if isinstance(vmap["data"], dict) else []
    for value, verdict in pairs:
        match = {"op": "==", "left": vmap["key"], "right": value}
        if isinstance(verdict, dict) and "accept" in verdict and _lets_in(match):
            yield "accepts " + _words(match)


def _lets_in(match):
    """Whether nearly everybody's packets fit."""
    left, order, values = match["left"], match.get("op", "=="), _values(match["right"])
    is_not = order == "!="
    if not isinstance(left, dict):
        return False
    if "ct" in left and left["ct"].get("key") == "state":
        return not values & NEW if is_not else bool(values & NEW)
    if "meta" in left:
        name = left["meta"].get("key")
        if name in ("l4proto", "protocol", "nfproto"):
            return not values & CARRIERS if is_not else bool(values & (CARRIERS | FAMILIES))
        return is_not and name in ("iifname", "iif")
    payload = left.get("payload", {})
    field = payload.get("field")
    if field == "sport":
        return True  # who sends chooses it
    if field == "dport":
        return is_not or sum(map(_width, _members(match["right"]))) > MOST_PORTS
    if field in ("protocol", "nexthdr"):
        return bool(values & CARRIERS) != is_not
    if field == "saddr":
        return is_not or _is_all(match["right"])
    if field == "daddr":
        return is_not or not any(str(value).startswith(TO_MANY) for value in _addresses(match["right"]))
    return False


def _members(right):
    if isinstance(right, dict) and "set" in right:
        return [member for item in right["set"] for member in _members(item)]
    return right if isinstance(right, list) else [right]


def _values(right):
    return {member for member in _members(right) if isinstance(member, (str, int))}


def _width(member):
    if isinstance(member, dict) and "range" in member:
        first, last = member["range"]
        return last - first + 1 if isinstance(first, int) and isinstance(last, int) else 1
    return 1


def _is_all(right):
    return any(
        (isinstance(member, dict) and member.get("prefix", {}).get("len") == 0) or _is_range_of_all(member)
        for member in _members(right)
    )


def _is_range_of_all(member):
    return isinstance(member, dict) and member.get("range", [""])[0] in ("0.0.0.0", "::")  # noqa: S104 - a text


def _addresses(right):
    for member in _members(right):
        if isinstance(member, dict):
            yield member.get("prefix", {}).get("addr") or member.get("range", [""])[0]
        else:
            yield member


def _words(match):
    left = match["left"]
    if "payload" in left:
        about = "%s %s" % (left["payload"].get("protocol"), left["payload"].get("field"))
    else:
        about = "ct state" if "ct" in left else str(left.get("meta", {}).get("key"))
    members = [_member(member) for member in _members(match["right"])]
    return " ".join([about, *(["!="] if match.get("op") == "!=" else []), " ".join(members[:5])])


def _member(member):
    if isinstance(member, dict):
        prefix, span = member.get("prefix"), member.get("range")
        return "%s/%s" % (prefix["addr"], prefix["len"]) if prefix else "-".join(map(str, span or ["?"]))
    return str(member)
