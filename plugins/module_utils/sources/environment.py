"""What people get when they log in: the umask, where root finds programs, and when an idle shell ends; and where the
linker finds libraries."""

from __future__ import annotations

import os
import re

from ansible_collections.oplever.lab.plugins.module_utils import search_path
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    account,
    pam,
    preload,
    sudoers,
    umask,
    unit_file,
)

MAIN = "what"
SELECTORS = ("what",)
NEEDS = ("what",)
ATTRIBUTES = ("exists", "value", "source", "unsafe", "values", "wrong")
SHELL_FILES = ("/etc/profile", "/etc/bash.bashrc")
ROOT_FILES = ("/root/.profile", "/root/.bash_profile", "/root/.bash_login", "/root/.bashrc")
# As pam_umask reads it, in any case and with =; of two lines it takes the first, and programs of passwd the last.
LOGIN_UMASK = re.compile(r"^[ \t]*UMASK[ \t=]+\"?([0-7]+)", re.MULTILINE | re.IGNORECASE)
TMOUT = re.compile(
    r"""(?P<unset>\bunset[ \t]+(?:-v[ \t]+)?(?:\w+[ \t]+)*TMOUT\b)
    |(?P<fixed>\b(?:readonly|(?:declare|typeset)[ \t]+-\w*r\w*)[ \t]+(?:-\w+[ \t]+)*)?
    (?<![\w$])TMOUT\b(?P<equals>=(?P<value>\$\(\([^)]*\)\)|"[^"\n]*"|'[^'\n]*'|[^\s;&|)]*))?""",
    re.VERBOSE,
)
PRODUCT = re.compile(r"\"?\$\(\(([ \t]*\d+[ \t]*(?:\*[ \t]*\d+[ \t]*)*)\)\)\"?\Z")
LONGEST_IDLE = 900
SESSIONS = ("common-session", "common-session-noninteractive", "cron", "atd", "systemd-user")
# A comment, or a word of the shell that is given to a variable, quoted in parts or whole.
ASSIGNMENT = re.compile(
    r"""(?:^|(?<=[\s;&|(]))(?:\#.*|([A-Za-z_]\w*)(\+)?=((?:"[^"\n]*"|'[^'\n]*'|[^\s;&|"'#()])*))""", re.MULTILINE
)
# `${X:+word}` is the word where X has a value.
WORD_IF_SET = re.compile(r"\$\{\w+:?\+((?:[^{}]|\$\{\w+\})*)\}")
PAM_ENV = "/etc/security/pam_env.conf"
PATH_OF_PAM = re.compile(r"^[ \t]*PATH[ \t]+(.*)", re.MULTILINE)
VALUE_OF_PAM = re.compile(r"\b(?:DEFAULT|OVERRIDE)=(?:\"([^\"]*)\"|(\S*))")
VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
QUOTE = re.compile("[\"']")
DEPTH = 8
SUPATH = re.compile(r"^[ \t]*ENV_(?:SU|ROOT)PATH[ \t=]+\"?(?:PATH=)?([^\s\"]+)", re.MULTILINE)


def describe(select):
    return "environment at login, %s" % str(select.get("what")).replace("_", " ")


def look_up(machine, select):
    subject = str(select["what"])
    if subject == "umask":
        return _umask(machine)
    if subject == "root_path":
        return _root_path(machine)
    if subject == "idle_shell":
        return _idle_shell(machine)
    if subject == "library_path":
        return _library_path(machine)
    if subject == "preload":
        values = list(dict.fromkeys(preload.settings(machine, _shell_files(machine))))
        return {"exists": bool(values), "values": values}
    raise UnreadableError(
        "environment does not know %s (it knows: idle_shell, library_path, preload, root_path, umask)" % subject
    )


def _shell_files(machine):
    """Files that a shell of anybody reads when somebody logs in, and those of root."""
    return [*SHELL_FILES, *machine.glob("/etc/profile.d/*.sh"), *ROOT_FILES]


def _idle_shell(machine):
    """TMOUT in the files of shells, in seconds: `wrong` are those that never end an idle shell, or too late."""
    values, wrong, is_fixed = [], [], False
    for path in _shell_files(machine):
        for hit in TMOUT.finditer("\n".join(umask.lines(machine.text(path) or ""))):
            if hit.group("unset"):
                wrong += [] if is_fixed else ["%s: unset TMOUT" % path]
                continue
            is_fixed = is_fixed or bool(hit.group("fixed"))
            value = _seconds(hit.group("value") or "") if hit.group("equals") else None
            if value is not None:
                values.append((value, path))
                wrong += [] if 0 < int(value) <= LONGEST_IDLE else ["%s: TMOUT=%s" % (path, value)]
    return {
        "exists": bool(values),
        "value": values[-1][0] if values else None,
        "values": [value for value, _ in values],
        "source": values[-1][1] if values else "",
        "wrong": wrong,
    }


def _seconds(word):
    """What a word comes to as a number of seconds: digits, or a product; what is no number ends no shell. None of what
    cannot be known here."""
    product = PRODUCT.match(word)
    if product:
        number = 1
        for factor in product.group(1).split("*"):
            number *= int(factor)
        return str(number)
    text = word.strip("\"'")
    return None if "$" in text else text if text.isdigit() else "0"


def _umask(machine):
    """The weakest of what counts: a shell's own files come after PAM, and PAM after login.defs."""
    inherited = [int(value, 8) for value in LOGIN_UMASK.findall(machine.text("/etc/login.defs") or "")]
    settings = [(mask, path) for path in _shell_files(machine) for mask in umask.settings(machine.text(path) or "")]
    settings += _umasks_of_pam(machine, inherited)
    settings = settings or [(mask, "/etc/login.defs") for mask in inherited]
    settings += _umask_of_sudo(machine)
    weak = [(mask, path) for mask, path in (*settings, *_umasks_of_units(machine)) if ~mask & 0o022]
    wrong = ["%s: umask %03o" % (path, mask) for mask, path in weak]
    if not settings:
        return {"exists": bool(wrong), "wrong": wrong}  # of people it is then 022: login(1), systemd.exec(5)
    # What is not masked by every one of them is not masked.
    weakest = umask.EVERYBODY
    for mask, _ in settings:
        weakest &= mask
    return {
        "exists": True,
        "value": "%03o" % weakest,
        "values": ["%s: %03o" % (path, mask) for mask, path in settings],
        "source": ", ".join(dict.fromkeys(path for _, path in settings)),
        "wrong": wrong,
    }


def _umasks_of_pam(machine, inherited):
    """(mask, where it stands) of each line of pam_umask: its own, else the one `inherited` from login.defs, and those
    of accounts."""
    sources = set()
    for service in dict.fromkeys((*SESSIONS, *pam.ways_in(machine))):
        for line in pam.stack(machine, service, "session") or []:
            if line.module != "pam_umask.so" or line.source in sources:
                continue
            sources.add(line.source)
            values = [word.partition("=")[2] for word in line.arguments if word.startswith("umask=")]
            masks = [int(value, 8) for value in values if re.match(r"[0-7]+\Z", value)]
            for mask in masks[-1:] or inherited:
                yield mask, line.source
    if sources:
        yield from _umasks_of_people(machine)


def _umasks_of_people(machine):
    """What pam_umask takes from the description of an account (pam_umask(8))."""
    for name, facts in machine.once(account.accounts).items():
        for word in facts["gecos"].split(","):
            if re.match(r"umask=[0-7]+\Z", word.strip()):
                yield int(word.strip()[6:], 8), "/etc/passwd, %s" % name


def _umask_of_sudo(machine):
    """Without umask_override the mask of the caller counts too."""
    try:
        options = machine.once(sudoers.read).options
    except UnreadableError:
        return  # the controls of sudo say so
    if any(option.name == "umask_override" and option.value is True for option in options):
        for option in options:
            if option.name == "umask" and re.match(r"[0-7]+\Z", str(option.value)):
                yield int(str(option.value), 8), "umask_override of sudo"


def _umasks_of_units(machine):
    """(mask, file:line) of the units and drop-ins that people made; those of packages know what they need."""
    for where, section, key, value in unit_file.settings_of_people(machine):
        if (section, key) == ("Service", "UMask") and re.match(r"[0-7]+\Z", value):
            yield int(value, 8), where


def _root_path(machine):
    places = [(value, "/etc/login.defs") for value in SUPATH.findall(machine.text("/etc/login.defs") or "")]
    for path in ("/etc/environment", *_shell_files(machine)):
        places += [(value, path) for value in _paths(machine.text(path) or "")]
    for line in PATH_OF_PAM.findall(machine.text(PAM_ENV) or ""):
        values = (double or plain for double, plain in VALUE_OF_PAM.findall(line))
        places += [(value.replace("@{HOME}", "/root"), PAM_ENV) for value in values if value]
    unsafe = ["%s: %s" % (source, reason) for value, source in places for reason in search_path.wrong(machine, value)]
    return {
        "exists": bool(places),
        "value": places[-1][0] if places else None,
        "source": places[-1][1] if places else "",
        "unsafe": list(dict.fromkeys(unsafe)),
    }


def _paths(text):
    """Values that a file gives PATH, for root. A part with a variable that the file does not set is left out: a file
    of packages may name what is nowhere set."""
    variables = {"HOME": "/root"}
    for name, appended, word in ASSIGNMENT.findall(WORD_IF_SET.sub(r"\1", text)):
        value = VARIABLE.sub(lambda hit: variables.get(hit.group(1) or hit.group(2), hit.group()), QUOTE.sub("", word))
        if name != "PATH":
            variables[name] = value
            continue
        parts = re.sub(r"(^|:)~(?=/|:|$)", r"\1/root", value).split(":")
        # `+=` puts the word behind what there is; a colon in front of it parts the two.
        if appended and parts[0] == "":
            del parts[0]
        yield ":".join(part for part in parts if part in search_path.KEPT or "$" not in part)


def _library_path(machine):
    """Directories in which the dynamic linker looks for libraries beside its own (ld.so.conf(5))."""
    places = list(_linked(machine, "/etc/ld.so.conf", 0))
    return {
        "exists": bool(places),
        "values": [directory for directory, _ in places],
        "unsafe": [
            "%s: %s" % (source, reason) for value, source in places for reason in search_path.wrong(machine, value)
        ],
    }


def _linked(machine, path, depth):
    for line in (machine.text(path) or "").splitlines():
        entry = line.partition("#")[0].strip()
        keyword, *patterns = entry.split() or [""]
        if keyword == "include" and depth < DEPTH:
            for pattern in patterns:
                for inner in machine.glob(os.path.join(os.path.dirname(path), pattern)):
                    yield from _linked(machine, inner, depth + 1)
        elif keyword not in ("", "include", "hwcap"):
            yield entry.partition("=")[0], path
