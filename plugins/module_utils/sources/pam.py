"""One module in the stack of a PAM service, as PAM puts it together and walks it."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import account, pam_walk, sshd, sudoers

MAIN = "module"
SELECTORS = ("service", "type", "module")
NEEDS = ("module",)
ATTRIBUTES = (
    "exists", "active", "control", "arguments", "source", "modules", "unproven", "locks", "unlocked", "refuses",
)  # fmt: skip
RULE = re.compile(r"-?(auth|account|password|session)\s+(\[[^\]]*\]|\S+)\s+(\S+)\s*(.*)\Z", re.IGNORECASE)
INCLUDE = re.compile(r"@include\s+(\S+)\Z")
LOCK, ASKER = "pam_faillock.so", "pam_unix.so"
REFUSAL = "auth_err"
"""What the module that asks for a password answers when it is wrong."""
OF_SUDO = ("pam_service", "pam_login_service", "pam_askpass_service")
"""Options of sudo by which it asks another service than its own."""
WAYS_IN = (
    "login", "remote", "sshd", "su", "su-l", "sudo", "sudo-i", "doas", "polkit-1", "chfn", "chsh", "cockpit", "cups",
    "dovecot", "gdm-password", "lightdm", "proftpd", "samba", "sddm", "vsftpd", "xrdp-sesman", "other",
)  # fmt: skip
"""Services that the selector `service: "*"` stands for, as far as they are configured; `other` is what PAM takes for
one that is not."""
# Where PAM has its modules: one of that name in another place may do anything.
MODULES = re.compile(r"(?:(?:/usr)?/lib(?:64|/[\w-]+)?/security/(?:\$ISA/)?)?([^/]+)\Z")
# Of these words of pam_unix the last one counts.
HASHES = ("bigcrypt", "blowfish", "gost_yescrypt", "md5", "sha256", "sha512", "yescrypt")
# What these refuse, nothing else may let pass: in each type of rules other modules.
DECIDING = {
    "account": ("pam_unix.so",),
    "password": ("pam_cracklib.so", "pam_passwdqc.so", "pam_pwhistory.so", "pam_pwquality.so"),
}
# One argument; in brackets it may have blanks, and loses them.
ARGUMENT = re.compile(r"\[((?:\\\]|[^\]])*)\]|(\S+)")
INGROUP = re.compile(r"(?:quiet\S* )*user ingroup (\S+)(?: quiet\S*)*\Z")


class Line:
    """One rule: `type`, `control` (as written), `module` (its name, or its path outside the place of modules),
    `arguments` (list), `source` (file:line) and `level` (of a rule in a substack, how deep). The line that brings a
    substack in is one too, with no module."""

    __slots__ = ("arguments", "control", "level", "module", "source", "type")

    def __init__(self, type, control, module, arguments, source, *, level=0):
        self.type = type
        self.control = control
        self.module = module
        self.arguments = arguments
        self.source = source
        self.level = level


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
        "modules": [line.module for line in lines if line.module],
        "unproven": lambda: [_place(line) for line in pam_walk.unproven(lines, _silent(machine, lines))],
        "locks": lambda: _locks(lines),
        "refuses": lambda: not pam_walk.overruled(lines, name, ("pam_rootok.so",)),
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
        active=first in walked and not _is_overruled(lines, kind, name),
        control=lines[first].control,
        arguments=[word for number in at for word in _effective(lines[number].arguments)],
        source=lines[first].source,
    )


def _is_overruled(lines, kind, name):
    """Whether the stack says yes though a module refused of which the refusal must count. A new password is then
    written by another module, which is no proof of anything."""
    proofs = pam_walk.PROOFS if kind == "account" else ()
    return name in DECIDING.get(kind, ()) and bool(pam_walk.overruled(lines, name, proofs))


def _effective(arguments):
    """The arguments of a rule without those that a later one takes back."""
    hashes = [word for word in arguments if word in HASHES]
    return [word for word in arguments if word not in HASHES or word == hashes[-1]]


def _place(line):
    return "%s (%s)" % (line.module, line.source)


def _ways_in(machine, kind, name):
    """What holds for any of the services by which people come in."""
    stacks = {service: stack(machine, service, kind) or [] for service in ways_in(machine)}
    chosen = [line for lines in stacks.values() for line in lines if line.module == name]
    return {
        "exists": bool(chosen),
        "arguments": sorted({word for line in chosen for word in _effective(line.arguments)}),
        "unproven": lambda: sorted(
            {_place(line) for lines in stacks.values() for line in pam_walk.unproven(lines, _silent(machine, lines))}
        ),
        "unlocked": lambda: [service for service, lines in stacks.items() if _asks(lines) and not _locks(lines)],
    }


def ways_in(machine):
    """Names of services: sshd may have another one than its own (PAMServiceName), and sudo."""
    of_sshd = [line.value for line in machine.once(sshd.configured) if line.option == "pamservicename"]
    return [name for name in dict.fromkeys([*WAYS_IN, *of_sshd, *_of_sudo(machine)]) if name]


def _of_sudo(machine):
    try:
        options = machine.once(sudoers.read).options
    except UnreadableError:
        return []  # the controls of sudo say so
    return [str(option.value) for option in options if option.name in OF_SUDO and option.value]


def _silent(machine, lines):
    """Rules that let nobody in, since they ask for a group in which nobody is."""
    asked = {line: INGROUP.match(" ".join(line.arguments)) for line in lines if line.module == "pam_succeed_if.so"}
    if not any(asked.values()):
        return []
    groups = {name for facts in machine.once(account.accounts).values() for name in facts["groups"]}
    return [line for line, hit in asked.items() if hit and hit.group(1) not in groups]


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
        to_do += _next(lines, at)
    return numbers


def _next(lines, number, answers=None):
    """Numbers of the rules to which the walk may go after this one, by its answers (all that it can give)."""
    line = lines[number]
    if line.control == pam_walk.SUBSTACK:
        return {number + 1}
    table = pam_walk.actions(line.control)
    answers = answers or pam_walk.ALWAYS.get(line.module)
    chosen = [table.get(answer, table.get("default", "bad")) for answer in answers] if answers else table.values()
    numbers = set()
    for action in chosen:
        if action in ("done", "die"):
            numbers.add(pam_walk.after_level(lines, number))
        else:
            numbers.add(pam_walk.after_jump(lines, number, int(action) if action.isdigit() else 0)[0])
    return numbers


def _locks(lines):
    """Whether pam_faillock locks an account after wrong passwords: where it refuses the right one lets nobody in
    either, and it counts one that is wrong."""
    at = next((n for n, line in enumerate(lines) if line.module == ASKER), None)
    others = [module for module in pam_walk.PROOFS if module != ASKER]
    if at is None or pam_walk.overruled(lines, LOCK, others):
        return False
    counts = reachable(lines, _next(lines, at, (REFUSAL,)))
    return any(line.module == LOCK and "authfail" in line.arguments and n in counts for n, line in enumerate(lines))


def _asks(lines):
    return any(line.module == ASKER for line in lines)


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
            known = MODULES.match(module)
            name = known.group(1) if known else module
            lines.append(Line(kind.lower(), control, name, _arguments(arguments), "%s:%d" % (path, number)))
    return lines


def _arguments(text):
    return [inside.replace("\\]", "]") or bare for inside, bare in ARGUMENT.findall(text)]


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


def _included(machine, lines, kind, depth, level=0):
    """`include` and `substack` bring in the rules of another file."""
    result = []
    for line in lines:
        control = line.control.lower()
        if control in ("include", pam_walk.SUBSTACK) and depth < 8:
            deeper = level + 1 if control == pam_walk.SUBSTACK else level
            if control == pam_walk.SUBSTACK:
                result.append(Line(line.type, control, "", [], line.source, level=level))
            other = _lines(machine, _beside(line.module), 0) or []
            result += _included(machine, [rule for rule in other if rule.type == kind], kind, depth + 1, deeper)
        else:
            line.level = level
            result.append(line)
    return result


def _beside(name):
    return name if name.startswith("/") else "/etc/pam.d/" + name
