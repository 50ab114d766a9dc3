#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.samba_directory: a domain of Samba with its accounts and groups, as declared."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: samba_directory
short_description: A domain of Samba with its accounts and groups
version_added: "0.1.0"
description:
  - Makes a domain on a machine that has none, compares its accounts and groups with a declaration, and changes what
    differs. It works on the database of the domain itself, so that no password is on a command line.
  - A domain that exists is never made again. What a broken attempt left is taken away, and the domain is made anew.
  - All changes of accounts and groups are one transaction, so either all are made or none.
  - An account that is declared with groups is a member of these alone. What is not declared is left alone.
  - A new account must change its password at its first log-in. Without a password of its own it gets one that is
    written in C(passwords), for root alone, until the account has changed it.
options:
  domain:
    description: Domain of the directory, as C(school.example).
    type: str
    required: true
  workgroup:
    description: Short name of the domain.
    type: str
    required: true
  users:
    description: Accounts, each with C(name) and any of C(full_name), C(groups) and C(state).
    type: list
    elements: dict
    default: []
  first_passwords:
    description: First passwords by account. Nothing of them is shown, unlike with a password in C(users).
    type: dict
    default: {}
  tables:
    description: Tables of accounts, each with C(name), that of the file, and C(text), its content.
    type: list
    elements: dict
    default: []
  groups:
    description: Groups, each with C(name) and any of C(description) and C(state). Groups of accounts are made too.
    type: list
    elements: dict
    default: []
  remove:
    description: What happens to an account whose state is absent.
    type: str
    choices: [disable, delete]
    default: disable
  password_length:
    description: Shortest password.
    type: int
    default: 10
  lockout:
    description: Wrong passwords after which an account is locked for half an hour; 0 for never.
    type: int
    default: 10
  passwords:
    description: File for passwords that were made here.
    type: path
    default: /var/lib/oplever-directory/passwords.csv
  computer:
    description: Instead of all that, a machine that joins, with C(name), C(host) and the C(password) to join with.
    type: dict
attributes:
  check_mode:
    description: Tells what would change.
    support: full
  diff_mode:
    description: Shows accounts and groups before and after, without passwords.
    support: full
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Make the domain and its accounts
  oplever.lab.samba_directory:
    domain: school.example
    workgroup: SCHOOL
    users:
      - {name: docent1, full_name: A. Bakker, groups: [docenten]}
      - {name: oud, state: absent}
    first_passwords: {docent1: "{{ vault_docent1 }}"}
"""

RETURN = r"""
differences:
  description: What differed from the declaration, in words, without passwords.
  returned: success
  type: list
  elements: str
"""

import csv
import glob
import io
import os
import shutil

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.oplever.lab.plugins.module_utils import directory_accounts as accounts
from ansible_collections.oplever.lab.plugins.module_utils import files

try:
    import ldb
    from samba.auth import system_session
    from samba.param import LoadParm
    from samba.samdb import SamDB
except ImportError:  # said where the database is opened
    ldb = None

STATE = "/var/lib/samba"
MAKING = "/var/lib/samba/oplever-making"
"""Is there while a domain is made, so that half a domain is never taken for a whole one."""
MARK = "/var/lib/oplever-directory/domain"
DISABLED = 0x2  # a bit of userAccountControl
NEVER = "-9223372036854775808"
DICTIONARIES = {"type": "list", "elements": "dict", "default": []}


def main():
    module = AnsibleModule(
        argument_spec={
            "domain": {"type": "str", "required": True},
            "workgroup": {"type": "str", "required": True},
            "users": DICTIONARIES,
            "first_passwords": {"type": "dict", "default": {}, "no_log": True},
            "tables": DICTIONARIES,
            "groups": DICTIONARIES,
            "remove": {"type": "str", "choices": ["disable", "delete"], "default": "disable"},
            "password_length": {"type": "int", "default": 10, "no_log": False},
            "lockout": {"type": "int", "default": 10},
            "passwords": {"type": "path", "default": "/var/lib/oplever-directory/passwords.csv", "no_log": False},
            "computer": {"type": "dict", "no_log": True},
        },
        supports_check_mode=True,
    )
    try:
        result = settle(module.params, module.run_command, module.check_mode)
    except ValueError as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(**result)


def settle(params, run, check_mode):
    """Make the directory as `params` say, and give the result of the module."""
    if params["computer"]:
        if not check_mode:
            Directory().enrol(**params["computer"])
        return {"changed": True, "differences": ["machine %s: joins" % params["computer"]["name"]]}
    rows = accounts.declared(params["users"], params["tables"])
    words = []
    if os.path.exists(MAKING) or not os.path.exists(STATE + "/private/sam.ldb"):
        words.append("domain %s: missing" % params["domain"])
        if check_mode:
            plan = accounts.plan(rows, params["groups"], {"accounts": {}, "groups": {}}, params["remove"])
            return {"changed": True, "differences": words + plan.differences, "diff": plan.shown}
        make(params["domain"], params["workgroup"], run)
    directory = Directory()
    if directory.domain() != params["domain"].lower():
        text = "This machine serves the domain %s, and a domain cannot get another name. Put directory_domain back."
        raise ValueError(text % directory.domain())
    plan = accounts.plan(rows, params["groups"], directory.content(), params["remove"])
    for name, value in policy(params).items():
        if directory.policy(name) != value:
            plan.add("domain: %s is %s" % (name, directory.policy(name)), "set_policy", name, value)
    first_passwords = Passwords(params["passwords"])
    used = [name for name in first_passwords.rows if not directory.waits(name)]
    words += plan.differences + ["account %s: has a password of its own" % name for name in used]
    if not check_mode:
        first_passwords.remove(used)
        generated = {
            name: accounts.password(params["password_length"])
            for action, name, *_ in plan.steps
            if action == "make_account" and name not in params["first_passwords"]
        }
        directory.carry_out(plan.steps, params["first_passwords"], generated, first_passwords)
    return {"changed": bool(words), "differences": words, "diff": plan.shown}


def policy(params):
    return {
        "minPwdLength": str(params["password_length"]),
        "lockoutThreshold": str(params["lockout"]),
        "maxPwdAge": NEVER,
        "minPwdAge": "0",
    }


def make(domain, workgroup, run):
    """A new domain. Raises ValueError when it cannot be made; then nothing of it is left."""
    if os.path.exists(MAKING):
        clear()
    with open(MAKING, "w", encoding="ascii") as file:
        file.write(domain + "\n")
    argv = ["samba-tool", "domain", "provision", "--server-role=dc", "--dns-backend=NONE", "--realm=" + domain.upper()]
    code, _, err = run([*argv, "--domain=" + workgroup, "--host-name=" + os.uname().nodename.split(".")[0]])
    if not code:
        # The names by which Kerberos knows the services of this machine; without them nobody can ask LDAP.
        code, _, err = run(["samba_spnupdate"])
    if code:
        clear()
        os.remove(MAKING)
        # The output holds the password of the administrator, when it gets that far.
        lines = [line for line in err.splitlines() if line.startswith("ERROR") and "assword" not in line]
        raise ValueError("The domain cannot be made: %s" % (" ".join(lines) or "samba-tool ended with %d" % code))
    os.makedirs(os.path.dirname(MARK), mode=0o700, exist_ok=True)
    with open(MARK, "w", encoding="ascii") as file:
        file.write(domain.lower() + "\n")
    os.remove(MAKING)


def clear():
    """Take away what an attempt left. Only called where it did not end well."""
    for path in glob.glob(STATE + "/private/*") + glob.glob(STATE + "/sysvol") + glob.glob(STATE + "/*.[tl]db"):
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


class Passwords:
    """First passwords that this module generated: account -> name, groups and password, in a file for root alone."""

    HEADER = ("account", "name", "groups", "password")

    def __init__(self, path):
        self.path = path
        self.rows = {}
        if os.path.exists(path):
            try:
                with open(path, encoding="utf-8", newline="") as file:
                    self.rows = {
                        row["account"]: {key: row[key] or "" for key in self.HEADER} for row in csv.DictReader(file)
                    }
            except (KeyError, csv.Error, UnicodeDecodeError):
                columns = ",".join(self.HEADER)
                raise ValueError(
                    "%s is no list of first passwords any more: its first line is not %s. Another program wrote it; put"
                    " that right, or move it away when everybody has a password of their own." % (path, columns)
                ) from None

    def add(self, passwords, rows):
        """Write down these passwords, by account; `rows` are the accounts as the directory has them."""
        for name, password in passwords.items():
            full_name, groups = rows[name]["full_name"], " ".join(rows[name]["groups"])
            self.rows[name] = {"account": name, "name": full_name, "groups": groups, "password": password}
        self.write()

    def remove(self, names):
        for name in names:
            del self.rows[name]
        if names:
            self.write()

    def write(self):
        if not self.rows:
            if os.path.exists(self.path):
                os.remove(self.path)
            return
        text = io.StringIO()
        writer = csv.DictWriter(text, self.HEADER)
        writer.writeheader()
        writer.writerows(self.rows.values())
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        files.put(self.path, text.getvalue(), 0o600)


class Directory:
    """The database of the domain on this machine, as root has it."""

    def __init__(self):
        if ldb is None:
            raise ValueError("The Python of Samba is not there: install python3-samba.")
        parameters = LoadParm()
        parameters.load_default()
        try:
            self.database = SamDB(session_info=system_session(), lp=parameters)
        except ldb.LdbError as problem:
            raise ValueError("The database of the domain cannot be opened: %s" % problem.args[-1]) from None

    def domain(self):
        return str(self.database.domain_dns_name()).lower()

    def search(self, expression, attributes):
        scope = ldb.SCOPE_SUBTREE
        return self.database.search(self.database.domain_dn(), scope, expression, attributes)

    def content(self):
        """Accounts and groups, in the form that accounts.plan compares."""
        shown = ["sAMAccountName", "displayName", "description", "userAccountControl", "memberOf", "objectClass"]
        expression = "(|(&(objectClass=user)(!(objectClass=computer)))(objectClass=group))"
        rows = self.search(expression, [*shown, "isCriticalSystemObject"])
        names = {str(row.dn): _text(row, "sAMAccountName").lower() for row in rows}
        content = {"accounts": {}, "groups": {}}
        for row in rows:
            name, system = names[str(row.dn)], _text(row, "isCriticalSystemObject") == "TRUE"
            if b"group" in [bytes(value) for value in row["objectClass"]]:
                content["groups"][name] = {"description": _text(row, "description"), "system": system}
                continue
            content["accounts"][name] = {
                "full_name": _text(row, "displayName") or name,
                "enabled": not int(_text(row, "userAccountControl") or 0) & DISABLED,
                "groups": sorted(names[str(dn)] for dn in row.get("memberOf", []) if str(dn) in names),
                "system": system or name.startswith("dns-"),
            }
        return content

    def waits(self, name):
        """Whether the account still has to change its first password."""
        rows = self.search(_is(name), ["pwdLastSet"])
        return bool(rows) and _text(rows[0], "pwdLastSet") == "0"

    def policy(self, name):
        row = self.database.search(self.database.domain_dn(), ldb.SCOPE_BASE, attrs=[name])[0]
        return _text(row, name)

    def set_value(self, dn, attribute, value):
        message = ldb.Message(dn if isinstance(dn, ldb.Dn) else ldb.Dn(self.database, dn))
        flag = ldb.FLAG_MOD_REPLACE
        message[attribute] = ldb.MessageElement([value] if value else [], flag, attribute)
        self.database.modify(message)

    def carry_out(self, steps, declared, generated, first_passwords):
        """All of the steps or none. New accounts get the password that is `declared`, else the one that was
        `generated`; the latter are written down in `first_passwords`."""
        if not steps:
            return
        passwords = {**declared, **generated}
        self.database.transaction_start()
        try:
            for action, name, *values in steps:
                secrets = [passwords[name]] if action == "make_account" else []
                getattr(self, action)(name, *values, *secrets)
            if generated:
                first_passwords.add(generated, self.content()["accounts"])
        except Exception as problem:  # the database, and the functions of Samba above it, raise many kinds
            self.database.transaction_cancel()
            raise ValueError("%s %s: %s. Nothing was changed." % (action, name, _words(problem))) from None
        self.database.transaction_commit()

    def dn(self, name):
        return self.search(_is(name), ["dn"])[0].dn

    def make_account(self, name, password):
        self.database.newuser(name, password, force_password_change_at_next_login_req=True)

    def name_account(self, name, full_name):
        self.set_value(self.dn(name), "displayName", full_name)

    def enable(self, name):
        self.database.enable_account(_is(name))

    def disable(self, name):
        self.database.disable_account(_is(name))

    def delete(self, name):
        self.database.deleteuser(name)

    def make_group(self, name, description):
        self.database.newgroup(name, description=description or None)

    def describe_group(self, name, description):
        self.set_value(self.dn(name), "description", description)

    def delete_group(self, name):
        self.database.deletegroup(name)

    def join(self, name, group):
        self.database.add_remove_group_members(group, [name], add_members_operation=True)

    def leave(self, name, group):
        self.database.add_remove_group_members(group, [name], add_members_operation=False)

    def set_policy(self, attribute, value):
        self.set_value(self.database.domain_dn(), attribute, value)

    def enrol(self, name, host, password):
        """An account of a machine, with a password that the machine changes when it joins."""
        rows = self.search(_is(name + "$"), ["dn"])
        if not rows:
            self.database.newcomputer(name)
        self.set_value(self.dn(name + "$"), "dNSHostName", host)
        self.database.setpassword(_is(name + "$"), password)


def _is(name):
    """A filter for one account; names have no signs that mean something in it."""
    return "(sAMAccountName=%s)" % name


def _text(row, attribute):
    return str(row[attribute][0]) if attribute in row else ""


def _words(problem):
    """The last words of an error of the database, on one line."""
    return " ".join(str(problem.args[-1] if problem.args else problem).split()).rstrip(".")


if __name__ == "__main__":
    main()
