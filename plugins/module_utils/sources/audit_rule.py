"""Rules of the kernel's audit, loaded and on disk for the next boot, compared by what they cover."""

from __future__ import annotations

import re
import shlex

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "path"
SELECTORS = ("path", "syscall", "field", "what")
NEEDS = ("path", "syscall", "what")
ATTRIBUTES = ("exists", "loaded", "on_disk", "locked", "locked_on_disk", "not_loaded", "not_on_disk")
PERMISSIONS = "rwxa"
ARCHITECTURES = ("b32", "b64")
# Fields that leave in everybody who works here.
ORDINARY = ("auid>=1000", "auid!=unset")
EITHER_WAY = re.compile(r"(\w+)!=(\w+)\Z")


class Rule:
    """One rule in normal form: `path` and `permissions` of a watch; `architecture` (None: both), `syscalls` (set, `all`
    among them) and `fields` (set of `name=value` texts) of a rule about calls."""

    __slots__ = ("architecture", "fields", "path", "permissions", "syscalls")

    def __init__(self, path="", permissions="", architecture=None, syscalls=(), fields=()):
        self.path = path
        self.permissions = "".join(letter for letter in PERMISSIONS if letter in permissions)
        self.architecture = architecture
        self.syscalls = frozenset(syscalls)
        self.fields = frozenset(fields)

    @property
    def key(self):
        return (self.path, self.permissions, self.architecture, self.syscalls, self.fields)


def describe(select):
    about = select.get("path") or select.get("syscall") or select.get("what")
    return "rules of audit (auditctl -l and /etc/audit/rules.d), %s" % about


def look_up(machine, select):
    """Of a path: the permissions that are watched (`wa`). Of a syscall: the architectures (`b32`, `b64`)."""
    if select.get("what"):
        return _state(machine, str(select["what"]))
    covered = _permissions if select.get("path") else _architectures
    subject = str(select.get("path") or select.get("syscall")), str(select.get("field") or "")
    on_disk = covered(machine.once(rules_on_disk)[0], *subject)
    try:
        loaded = covered(machine.once(rules_loaded)[0], *subject)
    except UnreadableError as problem:
        return {"exists": bool(on_disk), "loaded": problem, "on_disk": on_disk}
    return {"exists": bool(loaded or on_disk), "loaded": loaded, "on_disk": on_disk}


def rules_loaded(machine):
    """(rules, whether they are locked until the next boot), from auditctl."""
    rules, _ = parse(machine.output(["auditctl", "-l"]))
    status = machine.output(["auditctl", "-s"])
    return rules, re.search(r"^enabled\s+2\b", status, re.MULTILINE) is not None


def rules_on_disk(machine):
    """(rules, locked) as augenrules puts them together: rules.d by name, or audit.rules when there is nothing there."""
    paths = machine.glob("/etc/audit/rules.d/*.rules") or ["/etc/audit/audit.rules"]
    return parse("\n".join(machine.read(path) or "" for path in paths))


def parse(text):
    """(rules, locked) of lines as auditctl takes them and prints them, in the order in which the kernel tries them. Of
    rules that fit the first decides, so that one behind a `never` that covers it is left out."""
    entries, enabled = [], ""
    for line in text.splitlines():
        # Only these say something; splitting words takes long where a line is huge.
        if not line.lstrip().startswith(("-e", "-w", "-W", "-a", "-A", "-D", "-d")):
            continue
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        if words[:1] == ["-e"] and len(words) > 1:
            enabled = words[1]
        elif words[:1] == ["-D"]:
            entries = []
        elif words[0] in ("-W", "-d"):
            gone = _rule(["-w" if words[0] == "-W" else "-a", *words[1:]])
            entries = [(is_never, rule) for is_never, rule in entries if gone is None or rule.key != gone[1].key]
        elif words[0] in ("-w", "-a", "-A"):
            rule = _rule(words)
            if rule is not None:
                entries.insert(0 if words[0] == "-A" else len(entries), rule)
    return ([] if enabled == "0" else _effective(entries)), enabled == "2"


def _effective(entries):
    rules, silenced = [], []
    for is_never, rule in entries:
        if is_never:
            silenced.append(rule)
        elif not any(_silences(never, rule) for never in silenced):
            rules.append(rule)
    return rules


def _silences(never, rule):
    """Whether a `never` takes in all that the rule is about. One for some accounts or programs alone does not."""
    if never.architecture not in (None, rule.architecture):
        return False
    if any(not field.startswith(ORDINARY) for field in never.fields - rule.fields):
        return False
    if never.path:
        return never.path == rule.path and set(rule.permissions) <= set(never.permissions)
    return (bool(rule.path) and "all" in never.syscalls) or (
        bool(rule.syscalls) and ("all" in never.syscalls or rule.syscalls <= never.syscalls)
    )


def _rule(words):
    """(whether it is a `never`, Rule) of the words of -w, -a or -A; None of a list that holds no events of calls."""
    options = {}
    for at in range(0, len(words) - 1, 2):
        options.setdefault(words[at], []).append(words[at + 1])
    if "-w" in options:
        return False, Rule(_bare(options["-w"][0]), options.get("-p", [PERMISSIONS])[0])
    action = options.get("-a", options.get("-A", [""]))[0].split(",")
    if "task" in action and "never" in action:
        return True, Rule(syscalls=["all"])
    if "exit" not in action or not {"always", "never"} & set(action):
        return None
    fields = [_field(value) for flag in ("-F", "-C") for value in options.get(flag, [])]
    named = dict(value.partition("=")[::2] for value in fields)
    architecture = named.get("arch")
    left = [value for value in fields if not value.startswith(("arch=", "key="))]
    path = named.get("path") or named.get("dir")
    if path and ("perm" in named or "-S" not in options):
        left = [value for value in left if not value.startswith(("path=", "dir=", "perm="))]
        return "never" in action, Rule(_bare(path), named.get("perm", PERMISSIONS), architecture, (), left)
    syscalls = [call for value in options.get("-S", ["all"]) for call in value.split(",")]
    return "never" in action, Rule("", "", architecture, syscalls, left)


def _field(text):
    """A comparison in one spelling: -1 and 4294967295 are unset, and `a!=b` is `b!=a`."""
    text = re.sub(r"=(4294967295|-1)\Z", "=unset", text)
    pair = EITHER_WAY.match(text)
    return "!=".join(sorted(pair.groups())) if pair and pair.group(2) != "unset" else text


def _bare(path):
    return path.rstrip("/") or "/"


def _permissions(rules, path, field):
    """Letters that some rule about the path watches for everybody, in the order rwxa."""
    letters = {
        letter
        for rule in rules
        if rule.path == _bare(path) and not rule.fields and rule.architecture in (None, "b64")
        for letter in rule.permissions
    }
    return "".join(letter for letter in PERMISSIONS if letter in letters)


def _architectures(rules, syscall, field):
    """Architectures for which a rule covers the call, limited by no other field than `field` and ordinary users."""
    limit = _field(field) if field else ""
    architectures = set()
    for rule in rules:
        if rule.path or not {syscall, "all"} & rule.syscalls:
            continue
        limits = {condition for condition in rule.fields if not condition.startswith(ORDINARY)}
        if limits == ({limit} if limit else set()):
            architectures.update([rule.architecture] if rule.architecture else ARCHITECTURES)
    return sorted(architectures)


def _state(machine, subject):
    if subject != "state":
        raise UnreadableError("audit_rule does not know %s (it knows: state)" % subject)
    on_disk, locked_on_disk = machine.once(rules_on_disk)
    facts = {"exists": bool(on_disk), "locked_on_disk": locked_on_disk}
    try:
        loaded, locked = machine.once(rules_loaded)
    except UnreadableError as problem:
        return dict(facts, locked=problem, not_loaded=problem, not_on_disk=problem)
    loaded_keys, disk_keys = {rule.key for rule in loaded}, {rule.key for rule in on_disk}
    return dict(facts, locked=locked, not_loaded=len(disk_keys - loaded_keys), not_on_disk=len(loaded_keys - disk_keys))
