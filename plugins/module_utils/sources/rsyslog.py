"""The configuration of rsyslog, of both its languages: what it listens to, where it sends to, and how."""

from __future__ import annotations

import posixpath
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "modules", "listens", "remote", "encrypted", "file_create_mode")
CONFIGURATION = "/etc/rsyslog.conf"
DEPTH = 8
NETWORK = ("imtcp", "imudp", "imrelp", "imptcp", "imgssapi", "imdtls", "imhttp", "im3195")
LOOPBACK = re.compile(r"127\.[\d.]+\Z|::1\Z|localhost\Z")
COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
INCLUDE = re.compile(r"^\s*\$IncludeConfig\s+(\S+)|^\s*include\s*\(.*?file\s*=\s*\"([^\"]+)\"", re.IGNORECASE)
OBJECT = re.compile(r"\b(module|input|action|global)\s*\(([^)]*)\)", re.IGNORECASE)
PARAMETER = re.compile(r"([\w.]+)\s*=\s*\"([^\"]*)\"")
LEGACY = re.compile(r"^\s*\$(\w+)\s+(\S+)")
FORWARD = re.compile(r"^\s*[^#$\s]\S*\s+(?:action\()?(@@?)(\([^)]*\))?([^\s;]+)")


def describe(select):
    return "%s and what it includes" % CONFIGURATION


def look_up(machine, select):
    """`listens`: modules that take messages from the network; `remote`: where messages go, as tcp:host:port;
    `encrypted`: all of them go encrypted (None when none go)."""
    lines = machine.once(configuration)
    if not lines:
        return {"exists": False}
    return dict(parse(lines), exists=True)


def configuration(machine, path=CONFIGURATION, depth=0):
    """(file:line, text) of all lines that count, in the order in which rsyslog reads them."""
    lines = []
    for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
        include = INCLUDE.match(line)
        if include:
            if depth >= DEPTH:
                raise UnreadableError("%s:%d: files include each other" % (path, number))
            pattern = posixpath.join("/etc", include.group(1) or include.group(2))
            for inner in machine.glob(pattern + "*.conf" if pattern.endswith("/") else pattern):
                lines += configuration(machine, inner, depth + 1)
        elif line.strip() and not line.lstrip().startswith("#"):
            lines.append(("%s:%d" % (path, number), line))
    return lines


def parse(lines):
    """What lines of `configuration` come to."""
    legacy = [
        (where, hit.group(1).lower(), hit.group(2)) for where, line in lines for hit in [LEGACY.match(line)] if hit
    ]
    # An object of the new language may go over several lines.
    text = COMMENT.sub("", "\n".join(line for _, line in lines))
    objects = [(kind.lower(), _parameters(inside)) for kind, inside in OBJECT.findall(text)]
    modules = [value for _, key, value in legacy if key == "modload"]
    modules += [parameters["load"] for kind, parameters in objects if kind == "module" and "load" in parameters]
    inputs = [parameters.get("type", "") for kind, parameters in objects
              if kind == "input" and not LOOPBACK.match(parameters.get("address", ""))]  # fmt: skip
    inputs += [key for _, key, _ in legacy if key.endswith(("serverrun", "serverstart"))]
    modes = [(where, value) for where, key, value in legacy if key == "filecreatemode"]
    modes += [("", parameters["filecreatemode"]) for _, parameters in objects if "filecreatemode" in parameters]
    forwards = _forwards(lines, objects, {key: value for _, key, value in legacy})
    return {
        "modules": sorted(set(modules)),
        "listens": sorted({name for name in inputs if name in NETWORK or name.endswith(("serverrun", "serverstart"))}),
        "remote": [target for target, _ in forwards],
        "encrypted": all(safe for _, safe in forwards) if forwards else None,
        "file_create_mode": modes[-1][1] if modes else None,
        "evidence": "%s sets FileCreateMode" % modes[-1][0] if modes and modes[-1][0] else "",
    }


def _parameters(text):
    return {key.lower(): value for key, value in PARAMETER.findall(text)}


def _forwards(lines, objects, legacy):
    """(protocol:host:port, whether it is encrypted) of each place that messages are sent to."""
    forwards = []
    safe = legacy.get("actionsendstreamdrivermode") == "1"
    for _, line in lines:
        hit = FORWARD.match(line)
        if hit:
            protocol = "tcp" if hit.group(1) == "@@" else "udp"
            forwards.append(("%s:%s" % (protocol, hit.group(3)), safe and protocol == "tcp"))
    for kind, parameters in objects:
        name = parameters.get("type", "")
        if kind == "action" and name in ("omfwd", "omrelp"):
            protocol = parameters.get("protocol", "udp") if name == "omfwd" else "relp"
            target = "%s:%s:%s" % (protocol, parameters.get("target", ""), parameters.get("port", "514"))
            tls = parameters.get("tls") == "on" if name == "omrelp" else parameters.get("streamdrivermode") == "1"
            forwards.append((target, tls or (safe and protocol == "tcp")))
    return forwards
