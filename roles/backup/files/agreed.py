"""Compare what the server keeps of machines with the inventory, for the tests: behind this text stands a call of `tell`
with quota, terms and greatest age of each machine (JSON). A machine that makes no backups here yet is passed over."""

import json
import pathlib

HOME = pathlib.Path("/var/lib/oplever-backup-server")


def tell(agreed):
    """Print what differs."""
    keys = HOME / "authorized_keys"
    lines = keys.read_text("utf-8").splitlines() if keys.is_file() else []
    for name, wanted in sorted(json.loads(agreed).items()):
        path = HOME / "clients" / (name + ".json")
        entry = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        if not entry.get("key"):
            continue
        for key, value in sorted(wanted.items()):
            if entry.get(key) != value:
                print("%s: %s is %s, and should be %s" % (name, key, entry.get(key), value))
        if not any('/%s --storage-quota %s"' % (name, wanted["quota"]) in line for line in lines):
            print("%s: it is not let in with quota %s" % (name, wanted["quota"]))
