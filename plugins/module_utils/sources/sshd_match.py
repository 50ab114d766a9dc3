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
ELSEWHERE = "192.0.2.1"  # TEST-NET-1: nobody has it


def criteria(text):
    """{criterion: patterns} of the words behind Match; empty for `all` and for what cannot be varied, as `exec`."""
    words = [part for word in text.split() for part in word.split("=", 1)]
    pairs = zip(words[::2], words[1::2])  # noqa: B905  Python 3.9 has no strict
    return {name.lower(): patterns.split(",") for name, patterns in pairs if name.lower() in KEYS}


def connections(machine, blocks):
    """(combinations to ask as mappings for -C, how many there are) for the criteria of all blocks."""
    values = {key: [value] for key, value in DEFAULTS.items()}
    first = []
    for block in blocks:
        fitting = {}
        for name, patterns in block.items():
            excluded = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
            for pattern in patterns:
                samples = _examples(machine, name, pattern.lstrip("!"))
                if pattern.startswith("!"):
                    values[KEYS[name]] += samples[:1]
                    continue
                samples = [sample for sample in samples if not _is_among(name, sample, excluded)][:2]
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
    chosen = {tuple(item.values()): item for item in [*first, *itertools.islice(products, LIMIT)]}
    return list(chosen.values())[:LIMIT], total


def label(connection):
    """What is special about a connection, as `user=jan, addr=10.0.0.1`."""
    return ", ".join("%s=%s" % item for item in connection.items() if item[1] != DEFAULTS[item[0]]) or "anybody"


def _is_among(name, sample, patterns):
    """Whether one of the patterns takes in a value; of groups the accounts are asked, not the patterns."""
    if name in ("address", "localaddress"):
        return any(_takes_in(pattern, sample) for pattern in patterns)
    return name != "group" and any(fnmatchcase(sample, pattern) for pattern in patterns)


def _takes_in(pattern, address):
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return fnmatchcase(address, pattern)


def _examples(machine, name, pattern):
    """Values that a pattern takes in: of a wide one several, since another pattern may exclude some of them."""
    if name == "group":
        return _members(machine, pattern)
    if name in ("address", "localaddress"):
        return _addresses(pattern)
    if name == "localport":
        return [pattern] if pattern.isdigit() else []
    samples = [pattern.replace("*", word).replace("?", word[0]) for word in WORDS]
    return list(dict.fromkeys(samples)) if pattern != "*" else []


def _members(machine, pattern):
    """Accounts in the groups that fit; a few will do."""
    names = {name for name in machine.once(group.groups) if fnmatchcase(name, pattern)}
    people = machine.once(account.accounts).items()
    return [name for name, facts in people if names & set(facts["groups"])][:2]


def _addresses(pattern):
    try:
        network = ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return [ELSEWHERE] if pattern == "*" else [pattern.replace("*", n).replace("?", n) for n in ("1", "2", "9")]
    last = network.num_addresses - 1
    return list(dict.fromkeys(str(network[min(at, last)]) for at in (1, 2, last // 2, last - 1 if last else 0, last)))
