"""Rules of the packet filter that let in nearly everything, whatever the end of the chain says."""

from __future__ import annotations

import fnmatch
import ipaddress

from ansible_collections.oplever.lab.plugins.module_utils.sources.nftables_ruleset import DEEPEST, about, target

MOST_PORTS = 1024
PORTS = 1 << 16
# So many addresses are nearly all of the world: more than any network of an organisation has.
MOST_ADDRESSES = {4: 1 << 26, 6: 1 << 112}
NEW = {"new", "untracked"}
CARRIERS = {"tcp", "udp", 6, 17}
FAMILIES = {"ipv4", "ipv6", "ip", "ip6"}
# Addresses to which only what was asked for comes, or nobody's own.
TO_MANY = ("224.", "255.255.", "239.", "ff0")
# What nearly all packets have.
USUAL_OF = {
    "pkttype": {"host", "unicast"}, "mark": {0}, "ct mark": {0}, "iifgroup": {0, "default"}, "iiftype": {1, "ether"},
    "ct direction": {0, "original"}, "ip dscp": {0, "cs0"}, "ip6 dscp": {0, "cs0"}, "ip version": {4},
    "ip6 version": {6}, "ip hdrlength": {5}, "ether type": {"ip", "ip6", 8, 56710},
}  # fmt: skip
# Of these a rule that says more or less than a number leaves in nearly all.
SIZES = ("length", "ip length", "ip6 length", "ip ttl", "ip6 hoplimit", "tcp window", "tcp doff")
EQUAL, UNEQUAL = ("==", "in"), "!="


def rules(current, key, outside=(), depth=0):
    """Texts of the rules of a chain before the first that decides for everybody: each accepts whoever sends, to
    whatever port. `outside` are names of the interfaces by which the rest of the world comes in."""
    texts = []
    rules_of_chain = current.rules_of(key)
    for rule in rules_of_chain:
        if rule.is_generous and all(_lets_in(match, outside) for match in rule.matches):
            # The last rule without a condition is the end of the chain of the hook, which is judged as such.
            is_end = depth == 0 and rule is rules_of_chain[-1] and rule.is_for_all
            if rule.verdict == "accept" and not is_end:
                texts.append("accepts " + (", ".join(map(_words, rule.matches)) or "everything"))
            if rule.jump and depth < DEEPEST:
                texts += rules(current, target(key, rule), outside, depth + 1)
        if rule.is_for_all and (rule.verdict or rule.has("goto") or rule.has("return")):
            break
    return texts


def _lets_in(match, outside):
    """Whether nearly everybody's packets fit."""
    left, order, values = match["left"], match.get("op", "=="), values_of(match["right"])
    subject, is_not = about(left), order == UNEQUAL
    kind, _, field = subject.rpartition(" ")
    if subject == "ct state":
        return not values & NEW if is_not else bool(values & NEW)
    if subject in ("l4proto", "protocol", "nfproto"):
        return not values & CARRIERS if is_not else bool(values & (CARRIERS | FAMILIES))
    if subject in ("iifname", "iif", "oifname", "oif"):
        return is_not or any(fnmatch.fnmatchcase(name, str(value)) for name in outside for value in values)
    if subject in SIZES:
        return order not in EQUAL
    if subject in USUAL_OF:
        return bool(values & USUAL_OF[subject]) != is_not
    if kind.startswith("fib ") and field == "type":
        return is_not or bool(values & {"local", "unicast"})
    if subject == "tcp flags":
        return not is_not and "syn" in values and "ack" not in values
    return isinstance(left, dict) and "payload" in left and _lets_in_by_header(match, field, is_not)


def _lets_in_by_header(match, field, is_not):
    """The same for a match on what stands in the header of a packet."""
    values = values_of(match["right"])
    if field == "sport":
        return True  # who sends chooses it
    if field == "dport":
        return is_not or sum(map(len, spans(match))) > MOST_PORTS
    if field in ("protocol", "nexthdr"):
        return bool(values & CARRIERS) != is_not
    if field == "saddr":
        return is_not or _is_nearly_all(match["right"])
    if field == "daddr":
        return is_not or not any(str(value).startswith(TO_MANY) for value in _addresses(match["right"]))
    return False


def spans(match):
    """The numbers that a match on a port takes in, as ranges; none of one that only leaves some out."""
    order = match.get("op", "==")
    for member in _members(match["right"]):
        first, last = _ends(member)
        if first is None or order == UNEQUAL:
            continue
        if order in EQUAL:
            yield range(first, last + 1)
        elif order in (">", ">="):
            yield range(first + (order == ">"), PORTS)
        else:
            yield range(last + (order == "<="))


def _ends(member):
    ends = member["range"] if isinstance(member, dict) and "range" in member else [member, member]
    return ends if all(isinstance(end, int) for end in ends) else (None, None)


def _members(right):
    if isinstance(right, dict) and "set" in right:
        return [member for item in right["set"] for member in _members(item)]
    if isinstance(right, dict) and "|" in right:
        return [member for item in right["|"] for member in _members(item)]
    return right if isinstance(right, list) else [right]


def values_of(right):
    return {member for member in _members(right) if isinstance(member, (str, int))}


def _is_nearly_all(right):
    """Whether the members together are nearly all addresses of IPv4, or of IPv6 without those that no router passes on:
    a set has no two that overlap."""
    sizes = {4: 0, 6: 0}
    for member in _members(right):
        try:
            first, last = _network(member)
        except (KeyError, TypeError, ValueError):
            continue
        if first.version == 4 or first.is_unspecified or not first.is_private:
            sizes[first.version] += int(last) - int(first) + 1
    return any(sizes[version] > most for version, most in MOST_ADDRESSES.items())


def _network(member):
    """(first, last) address of a member of a set."""
    if isinstance(member, dict) and "prefix" in member:
        network = ipaddress.ip_network("%s/%s" % (member["prefix"]["addr"], member["prefix"]["len"]), strict=False)
        return network[0], network[-1]
    first, last = member["range"] if isinstance(member, dict) else (member, member)
    return ipaddress.ip_address(first), ipaddress.ip_address(last)


def _addresses(right):
    for member in _members(right):
        if isinstance(member, dict):
            yield member.get("prefix", {}).get("addr") or member.get("range", [""])[0]
        else:
            yield member


def _words(match):
    order = match.get("op", "==")
    members = [_member(member) for member in _members(match["right"])]
    return " ".join([about(match["left"]), *([] if order in EQUAL else [order]), " ".join(members[:5])])


def _member(member):
    if isinstance(member, dict):
        prefix, span = member.get("prefix"), member.get("range")
        return "%s/%s" % (prefix["addr"], prefix["len"]) if prefix else "-".join(map(str, span or ["?"]))
    return str(member)
