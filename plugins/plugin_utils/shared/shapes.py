"""Secrets that are recognised by themselves: keys, tokens, hashes, addresses and headers with credentials."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final, NamedTuple

MASK: Final = "***"


class Rule(NamedTuple):
    """What to look for when one of the `hints` (lower case) stands in a text. `instead` is as for `re.sub`."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    instead: str | Callable[[re.Match[str]], str]


def _shape(hints: tuple[str, ...], pattern: str, flags: int = 0) -> Rule:
    return Rule(hints, re.compile(pattern, flags), MASK)


def _after(hints: tuple[str, ...], pattern: str, flags: int = re.I) -> Rule:
    """The first group stays, the rest of the match goes."""
    return Rule(hints, re.compile(pattern, flags), rf"\1{MASK}")


def _basic(match: re.Match[str]) -> str:
    """Only what decodes to `user:password`: `Basic authentication` is two words."""
    try:
        decoded = base64.b64decode(match[2] + "=" * (-len(match[2]) % 4), validate=True)
    except (binascii.Error, ValueError):
        return match[0]
    return match[1] + MASK if b":" in decoded else match[0]


def _cookie(match: re.Match[str]) -> str:
    """The values of a Cookie header; of Set-Cookie the first, since its attributes follow."""
    return match[1] + re.sub(r"=[^;\s\"'\\]+", f"={MASK}", match[2], count=match[1].lower().startswith("set"))


_SCHEME = r"(?:basic|bearer|digest|token|negotiate|apikey|aws4-\S+)"
_QUERY = r"[^\s&#\"'<>\\)\]]+"
_FIELD = r"(?:[^\s:\"'\\]|\\.)+"
_KEY_BEGIN, _KEY_END = (
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----",
    r"-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----",
)

RULES: Final = (
    _shape(("private key",), rf"{_KEY_BEGIN}.*?(?:{_KEY_END}|\Z)", re.S),
    # The end of a key whose beginning was cut off.
    _shape(("private key",), rf"\A(?:(?!-----BEGIN).)*?{_KEY_END}", re.S),
    _after(("private-lines",), r"(Private-Lines: \d+\s)[A-Za-z0-9+/=\s]+?(?=Private-MAC|\Z)"),
    # The beginning of a key without the line that says so: of OpenSSH, and of Ed25519 in PKCS 8.
    _shape(("b3blbnnzac1rzxktdje", "mc4caqawbqydk2vwbcie"),
           r"\b(?:b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/]+(?:(?:\\n|\s)[A-Za-z0-9+/]{20,})*(?:(?:\\n|\s)[A-Za-z0-9+/]+)?={0,2}|"
           r"MC4CAQAwBQYDK2VwBCIE[A-Za-z0-9+/]{20,}={0,2})"),
    _shape(("ansible_vault",), r"\$ANSIBLE_VAULT;[0-9.]+;[A-Z0-9]+(?:;\S+)?[\s0-9a-f\\n]*"),
    _shape(("age-secret-key",), r"AGE-SECRET-KEY-1[0-9A-Z]{20,}"),
    _shape(("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gl", "xox", "xapp-"),
           r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|"
           r"gl(?:pat|dt|rt|ptt|oas|soat|ft|imt|agent|cbt)-[\w-]{16,}|"
           r"xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{10,})"),
    _shape(("akia", "asia", "aiza"), r"\b(?:A(?:KIA|SIA)[0-9A-Z]{16}|AIza[\w-]{35})"),
    _shape(("sk-", "_live_", "_test_", "whsec_"),
           r"(?<![\w-])(?:sk-(?!ssh-|ecdsa-)(?=[\w-]*\d)[\w-]{20,}|[sr]k_(?:live|test)_\w{16,}|whsec_[\w+/=]{16,})"),
    _shape(("hvs.", "hvb.", "hvr.", "sg.", "ya29."),
           r"\b(?:hv[sbr]\.[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|ya29\.[\w-]{20,})"),
    _shape(("npm_", "pypi-", "dop_v1_", "dckr_", "tskey-", "hf_", "atatt3", "shpat_", "glsa_"),
           r"\b(?:npm_[A-Za-z0-9]{30,}|pypi-[\w-]{40,}|dop_v1_[a-f0-9]{40,}|dckr_(?:pat|oat)_[\w-]{16,}|tskey-\w+-[\w-]{16,}|"
           r"hf_[A-Za-z]{30,}|ATATT3[\w=-]{30,}|shpat_[a-f0-9]{30,}|glsa_\w{30,})"),
    _shape(("eyj",), r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    # Hashes of passwords as in /etc/shadow, PostgreSQL, LDAP, Django, GRUB, MySQL and Samba.
    _shape(("$1$", "$2", "$5$", "$6$", "$7$", "$y$", "$gy$", "$argon2", "$apr1$", "$sha1$", "$scrypt$", "$pbkdf2"),
           r"\$(?:1|2[abxy]|5|6|7|y|gy|argon2(?:id|i|d)|apr1|sha1|scrypt|pbkdf2-sha\d+)\$[./A-Za-z0-9$=,+-]{12,}"),
    _shape(("scram-sha", "{ss", "{crypt}", "pbkdf2"),
           r"SCRAM-SHA-\d+\$[\w+/=:$]{20,}|\{(?:SSHA\d*|CRYPT|PBKDF2[\w-]*)\}[\w+/=.$]{8,}|"
           r"\bpbkdf2_sha\d+\$\d+\$[\w+/=$]{12,}|\bgrub\.pbkdf2\.sha512\.\d+\.[0-9A-F.]{20,}"),
    _shape(("*",), r"\*[0-9A-F]{40}\b"),
    # Samba: the hash before the colon is nearly always that of no password.
    _shape(("aad3b435",), r"\b[0-9A-Fa-f]{32}:[0-9A-Fa-f]{32}(?=:|\b)"),
    # Addresses. `https://host:443/a@b` has a port and no password.
    _after(("@",), r"\b([a-z][a-z0-9+.-]{1,20}://)[^\s/@:\"'<>]*:(?!\d{1,5}/)(?:[^\s\"'<>/]*|[^\s@\"'<>]*)(?=@)"),
    _after(("@",), r"\b([a-z][a-z0-9+.-]{1,20}://)(?=[^\s/@:]*\d)[\w-]{20,}(?=@)"),
    # A data source of Go: `user:password@tcp(host:3306)/database`.
    _after(("@tcp(", "@unix("), r"((?<![\w.-])[\w.-]+:)[^\s\"'`]+(?=@(?:tcp|unix)\()"),
    _after(("hooks.slack.com", "webhook", "discord", "/hooks/", "hc-ping.com", "pagerduty.com", "/api/push/", "ifttt"),
           rf"\b((?:hooks\.slack\.com/(?:services|workflows|triggers)|[\w.-]*webhook\.office\.com/webhookb2|outlook\.office(?:365)?\.com/webhook|"
           rf"discord(?:app)?\.com/api/webhooks|events\.pagerduty\.com/(?:integration|x-ere)|hc-ping\.com|[\w.:-]+/hooks|[\w.:-]+/api/push|"
           rf"maker\.ifttt\.com/trigger/[\w-]+/(?:json/)?with/key)/){_QUERY}"),
    _after(("sig=", "signature=", "credential=", "key=", "code=", "accesskeyid=", "auth="),
           rf"([?&](?:sig|[\w-]*signature|x-(?:amz|goog)-credential|awsaccesskeyid|auth|(?:[\w-]*key|code)(?==[\w-]{{16,}}))=){_QUERY}"),
    # Lines of .pgpass, host:port:database:user:password; with a port that others have too only where the file is named.
    _after((":*:", ":54", ":64", "pgpass"),
           rf"((?<![\w.*/:-])(?:\[[0-9a-f:.]+\]|[\w.*/-]+):(?:\*|[1-9]\d{{3,4}}):{_FIELD}:{_FIELD}:){_FIELD}"
           r"(?=:?(?:[\s'\"]|\Z))"),
    # Input of newusers, which has the password where /etc/passwd has an x.
    _after((":/bin/", ":/usr/", ":/sbin/"),
           r"((?<![\w.:/-])[a-z_][\w.-]*:)(?!x:|[*!])[^\s:\"']+(?=:\d*:\d*:[^:\n]*:/[^\s:]*:/)"),
    _after(("telegram",), r"\b(api\.telegram\.org/bot)[\w:-]+"),
    # Headers.
    _after(("authorization",), r"\b((?:proxy-)?authorization(?:\\*[\"'])?\s*[:=,]?\s*(?:\\*[\"'])?"
           rf"{_SCHEME}\s+)"
           r"[^\s\"',;\\]+"),
    _after(("authorization",), r"\b((?:proxy-)?authorization(?:\\*[\"'])?\s*[:=]\s*(?:\\*[\"'])?)"
           rf"(?!{_SCHEME}\s)"
           r"(?=[^\s\"',;\\]*\d)[^\s\"',;\\]{6,}"),
    _after(("bearer",), r"\b(bearer\s+)(?=[\w.~+/=-]*\d)[\w.~+/=-]{8,}"),
    Rule(("basic ",), re.compile(r"(?i)\b(basic\s+)([A-Za-z0-9+/]{8,}={0,2})"), _basic),
    Rule(("cookie",),
         re.compile(r"(?i)\b((?:set-)?cookie2?(?:\\*[\"'])?\s*[:=]\s*(?:\\*[\"'])?)([^\r\n\"']*=[^\r\n\"']+)"),
         _cookie),
)  # fmt: skip
