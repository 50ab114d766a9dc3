# Copyright: The Oplever team; MIT licence
"""Files, directories and links as a role declares them: compared with what is there, validated, and put in their place.

An entry is a mapping with the keys of `KEYS`; the module oplever.lab.configure describes them.
"""

from __future__ import annotations

import glob
import grp
import os
import pwd
import re
import shlex
import stat
import subprocess
import tempfile
import time

from ansible_collections.oplever.lab.plugins.module_utils.readable import readable

KEYS = (
    "path", "state", "content", "lines", "link", "keep", "owner", "group", "mode", "directory_mode", "validate",
    "optional", "once", "early", "notify", "serial",
)  # fmt: skip
STATES = ("file", "directory", "absent")
NEW = {"owner": "root", "group": "root", "mode": "0644"}
NEW_DIRECTORY = {"owner": "root", "group": "root", "mode": "0755"}


class State:
    """A path as it is or should be: `text` (None: its text does not matter), `mode`, `uid`, `gid`."""

    __slots__ = ("gid", "mode", "text", "uid")

    def __init__(self, text, mode, uid, gid):
        self.text = text
        self.mode = mode
        self.uid = uid
        self.gid = gid

    def rights(self):
        return (self.mode, self.uid, self.gid)


def problem(entry):
    """What is wrong with how an entry is written; empty when nothing is."""
    unknown = sorted(set(entry) - set(KEYS))
    if unknown or not str(entry.get("path", "")).startswith("/"):
        return "files: each needs a full path and has no other keys than %s (found: %s)" % (
            ", ".join(KEYS),
            ", ".join(unknown) or entry.get("path"),
        )
    if entry.get("state", "file") not in STATES:
        return "files: the state of %s is one of %s" % (entry["path"], ", ".join(STATES))
    return ""


def others(patterns, entries):
    """Entries that take away the regular files that fit a pattern and are none of the entries."""
    listed = {os.path.realpath(entry["path"]) for entry in entries}
    paths = sorted({path for pattern in patterns for path in glob.glob(pattern)})
    beside = [path for path in paths if os.path.isfile(path) and os.path.realpath(path) not in listed]
    return [{"path": path, "state": "absent"} for path in beside]


def text_of(path):
    """What is in a file, with a mark for bytes that are no UTF-8; empty where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def settle(entry, check_mode, keep):
    """Make one path as it is asked for; the difference in Ansible's form, or None when there is none. `keep` is called
    with the path just before it changes. Raises OSError, KeyError (no such owner or group) or ValueError with what is
    wrong."""
    if "link" in entry:
        return _link(entry, check_mode, keep)
    if entry.get("state") == "absent":
        return _absent(entry, check_mode, keep)
    if entry.get("state") == "directory":
        return _directory(entry, check_mode, keep)
    return _file(entry, check_mode, keep)


def _file(entry, check_mode, keep):
    path = os.path.realpath(entry["path"])
    before = _present(path, "content" in entry or "lines" in entry)
    if before is None and (entry.get("optional") or _no_place(path, entry) or not {"content", "lines"} & set(entry)):
        return None
    if before is not None and entry.get("once"):
        return None
    after = _wished(before, entry)
    if before is not None and before.text == after.text and before.rights() == after.rights():
        return None
    if after.text is not None and (before is None or before.text != after.text):
        _replace(path, after, entry, check_mode, keep)
    elif not check_mode:
        keep(path)
        os.chown(path, after.uid, after.gid)
        os.chmod(path, after.mode)
    return _difference(entry, _shown(before), _shown(after))


def _no_place(path, entry):
    return "directory_mode" not in entry and not os.path.isdir(os.path.dirname(path))


def _present(path, with_text):
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    text = None
    if with_text:
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("is not a regular file")
        # Ends of lines as they are: a file of another system is not what was asked for.
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            text = stream.read()
    return State(text, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def _wished(before, entry):
    text = before.text if before else ("" if "lines" in entry else None)
    if "content" in entry:
        text = _numbered(text, entry["content"], entry["serial"]) if entry.get("serial") else _with_kept(before, entry)
    for line in entry.get("lines") or []:
        text = _with_line(text, re.compile(line["regexp"]), line.get("line"))
    return State(text, *_rights(before, entry, NEW if before is None or "content" in entry else {}))


def _rights(before, entry, defaults):
    """(mode, uid, gid): what the entry says, else the default, else what there is."""
    rights = dict(defaults, **{key: entry[key] for key in NEW if entry.get(key)})
    return (
        int(str(rights["mode"]), 8) if "mode" in rights else before.mode,
        pwd.getpwnam(rights["owner"]).pw_uid if "owner" in rights else before.uid,
        grp.getgrnam(rights["group"]).gr_gid if "group" in rights else before.gid,
    )


def _with_kept(before, entry):
    """The content, below its first comment the lines of the present file that match `keep` and are not in it."""
    if not entry.get("keep") or before is None:
        return entry["content"]
    rows = _rows(entry["content"])
    kept = [row for row in _rows(before.text) if re.search(entry["keep"], row) and row not in rows]
    head = next((number for number, row in enumerate(rows) if not row.startswith("#")), len(rows))
    return "".join(row + "\n" for row in [*rows[:head], *kept, *rows[head:]])


def _numbered(before, content, word):
    """`content` with a number for `word`: that of the text before when nothing else differs, else a larger one."""
    around = [re.escape(part) for part in content.split(word)]
    if re.fullmatch("([0-9]+)".join(around), before or ""):
        return before
    line = next(row for row in content.splitlines() if word in row)
    earlier = re.search("^%s$" % re.escape(line).replace(re.escape(word), "([0-9]+)"), before or "", re.MULTILINE)
    return content.replace(word, str(max(int(time.time()), int(earlier.group(1)) + 1 if earlier else 0)))


def _with_line(text, pattern, line):
    rows = _rows(text)
    hits = [number for number, row in enumerate(rows) if pattern.search(row)]
    if line is None:
        rows = [row for number, row in enumerate(rows) if number not in hits]
    elif hits:
        rows[hits[-1]] = line
    else:
        rows.append(line)
    return "\n".join(rows) + "\n" if rows else ""


def _rows(text):
    """Lines as programs read them: nothing but a line feed ends one, and what stands between stays as it is."""
    return text.removesuffix("\n").split("\n") if text else []


def _replace(path, after, entry, check_mode, keep):
    """Write beside the file, try it, and put it in its place."""
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        if check_mode:
            return
        keep(path)  # before its directories, that they go with it
        os.makedirs(directory, int(str(entry["directory_mode"]), 8))
    handle, candidate = tempfile.mkstemp(dir=None if check_mode else directory, prefix=".oplever-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            stream.write(after.text)
            os.fchown(stream.fileno(), after.uid, after.gid)
            os.fchmod(stream.fileno(), after.mode)
        if entry.get("validate"):
            _validate(entry["validate"], candidate)
        if not check_mode:
            keep(path)
            os.replace(candidate, path)
    finally:
        if os.path.exists(candidate):
            os.unlink(candidate)


def put(path, text, mode, group=-1):
    """Replace a file in one step. Nothing of the text is left beside it when that cannot be done."""
    handle, candidate = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".oplever-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            os.fchmod(stream.fileno(), mode)
            os.fchown(stream.fileno(), -1, group)
            stream.write(text)
        os.replace(candidate, path)
    finally:
        if os.path.exists(candidate):
            os.unlink(candidate)


def _validate(command, candidate):
    words = [word.replace("%s", candidate) for word in shlex.split(command)]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, errors="replace", check=False)
    if done.returncode:
        raise ValueError("what was to be written is not valid: %s" % (done.stderr or done.stdout).strip())


def _directory(entry, check_mode, keep):
    path = os.path.realpath(entry["path"])
    before = _present(path, with_text=False)
    if before is not None and not os.path.isdir(path):
        raise ValueError("is not a directory")
    after = State(None, *_rights(before, entry, NEW_DIRECTORY))
    if before is not None and before.rights() == after.rights():
        return None
    if not check_mode:
        keep(path)
        os.makedirs(path, exist_ok=True)
        os.chown(path, after.uid, after.gid)
        os.chmod(path, after.mode)
    return _difference(entry, _shown(before), _shown(after))


def _link(entry, check_mode, keep):
    """Whatever is at the path, except a directory, makes way for the link."""
    path, target = entry["path"], entry["link"]
    before = _shown_path(path)
    if os.path.islink(path) and os.readlink(path) == target:
        return None
    if not os.path.islink(path) and os.path.isdir(path):
        raise ValueError("is a directory")
    if not check_mode:
        if not os.path.exists(os.path.join(os.path.dirname(path), target)):
            raise ValueError("%s, where it should lead to, does not exist" % target)
        keep(path)
        beside = path + ".oplever-new"
        os.symlink(target, beside)
        os.replace(beside, path)
    return _difference(entry, before, "link to %s\n" % target)


def _absent(entry, check_mode, keep):
    path = entry["path"]
    if not os.path.lexists(path):
        return None
    if os.path.isdir(path) and not os.path.islink(path):
        raise ValueError("is a directory")
    before = _shown_path(path)
    if not check_mode:
        keep(path)
        os.unlink(path)
    return _difference(entry, before, "")


def _shown_path(path):
    return "link to %s\n" % os.readlink(path) if os.path.islink(path) else _shown(_present(path, with_text=True))


def _difference(entry, before, after):
    texts = {"before": readable(before), "after": readable(after)}
    return {**texts, "before_header": entry["path"], "after_header": entry["path"]}


def _shown(state):
    if state is None:
        return ""
    rights = "# mode %04o, owner %d:%d\n" % state.rights()
    return rights + (state.text or "")
