"""Units as their files and links say (systemd.unit(5)), for a tree in which no systemd runs that could be asked."""

from __future__ import annotations

import os
import posixpath
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils.sources import systemd_setting

# The first that has a file of some name wins; /run is empty in a tree that does not run.
DIRECTORIES = (
    "/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
)  # fmt: skip
# What systemd itself reads at this moment; of a machine that runs.
ALL_DIRECTORIES = (
    "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
    "/lib/systemd/system",
)  # fmt: skip
ADMIN = DIRECTORIES[0]
OF_PEOPLE = [
    "%s/systemd/%s/%s" % (place, manager, name)
    for place in ("/etc", "/run") for manager in ("system", "user") for name in ("*.service", "*.d/*.conf")
]  # fmt: skip
# What may stand before a command of a service (systemd.service(5)).
PREFIXES = "-@:+!|"
LINKS = (".wants", ".requires", ".upholds")
INSTANCE = re.compile(r"@[^.]+\.")
INSTALL = re.compile(r"^[ \t]*(WantedBy|RequiredBy|UpheldBy|Alias|Also)\s*=\s*\S", re.MULTILINE)


def find(machine, name):
    """`load`, `enabled`, `fragment` and `drop_ins` as systemctl tells them, or None when there is no such unit."""
    fragment = _fragment(machine, name)
    if fragment is None:
        return None
    facts = {"fragment": fragment, "drop_ins": drop_ins_of(machine, name), "load": "loaded"}
    if _masked(machine, fragment):
        return dict(facts, load="masked", enabled="masked")
    return dict(facts, enabled=_enabled(machine, name, fragment))


def _fragment(machine, name, directories=DIRECTORIES):
    """Path of the file or link; of an instance that has none its own, that of its template."""
    template = INSTANCE.sub("@.", name)
    for candidate in dict.fromkeys((name, template)):
        for directory in directories:
            path = posixpath.join(directory, candidate)
            if machine.status(path, follow=False) is not None:
                return path
    return None


def _masked(machine, path):
    """A link to /dev/null (which a tree need not have), or an empty file."""
    status = machine.status(path, follow=False)
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(machine.path(path, follow=False)) == "/dev/null"
    return status.st_size == 0


def _enabled(machine, name, fragment):
    """UnitFileState: what links in /etc and the [Install] section come to."""
    status = machine.status(fragment, follow=False)
    if stat.S_ISLNK(status.st_mode):
        target = os.readlink(machine.path(fragment, follow=False))
        return "alias" if posixpath.basename(target) != name else "linked"
    if name in machine.once(_linked):
        return "enabled"
    return "disabled" if INSTALL.search(machine.text(fragment) or "") else "static"


def _linked(machine):
    """Names that links of an admin start: those in *.wants and the like with their templates, and what an alias in /etc
    points to."""
    units = set()
    for name in machine.names(ADMIN):
        path = posixpath.join(ADMIN, name)
        if name.endswith(LINKS):
            units.update(machine.names(path))
            units.update(INSTANCE.sub("@.", instance) for instance in machine.names(path))
            continue
        try:
            units.add(posixpath.basename(os.readlink(machine.path(path, follow=False))))
        except OSError:
            continue  # a file or directory, no link
    return units


def exists(machine, name):
    """Whether there is a unit of that name which is not masked."""
    fragment = _fragment(machine, name, ALL_DIRECTORIES)
    return fragment is not None and not _masked(machine, fragment)


def is_of_admin(machine, name):
    """Whether its file lies in /etc, which goes before what a generator makes."""
    return machine.status(posixpath.join(ADMIN, name), follow=False) is not None


def files(machine, name):
    """Paths of a unit and its drop-ins, in the order in which they are read. None of a unit that does not exist or is
    masked."""
    if not exists(machine, name):
        return []
    return [_fragment(machine, name, ALL_DIRECTORIES), *drop_ins_of(machine, name, ALL_DIRECTORIES)]


def values(machine, name, section, key, only_drop_ins=False):
    """What a unit with its drop-ins gives to a key, in order (systemd.unit(5)): an empty value takes back those before
    it. Nothing of a unit that does not exist or is masked."""
    result = []
    for path in drop_ins_of(machine, name, ALL_DIRECTORIES) if only_drop_ins else files(machine, name):
        for header, name_of_value, value in lines(machine.text(path) or ""):
            if (header, name_of_value) == (section, key):
                result = [*result, value] if value else []
    return result


def settings_of_people(machine):
    """(file:line, section, key, value) of the units and drop-ins that people made; a link may lead to one of a
    package."""
    of_packages = tuple(machine.root + place for place in ("/usr/lib/", "/lib/"))
    for path in (path for pattern in OF_PEOPLE for path in machine.glob(pattern)):
        if os.path.realpath(machine.path(path)).startswith(of_packages):
            continue
        for number, section, key, value in systemd_setting.parse(machine.text(path) or ""):
            yield "%s:%d" % (path, number), section, key, value


def lines(text):
    """(section, key, value) of each line that sets something; a backslash continues a line, also past a comment."""
    section, pending = "", ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith(("#", ";")):
            continue
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        line, pending = (pending + line).strip(), ""
        key, equals, value = line.partition("=")
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif equals:
            yield section, key.strip(), value.strip()


def drop_ins_of(machine, name, directories=DIRECTORIES):
    """Drop-ins by name: of the unit, its template and the prefixes of its name, and then of all units of its type. Of
    those with one name the first directory counts, and in that the most specific."""
    stem, _, kind = name.rpartition(".")
    names = list(dict.fromkeys([name, INSTANCE.sub("@.", name)]))
    parts = stem.split("@")[0].split("-")
    names += ["%s-.%s" % ("-".join(parts[:length]), kind) for length in range(len(parts) - 1, 0, -1)]
    chosen = {}
    order = [(directory, unit_name) for directory in directories for unit_name in names]
    for directory, unit_name in order + [(directory, kind) for directory in directories]:
        for path in machine.glob("%s/%s.d/*.conf" % (directory, unit_name)):
            chosen.setdefault(posixpath.basename(path), path)
    return [chosen[key] for key in sorted(chosen) if not _masked(machine, chosen[key])]
