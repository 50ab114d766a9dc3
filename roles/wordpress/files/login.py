"""Log in to a site of WordPress through its form, as a visitor does.

Arguments: address, host name, account; the password comes in OPLEVER_PASSWORD.

Prints `in, manager`, `in` or `out`; ends with 1 and says why when the site does not answer. Runs on the machine of the
site: standard library only, Python 3.9 and up.
"""

from __future__ import annotations

import os
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from http.cookies import SimpleCookie


def ask(path: str, fields: dict[str, str] | None = None) -> str:
    """The page at `path` (posted when there are fields), with the cookies so far; a refusal has a page too."""
    data = urllib.parse.urlencode(fields).encode() if fields else None
    # The address is http or https: the role makes it.
    request = urllib.request.Request(address + path, data, {"Host": host, "Cookie": cookies()})  # noqa: S310
    try:
        answer = opener.open(request, timeout=10)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    for line in answer.headers.get_all("Set-Cookie", []):
        jar.load(line)
    return answer.read().decode("utf-8", "replace")


def cookies() -> str:
    return "; ".join(f"{name}={item.value}" for name, item in jar.items())


class Stay(urllib.request.HTTPRedirectHandler):
    """A redirect names the public address of the site, which this machine need not reach."""

    def redirect_request(self, *_: object) -> None:
        return None


class Named(ssl.SSLContext):
    """The address of this machine is in the request, and the web server is asked for the certificate of the site."""

    def wrap_socket(self, *arguments: object, **options: object) -> ssl.SSLSocket:
        return super().wrap_socket(*arguments, **{**options, "server_hostname": host})  # type: ignore[arg-type]


address, host, account = sys.argv[1:4]
jar: SimpleCookie = SimpleCookie()
# The certificate has a test of its own.
context = Named(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
opener = urllib.request.build_opener(Stay, urllib.request.HTTPSHandler(context=context))
try:
    # WordPress lets in who keeps the cookie of the form.
    ask("/wp-login.php")
    ask("/wp-login.php", {"log": account, "pwd": os.environ["OPLEVER_PASSWORD"], "testcookie": "1"})
    page = ask("/wp-admin/profile.php")
except OSError as problem:
    sys.exit(f"the website does not answer: {problem}")
inside = 'id="your-profile"' in page
print("out" if not inside else "in, manager" if "options-general.php" in page else "in")
