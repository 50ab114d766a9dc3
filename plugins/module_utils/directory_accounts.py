# Copyright: The Oplever team; MIT licence
"""Accounts and groups of a directory: read from tables, and compared with what the directory has. Nothing here changes
anything; oplever.lab.samba_directory carries a plan out."""

from __future__ import annotations

import csv
import json
import re
import secrets

NAME = re.compile(r"[a-z][a-z0-9._-]{0,19}")
GROUP = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
COLUMNS = ("account", "name", "groups", "state")
STATES = ("present", "absent")
CONSONANTS, DIGITS = "bcdfghjkmnpqrstvwxz", "23456789"
"""Without letters and digits that look alike on paper, and without vowels, so that no words come out."""


class Plan:
    """Steps in order, each with what it is for in words; `shown` has before and after of each account and group."""

    def __init__(self):
        self.differences = []
        self.steps = []
        self.shown = []

    def add(self, words, *step):
        self.differences.append(words)
        self.steps.append(step)

    def show(self, header, before, after):
        texts = [json.dumps(part, indent=1, sort_keys=True) + "\n" if part else "" for part in (before, after)]
        self.shown.append({"before_header": header, "after_header": header, "before": texts[0], "after": texts[1]})


def password(length):
    """A first password: groups of letters and digits, of at least three kinds of signs, as the domain asks."""
    parts = []
    while len("-".join(parts)) < max(length, 14):
        signs = DIGITS if len(parts) % 2 else CONSONANTS
        parts.append("".join(secrets.choice(signs) for _ in range(4)))
    return "-".join(parts).capitalize()


def table(name, text):
    """(accounts, mistakes) of a CSV file with the columns account, name, groups and state, of which the first is
    required. Spreadsheets in Dutch write a semicolon between the columns; groups have blanks between them."""
    lines = text.lstrip("\ufeff").splitlines()
    if not lines:
        return [], ["%s: the table is empty; its first line is account,name,groups." % name]
    reader = csv.reader(lines, delimiter=";" if ";" in lines[0] else ",")
    header = [cell.strip().lower() for cell in next(reader)]
    problem = _problem_of_header(header)
    if problem:
        return [], ["%s:1: %s; the columns are %s." % (name, problem, ", ".join(COLUMNS))]
    accounts, mistakes = [], []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        place = "%s:%d" % (name, reader.line_num)
        if len(cells) == len(header):
            accounts.append(_account(dict(zip(header, map(str.strip, cells))), place))  # noqa: B905
        else:
            advice = "put quotes around a value with a comma or semicolon in it"
            mistakes.append("%s: has %d columns and the first line %d; %s." % (place, len(cells), len(header), advice))
    return accounts, mistakes


def _problem_of_header(header):
    """What is wrong with the names of the columns; empty when nothing is."""
    unknown = [column for column in header if column not in COLUMNS]
    if unknown:
        return 'there is no column "%s"' % unknown[0]
    if "account" not in header or len(set(header)) < len(header):
        return "each column is there once, account always"
    return ""


def _account(row, place):
    """The account in a row of a table, in the form of `directory_users`. An empty cell leaves its value out; an empty
    cell of groups stands for no groups."""
    account = {"name": row["account"], "place": place, "of_table": True}
    if row.get("name"):
        account["full_name"] = row["name"]
    if "groups" in row:
        account["groups"] = row["groups"].split()
    if row.get("state"):
        account["state"] = row["state"]
    return account


def declared(users, tables):
    """The accounts of the inventory and of the tables, in one form. Raises ValueError with all mistakes."""
    rows, mistakes = [dict(user, place="directory_users: %s" % user["name"]) for user in users], []
    for source in tables:
        accounts, wrong = table(source["name"], source["text"])
        rows += accounts
        mistakes += wrong
    first_places = {}
    for row in rows:
        problem = mistake(row)
        if not problem and row["name"] in first_places:
            problem = "account %s stands at %s too; remove one of them" % (row["name"], first_places[row["name"]])
        if problem:
            mistakes.append("%s: %s." % (row["place"], problem))
        first_places.setdefault(row["name"], row["place"])
    if mistakes:
        raise ValueError("Nothing was changed. " + " ".join(mistakes))
    return rows


def mistake(row):
    """What is wrong with an account, and what to do; empty when nothing is."""
    if not NAME.fullmatch(row["name"]):
        advice = "give 1 to 20 lower case letters, digits, . _ -, a letter first"
        return "%r is no name of an account: %s" % (row["name"], advice)
    if row.get("state", "present") not in STATES:
        return "state %r is not known; it is present or absent" % row["state"]
    if any(ord(sign) < 32 for sign in row.get("full_name", "")):
        return "the full name has a line break; remove it"
    wrong = [group for group in row.get("groups") or [] if row.get("of_table") and not GROUP.fullmatch(group)]
    if wrong:
        advice = "give lower case letters, digits, . _ -, and a blank between groups"
        return "%r is no name of a group: %s" % (wrong[0], advice)
    return ""


def is_absent(row):
    """Whether an account or a group is declared to go."""
    return row.get("state", "present") == "absent"


def plan(accounts, groups, directory, remove="disable"):
    """The Plan that makes the directory as declared. `directory` is its content: accounts (name -> full_name, enabled,
    groups, system) and groups (name -> description, system). Raises ValueError for what cannot be."""
    problem = next(problems(accounts, groups, directory), None)
    if problem:
        raise ValueError(problem)
    steps = Plan()
    present = [account for account in accounts if not is_absent(account)]
    described = {group["name"]: group.get("description") for group in groups if not is_absent(group)}
    for name in sorted({*described, *(group for account in present for group in _groups(account))}):
        settle_group(steps, name, described.get(name), directory["groups"].get(name))
    for account in present:
        settle_account(steps, account, directory["accounts"].get(account["name"]))
    for account in accounts:
        if is_absent(account):
            take_away(steps, account["name"], directory["accounts"].get(account["name"]), remove)
    for name in sorted(group["name"] for group in groups if is_absent(group)):
        if name in directory["groups"]:
            steps.add("group %s: is still there" % name, "delete_group", name)
            steps.show("group %s" % name, {"description": directory["groups"][name]["description"]}, None)
    return steps


def _groups(account):
    """Names of the groups that are declared for an account, as the directory writes them."""
    return [name.lower() for name in account.get("groups") or []]


def problems(accounts, groups, directory):
    """Why the directory cannot be as declared: sentences, the first of which is enough to refuse."""
    for group in groups:
        if not is_absent(group) and not GROUP.fullmatch(group["name"]):
            yield "directory_groups: %r is no name of a group: lower case letters, digits, . _ -." % group["name"]
    for kind, rows in (("account", accounts), ("group", groups)):
        for row in rows:
            if directory[kind + "s"].get(row["name"], {}).get("system"):
                yield "%s %s belongs to the domain itself; take another name." % (kind, row["name"])
    removed = {group["name"] for group in groups if is_absent(group)}
    for account in accounts:
        yield from _problems_of_membership(account, removed, directory["groups"])
    names_of_groups = {row["name"] for row in groups} | {name for row in accounts for name in _groups(row)}
    for name in sorted({row["name"] for row in accounts if not is_absent(row)} & names_of_groups):
        yield "%s is the name of an account and of a group; the directory has one." % name


def _problems_of_membership(account, removed, rows):
    """Why an account cannot be in its groups. `removed` are names of groups that go, `rows` the groups of the
    directory."""
    for group in _groups(account):
        row = rows.get(group)
        if row and row["system"] and account.get("of_table"):
            advice = "an account with such rights is named in directory_users"
            yield "%s: group %s belongs to the domain itself; %s." % (account["place"], group, advice)
        if row is None and not GROUP.fullmatch(group):
            yield "%s: there is no group %r; it cannot be made either." % (account["place"], group)
        if group in removed and not is_absent(account):
            yield "%s: group %s is to be removed; take it out." % (account["place"], group)


def settle_group(steps, name, description, row):
    """Add what makes a group as declared; `row` is the group as the directory has it, None without one."""
    if row is None:
        steps.add("group %s: missing" % name, "make_group", name, description or "")
        steps.show("group %s" % name, None, {"description": description or ""})
    elif description is not None and description != row["description"]:
        steps.add("group %s: has another description" % name, "describe_group", name, description)
        steps.show("group %s" % name, {"description": row["description"]}, {"description": description})


def settle_account(steps, account, row):
    """Add what makes an account as declared; `row` is the account as the directory has it, None without one."""
    name, before = account["name"], len(steps.steps)
    declaration = {
        "full_name": account.get("full_name", row["full_name"] if row else name),
        "enabled": True,
        "groups": sorted(set(_groups(account))),
    }
    if account.get("groups") is None:
        declaration["groups"] = row["groups"] if row else []
    if row is None:
        steps.add("account %s: missing" % name, "make_account", name)
        row = {"full_name": name, "enabled": True, "groups": []}
    elif not row["enabled"]:
        steps.add("account %s: is disabled" % name, "enable", name)
    if declaration["full_name"] != row["full_name"]:
        steps.add("account %s: has another name" % name, "name_account", name, declaration["full_name"])
    for group in sorted(set(declaration["groups"]) - set(row["groups"])):
        steps.add("account %s: is not in group %s" % (name, group), "join", name, group)
    for group in sorted(set(row["groups"]) - set(declaration["groups"])):
        steps.add("account %s: is in group %s" % (name, group), "leave", name, group)
    if len(steps.steps) > before:
        is_new = steps.steps[before][0] == "make_account"
        shown = {key: row[key] for key in declaration}
        steps.show("account %s" % name, None if is_new else shown, declaration)


def take_away(steps, name, row, remove):
    """Add what disables or deletes an account, as `remove` says."""
    if row is None or (remove == "disable" and not row["enabled"]):
        return
    shown = {key: row[key] for key in ("full_name", "enabled", "groups")}
    if remove == "delete":
        steps.add("account %s: deleted" % name, "delete", name)
        steps.show("account %s" % name, shown, None)
        return
    steps.add("account %s: disabled, not deleted" % name, "disable", name)
    steps.show("account %s" % name, shown, dict(shown, enabled=False))
