"""What the SSH server does by itself, for where it cannot be asked: `sshd -T` without files, of the versions of Debian.

tests/lab/test_engine.py holds all of it, and how values are written out, against the servers themselves.
"""

from __future__ import annotations

import fnmatch
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import package

UPSTREAM = re.compile(r"(?:\d+:)?(\d[\d.]*p\d+)-")
TIME = re.compile(r"(?:\d+[smhdw]?)+\Z", re.IGNORECASE)
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# What may stand where most options take yes or no, as sshd writes it out.
WORDS = {
    word: word
    for word in (
        "yes",
        "no",
        "without-password",
        "forced-commands-only",
        "shosts-only",
        "clientspecified",
        "local",
        "remote",
    )
}
WORDS["prohibit-password"] = "without-password"

SIGNS = ("+", "-", "^")
SEVERAL = {"acceptenv": [], "allowgroups": [], "allowusers": [], "denygroups": [], "denyusers": [], "port": ["22"]}
LISTS = (
    "casignaturealgorithms", "ciphers", "hostbasedacceptedalgorithms", "hostkeyalgorithms", "kexalgorithms", "macs",
    "pubkeyacceptedalgorithms",
)  # fmt: skip
TIMES = ("clientaliveinterval", "logingracetime")
NUMBERS = ("clientalivecountmax", "maxauthtries", "maxsessions", "requiredrsasize", "x11displayoffset")
CAPITALS = ("loglevel", "syslogfacility")
TEXTS = (
    "authorizedkeyscommand",
    "authorizedkeysfile",
    "banner",
    "chrootdirectory",
    "forcecommand",
    "trustedusercakeys",
)
ON = """
    allowagentforwarding allowstreamlocalforwarding allowtcpforwarding compression gssapicleanupcredentials
    gssapistrictacceptorcheck ignorerhosts kbdinteractiveauthentication kerberosorlocalpasswd
    kerberosticketcleanup passwordauthentication permittty permituserrc printlastlog printmotd
    pubkeyauthentication strictmodes tcpkeepalive x11uselocalhost
"""
OFF = """
    disableforwarding exposeauthinfo gatewayports gssapiauthentication gssapikeyexchange
    gssapistorecredentialsonrekey hostbasedauthentication hostbasedusesnamefrompacketonly ignoreuserknownhosts
    kerberosauthentication permitemptypasswords permittunnel permituserenvironment streamlocalbindunlink usedns
    usepam x11forwarding
"""
FLAGS = (*ON.split(), *OFF.split(), "permitrootlogin")
SHARED = {
    **dict.fromkeys(ON.split(), "yes"),
    **dict.fromkeys(OFF.split(), "no"),
    "authenticationmethods": "any",
    "authorizedkeyscommand": "none",
    "authorizedkeyscommanduser": "none",
    "authorizedkeysfile": ".ssh/authorized_keys .ssh/authorized_keys2",
    "authorizedprincipalscommand": "none",
    "authorizedprincipalscommanduser": "none",
    "authorizedprincipalsfile": "none",
    "banner": "none",
    "casignaturealgorithms": (
        "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ssh-ed25519@openssh.com,"
        "sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256"
    ),
    "chrootdirectory": "none",
    "clientalivecountmax": "3",
    "clientaliveinterval": "0",
    "fingerprinthash": "SHA256",
    "forcecommand": "none",
    "hostbasedacceptedalgorithms": (
        "ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,"
        "ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,"
        "sk-ssh-ed25519-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,"
        "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,ssh-ed25519,ecdsa-sha2-nistp256,"
        "ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ssh-ed25519@openssh.com,"
        "sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256"
    ),
    "hostkeyagent": "none",
    "hostkeyalgorithms": (
        "ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,"
        "ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,"
        "sk-ssh-ed25519-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,"
        "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,ssh-ed25519,ecdsa-sha2-nistp256,"
        "ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ssh-ed25519@openssh.com,"
        "sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256"
    ),
    "logingracetime": "120",
    "loglevel": "INFO",
    "macs": (
        "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,"
        "hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,"
        "hmac-sha2-256,hmac-sha2-512,hmac-sha1"
    ),
    "maxauthtries": "6",
    "maxsessions": "10",
    "maxstartups": "10:30:100",
    "permitlisten": "any",
    "permitopen": "any",
    "permitrootlogin": "without-password",
    "persourcemaxstartups": "none",
    "persourcenetblocksize": "32:128",
    "pubkeyacceptedalgorithms": (
        "ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,"
        "ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,"
        "sk-ssh-ed25519-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,"
        "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,ssh-ed25519,ecdsa-sha2-nistp256,"
        "ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ssh-ed25519@openssh.com,"
        "sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256"
    ),
    "pubkeyauthoptions": "none",
    "rekeylimit": "0 0",
    "requiredrsasize": "1024",
    "revokedkeys": "none",
    "securitykeyprovider": "internal",
    "streamlocalbindmask": "0177",
    "syslogfacility": "AUTH",
    "trustedusercakeys": "none",
    "unusedconnectiontimeout": "none",
    "versionaddendum": "none",
    "x11displayoffset": "10",
}
BUILT_IN = {
    "9.2p1": {  # Debian 12
        **SHARED,
        "ciphers": (
            "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,"
            "aes256-gcm@openssh.com"
        ),
        "kexalgorithms": (
            "sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256,"
            "curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
            "diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"
            "diffie-hellman-group14-sha256"
        ),
    },
    "10.0p1": {  # Debian 13
        **SHARED,
        "channeltimeout": "none",
        "ciphers": (
            "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,"
            "aes256-ctr"
        ),
        "kexalgorithms": (
            "mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256,"
            "curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521"
        ),
        "pamservicename": "sshd",
    },
}


def version(machine):
    """The version of OpenSSH that is installed, as `9.2p1`; nothing when that cannot be known."""
    try:
        facts = package.look_up(machine, {"name": "openssh-server"})
    except UnreadableError:
        return ""
    hit = UPSTREAM.match(facts.get("version") or "") if facts["exists"] else None
    return hit.group(1) if hit else ""


def values(machine, option, written):
    """The values of an option as `sshd -T` would write them, from those in the files; None when that is not known."""
    if option in SEVERAL:
        return [word for value in written for word in value.split()] or SEVERAL[option]
    if written and option not in LISTS:
        return _written_out(option, written[0])
    if written and written[0][:1] not in SIGNS:
        return _named(written[0].split(","))
    built_in = BUILT_IN.get(machine.once(version), {}).get(option)
    if built_in is None or not written:
        return None if built_in is None else [built_in]
    return _changed(built_in.split(","), written[0])


def _written_out(option, value):
    if option in FLAGS:
        return [WORDS[value.lower()]] if value.lower() in WORDS else None
    if option in TIMES:
        return _seconds(value)
    if option in NUMBERS:
        return [str(int(value))] if value.isdigit() else None
    return [value.upper()] if option in CAPITALS else [value] if option in TEXTS else None


def _seconds(value):
    if not TIME.match(value):
        return None
    parts = re.findall(r"(\d+)([smhdw]?)", value.lower())
    return [str(sum(int(number) * SECONDS[unit] for number, unit in parts))]


def _changed(built_in, value):
    """A list of algorithms: with + more than the built-in ones, with - less, with ^ these first."""
    sign, names = value[0], value[1:].split(",")
    if sign == "-":
        return [",".join(name for name in built_in if not any(fnmatch.fnmatchcase(name, pattern) for pattern in names))]
    first, last = (names, built_in) if sign == "^" else (built_in, names)
    return _named(first + [name for name in last if name not in first])


def _named(names):
    """None when a pattern is among them: what it stands for only sshd itself can list."""
    return None if any(letter in name for name in names for letter in "*?!") else [",".join(names)]
