"""Connections for which the Match blocks of sshd_config can differ: what `sshd -T -C` is to be asked.

Each criterion gives values that it fits and values that it excludes; together with a value that no block names they are
combined. Of very many combinations the first LIMIT are asked, those that fit one whole block before all others.
"""

from __future__ import annotations

import ipaddress
import itertools
from fnmatch import fnmatchcase

from ansible_collections.oplever.lab.plugins.module_utils.sources import account, group

LIMIT = 64
# What `-C` calls them, with a value that stands for everybody and everywhere else.
DEFAULTS = {"user": "nobody", "host": "localhost", "addr": "127.0.0.1", "laddr": "127.0.0.1", "lport": "22",
            "rdomain": ""}  # fmt: skip
KEYS = {
    "user": "user", "group": "user", "host": "host", "address": "addr", "localaddress": "laddr", "localport": "lport",
    "rdomain": "rdomain",
}  # fmt: skip
# In the place of a wildcard.
WORDS = ("x", "q7", "0", "jan")
ELSEWHERE = ("192.0.2.1", "198.51.100.2", "203.0.113.3", "10.9.8.7", "2001:db8::1")
"""Addresses of the documentation, which nobody has, and a private one."""
# Criteria without a value, and what a connection is told to have for them.
ALONE = {"invalid-user": "yes"}


def criteria(text):
    """{criterion: patterns} of the words behind Match; empty for `all` and for what cannot be varied, as `exec`."""
    words = [part for word in text.split() for part in word.split("=", 1)]
    result, at = {}, 0
    while at < len(words):
        name = words[at].lower()
        if name in ALONE:
            result[name] = []
            at += 1
            continue
        if name in KEYS and at + 1 < len(words):
            result[name] = words[at + 1].split(",")
        at += 2
    return result


def connections(machine, blocks):
    """(combinations to ask as mappings for -C, how many there are) for the criteria of all blocks."""
    values = {key: [value] for key, value in DEFAULTS.items()}
    first = []
    for block in blocks:
        fitting = {}
        for name, patterns in block.items():
            if name in ALONE:
                values.setdefault(name, [""]).append(ALONE[name])
                fitting[name] = ALONE[name]
                continue
            excluded = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
            for pattern in patterns:
                if pattern.startswith("!"):
                    values[KEYS[name]] += _examples(machine, name, pattern[1:], [])[:1]
                    continue
                samples = _examples(machine, name, pattern, excluded)[:2]
                values[KEYS[name]] += samples if name == "group" else samples[:1]
                if samples:
                    fitting.setdefault(KEYS[name], samples[0])
        first.append({**DEFAULTS, **fitting})
    keys = list(values)
    values = [list(dict.fromkeys(values[key])) for key in keys]
    total = 1
    for column in values:
        total *= len(column)
    products = (dict(zip(keys, row)) for row in itertools.product(*values))  # noqa: B905
    chosen = {specification(item): item for item in [*first, *itertools.islice(products, LIMIT)]}
    return list(chosen.values())[:LIMIT], total


def specification(connection):
    """The words of -C."""
    words = (key if key in ALONE else "%s=%s" % (key, value) for key, value in connection.items()
             if value or key not in ALONE)  # fmt: skip
    return ",".join(words)


def label(connection):
    """What is special about a connection, as `user=jan, addr=10.0.0.1`."""
    special = [(key, value) for key, value in connection.items() if value != DEFAULTS.get(key, "")]
    return ", ".join(key if key in ALONE else "%s=%s" % (key, value) for key, value in special) or "anybody"


def _examples(machine, name, pattern, excluded):
    """Values that a pattern takes in and none of `excluded`: of one that takes in everybody none, where the value that
    stands for everybody is not excluded."""
    if name == "group":
        return _members(machine, pattern, excluded)
    if pattern == "*" and not _is_among(name, DEFAULTS[KEYS[name]], excluded):
        return []
    if name in ("address", "localaddress"):
        samples = _addresses(pattern)
    elif name == "localport":
        samples = [pattern] if pattern.isdigit() else []
    else:
        samples = [pattern.replace("*", word).replace("?", word[0]) for word in WORDS]
    return [sample for sample in dict.fromkeys(samples) if not _is_among(name, sample, excluded)]


def _is_among(name, sample, patterns):
    """Whether one of the patterns takes in a value."""
    if name in ("address", "localaddress"):
        return any(_takes_in(pattern, sample) for pattern in patterns)
    return any(fnmatchcase(sample, pattern) for pattern in patterns)


def _takes_in(pattern, address):
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return fnmatchcase(address, pattern)


def _members(machine, pattern, excluded):
    """Accounts in the groups that fit and in none of `excluded`; a few will do."""
    names = machine.once(group.groups)
    wanted = {name for name in names if fnmatchcase(name, pattern)}
    unwanted = {name for name in names if any(fnmatchcase(name, other) for other in excluded)}
    people = machine.once(account.accounts).items()
    return [name for name, facts in people if wanted & set(facts["groups"]) and not unwanted & set(facts["groups"])][:2]


def _addresses(pattern):
    try:
        network = ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return list(ELSEWHERE) if pattern == "*" else [pattern.replace("*", n).replace("?", n) for n in ("1", "2", "9")]
    last = network.num_addresses - 1
    return list(dict.fromkeys(str(network[min(at, last)]) for at in (1, 2, last // 2, last - 1 if last else 0, last)))
