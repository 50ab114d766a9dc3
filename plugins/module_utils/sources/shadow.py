"""Accounts that break a rule of /etc/shadow: ages of passwords, hashes, accounts nobody can use but a password fits."""

from __future__ import annotations

import time

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import account

MAIN = "what"
SELECTORS = ("what", "limit")
NEEDS = ("what",)
ATTRIBUTES = ("exists", "accounts", "count")
# crypt(5): yescrypt, gost-yescrypt, scrypt, bcrypt and SHA-512.
STRONG = ("$y$", "$gy$", "$7$", "$2a$", "$2b$", "$2y$", "$6$")
DAY = 86400


def describe(select):
    limit = ", limit %s" % select["limit"] if select.get("limit") not in (None, "") else ""
    return "accounts in /etc/shadow, %s%s" % (str(select.get("what")).replace("_", " "), limit)


def look_up(machine, select):
    rule = str(select["what"])
    if rule not in RULES:
        raise UnreadableError("shadow does not know %s (it knows: %s)" % (rule, ", ".join(sorted(RULES))))
    try:
        limit = int(select.get("limit") or 0)
    except ValueError:
        raise UnreadableError("the limit of shadow is a number of days, not %s" % select["limit"]) from None
    accounts = machine.once(account.accounts)
    names = [
        row[0] for row in machine.once(account.shadow).values() if RULES[rule](row, accounts.get(row[0], {}), limit)
    ]
    return {"exists": True, "accounts": sorted(names), "count": len(names)}


def _has_password(row):
    return row[1][:1] not in ("", "*", "!")


def _days(field):
    """Number of days; None when the field is empty, which switches the rule off, as do -1 and 99999."""
    return int(field) if field.isdigit() and int(field) < 99999 else None


def _over_max_days(row, facts, limit):
    days = _days(row[4])
    return _has_password(row) and (days is None or days > limit)


def _over_inactive_days(row, facts, limit):
    days = _days(row[6])
    return _has_password(row) and (days is None or days > limit)


def _changed_in_future(row, facts, limit):
    days = _days(row[2])
    return days is not None and days > time.time() // DAY


def _weak_hash(row, facts, limit):
    return _has_password(row) and not row[1].startswith(STRONG)


def _usable_without_shell(row, facts, limit):
    return _has_password(row) and bool(facts) and not account.can_log_in(facts["shell"])


# what -> whether an account (fields of shadow(5), facts of source account, limit in days) breaks the rule
RULES = {
    "over_max_days": _over_max_days,
    "over_inactive_days": _over_inactive_days,
    "changed_in_future": _changed_in_future,
    "weak_hash": _weak_hash,
    "usable_without_shell": _usable_without_shell,
}
