"""CUPS: what its server lets others do (`cupsctl`), and the printers it has (`lpstat`)."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "printer"
SELECTORS = ("printer", "what")
NEEDS = ("printer", "what")
ATTRIBUTES = (
    "exists", "uri", "enabled", "accepting", "default", "printers", "shared", "remote_admin", "remote_any", "log_level",
)  # fmt: skip
RUNNING = True
RUNS = "scheduler is running"
DEVICE = re.compile(r"device for (\S+): (.*)")
PASSWORD = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*(?=@)")


def describe(select):
    return "lpstat, printer %s" % select["printer"] if select.get("printer") else "cupsctl and lpstat"


def look_up(machine, select):
    printers = machine.once(_printers)
    if not select.get("printer"):
        return dict(parse_settings(machine.output(["cupsctl"])), exists=True, printers=sorted(printers))
    printer = printers.get(str(select["printer"]))
    return dict(printer, exists=True) if printer else {"exists": False}


def parse_settings(text):
    """The output of cupsctl."""
    values = dict(line.strip().partition("=")[::2] for line in text.splitlines())
    flags = {"shared": "_share_printers", "remote_admin": "_remote_admin", "remote_any": "_remote_any"}
    return dict({name: values.get(key) == "1" for name, key in flags.items()}, log_level=values.get("LogLevel"))


def _printers(machine):
    # Its exit code is the same without a server and without a printer, so it is asked for the server by name.
    text = machine.run(["lpstat", "-r", "-v", "-p", "-a", "-d"]).stdout
    if RUNS not in text:
        raise UnreadableError("lpstat -r: the scheduler of CUPS is not running")
    return parse_printers(text)


def parse_printers(text):
    """The output of `lpstat -r -v -p -a -d`: name -> `uri` (without password), `enabled`, `accepting`, `default`."""
    printers = {}
    for name, uri in DEVICE.findall(text):
        facts = {
            "uri": PASSWORD.sub("***", uri.strip()),
            "enabled": not re.search(r"^printer %s disabled" % re.escape(name), text, re.MULTILINE),
            "accepting": bool(re.search(r"^%s accepting requests" % re.escape(name), text, re.MULTILINE)),
            "default": bool(re.search(r"default destination: %s$" % re.escape(name), text, re.MULTILINE)),
        }
        printers[name] = facts
    return printers
