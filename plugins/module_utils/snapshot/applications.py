"""Accounts, rights and databases inside applications, from the tables that roles declare (roles/*/vars/watch.yml).

A table is a file with a separator, or the output of a command with tabs. `columns` name its fields: those of `key` make
the key, those of `secret` are told as a keyed digest, an empty name leaves a field out.
"""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import marks
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind, Unseen, joined, masked

KINDS = {
    "application": Kind(
        "account of recht in een toepassing",
        "account or right in an application",
        "accounts, access rules, grants and databases of applications, as roles declare them",
    ),
}


def collect(machine, places):
    for table in places.tables:
        try:
            for row in sorted(_rows(machine, table)):
                yield _fact(machine, table, row)
        except UnreadableError as problem:
            yield Unseen("application", "%s: %s" % (table["name"], problem))


def _rows(machine, table):
    """Lists of fields; nothing where the application is not installed."""
    if table.get("path"):
        text = machine.read(table["path"]) or ""
        lines = [line.split("#", 1)[0] if table.get("comments", True) else line for line in text.splitlines()]
        # PHP files begin with a line that ends the program before it shows anything.
        lines = [line.strip() for line in lines if line.strip() and not line.startswith("<?php")]
        return [line.split(table.get("separator")) for line in lines]
    if machine.status(table["needs"]) is None:
        return []
    return [line.split("\t") for line in machine.output(table["command"]).splitlines() if line]


def _fact(machine, table, row):
    columns = table["columns"]
    fields = {name: row[at] if at < len(row) else "" for at, name in enumerate(columns)}
    if len(row) > len(columns):  # the last column takes the rest
        fields[columns[-1]] = (table.get("separator") or " ").join(row[len(columns) - 1 :])
    key = " ".join(fields[name] for name in table["key"])
    words = []
    for name, value in fields.items():
        if name and name not in table["key"] and value:
            secret = name in table.get("secret", ())
            words.append("%s=%s" % (name, marks.keyed(machine, value.encode()) if secret else masked(value)))
    return Fact("application", "%s %s" % (table["name"], key), joined(*words) or "present")
