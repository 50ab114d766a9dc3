"""MariaDB, asked over its socket as root: settings in force, accounts, databases."""

from __future__ import annotations

MAIN = "variable"
SELECTORS = ("variable", "what")
NEEDS = ("variable", "what")
ATTRIBUTES = ("exists", "value", "anonymous", "without_password", "remote_root", "names", "databases")
RUNNING = True
CLIENT = ["mariadb", "--protocol=socket", "--batch", "--skip-column-names", "--execute"]
VARIABLES = "SHOW GLOBAL VARIABLES"
ACCOUNTS = "SELECT User, Host, plugin, authentication_string FROM mysql.user WHERE is_role = 'N'"
DATABASES = "SHOW DATABASES"
# These know who asks from the system, or from a ticket; others without a password take anybody.
NO_PASSWORD_NEEDED = ("unix_socket", "auth_socket", "pam", "gssapi")
HERE = ("localhost", "127.0.0.1", "::1")
LOCKED = ("invalid", "*")


def describe(select):
    return "MariaDB, %s" % (select.get("variable") or select.get("what"))


def look_up(machine, select):
    if select.get("variable"):
        value = machine.once(variables).get(str(select["variable"]))
        return {"exists": value is not None, "value": value}
    if select["what"] == "databases":
        names = sorted(row[0] for row in _rows(machine, DATABASES))
        return {"exists": bool(names), "databases": names}
    return dict(parse_accounts(_rows(machine, ACCOUNTS)), exists=True)


def variables(machine):
    """Name -> value in force."""
    return {row[0]: row[1] if len(row) > 1 else "" for row in _rows(machine, VARIABLES)}


def parse_accounts(rows):
    """From (user, host, plugin, authentication string): whom everybody can be. The string itself is not told."""
    accounts = [(user, "%s@%s" % (user, host), host, plugin, secret) for user, host, plugin, secret in rows]
    return {
        "names": sorted(name for _, name, _, _, _ in accounts),
        "anonymous": sorted(name for user, name, _, _, _ in accounts if not user),
        "without_password": sorted(
            name for _, name, _, plugin, secret in accounts if not secret and plugin not in NO_PASSWORD_NEEDED
        ),
        "remote_root": sorted(
            name
            for user, name, host, _, secret in accounts
            if user == "root" and host not in HERE and secret not in LOCKED
        ),
    }


def _rows(machine, query):
    """Rows of a query as lists of texts; the client writes NULL for what is not there."""
    lines = machine.output([*CLIENT, query]).splitlines()
    return [["" if value == "NULL" else value for value in line.split("\t")] for line in lines if line]
