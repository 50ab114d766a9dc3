"""One module in the stack of a PAM service, as PAM puts it together and walks it."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import pam_walk

MAIN = "module"
SELECTORS = ("service", "type", "module")
NEEDS = ("module",)
ATTRIBUTES = ("exists", "active", "control", "arguments", "source", "modules", "unproven", "locks")
RULE = re.compile(r"-?(auth|account|password|session)\s+(\[[^\]]*\]|\S+)\s+(\S+)\s*(.*)\Z", re.IGNORECASE)
INCLUDE = re.compile(r"@include\s+(\S+)\Z")
LOCK = "pam_faillock.so"
WAYS_IN = ("login", "sshd", "su", "su-l", "sudo", "sudo-i")
"""Services that the selector `service: "*"` stands for, as far as they are configured."""
FAILED = ("die", "bad")


class Line:
    """One rule: `type`, `control` (as written), `module`, `arguments` (list) and `source` (file:line)."""

    __slots__ = ("arguments", "control", "module", "source", "type")

    def __init__(self, type, control, module, arguments, source):
        self.type = type
        self.control = control
        self.module = module
        self.arguments = arguments
        self.source = source


def describe(select):
    return "PAM service %s, %s, %s" % (select.get("service"), select.get("type", "all types"), select.get("module"))


def look_up(machine, select):
    service, kind = str(select.get("service") or ""), str(select.get("type") or "auth")
    if not service:
        raise UnreadableError("source pam needs a service")
    if service == "*":
        return _ways_in(machine, kind, str(select["module"]))
    lines = stack(machine, service, kind)
    if lines is None:
        return {"exists": False}
    facts = {
        "modules": [line.module for line in lines],
        "unproven": lambda: [_place(line) for line in pam_walk.unproven(lines)],
        "locks": lambda: _locks(lines),
    }
    name = str(select["module"])
    at = [number for number, line in enumerate(lines) if line.module == name]
    if not at:
        return dict(facts, exists=False)
    walked = reachable(lines)
    first = next((number for number in at if number in walked), at[0])
    return dict(
        facts,
        exists=True,
        active=first in walked,
        control=lines[first].control,
        arguments=[word for number in at for word in lines[number].arguments],
        source=lines[first].source,
    )


def _place(line):
    return "%s (%s)" % (line.module, line.source)


def _ways_in(machine, kind, name):
    """What holds for any of the services by which people come in."""
    stacks = [stack(machine, service, kind) or [] for service in WAYS_IN]
    chosen = [line for lines in stacks for line in lines if line.module == name]
    return {
        "exists": bool(chosen),
        "arguments": sorted({word for line in chosen for word in line.arguments}),
        "unproven": lambda: sorted({_place(line) for lines in stacks for line in pam_walk.unproven(lines)}),
    }


def stack(machine, service, kind):
    """Rules of one type of a service, includes in their place; None when the service is not configured."""
    lines = _lines(machine, "/etc/pam.d/" + service, 0)
    if lines is None:
        lines = _lines(machine, "/usr/lib/pam.d/" + service, 0)
    return None if lines is None else _included(machine, [line for line in lines if line.type == kind], kind, 0)


def reachable(lines, first=(0,)):
    """Numbers of the rules that some answer of the ones before them leads to, from `first` on."""
    numbers, to_do = set(), list(first)
    while to_do:
        at = to_do.pop()
        if at in numbers or at >= len(lines):
            continue
        numbers.add(at)
        to_do += [at + step for step in _steps(lines[at])]
    return numbers


def _steps(line, answers=None):
    """How many rules further the walk may go after this one, by its answers (all that it can give)."""
    table = pam_walk.actions(line.control)
    answers = answers or pam_walk.ALWAYS.get(line.module)
    chosen = [table.get(answer, table.get("default", "bad")) for answer in answers] if answers else table.values()
    return {int(action) + 1 if action.isdigit() else 1 for action in chosen if action not in ("done", "die")}


def _locks(lines):
    """Whether pam_faillock locks an account after wrong passwords. It has to refuse a locked account before the
    password is looked at, and to count when that was wrong."""
    at = next((n for n, line in enumerate(lines) if line.module == "pam_unix.so"), len(lines))
    reached = reachable(lines)
    refuses = any(
        line.module == LOCK and "preauth" in line.arguments and n in reached
        and pam_walk.actions(line.control)["default"] in FAILED
        for n, line in enumerate(lines[:at])
    )  # fmt: skip
    if not refuses or at == len(lines):
        return False
    counts = reachable(lines, {at + step for step in _steps(lines[at], ("default",))})
    return any(line.module == LOCK and "authfail" in line.arguments and n in counts for n, line in enumerate(lines))


def _lines(machine, path, depth):
    text = machine.text(path)
    if text is None:
        return None
    lines = []
    for number, line in _joined(text):
        include, rule = INCLUDE.match(line), RULE.match(line)
        if include and depth < 8:
            lines += _lines(machine, _beside(include.group(1)), depth + 1) or []
        elif rule:
            kind, control, module, arguments = rule.groups()
            name = module.rsplit("/", 1)[-1]
            lines.append(Line(kind.lower(), control, name, arguments.split(), "%s:%d" % (path, number)))
    return lines


def _joined(text):
    """(number of the first line, text) of each line that says something; a backslash continues a line."""
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].rstrip()
        start = start if pending else number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        line, pending = (pending + line).strip(), ""
        if line:
            yield start, line


def _included(machine, lines, kind, depth):
    """`include` and `substack` bring in the rules of another file."""
    result = []
    for line in lines:
        if line.control.lower() in ("include", "substack") and depth < 8:
            other = _lines(machine, _beside(line.module), 0) or []
            result += _included(machine, [rule for rule in other if rule.type == kind], kind, depth + 1)
        else:
            result.append(line)
    return result


def _beside(name):
    return name if name.startswith("/") else "/etc/pam.d/" + name
