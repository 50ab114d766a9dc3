"""One HTTP request, as a user's browser would make it; the server is not trusted to be quick, short or sane."""

from __future__ import annotations

import http.client
import ssl
import time
from urllib.parse import urljoin, urlsplit, urlunsplit

from ansible_collections.oplever.lab.plugins.module_utils import network
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "url"
SELECTORS = ("url", "host", "method", "timeout", "verify", "follow")
NEEDS = ("url",)
ATTRIBUTES = ("exists", "status", "body", "headers.", "url", "error")
LIMIT = 1 << 20
REDIRECTS = 5
RUNNING = True


def describe(select):
    host = " (Host: %s)" % select["host"] if select.get("host") else ""
    return "%s %s%s" % (select.get("method", "GET"), select.get("url"), host)


def subject(select):
    """The address as a user types it: with the name that is asked for, whatever address the request goes to."""
    url, host = str(select.get("url") or ""), select.get("host")
    try:
        parts = urlsplit(url)
        port = "" if parts.port is None or not host or ":" in host else ":%d" % parts.port
    except ValueError:  # look_up says what is wrong with it
        return url
    return urlunsplit((parts.scheme, host + port, parts.path, parts.query, "")) if host else url


def endpoint(machine, select):
    parts = urlsplit(str(select["url"]))
    return network.endpoint(machine, "tcp", parts.hostname, _port(parts))


def look_up(machine, select):
    url = str(select["url"])
    for _ in range(REDIRECTS):
        facts = _answer(machine, url, select)
        location = facts.get("headers", {}).get("location")
        if not select.get("follow") or not location or facts["status"] not in (301, 302, 303, 307, 308):
            return facts
        url = urljoin(url, location)
        select = dict(select, host=None)
    return dict(facts, error="more than %d redirections" % REDIRECTS)


def _answer(machine, url, select):
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UnreadableError("%s is not an http or https address" % url)
    timeout = float(select.get("timeout", 10))
    deadline = time.monotonic() + timeout
    name = select.get("host") or parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
    try:
        connection.sock = _connect(machine, parts, name, timeout, select.get("verify", True))
        path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        host = select.get("host") or parts.netloc.rpartition("@")[2]
        connection.request(select.get("method", "GET"), path, headers={"Host": host, "User-Agent": "oplever"})
        answer = connection.getresponse()
        headers = {key.lower(): value for key, value in answer.getheaders()}
        body = _body(answer, deadline).decode(answer.headers.get_content_charset("utf-8"), "replace")
        return {"exists": True, "status": answer.status, "headers": headers, "body": body, "url": url}
    except (OSError, http.client.HTTPException, ValueError, LookupError) as problem:
        return {"exists": False, "status": None, "error": str(problem) or type(problem).__name__, "url": url}
    finally:
        connection.close()


def _port(parts):
    return parts.port or (443 if parts.scheme == "https" else 80)


def _connect(machine, parts, name, timeout, verify):
    plain = network.connect(machine, parts.hostname, _port(parts), timeout)
    plain.settimeout(timeout)
    if parts.scheme == "http":
        return plain
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=name)


def _body(answer, deadline):
    data = b""
    while len(data) < LIMIT:
        if time.monotonic() > deadline:
            raise OSError("the answer did not end in time")
        part = answer.read1(65536)
        if not part:
            break
        data += part
    return data[:LIMIT]
