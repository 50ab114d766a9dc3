"""Which names say that their value is a secret, and which values are none whatever the name says."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

Strength = Literal["none", "weak", "strong"]
"""`weak` names (`smtp_auth`, `session_id`) hold a secret as a variable; in a message the value has to look random."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
"""Words of a name: `userPass`, `user_pass` and `USER-PASS` have two."""

_KEYS = (
    "api|private|access|secret|encrypt|encryption|decryption|signing|signature|master|shared|preshared|psk|auth|account|"
    "storage|hmac|crypt|cipher|consumer|app|application|ssh_private|aes|rsa|wg|luks|license|licence|integration|ingest|"
    "routing|subscription|write|instance|activation"
)
_STRONG = re.compile(
    rf"""
    .*(?:pass?w(?:o?r)?d|passwort|wachtwoord|kennwort|passphrase|passcode|pswd)s?(?:en)?
    | passw(?:or)?d(?:hash|salt|value|text|plain|string|old|new|confirm\w*)
    | .*secrets? | secret(?:id|value|string|keybase)
    | .*token | tokens | tokenvalue
    | .*(?:{_KEYS})keys? | .*credentials? | .*creds
    | .*pass | .*pwd? | psks? | .*totp | bearer | .*webhook | .*community | communitystring | .*authtok
    """,
    re.X,
)
_STRONG_PAIR = re.compile(rf"(?:.*(?:{_KEYS})keys?|pass(?:word|phrase|code)|wachtwoord|presharedkey|secretid)")
_WEAK = re.compile(r"auth|pin|pincode|otp|luks|.*cookie|.*salt|.*sess(?:ion)?id|sessionkey")
_NO_PASSWORD = re.compile(
    r"(?:by|com|encom|tres|sur|over|under|multi|kee|last|go|first|second|single|two|dry|proxy|fastcgi|uwsgi|scgi|grpc|"
    r"memcached|ask)pass|libsecret|(?:import|load)credentials?|(?:empty|no|without|prohibit|permit|allow)(?:empty)?passw(?:or)?ds?|"
    r"(?:server|max|min|num|total|input|output|prompt|completion)tokens?|syncookies?"
)
"""Words, or two in a row, that end like a secret and are none."""
_PUBLIC_KEYS: Final = _words(
    "public authorized host known sort primary foreign gpg pgp apt rpm yum repo deb trusted hot search cache "
    "partition index lookup group unique dict map config registry keyboard function accept arrow modifier compose "
    "signed by"
)
"""Words before `key` of which the value is no secret. Another word there counts for a variable: `deploy_key`."""
_HARMLESS_LAST: Final = _words(
    "file files filename path paths dir directory folder name names user users username length len min max minlen "
    "maxlen policy policies age days hours minutes seconds type kind size enabled enable disabled disable "
    "required require server servers host hosts hostname port ports timeout prompt backend format algorithm "
    "algorithms algo quality scheme count retries attempts tries limit expiry expires expired expire expiration "
    "ttl lifetime rotation interval hint label title description comment status state mode version class provider "
    "manager engine method methods check checks complexity history warn warning reset change changed changes "
    "created updated at time date lock locked set unset allowed empty authentication field column parameter param "
    "regex pattern template chars characters stdin url uri urls endpoint addr address domain group groups owner role "
    "roles permissions fingerprint thumbprint issuer audience scope scopes realm priority source plugin module "
    "sync program chat strength score samesite secure httponly location locations command cmd cipher namespace "
    "encryption reqd classes environment env args through thru filenames headers arguments variables vars "
    "iterations rounds cost level bits curve lookup exists present absent visible shown saved login recovery ask"
)
_HARMLESS_LAST_PART = re.compile(
    r"(?:passw(?:or)?ds?|passphrase|secret|token|cookie)(?:authentication|auth|less|file|path|policy|length|age|prompt|"
    r"name|type|url|quality|history|manager|store|i[sz]er|i[sz]ed|i[sz]ation)|.*authentication|permitempty\w*"
)

STATES: Final = _words(
    "set unset locked unlocked empty yes no true false none null nil absent present optional required unchanged "
    "expired missing on off enabled disabled default prompt ask hidden masked redacted undefined invalid valid "
    "incorrect wrong failed failure success ok error denied refused unknown never always changed updated "
    "generated verified rotated provided given supplied specified ignored disallowed allowed sha256 sha512 md5 "
    "bcrypt yescrypt argon2 plain on_create with without without-password ja nee onjuist ongeldig verlopen leeg "
    "ontbreekt"
)
"""What is said of a password in one word and is none."""
_PROSE: Final = _words(
    "a an the is are was were be been being has have had must may can cannot could should would will not and or "
    "of for from to in on at by with without as if it its this that use using used see type enter please "
    "permission access operation connection unable too must-be need needs expected unexpected bad new old your my "
    "any some all each every option flag argument value values file user name de het een is moet niet geen van "
    "voor met op in"
)
_PLACEHOLDER = re.compile(
    r"""
    \*{2,}.* | [*\#] | x{3,} | \.{3,} | … | [{}\[\]()|>-]+ | "" | ''      # masked before, or nothing
    | \{.* | \[\w*\] | !(?:vault|unsafe|secret|env)\b.*                   # a mapping, a list, a tag of YAML
    | \$\{.* | \$\(.* | \$[A-Z_][A-Z0-9_]* | \$\w+(?:::|/).*             # variables
    | %\(?\w+\)?[%s] | <[a-z_-]*>? | \([a-z]*\)? | [A-Za-z_][\w.]*\(      # to be filled in, or code
    | (?i:VALUE_SPECIFIED_IN_NO_LOG_PARAMETER | NOT_LOGGING_\w+ | omit)
    """,
    re.X,
)
_PUBLIC = re.compile(
    r"(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-\S+|sk-\S+@openssh\.com) |"
    r"-----BEGIN (?:RSA |PGP |SSH2 |TRUSTED )?(?:PUBLIC|CERT)"
)
_NUMBER_OR_VERSION = re.compile(r"\d{1,3}|v?\d+(?:\.\d+)+[\w.+~:-]*")
_LOOKS_RANDOM = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[^\s/\\()]{12,}|[A-Za-z0-9+/_=-]{20,}")
_NO_RANDOM = re.compile(r"[a-z]+://.*|/.*|[\w-]+(?:\.[\w-]+)+(?::\d+)?|v?\d[\d.]*\w?")


@lru_cache(maxsize=4096)
def strength(name: str) -> Strength:
    """How surely a variable, setting or option of this name holds a secret."""
    words = [word.lower() for word in _PARTS.findall(name[-120:])]
    while words and words[-1].isdigit():
        words.pop()
    if not words or _is_harmless(words):
        return "none"
    pairs = [first + second for first, second in zip(words, words[1:])]  # noqa: RUF007, B905  Python 3.9
    none = [bool(_NO_PASSWORD.fullmatch(part)) for part in (*words, *pairs)]
    if any(none):
        return "none"
    if any(_STRONG.fullmatch(word) for word in words) or any(_STRONG_PAIR.fullmatch(pair) for pair in pairs):
        return "strong"
    if "vault" in words or _WEAK.fullmatch(words[-1]) or (pairs and _WEAK.fullmatch(pairs[-1])):
        return "weak"
    # A `key` needs a word before it: alone it is the name of a setting beside its `value`, as in dict2items.
    return "weak" if words[-1] in ("key", "keys") and len(words) > 1 else "none"


def _is_harmless(words: list[str]) -> bool:
    last = words[-1]
    if _HARMLESS_LAST_PART.fullmatch(last):
        return True
    if last in ("key", "keys", "id"):
        before = words[-2] if len(words) > 1 else ""
        return before in _PUBLIC_KEYS or (last == "id" and before not in ("secret", "session"))
    if last in ("url", "uri", "endpoint") and "webhook" in words:
        return False
    return last in _HARMLESS_LAST or last.removesuffix("s") in _HARMLESS_LAST


def is_secret_name(name: str) -> bool:
    """Whether a variable or option of this name holds a secret (`db_password` yes, `password_file` no)."""
    return strength(name) != "none"


_MANY = re.compile(
    r".*(?:passwords|wachtwoorden|passphrases|passcodes|secrets|tokens|psks)|.*(?:api|private|secret|pre-?shared)[_-]?keys",
    re.I,
)


def is_list_of_secrets(name: str) -> bool:
    """Whether each text in a variable of this name is a secret, whatever it is called in there."""
    return bool(_MANY.fullmatch(name)) and strength(name) == "strong"


def is_harmless_name(name: str) -> bool:
    """Whether a name says that its value only describes a secret: `user`, `file`, `length`."""
    words = [word.lower() for word in _PARTS.findall(name[-120:])]
    return bool(words) and _is_harmless(words)


def is_no_secret(value: str) -> bool:
    """Whether a value says what is the matter with a secret, or stands in for it, or is public."""
    word = value.strip().rstrip(".,:;!").lower()
    return not word or word in STATES or bool(_PLACEHOLDER.fullmatch(value.strip()) or _PUBLIC.match(value))


def is_secret_value(value: str, name: str, how_sure: Strength) -> bool:
    """Whether the value of a name in a message is to be taken out. `value` is without quotes."""
    if is_no_secret(value) or value.lower() in _PROSE:
        return False
    last = name.rpartition(".")[2].lower()
    if last.endswith(("pwd", "cwd")) and value.startswith(("/", "~")):
        return False  # the working directory of a shell
    if value.startswith(("/", "~/", "./")) and last.endswith(("key", "keys", "token", "secret", "credentials", "psk")):
        return False  # where it is kept
    if how_sure == "strong":
        if last.endswith(("token", "tokens", "passwords", "secrets", "credentials")) and value.isdigit():
            return False  # a count
        # `pass: 12` counts tests and `sshpass=1.09-1` is a package. A password that looks like that has another name.
        return not (last.endswith("pass") and _NUMBER_OR_VERSION.fullmatch(value))
    if last.endswith(("pin", "pincode", "otp")):
        return value.isdigit() and 4 <= len(value) <= 12
    return bool(_LOOKS_RANDOM.fullmatch(value)) and not _NO_RANDOM.fullmatch(value)


def is_prose(value: str, remainder: str) -> bool:
    """Whether an unquoted value after a colon is the first word of a sentence, by what follows it on the line."""
    word = value.strip("`")
    return word.lower() in _PROSE or (word.isalpha() and bool(re.match(r"`? +[(\[]?[A-Za-z]", remainder)))


def is_phrase(line: str) -> bool:
    """Whether the rest of a line is a passphrase of several words: no word that a sentence would have."""
    words = line.split()
    return 3 <= len(words) <= 12 and all(w.isalpha() and w.lower() not in _PROSE | STATES for w in words)
