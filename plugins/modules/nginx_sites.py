#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.nginx_sites: the sites of nginx, tested together before one of them is written."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: nginx_sites
short_description: Sites of nginx, tested together before they are written
version_added: "0.1.0"
description:
  - Writes the sites of one owner below C(sites-available), enables them, and sets directives in C(nginx.conf). Debian's
    default site is disabled.
  - Everything is first tried with C(nginx -t) in a copy of the configuration, as it will be with all other enabled
    sites. What nginx refuses is not written, and the message is that of nginx.
  - What the owner no longer has is removed, with its accounts.
options:
  sites:
    description: Name of a file to its text; an empty text removes the site.
    type: dict
    required: true
  with_tls:
    description: The same, for sites that are enabled only while another enabled site listens with TLS on port 443.
    type: dict
    default: {}
  shared:
    description: Sites of all owners, which go with the last site.
    type: list
    elements: str
    default: []
  settings:
    description: Directive to value, set in the block http of C(nginx.conf).
    type: dict
    default: {}
  accounts_directory:
    description: Directory below C(/etc/nginx) with the password files of this owner.
    type: str
    required: true
  accounts:
    description: Name of a password file to its text. All other files in the directory are removed.
    type: dict
    default: {}
  run:
    description: As for M(oplever.lab.configure). Its action plugin fills it in.
    type: str
    default: ""
attributes:
  check_mode:
    description: Tries the configuration and tells what would change.
    support: full
  diff_mode:
    description: Shows sites and settings before and after; of password files only that they change.
    support: full
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Write and validate sites
  oplever.lab.nginx_sites:
    sites:
      intranet: "{{ lookup('ansible.builtin.template', 'intranet.conf.j2') }}"
    accounts_directory: accounts.d/intranet
"""

RETURN = r"""
changed_files:
  description: Paths that changed, or would in check mode.
  returned: success
  type: list
  elements: str
others:
  description: Enabled sites and files in conf.d of others.
  returned: success
  type: list
  elements: str
foreign:
  description: Files below C(/etc/nginx) that neither a package nor this call brought.
  returned: success
  type: list
  elements: str
roots:
  description: Directories that sites showed before this call and that exist.
  returned: success
  type: list
  elements: str
"""

import glob
import grp
import os
import re
import shutil
import tempfile
from typing import NamedTuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.oplever.lab.plugins.module_utils import files, originals, rights
from ansible_collections.oplever.lab.plugins.module_utils.readable import readable

HOME = "/etc/nginx"
UNITS = ("nginx.service",)
NGINX = "/usr/sbin/nginx"
LISTS = "/var/lib/dpkg/info/*.list"  # files of each package
WEB_GROUP = "www-data"
DEFAULT = "default"
TLS = re.compile(r"^\s*listen\s+(?:\S+:)?443\s[^;#]*\bssl\b", re.MULTILINE)
ROOT = re.compile(r"^\s*root\s+([^;\s]+)\s*;", re.MULTILINE)


class Change:
    """A path with its text before and after (None: there is none). `group` and `mode` are those of the new file."""

    __slots__ = ("after", "before", "group", "mode", "path", "secret")

    def __init__(self, path, before, after, *, mode=0o644, group=0, secret=False):
        self.path = path
        self.before = before
        self.after = after
        self.mode = mode
        self.group = group
        self.secret = secret

    def difference(self):
        before, after = self.before or "", self.after or ""
        if self.secret:
            before, after = ("(not shown)\n" if text else "" for text in (before, after))
        texts = {"before": readable(before), "after": readable(after)}
        return {**texts, "before_header": self.path, "after_header": self.path}


def main():
    module = AnsibleModule(
        argument_spec={
            "sites": {"type": "dict", "required": True},
            "with_tls": {"type": "dict", "default": {}},
            "shared": {"type": "list", "elements": "str", "default": []},
            "settings": {"type": "dict", "default": {}},
            "accounts_directory": {"type": "str", "required": True},
            "accounts": {"type": "dict", "default": {}, "no_log": True},
            "run": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    try:
        with originals.kept(module.params["run"], UNITS) as keep:
            result = settle(module.params, module.run_command, module.check_mode, keep)
    except (OSError, ValueError) as problem:
        module.fail_json(msg=str(problem) + rights.advice())
    module.exit_json(**result)


def settle(params, run, check_mode, keep, home=HOME):
    """Make the configuration below `home` as `params` say, and give the result of the module. `run` runs a command;
    `keep` is called with each path before it changes.
    Raises ValueError, with the words of nginx, when the new configuration is refused."""
    enabled = _enabled(home)
    arrangement = _arrangement(params, enabled, _included(home))
    changes = _changes(params, arrangement.ours, home)
    links = _links(arrangement.ours, home)
    paths = [change.path for change in changes] + sorted(links)
    if paths:
        _try(arrangement.enabled, changes, run, home)
        if not check_mode:
            for path in paths:
                keep(path)
            _write(changes, links, home)
    return {
        "changed": bool(paths),
        "changed_files": paths,
        "diff": [change.difference() for change in changes],
        "others": sorted(arrangement.others) + _included(home),
        "foreign": _foreign(
            {*arrangement.ours, *params["shared"]}, os.path.join(home, params["accounts_directory"]), home
        ),
        "roots": _roots(text for name, text in enabled.items() if name in {*params["sites"], *params["with_tls"]}),
    }


class Arrangement(NamedTuple):
    """Which sites nginx gets, each by name with its text. `ours` are those that this module writes, or removes where
    the text is None; `others` those that somebody else enabled; `enabled` all that nginx reads afterwards."""

    ours: dict
    others: dict
    enabled: dict


def _arrangement(params, enabled, included):
    """The Arrangement that `params` ask for. Until now `enabled` are the sites, and `included` the files in conf.d."""
    sites = {name: text or None for name, text in params["sites"].items()}
    managed = {*sites, *params["with_tls"], *params["shared"], DEFAULT}
    others = {name: text for name, text in enabled.items() if name not in managed}
    served = {**others, **_present(sites)}
    ours = {**sites, **params["with_tls"]}
    if not served and not included:  # the last site goes, and with it what all sites share
        ours.update(dict.fromkeys(params["shared"]))
    shared = {name: enabled[name] for name in params["shared"] if name in enabled and name not in ours}
    has_tls = any(TLS.search(text) for text in {**served, **shared}.values())
    ours.update({name: text if has_tls else None for name, text in params["with_tls"].items()})
    return Arrangement(ours, others, {**served, **shared, **_present(ours)})


def _present(sites):
    return {name: text for name, text in sites.items() if text is not None}


def _roots(texts):
    """The directories that sites with these texts show and that exist."""
    return sorted({root for text in texts for root in ROOT.findall(text) if os.path.isdir(root)})


def _enabled(home):
    """Name of each enabled site -> its text."""
    directory = os.path.join(home, "sites-enabled")
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    texts = {name: _text(os.path.join(directory, name)) for name in names if not name.startswith(".")}
    return {name: text for name, text in texts.items() if text is not None}


def _included(home):
    """Files in conf.d, which nginx reads beside the sites."""
    directory = os.path.join(home, "conf.d")
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    return ["conf.d/" + name for name in names if name.endswith(".conf")]


def _foreign(ours, accounts, home):
    """Files below `home` that somebody put there, and that would go with the settings of the package."""
    packaged = set()
    for path in glob.glob(LISTS):
        packaged.update(line for line in (_text(path) or "").splitlines() if line.startswith(home))
    foreign = []
    for directory, _, names in os.walk(home):
        for path in (os.path.join(directory, name) for name in names):
            is_ours = os.path.basename(path) in {*ours, DEFAULT} and "/sites-" in directory
            is_module = os.path.islink(path) and os.readlink(path).startswith("/usr/share/nginx/")
            if path not in packaged and not is_ours and not is_module and directory != accounts:
                foreign.append(path)
    return sorted(foreign)


def _text(path):
    """The text of a file; None when it is not there."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _changes(params, ours, home):
    """The Change of each file that becomes another one, in the order in which they are written."""
    candidates = []
    directory = os.path.join(home, params["accounts_directory"])
    present = os.listdir(directory) if os.path.isdir(directory) else []
    group = _web_group()
    for name in sorted({*present, *params["accounts"]}):
        path = os.path.join(directory, name)
        candidates.append(Change(path, _text(path), params["accounts"].get(name), mode=0o640, group=group, secret=True))
    for name, text in ours.items():
        path = os.path.join(home, "sites-available", name)
        candidates.append(Change(path, _text(path), text))
    main_file = os.path.join(home, "nginx.conf")
    before = _text(main_file)
    if before is not None and params["settings"]:
        candidates.append(Change(main_file, before, _with_settings(before, params["settings"])))
    return [change for change in candidates if change.before != change.after or _loose(change)]


def _web_group():
    try:
        return grp.getgrnam(WEB_GROUP).gr_gid
    except KeyError:
        return 0


def _loose(change):
    """Whether others than nginx can read a password file, or nginx cannot."""
    if not change.secret or change.after is None:
        return False
    status = os.stat(change.path)
    return (status.st_mode & 0o777, status.st_uid, status.st_gid) != (change.mode, os.geteuid(), change.group)


def _with_settings(text, settings):
    """nginx.conf with each directive once in the block http: in the place where it stands, also as a comment."""
    for name, value in settings.items():
        line = "\t%s %s;" % (name, value)
        text, count = re.subn(r"(?m)^[ \t]*#?[ \t]*%s[ \t][^\n]*$" % re.escape(name), lambda _, line=line: line, text)
        if not count:
            text = re.sub(r"(?m)^(http[ \t]*\{[^\n]*)$", lambda hit, line=line: hit[1] + "\n" + line, text, count=1)
    return text


def _links(ours, home):
    """Path of each link in sites-enabled that changes -> where it leads, or None when it goes."""
    directory = os.path.join(home, "sites-enabled")
    links = {
        os.path.join(directory, name): os.path.join(home, "sites-available", name) if text is not None else None
        for name, text in {**ours, DEFAULT: None}.items()
    }
    return {path: target for path, target in links.items() if _target(path) != target}


def _target(path):
    return os.readlink(path) if os.path.islink(path) else "" if os.path.exists(path) else None


def _try(enabled, changes, run, home):
    """Let nginx read the new configuration from a directory of its own, with the new texts and links to all the rest.
    Raises ValueError when nginx refuses it."""
    if not os.path.isfile(NGINX) or not os.path.isfile(os.path.join(home, "nginx.conf")):
        return
    main_file = os.path.join(home, "nginx.conf")
    text = next((change.after for change in changes if change.path == main_file), _text(main_file))
    place = tempfile.mkdtemp(prefix="oplever-nginx-")
    try:
        for name in os.listdir(home):
            if name not in ("nginx.conf", "sites-enabled"):
                os.symlink(os.path.join(home, name), os.path.join(place, name))
        os.mkdir(os.path.join(place, "sites-enabled"))
        for name, site in enabled.items():
            files.put(os.path.join(place, "sites-enabled", name), site, 0o600, os.getegid())
        tried = text.replace(os.path.join(home, "sites-enabled"), os.path.join(place, "sites-enabled"))
        files.put(os.path.join(place, "nginx.conf"), tried, 0o600, os.getegid())
        code, out, err = run([NGINX, "-q", "-t", "-c", os.path.join(place, "nginx.conf")])
        if code:
            raise ValueError("nginx refuses the new configuration: " + (err or out).strip().replace(place, home))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _write(changes, links, home):
    """First what appears, then the links, then what goes: nginx never finds a link to nothing."""
    for change in changes:
        if change.after is not None:
            if change.secret:
                os.makedirs(os.path.dirname(change.path), 0o755, exist_ok=True)
            files.put(change.path, change.after, change.mode, change.group)
    for path, target in links.items():
        if os.path.lexists(path):
            os.unlink(path)
        if target is not None:
            os.symlink(target, path)
    for change in changes:
        if change.after is None and os.path.exists(change.path):
            os.unlink(change.path)
            _prune(os.path.dirname(change.path), home)


def _prune(directory, home):
    """Remove directories of accounts that have become empty."""
    kept = (home, os.path.join(home, "sites-available"))
    while directory not in kept and directory.startswith(home) and not os.listdir(directory):
        os.rmdir(directory)
        directory = os.path.dirname(directory)


if __name__ == "__main__":
    main()
