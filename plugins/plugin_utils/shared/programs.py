"""Secrets on command lines of programs, in SQL and in directives of configuration files."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

WORD: Final = r"(?:\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|[^\s\"';|)]+)"
"""One word as a shell reads it, most of the time."""
_SQL: Final = r"(?:[EN]?'(?:[^'\\]|\\.|''(?=\S))*'?|\\*\"(?:[^\"\\]|\\.)*\"?)"
_TO_PIPE: Final = r"[^|\n]*"
_TO_CHPASSWD: Final = r"[\"']?\s*\|\s*(?:sudo\s+)?(?:/\S*/)?chpasswd\b"
_TO_END: Final = r"[^|;&\n]*"


class Program(NamedTuple):
    """`line` finds the command with its arguments, `secret` in it: its first group stays, the rest goes."""

    hints: tuple[str, ...]
    line: re.Pattern[str]
    secret: re.Pattern[str]


def _program(names: str, secret: str, hints: str, end: str = _TO_END) -> Program:
    return Program(tuple(hints.split("|")), re.compile(rf"\b(?:{names})\s{end}"), re.compile(secret))


def _text(secret: str, hints: str, flags: int = re.I) -> Program:
    pattern = re.compile(secret, flags)
    return Program(tuple(hints.split("|")), pattern, pattern)


def _chosen(option: str) -> str:
    """An option with its value beside it or in the next word."""
    return rf"(\s{option}\s*){WORD}"


PROGRAMS: Final = (
    _program("(?:mysql|mariadb)(?:-?(?:dump|admin|check|import|show|slap|binlog|upgrade|backup))?|mycli|xtrabackup",
             rf"(\s-p)(?=\S){WORD}", "mysql|mariadb|mycli|xtrabackup"),
    _program("sshpass", _chosen("-p"), "sshpass"),
    _program("curl", r"(\s(?:-u|--user|-U|--proxy-user)[ =]?[\"']?[^\s:\"'=]+:)[^\s\"']+", "curl", _TO_PIPE),
    _program("https?|xh", r"(^\w+\s(?:-a|--auth)[ =]?[\"']?[^\s:\"'=]+:)[^\s\"']+",
             "http -a|https -a|http --auth|https --auth|xh -a"),
    _program(r"smbclient|rpcclient|smbget|smbmap|smbcacls|net\s(?:ads|rpc|user|join)|wbinfo|winexe",
             r"(\s(?:-U|--user)[ =]?[\"']?[^\s%\"']+%)[^\s\"']+",
             "smbclient|smbget|smbmap|smbcacls|rpcclient|net ads|net rpc|net user|net join|winexe|wbinfo"),
    _program(r"ldap\w+", _chosen("-w"), "ldap"),
    _program(r"(?:ldap|slap)passwd", _chosen("-[sa]"), "ldappasswd|slappasswd"),
    _program(r"(?:docker|podman|nerdctl|helm|buildah|skopeo|crane|oras|az|oc|heroku)(?:\s\w+)?\slogin",
             _chosen("-p"), "login "),
    _program("redis-cli", _chosen("-a"), "redis-cli"),
    _program(r"mongo(?:sh|dump|restore|export|import|stat)?", _chosen("-p"), "mongo"),
    _program("sqlcmd|bcp|ipmitool|zip|unzip", _chosen("-P"), "sqlcmd|bcp |ipmitool|zip -"),
    _program("7z[a-z]*|rar|unrar", rf"(\s-h?p)(?=\S){WORD}", "7z |7za |7zr |rar "),
    _program("useradd|usermod|groupmod|adduser", _chosen("-p"), "useradd|usermod|groupmod|adduser"),
    _program(r"snmp\w+", _chosen("-[cAX]"), "snmpget|snmpset|snmpwalk|snmpbulk|snmptable|snmptrap"),
    _program("lftp", rf"(\s-u\s*[^\s,]+,){WORD}", "lftp"),
    _program("htpasswd", rf"(\s-\w*b\w*\s+\S+\s+\S+\s+){WORD}", "htpasswd"),
    _program("rabbitmqctl", rf"(\s(?:add_user|change_password|authenticate_user)\s+\S+\s+){WORD}", "rabbitmqctl"),
    _program("xfreerdp3?|wlfreerdp", rf"(\s/p:){WORD}", "freerdp"),
    _program(r"kadmin(?:\.local)?", rf"(\s-p?w\s+){WORD}", "kadmin"),
    _program("wpa_passphrase", rf"(^wpa_passphrase\s+{WORD}\s+){WORD}", "wpa_passphrase"),
    _program("nmcli", rf"(\s(?:password|[\w.-]*psk|[\w.-]*password)\s+){WORD}", "nmcli"),
    _program("ansible-vault", rf"(\sencrypt_string\s+(?:--?[\w-]+(?:[ =]\S+@\S+|=\S+)?\s+)*)(?!-){WORD}",
             "encrypt_string"),
    _program("aws", rf"(\sconfigure\s+set\s+\S*(?:secret|token)\S*\s+){WORD}", "aws configure"),
    _program("openssl", r"(\bpass:)[^\s\"']+", "openssl"),
    _program(r"openssl\s+passwd", rf"(\s(?:-\w+\s+)*)(?!-){WORD}(?=\s*$)", "openssl passwd"),
    _program("mosquitto_(?:pub|sub|rr)", _chosen("-P"), "mosquitto_"),
    _program(r"openssl\s+enc", rf"(\s-[kK]\s+){WORD}", "openssl enc"),
    _program("ssh-keygen", rf"(\s-[NP]\s*)(?!\s|''|\"\"){WORD}", "ssh-keygen"),
    _program(r"samba-tool\s+user\s+(?:create|add)", rf"(\s(?:create|add)\s+(?!-)\S+\s+)(?!-){WORD}", "samba-tool user"),
    _program("nsupdate|k?dig|knsupdate",
             r"(\s-y\s*[\"']?(?:[\w-]+:)?[\w.-]+:)[\w+/]{8,}={0,2}(?=[\s\"']|$)", "nsupdate|dig "),
    _program(r"vault\s+kv\s+(?:put|patch)", rf"(\s[\w.-]+=)(?!@|-\s|-$){WORD}", "vault kv "),
    _program("sqlplus|sqlldr|expdp|impdp", r"(\s[\w$#]+/)[^\s@\"'/]+(?=@)", "sqlplus|sqlldr|expdp|impdp"),
    # Piped into a program that reads a password.
    _text(rf"(\b(?:echo|printf)\s+(?:-\w+\s+)?(?:\"[\w.-]+:(?=[^\"\n]+\")|'[\w.-]+:(?=[^'\n]+')|[\w.-]+:(?![\"'])))"
          rf"[^\"'|\n]*[^\s\"'|](?={_TO_CHPASSWD})", "chpasswd"),
    _text(rf"(\bprintf\s+[\"']%s:%s(?:\\n)?[\"']\s+{WORD}\s+){WORD}(?={_TO_CHPASSWD})", "chpasswd"),
    # What follows the program: a here string or document. Its own messages have a blank after each colon.
    Program(("chpasswd", "newusers"),
            re.compile(r"\b(?:chpasswd|chgpasswd|newusers)\b[^\n]*(?:\n[a-z_][\w.-]*:[^\s:/]\S*)*"),
            re.compile(r"([\s'\"][a-z_][\w.-]*:)(?![x*!]:|[*!/])[^\s:'\"]+")),
    _text(rf"(\b(?:echo|printf)\s+(?:-\w+\s+)?(?:[\"']%s(?:\\n)?[\"']\s+)?){WORD}(?=\s*\|\s*(?:sudo\s+)?(?:-S\b|passwd\b|cryptsetup|kinit|"
          r"su\b|(?:docker|podman|helm|buildah)\b[^|]*--password-stdin|gpg\b))", "echo |printf "),
    # A here string, and what takes the place of a file.
    _text(rf"(\b(?:sudo\b[^<\n]*\s-S\b|(?:su|kinit|cryptsetup|passwd|smbpasswd|gpg|realm|adcli|net)\b|(?:docker|podman|helm|buildah)\b[^<\n]*"
          rf"--password-stdin\b)[^<\n|;]*<<<\s*)(?![\"']?\$){WORD}", "<<<"),
    _text(rf"(\s(?:--?)?[\w-]*(?:key|passw(?:or)?d|passphrase|secret)(?:-file)?[ =]<\(\s*(?:echo|printf)\s+(?:-\w+\s+)?"
          rf"(?:[\"']%s(?:\\n)?[\"']\s+)?){WORD}", "<(echo|<(printf"),
    # SQL, as it stands in logs and errors.
    _text(rf"(\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)\s+(?:password\s+)?){_SQL}", "identified"),
    _text(rf"(\bset\s+password\s+(?:for\s+[^=;\n]+)?=\s*){_SQL}", "set password"),
    _text(rf"(\b(?:old_)?password\s*\(\s*){_SQL}", "password(|password ("),
    _text(rf"(\b(?:password|passphrase|wachtwoord)\s+){_SQL}", "password|passphrase|wachtwoord"),
    # Configuration files.
    _text(rf"(\b(?:rootpw|bindpw|rootbindpw|tls_?keypw|requirepass|masterauth|auth_pass|ldap_default_authtok|r[ow]community6?)\s+)"
          rf"(?!--?\w|[=:])(?=\S*[\w])(?!(?:is|not|in|of|to|or|and|must|was|has|file|option|command|directive|unset|missing)\b){WORD}",
          "rootpw|bindpw|keypw|requirepass|masterauth|auth_pass|authtok|community"),
    # Wireless networks in interfaces(5).
    _text(rf"(^[ \t]*(?:wpa-(?:psk|password|private-key-passwd)|wireless-key\d?)[ \t]+){WORD}", "wpa-p|wireless-key",
          re.IGNORECASE | re.MULTILINE),
    _text(rf"(\bsnmp-server\s+community\s+){WORD}", "snmp-server"),
    _text(rf"(\bcreateUser\s+\S+\s+\S+\s+){WORD}", "createuser"),
    _text(rf"(\bcreateUser\s+\S+\s+\S+\s+\S+\s+\S+\s+){WORD}", "createuser"),
    # A key of BIND, a line of Postfix's sasl_passwd, an element with the name of a secret and its value.
    _text(r"(\bsecret\s+\"?)[\w+/]{8,}={0,2}(?=\"?\s*;)", "secret "),
    _text(r"(\[[\w.-]+\]:(?:25|465|587|2525)\s+[^\s:]+:)\S+", "]:"),
    _text(r"(\b(?:name|key)\s*=\s*([\"'])[\w.:-]*(?:passw(?:or)?d|passphrase|secret|token|api_?key)\2\s+value\s*=\s*[\"'])(?![${%*@])"
          r"[^\"'<>\n]+", "value"),
    # .netrc, and an option file of MySQL with a name that it does not know.
    _text(rf"(\blogin\s+\S+\s+(?:account\s+\S+\s+)?passw(?:or)?d\s+){WORD}", "login "),
    _text(rf"(\b(?:machine\s+\S+|default)\s+passw(?:or)?d\s+){WORD}(?=\s+(?:login|account)\b)", "login|account"),
    _text(r"(\bunknown (?:variable|option) '(?:--)?p(?:as|sw|w)[\w-]*=)[^'\n]+", "unknown "),
    _text(rf"(\bdefine\s*\(\s*[\"']\w*(?:PASSWORD|PASS|SECRET|TOKEN|KEY|SALT)[\"']\s*,\s*){WORD}", "define"),
    _text(rf"(\b(?:ENV|SetEnv|setx|fastcgi_param|uwsgi_param)\s+\w*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY)\s+)(?!=){WORD}",
          "env |setx |_param"),
    # Sentences: a value in quotes or with a digit in it.
    _text(r"(\b(?:password|passphrase|wachtwoord|passcode|pincode|pin|secret|token)\s+"
          r"(?:(?:is|was|set|changed)\s+(?:\w+\s+)?(?:to|naar|in)|is:?|was:?|luidt:?|to|naar|:)\s+)"
          r"(?=[\"']|\S*\d)(?![\"']?[*<{(/])(?:\"[^\"]+\"|'[^']+'|[^\s\"',;]{4,})",
          "password |passphrase |wachtwoord |passcode |pincode |pin |secret |token |wachtwoord:|token:"),
    _text(r"(\b(?:(?:with|using|use|and|met|en)\s+(?:the\s+|het\s+)?(?:password|passphrase|wachtwoord)|user(?:name)?\s+\S+\s+password)\s+|\bpassword\t+(?!\[))"
          r"(?=[^\s\"']*\d)(?![*<{(/])[^\s\"',;]{4,}", "password|passphrase|wachtwoord"),
)  # fmt: skip


def without_arguments(text: str, lower: str, mask: str) -> str:
    """The text with secrets in arguments of programs, statements and directives masked. `lower`: text.lower()."""
    for hints, line, secret in PROGRAMS:
        if any(hint in lower for hint in hints):
            if line is secret:
                text = secret.sub(rf"\g<1>{mask}", text)
            else:
                text = line.sub(lambda match, secret=secret: secret.sub(rf"\g<1>{mask}", match[0]), text)  # type: ignore[misc]
    return text
