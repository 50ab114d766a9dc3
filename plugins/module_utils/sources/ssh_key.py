"""Keys of SSH: the server's own, and those that let people in; kind, length and who could replace them."""

from __future__ import annotations

import base64
import os
import re
import struct
from collections import namedtuple

from ansible_collections.oplever.lab.plugins.module_utils import writable
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import account, sshd

MAIN = "what"
SELECTORS = ("what", "bits")
NEEDS = ("what",)
ATTRIBUTES = ("exists", "keys", "weak", "open")
RSA_BITS = 3072
USUAL = (".ssh/authorized_keys", ".ssh/authorized_keys2")
# Who may change what these name decides who gets in: authorities, and names that their certificates may have.
NAMED_FILES = ("trustedusercakeys", "authorizedprincipalsfile")
COMMANDS = ("authorizedkeyscommand", "authorizedprincipalscommand")
WILDCARD = re.compile(r"[*?[]")
TOKEN = re.compile(r"%[A-Za-z]")
# Options before a key, which end at the first blank outside quotes (authorized_keys in sshd(8)).
OPTIONS = re.compile(r'((?:\\"|"(?:\\"|[^"])*(?:"|\Z)|[^ \t"])+)[ \t]*')
BLANKS = " \t\r"
KINDS = ("ssh-rsa", "ssh-dss", "ssh-ed25519", "ecdsa-sha2-", "sk-ssh-ed25519", "sk-ecdsa-sha2-")


def describe(select):
    return "keys in /etc/ssh" if select.get("what") == "host" else "authorized_keys of all accounts"


def look_up(machine, select):
    """`keys`: file:line, kind and bits of each. `weak`: those of them that are DSA, or RSA of fewer than `bits`."""
    subject, bits = str(select["what"]), int(select.get("bits") or RSA_BITS)
    if subject == "host":
        paths, wrong = _host(machine), []
    elif subject == "authorized":
        paths, wrong = _authorized(machine)
    else:
        raise UnreadableError("ssh_key does not know %s (it knows: authorized, host)" % subject)
    keys = [key for path in paths for key in _of_file(machine, path)]
    weak = [text for text, kind, length in keys if kind == "ssh-dss" or (kind == "ssh-rsa" and length < bits)]
    return {"exists": bool(keys or wrong), "keys": [text for text, _, _ in keys], "weak": weak, "open": wrong}


def parse(line):
    """(kind, bits) of a line of a .pub or authorized_keys file, options before the key allowed; else None."""
    key = fields(line)
    return (key.kind, key.bits) if key else None


Key = namedtuple("Key", ("options", "kind", "bits", "blob", "comment"))


def fields(line):
    """The Key of a line as sshd reads it; None of what is no key."""
    line = line.strip(BLANKS)
    options = OPTIONS.match(line)
    if not options or line.startswith("#"):
        return None
    return _key("", line) or _key(options.group(1), line[options.end() :])


def _key(options, text):
    kind, _, rest = text.replace("\t", " ").partition(" ")
    encoded, _, comment = rest.lstrip().partition(" ")
    if not kind.startswith(KINDS):
        return None
    try:
        blob = base64.b64decode(encoded, validate=True)
        return Key(options, kind, _bits(blob), blob, " ".join(comment.split()))
    except (struct.error, ValueError, IndexError):
        return None


def _bits(blob):
    """Length of the number that matters: RSA's modulus, DSA's prime; what the curve has for the rest."""
    fields, at = [], 0
    while at < len(blob):
        (length,) = struct.unpack_from(">I", blob, at)
        fields.append(blob[at + 4 : at + 4 + length])
        at += 4 + length
    kind = fields[0].decode("ascii", "replace")
    if kind in ("ssh-rsa", "ssh-dss"):
        return int.from_bytes(fields[2 if kind == "ssh-rsa" else 1], "big").bit_length()
    return next((size for size in (256, 384, 521) if "nistp%d" % size in kind), 256)


def _of_file(machine, path):
    for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
        key = None if line.lstrip().startswith("#") else parse(line)
        if key:
            yield "%s:%d %s %d" % (path, number, *key), key[0], key[1]


def _host(machine):
    """Public halves of the keys that the server uses; where it cannot be asked, those in the usual place."""
    try:
        named = sshd.look_up(machine, {"option": "hostkey"}).get("values") or []
    except UnreadableError:
        named = []
    paths = [path + ".pub" for path in named] or machine.glob("/etc/ssh/ssh_host_*_key.pub")
    return [path for path in paths if machine.status(path) is not None]


def _authorized(machine):
    """(files, what is wrong with who may write them); the account itself and root may."""
    paths, wrong = [], []
    templates = machine.once(templates_of_keys)
    for name, facts in machine.once(account.accounts).items():
        for path in places_of(machine, templates, name, facts):
            if not _is_below(path, facts["home"]) and any(writable.by_others(machine, path)):
                wrong += [path] if path not in wrong else []  # whoever makes the file gets in as the account
            try:
                places = [os.stat(machine.path(p)) for p in (path, os.path.dirname(path))]
            except OSError:
                continue
            if path not in paths:
                paths.append(path)
                if any(s.st_uid not in (0, facts["uid"]) or s.st_mode & 0o022 for s in places) and path not in wrong:
                    wrong.append(path)
    return paths, [*wrong, *(path for path in _decisive(machine) if path not in wrong)]


def _decisive(machine):
    """Paths by which others than root decide who gets in, beside the files with keys: files that sshd does not look at
    the rights of, and what a command that gives keys reads."""
    for option in NAMED_FILES:
        for value in _values(machine, option) or ():
            if value.startswith("/") and any(_by_others(machine, value)):
                yield value
    for option in COMMANDS:
        for value in _values(machine, option) or ():
            for word in value.split()[1:]:
                if word.startswith("/") and any(_by_others(machine, word)):
                    yield word


def _values(machine, option):
    """All that sshd has for an option, also in Match blocks; None where it cannot be asked."""
    try:
        facts = sshd.look_up(machine, {"option": option})
    except UnreadableError:
        return None
    every = [facts, *(other for _, other in facts.get("variants", ()))]
    return list(dict.fromkeys(value for some in every for value in some.get("values") or []))


def _by_others(machine, path):
    """As `writable.by_others`; of a path that differs for each account, of the directory before that."""
    token = TOKEN.search(path)
    if token is None:
        return writable.by_others(machine, path)
    return writable.by_others(machine, path[: token.start()].rpartition("/")[0] or "/", new_entry=True)


def _is_below(path, home):
    return path.startswith(home.rstrip("/") + "/")


def templates_of_keys(machine):
    """AuthorizedKeysFile as sshd has it, also in Match blocks; the usual places where it cannot be asked."""
    values = _values(machine, "authorizedkeysfile")
    if values is None:
        return list(USUAL)
    words = [word for value in values for word in value.split()]
    return [word for word in dict.fromkeys(words) if word.lower() != "none"]


def places_of(machine, templates, name, facts):
    """Paths for one account; since OpenSSH 10 they may have wildcards."""
    for path in dict.fromkeys(_place(template, name, facts) for template in templates):
        yield from (machine.glob(path) if WILDCARD.search(path) else [path])


def _place(template, name, facts):
    """The path for one account; %h, %u, %U and %% as sshd_config(5) has them."""
    tokens = {"%%": "%", "%h": facts["home"].rstrip("/"), "%u": name, "%U": str(facts["uid"])}
    path = re.sub(r"%[%huU]", lambda hit: tokens[hit.group()], template)
    return path if path.startswith("/") else "%s/%s" % (facts["home"].rstrip("/"), path)
