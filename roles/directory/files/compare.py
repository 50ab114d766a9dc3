"""Compare the domain on this machine with a declaration, for the tests: behind this text stands a call of `tell` with
the text of plugins/module_utils/directory_accounts.py, which compares, and the declaration (JSON)."""

import json
import types

from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

DISABLED = 0x2  # a bit of userAccountControl
TOLD = 10  # differences


def tell(source, wanted):
    """Print what differs."""
    accounts = types.ModuleType("accounts")
    exec(source, accounts.__dict__)  # noqa: S102 # the text of our own module
    declared = json.loads(wanted)
    try:
        rows = accounts.declared(declared["users"], declared["tables"])
        words = accounts.plan(rows, declared["groups"], content(), declared["remove"]).differences
    except ValueError as problem:
        words = [str(problem)]
    print("\n".join(words[:TOLD]))
    if len(words) > TOLD:
        print("and %d more" % (len(words) - TOLD))


def content():
    """Accounts and groups, in the form that accounts.plan compares."""
    parameters = LoadParm()
    parameters.load_default()
    database = SamDB(session_info=system_session(), lp=parameters)
    shown = ["sAMAccountName", "displayName", "description", "userAccountControl", "memberOf", "objectClass"]
    expression = "(|(&(objectClass=user)(!(objectClass=computer)))(objectClass=group))"
    rows = database.search(database.domain_dn(), expression=expression, attrs=[*shown, "isCriticalSystemObject"])
    names = {str(row.dn): str(row["sAMAccountName"]).lower() for row in rows}
    found = {"accounts": {}, "groups": {}}
    for row in rows:
        name, system = names[str(row.dn)], str(row.get("isCriticalSystemObject", "")) == "TRUE"
        if b"group" in [bytes(value) for value in row["objectClass"]]:
            found["groups"][name] = {"description": str(row.get("description", "")), "system": system}
            continue
        found["accounts"][name] = {
            "full_name": str(row.get("displayName", "")) or name,
            "enabled": not int(str(row.get("userAccountControl", "0"))) & DISABLED,
            "groups": sorted(names[str(dn)] for dn in row.get("memberOf", []) if str(dn) in names),
            "system": system,
        }
    return found
