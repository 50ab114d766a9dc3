"""Certificates that the configuration of nginx or Apache names, so that none of them expires unseen."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import certificate

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "paths", "days_left", "first", "missing")
CONFIGURATION = (
    "/etc/nginx/nginx.conf", "/etc/nginx/conf.d/*", "/etc/nginx/sites-enabled/*",
    "/etc/apache2/apache2.conf", "/etc/apache2/sites-enabled/*", "/etc/apache2/conf-enabled/*",
)  # fmt: skip
NAMED = re.compile(r"^[ \t]*(?:ssl_certificate|SSLCertificateFile)\s+[\"']?([^\s;\"'$]+)[\"']?\s*;?", re.MULTILINE)
INCLUDED = re.compile(r"^[ \t]*include\s+([^\s;]+)\s*;", re.MULTILINE)


def describe(select):
    return "certificates that nginx and Apache are told to show"


def look_up(machine, select):
    """`days_left` of the certificate that expires first, which is `first`."""
    paths = machine.once(named)
    certificates = {path: certificate.look_up(machine, {"path": path}) for path in paths}
    left = {path: facts["days_left"] for path, facts in certificates.items() if facts["exists"]}
    first = min(left, key=lambda path: left[path], default=None)
    return {
        "exists": bool(paths),
        "paths": paths,
        "missing": [path for path in paths if path not in left],
        "days_left": left.get(first),
        "first": first,
    }


def named(machine):
    """Full paths, sorted. A snippet counts where a file that is in use includes it, as nginx itself sees it."""
    paths, files = set(), set()
    to_do = [path for pattern in CONFIGURATION for path in machine.glob(pattern)]
    while to_do:
        path = to_do.pop()
        if path in files:
            continue
        files.add(path)
        try:
            text = machine.read(path) or ""
        except UnreadableError:
            continue  # a directory beside the files
        paths.update(NAMED.findall(text))
        for pattern in INCLUDED.findall(text) if path.startswith("/etc/nginx/") else ():
            to_do += machine.glob(pattern if pattern.startswith("/") else "/etc/nginx/" + pattern)
    return sorted(path for path in paths if path.startswith("/"))
