"""Rules of the kernel's audit, loaded and on disk for the next boot, compared by what they cover."""

from __future__ import annotations

import operator
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "path"
SELECTORS = ("path", "syscall", "field", "what")
NEEDS = ("path", "syscall", "what")
ATTRIBUTES = ("exists", "loaded", "on_disk", "locked", "locked_on_disk", "not_loaded", "not_on_disk", "refused")
PLACE = "/etc/audit/rules.d"
PERMISSIONS = "rwxa"
ARCHITECTURES = ("b32", "b64")
LISTS = {"task", "exit", "user", "exclude", "filesystem"}
ACTIONS = {"never", "always", "possible"}
# Options of a rule, each with one value; and those that are no rule, with how many values they take.
OF_A_RULE = {"-w", "-W", "-a", "-A", "-d", "-p", "-k", "-S", "-F", "-C"}
OTHERS = {"-D": 0, "-b": 1, "-e": 1, "-f": 1, "-r": 1, "-i": 0, "-c": 0, "-l": 0, "-s": 0, "-v": 0, "-m": 1, "-q": 1,
          "-t": 0, "--backlog_wait_time": 1, "--loginuid-immutable": 0, "--reset-lost": 0,
          "--reset_backlog_wait_time_actual": 0}  # fmt: skip
# Fields that leave in everybody who works here.
ORDINARY = ("auid>=1000", "auid!=unset")
EITHER_WAY = re.compile(r"(\w+)!=(\w+)\Z")
COMPARISON = re.compile(r"(\w+)(!=|>=|<=|&=|=|>|<|&)(.+)\Z")
# A `never` with one of these is about some programs or accounts alone. By root is how files of the system change.
NARROW = re.compile(r"(exe|pid|ppid|inode|sessionid|devmajor|devminor|subj_\w+|obj_\w+)=.|success=(0|no)\Z"
                    r"|(auid|[ef]?s?[ug]id|fsuid|fsgid)=(?!0\Z|root\Z).")  # fmt: skip
SYSCALL_EVENT = 1300
ORDERS = {"=": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}
EVENTS = {"SYSCALL": SYSCALL_EVENT, "FS_WATCH": 1301, "PATH": 1302, "CWD": 1307, "EXECVE": 1309}


class RefusedError(Exception):
    """auditctl does not take a line."""


class Rule:
    """One rule in normal form: `path` and `permissions` of a watch, `tree` when it holds for all in a directory;
    `architecture` (None: both), `syscalls` (set, `all` among them) and `fields` (set of `name=value` texts) of a rule
    about calls; `never` when it keeps events out, of the list `kind`; `label` is its key."""

    __slots__ = ("architecture", "fields", "kind", "label", "never", "path", "permissions", "syscalls", "tree")

    def __init__(self, action, path="", permissions="", architecture=None, syscalls=(), fields=()):  # noqa: PLR0917
        self.kind, self.never, self.label = action
        self.path = path
        self.tree = False
        self.permissions = "".join(letter for letter in PERMISSIONS if letter in permissions)
        self.architecture = architecture
        self.syscalls = frozenset(syscalls)
        self.fields = frozenset(fields)

    @property
    def key(self):
        return (self.path, self.permissions, self.architecture, self.syscalls, self.fields)

    @property
    def identity(self):
        return (self.kind, self.never, self.label, *self.key)

    def covers(self, path):
        return path == self.path or (self.tree and path.startswith(self.path.rstrip("/") + "/"))


def subject(select):
    return select.get("path") or select.get("syscall") or select.get("what")


def describe(select):
    return "rules of audit (auditctl -l and /etc/audit/rules.d), %s" % subject(select)


def look_up(machine, select):
    """Of a path: the permissions that are watched (`wa`). Of a syscall: the architectures (`b32`, `b64`)."""
    if select.get("what"):
        return _state(machine, str(select["what"]))
    covered = _permissions if select.get("path") else _architectures
    about = str(subject(select)), str(select.get("field") or "")
    on_disk = covered(machine.once(rules_on_disk)[0], *about)
    try:
        loaded = covered(machine.once(rules_loaded)[0], *about)
    except UnreadableError as problem:
        return {"exists": bool(on_disk), "loaded": problem, "on_disk": on_disk}
    return {"exists": bool(loaded or on_disk), "loaded": loaded, "on_disk": on_disk}


def rules_loaded(machine):
    """(rules, whether they are locked until the next boot), from auditctl and, for what it does not print, the kernel.
    While the audit is switched off no rule counts."""
    lines = [line for line in machine.output(["auditctl", "-l"]).splitlines() if line.startswith("-")]
    enabled = re.search(r"^enabled\s+(\d)", machine.output(["auditctl", "-s"]), re.MULTILINE)
    state = enabled.group(1) if enabled else ""
    of_kernel = machine.audit_rules() if lines else []
    if len(of_kernel) != len(lines):
        raise UnreadableError("auditctl prints %d audit rules, the kernel has %d" % (len(lines), len(of_kernel)))
    rules = []
    for line, (never, tree) in zip(lines, of_kernel):  # noqa: B905  Python 3.9 has no strict
        try:
            rule = _rule(line.split())
        except RefusedError:
            continue
        rule.never, rule.tree = never, tree
        rules.append(rule)
    return ([] if state == "0" else _effective(rules)), state == "2"


def rules_on_disk(machine):
    """(rules, locked, the line at which loading ends or '') of the next boot: rules.d as augenrules puts it together,
    audit.rules where there is no such directory."""
    if machine.status(PLACE) is None:
        text = machine.text("/etc/audit/audit.rules") or ""
    else:
        names = sorted((name for name in machine.names(PLACE) if name.endswith(".rules")), key=_by_version)
        text = _joined("\n".join(machine.text("%s/%s" % (PLACE, name)) or "" for name in names))
    return parse(text, lambda path: _is_directory(machine, path))


def _by_version(name):
    """As ls -v sorts: 9 before 10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _joined(text):
    """augenrules puts `-D` first and the last `-e` at the end, wherever they stand."""
    lines = [line for line in text.splitlines() if not re.match(r"\s*-D\s*\Z", line)]
    switches = [line for line in lines if re.match(r"\s*-e", line)]
    return "\n".join([line for line in lines if not re.match(r"\s*-e", line)] + switches[-1:])


def _is_directory(machine, path):
    status = machine.status(path)
    return status is not None and stat.S_ISDIR(status.st_mode)


def parse(text, is_directory=lambda path: False):
    """(rules, locked, refused) of lines as auditctl -R takes them, in the order in which the kernel tries them. It
    takes nothing after the first line that it refuses, unless `-i` or `-c` stands before; only blanks part words."""
    rules, enabled, going_on, refused = [], "", False, ""
    for line in text.splitlines():
        bare = line.lstrip(" ")
        if not bare or bare.startswith("#"):
            continue
        words = [word for word in bare.split(" ") if word]
        going_on = going_on or words[0] in ("-i", "-c")
        try:
            _take(words, rules, is_directory)
        except RefusedError:
            if going_on:
                continue
            refused = line.strip()
            break
        if words[0] == "-e":
            enabled = words[1]
    return ([] if enabled == "0" else _effective(rules)), enabled == "2", refused


def _take(words, rules, is_directory):
    """Change `rules` as a line does. Raises RefusedError."""
    if words[0] == "-D":
        labels = words[2:] if words[1:2] == ["-k"] else None
        rules[:] = [rule for rule in rules if labels is not None and rule.label not in labels]
    elif words[0] in OTHERS:
        if len(words) != 1 + OTHERS[words[0]]:
            raise RefusedError
    else:
        rule = _rule(words)
        rule.tree = rule.tree or ("-w" in words and is_directory(rule.path))
        same = [other for other in rules if other.identity == rule.identity]
        is_removal = words[0] in ("-W", "-d")
        if bool(same) != is_removal:
            raise RefusedError
        if is_removal:
            rules[:] = [other for other in rules if other not in same]
        else:
            rules.insert(0 if words[0] == "-A" else len(rules), rule)


def _effective(rules):
    """Those that record. Of rules that fit the first decides, and a `never` keeps out what comes behind it."""
    silenced = [rule for rule in rules if rule.never and rule.kind == "task" and not _is_narrow(rule)]
    if silenced or any(_keeps_all_out(rule) for rule in rules):
        return []
    no_files = any(rule.never and rule.kind == "filesystem" and not _is_narrow(rule) for rule in rules)
    effective = []
    for rule in rules:
        if rule.kind != "exit" or (rule.path and no_files):
            continue
        if rule.never:
            silenced.append(rule)
        elif not any(_silences(never, rule) for never in silenced):
            effective.append(rule)
    return effective


def _keeps_all_out(rule):
    """Whether a rule of the list `exclude`, where both actions keep out, does so with the events of calls."""
    return rule.kind == "exclude" and not _is_narrow(rule) and all(map(_fits_calls, rule.fields))


def _fits_calls(field):
    name, order, value = COMPARISON.match(field).groups()
    number = EVENTS.get(value, int(value) if value.isdigit() else None)
    if name != "msgtype":
        return True
    if number is None or order not in ORDERS:
        return order != "="
    return ORDERS[order](SYSCALL_EVENT, number)


def _is_narrow(never, rule=None):
    return any(NARROW.match(field) for field in never.fields - (rule.fields if rule else frozenset()))


def _silences(never, rule):
    """Whether a `never` takes in all that the rule is about. One for some accounts or programs alone does not."""
    if _is_narrow(never, rule) or (never.architecture, rule.architecture) in (("b64", "b32"), ("b32", "b64")):
        return False
    if never.path:
        return never.covers(rule.path) and set(rule.permissions) <= set(never.permissions)
    if rule.path:  # programs open files by openat, and those of 64 bits are what runs here
        return never.architecture != "b32" and bool({"all", "openat"} & never.syscalls)
    return never.architecture in (None, rule.architecture or "b64") and (
        "all" in never.syscalls or rule.syscalls <= never.syscalls
    )


def _rule(words):
    """The Rule of the words of -w, -W, -a, -A or -d. Raises RefusedError for what auditctl does not take."""
    options = {}
    if len(words) % 2 or not set(words[::2]) <= OF_A_RULE:
        raise RefusedError
    for option, value in zip(words[::2], words[1::2]):  # noqa: B905  Python 3.9 has no strict
        options.setdefault(option, []).append(value)
    label = " ".join(options.get("-k", []))
    paths = options.get("-w", options.get("-W"))
    if paths:
        permissions = options.get("-p", [PERMISSIONS])[0]
        if not paths[0].startswith("/") or not set(permissions) <= set(PERMISSIONS):
            raise RefusedError
        return Rule(("exit", False, label), _bare(paths[0]), permissions)
    action = set(next((options[name][0] for name in ("-a", "-A", "-d") if name in options), "").split(","))
    kind, never = (action & LISTS or {""}).pop(), "never" in action
    fields = [_field(value) for option in ("-F", "-C") for value in options.get(option, [])]
    if not kind or not action & ACTIONS or len(action) != 2 or not all(map(COMPARISON.match, fields)):
        raise RefusedError
    named = {name: value for name, _, value in (COMPARISON.match(field).groups() for field in fields)}
    left = [value for value in fields if not value.startswith(("arch=", "key="))]
    label = label or named.get("key", "")
    path = named.get("path") or named.get("dir")
    if path and ("perm" in named or "-S" not in options):
        left = [value for value in left if not value.startswith(("path=", "dir=", "perm="))]
        rule = Rule((kind, never, label), _bare(path), named.get("perm", PERMISSIONS), named.get("arch"), (), left)
        rule.tree = "dir" in named
        return rule
    syscalls = [call for value in options.get("-S", ["all"]) for call in value.split(",")]
    return Rule((kind, never, label), "", "", named.get("arch"), syscalls, left)


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
        if rule.covers(_bare(path)) and not rule.fields and rule.architecture in (None, "b64")
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


def _state(machine, what):
    if what != "state":
        raise UnreadableError("audit_rule does not know %s (it knows: state)" % what)
    on_disk, locked_on_disk, refused = machine.once(rules_on_disk)
    facts = {"exists": bool(on_disk), "locked_on_disk": locked_on_disk, "refused": refused}
    try:
        loaded, locked = machine.once(rules_loaded)
    except UnreadableError as problem:
        return dict(facts, locked=problem, not_loaded=problem, not_on_disk=problem)
    loaded_keys, disk_keys = {rule.key for rule in loaded}, {rule.key for rule in on_disk}
    return dict(facts, locked=locked, not_loaded=len(disk_keys - loaded_keys), not_on_disk=len(loaded_keys - disk_keys))
