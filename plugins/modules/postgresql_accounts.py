#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.postgresql_accounts: databases and accounts of PostgreSQL, with exactly the rights that are declared."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: postgresql_accounts
short_description: Databases and accounts of PostgreSQL, exactly as declared
version_added: "0.1.0"
description:
  - Compares databases, accounts, passwords and rights with a declaration, and changes what differs. It asks the server
    over its socket as C(postgres).
  - Passwords go to the server as SCRAM verifiers, over standard input. A stored verifier is compared with the declared
    password without logging in.
  - A declared account has no rights beyond those that are declared. Accounts that this module made and that are no
    longer declared are removed, and what they own goes to the owner of its database. A database is never removed.
options:
  databases:
    description: Each with C(name) and C(owner).
    type: list
    elements: dict
    default: []
  users:
    description:
      - Each with C(name), C(password) and C(grants). A grant has C(database), C(privileges), and C(tables) of the
        schema C(public), or none for all that are there now and that the owner of the database makes later.
    type: list
    elements: dict
    default: []
attributes:
  check_mode:
    description: Tells what would change.
    support: full
  diff_mode:
    description: Returns no diff; C(differences) says what changed.
    support: none
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Create databases and accounts
  oplever.lab.postgresql_accounts:
    databases: [{name: rooster, owner: rooster}]
    users:
      - {name: rooster, password: "{{ vault_rooster }}", grants: []}
      - {name: lezer, password: "{{ vault_lezer }}", grants: [{database: rooster, privileges: [SELECT]}]}
  no_log: true
"""

RETURN = r"""
differences:
  description: What differed from the declaration, in words, without passwords.
  returned: success
  type: list
  elements: str
missing_tables:
  description: Tables named in grants that are not there yet, as C(database.table).
  returned: success
  type: list
  elements: str
"""

import base64
import hashlib
import hmac
import json
import os
import re
import unicodedata

from ansible.module_utils.basic import AnsibleModule

# What the server itself defines: the owner of a database can put functions of the same name before them, and they would
# run as postgres.
PLAIN = ["env", "PGOPTIONS=-c search_path=pg_catalog,pg_temp"]
ASK = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "--dbname"]
CLIENT = ["runuser", "-u", "postgres", "--", *PLAIN, *ASK]
MARK = "made by oplever"
ITERATIONS = 4096  # what the server itself takes
TABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)")

ROLES = """
SELECT coalesce(json_agg(json_build_object('name', rolname, 'verifier', rolpassword,
  'plain', rolcanlogin AND NOT (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls),
  'ours', coalesce(shobj_description(oid, 'pg_authid') = 'made by oplever', false),
  'groups', ARRAY(SELECT pg_get_userbyid(roleid) FROM pg_auth_members WHERE member = pg_authid.oid))), '[]')
FROM pg_authid WHERE rolname !~ '^pg_' AND rolname <> 'postgres'
"""
DATABASES = """
SELECT coalesce(json_agg(json_build_object('name', datname, 'owner', pg_get_userbyid(datdba),
  'rights', ARRAY(SELECT coalesce(pg_get_userbyid(nullif(grantee, 0)), '') || ' ' || privilege_type
    FROM aclexplode(coalesce(datacl, acldefault('d', datdba)))))), '[]')
FROM pg_database WHERE NOT datistemplate AND datallowconn
"""
# Kinds: r a table, S a sequence. `later`: what objects will have that the owner of the database makes.
RIGHTS = """
SELECT json_build_object('tables', (SELECT coalesce(json_agg(relname), '[]') FROM objects WHERE kind = 'r'),
  'sequences', (SELECT coalesce(json_agg(relname), '[]') FROM objects WHERE kind = 'S'),
  'now', (SELECT coalesce(json_agg(json_build_array(kind, relname, pg_get_userbyid(grantee), privilege_type)), '[]')
    FROM objects, aclexplode(relacl) WHERE grantee <> 0 AND grantee <> relowner),
  'later', (SELECT coalesce(json_agg(json_build_array(defaclobjtype, pg_get_userbyid(grantee), privilege_type)), '[]')
    FROM pg_default_acl, aclexplode(defaclacl), pg_database
    WHERE datname = current_database() AND defaclrole = datdba AND defaclnamespace = 'public'::regnamespace
      AND defaclobjtype IN ('r', 'S') AND grantee <> 0))
"""
OBJECTS = """
WITH objects AS (SELECT relname, relacl, relowner, CASE WHEN relkind = 'S' THEN 'S' ELSE 'r' END AS kind
  FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S'))
"""


class Server:
    """The server as the user postgres. `run` runs a command as AnsibleModule.run_command does."""

    def __init__(self, run):
        self.run = run

    def execute(self, statements, database="postgres"):
        """Output of statements. Raises ValueError with the words of the server, which never hold a password."""
        done, out, err = self.run([*CLIENT, database], data=statements, cwd="/")
        if done:
            lines = [line for line in (err or out).splitlines() if not line.startswith(("LINE", "STATEMENT"))]
            raise ValueError("PostgreSQL, database %s: %s" % (database, (lines or ["exit code %d" % done])[0]))
        return out

    def ask(self, query, database="postgres"):
        return json.loads(self.execute(query, database))


class Plan:
    """Statements by database, in order, and what they are for in words."""

    def __init__(self):
        self.differences = []
        self.steps = []

    def add(self, words, statements, database="postgres"):
        self.differences.append(words)
        self.steps.append((database, statements))


def main():
    module = AnsibleModule(
        argument_spec={
            "databases": {"type": "list", "elements": "dict", "default": []},
            "users": {"type": "list", "elements": "dict", "default": [], "no_log": True},
        },
        supports_check_mode=True,
    )
    try:
        result = settle(module.params, Server(module.run_command), module.check_mode)
    except ValueError as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(**result)


def settle(params, server, check_mode):
    """Make the server as `params` say, and give the result of the module."""
    databases, users = params["databases"], params["users"]
    present = {row["name"]: row for row in server.ask(DATABASES)}
    first = Plan()
    declared = {row["name"]: row.get("owner") or "postgres" for row in databases}
    owners = {name: declared.get(name, row["owner"]) for name, row in sorted(present.items()) if name != "postgres"}
    roles(first, users, server.ask(ROLES), {"postgres": "postgres", **owners})
    stores(first, databases, users, present)
    missing = []
    if not check_mode:
        carry_out(first, server)
    second = Plan()
    for database in databases:
        if database["name"] in present or not check_mode:
            rights(second, database, users, server.ask(OBJECTS + RIGHTS, database["name"]), missing)
    if not check_mode:
        carry_out(second, server)
    differences = first.differences + second.differences
    return {"changed": bool(differences), "differences": differences, "missing_tables": missing}


def carry_out(plan, server):
    for database, statements in plan.steps:
        server.execute(statements, database)


def roles(plan, users, rows, owners):
    """Accounts with their passwords. Those of before that are no longer declared go, and what they own goes to the
    owner of its database (`owners`: database -> owner, in the order in which they are gone through)."""
    stored = {row["name"]: row for row in rows}
    for user in users:
        name, row = user["name"], stored.get(user["name"])
        sure = "LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS"
        if row is None:
            text = "CREATE ROLE %s %s PASSWORD %s;" % (quoted(name), sure, literal(verifier(user["password"])))
            plan.add("account %s: missing" % name, "%s COMMENT ON ROLE %s IS '%s';" % (text, quoted(name), MARK))
            continue
        if not is_password(user["password"], row["verifier"] or ""):
            text = "ALTER ROLE %s PASSWORD %s;" % (quoted(name), literal(verifier(user["password"])))
            plan.add("account %s: another password or none" % name, text)
        if not row["plain"]:
            plan.add(
                "account %s: more rights than an account has, or no login" % name,
                "ALTER ROLE %s %s;" % (quoted(name), sure),
            )
        for group in row["groups"]:
            plan.add("account %s: member of %s" % (name, group), "REVOKE %s FROM %s;" % (quoted(group), quoted(name)))
        if not row["ours"]:
            plan.add("account %s: not marked" % name, "COMMENT ON ROLE %s IS '%s';" % (quoted(name), MARK))
    declared = {user["name"] for user in users}
    for name in sorted(name for name, row in stored.items() if row["ours"] and name not in declared):
        plan.differences.append("account %s: no longer declared" % name)
        for database, owner in owners.items():
            heir = "postgres" if owner == name else owner
            text = "REASSIGN OWNED BY %s TO %s; DROP OWNED BY %s;" % (quoted(name), quoted(heir), quoted(name))
            plan.steps.append((database, text))
        plan.steps.append(("postgres", "DROP ROLE %s;" % quoted(name)))


def stores(plan, databases, users, present):
    """Databases, their owners, and who may open them: the owner and accounts with a grant, nobody else."""
    for database in databases:
        name, owner = database["name"], database.get("owner") or "postgres"
        row = present.get(name)
        if row is None:
            kind = "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
            text = "CREATE DATABASE %s OWNER %s %s;" % (quoted(name), quoted(owner), kind)
            plan.add("database %s: missing" % name, text)
            has = {" CONNECT", " TEMPORARY"}
        else:
            has = set(row["rights"])
            if row["owner"] != owner:
                text = "ALTER DATABASE %s OWNER TO %s;" % (quoted(name), quoted(owner))
                plan.add("database %s: its owner is %s" % (name, row["owner"]), text)
        names = {user["name"] for user in users} - {owner}
        may = {user["name"] + " CONNECT" for user in users if user["name"] in names and grants_in(user, name)}
        has = {right for right in has if right.rpartition(" ")[0] in names | {""}}
        on = "DATABASE " + quoted(name)
        _settle(plan, ("postgres", "database %s" % name, on), may, has)


def rights(plan, database, users, row, missing):
    """What accounts may do with the tables of a database, those that are there and those to come."""
    name, owner = database["name"], database.get("owner") or "postgres"
    for user in users:
        if user["name"] == owner:
            continue
        now, later = expected(user, name, row, missing)
        has_now = {tuple(right) for right in row["now"] if right[2] == user["name"]}
        has_later = {tuple(right) for right in row["later"] if right[1] == user["name"]}
        objects = sorted({right[:2] for right in now} | {right[:2] for right in has_now})
        for kind, table in objects:
            on = "%s public.%s" % ("SEQUENCE" if kind == "S" else "TABLE", quoted(table))
            may = {"%s %s" % (user["name"], right[2]) for right in now if right[:2] == (kind, table)}
            has = {"%s %s" % (user["name"], right[3]) for right in has_now if right[:2] == (kind, table)}
            _settle(plan, (name, "%s.%s" % (name, table), on), may, has)
        for kind in "rS":
            on = "SEQUENCES" if kind == "S" else "TABLES"
            may = {"%s %s" % (user["name"], right[1]) for right in later if right[0] == kind}
            has = {"%s %s" % (user["name"], right[2]) for right in has_later if right[0] == kind}
            before = "ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA public " % quoted(owner)
            _settle(plan, (name, "%s, %s to come" % (name, on.lower()), on), may, has, before)


def _settle(plan, place, may, has, before=""):
    """`place`: database, what it is in words, what it is in SQL. `may` and `has` hold `<account> <PRIVILEGE>`; an empty
    account is everybody."""
    database, words, on = place
    for verb, towards, differing in (("GRANT", "TO", may - has), ("REVOKE", "FROM", has - may)):
        for right in sorted(differing):
            account, _, privilege = right.rpartition(" ")
            who = quoted(account) if account else "PUBLIC"
            state = "missing" if verb == "GRANT" else "not declared"
            text = "%s%s %s ON %s %s %s;" % (before, verb, privilege, on, towards, who)
            plan.add("%s: %s of %s %s" % (words, privilege, account or "everybody", state), text, database)


def grants_in(user, database):
    return [grant for grant in user.get("grants") or [] if grant["database"] == database]


def expected(user, database, row, missing):
    """({(kind, table, privilege)} now, {(kind, privilege)} later). Who adds rows needs the sequences that number them.
    Tables that are not there go to `missing`."""
    now, later = set(), set()
    for grant in grants_in(user, database):
        privileges = privileges_of(grant)
        tables = grant.get("tables") or row["tables"]
        missing += ["%s.%s" % (database, table) for table in tables if table not in row["tables"]]
        now |= {("r", table, privilege) for table in tables if table in row["tables"] for privilege in privileges}
        if "INSERT" in privileges:
            now |= {("S", sequence, privilege) for sequence in row["sequences"] for privilege in ("SELECT", "USAGE")}
        if not grant.get("tables"):
            later |= {("r", privilege) for privilege in privileges}
            later |= {("S", privilege) for privilege in ("SELECT", "USAGE") if "INSERT" in privileges}
    return now, later


def privileges_of(grant):
    names = [str(name).upper() for name in grant.get("privileges") or ["SELECT"]]
    wrong = sorted(set(names) - {*TABLE, "ALL"})
    if wrong:
        raise ValueError("There is no privilege %s on a table; it is one of %s and ALL." % (wrong[0], ", ".join(TABLE)))
    return TABLE if "ALL" in names else names


def is_password(password, stored):
    """Whether the stored verifier is that of the password."""
    match = VERIFIER.fullmatch(stored)
    return bool(match) and hmac.compare_digest(stored, verifier(password, base64.b64decode(match[2]), int(match[1])))


def verifier(password, salt=None, iterations=ITERATIONS):
    """As the server stores it (RFC 5803)."""
    salt = os.urandom(16) if salt is None else salt
    text = unicodedata.normalize("NFKC", password)  # what SASLprep does with letters
    salted = hashlib.pbkdf2_hmac("sha256", text.encode(), salt, iterations)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored_key, server_key)]
    return "SCRAM-SHA-256$%d:%s$%s:%s" % (iterations, *parts)


def quoted(name):
    return '"%s"' % name.replace('"', '""')


def literal(text):
    return "'%s'" % text.replace("'", "''")


if __name__ == "__main__":
    main()
