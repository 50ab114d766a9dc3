"""Who gets a session without a proof of who it is: consoles and login screens that log somebody in by themselves."""

from __future__ import annotations

import getopt
import posixpath
import re
import shlex

from ansible_collections.oplever.lab.plugins.module_utils.sources import systemd_setting, unit, unit_file

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "values")
# As agetty has them; -L and --local-line take a value only when it is written to them.
SHORT = "8a:cC:d:Ef:hH:iI:Jl:LmnNo:pP:r:Rst:Uw"
LONG = (
    "8bits", "autologin=", "chdir=", "chroot=", "delay=", "detect-case", "erase-chars=", "extract-baud",
    "flow-control", "help", "host=", "hangup", "init-string=", "issue-file=", "keep-baud", "kill-chars=",
    "list-speeds", "local-line", "login-options=", "login-pause", "login-program=", "long-hostname", "nice=",
    "noclear", "nohints", "nohostname", "noissue", "nonewline", "noreset", "reload", "remote", "show-issue",
    "skip-login", "timeout=", "version", "wait-cr",
)  # fmt: skip
LOCAL_LINE = re.compile(r"-L.+|--local-line=.*")
WITHOUT_PASSWORD = re.compile(r"-[pE]*f")
"""Of login(1): who calls it has made sure who it is."""
FORCE = re.compile(r"-[p]*e|--f(?:o(?:r(?:ce?)?)?)?\Z")
"""Of sulogin(8): a shell where root has no password, or a locked one."""
SHELLS = ("ash", "bash", "csh", "dash", "fish", "ksh", "rbash", "screen", "sh", "tcsh", "tmux", "zsh")
# These start the command behind their options, or give a shell where root starts them.
ROOT_SHELLS = ("runuser", "su", "sudo")
STARTERS = ("chrt", "env", "exec", "ionice", "nice", "openvt", "setsid", "stdbuf", "systemd-inhibit", *ROOT_SHELLS)
FORCED = re.compile(r"\bSYSTEMD_SULOGIN_FORCE=[\"']?(?:1|y|yes|t|true|on)\b", re.IGNORECASE)
LOGINS = ("agetty", "getty", "login", "sulogin")
MOST_STARTERS = 4
CREDENTIAL = re.compile(r"(?:\A|\.)(?:agetty\.autologin|login\.noauth)\Z")
STORES = ["%s/credstore%s" % (place, kind) for place in ("/etc", "/run", "/usr/local/lib", "/usr/lib")
          for kind in ("", ".encrypted")]  # fmt: skip
KEYS = ("ExecStart", "Environment", "EnvironmentFile", "StandardInput")
CREDENTIAL_KEYS = ("SetCredential", "SetCredentialEncrypted", "LoadCredential", "LoadCredentialEncrypted")
GETTY = "getty@.service"
ASKED = ("debug-shell.service", "emergency.service", "rescue.service")
"""Units of systemd that give a shell of root; the last two ask for the password of root first."""


class Screen:
    """A program that shows a login screen: where it is, its files in the order in which they are read (the last value
    counts), and for each key that logs somebody in, the pattern of its section and of its value."""

    __slots__ = ("files", "keys", "program", "read")

    def __init__(self, program, read, files, keys):
        self.program = program
        self.read = read
        self.files = files
        self.keys = keys


def key_file(text):
    """(line number, group, key, value) of a file as GLib reads it; nothing of a file that it refuses as a whole."""
    group, settings = "", []
    for number, line in enumerate(text.splitlines(), 1):
        header, setting = GROUP.match(line), KEY.match(line)
        if header:
            group = header.group(1)
        elif setting and group:
            settings.append((number, group, setting.group(1), setting.group(2)))
        elif line.strip() and not line.lstrip().startswith("#"):
            return []
    return settings


GROUP = re.compile(r"\s*\[([^][\x00-\x1f]+)\]\s*\Z")
KEY = re.compile(r"\s*([^=\s#[][^=]*?)\s*=\s*(.*?)\Z")
ANYBODY = re.compile(r"\S")
SWITCH = re.compile(r"(?:1|true)\s*\Z")
SEAT = r"Seat:.*"
SCREENS = (
    Screen("/usr/sbin/lightdm", key_file, (
        "/usr/share/lightdm/lightdm.conf.d/*.conf", "/usr/local/share/lightdm/lightdm.conf.d/*.conf",
        "/etc/xdg/lightdm/lightdm.conf.d/*.conf", "/etc/lightdm/lightdm.conf.d/*.conf", "/etc/lightdm/lightdm.conf",
    ), ((SEAT, "autologin-user", ANYBODY), (SEAT, "autologin-guest", SWITCH))),
    Screen("/usr/sbin/gdm3", key_file, ("/etc/gdm3/daemon.conf", "/run/gdm3/custom.conf"), (
        ("daemon", "AutomaticLoginEnable", SWITCH), ("daemon", "TimedLoginEnable", SWITCH),
    )),
    Screen("/usr/sbin/lxdm", key_file, ("/etc/lxdm/lxdm.conf",), (("base", "autologin", ANYBODY),)),
    Screen("/usr/bin/sddm", systemd_setting.parse, (
        "/usr/lib/sddm/sddm.conf.d/*", "/etc/sddm.conf.d/*", "/etc/sddm.conf",
    ), (("Autologin", "User", ANYBODY),)),
    Screen("/usr/sbin/greetd", systemd_setting.parse, ("/etc/greetd/config.toml",), (
        ("initial_session", "user", ANYBODY),
    )),
)  # fmt: skip
OLD_NAMES = {"SeatDefaults": "Seat:*"}


def describe(select):
    return "units with a console of their own, their credentials, and settings of login screens"


def look_up(machine, select):
    values = [*_consoles(machine), *_stored(machine), *_screens(machine)]
    return {"exists": bool(values), "values": values}


def _consoles(machine):
    for name in _names(machine):
        values = {key: unit_file.values(machine, name, "Service", key)
                  for key in (*KEYS, *CREDENTIAL_KEYS)}  # fmt: skip
        reasons = [reason(line) for line in values["ExecStart"]]
        files = [machine.text(path.lstrip("-")) or "" for path in values["EnvironmentFile"]]
        reasons += [hit.group() for text in (*values["Environment"], *files) for hit in [FORCED.search(text)] if hit]
        reasons += [
            "%s=%s" % (key, line.partition(":")[0])
            for key in CREDENTIAL_KEYS
            for line in values[key]
            if CREDENTIAL.search(line.partition(":")[0])
        ]
        if (
            "tty" in (values["StandardInput"] or [""])[-1]
            and _is_shell(values["ExecStart"])
            and (name in ASKED[1:] or unit.starts(machine, name))
        ):
            reasons.append("a shell without a login")
        for text in filter(None, reasons):
            yield "%s: %s" % (name, text)


def _names(machine):
    """Units of consoles, and all that somebody made or has drop-ins for."""
    names = set(ASKED)
    for directory in unit_file.ALL_DIRECTORIES:
        for entry in machine.names(directory):
            by_person = not directory.startswith(("/usr/lib", "/lib"))
            if entry.endswith((".service", ".service.d")) and (by_person or "getty" in entry):
                names.add(entry[:-2] if entry.endswith(".d") else entry)
            elif entry.endswith(unit_file.LINKS):
                names.update(unit for unit in machine.names(posixpath.join(directory, entry)) if "getty" in unit)
    return sorted(name for name in names if name.endswith(".service"))


def reason(line):
    """What in a line of ExecStart logs somebody in without a password; None where nothing does."""
    try:
        words = _unwrapped(shlex.split(line.lstrip(unit_file.PREFIXES)))
    except ValueError:
        return None
    program = posixpath.basename(words[0]) if words else ""
    if program == "login":
        return "login -f" if _is_trusted(words[1:]) else None
    if program == "sulogin":
        return "sulogin --force" if any(FORCE.match(word) for word in words[1:]) else None
    if program not in ("agetty", "getty"):
        return None
    words = [word for word in words[1:] if not LOCAL_LINE.match(word)]
    try:
        pairs, _ = getopt.gnu_getopt(words, SHORT, LONG)
    except getopt.GetoptError:
        return None  # agetty refuses it too
    options = dict(pairs)
    if not options.get("--timeout", options.get("-t", "0")).isdigit():
        return None
    account = options.get("--autologin", options.get("-a"))
    login = options.get("--login-program", options.get("-l", "/bin/login"))
    words_of_login = options.get("--login-options", options.get("-o", "")).split()
    # Options for login take the place of the -f that agetty gives it for an account.
    trusted = _is_trusted(words_of_login) or (account is not None and not words_of_login)
    is_asked = account is None and "-n" not in options and "--skip-login" not in options
    if is_asked or (not trusted and posixpath.basename(login) == "login"):
        return None
    if account is not None:
        return "agetty logs %s in" % account
    return "agetty starts %s without asking for a name" % " ".join([login, *words_of_login])


def _unwrapped(words, depth=0):
    """The words of the command that others only start: `sh -c "exec agetty ..."`, `setsid agetty ...`."""
    program = posixpath.basename(words[0]) if words else ""
    if depth > MOST_STARTERS or (program not in SHELLS and program not in STARTERS):
        return words
    if program in (*SHELLS, *ROOT_SHELLS) and "-c" in words[1:-1]:
        return _unwrapped(shlex.split(words[words.index("-c") + 1]), depth + 1)
    inner = next((at for at, word in enumerate(words[1:], 1) if posixpath.basename(word) in LOGINS), None)
    return words if inner is None else words[inner:]


def _is_trusted(words):
    """Whether login(1) with these words asks for no password."""
    options = words[: words.index("--")] if "--" in words else words
    return any(WITHOUT_PASSWORD.match(word) for word in options)


def _is_shell(lines):
    return any(
        posixpath.basename(line.split()[0].lstrip(unit_file.PREFIXES)) in (*SHELLS, *ROOT_SHELLS) for line in lines
    )


def _stored(machine):
    """Credentials that a console takes from the machine's own store, where its unit asks for them (systemd 254)."""
    if not unit_file.values(machine, GETTY, "Service", "ImportCredential"):
        return
    for store in STORES:
        for name in machine.names(store):
            if CREDENTIAL.search(name):
                yield "%s/%s" % (store, name)


def _screens(machine):
    for screen in SCREENS:
        if machine.status(screen.program) is None:
            continue
        settings = {}
        for pattern in screen.files:
            for path in machine.glob(pattern):
                for number, section, key, value in screen.read(machine.text(path) or ""):
                    settings[OLD_NAMES.get(section, section), key] = value, "%s:%d" % (path, number)
        for section_pattern, name, logs_in in screen.keys:
            for (section, key), (value, place) in sorted(settings.items()):
                if key == name and re.match(section_pattern + r"\Z", section) and logs_in.match(value):
                    yield "%s: %s=%s" % (place, key, value)
