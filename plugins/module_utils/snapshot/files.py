"""Files that decide what a machine does: /etc, what starts with a login, what the clock starts, and the trees of roles.

Each has its rights and a digest; small texts have their lines too, so that a change can be shown.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils import filesystems
from ansible_collections.oplever.lab.plugins.module_utils.machine import MAGIC, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import catalogue, programs, rows
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import (
    AS_NEW_HOME,
    LONGEST_TEXT,
    Fact,
    Kind,
    Unseen,
    joined,
)
from ansible_collections.oplever.lab.plugins.module_utils.sources import account

KINDS = {
    "file": Kind(
        "bestand",
        "file",
        "/etc, crontabs and at jobs, what runtime directories of systemd and udev add, files in homes that run at a "
        "login, and the trees that roles and the task name: rights, owner, digest, access list, attributes, lines",
    ),
}
MOST = 20000
TREES = (
    "/etc", "/var/spool/cron", "/var/spool/at", "/var/spool/incron", "/root/.ssh", "/run/systemd/system",
    "/run/systemd/system.control", "/run/systemd/user", "/run/user/*/systemd/user", "/run/user/*/systemd/user.control",
    "/run/systemd/network", "/run/udev/rules.d", "/run/sysctl.d",
    "/run/modprobe.d", "/run/tmpfiles.d", "/run/sysusers.d", "/run/polkit-1/rules.d", "/var/lib/systemd/linger",
    "/var/lib/polkit-1", "/run/environment.d", "/run/binfmt.d", "/run/modules-load.d", "/run/systemd/*.conf.d",
    "/run/systemd/*-generators", "/run/systemd/nspawn", "/run/credstore", "/run/credstore.encrypted",
    "/run/NetworkManager/conf.d", "/run/NetworkManager/system-connections", "/run/dbus-1/*.d",
    "/run/dbus-1/system-services", "/var/lib/extensions", "/var/lib/confexts", "/run/extensions", "/run/confexts",
    "/run/portables", "/var/lib/portables", "/run/userdb", "/run/chrony-dhcp/*.sources", "/run/nologin",
    "/run/systemd/*.conf", "/run/systemd/dnssd", "/run/udev/udev.conf", "/run/udev/hwdb.d", "/run/repart.d",
    "/run/motd.d", "/run/issue.d", "/run/systemd/system.attached", "/run/systemd/transient/*.d",
    "/run/user/*/systemd/transient/*.d", "/run/initramfs/shutdown", "/var/lib/extrausers", "/var/lib/systemd/home",
)  # fmt: skip
# Below the home of each account: what a login, a session or a program of the account runs or trusts.
IN_HOME = (
    ".ssh", ".profile", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".zshrc",
    ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".kshrc", ".cshrc", ".tcshrc", ".login", ".logout", ".xprofile",
    ".xsession", ".xsessionrc", ".xinitrc", ".pam_environment", ".forward", ".rhosts", ".shosts", ".inputrc", ".netrc",
    ".my.cnf", ".pgpass", ".vimrc", ".exrc", ".gitconfig", ".gnupg/gpg-agent.conf", ".config/systemd/user",
    ".config/autostart", ".config/environment.d", ".config/plasma-workspace/env", ".config/fish",
    ".local/share/systemd/user", ".local/bin", "bin", ".config/git/config", ".config/pip/pip.conf", ".procmailrc",
    ".tmux.conf", ".screenrc", ".wgetrc", ".curlrc", ".emacs", ".emacs.d/init.el", ".config/nvim", ".npmrc", ".gnomerc",
    ".config/user-tmpfiles.d", ".local/share/user-tmpfiles.d", ".config/systemd/*.conf", ".config/git/attributes",
    ".dpkg.cfg", ".ansible.cfg", ".bash_completion", ".local/share/bash-completion", ".local/share/dbus-1",
    ".selected_editor", ".nanorc", ".config/nano/nanorc", ".vim/vimrc", ".vim/plugin", ".vim/after", ".vim/autoload",
    ".vim/ftplugin", ".vim/ftdetect", ".vim/pack", ".vim/syntax", ".config/vim/vimrc", ".gvimrc", ".config/tmux",
    ".config/procps/toprc", ".toprc", ".gdbinit", ".config/gdb/gdbinit", ".lldbinit", ".psqlrc", ".sqliterc",
    ".config/sqlite3/sqliterc", ".pg_service.conf", ".mylogin.cnf", ".mailrc", ".muttrc", ".mutt/muttrc",
    ".config/mutt/muttrc", ".lesskey", ".lessfilter", ".dircolors", ".dir_colors", ".perldb", ".pdbrc", ".irbrc",
    ".Rprofile", ".ipython/profile_*/startup", ".ldaprc", ".gnupg/gpg.conf", ".gnupg/dirmngr.conf",
    ".docker/config.json", ".kube/config", ".aws/config", ".terraformrc", ".config/containers", ".pip/pip.conf",
    ".pydistutils.cfg", ".pypirc", ".gemrc", ".cargo/config", ".cargo/config.toml", ".m2/settings.xml", ".yarnrc",
    ".hgrc", ".subversion/config", ".devscripts", ".sbuildrc", ".quiltrc", ".mkshrc", ".config/zsh", ".config/wgetrc",
    ".config/curlrc", ".xinputrc", ".Xresources", ".Xdefaults", ".xbindkeysrc", ".config/autostart-scripts",
    ".config/plasma-workspace/shutdown", ".config/openbox", ".config/i3", ".config/sway", ".hushlogin", ".terminfo",
    ".local/lib/python*/site-packages/*.pth", ".local/lib/python*/site-packages/*.py",
    ".local/lib/python*/site-packages/*.pyc", ".local/lib/python*/site-packages/*.so",
    ".local/lib/python*/site-packages/*/__init__.*", ".local/share/applications/*.desktop", ".bashrc.d", ".profile.d",
    ".k5login", ".k5users", ".yubico", ".config/Yubico", ".vnc/xstartup", ".xserverrc", ".fetchmailrc", ".msmtprc",
    ".mailfilter", ".wp-cli/config.yml", ".lftprc", ".config/lftp/rc", ".config/direnv", ".config/nushell",
    ".oh-my-zsh/custom", ".gradle/init.gradle", ".gradle/init.d", ".config/hypr", ".config/bspwm", ".config/awesome",
    ".config/xfce4/xinitrc", ".local/share/nautilus/scripts", ".mozilla/native-messaging-hosts",
)  # fmt: skip
# A shell and other programs write these; a link in their place keeps nothing.
HISTORIES = (".bash_history", ".zsh_history", ".ash_history", ".python_history", ".mysql_history", ".mariadb_history")
INCLUDED = re.compile(
    r"^[ \t]*[@#$!.]?(?:include\w*|confdir|sourcedir)"
    r"(?:[ \t]+|[ \t]*[=(][ \t]*)(?:file[ \t]*=[ \t]*)?[\"'<]?(/[^\s\"'<>;#)]+)",
    re.MULTILINE | re.IGNORECASE,
)
# What a unit, a table of aliases, PHP, a shell, sshd, a web server and a database read as part of themselves by other
# words, whatever its name.
READ = re.compile(
    r"^[^#;\n]*?(?:EnvironmentFile=-?|:include:|auto_(?:pre|ap)pend_file\s*=\s*[\"']?|"
    r"(?:^|[;&\s\"'(])(?:\.|source)[ \t]+[\"']?|"
    r"(?:auth_basic_user_file|AuthUserFile|AuthGroupFile|load_module|LoadModule[ \t]+\w+)[ \t]+[\"']?|"
    r"\b(?:extension|init[-_]file|hba_file|ident_file)\s*=\s*[\"']?|"
    r"(?:TrustedUserCAKeys|RevokedKeys|AuthorizedPrincipalsFile|HostCertificate|Banner)[ \t=]+[\"']?)"
    r"(/[^\s\"'<>;#,)%$*]+)",
    re.MULTILINE | re.IGNORECASE,
)
# Lists, variables and settings of modules of PAM, and what git reads as more of its settings.
READ_BY = {
    re.compile(r"/etc/pam\.(?:d/|conf\Z)"): re.compile(
        r"^[^#\n]*?\s(?:file|accessfile|envfile|user_envfile|conf|conffile|config|authfile|db)=(/[^\s\]]+)",
        re.MULTILINE,
    ),
    re.compile(r".*(?:/\.gitconfig|/gitconfig|/git/config)\Z"): re.compile(
        r"^[ \t]*path[ \t]*=[ \t]*\"?(/[^\s\";#]+)", re.MULTILINE
    ),
}
# What is named in a line of other files is data: code and pages of applications name what they please.
SETTINGS = ("/etc/", "/run/", "/var/spool/cron/", "/root/", "/home/")
# A full path in a line of these, but behind a redirection.
NAMED = re.compile(r"(?<![\w.>/:])(?<!> )(/(?:home|srv|root|data|mnt|media|var|tmp)/[^\s\"';:|&<>*?$(){},=]+)")
SEEN_OTHERWISE = (
    "/etc/", "/usr/", "/lib/", "/bin/", "/sbin/", "/opt/", "/proc/", "/sys/", "/dev/", "/run/", "/var/run/",
    "/var/log/", "/var/cache/",
)  # fmt: skip
CODE = re.compile(r"\.(?:sh|bash|zsh|ksh|awk|py|pl|pm|rb|js|php|lua|jar|so(?:\.\d+)*)\Z")
SETTING = re.compile(r"\.(?:conf|cfg|cnf|ini|env|ya?ml|toml)\Z")
WRITTEN = (".log", ".pid", ".sock", ".lock", ".out", ".tmp")
# Changed by the machine itself all the time, or made from other files in /etc. A `*` stands for no slash: a pattern
# that is wider than what the program writes is a place to hide in.
PASSING = (
    "/etc/security/opasswd.old",
    "/etc/mtab", "/etc/ld.so.cache", "/etc/.pwd.lock", "/etc/adjtime", "/etc/udev/hwdb.bin", "/etc/passwd-",
    "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/subuid-", "/etc/subgid-", "/etc/.updated", "/etc/.#*",
    "/etc/resolv.conf.*", "/etc/cups/subscriptions.conf*", "/etc/fake-hwclock.data", "/etc/lvm/archive",
    "/etc/lvm/backup", "/etc/lvm/cache", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/java",
    "/etc/apparmor.d/cache", "/etc/apparmor.d/cache.d", "/etc/apparmor/earlypolicy",
    "/etc/mailcap", "/etc/aliases.db", "/etc/postfix/*.db",
    "/etc/blkid.tab*", "/etc/console-setup/cached*", "/etc/alternatives/*", "/etc/rc?.d/*", "/etc/.java",
    "/etc/printcap", "/etc/dhcp/*.leases", "/etc/samba/*.tdb", "/etc/sane.d/*.lock", "/etc/cups/ssl",
    "/var/spool/cron/atjobs/.SEQ", "/etc/.etckeeper", "/etc/.git/objects", "/etc/.git/logs", "/etc/.git/refs",
    "/etc/.git/index", "/etc/.git/*HEAD", "/etc/.git/COMMIT_EDITMSG", "/etc/.git/packed-refs", "/etc/.git/gc.*",
    "**/.ssh/known_hosts*", "**/.ssh/agent", "/etc/vmware-tools/*.log",
    "/run/systemd/system/session-*.scope", "/run/systemd/system/session-*.scope.d",
    "/run/systemd/system/user-*.slice", "/run/systemd/system/user-*.slice.d",
    "/run/systemd/transient/session-*.scope.d",
    "/etc/NetworkManager/**~", "/etc/xml/*", "/etc/sgml/*", "/etc/network/run", "/etc/pki/*/cache",
    "/var/spool/cron/atspool/*", "/etc/.resolv*",
)  # fmt: skip
# Copy of a list of accounts -> the most rights that it has.
COPIES = {
    **dict.fromkeys(("/etc/shadow-", "/etc/gshadow-"), 0o640),
    **dict.fromkeys(("/etc/passwd-", "/etc/group-", "/etc/subuid-", "/etc/subgid-"), 0o644),
}
# Links by the hash of a certificate beside it. Anything else with such a name is a certificate that OpenSSL trusts.
HASHED = re.compile(r"/etc/ssl/certs/[0-9a-f]{8}\.\d\Z")
MOST_BEHIND_A_LINK = 500  # files of a directory outside the trees to which a link in them leads


def collect(machine, places):
    search = _search(machine, places)
    skeleton = _skeleton(machine)
    shown, hidden = rows.below(places.show), rows.below(places.hide)
    conffiles = machine.once(catalogue.conffiles)
    packaged = machine.once(programs.brought).files
    for path, status in sorted(search.paths.items()):
        if _is_of_a_package(machine, path, status, packaged):
            continue
        try:
            diff = False if hidden and hidden.match(path) else True if shown and shown.match(path) else None
            fact = rows.fact(machine, "file", path, status, conffiles.get(path), diff=diff)
            yield _as_new(machine, fact, path, status, skeleton)
        except (OSError, UnreadableError) as problem:
            yield Unseen("file", "%s: %s" % (path, getattr(problem, "strerror", None) or problem))
    yield from _copies(machine)
    yield from _code(machine, places)
    for reason in search.unseen:
        yield Unseen("file", reason)


def _copies(machine):
    """Copies of lists of accounts are made again with each change of one, and hold the same hashes: only others' rights
    to them say something."""
    for path, most in COPIES.items():
        status = machine.status(path, follow=False)
        if status is None:
            continue
        beyond = [*rows.beyond_mode(machine, path, status)]
        if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) & ~most or status.st_uid or beyond:
            yield Fact("file", path, joined(rows.rights(machine, status), *beyond))


def _code(machine, places):
    """What a web server runs among what the users of an application bring, which is left out otherwise."""
    if not places.exclude or os.geteuid() != 0:
        return
    of_users = re.compile("|".join(map(fnmatch.translate, places.exclude)))
    for entry in machine.once(programs.walked).code:
        if of_users.match(entry.path):
            yield rows.fact(machine, "file", entry.path, entry.status)


def _search(machine, places):
    """The _Search after all places: the trees, what is in homes, what roles own, and what those lead to."""
    left_out = re.compile("|".join([*map(_narrow, PASSING), *map(fnmatch.translate, places.exclude)]))
    search = _Search(machine, left_out)
    for pattern in TREES:
        search.add_all(pattern, follow=False)
    for home in homes(machine):
        for name in IN_HOME:
            search.add_all("%s/%s" % (glob.escape(home), name), follow=False)
        for name in HISTORIES:
            search.note_link("%s/%s" % (home, name))
    for pattern in places.trees:
        search.add_all(pattern, follow=True)
    search.add_behind_links()
    for pattern in (*_named_elsewhere(machine, search.paths), *_read_by_programs(machine)):
        search.add_all(pattern, follow=False)
    for home in homes(machine):
        search.note(home)  # after the trees: the home of an account may be the top of one
    return search


def _is_of_a_package(machine, path, status, packaged):
    """Whether the facts about packages tell of a file: outside /etc when it is not as it was brought, and of a link to
    a certificate when its package comes or goes."""
    if path.startswith("/etc/"):
        return path.startswith("/etc/ssl/certs/") and _is_link_of_another(machine, path, status, packaged)
    return path in packaged


def _narrow(pattern):
    """A pattern of PASSING as a regular expression: `**` for anything, `*` for anything but a slash."""
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    return "(?:%s)\\Z" % "".join(words.get(part) or re.escape(part) for part in parts)


def _named_elsewhere(machine, paths):
    """Files outside the trees that a configuration file reads as part of itself, and what a setting has run or read,
    wherever it is; /usr and /opt are looked at as files of packages and outside them."""
    for path, status in list(paths.items()):
        if not stat.S_ISREG(status.st_mode) or not status.st_size or status.st_size > LONGEST_TEXT:
            continue
        try:
            text = machine.read(path) or ""
        except UnreadableError:
            continue
        yield from filter(_is_elsewhere, INCLUDED.findall(text))
        if path.startswith(SETTINGS):
            yield from filter(_is_elsewhere, READ.findall(text))
            for place, words in READ_BY.items():
                yield from filter(_is_elsewhere, words.findall(text) if place.match(path) else ())
            lines = (line for line in text.splitlines() if not line.lstrip().startswith(("#", ";", "//")))
            names = {name for line in lines for name in NAMED.findall(line)}
            yield from (name for name in names if _is_elsewhere(name) and _is_script(machine, name))


def _read_by_programs(machine):
    """Code outside the trees that a script of no package runs or reads."""
    for entry in machine.once(programs.walked).outside if os.geteuid() == 0 else ():
        is_program = stat.S_ISREG(entry.status.st_mode) and entry.status.st_mode & 0o111
        if not is_program or entry.status.st_size > LONGEST_TEXT or not entry.path.startswith(("/usr/local/", "/opt/")):
            continue
        try:
            data = machine.content(entry.path) or b""
        except UnreadableError:
            continue
        if data.startswith(b"#!"):
            text = data.decode("utf-8", "replace")
            lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
            names = {*READ.findall("\n".join(lines)), *(name for line in lines for name in NAMED.findall(line))}
            yield from (name for name in names if _is_elsewhere(name) and _is_code(machine, name))


def _is_code(machine, name):
    """Whether a file can be run, or is named as a script or library: settings and data are written by their program."""
    return bool(CODE.search(name)) and _is_script(machine, name)


def _is_elsewhere(path):
    return path.rstrip("/").count("/") > 1 and not path.startswith(SEEN_OTHERWISE) and not path.endswith(WRITTEN)


def _is_script(machine, path):
    """Whether a file is there to be run or read, not to be written: data that a program keeps changes all the time."""
    status = machine.status(path)
    if status is None or not stat.S_ISREG(status.st_mode):
        return False
    return bool(status.st_mode & 0o111 or CODE.search(path) or SETTING.search(path))


def homes(machine):
    """Homes of accounts, each once, without directories of the system, which accounts of services have."""
    directories = {facts["home"].rstrip("/") for facts in machine.once(account.accounts).values()}
    system = ("/bin", "/sbin", "/dev", "/proc", "/usr/sbin", "/usr/bin", "/nonexistent", "/var/run", "/run", "/etc")
    below_system = tuple(directory + "/" for directory in system)
    return sorted(path for path in directories - {"", *system} if not path.startswith(below_system))


def _skeleton(machine):
    """Name -> content of the files that a new home gets."""
    contents = {}
    for name in machine.names("/etc/skel"):
        try:
            contents[name] = machine.content("/etc/skel/" + name)
        except UnreadableError:
            continue
    return contents


def _as_new(machine, fact, path, status, skeleton):
    """The fact, which says of a file that every new home gets that it is still as it was then."""
    expected = skeleton.get(path.rsplit("/", 1)[1])
    if expected is None or path.startswith("/etc/") or status.st_size != len(expected):
        return fact
    return fact._replace(words=AS_NEW_HOME) if machine.content(path) == expected else fact


def _is_link_of_another(machine, path, status, packaged):
    """A link to a certificate that a package brought comes and goes with that package; one by a hash is made again for
    each certificate beside it."""
    if not stat.S_ISLNK(status.st_mode):
        return False
    target = os.readlink(machine.path(path, follow=False))
    if HASHED.match(path) and "/" not in target:
        return True
    return os.path.normpath(os.path.join("/etc/ssl/certs", target)) in packaged


class _Search:
    """`paths`: everything below the places that were added, path -> what lstat says."""

    def __init__(self, machine, left_out):
        self.machine, self.left_out = machine, left_out
        self.paths, self.unseen = {}, []
        self.table = machine.mounts()

    def add_all(self, pattern, follow):
        for place in self.machine.glob(pattern) if MAGIC.search(pattern) else [pattern]:
            self.add(place, follow)

    def add_behind_links(self):
        """What links lead to outside the trees: whoever changes it changes what the link stands for. Of a directory
        with many files only itself."""
        links = [path for path, status in self.paths.items() if stat.S_ISLNK(status.st_mode)]
        for target, _ in (pair for path in links for pair in self._target(path)):
            if target in self.paths or not _is_elsewhere(target):
                continue
            beyond = _Search(self.machine, self.left_out)
            beyond.add(target, follow=False)
            if len(beyond.paths) <= MOST_BEHIND_A_LINK:
                self.paths.update(beyond.paths)
            else:
                self.note(target)

    def add(self, place, follow):
        """A file or a tree; `follow`: links in it lead on to what is then part of the tree."""
        status = self.machine.status(place, follow=False)
        if status is None:
            return
        to_do = [(place, status)]
        while to_do:
            path, status = to_do.pop()
            if path in self.paths or self.left_out.match(path):
                continue
            if len(self.paths) >= MOST:
                self.unseen.append("more than %d files; %s and what follows was left out" % (MOST, path))
                return
            self.paths[path] = status
            if stat.S_ISLNK(status.st_mode) and follow:
                to_do += self._target(path)
            elif stat.S_ISDIR(status.st_mode) and filesystems.local(self.table, path):
                to_do += self._inside(path)

    def note(self, path):
        """One directory without what is in it."""
        status = self.machine.status(path, follow=False)
        if status is not None:
            self.paths.setdefault(path, status)

    def note_link(self, path):
        """One link; nothing when something else, or nothing, is there."""
        status = self.machine.status(path, follow=False)
        if status is not None and stat.S_ISLNK(status.st_mode):
            self.paths.setdefault(path, status)

    def _inside(self, path):
        try:
            names = self.machine.names(path)
        except UnreadableError as problem:
            self.unseen.append(str(problem))
            return
        for name in names:
            inner = "%s/%s" % (path.rstrip("/"), name)
            status = self.machine.status(inner, follow=False)
            if status is not None:
                yield inner, status

    def _target(self, path):
        target = os.path.realpath(self.machine.path(path))[len(self.machine.root) :]
        status = self.machine.status(target, follow=False)
        if status is not None and not target.startswith(("/proc", "/sys", "/dev")):
            yield target, status
