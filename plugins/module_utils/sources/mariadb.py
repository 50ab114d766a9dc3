"""MariaDB, asked over its socket as root: settings in force, accounts, databases."""

from __future__ import annotations

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
    "SELECT User, Host, JSON_VALUE(Priv, '$.plugin'), COALESCE(JSON_VALUE(Priv, '$.authentication_string'), '') = '', "
    "COALESCE(JSON_VALUE(Priv, '$.authentication_string'), '') = 'invalid' OR COALESCE(JSON_VALUE(Priv, "
    "'$.account_locked'), 0) FROM mysql.global_priv WHERE NOT COALESCE(JSON_VALUE(Priv, '$.is_role'), 0)"
)
DATABASES = "SHOW DATABASES"
# These know who asks from the system, or from a ticket; others without a password take anybody.
NO_PASSWORD_NEEDED = ("unix_socket", "auth_socket", "pam", "gssapi")
HERE = ("localhost", "127.0.0.1", "::1")


def describe(select):
    return "MariaDB, %s" % (select.get("variable") or select.get("what"))


def look_up(machine, select):
    if select.get("variable"):
        value = machine.once(variables).get(str(select["variable"]))
        return {"exists": value is not None, "value": value}
    if select["what"] == "databases":
        names = sorted(row[0] for row in _rows(machine, DATABASES, 1))
        return {"exists": bool(names), "databases": names}
    return dict(parse_accounts(_rows(machine, ACCOUNTS, 5)), exists=True)


def variables(machine):
    """Name -> value in force."""
    return {row[0]: row[1] for row in _rows(machine, VARIABLES, 2)}


def parse_accounts(rows):
    """From (user, host, plugin, no password: 1, nobody can log in by password: 1): whom anybody can be."""
    accounts = [(user, "%s@%s" % (user, host), host, plugin, empty, shut) for user, host, plugin, empty, shut in rows]
    open_ones = [account for account in accounts if account[5] != "1"]
    return {
        "names": sorted(account[1] for account in accounts),
        "anonymous": sorted(name for user, name, _, _, _, _ in open_ones if not user),
        "without_password": sorted(
            name for _, name, _, plugin, empty, _ in open_ones if empty == "1" and plugin not in NO_PASSWORD_NEEDED
        ),
        "remote_root": sorted(name for user, name, host, _, _, _ in open_ones if user == "root" and host not in HERE),
    }


def _rows(machine, query, width):
    """Rows of a query as lists of texts; the client writes NULL for what is not there."""
    lines = machine.output([*CLIENT, query]).splitlines()
    rows = [["" if value == "NULL" else value for value in line.split("\t")] for line in lines if line]
    if any(len(row) != width for row in rows):
        raise UnreadableError("mariadb gave something else than %d columns" % width)
    return rows
