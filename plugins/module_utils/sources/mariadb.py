"""MariaDB, asked over its socket as root: settings in force, accounts, databases."""

from __future__ import annotations

import json

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "variable"
SELECTORS = ("variable", "what")
NEEDS = ("variable", "what")
ATTRIBUTES = ("exists", "value", "anonymous", "without_password", "remote_root", "names", "databases")
RUNNING = True
CLIENT = ["mariadb", "--protocol=socket", "--batch", "--skip-column-names", "--execute"]
VARIABLES = "SHOW GLOBAL VARIABLES"
# Whether there is a password is asked, never the password, not even as a digest. "invalid" is what nobody can give.
ACCOUNTS = (
    """SELECT User, Host, REGEXP_REPLACE(Priv, '(?<="authentication_string":)"(?!invalid")[^"]+"', '"set"') """
    "FROM mysql.global_priv WHERE NOT COALESCE(JSON_VALUE(Priv, '$.is_role'), 0)"
)
DATABASES = "SHOW DATABASES"
# These know who asks from the system, or from a ticket; others without a password take anybody.
NO_PASSWORD_NEEDED = ("unix_socket", "auth_socket", "pam", "gssapi")
LOCAL = ("localhost", "127.0.0.1", "::1")


def describe(select):
    return "MariaDB, %s" % (select.get("variable") or select.get("what"))


def look_up(machine, select):
    if select.get("variable"):
        value = machine.once(variables).get(str(select["variable"]))
        return {"exists": value is not None, "value": value}
    if select["what"] == "databases":
        names = sorted(row[0] for row in _rows(machine, DATABASES, 1))
        return {"exists": bool(names), "databases": names}
    return dict(parse_accounts(_rows(machine, ACCOUNTS, 3)), exists=True)


def variables(machine):
    """Name -> value in force."""
    return {row[0]: row[1] for row in _rows(machine, VARIABLES, 2)}


def parse_accounts(rows):
    """Names of accounts, and which of them are open too wide, from rows of (user, host, JSON of mysql.global_priv). Of
    several ways in the easiest counts."""
    accounts = [(user, host, "%s@%s" % (user, host), _ways_in(priv)) for user, host, priv in rows]
    open_accounts = [account for account in accounts if account[3]]
    return {
        "names": sorted(name for _, _, name, _ in accounts),
        "anonymous": sorted(name for user, _, name, _ in open_accounts if not user),
        "without_password": sorted(name for _, _, name, ways in open_accounts if "nothing" in ways),
        "remote_root": sorted(name for user, host, name, _ in open_accounts if user == "root" and host not in LOCAL),
    }


def _ways_in(text):
    """What it takes to be this account: "nothing", "a password", "the system's word"; empty when nobody can be it."""
    try:
        priv = json.loads(text.replace("\\\\", "\\"))
        # One of several ways stands outside the list of them, which has an empty place for it.
        ways = [priv, *(way for way in priv.get("auth_or", ()) if way)]
        return set() if priv.get("account_locked") else {_takes(way) for way in ways} - {""}
    except (ValueError, AttributeError):
        raise UnreadableError("mysql.global_priv does not hold accounts as JSON") from None


def _takes(way):
    if way.get("plugin") in NO_PASSWORD_NEEDED:
        return "the system's word"
    stored = way.get("authentication_string", "")
    return "" if stored == "invalid" else "a password" if stored else "nothing"


def _rows(machine, query, width):
    """Rows of a query as lists of texts; the client writes NULL for what is not there."""
    done = machine.run([*CLIENT, query])
    if done.rc:
        raise UnreadableError("mariadb: %s" % (done.stderr.strip().splitlines() or ["exit code %d" % done.rc])[-1])
    rows = [
        ["" if value == "NULL" else value for value in line.split("\t")] for line in done.stdout.splitlines() if line
    ]
    if any(len(row) != width for row in rows):
        raise UnreadableError("mariadb did not return %d columns" % width)
    return rows
