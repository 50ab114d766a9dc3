# Copyright: The Oplever team; MIT licence
"""Whether what apt fetches from answers: the proxy where one is set, else the servers of the package sources.

apt itself waits for minutes, once for every index of every source, and then names a file instead of the cause.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from urllib.parse import urlsplit

NO_APT = "this machine has no apt: it is not Debian or a system like it"
NO_PROGRAMS = (
    "PATH of root does not have /usr/sbin here, without which dpkg installs nothing: where Ansible becomes root with"
    " su, set ansible_become_flags to -l."
)
CONNECT_SECONDS = 6
ALL_SECONDS = 15
PORTS = {"http": 80, "https": 443}
GATEWAY_ERRORS = (502, 503, 504)  # what a proxy answers that cannot reach the server behind it
SETTING = re.compile(r'Acquire::(https?)::Proxy(?:::(\S+))? "(.*)";')


def has_programs_of_root():
    """Whether PATH has what dpkg wants. `su` without -l leaves that of the login account."""
    return all(shutil.which(name) for name in ("ldconfig", "start-stop-daemon"))


def missing(packages):
    """The packages that are not installed. One with a version or a pattern counts as missing: apt decides about it."""
    plain = [name for name in packages if re.match(r"[a-z0-9][a-z0-9+.-]*\Z", name)]
    argv = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\\n"]
    done = subprocess.run([*argv, *plain], capture_output=True, errors="replace", check=False) if plain else None
    lines = done.stdout.splitlines() if done else []
    installed = {line.split()[0] for line in lines if line.endswith(" installed")}
    return [name for name in packages if name not in installed]


def only_as_dependency(path="/var/lib/apt/extended_states"):
    """Names of the packages that came with another one: apt removes them with it, until somebody asks for them."""
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            entries = handle.read().split("\n\n")
    except OSError:
        return set()
    fields = [dict(line.partition(": ")[::2] for line in entry.splitlines()) for entry in entries]
    return {entry["Package"] for entry in fields if entry.get("Auto-Installed") == "1" and "Package" in entry}


def to_install(packages, lacking):
    """Those of which apt has to be told: the ones that are `lacking`, and those that came only with another package."""
    automatic = only_as_dependency()
    return [name for name in packages if name in lacking or name in automatic]


def lists_are_older(seconds):
    """Whether apt would fetch its lists again, by the same files as the module apt."""
    ages = []
    for path in ("/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/lists"):
        try:
            ages.append(time.time() - os.stat(path).st_mtime)
        except OSError:
            continue
    return not ages or min(ages) > seconds


def sources():
    """Address of each package source -> the file in which it is written."""
    argv = ["apt-get", "update", "--print-uris"]
    output = subprocess.run(argv, capture_output=True, errors="replace", check=False).stdout
    sites = dict.fromkeys(uri.split("/dists/", 1)[0] for uri in re.findall(r"(?m)^'([^']+)'", output))
    return {site: place_of(site) for site in sites}


def proxies():
    """The proxies in the settings of apt: (scheme, host or empty) -> address, or DIRECT."""
    argv = ["apt-config", "dump"]
    lines = subprocess.run(argv, capture_output=True, errors="replace", check=False).stdout.splitlines()
    matches = [SETTING.match(line) for line in lines]
    return {(match[1], match[2] or ""): match[3] for match in matches if match and match[3]}


def place_of(text, directory="/etc/apt"):
    """The file below `directory` in which `text` stands; empty where it is elsewhere, as in the environment."""
    for base, _, names in sorted(os.walk(directory)):
        for path in (os.path.join(base, name) for name in sorted(names)):
            try:
                with open(path, encoding="utf-8", errors="replace") as handle:
                    if text in handle.read():
                        return path
            except OSError:
                continue
    return ""


def targets(places, configured, environment):
    """What has to answer: address -> (name of its kind, the source to ask for, where the address is written). Of
    several sources on one server, the first one stands for all."""
    servers = {}
    for site, place in places.items():
        parts = urlsplit(site)
        if parts.scheme not in PORTS or not parts.hostname:
            continue  # a disc, a directory or a transport of others: not looked at
        proxy = configured.get((parts.scheme, parts.hostname)) or configured.get((parts.scheme, ""))
        if proxy is None and parts.scheme == "https":
            proxy = configured.get(("http", ""))
        proxy = proxy or environment.get(parts.scheme + "_proxy") or "DIRECT"
        if proxy == "DIRECT" or urlsplit(proxy).scheme not in PORTS:
            servers.setdefault("%s://%s" % (parts.scheme, parts.netloc), ("mirror", site, place))
        else:
            servers.setdefault(proxy, ("apt proxy", site, place_of(proxy)))
    return servers


def problems_of_machine():
    """A sentence for each address that this machine would fetch from and that does not answer."""
    return problems(targets(sources(), proxies(), os.environ))


def problems(servers):
    """A sentence for each address that does not answer. All are asked at the same time."""
    answers = {}

    def request(address, site):
        answers[address] = problem(address, site)

    threads = [
        threading.Thread(target=request, args=(address, servers[address][1]), daemon=True)
        for address in sorted(servers)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + ALL_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    wrong = {}
    for address, (kind, _, place) in sorted(servers.items()):
        cause = answers.get(address, "no answer within %d s" % ALL_SECONDS)
        if cause:
            wrong.setdefault((kind, cause), "%s%s" % (without_account(address), " (%s)" % place if place else ""))
    return ["The %s %s does not work: %s." % (kind, where, cause) for (kind, cause), where in sorted(wrong.items())]


def problem(address, site):
    """Why `address` gives no answer to a request for `site`; empty when it does. Any answer of a server will do."""
    parts = urlsplit(address)
    try:
        port = parts.port or PORTS[parts.scheme]
    except ValueError as error:
        return str(error).lower()
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=CONNECT_SECONDS)
    try:
        return _request(connection, parts, urlsplit(site))
    except socket.gaierror:
        return "the name %s cannot be resolved" % parts.hostname
    except (socket.timeout, TimeoutError):
        return "no answer within %d s" % CONNECT_SECONDS
    except (OSError, http.client.HTTPException, ValueError) as error:
        return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
    finally:
        connection.close()


def _request(connection, parts, site):
    connection.connect()
    if parts.scheme == "https":
        return ""  # the certificate is judged by apt
    through = parts.netloc != site.netloc
    path = site.geturl() if through else "/"
    connection.request("HEAD", path, headers={"Host": site.netloc.rpartition("@")[2]})
    status = connection.getresponse().status
    if through and status in GATEWAY_ERRORS:
        return "it answers %d for %s" % (status, site.geturl())
    return ""


def without_account(address):
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
