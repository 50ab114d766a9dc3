"""What a value of a variable can be: a name, an address, a key. Each kind is a function that says what is wrong with a
text, in words that follow the place where it stands; empty when nothing is.
"""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from datetime import datetime

from ansible_collections.oplever.lab.plugins.plugin_utils.public_keys import public_key

LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
PRINTER_URI = r"""(?:ipps?|socket|lpd)://(\[[0-9a-fA-F:.]+\]|[^\s/:@\[\]"'\\]+)(?::([0-9]+))?(?:/[^\s"'\\]*)?"""
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
LARGEST_ID = 2**32 - 2  # of an account or group; the last one stands for "none"

HASHES = {
    "yescrypt": r"\$y\$[./A-Za-z0-9]+\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}",
    "gost-yescrypt": r"\$gy\$[./A-Za-z0-9]+\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}",
    "scrypt": r"\$7\$[./A-Za-z0-9]{11,97}\$[./A-Za-z0-9]{43}",
    "sha512": r"\$6\$(rounds=[1-9][0-9]{0,8}\$)?[^$:\n]{1,16}\$[./A-Za-z0-9]{86}",
    "sha256": r"\$5\$(rounds=[1-9][0-9]{0,8}\$)?[^$:\n]{1,16}\$[./A-Za-z0-9]{43}",
    "bcrypt": r"\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}",
}


def _matches(pattern: str, problem: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)
    return lambda value: "" if compiled.fullmatch(value) else problem


def _without(characters: str, problem: str) -> Callable[[str], str]:
    return lambda value: problem if any(character in value for character in characters) else ""


one_line = _matches(r"[^\n]+", "is empty or has a line break")


def number_between(low: int, high: int) -> Callable[[str], str]:
    def problem(value: str) -> str:
        inside = re.fullmatch(r"[0-9]{1,10}", value) and low <= int(value) <= high
        return "" if inside else f"is not a whole number from {low} to {high}"

    return problem


def port_or_range(value: str) -> str:
    parts = value.split("-")
    if len(parts) > 2 or any(number_between(1, 65535)(part) for part in parts):
        return "is not a port (1 to 65535) or a range such as 6000-6010"
    return "" if int(parts[0]) <= int(parts[-1]) else "is a range that ends before it begins"


def address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "is not an address such as 192.0.2.10 or 2001:db8::10"
    return ""


def network(value: str) -> str:
    """An address, or a network without bits for a host."""
    try:
        ipaddress.ip_network(value)
    except ValueError:
        try:
            enclosing = ipaddress.ip_interface(value).network
        except ValueError:
            return "is not an address or network such as 192.0.2.0/24"
        return f"is an address within a network; the network is {enclosing}"
    return ""


def host_or_network(value: str) -> str:
    """A host, a domain with all below it (.school.example), or a network."""
    if network(value) and host(value.removeprefix(".")):
        return "is not a host, a domain or a network such as school.example or 192.0.2.0/24"
    return ""


def web_site(value: str) -> str:
    """A host, with a path where only a part of it is meant, or * for all."""
    where, _, path = value.partition("/")
    if value == "*" or (not host(where) and ":" not in where and re.fullmatch(r"[^\s*?#]*", path)):
        return ""
    return "is not a site such as example.org or example.org/games, without http://, or * for all"


def interface_address(value: str) -> str:
    """An address of an interface, with the length of its network."""
    try:
        interface = ipaddress.ip_interface(value)
    except ValueError:
        return "is not an address with its length such as 192.0.2.11/24"
    network = interface.network
    if "/" not in value:
        return "has no length: write it as 192.0.2.11/24"
    if network.num_addresses > 2 and interface.ip == network.network_address:
        return "is the network itself, not an address in it"
    if network.version == 4 and network.num_addresses > 2 and interface.ip == network.broadcast_address:
        return "is the broadcast address of its network"
    return ""


def host(value: str) -> str:
    """A host name, with or without domain, or an address. Four numbers are never a name."""
    if not address(value):
        return ""
    if re.fullmatch(r"[0-9.]+", value):
        return "is not an address such as 192.0.2.10"
    return domain(value) and "is not a host name or address"


def domain(value: str) -> str:
    labels = value.removesuffix(".").split(".")
    if len(value) > 253 or not all(re.fullmatch(LABEL, label) for label in labels):
        return "is not a domain name: labels of letters, digits and hyphens, with dots between them"
    return ""


def mail_address(value: str) -> str:
    name, _, where = value.rpartition("@")
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+", name) or domain(where):
        return "is not a mail address such as beheer@school.example"
    return ""


def printer_uri(value: str) -> str:
    """Where a printer is, as CUPS takes it; cups-pdf:/ makes files. An account in it would be told to everybody."""
    match = re.fullmatch(PRINTER_URI, value)
    is_known = match and not host(match[1].strip("[]")) and not number_between(1, 65535)(match[2] or "1")
    if value == "cups-pdf:/" or is_known:
        return ""
    return "is not the address of a printer such as ipp://192.0.2.201/ipp/print or socket://192.0.2.201:9100"


def server_name(value: str) -> str:
    """A name of a web site, as nginx takes it: also *.example.org, an address, and ~ with a pattern."""
    if value == "_" or value.startswith("~") or not host(value.removeprefix("*.").removeprefix(".")):
        return ""
    return "is not the name of a site such as www.example.org"


def name_server(value: str) -> str:
    """An address, with # and a port where it is not 53."""
    where, _, port = value.partition("#")
    return address(where) or (number_between(1, 65535)(port) if "#" in value else "")


def host_port(value: str) -> str:
    """A host name or address with a port; an IPv6 address is in brackets."""
    where, _, port = value.rpartition(":")
    inner = where[1:-1] if where.startswith("[") and where.endswith("]") else where
    if not where or host(inner) or (":" in inner) != (inner != where) or number_between(1, 65535)(port):
        return "is not a server with its port such as 192.0.2.10:8080"
    return ""


def time_zone(value: str) -> str:
    zones = zoneinfo.available_timezones()
    if not re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", value) or (zones and value not in zones):
        return "is not a time zone such as Europe/Amsterdam"
    return ""


def moment(value: str) -> str:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}", value):
        try:
            datetime.strptime(value, "%Y-%m-%d %H:%M")
        except ValueError:
            return "is not a day and a time that exist"
        return ""
    return "is not a moment such as 2027-05-12 16:30"


def week_time(value: str) -> str:
    """A time, with days of the week before it."""
    days, _, time = value.rpartition(" ")
    parts = [part.split("..") for part in days.split(",")] if " " in value else []
    are_days = all(len(part) <= 2 and set(part) <= set(DAYS) for part in parts)
    if re.fullmatch(CLOCK, time) and are_days and all(DAYS.index(part[0]) <= DAYS.index(part[-1]) for part in parts):
        return ""
    return "is not a time such as 18:00 or Mon..Fri 18:00, with days from Mon to Sun"


def password_hash(value: str) -> str:
    if any(re.fullmatch(pattern, value) for pattern in HASHES.values()):
        return ""
    return f"is not the hash of a password ({', '.join(HASHES)}); make one with `mkpasswd`"


KINDS: dict[str, Callable[[str], str]] = {
    "account": _matches(
        r"[a-z_][a-z0-9_-]{0,31}",
        "is not an account name: lower case letters, digits, _ and -, at most 32, no digit first",
    ),
    "group": _matches(
        r"[a-z_][a-z0-9_-]{0,31}",
        "is not a group name: lower case letters, digits, _ and -, at most 32, no digit first",
    ),
    # Names that become fields in a file where these characters end a field.
    "full_name": _without(":,\n", "has a colon, a comma or a line break"),
    "comment": _without('"\n', "has a quote or a line break"),
    "id": number_between(0, LARGEST_ID),
    "port": number_between(1, 65535),
    "port_or_range": port_or_range,
    "address": address,
    "network": network,
    "interface_address": interface_address,
    "host": host,
    "interface": _matches(r"[A-Za-z0-9_.@-]{1,15}", "is not the name of an interface such as eth0 or eth0.5"),
    "mac": _matches(r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}", "is not a MAC address such as 52:54:00:12:34:56"),
    "host_name": _matches(LABEL, "is not a host name: letters, digits and hyphens, at most 63, and no domain"),
    "domain": domain,
    "locale": _matches(r"[a-z]{2,3}_[A-Z]{2}[.]UTF-8", "is not a locale such as nl_NL.UTF-8"),
    "language": _matches(r"[a-z]{2,3}(-[a-z]{2,4})?", "is not a language as packages name it, such as nl or en-gb"),
    "language_tag": _matches(r"[a-z]{2,3}-[A-Z]{2}", "is not a language with its country such as nl-NL"),
    "time_zone": time_zone,
    "clock": _matches(CLOCK, "is not a time such as 03:00"),
    "moment": moment,
    "week_time": week_time,
    "keyboard": _matches(r"[a-z]{2,12}(,[a-z]{2,12})*", "is not a keyboard layout such as us or be"),
    "path": _matches(r"/[^\n\0:]*", "is not a full path"),
    "package": _matches(r"[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?([=/][A-Za-z0-9.+~:*-]+)?", "is not the name of a package"),
    "url": _matches(
        r"https?://[^\s/]+(/\S*)?|about:\S+|file:///\S*", "is not a web address such as https://school.example/"
    ),
    "server_name": server_name,
    "host_port": host_port,
    "host_or_network": host_or_network,
    "web_site": web_site,
    "extension_url": _matches(
        r"https://[^\s/]+/\S+|file:///\S+", "is not the address of an extension such as file:///srv/extension.xpi"
    ),
    # Words of the configuration of nginx: neither a blank, a quote, a variable nor the end of a directive is in them.
    "url_path": _matches(r"/[^\s;{}\"'$\\#*]*[*]?", "is not a path such as /old or /old/*"),
    "redirect": _matches(
        r"(https?:/)?/[^\s;{}\"'$\\]*", "is neither a path nor an address such as https://school.example/"
    ),
    "size": _matches(r"[0-9]+[kmg]?", "is not a size such as 20m"),
    "bytes": _matches(r"[1-9][0-9]*[KMGT]", "is not a size such as 500M or 10G"),
    "measurements": _matches(r"[1-9][0-9]*[MGT]B", "is not a size such as 500MB or 2GB"),
    "name_server": name_server,
    "unit": _matches(
        r"[A-Za-z0-9:_.@\\-]+[.](service|socket|target|path|timer)", "is not a unit such as nginx.service"
    ),
    "days": number_between(1, 36500),
    "term": number_between(0, 36500),
    "vlan": number_between(1, 4094),
    "mtu": number_between(576, 9216),
    "count": number_between(1, 1_000_000),
    "percent": number_between(1, 99),
    # What Prometheus measured more than five minutes ago does not count any more.
    "scrape_seconds": number_between(1, 120),
    "stratum": number_between(0, 15),
    # Words of a list in sshd_config(5): names, with the signs of a pattern.
    "ssh_pattern": _matches(r"[^\s#\"',]+", "is not one name or pattern of sshd_config"),
    # Words of a package source, and the line after Pin: in apt_preferences(5).
    "apt_uri": _matches(
        r"https?://[^\s\[\]@]+|(file|copy):/\S+", "is not the address of packages such as http://deb.debian.org/debian"
    ),
    "apt_word": _matches(r"[^\s\[\]#]+", "is not one word of a package source"),
    "apt_pin": _matches(
        r"(release|origin|version) \S[^\n]*",
        'is not a pin such as `release n=trixie`, `origin "host"` or `version 1.2*`',
    ),
    "control": _matches(r"[A-Z]+-[0-9]{3}", "is not the id of a control such as KMOD-010"),
    # Parts of a statement in SQL.
    "sql_name": _matches(r"[A-Za-z0-9_]{1,64}", "is not a name of letters, digits and underscores, at most 64"),
    "sql_host": _matches(r"[A-Za-z0-9_.:%-]{1,255}", "is not a host, an address or a pattern such as 192.0.2.%"),
    "privilege": _matches(r"[A-Za-z ]+", "is not the name of a privilege"),
    "wiki_account": _matches(
        r"[a-z0-9][a-z0-9._-]*", "is not an account name of lower case letters, digits, dot, hyphen and underscore"
    ),
    "wiki_who": _matches(r"@?[^\s@#]+", "is not an account such as jan or a group such as @docenten, without blanks"),
    "wiki_rule_page": _matches(r"[^\s#]+", "is not a page, a namespace as afdeling:* or *, without blanks"),
    "wiki_page": _matches(r"[a-z0-9_-]+(:[a-z0-9_-]+)*", "is not a page id such as start or afdeling:ict"),
    "wiki_field": _without(":\n", "has a colon or a line break"),
    "password": _matches(r"(?s).+", "is empty"),
    "line": one_line,
    "line_password": one_line,
    "mail_address": mail_address,
    # Words of lpadmin, and of the path in the address of a queue.
    "printer": _matches(
        r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,126}", "is not the name of a queue: letters, digits, dot, hyphen and underscore"
    ),
    # Places in the registry of LibreOffice.
    "office_path": _matches(
        r"/org\.openoffice\.[A-Za-z0-9.]+(/[^/\[\]]+(\['[^']+'\])?)*",
        "is not a place of settings such as /org.openoffice.Office.Common/Save/Document",
    ),
    "setting_name": _matches(r"[A-Za-z0-9_.-]+", "is not the name of a setting: letters, digits, dot, _ and -"),
    # Parts of the desktop: of a file of the menu, of a line of the bookmarks, and of the settings of Xfce.
    "desktop_file": _matches(
        r"[A-Za-z0-9][A-Za-z0-9_.-]*(?<![.]desktop)", "is not the name of an application such as firefox-esr"
    ),
    "drive_name": _matches(r"[^\s].*", "is empty, starts with a blank or has a line break"),
    "drive": _matches(
        r"/[^\n\0:]*|(smb|sftp|ftps?|davs?|nfs)://[^\s/@]+/\S*",
        "is neither a directory nor an address such as smb://srv-files/klas, without an account",
    ),
    "xfconf_property": _matches(
        r"(/[A-Za-z0-9_.<>|-]+)+", "is not a property of Xfce such as /general/workspace_count"
    ),
    "minutes": number_between(0, 1440),
    "printer_uri": printer_uri,
    "printer_driver": _matches(
        r"everywhere|[A-Za-z][\w.+-]*:[^\s\"']+|[A-Za-z][^\s\"']*/[^\s\"']+",
        "is not a driver such as everywhere or drv:///sample.drv/generpcl.ppd; lpinfo -m lists them",
    ),
    "printer_user": _matches(
        r"@?[A-Za-z_][A-Za-z0-9_.-]*", "is not an account such as jan or a group such as @docenten"
    ),
    # Names in a directory, where a person often has a dot; and words of sudoers(5), without signs that mean something.
    "directory_account": _matches(
        r"[a-z][a-z0-9._-]{0,19}",
        "is not an account of a directory: 1 to 20 lower case letters, digits, dot, hyphen, underscore; a letter first",
    ),
    "directory_group": _matches(
        r"[a-z0-9][a-z0-9._-]{0,63}",
        "is not a group of a directory: lower case letters, digits, dot, hyphen and underscore",
    ),
    "directory_base": _matches(
        r"((CN|OU|DC)=[^,=+<>#;\\\"\n]+,)*DC=[A-Za-z0-9-]+",
        "is not a place in a directory such as OU=leerlingen,DC=school,DC=example",
    ),
    "directory_who": _matches(
        r"[a-z][a-z0-9._-]{0,19}|%[a-z0-9][a-z0-9._-]{0,63}", "is not an account such as jan or a group such as %beheer"
    ),
    "sudo_command": _matches(
        r"ALL|/[^\s,:=!*?\[\\\"']+( [^,:=!*?\[\\\"'\n]+)?",
        "is not ALL or a full path, with arguments but without , : = ! * ? [ and quotes",
    ),
    # Words of smb.conf(5); a directory gets rights of its own, so that it is none of the system.
    "share": _matches(
        r"(?!(?i:global|homes|printers|print[$]|ipc[$])\Z)[A-Za-z0-9][A-Za-z0-9._-]{0,79}",
        "is not the name of a share: letters, digits, dot, hyphen and underscore, at most 80; global, homes"
        " and printers have a meaning of their own",
    ),
    "shared_path": _matches(
        r"(?!/(bin|boot|dev|etc|lib|lib64|proc|root|run|sbin|sys|tmp|usr|var)/)"
        r"""(/(?![.]{1,2}(/|\Z))[^/\s:;#%$*?\[\\"']+){2,}""",
        "is not a directory for files of users such as /srv/files/docs",
    ),
    "share_user": _matches(
        r"everybody|[a-z][a-z0-9._-]{0,19}|%[a-z0-9][a-z0-9._-]{0,63}",
        "is not an account such as jan, a group such as %docenten, or everybody",
    ),
    "workgroup": _matches(r"[A-Z][A-Z0-9-]{0,14}", "is not a short name: 1 to 15 capitals, digits and hyphens"),
    # Words of a description of a container.
    "container": _matches(
        r"[a-z0-9][a-z0-9_-]{0,62}", "is not a name of lower case letters, digits, hyphen and underscore, at most 63"
    ),
    "container_image": _matches(
        r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_.-]+)?(@sha256:[0-9a-f]{64})?",
        "is not an image with its registry such as registry.school.example/wiki@sha256:...",
    ),
    "container_id": _matches(r"[0-9a-f]{64}", "is not the id of an image: 64 hexadecimal digits"),
    "container_word": _without("\n", "has a line break"),
    "container_path": _matches(r"/[^\s:,%$\"\\]*", "is not a full path without blanks, colons and commas"),
    "container_variable": _matches(r"[A-Za-z_][A-Za-z0-9_]*", "is not the name of a variable of the environment"),
    "capability": _matches(r"[A-Z][A-Z_]+", "is not a capability such as NET_BIND_SERVICE"),
    "file_name": _matches(r"[^\n\0]+[.]csv", "is not the name of a file .csv"),
    "password_hash": password_hash,
    "grub_hash": _matches(
        r"grub\.pbkdf2\.sha512\.[0-9]+\.[0-9A-F]+\.[0-9A-F]+", "is not a hash that grub-mkpasswd-pbkdf2 made"
    ),
    "public_key": public_key,
}
SECRET = frozenset({"password", "line_password", "password_hash", "grub_hash"})
"""Kinds whose values are never shown: people put a password there."""
