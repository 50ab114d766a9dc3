"""The rules of sudo: what its files come to, as `cvtsudoers` says, or read by sudoers_file where that cannot run."""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re

from ansible_collections.oplever.lab.plugins.module_utils import loading, names, search_path, writable
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import package, sudo_policy, sudoers_file
from ansible_collections.oplever.lab.plugins.module_utils.sources.sudo_policy import Member

MAIN = "what"
SELECTORS = ("what", "name")
NEEDS = ("what",)
ATTRIBUTES = ("exists", "value", "values", "differing")
FILE = "/etc/sudoers"
# The rules are in the file that the plug-in of sudo is told to read (sudo.conf(5)).
SETTINGS = "/etc/sudo.conf"
OTHER_FILE = re.compile(r"^[ \t]*Plugin[ \t]+sudoers_policy[ \t]+\S+[ \t]+(?:\S+[ \t]+)*?sudoers_file=(\S+)", re.M)
# Who may be root in everything: root itself, and on Debian the group sudo.
ADMINISTRATORS = ("root", "%sudo", "%admin")
ALL = "ALL"
HOSTNAME = "/etc/hostname"
SINCE = {"use_pty": [1, 9, 14]}
"""Options that sudo has by itself, and since which version."""
LONGEST_MINUTES = 15
"""As sudo has it by itself, and as CIS wants it at most."""
# Options that name a file of which the caller must not decide what is in it.
NAMED_FILES = ("env_file", "restricted_env_file", "mailerpath")
# With one of these, and no more than options, somebody runs what he likes.
SHELLS = (
    "ash", "bash", "csh", "dash", "doas", "fish", "irb", "ksh", "lua", "node", "perl", "php", "pkexec", "python3",
    "rbash", "ruby", "runuser", "sh", "su", "sudo", "tclsh", "tcsh", "unshare", "zsh",
)  # fmt: skip
# From these one starts a shell, whatever file they show or change.
WITH_SHELL_INSIDE = (
    "aptitude", "ed", "emacs", "ex", "gdb", "less", "man", "mc", "more", "most", "nvim", "rview", "rvim", "tmux",
    "screen", "vi", "view", "vim", "vim.basic", "vim.nox", "vim.tiny", "vimdiff",
)  # fmt: skip
EDITORS_OF_ACCOUNTS, ONLY_CHECKS = ("vigr", "vipw", "visudo"), {"-c", "--check"}
NO_PATH = "no Defaults secure_path: the caller's own PATH counts"
# Who may change one of these gives himself all rights.
DECISIVE_FILES = re.compile(r"/etc/(?:sudoers(?:\.d/.*)?|passwd|shadow|group|gshadow|pam\.d/.*|crontab|cron\.d/.*)\Z")
A_SHELL = ("/usr/bin/bash", "/bin/bash", "/usr/bin/sh", "/bin/sh")
ROOT = (("username", "root"), ("userid", "0"))
OPERATORS = {"": "=", "list_add": "+=", "list_remove": "-="}
SIGNS = {"userid": "#", "usergroup": "%", "usergid": "%#", "nonunixgroup": "%:", "nonunixgid": "%:#", "netgroup": "+"}
ALIAS_WORDS = {
    "useralias": "User_Alias", "runasalias": "Runas_Alias", "hostalias": "Host_Alias", "cmndalias": "Cmnd_Alias",
}  # fmt: skip


def describe(select):
    return "sudoers, %s" % " ".join(str(select[key]) for key in SELECTORS if select.get(key))


def look_up(machine, select):
    """`values`: rules and lines as sudoers(5) writes them, one text each; `rules` and `defaults` are all that the files
    say. Of what `option`, with `name`: the `value` that the last line about everybody gives it, and `differing`: lines
    that give some people, hosts or commands another."""
    question = str(select["what"])
    policy = machine.once(read if question in ("rules", "defaults") else in_force)
    if question == "option":
        return _option(machine, policy, str(select.get("name") or ""))
    if question not in QUESTIONS:
        raise UnreadableError(
            "sudoers does not know %s (it knows: %s)" % (question, ", ".join(sorted([*QUESTIONS, "option"])))
        )
    return {"exists": bool(policy.rules or policy.options), "values": QUESTIONS[question](machine, policy)}


def read(machine):
    """The Policy of the machine. Raises UnreadableError when a file is not as it should be."""
    named = OTHER_FILE.findall(machine.text(SETTINGS) or "")
    path = named[-1] if named else FILE
    # It would look for included files in the system it runs in, not in a tree.
    if not machine.offline and not machine.root and machine.status(path) is not None:
        try:
            return sudo_policy.from_json(machine.output(["cvtsudoers", "-f", "json", path]))
        except (UnreadableError, ValueError, LookupError, TypeError):
            pass  # not installed, or it refuses a file: reading the files ourselves says where
    return sudoers_file.read(machine, path)


def in_force(machine):
    """The Policy without rules that name other machines alone: one file may serve several."""
    policy = machine.once(read)
    runs_here = not machine.offline and not machine.root
    name = os.uname().nodename if runs_here else (machine.text(HOSTNAME) or "").strip()
    return policy._replace(rules=[rule for rule in policy.rules if not rule or _is_here(policy, rule[0].hosts, name)])


def _is_here(policy, hosts, name):
    """Whether a list of hosts may mean the machine of this name: the last that fits decides. Of addresses, netgroups,
    and a machine without a name that is not known."""
    for member in reversed(expanded(policy, hosts)):
        if member.kind != "hostname" or not name:
            if not member.negated:
                return True
        elif member.name == ALL or _fits_name(member.name.lower(), name.lower()):
            return not member.negated
    return False


def _fits_name(pattern, name):
    return any(fnmatch.fnmatchcase(word, pattern) for word in (name, name.partition(".")[0]))


def _option(machine, policy, name):
    lines = [option for option in policy.options if option.name == name]
    everywhere = [option for option in lines if not option.binding]
    value = everywhere[-1].value if everywhere else _built_in(machine, name)
    differing = [_option_line(option) for option in lines if option.binding and option.value != value]
    return {"exists": value is not None, "value": value, "values": _texts(lines), "differing": differing}


def _built_in(machine, name):
    """What holds where no line says it, as far as a check may ask; None where that is not known."""
    if name not in SINCE:
        return None
    try:
        facts = package.look_up(machine, {"name": "sudo"})
    except UnreadableError:
        return None
    version = [int(part) for part in re.findall(r"\d+", facts.get("version") or "")[:3]] if facts["exists"] else []
    return True if version >= SINCE[name] else None


def _texts(options):
    return [_option_line(option) for option in options]


def _defaults(machine, policy):
    return _texts(policy.options)


def _rules(machine, policy):
    return [rule_text(rule) for rule in policy.rules if rule]


def _nopasswd(machine, policy):
    return [
        rule_text(rule)
        for rule in policy.rules
        if any(grant.authenticate is False for grant in rule) and not _is_of_root(policy, rule)
    ]


def _is_of_root(policy, rule):
    """Whether a rule is about root alone, whom sudo never asks for a password."""
    users = expanded(policy, rule[0].users)
    return all(member.negated or (member.kind, member.name) in ROOT for member in users)


def _no_authentication(machine, policy):
    """Defaults that let somebody through without a password: `!authenticate`, groups that are exempt, a password that
    counts for longer than it does by itself, or in other sessions too, and an owner of what says how long."""
    return _texts(option for option in policy.options if LETS_THROUGH.get(option.name, _never)(option.value))


def _never(value):
    return False


def _is_long(value):
    """Minutes; less than none is for ever, and `!timestamp_timeout` asks each time."""
    try:
        return value is not False and not 0 <= float(value) <= LONGEST_MINUTES
    except ValueError:
        return True


LETS_THROUGH = {
    "authenticate": lambda value: value is False,
    "exempt_group": lambda value: value is not False,
    "timestamp_timeout": _is_long,
    "timestamp_type": lambda value: value == "global",
    "tty_tickets": lambda value: value is False,  # the older word for the same
    "timestampowner": lambda value: value not in ("root", "#0"),
}


def _environment(machine, policy):
    """Defaults and rules by which the caller decides what a command runs: variables that programs load code by are
    handed on, or programs are looked for where others may write. Who may run everything needs no variable."""
    is_looked_for = any(option.name == "secure_path" and not option.binding for option in policy.options)
    return [
        *([] if is_looked_for or not policy.rules else [NO_PATH]),
        *_texts(option for option in policy.options if _is_open(machine, option)),
        *(rule_text(rule) for rule in policy.rules if any(grant.setenv for grant in rule)),
    ]


def _is_open(machine, option):
    if option.name in ("env_reset", "setenv"):
        return option.value is (option.name == "setenv")
    if option.name in ("env_keep", "env_check") and option.operation != "list_remove":
        names_kept = [word.partition("=")[0] for word in str(option.value).split()]
        return any(fnmatch.fnmatchcase(name, kept) for kept in names_kept for name in loading.VARIABLES)
    if option.name == "runchroot":
        return option.value == "*"
    if option.name in NAMED_FILES:
        return str(option.value).startswith("/") and any(writable.by_others(machine, str(option.value)))
    if option.name == "editor":
        programs = [path for path in str(option.value).split(":") if path.startswith("/")]
        return any(reason for path in programs for reason in writable.by_others(machine, path.split(" ")[0]))
    if option.name == "secure_path":
        return option.value is False or any(search_path.wrong(machine, str(option.value)))
    return False


def _negated(machine, policy):
    return [
        *(rule_text(rule) for rule in policy.rules if any(grant.command.negated for grant in rule)),
        *_alias_lines(policy, lambda member: member.negated),
    ]


def _loose(machine, policy):
    return [
        *(rule_text(rule) for rule in policy.rules if any(_is_loose(grant.command) for grant in rule)),
        *_alias_lines(policy, _is_loose),
    ]


def _alias_lines(policy, is_wrong):
    return [
        "Cmnd_Alias %s = %s" % (name, member_texts(members))
        for name, members in policy.aliases["cmndalias"].items()
        if any(is_wrong(member) for member in members)
    ]


def _is_loose(command):
    """A command that takes any argument, or whose arguments have wildcards; `ALL` and aliases are another matter.
    `sudoedit` is a command without a path: its arguments are the files that may be changed."""
    words = command.name.split()
    is_path = command.kind == "command" and (command.name[:1] in "/^" or words[:1] == ["sudoedit"])
    return is_path and (len(words) == 1 or command.name[0] == "^" or any(sign in command.name for sign in "*?["))


def _wholesale(machine, policy):
    """Rules by which somebody else than an administrator may run everything as root."""
    return [rule_text(rule) for rule in policy.rules if rule and _is_wholesale(machine, policy, rule)]


def _is_wholesale(machine, policy, rule):
    users = expanded(policy, rule[0].users)
    if all(_is_administrator(machine, member) for member in users):
        return False
    can_start = not any(
        (option.name, option.value, option.binding) == ("noexec", True, ()) for option in policy.options
    )
    return any(
        _is_everything(policy, grant.command, can_start and not grant.noexec) and _is_as_root(policy, grant)
        for grant in rule
    )


def _is_administrator(machine, member):
    if member.negated:
        return True
    name = SIGNS.get(member.kind, "") + member.name
    if member.kind == "userid" and member.name == "0":
        name = "root"
    elif member.kind == "usergid" and member.name.isdigit():
        name = "%" + (names.group(machine, int(member.name)) or "")
    return name in ADMINISTRATORS


def _is_everything(policy, command, can_start):
    """Whether somebody runs what he likes by a command; `can_start` says that it may start other programs."""
    members = [member for member in expanded(policy, (command,)) if not member.negated]
    return any(member.name == ALL or (can_start and _starts_anything(member)) for member in members)


def _starts_anything(command):
    program, *words = command.name.split()
    name = posixpath.basename(program)
    if command.kind == "command" and program == "sudoedit":
        return any(DECISIVE_FILES.match(word) for word in words)
    if command.kind != "command" or program[0] not in "/^":
        return False
    if program[0] == "^":
        return not words and any(_fits(command.name, path) for path in A_SHELL)
    if not words and any(
        path.startswith(program) if not name else fnmatch.fnmatchcase(path, program) for path in A_SHELL
    ):
        return True
    is_bare = all(word.startswith("-") or word in ('""', "root") for word in words)
    if name in EDITORS_OF_ACCOUNTS:
        return not ONLY_CHECKS & set(words)
    return name in WITH_SHELL_INSIDE or (is_bare and name in (*SHELLS, "passwd"))


def _fits(pattern, path):
    try:
        return bool(re.match(pattern, path))
    except re.error:
        return False


def _is_as_root(policy, grant):
    """Of a list of users the last that fits decides. Without one it is root, or oneself when only groups are listed."""
    if grant.run_as is None:
        return grant.as_group is None
    fitting = [member for member in expanded(policy, grant.run_as) if _fits_root(member)]
    return bool(fitting) and not fitting[-1].negated


def _fits_root(member):
    return member.name in ("root", ALL) or (member.kind in ("userid", "usergid") and member.name == "0")


def expanded(policy, members, depth=0):
    """The members, each alias replaced by what it stands for; `!` before an alias turns each of its members round."""
    result = []
    for member in members:
        inner = policy.aliases.get(member.kind, {}).get(member.name) if depth < sudoers_file.DEPTH else None
        if inner is None:
            result.append(member)
        else:
            result += [
                Member(part.kind, part.name, part.negated != member.negated)
                for part in expanded(policy, inner, depth + 1)
            ]
    return result


QUESTIONS = {
    "rules": _rules,
    "defaults": _defaults,
    "nopasswd": _nopasswd,
    "no_authentication": _no_authentication,
    "environment": _environment,
    "negated": _negated,
    "loose": _loose,
    "wholesale": _wholesale,
}


def rule_text(rule):
    """One rule as sudoers(5) writes it: `jan ALL=(ALL:ALL) NOPASSWD: /bin/a, /bin/b`."""
    parts, before = [], (None, None, None, None)
    for grant in rule:
        words = []
        if (grant.run_as, grant.as_group) != before[:2]:
            # Behind the colon a group has no sign.
            groups = ":" + member_texts(grant.as_group).replace("%", "") if grant.as_group else ""
            words.append("(%s%s)" % (member_texts(grant.run_as or ()), groups))
        if grant.authenticate is not None and grant.authenticate is not before[2]:
            words.append("PASSWD:" if grant.authenticate else "NOPASSWD:")
        if grant.setenv is not None and grant.setenv is not before[3]:
            words.append("SETENV:" if grant.setenv else "NOSETENV:")
        before = grant.run_as, grant.as_group, grant.authenticate, grant.setenv
        parts.append(" ".join([*words, member_text(grant.command)]))
    return "%s %s=%s" % (member_texts(rule[0].users), member_texts(rule[0].hosts), ", ".join(parts))


def member_texts(members):
    return ", ".join(member_text(member) for member in members)


def member_text(member):
    return ("!" if member.negated else "") + SIGNS.get(member.kind, "") + member.name


def _option_line(option):
    words = "Defaults" + (" for %s:" % member_texts(option.binding) if option.binding else "")
    if isinstance(option.value, bool):
        return "%s %s%s" % (words, "" if option.value else "!", option.name)
    return "%s %s%s%s" % (words, option.name, OPERATORS[option.operation], option.value)
