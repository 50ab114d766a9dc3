#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.cups_queues: queues of the print service CUPS, as declared."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cups_queues
short_description: Queues of the print service CUPS, as declared
version_added: "0.1.0"
description:
  - Compares queues of the CUPS server on the machine with a declaration, and calls C(lpadmin) for what differs. It asks
    the server itself, which writes its C(printers.conf) only later.
  - A queue that is declared takes jobs, is shared and prints. Queues that are not declared are left alone.
  - A new queue without a driver of its own asks its printer what it can do, so that the printer must be on. When it
    does not answer, there is an error and no queue.
options:
  queues:
    description:
      - Each with C(name) and C(state). With C(present) also C(uri), C(driver), C(description), C(location), C(allow)
        (accounts and C(@groups), empty for everybody), C(options) (names and values of the driver) and C(default).
      - C(driver) is a model of C(lpinfo -m), or C(everywhere) for a printer that needs none.
    type: list
    elements: dict
    required: true
attributes:
  check_mode:
    description: Tells what would change. Options of a queue that is not there yet cannot be compared.
    support: full
  diff_mode:
    description: Shows each queue before and after.
    support: full
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Make the queues
  oplever.lab.cups_queues:
    queues:
      - name: lokaal101
        state: present
        uri: ipp://192.0.2.201/ipp/print
        driver: everywhere
        description: Printer of room 101
        location: "101"
        allow: []
        options: {PageSize: A4, Duplex: DuplexNoTumble}
        default: false
"""

RETURN = r"""
differences:
  description: What differed from the declaration, in words.
  returned: success
  type: list
  elements: str
"""

import json
import os
import plistlib
import re
import time
from xml.parsers.expat import ExpatError

from ansible.module_utils.basic import AnsibleModule

SOCKET = "/run/cups/cups.sock"
"""Of the server on this machine; client.conf may name another one."""
PPDS = "/etc/cups/ppd"
EVERYWHERE = "everywhere"
PDF = "cups-pdf:/"
MAKES_FILES = ["-o", "pdftops-renderer-default=pdftocairo"]
"""With another program there is no text in the files, only shapes of letters. The package makes its queue so too."""
DEFAULT_PRINTER = 0x20000  # a bit of printer-type
STOPPED = 5  # a printer-state
PATIENCE = 20  # seconds in which a printer that is on says what it can do
QUESTION = """{
  OPERATION CUPS-Get-Printers
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR naturalLanguage attributes-natural-language en
  ATTR keyword requested-attributes printer-name,device-uri,printer-info,printer-location,printer-is-shared,\
printer-is-accepting-jobs,printer-state,printer-type,printer-make-and-model,requesting-user-name-allowed
  STATUS successful-ok
  STATUS client-error-not-found
}
"""
WORDS = {
    "uri": "leads to another printer",
    "model": "has another driver",
    "description": "has another description",
    "location": "has another location",
    "allow": "others may print",
    "default": "is not the default",
    "shared": "is not shared",
    "works": "takes or prints no jobs",
}
CHOICE = r"^\*%s ([^\s/:]+)\s*[/:]"
CHOSEN = re.compile(r"^\*Default(\w+): *(\S+)", re.MULTILINE)


class Server:
    """The server of this machine. `run` runs a command as AnsibleModule.run_command does."""

    def __init__(self, run, ppds=PPDS):
        self.run = run
        self.ppds = ppds

    def output(self, argv, data=None):
        """Raises ValueError with the words of the program."""
        done, out, err = self.run(argv, data=data, environ_update={"CUPS_SERVER": SOCKET, "LC_ALL": "C.UTF-8"})
        if done:
            words = [line for line in err.splitlines() if "drivers are deprecated" not in line]
            raise ValueError("%s: %s" % (argv[0], " ".join(words) or out.strip()[-300:] or "exit code %d" % done))
        return out

    def queues(self):
        """Name -> the queue as the server has it, in the form of the declaration."""
        out = self.output(["ipptool", "-X", "ipp://localhost/", "/dev/stdin"], QUESTION)
        try:
            tests = plistlib.loads(out.encode())["Tests"]
        except (ExpatError, ValueError, KeyError, TypeError) as problem:
            raise ValueError("the answer of the print service to ipptool cannot be read: %s" % problem) from None
        rows = [row for test in tests for row in test.get("ResponseAttributes", [])]
        return {row["printer-name"]: self.queue(row) for row in rows if "printer-name" in row}

    def queue(self, row):
        allowed = row.get("requesting-user-name-allowed", [])
        return {
            "uri": row.get("device-uri", ""),
            "model": row.get("printer-make-and-model", ""),
            "description": row.get("printer-info", ""),
            "location": row.get("printer-location", ""),
            "allow": sorted([allowed] if isinstance(allowed, str) else allowed),
            "options": dict(CHOSEN.findall(self.ppd(row["printer-name"]))),
            "default": bool(row.get("printer-type", 0) & DEFAULT_PRINTER),
            "shared": row.get("printer-is-shared", False),
            "works": row.get("printer-is-accepting-jobs", False) and row.get("printer-state") != STOPPED,
        }

    def ppd(self, name):
        """What the printer can do and does by itself, as the server keeps it; empty without a driver."""
        path = self.ppd_path(name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stamp(self, name):
        """Differs after the server has written what the printer can do."""
        path = self.ppd_path(name)
        return os.stat(path).st_ino if os.path.exists(path) else 0

    def ppd_path(self, name):
        return os.path.join(self.ppds, name + ".ppd")

    def models(self):
        """Driver -> the model that a queue with it shows."""
        lines = self.output(["lpinfo", "-m"]).splitlines()
        return {driver: model for driver, _, model in (line.partition(" ") for line in lines)}


def main():
    module = AnsibleModule(
        argument_spec={"queues": {"type": "list", "elements": "dict", "required": True}},
        supports_check_mode=True,
    )
    try:
        result = settle(module.params["queues"], Server(module.run_command), module.check_mode)
    except ValueError as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(**result)


def settle(declared, server, check_mode):
    """Make the queues as declared, and give the result of the module."""
    try:
        present = server.queues()
    except ValueError as problem:
        if not check_mode:
            raise
        return {"changed": True, "differences": ["not compared, the print service does not answer: %s" % problem]}
    drivers = {queue["driver"] for queue in declared if queue["state"] == "present"} - {EVERYWHERE}
    models = server.models() if drivers else {}
    if unknown := sorted(drivers - models.keys()):
        raise ValueError("There is no driver %s; lpinfo -m lists those that are installed." % ", ".join(unknown))
    differences, diff = [], []
    for queue in declared:
        name, has = queue["name"], present.get(queue["name"])
        wanted = form(queue, models, has) if queue["state"] == "present" else None
        words = compare(name, wanted, has)
        if words:
            differences += words
            diff.append(shown(name, has, wanted))
            if not check_mode:
                carry_out(server, queue, wanted, has)
    return {"changed": bool(differences), "differences": differences, "diff": diff}


def form(queue, models, has):
    """The queue in the form in which the server has it. A printer without a driver says itself what model it is."""
    model = has["model"] if has and has["model"].endswith("IPP Everywhere") else "IPP Everywhere"
    return {
        "uri": queue["uri"],
        "model": model if queue["driver"] == EVERYWHERE else models[queue["driver"]],
        "description": queue["description"],
        "location": queue["location"],
        "allow": sorted(queue["allow"]),
        "options": {option: str(value) for option, value in queue["options"].items()},
        # Another queue takes it over; a queue cannot give it up by itself.
        "default": bool(queue["default"] or (has and has["default"])),
        "shared": True,
        "works": True,
    }


def compare(name, wanted, has):
    """What differs, in words."""
    if wanted is None:
        return ["queue %s: is still there" % name] if has else []
    if has is None:
        return ["queue %s: missing" % name]
    words = ["queue %s: %s" % (name, words) for key, words in WORDS.items() if wanted[key] != has[key]]
    return words + [
        "queue %s: %s is %s" % (name, option, has["options"].get(option, "not there"))
        for option, value in wanted["options"].items()
        if has["options"].get(option) != value
    ]


def shown(name, has, wanted):
    """Before and after, without options of the driver that nobody declared."""
    before = dict(has, options={key: has["options"].get(key) for key in (wanted or has)["options"]}) if has else None
    texts = [json.dumps(queue, indent=1, sort_keys=True) + "\n" if queue else "" for queue in (before, wanted)]
    header = "queue %s" % name
    return {"before_header": header, "after_header": header, "before": texts[0], "after": texts[1]}


def carry_out(server, queue, wanted, has):
    name = queue["name"]
    if wanted is None:
        server.output(["lpadmin", "-x", name])
        return
    if has is None or wanted["uri"] != has["uri"] or wanted["model"] != has["model"]:
        connect(server, queue, is_new=has is None)
    argv = ["lpadmin", "-p", name, "-D", wanted["description"], "-L", wanted["location"]]
    argv += ["-u", "allow:%s" % (",".join(wanted["allow"]) or "all"), "-o", "printer-is-shared=true", "-E"]
    argv += MAKES_FILES if wanted["uri"] == PDF else []
    server.output(argv + options(server.ppd(name), name, wanted["options"]))
    if queue["default"]:
        server.output(["lpadmin", "-d", name])


def connect(server, queue, is_new):
    """When the printer does not answer, lpadmin leaves a queue behind that cannot print. In Debian 12 it does not wait
    for the answer."""
    name = queue["name"]
    before, end = server.stamp(name), time.monotonic() + PATIENCE
    try:
        server.output(["lpadmin", "-p", name, "-v", queue["uri"], "-m", queue["driver"]])
        while server.stamp(name) in (0, before) and time.monotonic() < end:
            time.sleep(0.1)
        problem = "it did not say what it can do" if server.stamp(name) in (0, before) else ""
    except ValueError as error:
        problem = str(error)
    if problem:
        if is_new:
            server.run(["lpadmin", "-x", name], environ_update={"CUPS_SERVER": SOCKET})
        raise ValueError(
            "queue %s: the printer %s is not reached (%s). Is it on, and is that its address? A queue needs its answer"
            " once, when it is made." % (name, queue["uri"], problem)
        )


def options(ppd, name, wanted):
    """Arguments of lpadmin. Raises ValueError for what the printer cannot do; lpadmin passes over it."""
    arguments = []
    for option, value in wanted.items():
        values = choices(ppd, option)
        if value not in values:
            offered = sorted(key for key, _ in CHOSEN.findall(ppd) if choices(ppd, key))
            has = "takes %s" % ", ".join(values) if values else "is no option of it; it has %s" % ", ".join(offered)
            raise ValueError("queue %s: its printer has no %s=%s. %s %s." % (name, option, value, option, has))
        arguments += ["-o", "%s=%s" % (option, value)]
    return arguments


def choices(ppd, option):
    return re.findall(CHOICE % re.escape(option), ppd, re.MULTILINE)


if __name__ == "__main__":
    main()
