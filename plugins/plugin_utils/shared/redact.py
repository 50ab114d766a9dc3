"""Take secrets out of text: by the name they are given, by their shape, and by values known to be secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "***"
DEPTH = 6
"""How deep variables are searched for secrets."""
SHORTEST_KNOWN = 6
"""Known secrets shorter than this are not searched for: `admin` would black out half of every text."""

_WORDS = (
    r"passw(?:or)?d|passwort|wachtwoord|passphrase|pwd|secret|token|"
    r"api[_-]?key|private[_-]?key|access[_-]?key|encryption[_-]?key|credentials?"
)
# A `key` needs a word before it: alone it is the name of a setting beside its `value`, as in dict2items.
_SECRET_NAME = re.compile(rf"(?i)(?:{_WORDS}|vault|(?:^|[_-])(?:pass|psk|pin|otp|auth)(?:$|[_-])|[_-]key(?:$|[_-]))")
_HARMLESS_NAME = re.compile(
    r"(?i)(?:[_-](?:files?|path|dir|directory|url|uri|name|users?|length|minlen|policy|age|days|type|size|enabled|required|"
    r"server|host|port|id|timeout|prompt|backend|format|algorithms?|quality|scheme)|"
    r"authentication|public_?key|vault_?id|authorized_?keys?)$"
)
# Words that answer "which state is the password in" and are no password.
_STATES = r"(?:set|locked|empty|yes|no|true|false|none|null|absent|present|optional|required|unchanged|expired|missing)"

_SHAPES = (
    re.compile(
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\Z)", re.S
    ),
    # The end of a key whose beginning was cut off.
    re.compile(r"\A(?:(?!-----BEGIN).)*?-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----", re.S),
    re.compile(r"\$ANSIBLE_VAULT;[0-9.]+;[A-Z0-9]+(?:;\S+)?[\s0-9a-f\\n]*"),
    re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,})"),
    re.compile(
        r"\b(?:A(?:KIA|SIA)[0-9A-Z]{16}|AIza[\w-]{35}|sk-[\w-]{20,}|sk_(?:live|test)_\w{16,}|hv[sb]\.[\w-]{20,})"
    ),
    re.compile(r"\b(?:npm_[A-Za-z0-9]{30,}|pypi-[\w-]{40,}|dop_v1_[a-f0-9]{40,}|SG\.[\w-]{16,}\.[\w-]{16,})"),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    re.compile(r"\$(?:1|2[abxy]|5|6|7|y|gy|argon2(?:id|i|d)|apr1|sha1)\$[./A-Za-z0-9$=,+-]{12,}"),
)
_URL = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20}://)[^\s/@:\"'<>]*:[^\s@\"'<>]*@")
_SCHEME = r"(?:(?:basic|bearer|digest|token|negotiate)\s+)?"
_HEADER = re.compile(rf"(?i)\b((?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?{_SCHEME})[^\s\"',;]+")
_BEARER = re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]{8,}")
_NAMED = re.compile(
    rf"(?i)((?:{_WORDS})[\"']?\s{{0,3}}[=:]{{1,2}}\s{{0,3}})(?!{_STATES}(?:[\s,;)\].\"']|$))(?![*<{{(])"
    r"(\"[^\"]*\"|'[^']*'|[^\s,;\"']+)"
)
_OPTION = re.compile(r"(?i)(\s--?(?:password|passwd|pass|pwd|token|secret|api-key)[ =])(\"[^\"]*\"|'[^']*'|\S+)")
_SUSPECT_FILE = re.compile(rb"(?i)vault|pass|pwd|wachtwoord|secret|token|key|credential|psk|pin|otp|auth")
_SUSPECT = re.compile(
    r"(?i)PRIVATE KEY|ANSIBLE_VAULT|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|AKIA|ASIA|AIza|sk[-_]|hv[sb]\.|npm_|pypi-|"
    rf"dop_v1_|SG\.|eyJ|\$[0-9a-z]{{1,8}}\$|://[^\s/@]*:|authorization|bearer|{_WORDS}|--?pass"
)


def is_secret_name(name: str) -> bool:
    """Whether a variable or option of this name holds a secret (`db_password` yes, `password_file` no)."""
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS_NAME.search(name)


def redact_text(text: str) -> str:
    """The text with everything that looks like a secret replaced by `***`."""
    if not _SUSPECT.search(text):
        return text
    for shape in _SHAPES:
        text = shape.sub(MASK, text)
    for pattern, instead in ((_URL, rf"\1{MASK}@"), (_HEADER, rf"\1{MASK}"), (_BEARER, rf"\1{MASK}")):
        text = pattern.sub(instead, text)
    return _NAMED.sub(rf"\1{MASK}", _OPTION.sub(rf"\1{MASK}", text))


def may_hold_secrets(content: bytes) -> bool:
    """Whether reading a file of variables for secrets is worth the time."""
    return bool(_SUSPECT_FILE.search(content))


def secret_values(variables: Mapping[str, Any]) -> set[str]:
    """Values of variables whose name says secret, and values from the vault. Templates, paths and short words are left
    out."""
    found: set[str] = set()
    _collect(variables, 0, found)
    return _worth_knowing(found)


def _collect(variables: Mapping[str, Any], depth: int, found: set[str]) -> None:
    for name, value in variables.items():
        if not isinstance(value, str):
            _look_into(value, depth, found)
        elif is_secret_name(str(name)):
            found.add(str(value))


def _look_into(value: Any, depth: int, found: set[str]) -> None:
    if isinstance(value, (dict, Mapping)):  # a check for dict alone costs a tenth, and nearly all of them are
        if depth < DEPTH:
            _collect(value, depth + 1, found)
    elif isinstance(value, (list, tuple)):
        for item in value if depth < DEPTH else ():
            if not isinstance(item, str):
                _look_into(item, depth + 1, found)
    else:
        found |= _vaulted(value)


def every_text(value: Any, depth: int = 0) -> set[str]:
    """Every text in a value that is secret as a whole."""
    if isinstance(value, str):
        return _worth_knowing({str(value)})
    if depth >= DEPTH:
        return set()
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
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
    return {v for v in values if len(v) >= SHORTEST_KNOWN and "{{" not in v and not v.startswith("/")}


class Redactor:
    """Replaces known secret values and what looks like a secret. Values can be added while the run goes on."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.know(values)

    def know(self, values: Iterable[str]) -> None:
        """Remember secret values; each line of a longer one counts too, and what `repr` or JSON make of it."""
        new: set[str] = set()
        for value in values:
            for part in (value.strip(), *(line.strip() for line in value.splitlines())):
                new |= {part, repr(part)[1:-1], part.replace("\\", "\\\\").replace('"', '\\"')}
        new = {part for part in new if len(part) >= SHORTEST_KNOWN} - self._values
        if new:
            self._values |= new
            longest_first = sorted(self._values, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        return redact_text(text)

    def value(self, value: Any) -> Any:
        """A JSON value with every string in it redacted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        return value
