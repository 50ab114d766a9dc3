"""PostgreSQL, asked over its socket as the user postgres: settings in force, roles, and who is let in how."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "setting"
SELECTORS = ("setting", "what")
NEEDS = ("setting", "what")
ATTRIBUTES = ("exists", "value", "source", "superusers", "without_password", "names", "databases", "trust", "methods")
RUNNING = True
SEPARATOR = "\x1f"
CLIENT = ["psql", "--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--field-separator", SEPARATOR, "--command"]
SETTINGS = "SELECT name, setting, coalesce(sourcefile || ':' || sourceline, '') FROM pg_settings"
ROLES = "SELECT rolname, rolsuper, rolcanlogin, rolpassword IS NULL FROM pg_authid"
DATABASES = "SELECT datname FROM pg_database WHERE NOT datistemplate"
# Since PostgreSQL 16 the file of a rule is known too; a rule with a mistake has one in `error`.
RULES = (
    "SELECT line_number, type, array_to_string(database, ','), array_to_string(user_name, ','), coalesce(address, ''), "
    "auth_method, coalesce(error, '') FROM pg_hba_file_rules"
)


def describe(select):
    return "PostgreSQL, %s" % (select.get("setting") or select.get("what"))


def look_up(machine, select):
    if select.get("setting"):
        setting = machine.once(settings).get(str(select["setting"]))
        return dict(setting, exists=True, evidence=setting["source"]) if setting else {"exists": False}
    kinds = {"roles": _roles, "databases": _databases, "rules": _rules}
    if select["what"] not in kinds:
        raise UnreadableError("postgresql does not know %s (it knows: %s)" % (select["what"], ", ".join(sorted(kinds))))
    return kinds[select["what"]](machine)


def settings(machine):
    """Name -> `value` in force and `source` (file:line; empty when it is built in)."""
    return {row[0]: {"value": row[1], "source": row[2]} for row in _rows(machine, SETTINGS, 3)}


def _roles(machine):
    rows = _rows(machine, ROLES, 4)
    return {
        "exists": True,
        "names": sorted(row[0] for row in rows),
        "superusers": sorted(row[0] for row in rows if row[1] == "t"),
        "without_password": sorted(row[0] for row in rows if row[2] == "t" and row[3] == "t"),
    }


def _databases(machine):
    return {"exists": True, "databases": sorted(row[0] for row in _rows(machine, DATABASES, 1))}


def _rules(machine):
    """`trust`: rules that let somebody in without a question; `methods`: all ways in that are used."""
    rows = _rows(machine, RULES, 7)
    wrong = [row for row in rows if row[6]]
    if wrong:
        raise UnreadableError("pg_hba.conf, line %s: %s" % (wrong[0][0], wrong[0][6]))
    trust = ["line %s: %s" % (row[0], " ".join(part for part in row[1:6] if part)) for row in rows if row[5] == "trust"]
    return {"exists": bool(rows), "trust": trust, "methods": sorted({row[5] for row in rows})}


def _rows(machine, query, width):
    done = machine.run([*CLIENT, query], user="postgres")
    if done.rc:
        words = done.stderr.strip().splitlines()
        raise UnreadableError("psql: %s" % (words[0] if words else "exit code %d" % done.rc))
    rows = [line.split(SEPARATOR) for line in done.stdout.splitlines() if line]
    if any(len(row) != width for row in rows):
        raise UnreadableError("psql did not return %d columns" % width)
    return rows
