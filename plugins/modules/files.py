#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.files: contents, lines and rights of several files in one exchange."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: files
short_description: Contents, lines and rights of several files at once
version_added: "0.1.0"
description:
  - Does for a list of files what C(copy), C(lineinfile) and C(file) do for one, in one round trip, and tells which
    changed.
  - A file is replaced in one step, and only after C(validate) found nothing wrong with what is to be written. The first
    file that cannot be written ends the module with an error; those before it stay written and are told.
options:
  files:
    description:
      - Each with C(path) and any of C(content), C(lines), C(owner), C(group), C(mode), C(directory_mode), C(validate),
        C(optional) and C(serial).
      - C(content) is the whole text. C(lines) is a list of C(regexp) and C(line). The last line that matches is
        replaced, the line is added at the end when none does, and without C(line) all that match are removed.
      - A missing directory is made with C(directory_mode); without it such a file is left out. C(validate) is a command
        with C(%s) for the candidate. C(optional) says that only an existing file is changed.
      - C(serial) is a word in C(content) that stands for a number, as that of a zone of a name server. The number stays
        while the rest of the text does, and grows when it changes.
    type: list
    elements: dict
    required: true
  only:
    description: Globs of files that belong to this list alone. What matches and is not in C(files) is removed, at last.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Tells what would change.
    support: full
  diff_mode:
    description: Shows the texts and rights before and after.
    support: full
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Settings of the journal
  oplever.lab.files:
    files:
      - path: /etc/systemd/journald.conf.d/oplever.conf
        content: |
          [Journal]
          SystemMaxUse=500M
        directory_mode: "0755"
"""

RETURN = r"""
changed_files:
  description: Paths of the files that changed, or would in check mode.
  returned: always
  type: list
  elements: str
"""

import glob
import grp
import os
import pwd
import re
import shlex
import stat
import tempfile
import time

from ansible.module_utils.basic import AnsibleModule

KEYS = ("path", "content", "lines", "owner", "group", "mode", "directory_mode", "validate", "optional", "serial")
NEW = {"owner": "root", "group": "root", "mode": "0644"}


class State:
    """A file as it is or should be: `text` (None: its text does not matter), `mode`, `uid`, `gid`."""

    __slots__ = ("gid", "mode", "text", "uid")

    def __init__(self, text, mode, uid, gid):
        self.text = text
        self.mode = mode
        self.uid = uid
        self.gid = gid

    def rights(self):
        return (self.mode, self.uid, self.gid)


def main():
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "dict", "required": True},
            "only": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    changed, differences = [], []
    for file in module.params["files"]:
        problem = _wrong(file)
        if problem:
            module.fail_json(msg=problem, changed=bool(changed), changed_files=changed)
        try:
            difference = _settle(module, file)
        except (OSError, KeyError, ValueError) as error:
            reason = "%s: %s" % (file["path"], getattr(error, "strerror", None) or error)
            module.fail_json(msg=reason, changed=bool(changed), changed_files=changed, diff=differences)
        if difference:
            changed.append(file["path"])
            differences.append(difference)
    for path in _others(module.params["only"], module.params["files"]):
        differences.append(dict(_headers(path), before=_shown(_present(path, True)), after=""))
        changed.append(path)
        if not module.check_mode:
            os.unlink(path)
    module.exit_json(changed=bool(changed), changed_files=changed, diff=differences)


def _wrong(file):
    unknown = sorted(set(file) - set(KEYS))
    if unknown or not str(file.get("path", "")).startswith("/"):
        return "files: each needs a full path and has no other keys than %s (found: %s)" % (
            ", ".join(KEYS),
            ", ".join(unknown) or file.get("path"),
        )
    return ""


def _settle(module, file):
    """Make one file as it is asked for; the difference in Ansible's form, or None when there is none."""
    path = os.path.realpath(file["path"])
    before = _present(path, "content" in file or "lines" in file)
    if before is None and (file.get("optional") or _no_place(path, file)):
        return None
    if before is None and "content" not in file and "lines" not in file:
        return None
    after = _wished(before, file)
    if before is not None and before.text == after.text and before.rights() == after.rights():
        return None
    if after.text is not None and (before is None or before.text != after.text):
        _validated(module, path, after, file)
    elif not module.check_mode:
        os.chown(path, after.uid, after.gid)
        os.chmod(path, after.mode)
    return dict(_headers(file["path"]), before=_shown(before), after=_shown(after))


def _headers(path):
    return {"before_header": path, "after_header": path}


def _others(patterns, files):
    """Regular files that match a pattern and are not in the list."""
    listed = {os.path.realpath(file["path"]) for file in files}
    paths = sorted({path for pattern in patterns for path in glob.glob(pattern)})
    return [path for path in paths if os.path.isfile(path) and os.path.realpath(path) not in listed]


def _no_place(path, file):
    return "directory_mode" not in file and not os.path.isdir(os.path.dirname(path))


def _present(path, with_text):
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    text = None
    if with_text:
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("is not a regular file")
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            text = stream.read()
    return State(text, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def _wished(before, file):
    rights = dict(NEW if before is None else {}, **{key: file[key] for key in NEW if file.get(key)})
    text = before.text if before else ("" if "lines" in file else None)
    if "content" in file:
        text = _numbered(text, file["content"], file["serial"]) if file.get("serial") else file["content"]
    for line in file.get("lines") or []:
        text = _with_line(text, re.compile(line["regexp"]), line.get("line"))
    return State(
        text,
        int(str(rights["mode"]), 8) if "mode" in rights else before.mode,
        pwd.getpwnam(rights["owner"]).pw_uid if "owner" in rights else before.uid,
        grp.getgrnam(rights["group"]).gr_gid if "group" in rights else before.gid,
    )


def _numbered(before, content, word):
    """`content` with a number for `word`: that of the text before when nothing else differs, else a larger one."""
    around = [re.escape(part) for part in content.split(word)]
    same = re.fullmatch("([0-9]+)".join(around), before or "")
    if same:
        return before
    line = next(row for row in content.splitlines() if word in row)
    earlier = re.search("^%s$" % re.escape(line).replace(re.escape(word), "([0-9]+)"), before or "", re.MULTILINE)
    return content.replace(word, str(max(int(time.time()), int(earlier.group(1)) + 1 if earlier else 0)))


def _with_line(text, pattern, line):
    rows = text.splitlines()
    hits = [number for number, row in enumerate(rows) if pattern.search(row)]
    if line is None:
        rows = [row for number, row in enumerate(rows) if number not in hits]
    elif hits:
        rows[hits[-1]] = line
    else:
        rows.append(line)
    return "\n".join(rows) + "\n" if rows else ""


def _validated(module, path, after, file):
    """Write beside the file, try it, and put it in its place."""
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        if module.check_mode:
            return
        os.makedirs(directory, int(str(file["directory_mode"]), 8))
    handle, candidate = tempfile.mkstemp(dir=module.tmpdir if module.check_mode else directory, prefix=".oplever-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(after.text)
            os.fchown(stream.fileno(), after.uid, after.gid)
            os.fchmod(stream.fileno(), after.mode)
        if file.get("validate"):
            command = [word.replace("%s", candidate) for word in shlex.split(file["validate"])]
            done, out, err = module.run_command(command)
            if done:
                raise ValueError("what was to be written is not valid: %s" % (err or out).strip())
        if not module.check_mode:
            os.replace(candidate, path)
    finally:
        if os.path.exists(candidate):
            os.unlink(candidate)


def _shown(state):
    if state is None:
        return ""
    rights = "# mode %04o, owner %d:%d\n" % state.rights()
    return rights + (state.text or "")


if __name__ == "__main__":
    main()
