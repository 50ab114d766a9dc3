"""Take secrets out of text: by the name they are given, by their shape, and by values known to be secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from .names import (
    is_harmless_name,
    is_list_of_secrets,
    is_no_secret,
    is_phrase,
    is_prose,
    is_secret_name,
    is_secret_value,
    strength,
)
from .programs import PROGRAMS, without_arguments
from .shapes import MASK, RULES

__all__ = ["MASK", "Redactor", "every_text", "is_secret_name", "may_hold_secrets", "redact_text", "secret_values"]

DEPTH = 6
"""How deep variables are searched for secrets."""
SHORT, REMEMBERED = 256, 20_000
"""Characters of a text, and number of texts, that are remembered as having no secret in them."""
SHORTEST_KNOWN = 6
"""Known secrets shorter than this are not searched for: `admin` would black out half of every text."""

_PARTS_OF_A_SNAPSHOT = frozenset({"format", "host", "packages", "state", "unseen"})
_NAMED_HINTS = (
    "pass", "pw", "wachtwoord", "kennwort", "pswd", "secret", "token", "key", "cred", "psk", "otp", "bearer", "cookie",
    "hook", "community", "pin", "auth", "salt", "sess", "luks", "vault",
)  # fmt: skip
"""A text without one of these has no name of a secret in it."""
_NAME = re.compile(
    r"(?<![\w.-])(?:--?)?"
    r"(?P<name>(?:(?:api|access|private|secret|shared|pre-shared|encryption|master|account|licen[cs]e) )?"
    r"[A-Za-z_][\w.-]*)(?P<quote>(?:\\*[\"'])?\]?)(?P<sign>[ \t]{0,40}(?:=>|:=|!?={1,2}|::?)[ \t]{0,40})",
    re.I,
)
_VALUE = re.compile(
    r"""
    [burEN]{0,2}"(?P<double>(?:[^"\\\n]|\\.)*)"? | [burEN]{0,2}'(?P<single>(?:[^'\\\n]|\\.|'')*)'?
    | \\+"(?P<escaped>(?:[^"\\]|\\+[^"\\])*)\\*"?
    | [|>][+-]?[ \t]*\n[ \t]+(?P<block>[^\n]+)
    | \[(?P<list>[^\[\]{}\n]+)\]
    | (?P<bare>(?:[^\s"',;&]|[,;&](?![\w.-]+[=:]|\s|$))+)
    """,
    re.X,
)
_OPTION = re.compile(
    r"(?<![\w-])(?P<head>--?(?P<name>[A-Za-z][\w-]{2,}) +)(?!<<)(?P<value>\"[^\"\n]*\"?|'[^'\n]*'?|[^\s\"';|]+)"
)
_ELEMENT = re.compile(r"(?P<head><(?P<name>[A-Za-z][\w:.-]*)>)(?P<value>[^<>\s][^<>]*)(?=</)")
_PROGRAMS = frozenset({"passwd", "chpasswd", "gpasswd", "htpasswd", "kpasswd", "smbpasswd", "ldappasswd", "sshpass"})
"""`passwd: ...` is what the program says, or the first line of nsswitch.conf."""
_VERB = re.compile(r"\b(?:not|to|did|does|will|would|must|should|shall|may|can|cannot|could|tests|checks) \Z", re.I)
"""What stands before the verb: in `2 tests did not pass: a, b` no secret follows."""
_PATH = re.compile(r"(?:/[\w.@%~:,-]*)+")
"""Of a file or directory. One of 64 keys in Base64 begins with `/` as well, and has signs that a path seldom has."""
_SUSPECT_FILE = re.compile(
    rb"(?i)vault|pass|pwd?|wachtwoord|kennwort|secret|token|key|cred|psk|pin|otp|auth|bearer|cookie|hook|community|salt|sess|luks"
)


def _one_of(hints: Iterable[str]) -> re.Pattern[str]:
    """Finds any of the hints. Grouped by their first character, since most places in a text begin none of them."""
    groups: dict[str, list[str]] = {}
    for hint in sorted(set(hints)):
        groups.setdefault(hint[0], []).append(re.escape(hint[1:]))
    return re.compile("|".join(f"{re.escape(first)}(?:{'|'.join(endings)})" for first, endings in groups.items()))


_HINT = _one_of([*_NAMED_HINTS, *(hint for hints, *_ in (*RULES, *PROGRAMS) for hint in hints)])


def redact_text(text: str) -> str:
    """The text with everything that looks like a secret replaced by `***`."""
    lower = text.lower()
    if not _HINT.search(lower):
        return text
    for hints, pattern, instead in RULES:
        for hint in hints:
            if hint in lower:
                text = pattern.sub(instead, text)
                break
    text = without_arguments(text, lower, MASK)
    has_sign = "=" in text or ":" in text or "-" in text or "</" in text
    return _without_named(text) if has_sign and any(hint in lower for hint in _NAMED_HINTS) else text


def _without_named(text: str) -> str:
    """Values of what has the name of a secret masked: `name = value` in its many spellings, options, XML elements."""
    kept, done = [], 0
    for match in _NAME.finditer(text):
        if match.start() >= done and (value := _named_value(match, text)) is not None:
            kept += [text[done : value[0]], MASK]
            done = value[1]
    text = "".join([*kept, text[done:]]) if kept else text
    if "<" in text:
        text = _ELEMENT.sub(_without_value, text)
    return _OPTION.sub(_without_value, text) if "-" in text else text


def _named_value(match: re.Match[str], text: str) -> tuple[int, int] | None:
    """(begin, end) of the secret that a name introduces; None when it is no secret."""
    name = match["name"].rpartition(".")[2]
    how_sure = strength(name)
    if how_sure == "none" or (name.lower() == "pass" and _VERB.search(text, 0, match.start())):
        return None
    value = _VALUE.match(text, match.end())
    if value is None:
        return None
    inner, kind, end = value[value.lastgroup or 0], value.lastgroup, value.end()
    if kind == "block":
        return value.span("block")
    if kind == "bare":
        inner = inner.rstrip(")]}>.,:;`|\\")
        end = value.start() + len(inner)
        if ":" in match["sign"] and not match["quote"]:
            line = text[value.start() :].split("\n", 1)[0]
            if _begins_line(match, text) and is_phrase(line):
                return value.start(), value.start() + len(line)
            if _is_statement(match, text, inner, line[len(inner) :]):
                return None
    return (value.start(), end) if inner and is_secret_value(inner, name, how_sure) else None


def _begins_line(match: re.Match[str], text: str) -> bool:
    return not text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip(" \t-")


def _is_statement(match: re.Match[str], text: str, value: str, remainder: str) -> bool:
    """Whether `name: value` is a path or a program with what it says, or the beginning of a sentence."""
    before = text[match.start() - 1 : match.start()]
    if before == "/" or value == "chauthtok" or text[: match.start()].endswith("nexpected "):
        return True
    if match["name"].lower() in _PROGRAMS:
        return not any(character.isdigit() for character in value) or bool(remainder.strip())
    spaced = match["sign"].endswith((" ", "\t"))
    return (spaced and is_prose(value, remainder)) or (
        not spaced and value.isalpha() and value.islower() and before == "("
    )


def _without_value(match: re.Match[str]) -> str:
    """What follows an option or stands in an element, masked when its name says secret."""
    value = match["value"].strip("\"'")
    is_secret = strength(match["name"]) == "strong" and not value.startswith("-")
    return match["head"] + MASK if is_secret and is_secret_value(value, match["name"], "strong") else match[0]


def may_hold_secrets(content: bytes) -> bool:
    """Whether reading a file of variables for secrets is worth the time."""
    return bool(_SUSPECT_FILE.search(content))


def secret_values(variables: Mapping[str, Any]) -> set[str]:
    """Values of variables whose name says secret, and values from the vault. Templates, paths, short words and
    snapshots are left out."""
    secrets: set[str] = set()
    _collect(variables, 0, secrets)
    return _worth_knowing(secrets)


def is_snapshot(value: Mapping[str, Any]) -> bool:
    """Whether a mapping is what `oplever.lab.snapshot` answers. Its keys name what is on a machine, as the file
    `/etc/pam.d/passwd`, and what is secret in it was masked there."""
    return value.keys() >= _PARTS_OF_A_SNAPSHOT


def _collect(variables: Mapping[str, Any], depth: int, secrets: set[str]) -> None:
    if is_snapshot(variables):
        return
    for name, value in variables.items():
        if not isinstance(value, str):
            _look_into(value, depth, secrets)
            if is_list_of_secrets(str(name)):
                secrets |= _named_apart(value)
        elif is_secret_name(str(name)) and not is_no_secret(value):
            secrets.add(str(value))


def _named_apart(value: Any) -> set[str]:
    """The texts of `passwords: [...]`, and of `passwords: {wiki: ..., mail: ...}` without what says whose they are."""
    if isinstance(value, Mapping):
        items = [text for name, text in value.items() if not is_harmless_name(str(name))]
    else:
        items = list(value) if isinstance(value, (list, tuple)) else []
    return {str(text) for text in items if isinstance(text, str) and not is_no_secret(text)}


def _look_into(value: Any, depth: int, secrets: set[str]) -> None:
    if isinstance(value, (dict, Mapping)):  # a check for dict alone costs a tenth, and nearly all of them are
        if depth < DEPTH:
            _collect(value, depth + 1, secrets)
    elif isinstance(value, (list, tuple)):
        for item in value if depth < DEPTH else ():
            if not isinstance(item, str):
                _look_into(item, depth + 1, secrets)
    else:
        secrets |= _vaulted(value)


def every_text(value: Any, depth: int = 0) -> set[str]:
    """Every text in a value that is secret as a whole."""
    if isinstance(value, str):
        return _worth_knowing({str(value)})
    if depth >= DEPTH:
        return set()
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return set().union(*(every_text(part, depth + 1) for part in inner), _worth_knowing(_vaulted(value)))


def _vaulted(value: Any) -> set[str]:
    """The text of one `!vault` value; core 2.19 has another class for it than the versions before."""
    if type(value).__name__ not in ("EncryptedString", "AnsibleVaultEncryptedUnicode"):
        return set()
    try:
        return {str(value)}
    except Exception:  # no password for it: then no task can use it either
        return set()


def _worth_knowing(values: set[str]) -> set[str]:
    return {v for v in values if len(v) >= SHORTEST_KNOWN and "{{" not in v and not _PATH.fullmatch(v)}


def _encoded(value: str) -> set[str]:
    """A secret as it stands in an address, and in Base64 with or without a line end behind it."""
    if len(value) < SHORTEST_KNOWN:
        return set()
    content = value.encode("utf-8", "surrogatepass")
    in_base64 = {base64.b64encode(whole).decode().rstrip("=") for whole in (content, content + b"\n")}
    return {quote(content, safe=""), quote(content), quote_plus(content), *in_base64}


class Redactor:
    """Replaces known secret values and what looks like a secret. Values can be added while the run goes on. `key` is
    that of marks: of a run, never written down."""

    def __init__(self, values: Iterable[str] = (), key: bytes = b"") -> None:
        self._key = key
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._clean: set[str] = set()
        self.know(values)

    def know(self, values: Iterable[str]) -> None:
        """Remember secret values; each line of a longer one counts too, and what `repr`, JSON, an address or Base64
        make of it."""
        new: set[str] = set()
        for value in values:
            for part in (value.strip(), *(line.strip() for line in value.splitlines())):
                new |= {part, repr(part)[1:-1], part.replace("\\", "\\\\").replace('"', '\\"')} | _encoded(part)
        new = {part for part in new if len(part) >= SHORTEST_KNOWN} - self._values
        if new:
            self._values |= new
            self._clean.clear()
            longest_first = sorted(self._values, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def mark(self, *texts: str) -> str:
        """What tells whether texts are the same as others of this run, and nothing else; empty without a key."""
        if not self._key:
            return ""
        digest = hmac.new(self._key, digestmod=hashlib.sha256)
        for text in texts:
            digest.update(f"{len(text)}:{text}".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:16]

    def text(self, text: str) -> str:
        """The text without what looks like a secret or is known as one. Short texts in which there was nothing are
        remembered: the snapshots of a run hold the same ones again and again."""
        if text in self._clean:
            return text
        masked = self._pattern.sub(MASK, text) if self._pattern is not None else text
        masked = redact_text(masked)
        if masked == text and len(text) <= SHORT and len(self._clean) < REMEMBERED:
            self._clean.add(text)
        return masked

    def value(self, value: Any) -> Any:
        """A JSON value with every string in it redacted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        return value
